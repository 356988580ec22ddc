#!/usr/bin/python3
"""A camera with one fault of the field, by the fault's name.

    faultcam.py NAME [PORT]     serves it until killed; without a name: a list

Names begin with the id of the fault in recorder/DESIGN.md, "Faults".
Standard library only.
"""
import os
import re
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from lib import rtspcam                                     # noqa: E402

STALE = 0x0badcafe          # the source of a session that should be dead
YEARS_S = 20 * 365 * 86400  # how far a camera's clock is off


class Fault(rtspcam.Camera):
    """Camera(source, ...) with the fault `name`."""

    def __init__(self, name, source, **kw):
        self.name = name
        self.seen = {}              # requests by method
        self.alive_at = {}          # of a connection: its last keep-alive
        self.refuse_until = 0.0     # new sessions
        self.held = []
        self.rng = 1
        super().__init__(source, **kw)
        if name in ("A2-expires", "A2-options-only", "A2-405", "A2-454"):
            threading.Thread(target=self._expire, daemon=True).start()

    def _random(self, n):
        """Below n: the same in every run."""
        self.rng = self.rng * 1103515245 + 12345 & 0x7fffffff
        return (self.rng >> 8) % n

    def _expire(self):
        """A camera that ends a session which is not kept alive."""
        while not self.closed:
            time.sleep(0.1)
            for c, at in list(self.alive_at.items()):
                if time.monotonic() - at > self.session_s:
                    self.alive_at.pop(c, None)
                    try:
                        c.shutdown(2)
                    except OSError:
                        pass

    def _authorized(self, method, head):
        if self.name == "A1-401-keep-alive" and method == "GET_PARAMETER":
            return False
        return super()._authorized(method, head)

    def _challenge(self):
        if self.name == "A1-basic-too":
            return 'WWW-Authenticate: Basic realm="cam"\r\n' + \
                super()._challenge()
        if self.name == "A1-one-line":
            return super()._challenge().replace(
                "Digest", 'Basic realm="cam", Digest')
        return super()._challenge()

    def _edit(self, c, method, head, status, extra, body):
        n = self.seen[method] = self.seen.get(method, 0) + 1
        edit = getattr(self, "_" + self.name.replace("-", "_"), None)
        answer = (status, extra, body)
        if edit and status[:3] == "200":
            answer = edit(c, method, head, n, *answer)
        if answer and answer[0][:3] == "200" and self.name[:2] == "A2" and \
                method in ("PLAY", "OPTIONS", "GET_PARAMETER"):
            self.alive_at[c] = time.monotonic()
        # Of PLAY the base asks once more whether it was allowed.
        if self.name == "A1-nonce-each-request" and \
                status[:3] == "200" and method != "PLAY":
            self.nonce = os.urandom(8).hex()
        if self.name == "A1-nonce-mid-session" and method == "GET_PARAMETER":
            self.nonce = os.urandom(8).hex()
        return answer

    # --- A1, A2: keep-alive ---

    def _A2_options_only(self, c, method, head, n, status, extra, body):
        """Lists GET_PARAMETER and never answers it."""
        return None if method == "GET_PARAMETER" else (status, extra, body)

    def _A2_405(self, c, method, head, n, status, extra, body):
        if method == "GET_PARAMETER":
            status, extra = "405 Method Not Allowed", ""
        return status, extra, body

    def _A2_454(self, c, method, head, n, status, extra, body):
        if method == "GET_PARAMETER":
            status, extra = "454 Session Not Found", ""
        return status, extra, body

    def _keep_alive(self, method, head):
        return method == "GET_PARAMETER" or (
            method == "OPTIONS" and "Session:" in head)

    def _A2_never_answered(self, c, method, head, n, status, extra, body):
        return None if self._keep_alive(method, head) else \
            (status, extra, body)

    _A2_expires = _A2_never_answered

    def _A2_no_timeout(self, c, method, head, n, status, extra, body):
        return status, re.sub(r";timeout=\d+", "", extra), body

    # --- A3: SDP and headers ---

    def _A3_no_base(self, c, method, head, n, status, extra, body):
        extra = re.sub(r"Content-Base: .*\r\n", "", extra)
        body = re.sub(r"o=.*\r\n", "", body).replace("track1", "track1  ")
        return status, extra, body

    def _A3_schemeless_base(self, c, method, head, n, status, extra, body):
        return status, extra.replace("Content-Base: rtsp://",
                                     "Content-Base: "), body

    def _A3_odd_control(self, c, method, head, n, status, extra, body):
        return status, extra, body.replace(
            "a=control:track1", "a=control:%s?unicast=true&track=1 "
            % self.url)

    def _A3_rtp_info(self, c, method, head, n, status, extra, body):
        if method == "PLAY":
            extra += ("RTP-Info: url=rtsp://0.0.0.0/x;seq=1;"
                      "rtptime=4294967295\r\n")
        return status, extra, body

    # --- A4 ---

    def drop(self):
        if self.name == "A4-one-connection":
            self.refuse_until = time.monotonic() + 3
        super().drop()

    def _A4_one_connection(self, c, method, head, n, status, extra, body):
        if method == "SETUP" and time.monotonic() < self.refuse_until:
            status, extra = "453 Not Enough Bandwidth", ""
        return status, extra, body

    def _stale(self, n):
        """Pictures of a session that died: P slices, another source."""
        out = b""
        for i in range(n):
            rtp = struct.pack(">BBHII", 0x80, 0xe0, self._random(1 << 16),
                              self._random(1 << 30), STALE) + b"\x41\x9a\x55"
            out += b"$\0" + struct.pack(">H", len(rtp)) + rtp
        return out

    def _A4_stale_session(self, c, method, head, n, status, extra, body):
        if method in ("SETUP", "PLAY"):
            c.sendall(self._stale(20))
        return status, extra, body

    # --- A5 ---

    def _A5_early_data(self, c, method, head, n, status, extra, body):
        if method in ("DESCRIBE", "SETUP", "PLAY"):
            c.sendall(b"$\0\0\4abcd$\1\0\0$\7\0\2xx")
        return status, extra, body

    # --- A6 ---

    def _A6_many_media(self, c, method, head, n, status, extra, body):
        if method == "DESCRIBE":
            at = body.index("m=video")
            body = (body[:at] +
                    "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
                    "a=sendonly\r\na=control:back\r\n"
                    "m=application 0 RTP/AVP 107\r\n"
                    "a=rtpmap:107 vnd.onvif.metadata/90000\r\n"
                    "a=control:meta\r\n" + body[at:] +
                    "m=video 0 RTP/AVP 98\r\na=rtpmap:98 H265/90000\r\n"
                    "a=control:track9\r\n")
        return status, extra, body

    # --- A7 ---

    def _A7_describe_hangs(self, c, method, head, n, status, extra, body):
        return None if method == "DESCRIBE" else (status, extra, body)

    def _A7_tls(self, c, method, head, n, status, extra, body):
        """A port that speaks TLS: the alert that it answers plain text."""
        c.sendall(b"\x15\x03\x01\x00\x02\x02\x46")
        c.shutdown(2)
        return None

    # --- C1 ---

    def _C1_no_sets(self, c, method, head, n, status, extra, body):
        return status, extra, re.sub(r"a=fmtp:.*\r\n", "", body)

    def _C1_garbage_sets(self, c, method, head, n, status, extra, body):
        return status, extra, re.sub(
            r"sprop-parameter-sets=\S*",
            "sprop-parameter-sets=Z0IACpZTBYmI,aP////8=,!!!", body)

    # --- packets and bytes ---

    def _report(self):
        source, ntp = super()._report()
        if self.name == "B8-none":
            return None
        if self.name == "B8-years":
            ntp -= YEARS_S
        if self.name == "B8-stranger":
            source, ntp = STALE, ntp - YEARS_S
        return source, ntp

    def _packet(self, rtp):
        if self.name == "B9-udp":
            return self._udp(rtp)
        return [rtp]

    def _udp(self, rtp):
        """One in a hundred lost, one doubled, one five places late."""
        self.held = [(n - 1, q) for n, q in self.held]
        out = [q for n, q in self.held if n <= 0]
        self.held = [(n, q) for n, q in self.held if n > 0]
        r = self._random(100)
        if r == 1:
            out += [rtp, rtp]
        elif r == 2:
            self.held.append((5, rtp))
        elif r:
            out.append(rtp)
        return out

    def _mangle(self, blob):
        if self.name == "A4-stale-session":
            return self._stale(2) + blob
        if self.name == "A5-other-channels":
            return (b"$\2\0\3abc" + blob + b"$\5\0\4" + b"\x80\0\0\1" +
                    b"$\xff\0\0")
        if self.name == "A5-line-ends":
            return b"\r\n" + blob.replace(b"$\0", b"\r\n$\0", 1)
        return blob


NAMES = [
    "A1-basic-too", "A1-one-line", "A1-nonce-each-request",
    "A1-nonce-mid-session", "A1-401-keep-alive", "A2-options-only", "A2-405",
    "A2-454", "A2-never-answered", "A2-expires", "A2-no-timeout",
    "A3-no-base", "A3-schemeless-base", "A3-odd-control", "A3-rtp-info",
    "A4-one-connection", "A4-stale-session", "A5-early-data",
    "A5-other-channels", "A5-line-ends", "A6-many-media",
    "A7-describe-hangs", "A7-tls", "B8-none", "B8-years", "B8-stranger",
    "B9-udp", "C1-no-sets",
    "C1-garbage-sets"]


def main():
    import tempfile
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        sys.exit("\n".join(NAMES))
    with tempfile.TemporaryDirectory() as d:
        source = rtspcam.Source(rtspcam.make(os.path.join(d, "a")))
    cam = Fault(sys.argv[1], source, user="admin", password="admin",
                port=int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(cam.url, flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
