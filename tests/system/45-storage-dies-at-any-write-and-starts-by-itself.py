#!/usr/bin/python3
# timeout: 7200
"""P8, D3: storage dies at its n-th write, sync, rename, unlink, for many n.

In the manner of SQLite's test6. tests/crash/crash.so counts the calls; at the
n-th the process is killed, or stopped while the power of its volume is cut
(FS_IOC_SHUTDOWN, ext4 and xfs), so that what was not synced is lost. Then
storage starts by itself, goes on, erases what is due and nothing else, and
`saqta check` finds every promise kept. SAQTA_SOAK=1: at every call;
SAQTA_SLICE="kill erase 0 60": at these alone (kill, ext4, xfs; story; from, to);
SAQTA_SPREAD="xfs 40 erase start": at 40 of each story's, spread over all.
"""
import datetime
import mmap
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import threading
import time

from lib import say
from lib.appliance import FIRST, Failed, wait_for
from lib.cut import Volume, may_mount
from lib.months import DAY, Months, S, due

SOAK = os.environ.get("SAQTA_SOAK") == "1"
SLICE = os.environ.get("SAQTA_SLICE", "").split()
SPREAD = os.environ.get("SAQTA_SPREAD", "").split()
HOUR = 3600 * S
LOST_S = 2.0		# P8, of what was received
GONE = (OSError, Failed, AssertionError, subprocess.TimeoutExpired,
        sqlite3.Error)


class Crash(Months):
    """Storage with crash.so; the data on a volume that can be cut, or not."""

    def __init__(self, kind):
        tmp = os.environ.get("SAQTA_TMP")
        super().__init__("2026-08-28 09:00:00",
                         tmp=tmp and os.path.join(tmp, kind or "kill"))
        self.kind = kind
        self.volume = Volume(self.tmp / "volume", self.data, kind)
        self.control_path = self.tmp / "crash"
        self.control_path.write_bytes(bytes(24))
        self.control_path.chmod(0o666)
        with open(self.control_path, "r+b") as f:
            self.control = mmap.mmap(f.fileno(), 24)
        self.arm(-1)
        self.preload("crash.so")
        self.env["SAQTA_CRASH_FILE"] = str(self.control_path)
        self.died = None

    def set_up(self):
        if self.kind:
            self.data.mkdir()
            self.volume.make()
            self.volume.mount()
        self.bin.mkdir()
        shutil.copy(self.build / "tests" / "crash.so", self.bin)
        super().set_up()

    def __exit__(self, *error):
        self.stop()
        if self.kind:
            self.volume.leave()
        super().__exit__(*error)

    # --- the end at the n-th call ---

    def arm(self, n):
        how = signal.SIGSTOP if self.kind else signal.SIGKILL
        self.control[16:] = struct.pack("=q", how)
        self.control[:16] = struct.pack("=qq", 0, n)

    def calls(self):
        return struct.unpack("=q", self.control[:8])[0]

    def watch(self, over, ended):
        """In a thread: where storage stops, the power goes."""
        last = False
        while not self.died and not last:
            last = over.wait(0.01)	# it may have died as the story ended
            process = self.processes["storage"]
            if process is ended:
                continue	# about to be started
            if not process.alive() or self.kind and process.is_stopped():
                self.died = time.time()
        if self.died and self.kind:
            self.volume.cut()
            process.kill()

    def die_in(self, story, n):
        """Was the n-th call reached? All that story does is given up then."""
        over = threading.Event()
        self.died = None
        before = self.processes["storage"]	# it may die as soon as n stands
        ended = before if not before.alive() else None
        self.arm(n)
        watcher = threading.Thread(target=self.watch, args=(over, ended))
        watcher.start()
        failed = None
        try:
            story(self)
        except GONE as error:
            failed = error
            watcher.join(2)
        finally:
            self.arm(-1)
            over.set()
            watcher.join()
        if not self.died and failed:
            raise failed
        if self.died:
            self.processes["storage"].child.wait()
            if self.kind:
                self.volume.unmount()
                self.volume.mount()
        return self.died

    def record_whole(self, camera):
        """A segment that counts once it is sealed: the power may take what
        was sent in the last two seconds."""
        before = list(self.sent.get(camera, ()))
        try:
            self.record(camera)
            self.sealed()
        except BaseException:
            self.sent[camera] = before
            raise

    # --- the same data again and again ---

    def keep(self):
        """Storage is stopped: all that the rounds begin with."""
        if self.kind:
            self.volume.unmount()
            shutil.copy2(self.volume.image, self.tmp / "kept-volume")
            self.volume.mount()
        else:
            copy(self.data, self.tmp / "kept")
        copy(self.tmp / "copy", self.tmp / "kept-copy")
        self.kept = (self.wall, self.mono,
                     {c: list(s) for c, s in self.sent.items()})
        self.old = {p.relative_to(self.data): p.read_bytes()
                    for p in self.data.rglob("*.mp4.age")}

    def restore(self):
        if self.kind:
            self.volume.unmount()
            subprocess.run(["cp", "--sparse=always", self.tmp / "kept-volume",
                            self.volume.image], check=True)
            self.volume.mount()
        else:
            bring_back(self.tmp / "kept", self.data)
        bring_back(self.tmp / "kept-copy", self.tmp / "copy")
        self.wall, self.mono = self.kept[:2]
        self.sent = {c: list(s) for c, s in self.kept[2].items()}
        self._put()

    def expected(self, at=None):
        """What is held stays beyond its term."""
        return super().expected(at) | {("cam-2", self.held)}


