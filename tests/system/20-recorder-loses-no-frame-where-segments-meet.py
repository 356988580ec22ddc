#!/usr/bin/python3
"""The recorder against a scripted camera and a storage that takes notes."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import say, wire                                   # noqa: E402
from lib import recorder as R                               # noqa: E402
from lib.rtspcam import Camera, Source, make                # noqa: E402

ROLLS = 5
GOP = 25		# pictures from key frame to key frame, as made
UNDER_WAY = 12		# pictures between the camera and us when it is stopped


def framemd5(path):
    out = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-map", "0:v",
                          "-fps_mode", "passthrough", "-f", "framemd5", "-"],
                         check=True, capture_output=True, text=True).stdout
    return [line.split(",")[-1].strip() for line in out.splitlines()
            if not line.startswith("#")]


def is_user_data(nal, codec):
    """SEI, user_data_unregistered (ITU-T H.274, 8.19): x264 and x265 say who
    they are in one; cameras put what they sign there."""
    return (nal[0] >> 1 & 63 == 39 and nal[2] == 5 if codec == "h265" else
            nal[0] & 31 == 6 and nal[1] == 5)


def records(name, source, transport=0, **camera_args):
    with R.Recorder() as r:
        cam = Camera(source, user="admin", password="s3cret \"pw",
                     **camera_args)
        r.cameras.append(cam)
        r.storage = wire.Storage(r.run, {"cam-1": {
            "url": cam.url, "transport": transport,
            "sealed": R.sealed("admin", "s3cret \"pw")}}, segment_ms=1000,
            read_back=True)
        r.start()
        full = r.storage.wait(
            lambda: len([g for g in r.storage.of("cam-1")
                         if g.cause]) > ROLLS, 40)
        status = r.stop()
        # What is in its sockets is still on the way into our notes.
        r.storage.wait(lambda: all(g.cause for g in
                                   r.storage.of("cam-1")), 5)
        segments = r.storage.of("cam-1")
        sent = cam.sent
        got = R.pictures(segments)
        # What comes before the answer to PLAY is not taken; over UDP that
        # may be the first key frame, and then the next one begins it all.
        if transport and got[:1] != sent[:1]:
            sent = sent[GOP:]
        say.test("%s: over %d rolls every picture arrives, NAL unit for "
                 "NAL unit" % (name, len(segments) - 1),
                 full and got == sent[:len(got)] and
                 len(sent) - len(got) <= UNDER_WAY,
                 len(got), len(sent), r.logged())
        say.test("%s: SEI user data are among them" % name, any(
            is_user_data(n, source.codec) for _, nals in got for n in nals))
        say.test("%s: a segment begins exactly where the one before ends"
                 % name, R.contiguous(segments) is None,
                 R.contiguous(segments))
        say.test("%s: each segment begins with a key frame and ends without "
                 "a cause, the last with 'recorder stopped'" % name,
                 all(g.fragments[0][2] & 1 for g in segments) and
                 [g.cause for g in segments] == ["none"] *
                 (len(segments) - 1) + ["recorder stopped"],
                 [g.cause for g in segments])
        say.test("%s: a fragment lasts at most about a second" % name,
                 all(f[1] <= 1.05e9 for g in segments for f in g.fragments))
        say.test("P9 %s: the child decodes what storage read back" % name,
                 all(g.picture == (1, 320, 240)
                     for g in segments[:-1]),
                 [g.picture for g in segments])
        say.test("%s: SIGTERM is an orderly stop" % name,
                 status == 0 and r.storage.stopping and
                 not r.storage.errors, status, r.storage.errors)
        whole = True
        with tempfile.TemporaryDirectory() as d:
            raw = os.path.join(d, "sent")
            at = 0
            for g in segments:
                n = len(R.pictures([g]))
                with open(raw, "wb") as f:
                    for _, nal_list in sent[at:at + n]:
                        for nal in nal_list:
                            f.write(b"\0\0\0\1" + nal)
                at += n
                mp4 = os.path.join(d, "g.mp4")
                with open(mp4, "wb") as f:
                    f.write(g.mp4())
                subprocess.run(["ffmpeg", "-v", "error", "-y", "-f",
                                "hevc" if source.codec == "h265" else
                                "h264", "-i", raw, "-c", "copy", "-f",
                                "hevc" if source.codec == "h265" else
                                "h264", raw + ".es"], check=True)
                whole &= framemd5(mp4) == framemd5(raw + ".es")
        say.test("%s: each segment decodes by itself to the pictures that "
                 "were sent" % name, whole)
        say.test("%s: the password is nowhere in log or messages" % name,
                 "s3cret" not in r.logged() and
                 not any("s3cret" in str(s) for s in r.storage.states))
        return segments


def story():
    d = tempfile.mkdtemp(prefix="saqta-src-")
    h264 = Source(make(os.path.join(d, "a"), "h264", 4), "h264")
    h265 = Source(make(os.path.join(d, "b"), "h265", 4), "h265")
    b = Source(make(os.path.join(d, "c"), "h264", 4, bframes=2), "h264")
    records("H.264", h264)
    records("H.265", h265, algorithm="SHA-256")
    segments = records("H.264 with B pictures", b, start_time=2 ** 32 - 90000)
    offsets = [c for g in segments for f in g.fragments
               for _, c, _, _ in R.samples(f[3])[1]]
    say.test("B pictures carry their composition offsets",
             min(offsets) < 0 < max(offsets))
    records("H.264 over UDP", h264, transport=1)
    records("H.264 without parameter sets in the SDP", h264, qop=False,
            algorithm="")
    for f in os.listdir(d):
        os.unlink(os.path.join(d, f))
    os.rmdir(d)


say.main(story)
