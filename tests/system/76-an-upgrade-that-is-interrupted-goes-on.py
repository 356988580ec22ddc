#!/usr/bin/python3
# timeout: 300
"""An upgrade changes the schema of the index step by step. Killed at any write
of it (crash.so), or without power there (the volume is an ext4 that loses what
was not synced), the next start goes on: the file is whole at each moment,
nobody and nothing is missing.
"""
import os
import shutil
import signal
import sqlite3
import struct
import subprocess

from lib import say
from lib.appliance import PEOPLE, Appliance, is_stopped, wait_for
from lib.cut import Volume, may_mount
from lib.schema import OLD, later_columns, make_old

POINTS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 40, 60)


def version(db):
    return db.execute("PRAGMA user_version").fetchone()[0]


def people(db):
    return db.execute("SELECT id, user, sealed FROM person ORDER BY id"
                      ).fetchall()


class Box(Appliance):
    """With power: its data lie on a volume whose power can be cut."""

    def __init__(self, power):
        tmp = os.environ.get("SAQTA_TMP")
        super().__init__(tmp=tmp and os.path.join(tmp, "%d" % power))
        self.volume = Volume(self.tmp / "volume", self.data) if power else None

    def set_up(self):
        if self.volume:
            self.data.mkdir()
            self.volume.make()
            self.volume.mount()
        super().set_up()

    def __exit__(self, *error):
        self.stop(cameras=True)
        if self.volume:
            self.volume.leave()
        super().__exit__(*error)

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
        for sql in make_old():
            db.execute(sql)
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
        subprocess.run(["sync", "-f", self.data], check=True)

    def die_at(self, n):
        """Storage starts, and right before its n-th write it ends."""
        control = self.tmp / "crash"
        how = signal.SIGSTOP if self.volume else signal.SIGKILL
        control.write_bytes(struct.pack("=qqqqq", 0, n, how, 0, 0))
        control.chmod(0o666)
        env = {**self.env, "LD_PRELOAD": str(self.bin / "crash.so"),
               "SAQTA_CRASH_FILE": str(control)}
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        who = {}
        if self.users["storage"]:
            who = {"user": self.users["storage"].pw_uid,
                   "group": self.users["storage"].pw_gid, "extra_groups": []}
        child = subprocess.Popen(
            [self.bin / "saqta-storage", "--config", self.conf], env=env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who)
        try:
            if self.volume:
                wait_for("it stops at that write", 60, lambda:
                         child.poll() is not None or is_stopped(child.pid))
                self.volume.cut()
                child.kill()
            child.wait(60)
        finally:
            child.kill()
            child.wait()
        if self.volume:
            self.volume.unmount()
            self.volume.mount()
        return child.returncode == -signal.SIGKILL


def ends(box, n):
    """(ended there?, whole?, nobody missing?, version) after the n-th write."""
    box.put_old()
    died = box.die_at(n)
    db = box.index()
    whole = db.execute("PRAGMA integrity_check").fetchone()[0]
    told = died, whole, people(db) == box.everybody, version(db)
    db.close()
    for end in ("", "-wal", "-shm"):
        if (box.data / ("index.db" + end)).exists():
            box.own(box.data / ("index.db" + end))
    return told


def goes_back(box):
    """An older program refuses what a newer one wrote, and changes nothing."""
    box.stop()
    db = box.index()
    db.execute("PRAGMA user_version = %d" % (box.newest + 1))
    db.commit()
    db.close()
    who = {}
    if box.users["storage"]:
        who = {"user": box.users["storage"].pw_uid,
               "group": box.users["storage"].pw_gid, "extra_groups": []}
    done = subprocess.run(
        [box.bin / "saqta-storage", "--config", box.conf], env=box.env,
        capture_output=True, text=True, timeout=30, check=False, **who)
    db = box.index()
    say.test("P2 an older version does not start on the index of a newer one, "
             "and says which to install", done.returncode == 1 and
             "install that version again" in done.stderr and
             version(db) == box.newest + 1 and
             people(db) == box.everybody, done.stderr)
    db.close()


def story(power):
    how = "without power" if power else "killed"
    with Box(power) as box:
        shutil.copy(box.build / "tests" / "crash.so", box.bin)
        box.stop()
        box.make_old()
        say.test("the migrations have a schema that is older than today's",
                 OLD < box.newest and list(later_columns()), box.newest)
        found = {n: ends(box, n) for n in POINTS}
        say.test("P8 %s at any write of an upgrade the index is whole, of "
                 "one version or the next" % how, all(
                     (died, whole, all_) == (True, "ok", True) and
                     OLD <= told <= box.newest
                     for died, whole, all_, told in found.values()), found)
        say.test("it was %s before the upgrade and after it" % how,
                 {OLD, box.newest} <= {told[3] for told in found.values()},
                 found)
        box.put_old()
        box.die_at(3)
        box.start()
        db = box.index()
        say.test("%s, the next start goes on with the upgrade" % how,
                 version(db) == box.newest and
                 [p[:2] for p in people(db)] ==
                 [p[:2] for p in box.everybody])
        db.close()
        say.test("people sign in as before",
                 box.client("oleg").get("/api/v1/status").status == 200 and
                 len(PEOPLE) == len(box.everybody))
        if not power:
            goes_back(box)


def main():
    story(False)
    if may_mount("ext4"):
        story(True)
    else:
        say.skip("P8 without power at any write of an upgrade the index is "
                 "whole", "no loop mounts")


say.main(main)