def copy(a, b):
    subprocess.run(["cp", "-a", a, b], check=True)


def bring_back(kept, path):
    subprocess.run(["find", path, "-mindepth", "1", "-delete"], check=True)
    copy("%s/." % kept, path)


def stamp(ns):
    return datetime.datetime.fromtimestamp(
        ns // S, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def prepare(box):
    """A day of two cameras that is due soon, a hold, a day that is not due."""
    for camera in ("cam-1", "cam-2"):
        box.add_camera(camera, "rtsp://127.0.0.1:1/none")
    for _ in range(3):
        box.wait_until(box.now() + HOUR)
        box.record("cam-1")
        box.record("cam-2", 2)
    box.sealed()
    box.held, start, end = box.sent["cam-2"][1]
    last = box.sent["cam-2"][-1][2]
    box.act("hold", "place", "--by", FIRST, "--camera", "cam-2", "--from",
            stamp(start), "--to", stamp(end), "--reason", "Dispute", "--case",
            "K-7")
    box.wait_until(due(box.tz, last) - 3 * HOUR)
    box.record("cam-1", 2)
    box.sealed()
    box.sweep()
    # every round begins with a segment that was being written
    start = box.now()
    seq = box.begin_segment("cam-1", start)
    box.put_fragment("cam-1", start)
    box.ask(10)
    box.put_fragment("cam-1", start + S)
    box.sent["cam-1"].append((seq, start, start + S))
    box.processes["storage"].kill()
    box.keep()


# --- what storage does when it dies ---

def create(box):
    """A segment, its second roll; what was sent when is noted."""
    start, box.seq, box.times = box.now(), None, []
    box.seq = box.begin_segment("cam-1", start)
    for i in range(3):
        if i == 2:
            time.sleep(LOST_S + 0.3)
        box.put_fragment("cam-1", start + i * S)
        box.ask(10)
        box.times.append(time.time())
    box.end_segment("cam-1")
    box.sealed()
    box.sent["cam-1"].append((box.seq, start, start + 3 * S))
    box.record_whole("cam-1")


def new_day(box):
    """Keys of a day, made ahead and for another camera: the keyring."""
    box.wait_until(box.now() + 2 * HOUR + 55 * 60 * S)
    for _ in range(12):		# keys are made ahead every ten seconds
        box.wait_until(box.now() + S)
    box.record_whole("cam-2")


def erase(box):
    box.wait_until(due(box.tz, box.sent["cam-2"][-1][2]) + S)
    box.sweep()


def ledger(box):
    """Entries, a few at a time."""
    box.add_camera("cam-3", "rtsp://127.0.0.1:1/none")
    box.tool("camera", "disable", "cam-3")
    box.tool("camera", "enable", "cam-3")


def rebuild(box):
    whole(box)		# one that a start began is still under way
    box.tool("rebuild")
    whole(box)


def start(box):
    """Recovery of what was being written."""
    box.start("storage")


# in make check the calls that are tried: kill -9, ext4, xfs
STORIES = [(create, (71,), (50,), ()),
           (erase, (20, 116), (90,), (70,)),
           (new_day, (60,), (), ()),
           (ledger, (9,), (), ()),
           (rebuild, (60,), (), ()),
           (start, (31, 43), (50,), ())]


# --- what must be true afterwards ---

def whole(box):
    def told():
        if not box.processes["storage"].alive():
            raise Failed("storage has ended")
        done = box.tool("status", "--json", check=False)
        return not done.returncode and b'"whole"' in done.stdout
    wait_for("the index is whole", 30, told, 0.05)


def verdict(box, story):
    """What is wrong; None."""
    box.start("storage")
    whole(box)
    if story is create and box.died:
        sure = sum(t <= box.died - LOST_S for t in box.times)
        found = box.index("SELECT fragments FROM segment WHERE "
                          "camera = 'cam-1' AND seq = ?", box.seq)
        if sure and (not found or found[0][0] < sure):
            return "%d fragments were sent 2 s before, there are %s" % (
                sure, found)
    box.wait_until(box.now() + S)
    files = box.present()[0]
    if not box.expected() <= files:
        return "missing: %s" % (box.expected() - files)
    box.record("cam-1")
    box.sealed()
    box.wait_until(max(box.now(), due(box.tz, box.sent["cam-2"][2][2])) + S)
    box.sweep()
    files, rows = box.present()
    # what was begun when it died may be there or not
    last = {c: s[-1][0] for c, s in box.kept[2].items()}
    more = {(c, n) for c, n in files if n > last[c]}
    if not box.expected() <= files <= box.expected() | more or files != rows:
        return "expected %s, files %s, rows %s" % (box.expected(), files, rows)
    if story is erase:	# the next start finds what a hold kept of a day
        box.stop("storage")
        box.start("storage")
        if box.present()[0] != files:
            return "before the next start %s, then %s" % (files, box.present())
    for path, data in box.old.items():
        if (box.data / path).exists() and \
                (box.data / path).read_bytes() != data:
            return "%s is not what it was" % path
    check = box.tool("check", check=False)
    if check.returncode:
        return check.stdout.decode()[-800:]
    return None


def one(box, story, n):
    """False when the story ended before the n-th call."""
    box.restore()
    if story is not start:
        box.start("storage")
    died = box.die_in(story, n)
    if not died:
        box.stop("storage")
        return False
    wrong = verdict(box, story)
    box.stop("storage")
    if wrong:
        say.test("P8 %s, %s: dead at call %d, all is as it must be"
                 % (story.__name__, box.kind or "kill -9", n), False, wrong)
    return True


def count(box, story):
    """How many calls a story has when nothing dies."""
    box.restore()
    if story is not start:
        box.start("storage")
    box.arm(10 ** 9)
    story(box)
    n = box.calls()
    box.arm(-1)
    box.stop("storage")
    return n


def tries(box, story, chosen):
    kind = box.kind
    if SPREAD:
        if story.__name__ not in SPREAD[2:]:
            return ()
        calls, some = count(box, story), int(SPREAD[1])
        print("# %s, %s: %d calls" % (kind, story.__name__, calls), flush=True)
        # the last one lies well within, if a story is shorter for once
        return sorted({i * calls // some for i in range(some)})
    if SLICE:
        mine = SLICE[:2] == [kind or "kill", story.__name__]
        return range(*map(int, SLICE[2:])) if mine else ()
    return range(10 ** 6) if SOAK else chosen


def rounds(kind, which):
    title = "P8 storage %s at any call of %%s: it starts by itself" % (
        "loses its power (%s)" % kind if kind else "is killed")
    if kind and not may_mount(kind):
        say.skip(title % "all", "no loop mounts of " + kind)
        return
    with Crash(kind) as box:
        prepare(box)
        for story, *chosen in STORIES:
            n = 0
            for call in tries(box, story, chosen[which]):
                if one(box, story, call):
                    n += 1
                elif not SPREAD:
                    break
            if n or chosen[which] and not (SLICE or SPREAD):
                say.test("%s (%d calls)" % (title % story.__name__, n), n > 0)


def story():
    for which, kind in enumerate((None, "ext4", "xfs")):
        only = SLICE or SPREAD
        if not only or only[0] == (kind or "kill"):
            rounds(kind, which)


say.main(story)
