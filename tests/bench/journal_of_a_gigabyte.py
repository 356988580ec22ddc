#!/usr/bin/python3
"""A journal of 1 GiB is read: memory stays bounded, time grows as the file does.

    journal_of_a_gigabyte.py BUILD [MIB]

Real programs. A quarter first, then the whole; exits 1 where the importer takes
4 MiB more for the whole, or the whole takes more than six times as long. Needs
1.1 GiB below TMPDIR.
"""
import datetime
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
os.environ["SAQTA_BUILD"] = str(Path(sys.argv[1]).resolve())

from lib.appliance import Appliance  # noqa: E402
from lib.journals import measured  # noqa: E402

MIB = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
MORE_KB, MORE_TIME = 4096, 6


def main():
    told = []
    with Appliance() as box:
        for mb, start in ((MIB // 4, "2026-01-01"), (MIB, "2026-03-01")):
            took, importer, keeper, text, n = measured(
                box, box.tmp / "large.txt", mb,
                datetime.datetime.fromisoformat(start))
            told.append((took, importer))
            print("%5d MiB, %6d operations: %6.1f s, importer %5.1f MiB, "
                  "keeper %5.1f MiB" % (mb, n, took, importer / 1024,
                                        keeper / 1024), flush=True)
            if " %d added" % n not in text:
                print(text)
                return 1
    (short, less), (whole, more) = told
    return more - less > MORE_KB or whole > MORE_TIME * short


sys.exit(main())
