#!/usr/bin/python3
"""How long storage takes to start with half a year on its disk (issue 6, 9).

    start_at_scale.py BUILD [CAMERAS [DAYS]]

Real programs, real segments of two days in every camera; in front of them the
months are made: a folder and a journal of full size for each camera and day
(the part of a journal that nobody reads at a start is a hole in the file), the
rows of the index, one a minute, and the keys of all days. Started three times:
after an orderly stop, the same with its files out of the page cache, and after
kill -9 while each camera writes. Exits 1 where it is not below 5 s.
"""
import datetime
import os
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
os.environ["SAQTA_BUILD"] = str(Path(sys.argv[1]).resolve())

from lib.months import Months, S  # noqa: E402

CAMERAS = int(sys.argv[2]) if len(sys.argv) > 2 else 64
DAYS = int(sys.argv[3]) if len(sys.argv) > 3 else 184
A_DAY, LIMIT_S = 1440, 5
RECORD, OF_A_SEGMENT = 256, 111		# begin, 109 fragments of 0.55 s, seal
HOUR = 3600 * S


def record(box):
    """Two segments of each camera, an hour before midnight and after it."""
    for _ in range(2):
        for camera in box.ids:
            box.record(camera)
            box.record(camera)
        box.sealed()
        box.wait_until(box.now() + 2 * HOUR)
    for camera in box.ids:
        box.record(camera)
    box.sealed()


def widen_journals(box):
    """The real ends of two days behind a hole; a hole for all days before."""
    hole = A_DAY * OF_A_SEGMENT
    real = sorted((box.data / "footage").rglob("journal"))
    first = min(datetime.date(*map(int, p.parts[-4:-1])) for p in real)
    for path in real:
        data = path.read_bytes()
        day = "-".join(path.parts[-4:-1])
        start = box.chain_start(path.parts[-5], day)
        with open(path, "r+b") as f:
            f.truncate(hole * RECORD)
            f.seek(0)
            f.write(bytes(min(len(data), hole * RECORD)))
            f.seek(hole * RECORD - 32)
            f.write(start)
            f.write(data)
    for camera in box.ids:
        for n in range(1, DAYS - 1):
            day = first - datetime.timedelta(days=n)
            at = box.data / "footage" / camera / day.strftime("%Y/%m/%d")
            at.mkdir(parents=True)
            with open(at / "journal", "wb") as f:
                f.truncate(hole * RECORD)
                f.seek((hole - 1) * RECORD)
                f.write(struct.pack(">4sB3xQ", b"SqJ1", 3,
                                    (DAYS - 1 - n) * A_DAY))
    return first, hole


def widen_index(box, first, hole):
    db = sqlite3.connect(box.data / "index.db")
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE "
                          "type = 'trigger'").fetchall()
    db.execute("PRAGMA synchronous = OFF")
    for name, _ in triggers:
        db.execute("DROP TRIGGER " + name)
    db.execute("UPDATE segment SET record = record + ?", (hole,))
    for n in range(1, DAYS - 1):
        day = first - datetime.timedelta(days=n)
        begin = int(datetime.datetime.combine(
            day, datetime.time(), box.tz).timestamp()) * S
        seq = (DAYS - 2 - n) * A_DAY
        for camera in box.ids:
            db.execute(
                "INSERT INTO segment WITH RECURSIVE m(i) AS (SELECT 0 UNION "
                "ALL SELECT i + 1 FROM m WHERE i < ? - 1) SELECT ?, ? + i + 1,"
                " ?, ? + i * 60 * ?, ? + (i + 1) * 60 * ?, 30000000, 3, 109, "
                "1, ?, 2, i * ?, 0, 0 FROM m",
                (A_DAY, camera, seq, str(day), begin, S, begin, S,
                 begin + 400 * 86400 * S, OF_A_SEGMENT))
            db.execute("INSERT INTO camera_day VALUES(?,?,?,?,?,1,?,?)",
                       (camera, str(day), A_DAY, A_DAY * 30000000,
                        A_DAY * 60 * S, *2 * (begin + 400 * 86400 * S,)))
            db.execute("INSERT INTO run VALUES(?,?,?,?,?,?,1,0)",
                       (camera, seq + 1, seq + A_DAY, begin,
                        begin + 86400 * S, str(day)))
        db.commit()
    for _, sql in triggers:
        db.execute(sql)
    db.commit()
    rows, = db.execute("SELECT count(*) FROM segment").fetchone()
    db.close()
    return rows


