"""A stand-in for saqta-storage on the people socket, for tests of saqta-web.

It speaks the messages of storage/api/messages.h, hands out session sockets,
and answers from tables; a test may replace any answer by a function.
"""
import fcntl
import os
import socket
import struct
import threading

ERROR, OK = 1, 3
SITE, SIGN_IN = 10, 40
CAMERAS, COVERAGE, REQUEST_NEW, REQUESTS, DECIDE = 60, 62, 64, 66, 68
PLAY, INIT, FRAGMENT, MOVIE, MOVIE_READ = 70, 72, 74, 76, 78
LEDGER, STATUS, SIGN_OUT, STOP, REVOKE = 80, 82, 84, 86, 88
ERR = {"invalid": 8, "not-found": 9, "denied": 15, "password": 16,
       "self": 18, "not-approved": 19, "busy": 27}
SEALS = fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Get:
    """The fields of one message, and what came beside it."""

    def __init__(self, data, fd=None):
        self.fd = fd
        self.version, self.type, self.id = struct.unpack(">HHI", data[:8])
        self.data, self.pos = data, 8

    def _take(self, fmt):
        n = struct.calcsize(fmt)
        v = struct.unpack(fmt, self.data[self.pos:self.pos + n])[0]
        self.pos += n
        return v

    def u8(self):
        return self._take(">B")

    def u16(self):
        return self._take(">H")

    def u32(self):
        return self._take(">I")

    def u64(self):
        return self._take(">Q")

    def i64(self):
        return self._take(">q")

    def str(self):
        n = self._take(">H")
        s = self.data[self.pos:self.pos + n]
        self.pos += n
        return s.decode()

    def end(self):
        assert self.pos == len(self.data), "bytes left over"


def u8(v):
    return struct.pack(">B", v)


def u64(v):
    return struct.pack(">Q", v)


def text(s):
    b = s.encode()
    return struct.pack(">H", len(b)) + b


def error(name, sentence=""):
    return ERROR, struct.pack(">H", ERR[name]) + text(sentence), None


def bulk(data):
    """A sealed memfd."""
    fd = os.memfd_create("fake", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(fd, data)
    fcntl.fcntl(fd, *SEALS)
    return fd


def send(sock, kind, ident, body=b"", fd=None):
    extra = []
    if fd is not None:
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd))]
    sock.sendmsg([struct.pack(">HHI", 1, kind, ident) + body], extra)
    if fd is not None:
        os.close(fd)


class Storage:
    """answers[type](get, session) -> (type, body, fd) or None: no answer."""

    def __init__(self, run):
        self.path = os.path.join(run, "people.sock")
        self.users = {}       # name: (password, person, role)
        self.answers = {}
        self.log = []         # (type, get) of what sessions asked
        self.sessions = []    # their sockets
        self.sign_ins = []    # (user, address)
        self.hang_sign_in = False
        self.listener = None
        self.conns = []

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(4)
        threading.Thread(target=self._accept, args=(self.listener,),
                         daemon=True).start()

    def stop(self):
        """Away, as after kill -9: all sockets end."""
        for s in [self.listener] + self.conns + self.sessions:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        self.conns, self.sessions = [], []
        os.unlink(self.path)

    def _accept(self, listener):
        while True:
            try:
                s, _ = listener.accept()
            except OSError:
                return
            self.conns.append(s)
            self._serve(s, self._people)

    def _serve(self, sock, handler):
        def loop():
            while True:
                try:
                    data, fds, _, _ = socket.recv_fds(sock, 4096, 1)
                except OSError:
                    return
                if not data:
                    return
                try:
                    handler(sock, Get(data, *fds))
                except OSError:
                    return
                finally:
                    for fd in fds:
                        os.close(fd)
        threading.Thread(target=loop, daemon=True).start()

    def _people(self, sock, g):
        if g.type == SITE:
            send(sock, SITE + 1, g.id, text("Branch \u0410\u0431\u0430\u0439")
                 + text("Asia/Almaty") + u8(1) + text("0.0.9") + u8(0))
        elif g.type == SIGN_IN:
            user, password, address = g.str(), g.str(), g.str()
            g.end()
            self.sign_ins.append((user, address))
            if self.hang_sign_in:
                return
            known = self.users.get(user)
            if not known or known[0] != password:
                kind, body, _ = error("password")
                send(sock, kind, g.id, body)
                return
            ours, theirs = socket.socketpair(socket.AF_UNIX,
                                             socket.SOCK_SEQPACKET)
            self.sessions.append(ours)
            self._serve(ours, self._session)
            send(sock, SIGN_IN + 1, g.id, u64(known[1]) + text(user)
                 + u8(known[2]) + u8(0), os.dup(theirs.fileno()))
            theirs.close()

    def _session(self, sock, g):
        self.log.append((g.type, g))
        answer = self.answers.get(g.type, lambda get: (OK, b"", None))(g)
        if answer:
            kind, body, fd = answer
            send(sock, kind, g.id, body, fd)
        if g.type == SIGN_OUT:
            sock.shutdown(socket.SHUT_RDWR)
