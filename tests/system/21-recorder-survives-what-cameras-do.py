#!/usr/bin/python3
"""Cameras that are away, wrong, silent or hostile, one test each."""
import json
import os
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import say, wire                                   # noqa: E402
from lib import recorder as R                               # noqa: E402
from lib.rtspcam import Camera, Source, make                # noqa: E402

LOGIN = dict(user="admin", password="s3cret")


def begin(r, cams, sealed=R.sealed("admin", "s3cret"), urls=None,
          transport=0, **kw):
    """Cameras cam-0, cam-1 ...; the recorder runs."""
    r.cameras += cams
    urls = urls or [c.url for c in cams]
    r.storage = wire.Storage(r.run, {
        "cam-%d" % i: {"url": u, "sealed": sealed, "transport": transport}
        for i, u in enumerate(urls)}, **kw)
    r.start()
    return r.storage


def streams(s, camera, seconds=15, after=0):
    return s.wait(lambda: [g for g in s.of(camera)
                           if g.seq > after and g.fragments], seconds)


def says(s, camera, cause, seconds=10, state="down"):
    def look():
        last = s.state(camera)
        return last and last[0] == state and last[1] == cause and last
    return s.wait(look, seconds)


def refusals(source):
    with R.Recorder() as r:
        cams = [Camera(source, user="admin", password="other"),
                Camera(source, **LOGIN), Camera(source, **LOGIN),
                Camera(source, **LOGIN), Camera(source, **LOGIN),
                Camera(source, **LOGIN)]
        cams[1].fault = {"silent"}
        cams[2].fault = {"503"}
        cams[3].fault = {"mjpeg"}
        cams[4].fault = {"audio"}
        cams[5].fault = {"garbage"}
        s = begin(r, cams, urls=[c.url for c in cams] + [
            "rtsp://127.0.0.1:1/x", "rtsp://nobody.invalid/x"])
        begun = time.time()
        for i, cause, detail in (
                (0, "password", "wrong user or password"),
                (2, "camera error", "RTSP 503 Service Unavailable"),
                (3, "unsupported", "MJPEG is not supported"),
                (4, "unsupported", "audio only"),
                (6, "no answer", "connection refused by 127.0.0.1:1"),
                (7, "no answer", "unknown host nobody.invalid"),
                (5, "no answer", ""),
                (1, "no answer", "does not answer OPTIONS")):
            got = says(s, "cam-%d" % i, cause)
            say.test("%s: a camera's fault has its cause: %s%s"
                     % ("A6" if i in (3, 4) else "A7", cause, detail and " (%s)" % detail),
                     got and detail in got[2], s.state("cam-%d" % i))
        say.test("A7: a camera that accepts and says nothing costs a bounded "
                 "time", time.time() - begun < 12)
        say.test("no password stands in log or messages",
                 "s3cret" not in r.logged() + str(s.states))
        for c in cams[1:6]:
            c.fault = set()
        say.test("each of them records as soon as it is well again",
                 all(streams(s, "cam-%d" % i, 20) for i in range(1, 6)),
                 s.states[-8:])
        say.test("storage saw no broken message", not s.errors, s.errors)


def interruptions(source):
    with R.Recorder(timeout_ms=1500) as r:
        cams = [Camera(source, **LOGIN), Camera(source, **LOGIN)]
        s = begin(r, cams, segment_ms=3000)
        say.test("two cameras record", streams(s, "cam-0") and
                 streams(s, "cam-1"), s.states)
        n = len(s.of("cam-0"))
        cams[0].drop()
        again = streams(s, "cam-0", 10, after=n)
        say.test("after a dropped connection it records again within 5 s",
                 again and s.of("cam-0")[n - 1].cause == "network" and
                 (again[0].start - s.of("cam-0")[n - 1].end) < 5e9,
                 [g.cause for g in s.of("cam-0")])
        n = len(s.of("cam-0"))
        cams[0].fault = {"stall"}
        say.test("B10: silence is a lost network after timeout_ms",
                 says(s, "cam-0", "network"), s.states[-3:])
        cams[0].fault = set()
        say.test("and it comes back", streams(s, "cam-0", 10, after=n))
        port = cams[0].port
        n = len(s.of("cam-0"))
        cams[0].close()
        say.test("a camera that is switched off is told of",
                 says(s, "cam-0", "no answer"), s.states[-3:])
        cams[0] = Camera(source, port=port, **LOGIN)
        r.cameras.append(cams[0])
        say.test("it records after the camera's restart",
                 streams(s, "cam-0", 12, after=n), s.states[-3:])
        # kill -9 of one child
        before = r.children()
        n0, n1 = len(s.of("cam-0")), len(s.of("cam-1"))
        mine = [p for p in before if os.readlink("/proc/%d/exe" % p)]
        os.kill(mine[0], signal.SIGKILL)
        hit = s.wait(lambda: [x for x in s.states
                              if x[3] == "recorder failed"], 5)
        who = hit and hit[0][1]
        other = {"cam-0": "cam-1", "cam-1": "cam-0"}.get(who)
        back = who and streams(s, who, 10,
                               after=n0 if who == "cam-0" else n1)
        say.test("kill -9 of a child is a gap 'recorder failed', and it is "
                 "back within 5 s", back, s.states[-4:])
        time.sleep(1)
        cam = cams[0 if other == "cam-0" else 1]
        got = R.pictures(_unbroken(s.of(other))) if other else []
        say.test("no other camera loses a picture by it",
                 other and got and _tail(cam.sent, got) and
                 not [g for g in s.of(other) if g.cause == "closed"],
                 other, len(got))
        # storage
        port_n = len(s.segments)
        s.close()
        time.sleep(0.5)
        say.test("without storage no child runs",
                 not s.wait(r.children, 0.1) or
                 s.wait(lambda: not r.children(), 3))
        r.storage = wire.Storage(r.run, s.cameras, segment_ms=3000)
        say.test("when storage is back all cameras record",
                 streams(r.storage, "cam-0") and
                 streams(r.storage, "cam-1"), port_n)
        s = r.storage
        s.cameras["cam-0"]["enabled"] = 0
        s.changed()
        say.test("a camera switched off ends its segment with that cause",
                 s.wait(lambda: s.of("cam-0")[-1].cause == "switched off", 5)
                 and says(s, "cam-0", "switched off", state="off"),
                 s.states[-3:])
        s.cameras["cam-0"]["enabled"] = 1
        n = len(s.of("cam-0"))
        s.changed()
        say.test("and records when it is switched on",
                 streams(s, "cam-0", 10, after=n), s.states[-3:])
        children = r.children()
        r.process.kill()
        r.process.wait()
        r.process = None
        time.sleep(0.5)
        say.test("when the supervisor dies nothing of it stays",
                 not [p for p in children if _lives(p)])


