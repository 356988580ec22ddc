#!/usr/bin/python3
# timeout: 200
"""Several volumes: placed, away, swapped, back (P2, P8, D4), with mounts."""
import os
import subprocess
import time

from lib import say
from lib.appliance import ROOT, Appliance, wait_for
from lib.mounts import may_mount, mount, move, umount

CAMERA = "cam-1"


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


class TwoVolumes(Appliance):
    """The data directory is small, a further volume is large."""

    def set_up(self):
        self.began = time.time()
        self.more = self.tmp / "more"
        self.more.mkdir()
        mount(self.data, 160)
        super().set_up()

    def own(self, path):
        if self.users["storage"]:
            os.chown(path, self.users["storage"].pw_uid,
                     self.users["storage"].pw_gid)

    def __exit__(self, *error):
        self.stop(cameras=True)
        umount(self.more, self.data)
        super().__exit__(*error)

    def footage(self, where):
        return {p for p in where.rglob("*.mp4.age")}

    def spans(self):
        told = self.tool_json("coverage", "--camera", CAMERA, "--from",
                              stamp(self.began - 5), "--to",
                              stamp(time.time()))
        return told["cameras"][0]["spans"]

    def volume(self, number):
        told = self.tool_json("volume", "list")
        return next(v for v in told["volumes"] if v["number"] == number)


def test_added(box):
    bare = box.tool("volume", "add", box.more, check=False)
    say.test("a bare directory is refused as a volume, with the reason",
             bare.returncode and b"mounted" in bare.stderr, bare.stderr)
    mount(box.more, 300)
    for mode in (0o700, 0o755):     # root's, as mkfs leaves it
        box.more.chmod(mode)
        his = box.tool("volume", "add", box.more, check=False)
        say.test("a disk of another user (%o) is refused, with the command "
                 "that mends it" % mode, his.returncode and
                 b"chown saqta-storage: PATH" in his.stderr, his.stderr)
    box.own(box.more)
    box.tool("volume", "add", box.more)
    say.test("a mounted file system becomes volume 1",
             box.volume(1)["state"] == "ok", box.volume(1))
    camera = box.camera(CAMERA)
    box.add_camera(CAMERA, camera.url)
    box.wait_recording(CAMERA)
    say.test("footage goes to the volume with the most room",
             box.footage(box.more) and not box.footage(box.data))


def test_away(box):
    old = box.footage(box.more)
    # the oldest: the newest is still being written
    image = {p: p.read_bytes() for p in sorted(old)[:1]}
    move(box.more, box.shelf)
    wait_for("volume 1 is away", 20,
             lambda: box.volume(1)["state"] == "away")
    wait_for("recording goes on on volume 0", 40,
             lambda: box.footage(box.data))
    say.test("P2 with a volume away recording goes on on the others", True)
    say.test("nothing is written below the bare mount point",
             not list(box.more.iterdir()), list(box.more.iterdir()))
    away = [s for s in box.spans() if "away" in s["flags"]]
    say.test("P7 what lies on it is recorded and away, not a gap",
             away and all(s["kind"] == "recorded" for s in away), box.spans())
    check = box.tool("check", check=False)
    say.test("saqta check says which volume is missing",
             check.returncode == 6 and b"is away" in check.stdout and
             b" 0 changed" in check.stdout, check.stdout.decode()[-600:])
    return image


def test_swapped(box):
    mount(box.more, 300)
    box.own(box.more)
    (box.more / "volume").write_text(
        "uuid 00000000-0000-4000-8000-000000000000\n"
        "origin demo.saqta.invalid/box1\nnumber 1\n")
    box.own(box.more / "volume")
    time.sleep(7)	# it is looked for every 5 s
    say.test("a foreign volume in its place is refused",
             box.volume(1)["state"] == "away" and
             not box.footage(box.more), box.volume(1))
    box.stop("storage")
    box.start("storage")
    say.test("D4 storage starts without it and does not take the foreign one",
             box.volume(1)["state"] == "away" and not box.footage(box.more))
    umount(box.more)


def test_back(box, image):
    move(box.shelf, box.more)
    wait_for("volume 1 is back", 20, lambda: box.volume(1)["state"] == "ok")
    say.test("P2 what lies on it is as it was",
             all(p.read_bytes() == b for p, b in image.items()))
    say.test("its footage is no longer away", not any(
        "away" in s["flags"] for s in box.spans()), box.spans())
    box.wait_recording(CAMERA)
    box.stop("recorder", "storage")
    check = box.tool("check", check=False)
    say.test("P8 afterwards saqta check finds nothing wrong",
             check.returncode == 0, check.stdout.decode()[-800:])
    reader = subprocess.run(
        ["/usr/bin/python3", "-B", ROOT / "tests/reader/saqta_reader.py",
         box.data], check=False, capture_output=True, text=True)
    say.test("the reader in Python agrees", reader.returncode == 0,
             reader.stdout[-800:])


def test_elsewhere(box):
    """The data directory itself is not there, or another volume is."""
    where = box.data
    box.conf.write_text(box.conf.read_text().replace(
        "data = %s\n" % where, "data = %s\n" % box.more))
    done = subprocess.run(
        [box.bin / "saqta-storage", "--config", box.conf],
        capture_output=True, text=True, timeout=30, check=False,
        user=box.users["storage"].pw_uid, group=box.users["storage"].pw_gid,
        extra_groups=[])
    say.test("D4 a directory that is not the data is refused, with the reason",
             done.returncode == 1 and "mounted" in done.stderr,
             done.returncode, done.stderr)


def main():
    if not may_mount():
        say.skip("volumes share the footage", "may not mount")
        return
    with TwoVolumes() as box:
        box.shelf = box.tmp / "shelf"
        box.shelf.mkdir()
        test_added(box)
        try:
            image = test_away(box)
            test_swapped(box)
            test_back(box, image)
            test_elsewhere(box)
        finally:
            umount(box.shelf)


say.main(main)
