#!/usr/bin/python3
# timeout: 300
"""What is not footage is backed up while recording goes on, and restored: on an
empty system disk beside the old data volume, and where the data volume itself
is lost, beside a further one. Nothing is erased by it (P2), the log says that
it was set back (P10), old footage is watched.
"""
import io
import os
import shutil
import subprocess
import tarfile

from lib import say
from lib.appliance import FIRST, Appliance, Failed, began, wait_for
from lib.mounts import mount, move, umount
from lib.package import grant

CAMERA = "cam-1"


class Box(Appliance):
    """A data volume and a further one, both of their own."""

    def set_up(self):
        self.more = self.tmp / "more"
        self.file = self.tmp / "backup.age"
        for path, mb in ((self.data, 160), (self.more, 300)):
            mount(path, mb)
        self.own(self.more)
        super().set_up()
        # in a journal's place of its own, as a branch has them
        (self.tmp / "conf.d").mkdir(exist_ok=True)
        (self.tmp / "conf.d" / "branch.conf").write_text(
            "[web]\nidle_s = 901\n")

    def own(self, path):
        user = self.users["storage"]
        os.chown(path, user.pw_uid, user.pw_gid)

    def __exit__(self, *error):
        self.stop(cameras=True)
        umount(self.more, self.data)
        super().__exit__(*error)

    def root(self, *args, check=True, stdin=""):
        """The tool as root, as at the console."""
        done = subprocess.run(
            [self.bin / "saqta", args[0], "--config", self.conf, *args[1:]],
            input=stdin.encode(), capture_output=True, env=self.env,
            timeout=120, check=False)
        if check and done.returncode:
            raise Failed("saqta %s: %s" % (args[0], done.stderr.decode()))
        return done

    def restore(self, *more, check=True):
        return self.root("restore", "--identity", self.paper, *more, self.file,
                         check=check)