def _unbroken(segments):
    """The last ones, back to the one that followed a gap."""
    at = max([i + 1 for i, g in enumerate(segments)
              if g.cause not in (None, "none")], default=0)
    return segments[at:]


def _lives(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _tail(sent, got):
    """Does got stand in sent, without a hole?"""
    for i in range(len(sent) - len(got), -1, -1):
        if sent[i:i + len(got)] == got:
            return True
    return False


def storage_slow_to_answer(source):
    """Sixteen seconds in all: longer than a child may say nothing."""
    with R.Recorder(timeout_ms=3000) as r:
        cams = [Camera(source, **LOGIN) for _ in range(16)]
        begin(r, [])
        s = r.storage
        s.hello_s = 1
        r.cameras += cams
        s.cameras.update({"cam-%02d" % i: {
            "url": c.url, "sealed": R.sealed("admin", "s3cret")}
            for i, c in enumerate(cams)})
        s.wait(lambda: s.supervisor, 5)
        s.changed()
        ids = sorted(s.cameras)
        say.test("cameras that wait for storage's answer all record",
                 all(streams(s, i, 60) for i in ids), s.states[-8:])
        bad = [x for x in s.states
               if x[3] in ("recorder failed", "no answer")]
        say.test("and none is taken for hanging or silent meanwhile",
                 not bad, bad[:8])


def switched_off_while_it_hangs(source):
    with R.Recorder(timeout_ms=1500) as r:
        cam = Camera(source, **LOGIN)
        s = begin(r, [cam])
        streams(s, "cam-0")
        child, = r.children()
        os.kill(child, signal.SIGSTOP)
        s.cameras["cam-0"]["enabled"] = 0
        s.changed()
        say.test("a process that hangs ends though its camera is switched off",
                 says(s, "cam-0", "switched off", state="off") and
                 s.wait(lambda: not r.children(), 20), r.children())


def slow_storage(source):
    with R.Recorder() as r:
        cam = Camera(source, **LOGIN)
        s = begin(r, [cam], segment_ms=3000)
        streams(s, "cam-0")
        s.stalled = True
        time.sleep(3)
        s.stalled = False
        n = len(s.of("cam-0"))
        s.wait(lambda: len(s.of("cam-0")) > n + 1, 10)
        got = R.pictures(s.of("cam-0"))
        say.test("storage that stalls for 3 s costs no picture",
                 got == cam.sent[:len(got)] and
                 R.contiguous(s.of("cam-0")) is None and not s.errors,
                 len(got), s.errors)


def damage(source):
    with R.Recorder() as r:
        cam = Camera(source, loss=0.01, **LOGIN)
        s = begin(r, [cam], transport=1, segment_ms=2000)
        s.wait(lambda: len(s.of("cam-0")) > 3, 20)
        say.test("B9: lost packets are flagged as damage",
                 any(f[2] & 2 for g in s.of("cam-0") for f in g.fragments)
                 and not s.errors, s.states[-3:])


def hostile():
    """Bytes at random where a camera answers; nothing may fall over."""
    import random
    import socket
    import threading
    rng = random.Random(1)
    l = socket.socket()
    l.bind(("127.0.0.1", 0))
    l.listen(16)
    heads = [
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"A" * 70000,
        b"RTSP/1.0 401 No\r\nCSeq: 1\r\nWWW-Authenticate: Digest "
        b"realm=\"\xff\xfe\", nonce=\"" + b"x" * 900 + b"\"\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: \r\n\r\n$\0\xff\xff",
        b"\r\n\r\n\r\n", b"$\0\0\0" * 5000,
        b"RTSP/1.0 " + b"9" * 500 + b"\r\n\r\n",
    ]
    count = [0]

    def serve():
        while True:
            try:
                c, _ = l.accept()
            except OSError:
                return
            count[0] += 1
            try:
                c.recv(4096)
                c.sendall(heads[count[0] % len(heads)] +
                          rng.randbytes(rng.randrange(20000)))
                time.sleep(0.05)
            except OSError:
                pass
            c.close()
    threading.Thread(target=serve, daemon=True).start()
    url = "rtsp://127.0.0.1:%d/x" % l.getsockname()[1]
    with R.Recorder(timeout_ms=500) as r:
        s = begin(r, [], urls=[url] * 12)
        s.wait(lambda: count[0] >= 40, 12)
        crashed = [x for x in s.states if x[3] == "recorder failed"]
        say.test("hostile answers crash no process (%d of them)" % count[0],
                 count[0] >= 30 and not crashed and
                 r.process.poll() is None and
                 "Sanitizer" not in r.logged(), crashed[:3],
                 r.logged()[-2000:])
    l.close()


def start_up():
    with R.Recorder() as r:
        with open(r.config, "a") as f:
            f.write("colour = red\n")
        r.start()
        status = r.process.wait(5)
        r.process = None
        say.test("an unknown key in the configuration is refused by name",
                 status == 2 and "colour" in r.logged(), r.logged())
    with R.Recorder() as r:
        r.storage = wire.Storage(r.run, {})
        r.start()
        r.storage.wait(lambda: r.storage.key, 5)
        first = r.storage.key
        path = os.path.join(r.dir, "recorder.key")
        say.test("recorder.key is made at the first start, mode 0600",
                 first and os.stat(path).st_mode & 0o777 == 0o600)
        r.stop()
        r.storage.key = None
        r.start()
        r.storage.wait(lambda: r.storage.key, 5)
        say.test("and is the same at the next", r.storage.key == first)


def unfit(source):
    """P7: nobody switched them off, and whoever watches must hear of them."""
    with R.Recorder() as r:
        cam = Camera(source, **LOGIN)
        s = begin(r, [cam], sealed=lambda key: R.seal(
            key[::-1], "admin", "s3cret"), urls=[
            cam.url, "rtsp://127.0.0.1:99999/x", "rtsps://127.0.0.1/x"])
        for i, cause, detail in (
                (0, "password", "sealed for another recorder key"),
                (1, "no answer", "not one of RTSP"),
                (2, "certificate", "needs a certificate")):
            got = says(s, "cam-%d" % i, cause)
            say.test("a camera that cannot be asked is down, not off: %s"
                     % detail, got and detail in got[2], s.state("cam-%d" % i))
        s.cameras["cam-0"]["sealed"] = R.sealed("admin", "s3cret")
        s.changed()
        say.test("with its password sealed anew it records",
                 streams(s, "cam-0"), s.states[-3:])
        s.cameras["cam-0"]["sealed"] = lambda key: R.seal(
            key[::-1], "admin", "s3cret")
        s.changed()
        say.test("and ends when that is lost again",
                 says(s, "cam-0", "password") and
                 s.wait(lambda: not r.children(), 5), s.states[-3:])


def probing(source):
    cam = Camera(source, **LOGIN)
    for udp in (False, True):
        status, out, took = R.probe(cam.url, "admin\ns3cret\n", udp)
        told = json.loads(out)
        say.test("probe says what the camera is, over %s, within 10 s"
                 % ("UDP" if udp else "TCP"),
                 status == 0 and took < 10 and all(
                     told.get(k) == v for k, v in (
                         ("codec", "h264"), ("width", 320), ("height", 240),
                         ("gop_s", 1), ("audio", "PCMU"))) and
                 abs(told["fps"] - 25) < 0.5, out)
    for what, text, want in (("a wrong password", "admin\nno\n", "password"),
                             ("no password", "", "password")):
        status, out, took = R.probe(cam.url, text)
        say.test("probe with %s says so" % what,
                 status == 1 and '"error":"%s"' % want in out, out)
    cam.fault = {"silent"}
    status, out, took = R.probe(cam.url, "admin\ns3cret\n")
    say.test("probe of a camera that says nothing ends within 10 s",
             status == 1 and took < 10 and '"error":"no-answer"' in out, out)
    cam.close()
    status, out, _ = R.probe("rtsp://admin:s3cret@127.0.0.1/x")
    say.test("probe refuses a password in the URL",
             status == 1 and "do not belong" in out and
             "s3cret" not in out, out)


def story():
    with tempfile.TemporaryDirectory() as d:
        source = Source(make(os.path.join(d, "a"), "h264", 4), "h264")
        start_up()
        unfit(source)
        probing(source)
        refusals(source)
        interruptions(source)
        storage_slow_to_answer(source)
        slow_storage(source)
        switched_off_while_it_hangs(source)
        damage(source)
        hostile()


say.main(story)
