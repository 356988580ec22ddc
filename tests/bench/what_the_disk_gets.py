#!/usr/bin/python3
"""What recording writes to the disk and how often it syncs.

    what_the_disk_gets.py BUILD [SECONDS]

The data directory is an ext4 on a loop device, which counts what reaches it.
Sixteen cameras of 4 Mbit/s: bytes written, over those of the footage. Then 4,
16 and 64 small cameras: flushes a second, which may not follow their number.
Needs root and loop devices; without these nothing is measured.
"""
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from lib.appliance import Appliance                          # noqa: E402
from lib.cut import may_mount                                # noqa: E402
from measure import Server, machine, make_film, verdict      # noqa: E402

BYTES_MOST, SYNCS_MOST = 1.1, 1.5	# 64 cameras over 4
SIZE_MB, SECTOR = 4000, 512


class Disk(Appliance):
    """The data directory is a file system whose device is watched."""

    def set_up(self):
        image = self.tmp / "volume"
        self.data.mkdir()
        with open(image, "wb") as f:
            f.truncate(SIZE_MB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,"
                        "lazy_journal_init=0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self.data], check=True)
        source = subprocess.run(["findmnt", "-no", "SOURCE", self.data],
                                check=True, capture_output=True, text=True)
        self.stat = Path("/sys/block", Path(source.stdout.strip()).name,
                         "stat")
        super().set_up()

    def __exit__(self, *error):
        self.stop(cameras=True)
        subprocess.run(["umount", "-l", self.data], check=False)
        super().__exit__(*error)

    def counted(self):
        """Bytes written to the device, and flushes, until now."""
        subprocess.run(["sync", "-f", self.data], check=True)
        fields = self.stat.read_text().split()
        return int(fields[6]) * SECTOR, int(fields[15])

    def footage(self):
        return sum(p.stat().st_size
                   for p in self.data.rglob("*.mp4.age"))


def measure(build, film, n, seconds, tmp):
    """Bytes written and of footage, and flushes a second, of n cameras."""
    server = Server(build, film)
    box = Disk(build=build, tmp=tmp / ("box-%d" % n), segment_s=60)
    with box:
        for i in range(n):
            box.add_camera("cam-%d" % i, server.url("s%d" % i))
        time.sleep(15)
        before, old, begun = box.counted(), box.footage(), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - begun
        after, new = box.counted(), box.footage()
        box.stop("recorder")
        box.stop()
    server.child.kill()
    return (after[0] - before[0], new - old, (after[1] - before[1]) / took)


def run(build, seconds, tmp):
    large, small = tmp / "large.h264", tmp / "small.h264"
    make_film(large)
    make_film(small, 300, "640x360")
    print(machine())
    written, footage, _ = measure(build, large, 16, seconds, tmp / "bytes")
    print("16 cameras, %.0f s: %.0f MB of footage, %.0f MB on the device"
          % (seconds, footage / 1e6, written / 1e6))
    good = verdict("device bytes, of those received", written / footage,
                   BYTES_MOST)
    flushes = {n: measure(build, small, n, seconds, tmp / "syncs")[2]
               for n in (4, 16, 64)}
    for n, rate in flushes.items():
        print("%d cameras: %.2f flushes a second" % (n, rate))
    return verdict("flushes of 64 cameras, of those of 4",
                   flushes[64] / flushes[4], SYNCS_MOST) and good


def main():
    build = Path(sys.argv[1]).resolve()
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    if not may_mount("ext4"):
        print("not measured: no loop mounts here")
        return 0
    tmp = Path(tempfile.mkdtemp(prefix="saqta-bench-"))
    tmp.chmod(0o755)
    for name in ("bytes", "syncs"):
        (tmp / name).mkdir()
        (tmp / name).chmod(0o755)
    try:
        return 0 if run(build, seconds, tmp) else 1
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


sys.exit(main())
