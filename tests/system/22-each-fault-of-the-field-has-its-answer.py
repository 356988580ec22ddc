#!/usr/bin/python3
# timeout: 1200
"""Faults A and B of cameras and networks, all at once, one camera each; a
camera without a fault among them loses nothing. See lib/faultcam.py.
SAQTA_SOAK=1: with the time-outs of the field, ours of 10 s, theirs of 60 s.
"""
import os
import signal
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import say, wire                                   # noqa: E402
from lib import recorder as R                               # noqa: E402
from lib.faultcam import YEARS_S, Fault                     # noqa: E402
from lib.relay import Relay                                 # noqa: E402
from lib.rtspcam import Source, make                        # noqa: E402
from lib.tlscam import Certificate, Tls                      # noqa: E402

LOGIN = dict(user="admin", password="s3cret")
FPS = 10
SOAK = os.environ.get("SAQTA_SOAK") == "1"
TIMEOUT_MS, SESSION_S = (10000, 60) if SOAK else (4000, 3)
LONGER = 4 if SOAK else 1	# waits of this test
BACK_S = 20 if SOAK else 10	# from silence to the next picture

# Faults that cost nothing once the stream is there.
HARMLESS = {
    "A1-basic-too": "Digest where Basic is offered first",
    "A1-one-line": "Digest and Basic in one header line",
    "A1-nonce-each-request": "a new nonce with each answer",
    "A1-nonce-mid-session": "a new nonce in the middle of a session",
    "A1-401-keep-alive": "401 on every keep-alive",
    "A2-options-only": "GET_PARAMETER is listed and never answered",
    "A2-405": "GET_PARAMETER is not allowed",
    "A2-454": "GET_PARAMETER finds no session",
    "A2-never-answered": "no keep-alive is answered",
    "A2-no-timeout": "no time-out is named",
    "A3-no-base": "no Content-Base, no o= line, spaces behind the control",
    "A3-schemeless-base": "a Content-Base without rtsp://",
    "A3-odd-control": "a control with a query and a space behind it",
    "A3-rtp-info": "RTP-Info names another stream, seq and rtptime",
    "A5-early-data": "interleaved data before the answers",
    "A5-other-channels": "data on channels that nobody set up",
    "A5-line-ends": "line ends before interleaved data",
    "A6-many-media": "H.265, metadata and a backchannel beside H.264",
    "A4-stale-session": "a dead session's packets among the new one's",
    "C1-no-sets": "no parameter sets in the SDP",
    "C1-garbage-sets": "garbage for parameter sets in the SDP",
    "B8-none": "no sender report",
    "B8-years": "sender reports of a clock twenty years behind",
    "B8-stranger": "sender reports of another source, twenty years behind",
    "A7-self-signed": "TLS with a self-signed certificate",
    "A7-expired": "TLS with a certificate that expired years ago",
}
# The certificates of those that speak TLS.
OVER_TLS = {"A7-self-signed": "own", "A7-expired": "expired",
            "A7-stranger": "own", "A7-changed": "own", "A7-tls-hangs": "own"}


def sealed():
    return R.sealed("admin", "s3cret")


def unbroken(segments, sent):
    """None, or what is wrong: a picture missing, a gap, damage."""
    got = R.pictures(segments)
    causes = [g.cause for g in segments if g.cause not in (None, "none")]
    if causes:
        return causes
    if len(got) < FPS:
        return "only %d pictures" % len(got)
    for k in range(len(sent) - len(got), -1, -1):
        if sent[k:k + len(got)] == got:
            return R.contiguous(segments)
    return "%d pictures, not those of %d that were sent" % (
        len(got), len(sent))


def whole(segments, source):
    """Pictures of fragments that are not flagged are those of the source."""
    known = {tuple(p) for p, _, _ in source.pictures}
    good = [tuple(R.sample_nals(d)) for g in segments for f in g.fragments
            if not f[2] & 2 for _, _, _, d in R.samples(f[3])[1]]
    return good and all(p in known for p in good)


