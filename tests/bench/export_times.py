#!/usr/bin/python3
"""How long an export takes, as EN 62676-4 asks a system to state: 15 minutes
and HOURS (1) of one camera, measured; 24 hours and everything, computed.

    export_times.py BUILD [KBPS [HOURS]]     (BUILD with CLOCK_HOOK)
    export_times.py BUILD KBPS everything [DAYS]    all (184) days, measured

Real footage of that rate comes through the ingest socket with the clock moved
(nobody waits for the disk meanwhile: BUILD has tests/nosync.so); then an
auditor asks, a custodian approves, and each range is prepared as an evidence
package and fetched over HTTPS, and fetched as a plain MP4. Packages and footage
together need KBPS * HOURS * 0.9 MB of room. What was not recorded
is computed from the longest range; everything (six months) is a request for
each day, one after another, for a request covers 24 hours at most.
"""
import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
BUILD = Path(sys.argv[1]).resolve()
KBPS = int(sys.argv[2]) if len(sys.argv) > 2 else 500
EVERYTHING = sys.argv[3:4] == ["everything"]
DAYS = int(sys.argv[4]) if EVERYTHING and len(sys.argv) > 4 else 184
HOURS = (24 * DAYS if EVERYTHING else
         int(sys.argv[3]) if len(sys.argv) > 3 else 1)

from lib import wire  # noqa: E402
from lib.appliance import wait_for  # noqa: E402
from lib.months import SITE, Months, S, at_second, tiny_clip  # noqa: E402
from lib.package import V1, grant  # noqa: E402
from lib.package import begin as begin_export  # noqa: E402

CAMERA, MINUTE, DAY = "cam-1", 60, 86400
TURNS = 8       # of storage, each of some messages, for those of a minute
PART = 2 if EVERYTHING else 1   # seconds of a fragment, a GOP


def film():
    """A minute of noise at that rate, as a camera's fragments."""
    side, best = 0, (b"", b"")
    while len(best[1]) < KBPS * 125 * PART:
        side += 16
        best = tiny_clip("testsrc2=s=%dx%d:r=5:d=%d,noise=alls=20:allf=t"
                         % (side, side, PART), 5 * PART)
    return best[0], [at_second(best[1], i) for i in range(0, MINUTE, PART)]


