#!/usr/bin/python3
# timeout: 240
"""The index missing, damaged, old, asked for anew (P2, P7, P8, D4)."""
import json
import os
import shutil
import sqlite3
import subprocess
import time

from lib import say
from lib.appliance import PEOPLE, Appliance, Failed, wait_for

CAMERA = "cam-1"
PARTS = ("index.db", "index.db-wal", "index.db-shm")


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def spans(box, frm, to):
    """Kind and bounds; what a rebuild must give back."""
    def told():
        done = box.tool("coverage", "--camera", CAMERA, "--from", stamp(frm),
                        "--to", stamp(to), "--json", check=False)
        return done.stdout if not done.returncode else None
    answer = json.loads(wait_for("the coverage", 30, told))
    return [(s["kind"], s["from"], s["to"], s["cause"])
            for s in answer["cameras"][0]["spans"]]


def footage(box):
    return {p: p.read_bytes() for p in box.segments(CAMERA)[:-1]}


def whole(box):
    wait_for("the index is whole", 60, lambda: box.tool_json("status")
             ["index"]["state"] == "whole")


def entries(box, kind):
    """How many ledger entries of a type an auditor sees."""
    client = box.client("marat")
    size = client.get("/api/v1/ledger?first=0&count=1").json()["size"]
    found = 0
    for first in range(0, size, 200):
        told = client.get("/api/v1/ledger?first=%d&count=200" % first).json()
        found += sum(e["type"] == kind for e in told["entries"])
    return found


def next_number(box):
    return int(box.segments(CAMERA)[-1].name.split("-")[1].split(".")[0])


def again(box, title, before, old, number):
    """Storage runs again: all is as it was, and recording goes on."""
    box.wait_recording(CAMERA, 60)
    whole(box)
    wait_for("the next number", 40, lambda: next_number(box) > number)
    say.test(title + " recording goes on by itself, with the next number",
             True)
    say.test("P2 " + title + " nothing is erased",
             all(p.is_file() and p.read_bytes() == b for p, b in old.items()))
    say.test("P7 " + title + " the coverage is as it was",
             spans(box, *before[0]) == before[1],
             before[1], spans(box, *before[0]))
    check = box.tool("check", check=False)
    say.test("P8 " + title + " saqta check finds nothing wrong",
             check.returncode == 0, check.stdout.decode()[-600:])
    say.test(title + " people sign in as before",
             box.client().sign_in("marat", PEOPLE["marat"][2]).status
             in (200, 201))


def state(box):
    """What must be the same afterwards; ends well before now."""
    frm, to = box.began, time.time() - 6
    return ((frm, to), spans(box, frm, to)), footage(box), next_number(box)


def copied(box):
    """The copy knows all people."""
    wait_for("the copy", 30, (box.data / "index-copy.db").exists)
    end = time.time() + 1
    wait_for("a fresh copy", 30, lambda:
             (box.data / "index-copy.db").stat().st_mtime > end)


def test_second(box):
    done = subprocess.run(
        [box.bin / "saqta-storage", "--config", box.conf], check=False,
        capture_output=True, text=True, timeout=30, env=box.env,
        **({"user": box.users["storage"].pw_uid,
            "group": box.users["storage"].pw_gid, "extra_groups": []}
           if box.users["storage"] else {}))
    say.test("D4 a second instance is refused, with the reason",
             done.returncode == 1 and "another saqta-storage" in done.stderr,
             done.returncode, done.stderr)
    say.test("the first one goes on", box.answers())


def test_asked(box):
    before, old, number = state(box)
    box.tool("rebuild")
    again(box, "asked for anew:", before, old, number)
    gaps = [s for s in spans(box, before[0][1], box.settled(CAMERA))
            if s[0] == "gap"]
    say.test("P7 recording went on while the index was made anew", not gaps,
             gaps)


def test_missing(box):
    before, old, number = state(box)
    box.stop("storage")
    for name in PARTS:
        (box.data / name).unlink(missing_ok=True)
    box.start("storage")
    again(box, "index missing:", before, old, number)


def test_damaged(box):
    before, old, number = state(box)
    copied(box)
    box.stop("storage")
    # a reader that was killed leaves the write-ahead log, which hides the page
    index = sqlite3.connect(box.data / "index.db")
    index.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    index.close()
    with open(box.data / "index.db", "r+b") as f:
        size = f.seek(0, 2)
        f.seek(4096)
        f.write(os.urandom(size - 4096))
    box.start("storage")
    again(box, "a flipped page:", before, old, number)


def test_old(box):
    """30 days later by the clock hook, then the old file is put back."""
    before, old, number = state(box)
    box.stop()
    kept = box.tmp / "kept"
    kept.mkdir()
    for name in PARTS:
        if (box.data / name).exists():
            shutil.copy2(box.data / name, kept)
    box.env["SAQTA_CLOCK_OFFSET"] = str(30 * 86400)
    box.start()
    box.wait_recording(CAMERA, 60)
    copied(box)
    number = next_number(box)
    box.stop()
    for name in PARTS:
        (box.data / name).unlink(missing_ok=True)
        if (kept / name).exists():
            shutil.copy2(kept / name, box.data)
    shutil.chown(box.data / "index.db", *(
        (box.users["storage"].pw_uid, box.users["storage"].pw_gid)
        if box.users["storage"] else (os.getuid(), os.getgid())))
    box.start()
    again(box, "index of 30 days ago:", before, old, number)


def test_bare(box):
    """No copy either: refused, until someone says so."""
    box.stop()
    for name in PARTS + ("index-copy.db",):
        (box.data / name).unlink(missing_ok=True)
    try:
        box.start("storage")
        refused = False
    except Failed:
        refused = True
    log = (box.logs / "storage.log").read_text(errors="replace")
    say.test("without index and copy storage refuses to start and says why",
             refused and "saqta rebuild --bare" in log)
    box.tool("rebuild", "--bare")
    box.start("storage")
    whole(box)
    wait_for("the camera is known", 10, lambda: box.camera_state(CAMERA))
    camera = box.camera_state(CAMERA)
    say.test("what the ledger holds is there: the camera and its footage",
             camera["recorded_from"] is not None, camera)
    box.start("recorder")
    box.add_camera(CAMERA, box.cameras[0].url)
    box.wait_recording(CAMERA, 60)
    check = box.tool("check", check=False)
    say.test("P8 it records again under its number, saqta check agrees",
             check.returncode == 0, check.stdout.decode()[-600:])


def story():
    with Appliance() as box:
        box.began = time.time() - 2
        box.add_camera(CAMERA, box.camera(CAMERA).url)
        box.wait_recording(CAMERA)
        test_second(box)
        copied(box)
        test_asked(box)
        test_missing(box)
        test_damaged(box)
        say.test("each of the three is in the ledger, begun and ended",
                 entries(box, "rebuild-begun") == 3 and
                 entries(box, "rebuild-ended") == 3,
                 entries(box, "rebuild-begun"), entries(box, "rebuild-ended"))
        test_old(box)
        test_bare(box)


say.main(story)
