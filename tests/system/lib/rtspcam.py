"""A scripted RTSP camera: serves one elementary stream, exactly known.

It is no real camera; it is one whose every byte the test chooses, and which
can do wrong on purpose (see `fault`). Standard library only.
"""
import base64
import hashlib
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

CLOCK = 90000
LATE_S = 1


def make(path, codec="h264", seconds=4, fps=25, gop=25, bframes=0,
         size="320x240", draw="testsrc2=size=%s:rate=%d:duration=%d",
         qp=None):
    """An elementary stream (Annex B) made by ffmpeg, one slice a picture; with
    a qp the same picture is the same bytes in each key frame."""
    lib = {"h264": "libx264", "h265": "libx265"}[codec]
    params = "bframes=%d:scenecut=0:keyint=%d:min-keyint=%d" % (
        bframes, gop, gop)
    if qp:
        params += ":qp=%d" % qp
    if codec == "h265":
        params += ":open-gop=0:log-level=none:pools=1:frame-threads=1"
    else:
        params += ":sliced-threads=0:slices=1"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
         draw % (size, fps, seconds),
         "-c:v", lib, "-threads", "1", "-preset", "ultrafast", "-bf",
         str(bframes), "-" + lib[3:] + "-params", params, "-pix_fmt",
         "yuv420p", "-f", "hevc" if codec == "h265" else "h264", path],
        check=True)
    return path


def nals(data):
    """The NAL units of an Annex B stream."""
    at = [m.start() for m in re.finditer(b"\0\0\1", data)]
    out = []
    for i, a in enumerate(at):
        end = at[i + 1] if i + 1 < len(at) else len(data)
        n = data[a + 3:end]
        if i + 1 < len(at):
            n = n[:-1] if n.endswith(b"\0") else n   # 4-byte start code
        out.append(n)
    return out


def nal_type(codec, nal):
    return nal[0] >> 1 & 63 if codec == "h265" else nal[0] & 31


def is_slice(codec, t):
    return t < 32 if codec == "h265" else 1 <= t <= 5


def is_key(codec, t):
    return 16 <= t <= 21 if codec == "h265" else t == 5


class Source:
    """Pictures in decoding order: (NAL units, is key, display index)."""

    def __init__(self, path, codec="h264", fps=25):
        self.codec, self.fps = codec, fps
        self.pictures, cur = [], []
        for n in nals(open(path, "rb").read()):
            cur.append(n)
            t = nal_type(codec, n)
            if is_slice(codec, t):
                self.pictures.append((cur, is_key(codec, t)))
                cur = []
        order = self._display_order(path)
        self.pictures = [(p, k, o)
                         for (p, k), o in zip(self.pictures, order)]
        sets = {32: [], 33: [], 34: []} if codec == "h265" else {7: [], 8: []}
        for p, _, _ in self.pictures[:1]:
            for n in p:
                if nal_type(codec, n) in sets:
                    sets[nal_type(codec, n)].append(n)
        self.sets = sets

    def _display_order(self, path):
        """ffprobe knows in which order the pictures are shown."""
        out = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", "v",
             "-show_entries", "frame=coded_picture_number", "-of",
             "csv=p=0", path], check=True, capture_output=True,
            text=True).stdout
        shown = [int(x.strip(",")) for x in out.split()]
        order = [0] * len(self.pictures)
        if self.codec == "h265":      # always without B pictures here
            return list(range(len(self.pictures)))
        base, seen = 0, 0
        # coded_picture_number restarts at each IDR: go GOP by GOP
        keys = [i for i, p in enumerate(self.pictures) if p[1]]
        keys.append(len(self.pictures))
        for a, b in zip(keys, keys[1:]):
            gop = shown[a:b]
            low = min(gop)
            for i, c in enumerate(gop):
                order[a + c - low] = a + i
        del base, seen
        return order

    def fmtp(self):
        b = {t: ",".join(base64.b64encode(n).decode() for n in v)
             for t, v in self.sets.items()}
        if self.codec == "h265":
            return "sprop-vps=%s;sprop-sps=%s;sprop-pps=%s" % (
                b[32], b[33], b[34])
        return "packetization-mode=1;sprop-parameter-sets=%s,%s" % (
            b[7], b[8])


def packets(codec, nal_list, mtu=1200):
    """RTP payloads of one picture (RFC 6184, RFC 7798), small ones joined."""
    out, small = [], []

    def join():
        if len(small) == 1:
            out.append(small[0])
        elif small:
            head = b"\x60\x01" if codec == "h265" else b"\x78"
            out.append(head + b"".join(
                struct.pack(">H", len(n)) + n for n in small))
        small.clear()

    for n in nal_list:
        t = nal_type(codec, n)
        if len(n) < 200 and not is_slice(codec, t):
            small.append(n)
            continue
        join()
        if len(n) <= mtu:
            out.append(n)
            continue
        h = 2 if codec == "h265" else 1
        body = n[h:]
        for i in range(0, len(body), mtu):
            fu = (0x80 if i == 0 else 0) | (
                0x40 if i + mtu >= len(body) else 0) | t
            if codec == "h265":
                head = bytes([n[0] & 0x81 | 49 << 1, n[1], fu])
            else:
                head = bytes([n[0] & 0xe0 | 28, fu])
            out.append(head + body[i:i + mtu])
    join()
    return out


