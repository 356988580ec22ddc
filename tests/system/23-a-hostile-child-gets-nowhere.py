#!/usr/bin/python3
# timeout: 240
"""A camera has taken its child over: what can that child do?

The sandbox, one act at a time; the children of a recorder that runs; storage,
towards which a child may send what it likes; and memory, when a camera sends
more than it should (C7).
"""
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import badchild, say, wire                         # noqa: E402
from lib import recorder as R                               # noqa: E402
from lib.appliance import Appliance, wait_for               # noqa: E402
from lib.memory import memory_of, name_of                   # noqa: E402
from lib.rtspcam import Camera, Source, make                # noqa: E402
from lib.tlscam import Certificate, Tls                     # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTILE = os.environ["SAQTA_BUILD"] + "/tests/hostile"
PASSWORDS = ("first-camera-s3cret", "second-camera-s3cret")

ACTS = {
    "open": "open a file", "create": "make a file",
    "openat2": "open a file another way", "unlink": "remove a file",
    "socket": "make a socket", "connect": "connect a socket elsewhere",
    "bind": "bind a socket", "sendto": "send a datagram elsewhere",
    "sendmsg": "send a datagram elsewhere by sendmsg",
    "dup": "give a socket the number of another",
    "dupfd": "give a socket the number of another by fcntl",
    "exec": "run a program", "fork": "fork", "clone": "clone",
    "ptrace": "trace a process", "read-memory": "read a process's memory",
    "kill": "kill a process", "signal": "signal a thread of another process",
    "pidfd": "take a process's descriptors",
    "userns": "become root of a namespace", "setuid": "become another user",
    "memory": "use 2 GiB", "av-alloc": "have libav allocate above 64 MiB",
    "files": "hold more than 64 descriptors",
    "big-file": "make a memfd above 64 MiB", "secret-memory": "hide memory",
}


def act(name, arg):
    """Run one act in the sandbox; how it ended."""
    a, b = (socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for _ in range(2))
    far, near = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                 for _ in range(2))
    far.bind(("127.0.0.1", 0))
    near.connect(far.getsockname())

    def prepare():
        high = [os.dup(s.fileno()) for s in (a[0], b[0], near)]
        for at, fd in enumerate(high):
            os.dup2(fd, 3 + at)
        os.closerange(6, 64)
    status = subprocess.run([HOSTILE, name, arg], preexec_fn=prepare,
                            close_fds=False, check=False,
                            stdin=subprocess.DEVNULL).returncode
    for s in (*a, *b, far, near):
        s.close()
    return status


def sandbox():
    say.test("a child can do what it is for", act("nothing", "0") == 0)
    victim = subprocess.Popen(["sleep", "60"])
    with tempfile.NamedTemporaryFile() as f:
        for name, what in ACTS.items():
            arg = f.name if name in ("open", "create", "openat2", "unlink") \
                else str(victim.pid)
            status = act(name, arg)
            say.test("a hostile child cannot %s" % what,
                     status in (7, -signal.SIGSYS), status)
        say.test("and its victims live", os.path.exists(f.name) and
                 victim.poll() is None)
    victim.kill()
    victim.wait()


