#!/usr/bin/python3
"""How long an export takes, as EN 62676-4 asks a system to state: 15 minutes,
24 hours, and everything of one camera.

    export_times.py BUILD [KBPS [HOURS]]     (BUILD with CLOCK_HOOK)

A camera's day of footage comes through the real ingest socket with the clock
moved; then an auditor asks, a custodian approves, and each range is prepared as
an evidence package and fetched over HTTPS, and fetched as a plain MP4. What all
of six months would take is computed from the day.
"""
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
BUILD = str(Path(sys.argv[1]).resolve())
KBPS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
HOURS = int(sys.argv[3]) if len(sys.argv) > 3 else 24

from lib.appliance import wait_for             # noqa: E402
from lib.months import Months, S, tiny_clip    # noqa: E402
from lib.package import V1, grant              # noqa: E402

CAMERA, SEGMENT_S, DAYS = "cam-1", 60, 184


def clip():
    """A second of noise at that rate."""
    side, best = 64, None
    while best is None or len(best[1]) < KBPS * 125:
        side += 32
        best = tiny_clip("testsrc2=s=%dx%d:r=5:d=1,noise=alls=20:allf=t"
                         % (side, side))
    return best


def record(box, hours):
    """A day as a camera sends it, a minute a segment."""
    for i in range(hours * 60):
        box.record(CAMERA, SEGMENT_S)
        box.wait_until(box.now() + SEGMENT_S * S)
        if i % 60 == 59:
            print("# recorded: %d h" % (i // 60 + 1), flush=True)
    box.sealed()


def fetch(box, client, path):
    """Bytes and seconds of a download by curl, to nowhere."""
    began = time.monotonic()
    done = subprocess.run(
        ["curl", "-ksS", "-o", "/dev/null", "-w", "%{size_download}", "-H",
         "Cookie: " + client.cookie, "-H", "Sec-Fetch-Site: same-origin",
         "https://127.0.0.1:%d%s" % (box.port, path)],
        check=True, capture_output=True, text=True)
    return int(done.stdout), time.monotonic() - began


def package(box, client, ident):
    """Seconds until it is ready, and of fetching it; its bytes."""
    began = time.monotonic()
    answer = wait_for("an export begins", 120, lambda: next(
        (a for a in [client.post(V1 + "requests/%s/exports" % ident)]
         if a.status == 202), None), 0.2)
    export = answer.json()["id"]

    def ready():
        all_ = client.get(V1 + "exports").json()["exports"]
        return next(x for x in all_ if x["id"] == export)["state"] == "ready"
    wait_for("the package is ready", 7200, ready, 0.2)
    made = time.monotonic() - began
    size, fetched = fetch(box, client, "/media/exports/" + export)
    return made, fetched, size


def measure(box, name, begin, end):
    people = box.client("marat"), box.client("daniyar")
    ident = grant(box, people, CAMERA, begin, end)
    made, fetched, size = package(box, people[0], ident)
    plain, plain_s = fetch(box, people[0], "/media/%s/%s/run0.mp4"
                           % (ident, CAMERA))
    print("%-10s %8.1f MB  package %7.1f s + %6.1f s to fetch   "
          "MP4 %7.1f s" % (name, size / 1e6, made, fetched, plain_s),
          flush=True)
    people[0].sign_out()
    assert plain, "an MP4 of nothing"
    return made + fetched, plain_s


def main():
    print("machine: %d cores, %d kbit/s asked for" % (os.cpu_count(), KBPS))
    with Months("2026-03-02 00:00:10", build=BUILD,
                segment_s=SEGMENT_S) as box:
        box.init, box.fragment = clip()
        print("one second is %d bytes" % len(box.fragment))
        box.add_people()
        box.add_camera(CAMERA, "rtsp://10.0.0.1/")
        begin = box.now() / S + 60
        record(box, HOURS)
        box.start("web")
        measure(box, "15 minutes", begin + 600, begin + 600 + 900)
        seconds, plain = measure(box, "%d hours" % HOURS, begin,
                                 begin + HOURS * 3600 - 120)
    days = DAYS * 24 / HOURS
    print("%-10s %35s %6.1f h (packages)   MP4 %7.1f h, computed"
          % ("everything", "", seconds * days / 3600, plain * days / 3600))


main()
