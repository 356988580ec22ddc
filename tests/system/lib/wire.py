"""The wire protocol of Saqta's sockets, and a storage that only takes notes.

Written from storage/api/wire.h and messages.h; standard library only.
"""
import array
import fcntl
import mmap
import os
import socket
import struct
import threading
import time

MSG_ERROR, MSG_OK, MSG_END = 1, 3, 5
HELLO_RECORDER = 12
CAMERA_NEXT, CAMERA_IS, CAMERAS_CHANGED = 14, 15, 16
CAMERA_STATE, RECORDER_STOPPING = 18, 20
HELLO_CAMERA, HELLO_CAMERA_IS = 24, 25
SEGMENT_BEGIN, SEGMENT_BEGIN_IS = 26, 27
FRAGMENT, SEGMENT_END = 28, 30
PICTURE, PICTURE_IS = 32, 33
SCENE = 340

CAUSES = ["none", "no answer", "password", "network", "no key frame",
          "unsupported", "camera error", "disk full", "disk error",
          "storage away", "recorder stopped", "recorder failed",
          "machine off", "switched off", "not yet", "stream error",
          "connecting", "lost", "clock step", "expired", "certificate"]
STATES = ["off", "connecting", "streaming", "down"]

F_ADD_SEALS, F_GET_SEALS = 1033, 1034
SEALS = 2 | 4 | 8   # shrink, grow, write


class Message:
    """One message: fields are put and got in order."""

    def __init__(self, type_, id_=1, body=b"", fds=()):
        self.type, self.id, self.body, self.fds = type_, id_, body, list(fds)
        self.at = 0

    def put(self, fmt, *values):
        for f, v in zip(fmt, values):
            if f in "sb":
                v = v.encode() if isinstance(v, str) else v
                self.body += struct.pack(">H", len(v)) + v
            else:
                self.body += struct.pack(
                    {"1": ">B", "2": ">H", "4": ">I", "8": ">Q",
                     "i": ">q"}[f], v)
        return self

    def get(self, fmt):
        out = []
        for f in fmt:
            if f in "sb":
                n, = struct.unpack_from(">H", self.body, self.at)
                v = self.body[self.at + 2:self.at + 2 + n]
                assert len(v) == n, "a field is cut"
                self.at += 2 + n
                out.append(v.decode() if f == "s" else v)
            else:
                code = {"1": ">B", "2": ">H", "4": ">I", "8": ">Q",
                        "i": ">q"}[f]
                out.append(struct.unpack_from(code, self.body, self.at)[0])
                self.at += struct.calcsize(code)
        return out

    def end(self):
        assert self.at == len(self.body), "bytes are left over"


def send(sock, m):
    anc = []
    if m.fds:
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", m.fds))]
    sock.sendmsg([struct.pack(">HHI", 1, m.type, m.id) + m.body], anc)


def recv(sock):
    """The next message, or None at the end."""
    data, anc, flags, _ = sock.recvmsg(4096, socket.CMSG_SPACE(4 * 4))
    fds = array.array("i")
    for level, type_, d in anc:
        if level == socket.SOL_SOCKET and type_ == socket.SCM_RIGHTS:
            fds.frombytes(d[:len(d) - len(d) % 4])
    if not data:
        return None
    assert not flags & socket.MSG_TRUNC, "above 4096 bytes"
    version, type_, id_ = struct.unpack_from(">HHI", data)
    assert version == 1 and len(fds) <= 1
    return Message(type_, id_, data[8:], fds)


