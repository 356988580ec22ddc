"""What the benches of whole appliances share: films, CPU, memory, journals."""
import os
import re
import struct
import subprocess
from pathlib import Path

FPS, KBPS, FILM_S = 25, 4000, 12
TICK = os.sysconf("SC_CLK_TCK")
RECORD, FRAGMENT, DAMAGED, HZ = 256, 2, 2, 90000


def make_film(path, kbps=KBPS, size="1920x1080"):
    """Noise on a test picture, so that the bits are really spent."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
         "testsrc2=size=%s:rate=%d:duration=%d" % (size, FPS, FILM_S),
         "-vf", "noise=alls=12:allf=t", "-c:v", "libx264", "-preset",
         "ultrafast", "-bf", "0", "-g", str(FPS), "-b:v", "%dk" % kbps,
         "-minrate", "%dk" % kbps, "-maxrate", "%dk" % kbps, "-bufsize",
         "%dk" % kbps, "-x264-params",
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


def verdict(what, value, limit, goal=None, unit="", least=False):
    """One figure and its limit; least: it may not be below."""
    def holds(bound):
        return value >= bound if least else value <= bound
    word = "within" if holds(limit) else "BEYOND"
    print("%-44s %8.3f %-3s %s the limit of %g%s"
          % (what, value, unit, word, limit,
             "" if goal is None else ", goal %g %s" % (
                 goal, "reached" if holds(goal) else "not reached")))
    return holds(limit)


def machine():
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    flags = re.search(r"flags\s*: (.*)", text)
    return "%s, %d cores%s" % (
        model[1] if model else "unknown processor", os.cpu_count(),
        ", SHA instructions" if flags and " sha_ni" in flags[1] else
        ", no SHA instructions")
