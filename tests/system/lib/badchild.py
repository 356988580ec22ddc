#!/usr/bin/python3
"""A camera's process that a camera has taken over, towards storage.

    badchild.py NAME INGEST_SOCKET CAMERA [INIT FRAGMENT]

Connects as the recorder would, says which camera it is, and does what NAME
says; prints one line of JSON: how many messages storage took, whether it cut
the connection. INIT and FRAGMENT are files with a real init part and fragment.
Standard library only.
"""
import array
import fcntl
import json
import os
import random
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from lib import wire                                        # noqa: E402

SECOND = 10 ** 9


def now():
    return time.time_ns()


class Child:
    def __init__(self, path, camera, init=b"", fragment=b""):
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.s.connect(path)
        self.init, self.fragment = init, fragment
        self.sent = 0
        self.cut = False
        self.errors = 0
        wire.send(self.s, wire.Message(wire.HELLO_CAMERA).put("s", camera))
        assert wire.recv(self.s).type == wire.HELLO_CAMERA_IS
        self.s.settimeout(10)

    def raw(self, data, fds=()):
        """Send bytes; take what storage answers; False when it cut us off."""
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", fds))] if fds else []
        try:
            self.s.sendmsg([data], anc)
            self.sent += 1
            while select.select([self.s], [], [], 0)[0]:
                a = self.s.recv(4096)
                if not a:
                    raise ConnectionResetError
                self.errors += struct.unpack_from(">H", a, 2)[0] == 1
        except TimeoutError:
            raise           # storage does not read: that is no cutting off
        except OSError:
            self.cut = True
        return not self.cut

    def say(self, type_, body=b"", fds=()):
        return self.raw(struct.pack(">HHI", 1, type_, 1) + body, fds)

    def begin(self, fd, start=None):
        return self.say(wire.SEGMENT_BEGIN, wire.Message(0).put(
            "ii441i22", start or now(), 1, 90000, 1, 1, 0, 64, 48).body, [fd])

    def put(self, fd, start=None, duration=SECOND):
        return self.say(wire.FRAGMENT, wire.Message(0).put(
            "iii4", start or now(), duration, 1, 1).body, [fd])


def with_bulk(data, use):
    fd = wire.bulk(data)
    try:
        return use(fd)
    finally:
        os.close(fd)


def random_messages(c):
    """Random bytes behind a header, of every type there is."""
    rng = random.Random(5)
    for i in range(3000):
        kind = rng.randrange(0, 160)
        body = rng.randbytes(rng.randrange(0, 200))
        if not c.say(kind, body):
            return


def malformed(c):
    """What breaks the framing."""
    for data in (b"", b"\0", b"\0\1\0\x1a", b"\0\2\0\x1a\0\0\0\1",
                 b"\0\1\0\x1a" + b"\xff" * 4092, b"\0\1\0\x1c\0\0\0\1" +
                 b"\xff" * 60):
        if not c.raw(data):
            return


def oversized(c):
    """A message of 100,000 bytes."""
    c.raw(b"\0\1\0\x1c\0\0\0\1" + bytes(100000))
    c.raw(b"\0\1\0\x1e\0\0\0\1\0")


def wrong_order(c):
    """Fragments and ends without a segment, two begins, an answer unasked."""
    with_bulk(c.fragment, c.put)
    c.say(wire.SEGMENT_END, b"\0")
    for _ in range(2):
        with_bulk(c.init, c.begin)
    c.say(wire.PICTURE_IS, wire.Message(0).put("8122", 999, 1, 9, 9).body)
    c.say(wire.SEGMENT_END, b"\xff")


def another_camera(c):
    """Says that it is another camera, or the supervisor."""
    c.say(wire.HELLO_CAMERA, wire.Message(0).put("s", "cam-2").body)
    c.say(wire.HELLO_RECORDER, wire.Message(0).put("sb", "x", bytes(32)).body)
    c.say(wire.CAMERA_NEXT, wire.Message(0).put("s", "").body)


def segment_flood(c):
    """Thousands of segments."""
    for i in range(5000):
        if not with_bulk(c.init, c.begin):
            return


def fragment_flood(c):
    """Thousands of real fragments."""
    with_bulk(c.init, c.begin)
    for i in range(20000):
        if not with_bulk(c.fragment, c.put):
            return


def garbage_flood(c):
    """Thousands of fragments that are none."""
    with_bulk(c.init, c.begin)
    for i in range(20000):
        if not with_bulk(b"x" * 4000, c.put):
            return


def wrong_times(c):
    """Starts of years ago and ahead, durations that are none."""
    for start, duration in ((1, SECOND), (now() + 10 ** 18, SECOND),
                            (-1, SECOND), (2 ** 63 - 1, SECOND),
                            (None, 0), (None, -1), (None, 2 ** 63 - 1)):
        with_bulk(c.init, lambda fd, s=start: c.begin(fd, s))
        with_bulk(c.fragment, lambda fd, s=start, d=duration: c.put(fd, s, d))


def bad_memfds(c):
    """Unsealed, half sealed, empty, huge, and what is no memfd at all."""
    def memfd(size, seals):
        fd = os.memfd_create("x", os.MFD_ALLOW_SEALING)
        os.ftruncate(fd, size)
        fcntl.fcntl(fd, wire.F_ADD_SEALS, seals)
        return fd
    pipe = os.pipe()
    pair = socket.socketpair()
    fds = [memfd(4096, 0), memfd(4096, 4), memfd(4096, 2 | 4),
           memfd(0, wire.SEALS), memfd(1 << 40, wire.SEALS),
           memfd(33 << 20, wire.SEALS), pipe[0], pair[0].fileno(),
           os.open("/dev/zero", os.O_RDONLY), os.open("/", os.O_RDONLY)]
    for fd in fds:
        c.begin(fd)
        with_bulk(c.init, c.begin)
        c.put(fd)
    # Written and shrunk while storage may be looking at it.
    fd = memfd(1 << 20, 0)
    c.put(fd)
    os.ftruncate(fd, 0)
    time.sleep(0.5)
    c.say(wire.SEGMENT_END, b"\0")      # takes what was answered
    # More than one, and some where none belongs.
    c.say(wire.SEGMENT_END, b"\0", [fds[0]])
    c.say(wire.SEGMENT_END, b"\0", fds[:3])


def endless(c):
    """One segment that never ends."""
    t = now() - 200 * SECOND        # as if it had waited in queues
    with_bulk(c.init, lambda fd: c.begin(fd, t))
    for i in range(200):
        if not with_bulk(c.fragment,
                         lambda fd, s=t + i * SECOND: c.put(fd, s)):
            return


NAMES = {f.__name__.replace("_", "-"): f for f in (
    random_messages, malformed, oversized, another_camera, wrong_times,
    bad_memfds, wrong_order, endless, garbage_flood, fragment_flood,
    segment_flood)}


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in NAMES:
        sys.exit("\n".join(NAMES))
    files = [open(p, "rb").read() for p in sys.argv[4:6]]
    c = Child(sys.argv[2], sys.argv[3], *files)
    NAMES[sys.argv[1]](c)
    time.sleep(0.3)
    c.raw(b"\0\1\0\x1e\0\0\0\1\0")
    print(json.dumps({"sent": c.sent, "cut": c.cut, "errors": c.errors}))


if __name__ == "__main__":
    main()