def status_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def children(source):
    """Of a recorder that runs: what they have, and what they know."""
    if os.geteuid():
        say.skip("a child knows no password", "needs root")
        return
    with R.Recorder() as r:
        cams = [Camera(source, user="admin", password=p) for p in PASSWORDS]
        tls = Tls(cams[1], Certificate(r.dir))
        r.cameras += cams + [tls]
        s = r.storage = wire.Storage(r.run, {
            "cam-%d" % i: {"url": c.url, "sealed": R.sealed("admin", p)}
            for i, (c, p) in enumerate(zip((cams[0], tls), PASSWORDS))})
        s.cameras["cam-1"]["certificate"] = tls.certificate.fingerprint
        r.start()
        s.wait(lambda: all(g and g[0].fragments for g in
                           (s.of("cam-0"), s.of("cam-1"))), 30)
        pids = r.children()
        names = [name_of(p) for p in pids]
        say.test("two cameras have a child each, the one with TLS a relay",
                 sorted(names) == ["saqta-camera"] * 2 + ["saqta-tls"],
                 names)
        for pid in pids:
            told = status_of(pid)
            say.test("%s is under seccomp and gains no privileges"
                     % name_of(pid),
                     told["Seccomp"] == "2" and told["NoNewPrivs"] == "1",
                     told)
            fds = [os.readlink("/proc/%d/fd/%s" % (pid, n))
                   for n in os.listdir("/proc/%d/fd" % pid) if int(n) > 2]
            sockets = [f for f in fds if f.startswith("socket:")]
            say.test("%s has three sockets, sealed memory and nothing else"
                     % name_of(pid), len(sockets) == 3 and
                     not [f for f in fds if f not in sockets and
                          "memfd:saqta" not in f], fds)
            known = [p for p in PASSWORDS
                     if any(p.encode() in part for part in memory_of(pid))]
            say.test("no camera's password is in the memory of %s"
                     % name_of(pid), not known, known)
        there = any(PASSWORDS[0].encode() in part
                    for part in memory_of(r.process.pid))
        say.test("(which finds it in the supervisor's)", there)


# --- storage ---

class Victim:
    """A real storage; its cameras are this test's."""

    def __init__(self, box, init, fragment):
        self.box, self.init, self.fragment = box, init, fragment

    def rss_mb(self):
        """The most memory that storage had."""
        told = status_of(self.box.processes["storage"].pid)
        return int(told["VmHWM"].split()[0]) >> 10

    def play(self, name):
        argv = ["/usr/bin/python3", os.path.join(HERE, "lib", "badchild.py"),
                name, str(self.box.run / "ingest.sock"), "cam-1", self.init,
                self.fragment]
        user = self.box.users["recorder"]
        who = {"user": user.pw_uid, "group": user.pw_gid,
               "extra_groups": []} if user else {}
        done = subprocess.run(argv, capture_output=True, text=True, cwd="/",
                              timeout=60, check=False, **who)
        return json.loads(done.stdout) if done.returncode == 0 else \
            {"failed": done.stderr}

    def disk(self):
        return {str(p) for p in self.box.data.rglob("*.age")}


def is_right(name, told):
    """Was it cut off where it must be, and refused so often?"""
    if name in ("wrong-times", "bad-memfds"):
        return told["errors"] >= 10
    return told["cut"]


def other_camera(box, camera, begun):
    """Gaps of cam-2 since, but for what the camera itself sent late."""
    told = box.tool_json("coverage", "--camera", "cam-2", "--from",
                         iso(begun), "--to", iso(box.settled("cam-2")))
    return [x for x in told["cameras"][0]["spans"] if x["kind"] == "gap" and
            not any(a - 1 < when(x["from"]) < b + 1 for a, b in camera.late)]


