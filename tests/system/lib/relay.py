#!/usr/bin/python3
"""A relay between recorder and camera that does one fault of the network.

    relay.py NAME HOST:PORT     forwards to HOST:PORT until killed

Names: "pass", "stall" (nothing moves, connections stay), "half-open" (the
camera has gone and nobody says so; new connections work), "throttle" (towards
the recorder at `rate` bytes a second, from a small buffer). The name may change
at any time. Standard library only.
"""
import socket
import sys
import threading
import time


class Relay:
    """Listens on a port of its own; forwards to (host, port)."""

    def __init__(self, host, port, name="pass", rate=10000):
        self.to, self.name, self.rate = (host, port), name, rate
        self.dead = set()
        self.conns = set()
        self.closed = False
        self.wire = None        # bytearray(): all that moves, either way
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.closed = True
        for s in [self.listener] + list(self.conns):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def half_open(self):
        """What is connected now stays so for the recorder, and is dead."""
        self.dead |= self.conns

    def _accept(self):
        while not self.closed:
            try:
                a, _ = self.listener.accept()
                b = socket.socket()
                # A camera's small buffer, not a computer's.
                b.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
                b.connect(self.to)
            except OSError:
                continue
            self.conns |= {a, b}
            for x, y, down in ((a, b, False), (b, a, True)):
                threading.Thread(target=self._pump, args=(x, y, down),
                                 daemon=True).start()

    def _pump(self, a, b, down):
        try:
            while not self.closed:
                throttled = down and self.name == "throttle"
                d = a.recv(1024 if throttled else 65536)
                if self.wire is not None:
                    self.wire += d
                while not self.closed and (self.name == "stall" or
                                           a in self.dead):
                    time.sleep(0.05)
                if not d:
                    break
                b.sendall(d)
                if throttled:
                    time.sleep(len(d) / self.rate)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.conns.discard(s)


def main():
    if len(sys.argv) != 3 or ":" not in sys.argv[2]:
        sys.exit(__doc__)
    host, port = sys.argv[2].rsplit(":", 1)
    r = Relay(host, int(port), sys.argv[1])
    print(r.port, flush=True)
    if sys.argv[1] == "half-open":
        time.sleep(10)
        r.half_open()
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