def record(box, fragments, minutes):
    """As a camera sends it; each fragment's memory is handed over again."""
    fds = [wire.bulk(f) for f in fragments]
    s, start = box.camera_socket(CAMERA), box.now()
    for minute in range(minutes):
        if box.now() < start + MINUTE * S:
            box.wait_until(start + MINUTE * S + S // 2)
        box.begin_segment(CAMERA, start)
        for i, fd in enumerate(fds):
            wire.send(s, wire.Message(wire.FRAGMENT, 8, fds=[fd]).put(
                "iii4", start + i * PART * S, PART * S, time.monotonic_ns(),
                1))
        box.end_segment(CAMERA)
        for _ in range(TURNS):  # before its clock goes on: all was taken in
            box.ask(SITE)
        if minute % 10 == 9 or minute == minutes - 1:
            box.sealed()
        start += MINUTE * S
        if minute % (HOURS * 6) == HOURS * 6 - 1:
            print("# %d minutes are recorded" % (minute + 1), flush=True)
    for fd in fds:
        os.close(fd)


@contextlib.contextmanager
def nobody_waiting(box):
    """For the disk, until all is made."""
    box.stop("storage")
    shutil.copy(BUILD / "tests" / "nosync.so", box.bin)
    box.env["LD_PRELOAD"] = str(box.bin / "nosync.so")
    box.start("storage")
    yield
    box.stop("storage")
    del box.env["LD_PRELOAD"]
    subprocess.run(["sync", "-f", str(box.data)], check=True)
    box.start("storage")


def fetch(box, client, path):
    """Bytes and seconds of a download by curl, to nowhere."""
    began = time.monotonic()
    done = subprocess.run(
        ["curl", "-ksSf", "-o", "/dev/null", "-w", "%{size_download}", "-H",
         "Cookie: " + client.cookie, "-H", "Sec-Fetch-Site: same-origin",
         "https://127.0.0.1:%d%s" % (box.port, path)],
        check=True, capture_output=True, text=True)
    return int(done.stdout), time.monotonic() - began


def package(box, client, ident):
    """Its number, and seconds from its acceptance until it is ready."""
    export = begin_export(box, client, ident).json()["id"]
    began = time.monotonic()

    def told():
        all_ = client.get(V1 + "exports").json()["exports"]
        state = next(x for x in all_ if x["id"] == export)["state"]
        assert state in ("preparing", "ready"), state
        return state == "ready"
    wait_for("the package is ready", 3600, told, 0.2)
    return export, time.monotonic() - began


def prepared(box, people, begin, end):
    """The request, its package's bytes, seconds until it is ready, and of its
    download."""
    ident = grant(box, people, CAMERA, begin, end)
    export, made = package(box, people[0], ident)
    size, fetched = fetch(box, people[0], "/media/exports/" + export)
    return ident, size, made, fetched


def everything(box, begin):
    """A day after the other, as an auditor and a custodian have to."""
    began, sums = time.monotonic(), [0] * 4
    people = box.client("marat"), box.client("daniyar")
    for day in range(DAYS):
        at = begin + day * DAY
        ident, *done = prepared(box, people, at, at + DAY)
        box.open_files(people[0], "marat", ident)
        done.append(plain_file(box, people[0], ident, DAY))
        sums = [a + b for a, b in zip(sums, done)]
        if not day or day % 23 == 22 or day == DAYS - 1:
            print("%4d days   %8.0f MB   packages %7.1f s, their downloads "
                  "%6.1f s   plain MP4s %6.1f s   all with asking and deciding "
                  "%7.1f s" % (day + 1, sums[0] / 1e6, *sums[1:],
                               time.monotonic() - began), flush=True)


def plain_file(box, client, ident, seconds):
    """Seconds of its download; it has no gap."""
    plain, took = fetch(box, client, "/media/%s/%s/run0.mp4" % (ident, CAMERA))
    least = 0.9 * KBPS * 125 * seconds
    assert plain > least, "%d of %d bytes: it has gaps" % (plain, least)
    return took


def measure(box, name, begin, end):
    people = box.client("marat"), box.client("daniyar")
    ident, size, made, fetched = prepared(box, people, begin, end)
    box.open_files(people[0], "marat", ident)
    plain_s = plain_file(box, people[0], ident, end - begin)
    print("%-12s %8.0f MB   package %7.1f s, its download %6.1f s   "
          "plain MP4 %6.1f s" % (name, size / 1e6, made, fetched, plain_s),
          flush=True)
    people[0].sign_out()
    return made + fetched, plain_s


def main():
    tmp = BUILD / "bench" / ("export-%d" % os.getpid())
    try:
        with Months("2026-03-02 00:01:10", build=BUILD, tmp=tmp,
                    segment_s=MINUTE) as box:
            box.init, fragments = film()
            print("export times: one camera of %d kbit/s, %d cores" % (
                sum(map(len, fragments)) / MINUTE / 125, os.cpu_count()),
                  flush=True)
            box.add_people()
            box.add_camera(CAMERA, "rtsp://10.0.0.1/")
            begin = box.now() / S + MINUTE
            began = time.monotonic()
            box.write_conf(copy_minutes=1000000)    # he may copy it all today
            with nobody_waiting(box):
                record(box, fragments, HOURS * 60 + 1)
            print("# recorded in %.0f s" % (time.monotonic() - began),
                  flush=True)
            box.start("web")
            if EVERYTHING:
                return everything(box, begin)
            measure(box, "15 minutes", begin, begin + 900)
            whole, plain = measure(box, "%d hours" % HOURS, begin,
                                   begin + HOURS * 3600 - MINUTE)
    finally:
        subprocess.run(["rm", "-rf", tmp], check=False)
    for name, hours in (("24 hours", 24), ("everything", DAYS * 24)):
        if hours != HOURS:
            print("%-12s computed: %.1f min as packages, %.1f min as plain MP4"
                  % (name, whole * hours / HOURS / 60,
                     plain * hours / HOURS / 60))


main()