def when(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def iso(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def storage(source, d):
    """cam-1's child is hostile; cam-2 records through the real recorder."""
    import shutil
    with R.Recorder() as r:     # a real init part and fragment
        cam = Camera(source)
        r.cameras.append(cam)
        s = r.storage = wire.Storage(r.run, {"cam-1": {"url": cam.url}})
        r.start()
        s.wait(lambda: s.of("cam-1") and s.of("cam-1")[0].fragments, 30)
        g = s.of("cam-1")[0]
    open_dir = tempfile.mkdtemp(prefix="saqta-bad-")
    os.chmod(open_dir, 0o755)
    paths = [os.path.join(open_dir, n) for n in ("init", "fragment")]
    for path, data in zip(paths, (g.init, g.fragments[0][3])):
        with open(path, "wb") as f:
            f.write(data)
    shutil.copytree(HERE + "/lib", open_dir + "/lib")
    box = Appliance(segment_s=5)
    try:
        box.set_up()
        box.start("storage", "recorder")
        good = Camera(source)
        box.add_camera("cam-1", "rtsp://127.0.0.1:1/nobody")
        box.add_camera("cam-2", good.url)
        wait_for("cam-2 is recording", 60, lambda: [
            c for c in box.tool_json("camera", "list")["cameras"]
            if c["id"] == "cam-2" and c["state"] == "recording"])
        begun = time.time()
        v = Victim(box, *paths)
        hostile(v, open_dir)
        gaps = other_camera(box, good, begun)
        if not say.test("none of it cost the camera beside it a second",
                        not gaps, gaps, good.late):
            box.show_logs(60)
        say.test("storage and recorder live, without a sanitizer's word",
                 box.processes["storage"].alive() and
                 box.processes["recorder"].alive() and not box.broken())
        good.close()
        box.stop("recorder", "storage")
        check = box.tool("check", check=False)
        say.test("and saqta check proves the disk afterwards",
                 check.returncode == 0, check.stdout.decode()[-1000:],
                 check.stderr.decode()[-1000:])
    finally:
        box.stop(cameras=True)
        if box.broken():
            box.show_logs()
        shutil.rmtree(open_dir, ignore_errors=True)


def hostile(v, open_dir):
    global HERE
    at, HERE = HERE, open_dir
    before, files = v.rss_mb(), len(v.disk())
    for name in badchild.NAMES:
        told = v.play(name)
        answers = v.box.tool("status", "--json", check=False).returncode == 0
        say.test("hostile ingest: %s: storage answers on%s"
                 % (badchild.NAMES[name].__doc__.split("\n")[0].rstrip("."),
                    ", and cuts it off" if told.get("cut") else ""),
                 "failed" not in told and answers and is_right(name, told),
                 told)
    HERE = at
    grown = v.rss_mb() - before
    say.test("storage grew by less than 256 MB in all of it", grown < 256,
             "%d MB from %d" % (grown, before))
    made = len(v.disk()) - files
    say.test("and fewer than 150 files were made", made < 150, made)


# --- C7 ---

def big_source(d, kind, size, n, qp, fps):
    """Noise, which does not compress."""
    path = os.path.join(d, kind)
    w, h = size
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt",
         "yuv420p", "-s", "%dx%d" % size, "-r", "25", "-i", "-", "-c:v",
         "libx264", "-preset", "ultrafast", "-threads", "2", "-x264-params",
         "sliced-threads=0:slices=1:keyint=%d:scenecut=0:qp=%d" % (n, qp),
         "-f", "h264", path], check=True,
        input=os.urandom(w * h * 3 // 2 * n))
    return Source(path, fps=fps)


def memory(d):
    """The most memory of a child while its camera does too much."""
    # Else a sanitizer keeps 256 MB of what was freed.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + \
        ":quarantine_size_mb=1"
    fast = big_source(d, "fast", (1280, 720), 10, 40, 25)
    rate = sum(len(n) for p in fast.pictures for n in p[0]) * 8 / \
        len(fast.pictures) * fast.fps / 1e6
    huge = big_source(d, "huge", (3840, 2160), 3, 8, 1)
    key = max(sum(len(n) for n in p[0]) for p in huge.pictures) / 1e6
    say.test("(a stream above 60 Mbit/s, a key frame above 10 MB)",
             60 < rate < 120 and key > 10, rate, key)
    for name, source in (("a burst of 60 Mbit/s", fast),
                         ("an IDR of 10 MB", huge)):
        with R.Recorder(timeout_ms=10000) as r:
            cam = Camera(source)
            r.cameras.append(cam)
            s = r.storage = wire.Storage(r.run, {"cam-1": {"url": cam.url}},
                                         segment_ms=3000)
            r.start()
            want = 100 if source is fast else 6
            come = s.wait(lambda: len(R.pictures(s.of("cam-1"))) >= want, 60)
            most = max([int(status_of(p)["VmHWM"].split()[0]) >> 10
                        for p in r.children()], default=0)
            got = R.pictures(s.of("cam-1"))
            say.test("C7: %s is recorded, every picture" % name,
                     come and got == cam.sent[:len(got)] and
                     R.contiguous(s.of("cam-1")) is None,
                     len(got), s.states[-2:])
            say.test("C7: %s: the child stays below 160 MB" % name,
                     0 < most < 160, "%d MB" % most)
            print("# %d MB" % most, flush=True)


def story():
    with tempfile.TemporaryDirectory() as d:
        source = Source(make(os.path.join(d, "a"), fps=10, gop=10,
                             seconds=2), fps=10)
        sandbox()
        children(source)
        storage(source, d)
        memory(d)


say.main(story)