class Field:
    """A recorder and its cameras, by name."""

    def __init__(self, r, source, certificates):
        self.r, self.source = r, source
        self.certificates, self.tls = certificates, {}
        self.cams = {}
        self.s = r.storage = wire.Storage(r.run, {}, segment_ms=2000)

    def add(self, name, url=None, transport=0, **kw):
        cam = self.cams[name] = Fault(name, self.source, **LOGIN, **kw)
        self.r.cameras.append(cam)
        if name in OVER_TLS:
            known = self.certificates[OVER_TLS[name]]
            tls = self.tls[name] = Tls(cam, known)
            self.r.cameras.append(tls)
            self.list(name, tls.url, certificate=known.fingerprint)
        else:
            self.list(name, url or cam.url, transport)
        return cam

    def list(self, name, url, transport=0, certificate=""):
        self.s.cameras[name.lower()] = {
            "url": url, "sealed": sealed(), "transport": transport,
            "certificate": certificate}

    def of(self, name):
        return self.s.of(name.lower())

    def media(self, name, after=0):
        return [g for g in self.of(name) if g.seq > after and g.fragments]

    def begun(self, name, seconds=30, after=0):
        return self.s.wait(lambda: self.media(name, after),
                           seconds * LONGER)

    def ended(self, name, cause, seconds):
        """The segment that ended with this cause."""
        return self.s.wait(lambda: [g for g in self.of(name)
                                    if g.cause == cause], seconds * LONGER)

    def state(self, name):
        return self.s.state(name.lower())


def back(f, name, cause, title, seconds=40):
    """It ended with this cause, and records again."""
    hit = f.ended(name, cause, seconds)
    again = hit and f.begun(name, 30, hit[0].seq)
    say.test("%s: %s; the gap says '%s', then it records again"
             % (name.split("-")[0], title, cause), again,
             [g.cause for g in f.of(name)], f.state(name))
    return again and (again[0].start - hit[0].end) / 1e9


def refused(f, name, cause, detail):
    got = f.s.wait(lambda: f.state(name) and f.state(name)[1] == cause and
                   detail in f.state(name)[2], 20 * LONGER)
    say.test("A7: %s is said: '%s %s'" % (name[3:], cause, detail), got,
             f.state(name))


def certificates(f):
    """A7: what is not the pinned certificate is named, and told nothing."""
    shown = "another certificate than the one it was added with: SHA-256 " + \
        f.certificates["other"].fingerprint
    refused(f, "A7-stranger", "certificate", shown)
    refused(f, "A7-changed", "certificate", shown)
    stranger = f.tls["A7-stranger"]
    say.test("A7: a stranger with a certificate of its own was told nothing",
             stranger.versions and not stranger.heard, stranger.heard)
    f.tls["A7-changed"].certificate = f.certificates["own"]
    say.test("A7: it records again when the known certificate is shown",
             f.begun("A7-changed", 30, len(f.of("A7-changed"))),
             f.state("A7-changed"))
    for name in ("A7-self-signed", "A7-expired"):
        tls = f.tls[name]
        say.test("%s: TLS 1.3, and on the wire no word of it in clear"
                 % name[:2], set(tls.versions) == {"TLSv1.3"} and
                 b"DESCRIBE rtsps://" in tls.heard and
                 len(tls.wire) > 1000 and not any(
                     w in tls.wire for w in (b"RTSP/1.0", b"rtsp://")),
                 tls.versions)


def clocks(f):
    """B8: the host's time governs; the camera's is told where it is known."""
    for name, off_s in (("B8-none", None), ("B8-years", -YEARS_S),
                        ("B8-stranger", None)):
        late = f.media(name)[1:]
        ours = [abs(g.start / 1e9 - f.media("good")[0].start / 1e9) < 300
                for g in late]
        told = [g.fields[5] and (g.fields[5] - g.start) / 1e9 for g in late]
        say.test("B8: %s: segments stand at the host's time" % name[3:],
                 late and all(ours), ours)
        say.test("B8: %s: the camera's clock is %s" % (
            name[3:], "noted" if off_s else "not known"),
            late and all(abs(t - off_s) < 5 if off_s else t == 0
                         for t in told), told)


