#!/usr/bin/python3
# timeout: 120
"""P9: packets are no footage. A stream that the recorder calls live, and of
which nothing is sealed for two segment lengths, raises an alarm; where the
camera's key frames are further apart than a segment is long, for two of those.

The recorder is the test's: it says what a recorder would of four cameras, whose
init part and fragments ffmpeg makes.
"""
import os
import select
import socket
import subprocess
import time

from lib import say, wire
from lib.appliance import Appliance, wait_for
from lib.wire import Message

SECOND = 10 ** 9
LENGTH = 5		# of a segment, seconds: the least there is
GOP = 8			# of the slow camera
KIND = "no-segment"
STREAMING = 2
SLACK = 5		# a tick of storage, and a busy machine
# camera: seconds between key frames, fragments after which a segment ends
CAMERAS = {"silent": (0, 0), "endless": (1, 0), "slow": (GOP, 0),
           "well": (1, LENGTH)}


def clip():
    """An init part and a fragment of one second that begins with a key
    frame, as the recorder writes them."""
    data = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
         "testsrc2=s=192x144:r=5:d=1", "-c:v", "libx264", "-pix_fmt",
         "yuv420p", "-bf", "0", "-g", "5", "-video_track_timescale", "90000",
         "-movflags", "frag_keyframe+empty_moov+default_base_moof+"
         "skip_trailer", "-f", "mp4", "-"], check=True,
        stdout=subprocess.PIPE).stdout
    at = data.index(b"moof") - 4
    return data[:at], data[at:]


class Recorder:
    """The supervisor and a child per camera, at storage's ingest socket."""

    def __init__(self, box):
        self.box = box
        self.uid = box.users["recorder"].pw_uid if box.users["recorder"] \
            else None
        self.supervisor = self.connect()
        self.ask(self.supervisor, Message(wire.HELLO_RECORDER).put(
            "sb", "test", bytes(range(32))))

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(20)
        if self.uid is not None:
            os.seteuid(self.uid)
        try:
            s.connect(str(self.box.run / "ingest.sock"))
        finally:
            if self.uid is not None:
                os.seteuid(0)
        return s

    @staticmethod
    def ask(s, m):
        wire.send(s, m)
        return wire.recv(s)

    def live(self, camera):
        wire.send(self.supervisor, Message(wire.CAMERA_STATE).put(
            "s11is", camera, STREAMING, 0, time.time_ns(), ""))


class Child:
    def __init__(self, recorder, camera, init, fragment):
        self.gop, self.length = CAMERAS[camera]
        self.init, self.fragment = init, fragment
        self.s = recorder.connect()
        recorder.ask(self.s, Message(wire.HELLO_CAMERA).put("s", camera))
        self.start, self.n, self.ended = time.time_ns(), 0, False

    def bulk(self, type_, fmt, *fields, data):
        fd = wire.bulk(data)
        wire.send(self.s, Message(type_, fds=[fd]).put(fmt, *fields))
        os.close(fd)

    def end(self):
        wire.send(self.s, Message(wire.SEGMENT_END).put("1", 0))

    def second(self):
        """Send the second that has passed."""
        if not self.gop or self.ended:
            return
        at = self.start + self.n * SECOND
        if not self.n or (self.length and self.n % self.length == 0):
            if self.n:
                self.end()
            self.bulk(wire.SEGMENT_BEGIN, "ii441i22", at, time.clock_gettime_ns(
                time.CLOCK_BOOTTIME), 90000, 1, 1, 0, 192, 144, data=self.init)
        self.bulk(wire.FRAGMENT, "iii4", at, SECOND, time.clock_gettime_ns(
            time.CLOCK_BOOTTIME), int(self.n % self.gop == 0),
            data=self.fragment)
        self.n += 1

    def answer(self):
        """What storage asks for: a picture is decoded (P9)."""
        while select.select([self.s], [], [], 0)[0]:
            m = wire.recv(self.s)
            if m is None:
                raise ConnectionError("storage cut a camera off")
            for fd in m.fds:
                os.close(fd)
            if m.type == wire.MSG_ERROR:
                raise ValueError("storage refuses: %s" % m.get("2s"))
            if m.type == wire.PICTURE:
                wire.send(self.s, Message(wire.PICTURE_IS, m.id).put(
                    "8122", m.get("8")[0], 1, 192, 144))


def entries(box, kind):
    """Of the ledger: camera and kind of alarm."""
    client = box.client("marat")
    told = client.get("/api/v1/ledger?first=0&count=200").json()["entries"]
    return [(e["fields"]["camera"], e["fields"]["alarm"]) for e in told
            if e["type"] == kind]


def standing(box):
    return {c["id"] for c in box.tool_json("camera", "list")["cameras"]
            if "no-segment" in [a["kind"] for a in c["alarms"]]}


def watch(box, children, seconds):
    """Play so long; when each camera's alarm was first seen."""
    begun, seen, second = time.monotonic(), {}, 0
    while time.monotonic() < begun + seconds:
        while time.monotonic() >= begun + second:
            for c in children.values():
                c.second()
            second += 1
        for c in children.values():
            c.answer()
        for camera in standing(box):
            seen.setdefault(camera, time.monotonic() - begun)
        time.sleep(0.2)
    return seen


def story():
    init, fragment = clip()
    with Appliance(segment_s=LENGTH) as box:
        box.stop("recorder")
        recorder = Recorder(box)
        for camera in CAMERAS:
            box.add_camera(camera, "rtsp://127.0.0.1:1/" + camera)
        children = {c: Child(recorder, c, init, fragment) for c in CAMERAS}
        for camera in CAMERAS:
            recorder.live(camera)
        seen = watch(box, children, 2 * GOP + SLACK)
        for camera, what, at in (
                ("silent", "of which nothing comes", 2 * LENGTH),
                ("endless", "whose segment does not end", 2 * LENGTH),
                ("slow", "whose key frames are far apart", 2 * GOP)):
            say.test("P9 a live stream %s raises an alarm after %d s"
                     % (what, at), at - 1 <= seen.get(camera, 0) <= at + SLACK,
                     seen)
        say.test("P9 one that is sealed in time raises none",
                 "well" not in seen, seen)
        say.test("each alarm is entered once",
                 sorted(entries(box, "alarm-raised")) ==
                 [("endless", KIND), ("silent", KIND), ("slow", KIND)],
                 entries(box, "alarm-raised"))
        children["endless"].end()
        children["endless"].ended = True
        wait_for("the alarm ends", 20, lambda: [c.answer() for c in (
            children.values())] and "endless" not in standing(box))
        say.test("it ends when a segment is sealed, and that is entered",
                 entries(box, "alarm-ended") == [("endless", KIND)],
                 entries(box, "alarm-ended"))


say.main(story)
