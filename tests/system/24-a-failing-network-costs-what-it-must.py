#!/usr/bin/python3
"""B9, B10: loss, a broken link and a slow one between two network namespaces,
over TCP and UDP.
"""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import netns, say, wire                            # noqa: E402
from lib import recorder as R                               # noqa: E402
from lib.rtspcam import Camera, Source, make                # noqa: E402

TITLE = "B9, B10: a network that loses, breaks and slows down"
OUT_S = 5
LOGIN = dict(user="admin", password="s3cret")


class FarCamera(Camera):
    host, peer = netns.CAMERA, netns.RECORDER


def pictures_after(s, name, n, seconds=20):
    """Until so many more pictures than now have come."""
    have = len(R.pictures(s.of(name)))
    return s.wait(lambda: len(R.pictures(s.of(name))) >= have + n, seconds)


def causes(s, name):
    return [g.cause for g in s.of(name) if g.cause not in (None, "none")]


def loss(net, s, cams):
    for permille in (1, 10, 50):
        net.loss(permille)
        for name in cams:
            pictures_after(s, name, 20)
    net.loss(0)
    for name in cams:
        pictures_after(s, name, 20)
    got, sent = R.pictures(s.of("tcp")), cams["tcp"].sent
    say.test("B9: 0.1, 1 and 5 % of loss cost no picture over TCP",
             got and got == sent[:len(got)] and not causes(s, "tcp"),
             len(got), len(sent), causes(s, "tcp"))
    flagged = [f for g in s.of("udp") for f in g.fragments if f[2] & 2]
    say.test("B9: over UDP what is damaged is flagged, and nothing ends",
             flagged and not causes(s, "udp"), causes(s, "udp"))


def outage(net, s, cams):
    net.link(False)
    down_at = time.time()
    for name in cams:
        say.test("B10: a broken link is a lost network, over %s" % name,
                 s.wait(lambda n=name: causes(s, n) == ["network"], 20),
                 causes(s, name), s.state(name))
    time.sleep(max(0, down_at + OUT_S - time.time()))
    seqs = {name: s.of(name)[-1].seq for name in cams}
    net.link(True)
    up_at = time.time()
    for name in cams:
        again = s.wait(lambda n=name: [g for g in s.of(n) if
                                       g.seq > seqs[n] and g.fragments], 30)
        last = [g for g in s.of(name) if g.cause == "network"][-1]
        gap = again and (again[0].start - last.end) / 1e9
        say.test("B10: the gap is as long as the outage and the way back, "
                 "over %s" % name,
                 again and OUT_S - 1 < gap < up_at - down_at + 15 and
                 again[0].start / 1e9 - up_at < 15, gap, s.state(name))


def story():
    if os.geteuid():
        return say.skip(TITLE, "needs root")
    try:
        with netns.Network() as net, tempfile.TemporaryDirectory() as d, \
                R.Recorder(timeout_ms=3000) as r:
            source = Source(make(os.path.join(d, "a"), fps=10, gop=10,
                                 seconds=2), fps=10)
            r.before = net.at_recorder()
            net.enter()
            cams = {"tcp": FarCamera(source, **LOGIN),
                    "udp": FarCamera(source, **LOGIN)}
            r.cameras += cams.values()
            s = r.storage = wire.Storage(r.run, {
                name: {"url": c.url, "transport": int(name == "udp"),
                       "sealed": R.sealed("admin", "s3cret")}
                for name, c in cams.items()}, segment_ms=2000)
            r.start()
            say.test("both record across the link",
                     all(pictures_after(s, n, 5) for n in cams), s.states)
            loss(net, s, cams)
            outage(net, s, cams)
            say.test("storage saw no broken message", not s.errors, s.errors)
    except netns.Unavailable as why:
        say.skip(TITLE, why)
    return None


say.main(story)
