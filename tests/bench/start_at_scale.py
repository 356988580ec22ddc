#!/usr/bin/python3
"""How long storage takes to start with half a year on its disk.

    start_at_scale.py BUILD [CAMERAS [DAYS]]

The half year of half_a_year.py, one row a minute. Started three times: after an
orderly stop, the same with its files out of the page cache, and after kill -9
while each camera writes. Exits 1 where it is not below 5 s.
"""
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
os.environ["SAQTA_BUILD"] = str(Path(sys.argv[1]).resolve())

from half_a_year import A_DAY, OF_A_SEGMENT, RECORD, Box  # noqa: E402
from lib.months import S  # noqa: E402

CAMERAS = int(sys.argv[2]) if len(sys.argv) > 2 else 64
DAYS = int(sys.argv[3]) if len(sys.argv) > 3 else 184
LIMIT_S = 5


def forget(box):
    """Out of the page cache, as after the machine was off."""
    os.sync()
    for path in box.data.rglob("*"):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def started(box, what):
    """Seconds until it is ready to record and answers."""
    begun = time.monotonic()
    box.start("storage")
    took = time.monotonic() - begun
    print("  %-46s %9.2f s (below %d)%s" % (
        what, took, LIMIT_S, "" if took < LIMIT_S else "  MISSED"), flush=True)
    return took < LIMIT_S


def main():
    tmp = Path(sys.argv[1]).resolve() / "bench" / ("start-%d" % os.getpid())
    try:
        with Box(tmp, CAMERAS, DAYS) as box:
            rows, keys = box.make()
            print("%d cameras, %d days: %.1f million rows, %.0f GB of "
                  "journals, %d keys" % (
                      CAMERAS, DAYS, rows / 1e6, CAMERAS * DAYS * A_DAY *
                      OF_A_SEGMENT * RECORD / 1e9, keys))
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
