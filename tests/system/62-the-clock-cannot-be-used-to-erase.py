#!/usr/bin/python3
# timeout: 150
"""P12: steps of hours, years, to 1970; reboots with a stepped clock; 40 days off.

Neither early erasure nor immortal data. That the box was off is played by a
wall clock that moves while the monotonic one does not.
"""
import datetime

from lib import say
from lib.appliance import Failed
from lib.months import DAY, Months, S, midnight

HOUR = 3600 * S


def clock(box):
    return box.tool_json("clock")


def at(text):
    return int(datetime.datetime.fromisoformat(text).timestamp() * S)


def retain(box, seq):
    value, = box.index("SELECT retain_ns FROM segment WHERE camera = 'cam-1' "
                       "AND seq = ?", seq)[0]
    return value


def record(box):
    seq = box.record("cam-1")
    box.sealed()
    return seq


def whole(box, n):
    """All n segments are still there after a sweep."""
    box.sweep()
    files, rows = box.present()
    return len(files) == n == len(rows)


def story():
    with Months("2026-08-28 08:00:00") as box:
        box.add_camera("cam-1", "rtsp://127.0.0.1:1/none")
        box.wait_until(box.now() + HOUR)
        first = record(box)
        due = retain(box, first)
        say.test("the clock is trusted", clock(box)["state"] == "trusted")

        # fifty years ahead, for a day; and back
        years = 50 * 365 * DAY
        box.step(years)
        box.ask(10)
        ahead = record(box)
        say.test("P12 fifty years ahead nothing is erased",
                 whole(box, 2) and clock(box)["state"] == "untrusted")
        say.test("P12 what is recorded then is not kept for ever",
                 retain(box, ahead) - due <= 2 * DAY, retain(box, ahead) - due)
        status = box.tool_json("status")["retention"]
        say.test("the status raises an alarm", status["alarm"] == "clock",
                 status)
        box.step(-years)
        box.ask(10)
        say.test("P12 set right again it is trusted",
                 clock(box)["state"] == "trusted", clock(box))

        # to 1970: what is recorded then keeps its whole term
        back = box.now() - 90 * S
        box.step(-back)
        box.ask(10)
        early = record(box)
        say.test("P12 in 1970 a term is still counted from now",
                 retain(box, early) >= due and whole(box, 3),
                 retain(box, early))
        box.step(back)
        box.ask(10)
        say.test("P12 back from 1970 nothing is erased", whole(box, 3))

        # every reboot with the clock a month ahead
        gained = at(clock(box)["retention_clock"])
        begun = box.mono
        for _ in range(4):
            box.off(30 * DAY)
            box.wait_until(box.now() + HOUR)
        gained = at(clock(box)["retention_clock"]) - gained
        passed = box.mono - begun
        say.test("P12 reboots with a stepped clock gain three hours at most",
                 0 <= gained - passed <= 3 * HOUR + 120 * S, gained - passed)
        box.step(-120 * DAY)
        box.ask(10)

        # off for forty days: the wall clock is right, and alone knows it
        before = at(clock(box)["retention_clock"])
        box.off(40 * DAY)
        late = record(box)
        say.test("P12 after forty days off the clock is not trusted",
                 clock(box)["state"] == "untrusted")
        say.test("P12 meanwhile a term is counted by the retention clock",
                 retain(box, late) < box.now() + 181 * DAY - 30 * DAY)
        box.wait_until(due + 2 * DAY)
        say.test("P12 past its due day by the wall clock nothing is erased",
                 whole(box, 4), clock(box))
        try:
            box.act("clock", "vouch", "--by", "aigul", "--now",
                    "2026-08-28T09:00:00+05:00", "--reason", "was off")
            wrong = True
        except Failed:
            wrong = False
        say.test("a custodian whose watch differs vouches for nothing",
                 not wrong and clock(box)["state"] == "untrusted")
        now = datetime.datetime.fromtimestamp(box.now() / S, box.tz)
        box.act("clock", "vouch", "--by", "aigul", "--now",
                now.isoformat(timespec="seconds"), "--reason", "was off")
        say.test("P12 a custodian vouches, and it is trusted",
                 clock(box)["state"] == "trusted")
        say.test("P2 what was promised meanwhile is moved with it",
                 retain(box, late) >= box.sent["cam-1"][-1][2] + 181 * DAY)
        box.sweep()
        files, _ = box.present()
        say.test("P3 then what is due goes, and nothing else",
                 ("cam-1", first) not in files and
                 ("cam-1", late) in files, files)
        box.wait_until(retain(box, late) + S)
        box.sweep()
        say.test("P12 in the end nothing is immortal",
                 not box.present()[0] and not box.present()[1], box.present())
        check = box.tool("check", check=False)
        text = check.stdout.decode()
        say.test("P2 check finds nothing that went too early",
                 "before its term" not in text and "held" not in text,
                 text[-600:])


say.main(story)
