#!/usr/bin/python3
# timeout: 1500
"""P2, P3: at each midnight exactly what is due is gone. Short; make soak: long.

Days are recorded around the ends of months, with segments that end before, at
and after midnight; months later each midnight is looked at from both sides.
SAQTA_SOAK=1 records every day of seven months.
"""
import datetime
import os
import subprocess

from lib import say
from lib.appliance import ROOT
from lib.months import DAY, Months, S, due, midnight

ONE = datetime.timedelta(days=1)
SOAK = os.environ.get("SAQTA_SOAK") == "1"
FIRST_DAY = datetime.date(2026, 8, 27)
RECORDED = ([FIRST_DAY + datetime.timedelta(days=i) for i in range(212)]
            if SOAK else
            [datetime.date(2026, 8, d) for d in (28, 29, 30, 31)] +
            [datetime.date(2026, 9, d) for d in (1, 2)])
WATCHED = ([datetime.date(2027, 2, 24) + datetime.timedelta(days=i)
            for i in range(216)] if SOAK else
           [datetime.date(2027, 2, 27) + datetime.timedelta(days=i)
            for i in range(10)])


def record_noon(box, day):
    begin = midnight(box.tz, day)
    if box.now() < begin + 12 * 3600 * S:
        box.wait_until(begin + 12 * 3600 * S)
        box.record("cam-1")
        box.record("cam-2")


def record_midnight(box, end):
    """The last one ends in the next day, or exactly with this one."""
    box.wait_until(end + 2 * S)
    box.record("cam-1", 3, end + S)
    box.record("cam-2", 2, end)
    box.sealed()


def compare(box, title):
    want = box.expected()
    files, rows = box.present()
    ok = files == want and rows == want
    if not ok:
        say.test(title, False, "files too many %s" % sorted(files - want),
                 "files missing %s" % sorted(want - files),
                 "rows too many %s" % sorted(rows - want),
                 "rows missing %s" % sorted(want - rows))
    return ok


def open_files(box):
    return len(os.listdir("/proc/%d/fd" % box.processes["storage"].pid))


def test_guard(box):
    """Months in one step: six days are due at once."""
    for _ in range(6):
        box.record("cam-1")
        box.sealed()
        box.wait_until(box.now() + DAY)
    box.wait_until(due(box.tz, box.sent["cam-1"][-1][2]) + 3600 * S)
    box.sweep()
    left = len(box.present()[0])
    box.sweep()
    say.test("P2 of six days that are due at once three are erased in a day",
             left == 3 == len(box.present()[0]), left)
    box.wait_until(box.now() + DAY)
    box.sweep()
    box.sweep()
    say.test("P3 the others go the day after", box.present() == (set(), set()),
             box.present())


def story():
    with Months("2026-08-27 10:00:00") as box:
        for camera in ("cam-1", "cam-2"):
            box.add_camera(camera, "rtsp://127.0.0.1:1/none")
        whole, files = True, 0
        for day in sorted(set(RECORDED) | {d - ONE for d in WATCHED}):
            watched = day + ONE in WATCHED
            end = midnight(box.tz, day + ONE)
            if day in RECORDED:
                record_noon(box, day)
            # an hour before midnight, right before it, an hour after it
            if watched:
                box.wait_until(end - 4000 * S)
                box.sweep()
                whole = whole and compare(box, "P2 nothing goes before the "
                                          "end of %s" % day)
            if day in RECORDED:
                record_midnight(box, end)
                files = files or open_files(box)
            elif watched:
                box.wait_until(end + S)
            if watched:
                box.sweep()
                whole = whole and compare(box, "P3 what is due after %s is "
                                          "gone" % day)
            if not whole:
                break
        say.test("P2, P3 at %d midnights exactly the right footage is there"
                 % len(WATCHED), whole)
        say.test("P7 storage has no more files open than on its first day",
                 open_files(box) <= files + 8, files, open_files(box))
        gone = sum(map(len, box.sent.values())) - len(box.expected())
        say.test("%d segments were erased, and some are not due" % gone,
                 gone > 8 and (SOAK or len(box.expected()) == 0))
        if not SOAK:
            test_guard(box)
        check = box.tool("check", check=False)
        say.test("P2 check finds every promise kept", check.returncode == 0,
                 check.stdout.decode()[-800:])
        reader = subprocess.run(
            ["/usr/bin/python3", ROOT / "tests/reader/saqta_reader.py",
             box.data], capture_output=True, text=True, check=False)
        say.test("P2 the reader in Python finds the same",
                 reader.returncode == 0, reader.stdout[-800:], reader.stderr)
        keys = [p.name for p in (box.data / "keyring").iterdir()]
        say.test("the keyring has one good slot", len(
            [k for k in keys if k.startswith("keyring")]) == 1, keys)
        state = box.tool_json("status")["retention"]
        say.test("the status says that nothing is overdue",
                 state["overdue"] == 0 and state["alarm"] is None, state)


say.main(story)