class Camera:
    """One listening port. fault: a set of names, may change at any time.
    What a fault needs more than a name for is in faultcam.py.

    "silent"     accepts and says nothing
    "garbage"    answers with bytes that are no RTSP
    "503"        refuses DESCRIBE
    "mjpeg"      offers MJPEG
    "audio"      offers audio only
    "stall"      stops sending pictures, keeps the connection
    "nosdpsets"  no parameter sets in the SDP
    "nokey"      sends no key frame
    """

    host = "127.0.0.1"      # of the camera
    peer = "127.0.0.1"      # of the recorder, for UDP

    def __init__(self, source, user=None, password=None, port=0, rate=1.0,
                 algorithm="MD5", qop=True, basic=False, session_s=60,
                 start_time=0, loss=0.0):
        self.source, self.user, self.password = source, user, password
        self.rate, self.algorithm, self.qop = rate, algorithm, qop
        self.basic, self.session_s = basic, session_s
        self.start_time, self.loss = start_time, loss
        self.fault = set()
        self.sent = []          # (key, [NAL units]) of the last session
        self.late = []          # (from, to): a busy machine kept us waiting
        self.sessions = 0
        self.requests = []
        self.nonce = os.urandom(8).hex()
        self.stale_nonce = False
        self.conns = set()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.host, port))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.url = "rtsp://%s:%d/live" % (self.host, self.port)
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.closed = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.drop()

    def drop(self):
        for c in list(self.conns):
            try:
                c.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while not self.closed:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            self.conns.add(c)
            threading.Thread(target=self._guarded, args=(c,),
                             daemon=True).start()

    def _guarded(self, c):
        try:
            self._serve(c)
        except (OSError, ValueError):
            pass
        finally:
            self.conns.discard(c)
            c.close()

    def _authorized(self, method, head):
        if self.user is None:
            return True
        m = re.search(r"^Authorization: (.*)$", head, re.M | re.I)
        if not m:
            return False
        v = m.group(1).strip()
        if v.startswith("Basic "):
            return self.basic and base64.b64decode(v[6:]).decode() == (
                self.user + ":" + self.password)
        p = dict((k, a or b) for k, a, b in re.findall(
            r'(\w+)=(?:"([^"]*)"|([^, ]+))', v))
        h = hashlib.sha256 if self.algorithm == "SHA-256" else hashlib.md5

        def H(s):
            return h(s.encode()).hexdigest()
        ha1 = H("%s:cam:%s" % (self.user, self.password))
        ha2 = H("%s:%s" % (method, p.get("uri", "")))
        if self.qop:
            want = H(":".join([ha1, self.nonce, p.get("nc", ""),
                               p.get("cnonce", ""), "auth", ha2]))
        else:
            want = H(":".join([ha1, self.nonce, ha2]))
        return p.get("nonce") == self.nonce and p.get("response") == want \
            and p.get("username") == self.user

    def _challenge(self):
        if self.basic:
            return 'WWW-Authenticate: Basic realm="cam"\r\n'
        alg = "" if self.algorithm == "" else ", algorithm=" + self.algorithm
        return 'WWW-Authenticate: Digest realm="cam", nonce="%s"%s%s%s\r\n' \
            % (self.nonce, alg, ', qop="auth"' if self.qop else "",
               ", stale=true" if self.stale_nonce else "")

    def _sdp(self):
        s = self.source
        name, pt = {"h264": "H264", "h265": "H265"}[s.codec], 96
        if "mjpeg" in self.fault:
            video = "m=video 0 RTP/AVP 26\r\na=control:track1\r\n"
        elif "audio" in self.fault:
            video = ""
        else:
            fmtp = "" if "nosdpsets" in self.fault else \
                "a=fmtp:%d %s\r\n" % (pt, s.fmtp())
            video = ("m=video 0 RTP/AVP %d\r\na=rtpmap:%d %s/90000\r\n%s"
                     "a=control:track1\r\n" % (pt, pt, name, fmtp))
        return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\n"
                "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
                "a=control:track2\r\n" + video)

    def _serve(self, c):
        buf, transport, playing = b"", None, None
        stop = threading.Event()
        lock = threading.Lock()
        try:
            while not self.closed:
                r, _, _ = select.select([c], [], [], 0.5)
                if not r:
                    continue
                d = c.recv(65536)
                if not d:
                    return
                buf += d
                while b"\r\n\r\n" in buf:
                    head, buf = buf.split(b"\r\n\r\n", 1)
                    head = head.decode("latin1")
                    method = head.split(" ", 1)[0]
                    self.requests.append(head)
                    if "silent" in self.fault:
                        continue
                    if "garbage" in self.fault:
                        c.sendall(os.urandom(4096))
                        continue
                    cseq = re.search(r"CSeq: (\d+)", head).group(1)
                    transport = self._answer(c, lock, method, head, cseq,
                                             transport)
                    if method == "PLAY" and transport and not playing \
                            and self._authorized(method, head):
                        playing = threading.Thread(
                            target=self._play,
                            args=(c, lock, transport, stop), daemon=True)
                        playing.start()
                    if method == "TEARDOWN":
                        return
        finally:
            stop.set()

    def _answer(self, c, lock, method, head, cseq, transport):
        status, extra, body = "200 OK", "", ""
        if not self._authorized(method, head):
            status, extra = "401 Unauthorized", self._challenge()
        elif method == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n"
        elif method == "DESCRIBE":
            if "503" in self.fault:
                status = "503 Service Unavailable"
            else:
                body = self._sdp()
                extra = ("Content-Base: %s/\r\nContent-Type: "
                         "application/sdp\r\n" % self.url)
        elif method == "SETUP":
            m = re.search(r"client_port=(\d+)-(\d+)", head)
            if m:
                rtp, rtcp = socket.socket(socket.AF_INET,
                                          socket.SOCK_DGRAM), \
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                rtp.bind((self.host, 0))
                rtcp.bind((self.host, 0))
                transport = ("udp", rtp, rtcp,
                             int(m.group(1)), int(m.group(2)))
                extra = ("Transport: RTP/AVP;unicast;client_port=%s-%s;"
                         "server_port=%d-%d\r\n" % (
                             m.group(1), m.group(2),
                             rtp.getsockname()[1], rtcp.getsockname()[1]))
            else:
                transport = ("tcp",)
                extra = ("Transport: RTP/AVP/TCP;unicast;"
                         "interleaved=0-1\r\n")
            extra += "Session: 12345678;timeout=%d\r\n" % self.session_s
        elif method == "PLAY":
            extra = "Session: 12345678\r\n"
        edited = self._edit(c, method, head, status, extra, body)
        if edited is None:
            return transport
        status, extra, body = edited
        data = "RTSP/1.0 %s\r\nCSeq: %s\r\n%s" % (status, cseq, extra)
        if body:
            data += "Content-Length: %d\r\n" % len(body)
        with lock:
            c.sendall((data + "\r\n" + body).encode())
        return transport

    # For faultcam.py: change an answer (None: no answer), a packet on its
    # way (several, or none), and the interleaved bytes of a picture.

    def _edit(self, c, method, head, status, extra, body):
        return status, extra, body

    def _packet(self, rtp):
        return [rtp]

    def _report(self):
        """SSRC and NTP time of a sender report, or None."""
        return 0x1234, time.time() + 2208988800

    def _mangle(self, blob):
        return blob

    def _play(self, c, lock, transport, stop):
        try:
            self._stream(c, lock, transport, stop)
        except OSError:
            pass

    def _stream(self, c, lock, transport, stop):
        s = self.source
        self.sessions += 1
        self.sent = sent = []
        seq, first = 65500, time.monotonic()
        n = len(s.pictures)
        lost = 0.0
        for i in range(10 ** 9):
            nal_list, key, shown = s.pictures[i % n]
            due = first + i / s.fps / self.rate
            while not stop.is_set() and (time.monotonic() < due or
                                         "stall" in self.fault):
                time.sleep(min(0.01, max(0, due - time.monotonic()))
                           if "stall" not in self.fault else 0.05)
            if stop.is_set() or self.closed:
                return
            if time.monotonic() - due > LATE_S:
                self.late.append((time.time() - (time.monotonic() - due),
                                  time.time()))
            if key and "nokey" in self.fault:
                continue
            ts = (self.start_time +
                  (i // n * n + shown) * CLOCK // s.fps) & 0xffffffff
            ps = packets(s.codec, nal_list)
            blob = bytearray()
            for j, p in enumerate(ps):
                rtp = struct.pack(">BBHII", 0x80,
                                  96 | (0x80 if j + 1 == len(ps) else 0),
                                  seq & 0xffff, ts, 0x1234) + p
                seq += 1
                lost += self.loss
                if lost >= 1:
                    lost -= 1
                    continue
                for q in self._packet(rtp):
                    if transport[0] == "udp":
                        transport[1].sendto(q, (self.peer, transport[3]))
                    else:
                        blob += b"$\0" + struct.pack(">H", len(q)) + q
            clock = self._report() if i % 50 == 0 else None
            if clock:
                source, ntp = clock
                sr = struct.pack(">BBHIIIIII", 0x80, 200, 6, source,
                                 int(ntp), int(ntp % 1 * 2 ** 32), ts, 0, 0)
                if transport[0] == "udp":
                    transport[2].sendto(sr, (self.peer, transport[4]))
                else:
                    blob += b"$\1" + struct.pack(">H", len(sr)) + sr
            sent.append((key, nal_list))
            if blob:
                with lock:
                    c.sendall(self._mangle(bytes(blob)))
