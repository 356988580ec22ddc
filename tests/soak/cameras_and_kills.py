#!/usr/bin/python3
"""make soak: cameras with random faults, kill -9 of any process, and a checker.

    cameras_and_kills.py BUILD SECONDS [SEED]

Each picture carries an SEI unit with its camera and the moment at which it was
taken. At the end every segment is opened with plain age, and what can be read
back is compared with what was sent, second by second: each second of which a
picture is missing must be a gap or flagged as damaged, each gap must begin and
end (+- SLACK seconds) with the pictures around it, and have a cause that a
fault of that time explains. The seed gives the same faults again.
"""
import bisect
import collections
import datetime
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from lib import rtspcam, say                                 # noqa: E402
from lib.appliance import Appliance, wait_for                # noqa: E402
from lib.footage import age, day_identity, run               # noqa: E402

CAMERAS, FPS, SEGMENT_S = 16, 8, 10
SLACK = float(os.environ.get("SLACK", 1.0))
MARK = b"saqta soak mark!"		# the UUID of the SEI unit
# A fault may still be felt so long after it: time-outs, back-off, restarts.
AFTER = 12
CAUSES = {
    "drop": {"network", "no-answer"},
    "stall": {"network", "no-answer"},
    "away": {"network", "no-answer"},
    "sick": {"network", "no-answer", "camera-error"},
    "noise": {"network", "no-answer", "camera-error", "stream-error"},
    "loss": {"stream-error", "network"},
    "child": {"recorder-failed", "network"},
    "recorder": {"recorder-failed", "network", "storage-away"},
    "storage": {"storage-away", "recorder-failed", "network"},
    "web": set(),
    "recorder-stop": {"recorder-stopped", "network"},
    "storage-stop": {"storage-away", "network"},
    "begin": {"connecting", "no-answer", "network"},
}


def sei(camera, micros):
    """User data, unregistered; no emulation of start codes: 0x80 is set."""
    digits = b"%02d %016d" % (camera, micros)
    body = MARK + digits
    return b"\x06\x05" + bytes([len(body)]) + body + b"\x80"


FOUND = re.compile(re.escape(MARK) + rb"(\d\d) (\d{16})")


class Camera(rtspcam.Camera):
    """Marks each picture, and remembers what was sent."""

    def __init__(self, source, number, **more):
        self.number = number
        self.log = []			# microseconds, ascending
        self.lossy = False
        self.noise = False
        self.random = random.Random(number)
        super().__init__(source, **more)

    def _stream(self, c, lock, transport, stop):
        s, seq, first = self.source, 65500, time.monotonic()
        wall = time.time()
        for i in range(10 ** 9):
            nal_list, key, _ = s.pictures[i % len(s.pictures)]
            due = first + i / s.fps
            while not stop.is_set() and (time.monotonic() < due or
                                         "stall" in self.fault):
                time.sleep(0.05 if "stall" in self.fault else
                           min(0.02, max(0, due - time.monotonic())))
            if stop.is_set() or self.closed:
                return
            # when it was taken; it may leave later, as after a stall
            micros = int((wall + i / s.fps) * 1e6)
            parts = rtspcam.packets(s.codec, [sei(self.number, micros)] +
                                    nal_list)
            blob = bytearray()
            for j, p in enumerate(parts):
                rtp = struct.pack(">BBHII", 0x80, 96 | (
                    0x80 if j + 1 == len(parts) else 0), seq & 0xffff,
                    i * 90000 // s.fps & 0xffffffff, 0x1234) + p
                seq += 1
                if not (self.lossy and self.random.random() < 0.3):
                    blob += b"$\0" + struct.pack(">H", len(rtp)) + rtp
            if self.noise:
                blob = bytearray(os.urandom(2000))
                self.noise = False
            with lock:
                c.sendall(blob)
            self.log.append(micros)


class Soak:
    def __init__(self, box, cams, seed):
        self.box, self.cams = box, cams
        self.random = random.Random(seed)
        self.faults = []	# (camera or None, kind, from, to)
        self.lock = threading.Lock()
        self.told = collections.Counter()

    def note(self, camera, kind, begun):
        self.faults.append((camera, kind, begun, time.time()))
        self.told[kind] += 1

    def later(self, seconds, act):
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()

    # --- one camera ---

    def a_camera(self, kind):
        cam, begun = self.random.choice(self.cams), time.time()
        lasts = self.random.uniform(1, 8)
        if kind == "drop":
            cam.drop()
        elif kind == "noise":
            cam.noise = True
        elif kind == "loss":
            cam.lossy = True

            def end():
                cam.lossy = False
                self.note(cam.number, kind, begun)
            self.later(lasts / 4, end)
            return
        elif kind in ("stall", "sick"):
            word = "stall" if kind == "stall" else "503"
            cam.fault = cam.fault | {word}
            if kind == "sick":
                cam.drop()

            def end():
                cam.fault = cam.fault - {word}
                self.note(cam.number, kind, begun)
            self.later(lasts, end)
            return
        elif kind == "away":
            cam.fault = cam.fault | {"silent"}
            cam.drop()

            def end():
                cam.fault = cam.fault - {"silent"}
                cam.drop()
                self.note(cam.number, kind, begun)
            self.later(lasts, end)
            return
        self.note(cam.number, kind, begun)

    # --- programs ---

    def below(self, pid):
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)],
                             capture_output=True, text=True).stdout
        return [int(p) for p in out.split()]

    def a_program(self, kind):
        name, begun = kind.split("-")[0], time.time()
        pause = self.random.uniform(0, 3)
        choice = self.random.random()
        if kind == "child":
            zygote = self.below(self.box.processes["recorder"].pid)
            children = sorted(p for z in zygote for p in self.below(z))
            if children:
                os.kill(children[int(choice * len(children))],
                        signal.SIGKILL)
            self.note(None, kind, begun)
            return
        if kind.endswith("-stop"):
            self.box.processes[name].stop(30)
        else:
            self.box.processes[name].kill()
        time.sleep(pause)
        self.box.start(name)
        self.note(None, kind, begun)

    def run(self, seconds):
        end = time.time() + seconds
        cameras = ["drop", "stall", "away", "sick", "noise", "loss"]
        programs = ["child"] * 4 + ["recorder", "storage", "web",
                                    "recorder-stop", "storage-stop"]
        while time.time() < end:
            time.sleep(self.random.uniform(0.5, 4))
            if self.random.random() < 0.7:
                self.a_camera(self.random.choice(cameras))
            else:
                self.a_program(self.random.choice(programs))
        for cam in self.cams:
            cam.fault, cam.lossy = set(), False