def members(box):
    plain = subprocess.run(["age", "-d", "-i", box.paper, box.file],
                           capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return plain, {m.name: m for m in tar.getmembers()}


def back_up(box):
    states = {box.camera_state(CAMERA)["state"]}
    box.root("backup", box.file)
    states.add(box.camera_state(CAMERA)["state"])
    say.test("a backup is made while recording goes on",
             states == {"recording"}, states)
    plain, names = members(box)
    wanted = {"etc/saqta.conf", "etc/conf.d/branch.conf", "web/tls.key",
              "web/tls.crt", "data/site", "data/volumes",
              "data/index-copy.db", "data/ledger/checkpoint",
              "data/ledger/tail"}
    say.test("plain age and tar open it with the paper key",
             wanted <= set(names) and
             any(n.startswith("recorder/") for n in names),
             wanted - set(names))
    say.test("no wrapped key, no keyring and no footage is in it",
             not any(mark in plain for mark in
                     (b"age-encryption.org", b"YWdlLWVuY3J5cHRpb24",
                      b"AGE-SECRET-KEY")) and
             not any("keyring" in n or "footage" in n or "log.key" in n
                     for n in names), sorted(names))
    say.test("what it was made of is gone from the disk",
             not (box.data / "backup.tmp").exists())
    say.test("it is closed to other users",
             box.file.stat().st_mode & 0o777 == 0o600)


def empty_system_disk(box):
    """/etc and the programs' directories are gone, the data volume is there."""
    key = (box.tmp / "web" / "tls.key").read_bytes()
    before = {p: p.read_bytes() for p in box.data.rglob("keyring*/*")
              if p.is_file()}
    shutil.rmtree(box.tmp / "conf.d")
    box.conf.unlink()
    for name in ("web", "recorder"):
        for path in (box.tmp / name).iterdir():
            path.unlink()
    box.restore()
    say.test("a data volume that is there is left as it is", before == {
        p: p.read_bytes() for p in before})
    say.test("configuration and keys are as they were",
             (box.tmp / "web" / "tls.key").read_bytes() == key and
             "idle_s" in (box.tmp / "conf.d/branch.conf").read_text() and
             (box.tmp / "web/tls.key").stat().st_uid ==
             box.users["web"].pw_uid)
    box.start()
    box.wait_recording(CAMERA)
    told = box.tool_json("status")["ledger"]
    say.test("P2 the new system disk goes on with the same ledger",
             told["epoch"] == 1, told)


def watch(box, begin, end, title):
    """Asked for, approved and downloaded as a plain MP4."""
    wait_for("web finds storage", 30, box.web_ready)
    people = box.client("marat"), box.client("daniyar")
    ident = grant(box, people, CAMERA, begin, end)
    box.open_files(people[0], "marat", ident)
    answer = people[0].get("/media/%s/%s/run0.mp4" % (ident, CAMERA))
    say.test(title, answer.status == 200 and b"moov" in answer.body[:4096] and
             len(answer.body) > 20000, answer.status, answer.body[:200])


def lost_data_volume(box, old):
    """The first volume is a new, empty disk; the further one is there."""
    umount(box.data)
    mount(box.data, 160)
    box.own(box.data)
    refused = subprocess.run(
        [box.bin / "saqta-storage", "--config", box.conf],
        capture_output=True, text=True, timeout=30, check=False,
        user=box.users["storage"].pw_uid, group=box.users["storage"].pw_gid,
        extra_groups=[])
    say.test("D4 an empty disk in its place is refused, with the reason",
             refused.returncode == 1 and "is its volume mounted" in
             refused.stderr, refused.stderr)
    shelf = box.tmp / "shelf"
    shelf.mkdir()
    move(box.more, shelf)
    away = box.restore(check=False)
    move(shelf, box.more)
    say.test("a volume that is away is asked for first", away.returncode == 1 and
             b"mount it there first" in away.stderr, away.stderr)
    box.restore()
    say.test("P1 what was restored belongs to storage alone", not [
        p for p in box.data.rglob("*")
        if p.stat().st_uid != box.users["storage"].pw_uid])
    box.start()
    told = box.tool_json("status")["ledger"]
    say.test("P2 P10 the log says that it was set back: a new epoch waits for "
             "a custodian", told["epoch"] == 2 and not told["confirmed"], told)
    box.wait_recording(CAMERA)
    say.test("P9 recording goes on", True)
    say.test("P2 no footage of the other volume is gone",
             all(p.exists() for p in old))
    box.tool("ledger", "confirm", "--by", FIRST, "-",
             stdin=box.credential(FIRST))
    say.test("a custodian confirms it",
             box.tool_json("status")["ledger"]["confirmed"])


def interrupted(box):
    """Another backup, of another site's key, of half a file."""
    half = box.tmp / "half.age"
    half.write_bytes(box.file.read_bytes()[:-1000])
    for path, title in ((half, "half a backup"),
                        (box.paper, "what is no backup")):
        done = box.root("restore", "--identity", box.paper, path, check=False)
        say.test(title + " changes nothing, and says so",
                 done.returncode == 1 and done.stderr, done.stderr)
    busy = box.restore(check=False)
    say.test("nothing is restored while storage runs", busy.returncode == 1 and
             b"stop saqta-storage first" in busy.stderr, busy.stderr)


def main():
    if os.geteuid():
        say.skip("a backup is restored", "needs root")
        return
    with Box() as box:
        box.tool("volume", "add", box.more)
        camera = box.camera(CAMERA)
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        box.give_factor("marat")  # before the backup, which then knows it
        wait_for("footage on the further volume", 40,
                 lambda: len(list(box.more.rglob("*.mp4.age"))) > 3)
        # of its second segment
        begin = began(sorted(box.more.rglob("*.mp4.age"))[1])
        end = begin + 4
        back_up(box)
        interrupted(box)
        box.stop()
        empty_system_disk(box)
        watch(box, begin, end, "P5 old footage is watched after a restore")
        box.stop()
        old = [p for p in box.more.rglob("*.mp4.age")]
        lost_data_volume(box, old)
        watch(box, begin, end, "what lies on the further volume is watched, "
              "with the keyring found there")


say.main(main)
