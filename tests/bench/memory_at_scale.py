#!/usr/bin/python3
"""What the kernel counts as the memory of storage and of the recorder.

    memory_at_scale.py BUILD [CAMERAS [DAYS [SECONDS [KBPS]]]]   (CLOCK_HOOK)

Half a year of 64 cameras (half_a_year.py) on the disk, all of them recording,
people signing in three at once (four passwords may be tried, the fourth is one
of the tool's) and asking for the coverage of everything. Each
of the two is in a memory cgroup of its own. First without a limit: the most
that could not be given back (anonymous and shared memory, the kernel's own).
Then with a limit a little above that, so that the page cache meets it all the
time: no second may be missing and nobody may be ended.

Exits 1 where more than a quarter of what the units allow was taken, or where
the limit cost something. Needs root and the memory controller (cgroup v1).
"""
import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
BUILD = Path(sys.argv[1]).resolve()
os.environ["SAQTA_BUILD"] = str(BUILD)

from half_a_year import Box  # noqa: E402
from lib.appliance import PEOPLE, Client, wait_for  # noqa: E402
from measure import Server, machine, make_film  # noqa: E402

CAMERAS, DAYS, SECONDS, KBPS = (
    int(sys.argv[i]) if len(sys.argv) > i else n
    for i, n in ((2, 64), (3, 184), (4, 120), (5, 1000)))
ROOM_MB, SHARE, SIGN_INS = 256, 4, 3
WATCHED = ("storage", "recorder")
CGROUP = Path("/sys/fs/cgroup/memory")


def allowed_mb(unit):
    text = (ROOT / ("systemd/saqta-%s.service" % unit)).read_text()
    number, letter = re.search(r"^MemoryMax=(\d+)([MG])$", text, re.M).groups()
    return int(number) * {"M": 1, "G": 1024}[letter]


class Group:
    """A memory cgroup in which a program starts, instead of a unit's."""

    def __init__(self, box, name):
        self.path = CGROUP / ("saqta-%d-%s" % (os.getpid(), name))
        self.path.mkdir()
        user = box.users[name]
        os.chown(self.path / "cgroup.procs", user.pw_uid, user.pw_gid)
        program = box.bin / ("saqta-" + name)
        real = program.rename(box.bin / ("real-" + name))
        program.write_text('#!/bin/sh\necho $$ >%s/cgroup.procs\n'
                           'exec %s "$@"\n' % (self.path, real))
        program.chmod(0o755)
        self.most = {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def put(self, name, value):
        (self.path / name).write_text(str(value))

    def number(self, name):
        return int((self.path / name).read_text())

    def now(self):
        """Bytes that stay, by kind, and the page cache."""
        stat = dict(l.split() for l in
                    (self.path / "memory.stat").read_text().splitlines())
        told = {"anonymous": int(stat["total_rss"]),
                "shared": int(stat["total_shmem"]),
                "kernel": self.number("memory.kmem.usage_in_bytes")}
        told["all that stays"] = sum(told.values())
        told["page cache"] = int(stat["total_cache"]) - int(
            stat["total_shmem"])
        return told

    def watch(self):
        while not self.stop.wait(0.1):
            for what, n in self.now().items():
                self.most[what] = max(n, self.most.get(what, 0))

    def killed(self):
        return int(re.search(r"oom_kill (\d+)", (
            self.path / "memory.oom_control").read_text())[1])

    def close(self):
        self.stop.set()
        self.thread.join()
        for _ in range(100):
            with contextlib.suppress(OSError):
                self.path.rmdir()
                return
            time.sleep(0.1)


class Recorded(Box):
    """Its cameras are there."""

    def __init__(self, server, *more):
        super().__init__(*more)
        self.server = server

    def url(self, i):
        return self.server.url("s%d" % i)


def recording(box):
    return sum(c["state"] == "recording"
               for c in box.tool_json("camera", "list")["cameras"])


def people(box, seconds):
    """Sign in at once, ask for everything, sign out; over and over."""
    end = time.monotonic() + seconds

    def one():
        while time.monotonic() < end:
            client = Client(box)
            if client.sign_in("oleg", PEOPLE["oleg"][2]).status >= 400:
                time.sleep(0.3)	# the place of one that went is not free yet
                continue
            assert client.get("/api/v1/coverage?camera=%s&from=%s&to=%s" % (
                box.ids[0], "2026-03-01T00:00:00%2B05:00",
                "2026-08-28T00:00:00%2B05:00")).status == 200
            assert client.get("/api/v1/status").status == 200
            client.sign_out()
            time.sleep(1)
    crowd = [threading.Thread(target=one) for _ in range(SIGN_INS)]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()


def phase(box, groups, title):
    """What they took meanwhile; gaps that began then."""
    begun = box.now()
    for g in groups.values():
        g.most.clear()
    people(box, SECONDS)
    print(title)
    for name, g in groups.items():
        print("  %-9s" % name + "".join(
            "%s %.0f MB   " % (what, n / 1e6) for what, n in g.most.items()),
            flush=True)
    return box.index("SELECT camera, cause FROM gap WHERE "
                     "coalesce(to_ns, from_ns) >= ?", begun)


def run(box, groups):
    box.start("storage")
    print("  storage has started: %.0f MB stay" % (
        groups["storage"].most["all that stays"] / 1e6))
    box.start("recorder", "web")
    box.add_person("oleg")
    began = time.monotonic()
    wait_for("all are recording", 400,
             lambda: recording(box) == CAMERAS, 2)
    print("  all %d recorded after %.0f s" % (CAMERAS, time.monotonic() -
                                              began), flush=True)
    lost = phase(box, groups, "without a limit, %d s:" % SECONDS)
    good = not lost
    for name, g in groups.items():
        most, unit = g.most["all that stays"], allowed_mb(name) << 20
        print("  %-9s %.2f of its unit's MemoryMax" % (name, most / unit))
        good &= most * SHARE <= unit
        limit = most + (ROOM_MB << 20)
        g.put("memory.limit_in_bytes", limit)
        print("  %-9s from now on %.0f MB" % (name, limit / 1e6))
    before = {n: g.number("memory.failcnt") for n, g in groups.items()}
    lost += phase(box, groups, "with these limits, %d s:" % SECONDS)
    for name, g in groups.items():
        print("  %-9s met its limit %d times, %d were ended" % (
            name, g.number("memory.failcnt") - before[name], g.killed()))
        good &= not g.killed()
    print("  gaps meanwhile: %d %s" % (len(lost), lost[:5] or ""))
    if lost:
        box.show_logs(40)
    return good and not lost and recording(box) == CAMERAS


def main():
    if os.geteuid() or not (CGROUP / "memory.stat").exists():
        print("not measured: needs root and the memory controller")
        return 0
    tmp = BUILD / "bench" / ("memory-%d" % os.getpid())
    film = BUILD / "bench" / "memory.h264"
    film.parent.mkdir(exist_ok=True)
    make_film(film, KBPS, "1280x720")
    server = Server(BUILD, film)
    groups = {}
    try:
        with Recorded(server, tmp, CAMERAS, DAYS) as box:
            rows, keys = box.make()
            print("%s\n%d cameras of %d kbit/s, %.1f million rows, %d keys" % (
                machine(), CAMERAS, KBPS, rows / 1e6, keys), flush=True)
            for name in WATCHED:
                groups[name] = Group(box, name)
            time.sleep(0.3)
            return 0 if run(box, groups) else 1
    finally:
        for g in groups.values():
            g.close()
        server.child.kill()
        film.unlink()
        subprocess.run(["rm", "-rf", tmp], check=False)


sys.exit(main())
