#!/usr/bin/python3
"""What recording costs, beside ffmpeg -c copy, in one run on one machine.

    cost_beside_ffmpeg.py BUILD [CAMERAS [SECONDS]]

Both record the same cameras (tests/bench/cameras) at the same time: 1080p25
H.264 at 4 Mbit/s, RTSP over TCP. Of all Saqta processes together and of all
ffmpeg processes: CPU seconds a camera-minute and proportional memory (PSS) a
camera; of Saqta also the bytes on the disk over those of the stream, and that
each picture that was sent is in a journal.
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from lib.appliance import Appliance                          # noqa: E402

FPS, KBPS, FILM_S = 25, 4000, 12
TICK = os.sysconf("SC_CLK_TCK")
RECORD, FRAGMENT, DAMAGED, HZ = 256, 2, 2, 90000
# of ours over ffmpeg's, MB, of the stream's bytes
CPU_MOST, CPU_GOAL, PSS_MOST, PSS_GOAL, BYTES_MOST = 0.75, 0.35, 4, 2, 1.03


def make_film(path):
    """Noise on a test picture, so that 4 Mbit/s are really spent."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
         "testsrc2=size=1920x1080:rate=%d:duration=%d" % (FPS, FILM_S),
         "-vf", "noise=alls=12:allf=t", "-c:v", "libx264", "-preset",
         "ultrafast", "-bf", "0", "-g", str(FPS), "-b:v", "%dk" % KBPS,
         "-minrate", "%dk" % KBPS, "-maxrate", "%dk" % KBPS, "-bufsize",
         "%dk" % KBPS, "-x264-params",
         "nal-hrd=cbr:scenecut=0:sliced-threads=0:slices=1:filler=0",
         "-pix_fmt", "yuv420p", "-f", "h264", path], check=True)


def below(pids):
    """These processes and all that they started."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            parent = int(stat.rsplit(")", 1)[1].split()[1])
            parents.setdefault(parent, []).append(int(entry))
    found, left = [], list(pids)
    while left:
        pid = left.pop()
        found.append(pid)
        left += parents.get(pid, [])
    return found


def cpu(pids):
    """Seconds of the processes and of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            stat = Path("/proc/%d/stat" % pid).read_text()
        except OSError:
            continue
        total += sum(map(int, stat.rsplit(")", 1)[1].split()[11:15]))
    return total / TICK


def pss(pids):
    total = 0
    for pid in pids:
        try:
            text = Path("/proc/%d/smaps_rollup" % pid).read_text()
        except OSError:
            continue
        total += int(re.search(r"^Pss: +(\d+) kB", text, re.M)[1])
    return total / 1024


def samples(box):
    """What the journals hold: pictures, those that are missing, bytes.

    A picture that is missing leaves a fragment that is further from the next
    one, by the camera's own clock, than its pictures last; or a flag.
    """
    pictures = missing = 0
    for journal in box.data.glob("footage/*/*/*/*/journal"):
        data, next_base = journal.read_bytes(), 0
        for at in range(0, len(data), RECORD):
            if data[at + 4] != FRAGMENT:
                continue
            flags, = struct.unpack(">I", data[at + 20:at + 24])
            base, n = struct.unpack(">QI", data[at + 40:at + 52])
            pictures += n
            missing += (flags & DAMAGED > 0) + max(
                0, round((base - next_base) * FPS / HZ) if base else 0)
            next_base = base + n * HZ // FPS
    size = sum(p.stat().st_size for p in box.data.glob("footage/**/*")
               if p.is_file())
    return pictures, missing, size


class Server:
    def __init__(self, build, film):
        self.child = subprocess.Popen(
            [str(build / "bench" / "cameras"), film, str(FPS)],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline().split()[1])

    def url(self, name):
        return "rtsp://127.0.0.1:%d/%s" % (self.port, name)

    def sent(self, prefix):
        """After all sessions have ended: pictures sent under that path."""
        self.child.terminate()
        lines = self.child.stdout.read().splitlines()
        return sum(int(l.split()[2]) for l in lines
                   if l.startswith("sent /" + prefix))


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


def verdict(what, value, most, goal=None, unit=""):
    word = "within" if value <= most else "ABOVE"
    print("%-44s %8.3f %-3s %s the limit of %g%s"
          % (what, value, unit, word, most,
             "" if goal is None else ", goal %g %s" % (
                 goal, "reached" if value <= goal else "not reached")))
    return value <= most


def machine():
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    flags = re.search(r"flags\s*: (.*)", text)
    return "%s, %d cores%s" % (
        model[1] if model else "unknown processor", os.cpu_count(),
        ", SHA instructions" if flags and " sha_ni" in flags[1] else
        ", no SHA instructions")


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