def story():
    with tempfile.TemporaryDirectory() as d, R.Recorder(
            timeout_ms=TIMEOUT_MS) as r:
        source = Source(make(os.path.join(d, "a"), fps=FPS, gop=FPS,
                             seconds=2), fps=FPS)
        other = Source(make(os.path.join(d, "b"), "h265", fps=FPS, gop=FPS,
                            seconds=2), "h265", fps=FPS)
        f = Field(r, source, {
            "own": Certificate(d, "own"), "other": Certificate(d, "other"),
            "expired": Certificate(d, "expired", expired=True)})
        f.add("hangs")
        r.start()
        say.test("the first camera records", f.begun("hangs"),
                 f.state("hangs"))
        child = r.children()[0]
        for name in HARMLESS:
            f.add(name, session_s=SESSION_S)
        for name in ("good", "A2-expires", "A4-one-connection",
                     "A7-describe-hangs", "A7-tls", "A7-stranger",
                     "A7-tls-hangs", "A7-changed", "C2-codec", "B10-stall"):
            f.add(name, session_s=SESSION_S)
        f.tls["A7-stranger"].certificate = f.certificates["other"]
        f.tls["A7-tls-hangs"].silent = True
        f.add("B9-udp", transport=1)
        relays = {}
        for name in ("B10-half-open", "B10-throttle"):
            cam = f.add(name)
            relays[name] = Relay("127.0.0.1", cam.port)
            f.list(name, "rtsp://127.0.0.1:%d/live" % relays[name].port)
        f.s.changed()
        waits = [n for n in f.cams if n[:2] != "A7"] + ["A7-changed"]
        missing = [n for n in waits if not f.begun(n, 30)]
        say.test("every camera that answers at all records", not missing,
                 missing, [f.state(n) for n in missing])

        # Now it goes wrong, everywhere at once.
        os.kill(child, signal.SIGSTOP)
        f.cams["A4-one-connection"].drop()
        f.cams["C2-codec"].source = other
        f.cams["C2-codec"].drop()
        f.cams["B10-stall"].fault = {"stall"}
        f.tls["A7-changed"].certificate = f.certificates["other"]
        f.tls["A7-changed"].drop()
        relays["B10-half-open"].half_open()
        bits = sum(len(n) for p in source.pictures[:FPS] for n in p[0])
        relays["B10-throttle"].rate = bits / 2
        relays["B10-throttle"].name = "throttle"

        refused(f, "A7-describe-hangs", "no answer",
                "does not answer DESCRIBE")
        refused(f, "A7-tls", "no answer", "closed the connection")
        refused(f, "A7-tls-hangs", "no answer", "does not answer in TLS")
        certificates(f)
        back(f, "A2-expires", "network", "a session that no keep-alive keeps")
        back(f, "A4-one-connection", "network",
             "a camera that refuses the next connection for 3 s")
        gap = back(f, "C2-codec", "network", "H.265 after the reconnect")
        say.test("C2: the new codec stands in a segment of its own",
                 gap and b"avc1" in f.of("C2-codec")[0].init and
                 b"hvc1" in f.of("C2-codec")[-1].init)
        gap = back(f, "B10-half-open", "network", "a half-open connection")
        say.test("B10: it records again within %d s of the last picture"
                 % BACK_S, gap and gap < BACK_S, gap)
        f.s.wait(lambda: f.ended("B10-stall", "network", 0), 20 * LONGER)
        f.cams["B10-stall"].fault = set()
        back(f, "B10-stall", "network", "a stall beyond the time-out")
        back(f, "hangs", "closed", "a child that hangs is ended")
        say.test("and storage is told that the recorder failed",
                 [x for x in f.s.states if x[1] == "hangs" and
                  x[3] == "recorder failed"], f.state("hangs"))
        back(f, "B10-throttle", "network", "a network at half the bitrate")

        udp = f.of("B9-udp")
        say.test("B9: loss, doubles and reordering over UDP flag damage, end "
                 "nothing, and pictures that come are those that were sent",
                 any(x[2] & 2 for g in udp for x in g.fragments) and
                 not [g.cause for g in udp if g.cause not in (None, "none")]
                 and whole(udp, source), [g.cause for g in udp])
        for name, what in HARMLESS.items():
            why = unbroken(f.of(name), f.cams[name].sent)
            say.test("%s: %s: no picture is lost" % (name[:2], what),
                     why is None, why, f.state(name))
        clocks(f)
        why = unbroken(f.of("good"), f.cams["good"].sent)
        say.test("no fault of the %d other cameras cost this one a picture"
                 % (len(f.cams) - 1), why is None, why)
        say.test("storage saw no broken message, and no process of the "
                 "recorder crashed", not f.s.errors and
                 r.process.poll() is None and "Sanitizer" not in r.logged(),
                 f.s.errors, r.logged()[-2000:])
        nonce = f.cams["A1-nonce-mid-session"]
        say.test("A1: the new nonce was answered",
                 nonce.seen.get("GET_PARAMETER", 0) > 3, nonce.seen)
        for x in relays.values():
            x.close()


say.main(story)
