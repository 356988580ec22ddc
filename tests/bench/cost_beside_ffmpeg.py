#!/usr/bin/python3
"""What recording costs, beside ffmpeg -c copy, in one run on one machine.

    cost_beside_ffmpeg.py BUILD [CAMERAS [SECONDS]]

Both record the same cameras (tests/bench/cameras) at the same time: 1080p25
H.264 at 4 Mbit/s, RTSP over TCP. Of all Saqta processes together and of all
ffmpeg processes: CPU seconds a camera-minute and proportional memory (PSS) a
camera; of Saqta also the bytes on the disk over those of the stream, and that
each picture that was sent is in a journal.
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
from measure import (FILM_S, FPS, Server, below, cpu,         # noqa: E402
                     machine, make_film, pss, samples, verdict)

# of ours over ffmpeg's, MB, of the stream's bytes
CPU_MOST, CPU_GOAL, PSS_MOST, PSS_GOAL, BYTES_MOST = 0.75, 0.35, 4, 2, 1.03


def ffmpegs(server, n, where):
    out = []
    for i in range(n):
        (where / str(i)).mkdir(parents=True)
        out.append(subprocess.Popen(
            ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i",
             server.url("f%d" % i), "-c", "copy", "-f", "segment",
             "-segment_time", "60", "-reset_timestamps", "1",
             str(where / str(i) / "%d.mp4")], stdin=subprocess.DEVNULL))
    return out


def watch(seconds, ours, theirs):
    """CPU of both over so long; memory at its end."""
    begun = time.monotonic()
    a, b = below(ours()), below(theirs)
    before = cpu(a), cpu(b)
    parts = dict(named(ours))
    time.sleep(seconds)
    a, b = below(ours()), below(theirs)
    took = time.monotonic() - begun
    return (took, cpu(a) - before[0], cpu(b) - before[1], pss(a), pss(b),
            {name: s - parts[name] for name, s in named(ours)})


def named(ours):
    """Name and CPU seconds of each program with all its processes."""
    return [(name, cpu(below([pid]))) for name, pid in
            zip(("storage", "recorder", "web"), ours())]


def run(build, n, seconds, tmp):
    film = tmp / "film.h264"
    make_film(film)
    rate = film.stat().st_size / FILM_S
    server = Server(build, film)
    box = Appliance(build=build, tmp=tmp / "box", segment_s=60)
    with box:
        for i in range(n):
            box.add_camera("cam-%d" % i, server.url("s%d" % i))
        theirs = ffmpegs(server, n, tmp / "ffmpeg")
        time.sleep(15)
        ours = lambda: [box.processes[p].pid                 # noqa: E731
                        for p in ("storage", "recorder", "web")]
        took, mine, other, my_pss, other_pss, parts = watch(
            seconds, ours, [p.pid for p in theirs])
        box.stop("recorder")
        for p in theirs:
            p.terminate()
        for p in theirs:
            p.wait()
        box.stop()
        pictures, missing, size = samples(box)
    sent = server.sent("s")
    minutes = n * took / 60
    print("%s; %d cameras, %.0f s, %.2f Mbit/s each"
          % (machine(), n, took, rate * 8 / 1e6))
    print("CPU seconds a camera-minute: Saqta %.3f, ffmpeg %.3f"
          % (mine / minutes, other / minutes))
    print("  of these " + ", ".join(
        "%s %.3f" % (name, s / minutes) for name, s in parts.items()))
    print("PSS a camera: Saqta %.2f MB, ffmpeg %.2f MB"
          % (my_pss / n, other_pss / n))
    good = [verdict("CPU of ffmpeg's", mine / other, CPU_MOST, CPU_GOAL),
            verdict("PSS a camera", my_pss / n, PSS_MOST, PSS_GOAL, "MB"),
            verdict("bytes on the disk, of the stream's",
                    size / (pictures / FPS * rate), BYTES_MOST)]
    good.append(missing == 0 and pictures <= sent)
    print("%d pictures recorded, %d missing between them; %d were sent until "
          "the recorder had stopped" % (pictures, missing, sent))
    return all(good)


def main():
    build = Path(sys.argv[1]).resolve()
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    tmp = Path(tempfile.mkdtemp(prefix="saqta-bench-"))
    tmp.chmod(0o755)
    try:
        return 0 if run(build, n, seconds, tmp) else 1
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


sys.exit(main())
