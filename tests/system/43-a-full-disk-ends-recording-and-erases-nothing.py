#!/usr/bin/python3
# timeout: 200
"""P11 with a small volume of its own and a foreign file that fills it."""
import os
import subprocess
import time

from lib import say
from lib.appliance import Appliance, wait_for
from lib.mounts import may_mount, mount, umount

SIZE_MB = 192
RESERVE_MB = 64		# as in the appliance's configuration


class SmallDisk(Appliance):
    """The data directory is a volume of its own."""

    def set_up(self):
        mount(self.data, SIZE_MB)
        super().set_up()

    def __exit__(self, *error):
        self.stop(cameras=True)
        umount(self.data)
        super().__exit__(*error)

    def free_mb(self):
        v = os.statvfs(self.data)
        return v.f_bavail * v.f_frsize >> 20

    def fill(self, leave_mb):
        with open(self.data / "foreign", "ab") as f:
            while self.free_mb() > leave_mb:
                f.write(bytes(1 << 20))
                f.flush()

    def gaps(self):
        now = time.time()
        told = self.tool_json("coverage", "--camera", "cam-1", "--from",
                              iso(now - 600), "--to", iso(now + 5), "--json")
        return [s for s in told["cameras"][0]["spans"] if s["kind"] == "gap"]


def iso(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def footage(box):
    return {p: p.stat().st_size for p in box.data.rglob("*.age")}


def test_full(box):
    box.wait_recording("cam-1")
    box.fill(RESERVE_MB - 2)
    wait_for("the gap", 20, lambda: any(
        g["cause"] == "disk-full" for g in box.gaps()))
    say.test("P11 below the reserve recording ends with the gap disk-full",
             True)
    kept = footage(box)
    box.fill(0)
    time.sleep(5)
    say.test("P11 storage lives on a volume without any room",
             box.processes["storage"].alive())
    say.test("P2 a full disk erases nothing",
             all(footage(box).get(p) == n for p, n in kept.items()))
    status = box.tool_json("status", "--json")
    say.test("P11 status says that the disk is full",
             status["storage"]["state"] != "ok", status["storage"])
    (box.data / "foreign").unlink()
    wait_for("recording", 40, lambda: box.gaps() and not box.gaps()[-1]["open"])
    say.test("P11 with room again recording goes on by itself", True)
    gap = [g for g in box.gaps() if g["cause"] == "disk-full"]
    say.test("P7 the gap is closed and has that one cause", len(gap) == 1,
             box.gaps())


def test_inodes(box):
    """Bytes are there, but no inodes: as full as without bytes."""
    v = os.statvfs(box.data)
    used = v.f_files - v.f_ffree
    subprocess.run(["mount", "-o", "remount,nr_inodes=%d" % (used + 200),
                    box.data], check=True)
    wait_for("the gap", 20, lambda: box.gaps() and box.gaps()[-1]["open"] and
             box.gaps()[-1]["cause"] == "disk-full")
    say.test("P11 without inodes recording ends with the gap disk-full", True)
    subprocess.run(["mount", "-o", "remount,nr_inodes=%d" % v.f_files,
                    box.data], check=True)
    wait_for("recording", 40, lambda: not box.gaps()[-1]["open"])
    say.test("P11 with inodes again it resumes by itself", True)


def test_forecast(box):
    """This disk holds some minutes: said, and refused unless accepted."""
    told = box.tool_json("forecast")
    say.test("P11 the forecast says when the disk is full",
             told["full_on"] and told["days_left"] == 0 and
             told["need_bytes"] > told["capacity_bytes"], told)
    say.test("saqta forecast says it in a sentence",
             b"full on" in box.tool("forecast").stdout)
    box.stop("recorder", "web", "storage")
    box.conf.write_text(box.conf.read_text().replace("demo = yes",
                                                     "demo = no"))
    box.start("storage", "recorder", "web")
    args = ["--id", "cam-2", "--name", "2", "--atm", "0418", "--place", "Abay",
            "rtsp://127.0.0.1:1/x"]
    refused = box.tool("camera", "add", *args, check=False)
    say.test("P11 a camera that six months of do not fit is refused",
             refused.returncode and b"Six months" in refused.stderr,
             refused.stderr)
    box.tool("forecast", "--accept", "--reason", "a disk is ordered")
    accepted = box.tool("camera", "add", *args, check=False)
    say.test("accepted in the ledger it is added", not accepted.returncode,
             accepted.stderr)


def test_read_only(box):
    box.stop("recorder", "web", "storage")
    before = footage(box)
    subprocess.run(["mount", "-o", "remount,ro", box.data], check=True)
    process = subprocess.run(
        [box.bin / "saqta-storage", "--config", box.conf],
        capture_output=True, text=True, timeout=30, check=False,
        user=box.users["storage"].pw_uid, group=box.users["storage"].pw_gid,
        extra_groups=[])
    say.test("a read-only volume is refused at the start, with the reason",
             process.returncode == 1 and "read-only" in process.stderr,
             process.returncode, process.stderr)
    subprocess.run(["mount", "-o", "remount,rw", box.data], check=True)
    box.start("storage", "recorder", "web")
    box.wait_recording("cam-1")
    say.test("writable again it goes on, and nothing is gone",
             set(before) <= set(footage(box)))
    check = box.tool("check", check=False)
    say.test("saqta check finds nothing wrong", check.returncode == 0,
             check.stdout)


def main():
    if not may_mount():
        say.skip("P11 a full disk ends recording", "may not mount")
        return
    with SmallDisk() as box:
        camera = box.camera("cam-1")
        box.add_camera("cam-1", camera.url)
        test_full(box)
        test_inodes(box)
        test_read_only(box)
        test_forecast(box)


say.main(main)
