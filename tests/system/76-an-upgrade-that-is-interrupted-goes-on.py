#!/usr/bin/python3
# timeout: 200
"""An upgrade changes the schema of the index step by step. Killed, or without
power, at any write of it (crash.so), the next start goes on: the file is whole
at each moment, nobody and nothing is missing.
"""
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess

from lib import say
from lib.appliance import PEOPLE, ROOT, Appliance

OLD = 9  # the schema that a former version left
POINTS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30)


def later_columns():
    """What migrations since OLD have added: table, column."""
    text = (ROOT / "storage/index.c").read_text()
    text = text[text.index("migrations[] = {"):text.index("SCHEMA_VERSION (")]
    steps = re.split(r"\n    \[(\w+)\] =", text)
    for number, step in zip(steps[1::2], steps[2::2]):
        if number.isdigit() and int(number) >= OLD:
            sql = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', step))
            yield from re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", sql)


def version(db):
    return db.execute("PRAGMA user_version").fetchone()[0]


def people(db):
    return db.execute("SELECT id, user, sealed FROM person ORDER BY id"
                      ).fetchall()


class Box(Appliance):
    def index(self):
        return sqlite3.connect(self.data / "index.db")

    def own(self, path):
        user = self.users["storage"]
        if user:
            os.chown(path, user.pw_uid, user.pw_gid)

    def make_old(self):
        """The index as the former version left it, kept aside."""
        db = self.index()
        self.newest = version(db)
        for table, column in later_columns():
            db.execute("ALTER TABLE %s DROP COLUMN %s" % (table, column))
        db.execute("PRAGMA user_version = %d" % OLD)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.everybody = people(db)
        db.close()
        shutil.copy(self.data / "index.db", self.tmp / "old.db")

    def put_old(self):
        for end in ("", "-wal", "-shm"):
            (self.data / ("index.db" + end)).unlink(missing_ok=True)
        shutil.copy(self.tmp / "old.db", self.data / "index.db")
        self.own(self.data / "index.db")

    def die_at(self, n):
        """Storage starts and is killed right before its n-th write."""
        control = self.tmp / "crash"
        control.write_bytes(struct.pack("=qqqqq", 0, n, signal.SIGKILL, 0, 0))
        control.chmod(0o666)
        env = {**self.env, "LD_PRELOAD": str(self.bin / "crash.so"),
               "SAQTA_CRASH_FILE": str(control)}
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        who = {}
        if self.users["storage"]:
            who = {"user": self.users["storage"].pw_uid,
                   "group": self.users["storage"].pw_gid, "extra_groups": []}
        done = subprocess.run(
            [self.bin / "saqta-storage", "--config", self.conf], env=env,
            capture_output=True, timeout=60, check=False, **who)
        return done.returncode == -signal.SIGKILL


def main():
    with Box() as box:
        shutil.copy(box.build / "tests" / "crash.so", box.bin)
        box.stop()
        box.make_old()
        say.test("the migrations have a schema that is older than today's",
                 OLD < box.newest and list(later_columns()), box.newest)
        bad, between = [], set()
        for n in POINTS:
            box.put_old()
            died = box.die_at(n)
            db = box.index()
            told = version(db)
            whole = db.execute("PRAGMA integrity_check").fetchone()[0]
            between.add(told)
            if not died or whole != "ok" or people(db) != box.everybody or \
                    not OLD <= told <= box.newest:
                bad.append((n, died, whole, told))
            db.close()
            for end in ("", "-wal", "-shm"):
                if (box.data / ("index.db" + end)).exists():
                    box.own(box.data / ("index.db" + end))
        say.test("P8 killed at any write of an upgrade the index is whole, of "
                 "one version or the next", not bad, bad)
        say.test("it was killed before the upgrade and after it",
                 {OLD, box.newest} <= between, between)
        box.put_old()
        box.die_at(3)
        box.start()
        db = box.index()
        say.test("the next start goes on with the upgrade",
                 version(db) == box.newest and
                 [p[:2] for p in people(db)] ==
                 [p[:2] for p in box.everybody])
        db.close()
        say.test("people sign in as before",
                 box.client("oleg").get("/api/v1/status").status == 200 and
                 len(PEOPLE) == len(box.everybody))


say.main(main)