def widen_keyring(box, first):
    """A line for each camera and day: the wrapped key of a real one."""
    slot = next(s for s in ("", "-b")
                if (box.data / ("keyring/kek" + s)).read_bytes().strip(b"\0"))
    kek = box.data / ("keyring/kek" + slot)
    path = box.data / ("keyring/keyring%s.age" % (slot or ""))
    lines = subprocess.run(["age", "-d", "-i", kek, path], check=True,
                           capture_output=True).stdout.decode().splitlines()
    line = next(x for x in lines if '"day"' in x)
    camera, day = line.split('"camera":"')[1].split('"')[0], \
        line.split('"date":"')[1].split('"')[0]
    for n in range(1, DAYS - 1):
        for other in box.ids:
            lines.append(line.replace(camera, other).replace(
                day, str(first - datetime.timedelta(days=n))))
    to = subprocess.run(["age-keygen", "-y", kek], check=True,
                        capture_output=True, text=True).stdout.strip()
    subprocess.run(["age", "-r", to, "-o", path],
                   input="\n".join(lines + [""]).encode(), check=True)
    return len(lines)


def forget(box):
    """Out of the page cache, as after the machine was off."""
    os.sync()
    for path in box.data.rglob("*"):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def own(box):
    user = box.users["storage"]
    if user:
        subprocess.run(["chown", "-R", "%d:%d" % (user.pw_uid, user.pw_gid),
                        box.data], check=True)


def started(box, what):
    """Seconds until it is ready to record and answers."""
    begun = time.monotonic()
    box.start("storage")
    took = time.monotonic() - begun
    print("  %-46s %9.2f s (below %d)%s" % (
        what, took, LIMIT_S, "" if took < LIMIT_S else "  MISSED"), flush=True)
    return took < LIMIT_S


class Box(Months):
    def __init__(self, tmp):
        super().__init__("2026-08-28 23:00:00", tmp=str(tmp))
        self.ids = ["cam-%04d" % i for i in range(CAMERAS)]

    def chain_start(self, camera, day):
        import hashlib
        return hashlib.sha256(("saqta journal v1\n%s\n%s\n" % (
            camera, day)).encode()).digest()


def main():
    tmp = Path(sys.argv[1]).resolve() / "bench" / ("start-%d" % os.getpid())
    try:
        with Box(tmp) as box:
            for camera in box.ids:
                box.add_camera(camera, "rtsp://127.0.0.1:1/none")
            box.stop("storage")
            db = sqlite3.connect(box.data / "index.db")
            db.execute("UPDATE camera SET next_seq = ?", (DAYS * A_DAY,))
            db.commit()
            db.close()
            box.start("storage")
            record(box)
            box.stop("storage")
            first, hole = widen_journals(box)
            rows = widen_index(box, first, hole)
            keys = widen_keyring(box, first)
            own(box)
            print("%d cameras, %d days: %.1f million rows, %.0f GB of "
                  "journals, %d keys" % (CAMERAS, DAYS, rows / 1e6, CAMERAS *
                                         DAYS * hole * RECORD / 1e9, keys))
            fine = started(box, "after an orderly stop")
            box.stop("storage")
            forget(box)
            fine &= started(box, "... its files out of the page cache")
            for camera in box.ids:
                start = box.now()
                box.begin_segment(camera, start)
                for i in range(3):
                    box.put_fragment(camera, start + i * S)
            for _ in range(3):	# a sync, so that nothing of it is lost
                box.wait_until(box.now() + S)
                time.sleep(0.3)
            box.processes["storage"].kill()
            fine &= started(box, "after kill -9, each camera wrote")
            whole, = box.index("SELECT count(*) FROM segment WHERE state = 4 "
                               "AND fragments = 3")[0]
            if whole != CAMERAS:
                print("  recovered: %d of %d" % (whole, CAMERAS))
                fine = False
    finally:
        subprocess.run(["rm", "-rf", tmp], check=False)
    sys.exit(not fine)


main()
