"""An appliance with half a year on its disk, made in a minute, for benches.

Real programs, real segments of two days in every camera; in front of them the
months are made: a folder and a journal of full size for each camera and day
(the part of a journal that nobody reads at a start is a hole in the file), the
rows of the index, one a minute, and the keys of all days.
"""
import datetime
import hashlib
import os
import sqlite3
import struct
import subprocess

from lib.months import Months, S

A_DAY = 1440
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
        for n in range(1, box.days - 1):
            day = first - datetime.timedelta(days=n)
            at = box.data / "footage" / camera / day.strftime("%Y/%m/%d")
            at.mkdir(parents=True)
            with open(at / "journal", "wb") as f:
                f.truncate(hole * RECORD)
                f.seek((hole - 1) * RECORD)
                f.write(struct.pack(">4sB3xQ", b"SqJ1", 3,
                                    (box.days - 1 - n) * A_DAY))
    return first, hole


def pieces(n):
    """Minutes of that day that are there: each third day has lost one."""
    lost = 100 + n * 7 % 1300
    return [(0, lost), (lost + 1, A_DAY)] if n % 3 == 0 else [(0, A_DAY)]


def widen_index(box, first, hole):
    db = sqlite3.connect(box.data / "index.db")
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE "
                          "type = 'trigger'").fetchall()
    db.execute("PRAGMA synchronous = OFF")
    for name, _ in triggers:
        db.execute("DROP TRIGGER " + name)
    db.execute("UPDATE segment SET record = record + ?", (hole,))
    for n in range(1, box.days - 1):
        day = first - datetime.timedelta(days=n)
        begin = int(datetime.datetime.combine(
            day, datetime.time(), box.tz).timestamp()) * S
        seq = (box.days - 2 - n) * A_DAY
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
            for from_, to in pieces(n):
                db.execute("INSERT INTO run VALUES(?,?,?,?,?,?,1,0)",
                           (camera, seq + from_ + 1, seq + to,
                            begin + from_ * 60 * S, begin + to * 60 * S,
                            str(day)))
                if to < A_DAY:
                    db.execute("INSERT INTO gap VALUES(?,?,?,?,?)", (
                        camera, begin + to * 60 * S,
                        begin + (to + 1) * 60 * S, 1 + n % 3,
                        begin + to * 60 * S + 5 * S))
                    db.execute("DELETE FROM segment WHERE camera = ? AND "
                               "seq = ?", (camera, seq + to + 1))
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
    for n in range(1, box.days - 1):
        for other in box.ids:
            lines.append(line.replace(camera, other).replace(
                day, str(first - datetime.timedelta(days=n))))
    to = subprocess.run(["age-keygen", "-y", kek], check=True,
                        capture_output=True, text=True).stdout.strip()
    subprocess.run(["age", "-r", to, "-o", path],
                   input="\n".join(lines + [""]).encode(), check=True)
    return len(lines)


def own(box):
    user = box.users["storage"]
    if user:
        subprocess.run(["chown", "-R", "%d:%d" % (user.pw_uid, user.pw_gid),
                        box.data], check=True)


class Box(Months):
    """Half a year of so many cameras; `atms`: how many ATMs share them."""

    def __init__(self, tmp, cameras, days, atms=1):
        super().__init__("2026-08-28 23:00:00", tmp=str(tmp), segment_s=60)
        self.days = days
        self.ids = ["cam-%04d" % i for i in range(cameras)]
        self.atms = atms

    def chain_start(self, camera, day):
        return hashlib.sha256(("saqta journal v1\n%s\n%s\n" % (
            camera, day)).encode()).digest()

    def url(self, i):
        return "rtsp://127.0.0.1:1/none"

    def make(self):
        """(rows, keys); storage is stopped afterwards."""
        for i, camera in enumerate(self.ids):
            self.add_camera(camera, self.url(i), atm="%04d" % (
                400 + i * self.atms // len(self.ids)))
        self.stop("storage")
        db = sqlite3.connect(self.data / "index.db")
        db.execute("UPDATE camera SET next_seq = ?", (self.days * A_DAY,))
        db.commit()
        db.close()
        self.start("storage")
        record(self)
        self.stop("storage")
        first, hole = widen_journals(self)
        rows = widen_index(self, first, hole)
        keys = widen_keyring(self, first)
        own(self)
        return rows, keys
