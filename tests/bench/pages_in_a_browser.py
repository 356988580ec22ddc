#!/usr/bin/python3
"""How fast the pages are in Chromium, with half a year on the disk.

    pages_in_a_browser.py BUILD [DAYS]    (built with CLOCK_HOOK)

Twelve ATMs with two cameras each, half a year of half_a_year.py with a gap in
each camera on every third day; one camera's last hour is real footage, 1080p25
at 4 Mbit/s. Of each page the first view, with an empty cache: seconds until it
is complete and bytes; then jumps to the middle of that hour, from the click to
the painted picture. Exits 1 where a limit is missed.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
build = Path(sys.argv[1]).resolve()
os.environ["SAQTA_BUILD"] = str(build)

from half_a_year import Box  # noqa: E402
from lib.appliance import PEOPLE  # noqa: E402
from lib.months import S, at_second  # noqa: E402
from lib.package import grant  # noqa: E402
from measure import FILM_S, machine, make_film  # noqa: E402

ATMS, CAMERAS = 12, 24
DAYS = int(sys.argv[2]) if len(sys.argv) > 2 else 184
MINUTES, A_SEGMENT = 60, 60


def fragments(tmp):
    """(init, the film's seconds as fragments)."""
    make_film(tmp / "film.h264")
    data = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-r", "25", "-i",
         tmp / "film.h264", "-c", "copy", "-video_track_timescale", "90000",
         "-movflags", "frag_keyframe+empty_moov+default_base_moof+"
         "skip_trailer", "-f", "mp4", "pipe:1"], check=True,
        capture_output=True).stdout
    starts, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"moof":
            starts.append(at)
        at += size
    assert len(starts) == FILM_S, len(starts)
    return data[:starts[0]], [data[a:b] for a, b in zip(
        starts, starts[1:] + [len(data)])]


def record_an_hour(box, camera, init, film):
    begin, box.init = box.now(), init
    for _ in range(MINUTES):
        start = box.now()
        box.begin_segment(camera, start)
        for second in range(A_SEGMENT):
            if box.now() < start + second * S + S:
                box.wait_until(start + second * S + S)
            box.fragment = at_second(film[second % FILM_S], second)
            box.put_fragment(camera, start + second * S)
        box.end_segment(camera)
    box.sealed()
    return begin / S, box.now() / S


def main():
    tmp = build / "bench" / ("pages-%d" % os.getpid())
    tmp.mkdir(parents=True)
    try:
        init, film = fragments(tmp)
        with Box(tmp / "box", CAMERAS, DAYS, ATMS) as box:
            # before there are thousands of days, whose keys they are given
            box.add_people()
            rows, _ = box.make()
            box.start("storage")
            begin, end = record_an_hour(box, box.ids[0], init, film)
            box.start("web")
            marat = box.client("marat")
            request = grant(box, (marat, box.client("daniyar")), box.ids[0],
                            begin + 2, end - 2)
            marat.sign_out()
            accounts = box.tmp / "accounts.json"
            accounts.write_text(json.dumps({"auditor": {
                "user": "marat", "password": PEOPLE["marat"][2]}}))
            print("%s; %d ATMs, %d cameras, %.1f million rows" % (
                machine(), ATMS, CAMERAS, rows / 1e6), flush=True)
            done = subprocess.run(
                ["node", "speed.mjs", "https://127.0.0.1:%d" % box.port,
                 "--accounts", accounts, "--request", request],
                cwd=ROOT / "tests" / "browser", check=False)
            return done.returncode
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


sys.exit(main())