def bulk(data):
    """A sealed memfd."""
    fd = os.memfd_create("test", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(fd, data)
    fcntl.fcntl(fd, F_ADD_SEALS, SEALS | 1)
    return fd


def read_bulk(fd):
    assert fcntl.fcntl(fd, F_GET_SEALS) & SEALS == SEALS, "not sealed"
    n = os.fstat(fd).st_size
    with mmap.mmap(fd, n, prot=mmap.PROT_READ) as m:
        data = m[:]
    os.close(fd)
    return data


class Segment:
    def __init__(self, camera, seq, start, fields, init):
        self.camera, self.seq, self.start = camera, seq, start
        self.fields, self.init = fields, init
        self.fragments = []     # (start, duration, flags, bytes)
        self.cause = None       # None: not ended
        self.cut = None
        self.picture = None     # (decoded, width, height)
        self.scene = None       # (mean, contrast, sharpness, print, grid)
        self.ended_at = None

    @property
    def end(self):
        if not self.fragments:
            return self.start
        return self.fragments[-1][0] + self.fragments[-1][1]

    def mp4(self):
        return self.init + b"".join(f[3] for f in self.fragments)


class Storage:
    """Listens on <run>/ingest.sock and notes what the recorder says.

    cameras: id -> dict(url, transport, enabled, sealed); sealed may be a
    function of the recorder's public key. read_back: ask for a picture of
    each segment. stalled: while set, camera connections are not read.
    hello_s: so long a child's connection waits for its first answer.
    """

    def __init__(self, run, cameras, segment_ms=2000, fragment_ms=1000,
                 read_back=False):
        self.run, self.cameras = run, cameras
        self.segment_ms, self.fragment_ms = segment_ms, fragment_ms
        self.read_back = read_back
        self.segments = []
        self.states = []        # (time, id, state, cause, detail)
        self.key = None
        self.stopping = False
        self.errors = []
        self.stalled = False
        self.hello_s = 0
        self.supervisor = None
        self.seq = {}
        self.lock = threading.Lock()
        self.socks = set()
        self.path = os.path.join(run, "ingest.sock")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.closed = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for s in list(self.socks):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if os.path.exists(self.path):
            os.unlink(self.path)

    def changed(self):
        send(self.supervisor, Message(CAMERAS_CHANGED, 0))

    def _accept(self):
        while not self.closed:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.socks.add(s)
            threading.Thread(target=self._serve, args=(s,),
                             daemon=True).start()

    def _serve(self, s):
        camera = segment = None
        try:
            while True:
                while camera and self.stalled:
                    time.sleep(0.05)
                m = recv(s)
                if m is None:
                    break
                if m.type == HELLO_CAMERA:
                    camera, = m.get("s")
                    m.end()
                    time.sleep(self.hello_s)
                    send(s, Message(HELLO_CAMERA_IS, m.id).put(
                        "44", self.segment_ms, self.fragment_ms))
                elif camera:
                    segment = self._camera(s, camera, segment, m)
                else:
                    self._supervisor(s, m)
        except OSError:
            pass
        except Exception as e:  # a broken message is what tests look for
            self.errors.append(repr(e))
        finally:
            if segment is not None and segment.cause is None:
                segment.cause = "closed"
                segment.ended_at = time.time()
            self.socks.discard(s)
            s.close()

    def _supervisor(self, s, m):
        if m.type == HELLO_RECORDER:
            self.version, self.key = m.get("sb")
            m.end()
            self.supervisor = s
            send(s, Message(MSG_OK, m.id))
        elif m.type == CAMERA_NEXT:
            last, = m.get("s")
            m.end()
            ids = sorted(i for i in self.cameras if i > last)
            if not ids:
                send(s, Message(MSG_END, m.id))
                return
            c = self.cameras[ids[0]]
            sealed = c.get("sealed", b"")
            if callable(sealed):
                sealed = sealed(self.key)
            send(s, Message(CAMERA_IS, m.id).put(
                "ss11bs", ids[0], c["url"], c.get("transport", 0),
                c.get("enabled", 1), sealed,
                c.get("certificate", "")))
        elif m.type == CAMERA_STATE:
            id_, state, cause, since, detail = m.get("s11is")
            m.end()
            with self.lock:
                self.states.append((time.time(), id_, STATES[state],
                                    CAUSES[cause], detail))
        elif m.type == RECORDER_STOPPING:
            self.stopping = True
        else:
            raise ValueError("message %d" % m.type)

    def _camera(self, s, camera, segment, m):
        if m.type == SEGMENT_BEGIN:
            assert segment is None, "a segment is open"
            f = m.get("ii441i22")
            m.end()
            init = read_bulk(m.fds[0])
            with self.lock:
                seq = self.seq[camera] = self.seq.get(camera, 0) + 1
                segment = Segment(camera, seq, f[0], f, init)
                segment.cut = f[0] + self.segment_ms * 10**6
                self.segments.append(segment)
            send(s, Message(SEGMENT_BEGIN_IS, m.id).put(
                "8i", seq, segment.cut))
        elif m.type == FRAGMENT:
            assert segment is not None, "no segment is open"
            start, duration, _, flags = m.get("iii4")
            m.end()
            segment.fragments.append(
                (start, duration, flags, read_bulk(m.fds[0])))
        elif m.type == SEGMENT_END:
            cause, = m.get("1")
            m.end()
            segment.cause = CAUSES[cause]
            segment.ended_at = time.time()
            if self.read_back and segment.fragments:
                fd = bulk(segment.init + segment.fragments[0][3])
                send(s, Message(PICTURE, 1 << 20, fds=[fd]).put(
                    "8", segment.seq))
                os.close(fd)
            return None
        elif m.type == SCENE:
            seq, mean, contrast, sharp, print_, grid = m.get("81128b")
            m.end()
            assert len(grid) == 64
            for g in self.segments:
                if g.camera == camera and g.seq == seq:
                    g.scene = (mean, contrast, sharp, print_, grid)
        elif m.type == PICTURE_IS:
            seq, decoded, w, h = m.get("8122")
            m.end()
            for g in self.segments:
                if g.camera == camera and g.seq == seq:
                    g.picture = (decoded, w, h)
        else:
            raise ValueError("message %d" % m.type)
        return segment

    # --- for tests ---

    def of(self, camera):
        return [g for g in list(self.segments) if g.camera == camera]

    def state(self, camera):
        last = [x for x in list(self.states) if x[1] == camera]
        return last[-1][2:] if last else None

    def wait(self, what, seconds):
        """Until what() is true; its value, or None when time is up."""
        until = time.time() + seconds
        while time.time() < until:
            v = what()
            if v:
                return v
            time.sleep(0.05)
        return None