# --- the checker ---

def read_back(box):
    """Of each camera the moments of all pictures, in the order of files."""
    keys, found = {}, collections.defaultdict(list)
    for path in sorted(box.data.glob("footage/*/*/*/*/*.mp4.age")):
        camera, day = path.parts[-5], "-".join(path.parts[-4:-1])
        if (camera, day) not in keys:
            keys[camera, day] = day_identity(box, camera, day)
        plain, _ = age(keys[camera, day], path.read_bytes())
        tail = Path(str(path).replace(".mp4.age", ".tail.age"))
        if tail.exists():	# what goes on after a cut segment's chunks
            plain += age(keys[camera, day], tail.read_bytes())[0]
        for number, micros in FOUND.findall(plain):
            if "cam-%02d" % int(number) != camera:
                say.test("a picture lies under its own camera", False, path)
            found[int(number)].append(int(micros))
    return found


def stamp(seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.isoformat(timespec="milliseconds")


def since_epoch(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def spans(box, camera, begin, end):
    told = box.tool_json("coverage", "--camera", "cam-%02d" % camera, "--from",
                         stamp(begin), "--to", stamp(end))["cameras"][0]
    return [dict(s, a=since_epoch(s["from"]), b=since_epoch(s["to"]))
            for s in told["spans"]]


class Checker:
    def __init__(self, soak, found, begin, end):
        self.soak, self.found = soak, found
        self.begin, self.end = begin, end
        self.wrong = []
        self.seconds = self.missing = self.gaps = 0

    def complain(self, camera, what, *more):
        self.wrong.append("cam-%02d %s: %s" % (camera, what, " ".join(
            "%.2f" % (m - self.begin) if isinstance(m, float) else str(m)
            for m in more)))

    def excused(self, all_spans, second):
        return any(s["a"] - SLACK <= second + 1 and second <= s["b"] + SLACK
                   for s in all_spans
                   if s["kind"] == "gap" or "damaged" in s["flags"])

    def missing_seconds(self, camera, sent, got, all_spans):
        lost = collections.Counter(m // 10**6 for m in sent
                                   if m not in got)
        self.seconds += len({m // 10**6 for m in sent})
        for second, n in sorted(lost.items()):
            self.missing += n
            if not self.excused(all_spans, second):
                near = [(round(s["a"] - self.begin, 2),
                         round(s["b"] - self.begin, 2), s["cause"])
                        for s in all_spans if s["kind"] == "gap" and
                        s["a"] < second + 8 and s["b"] > second - 8]
                self.complain(camera, "%d pictures are missing and nothing "
                              "is told" % n, float(second), "near", near)

    def gap_bounds(self, camera, got, gap, all_spans):
        """No picture inside, one just before and one just after. What is
        flagged as damaged may have lost the packet with the mark."""
        before, after = (any(
            "damaged" in s["flags"] and abs(s[end] - gap[bound]) < 0.01
            for s in all_spans) for end, bound in (("b", "a"), ("a", "b")))
        times = [m / 1e6 for m in got]
        i = bisect.bisect_left(times, gap["a"] + SLACK)
        k = bisect.bisect_right(times, gap["b"] - SLACK)
        if i < k:
            self.complain(camera, "%d pictures lie inside a gap" % (k - i),
                          gap["a"], gap["b"], gap["cause"], times[i])
        near = bisect.bisect_left(times, gap["a"] - SLACK - 1 / FPS)
        if gap["a"] > self.begin + 5 and not before and (
                near >= len(times) or times[near] > gap["a"] + SLACK):
            self.complain(camera, "no picture ends where a gap begins",
                          gap["a"], gap["b"], gap["cause"])
        near = bisect.bisect_left(times, gap["b"] - SLACK)
        if gap["b"] < self.end - 5 and not after and (
                near >= len(times) or
                times[near] > gap["b"] + SLACK + 1 / FPS):
            self.complain(camera, "no picture begins where a gap ends",
                          gap["a"], gap["b"], gap["cause"])

    def gap_cause(self, camera, gap):
        allowed = set()
        for who, kind, begun, ended in self.soak.faults:
            if who in (None, camera) and begun - 2 <= gap["b"] and \
                    gap["a"] <= ended + AFTER:
                allowed |= CAUSES[kind]
        if gap["cause"] not in allowed:
            self.complain(camera, "a gap's cause fits no fault", gap["a"],
                          gap["b"], gap["cause"], sorted(allowed))

    def camera(self, cam, all_spans):
        sent = [m for m in cam.log
                if self.begin * 1e6 <= m < self.end * 1e6]
        got = sorted(m for m in self.found[cam.number]
                     if self.begin * 1e6 <= m < self.end * 1e6)
        if len(got) != len(set(got)):
            self.complain(cam.number, "a picture was recorded twice")
        if set(got) - set(cam.log):
            # sendall() may fail after the bytes have left
            extra = len(set(got) - set(cam.log))
            if extra > len(self.soak.faults):
                self.complain(cam.number, "%d pictures were never sent"
                              % extra)
        self.missing_seconds(cam.number, sent, set(got), all_spans)
        runs = []		# gaps that touch are one for their bounds
        for s in all_spans:
            if s["kind"] != "gap":
                continue
            self.gaps += 1
            self.gap_cause(cam.number, s)
            if runs and abs(runs[-1]["b"] - s["a"]) < 0.01:
                runs[-1]["b"] = s["b"]
            else:
                runs.append(dict(s))
        for s in runs:
            self.gap_bounds(cam.number, got, s, all_spans)


def story(build, seconds, seed):
    tmp = Path(tempfile.mkdtemp(prefix="saqta-soak-"))
    tmp.chmod(0o755)
    film = rtspcam.Source(rtspcam.make(str(tmp / "film.h264"), fps=FPS,
                                       gop=FPS, size="160x120"), fps=FPS)
    print("seed %d, %d seconds, %d cameras" % (seed, seconds, CAMERAS),
          flush=True)
    with Appliance(build=build, tmp=tmp / "box", segment_s=SEGMENT_S) as box:
        cams = [Camera(film, i) for i in range(CAMERAS)]
        for cam in cams:
            box.add_camera("cam-%02d" % cam.number, cam.url)
        for cam in cams:
            box.wait_recording("cam-%02d" % cam.number, 120)
        begin = time.time()
        soak = Soak(box, cams, seed)
        soak.note(None, "begin", begin)
        soak.run(seconds)
        end = time.time() + 20
        time.sleep(25)
        told = [spans(box, i, begin, end) for i in range(CAMERAS)]
        box.stop()
        for cam in cams:
            cam.close()
        found = read_back(box)
        checker = Checker(soak, found, begin, end)
        for cam in cams:
            checker.camera(cam, told[cam.number])
        print("faults: %s" % dict(soak.told))
        say.test("P7 each second that was sent is recorded, or a gap or flag "
                 "with cause and bounds (%d camera-seconds, %d pictures "
                 "missing, %d gaps)" % (checker.seconds, checker.missing,
                                        checker.gaps),
                 not checker.wrong, len(checker.wrong), *checker.wrong[:60])
        done = box.tool("check", "--data", box.data, check=False,
                        config=False)
        say.test("saqta check finds nothing wrong", done.returncode == 0,
                 done.stdout.decode()[-800:])
        say.test("no program was ended by a sanitizer",
                 not [n for n in box.processes if b"Sanitizer" in
                      (box.logs / (n + ".log")).read_bytes()])
        if say.status:
            print("kept: %s" % tmp)
    if not say.status:
        run(["rm", "-rf", tmp])


if __name__ == "__main__":
    say.main(lambda: story(Path(sys.argv[1]).resolve(), int(sys.argv[2]),
                           int(sys.argv[3]) if len(sys.argv) > 3
                           else int(time.time())))
