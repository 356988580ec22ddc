"""An appliance whose months pass in seconds: real programs, tiny streams.

Both clocks of storage are moved through SAQTA_CLOCK_FILE (storage/api/utc.h);
footage comes through the real ingest socket. Storage looks at its clocks in
each turn of its loop, so a question to it is enough to let it see them.
"""
import calendar
import contextlib
import datetime
import json
import mmap
import os
import socket
import sqlite3
import struct
import subprocess
import time
from zoneinfo import ZoneInfo

from lib import wire
from lib.appliance import FIRST, PEOPLE, Appliance, wait_for

S = 10**9
DAY = 86400 * S
SITE, RETENTION_DUE, CLOCK = 10, 140, 148


def tiny_clip(source="testsrc2=s=64x64:r=5:d=1", gop=5):
    """(init, fragment): a GOP of H.264 (a second), a key frame first."""
    data = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i",
         source, "-pix_fmt", "yuv420p", "-c:v", "libx264",
         "-preset", "ultrafast", "-bf", "0", "-g", str(gop),
         "-video_track_timescale", "90000", "-movflags",
         "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
         "-f", "mp4", "pipe:1"], check=True, capture_output=True).stdout
    at = 0
    while data[at + 4:at + 8] != b"moof":
        at += struct.unpack_from(">I", data, at)[0]
    return data[:at], data[at:]


def at_second(fragment, second):
    """The same pictures, that many seconds into a segment."""
    at = fragment.index(b"tfdt")
    wide = fragment[at + 4] == 1
    when = struct.pack(">Q" if wide else ">I", second * 90000)
    return fragment[:at + 8] + when + fragment[at + 8 + len(when):]


def due(zone, end_ns):
    """When a segment that ends then is due: Python's calendar says it."""
    end = datetime.datetime.fromtimestamp(end_ns // S, zone)
    year, month = end.year, end.month + 6
    if month > 12:
        year, month = year + 1, month - 12
    day = datetime.date(year, month, min(
        end.day, calendar.monthrange(year, month)[1]))
    return midnight(zone, day + datetime.timedelta(days=1))


def midnight(zone, day):
    """Nanoseconds of the (later) midnight at which a date begins."""
    t = datetime.datetime(day.year, day.month, day.day, tzinfo=zone, fold=1)
    return int(t.timestamp()) * S


class Months(Appliance):
    """Storage alone runs. `start`: local time at which it begins."""

    def __init__(self, start, **more):
        super().__init__(**more)
        self.tz = ZoneInfo(self.zone)
        begin = datetime.datetime.fromisoformat(start).replace(tzinfo=self.tz)
        self.clock_path = self.tmp / "clock"
        self.clock_path.write_bytes(bytes(16))
        self.clock_path.chmod(0o644)
        with open(self.clock_path, "r+b") as f:
            self.clock = mmap.mmap(f.fileno(), 16)
        self.env["SAQTA_CLOCK_FILE"] = str(self.clock_path)
        self.wall = self.mono = 0
        self.step(int(begin.timestamp()) * S - time.time_ns())
        self.sockets = {}
        self.sent = {}      # camera: [(seq, start, end)]
        self.question = None
        self.init, self.fragment = tiny_clip()

    def __enter__(self):
        try:
            self.set_up()
            self.start("storage")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def start(self, *names):
        self.sockets, self.question = {}, None
        super().start(*names)

    # --- time ---

    def now(self):
        return time.time_ns() + self.wall

    def _put(self):
        self.clock[:] = struct.pack("=qq", self.wall, self.mono)
        self.clock_ahead = self.wall / S

    def step(self, ns):
        """Somebody sets the wall clock."""
        self.wall += ns
        self._put()

    def wait_until(self, ns):
        """Time passes, on all clocks."""
        more = ns - self.now()
        assert more > 0, "time goes forward"
        self.wall += more
        self.mono += more
        self._put()
        self.ask(SITE)

    def off(self, ns):
        """The box is off so long: the wall clock alone knows it."""
        self.stop("storage")
        self.step(ns)
        self.start("storage")

    def code(self, user):
        """A code that was not used yet; time passes, nobody waits."""
        if user in self.steps:
            self.wait_until(self.now() + 31 * S)
        return super().code(user)

    # --- asking ---

    def ask(self, type_, fmt=None):
        """A question to the control socket, over one connection."""
        if not self.question:
            self.question = socket.socket(socket.AF_UNIX,
                                          socket.SOCK_SEQPACKET)
            self.question.settimeout(30)
            self.question.connect(str(self.run / "control.sock"))
        wire.send(self.question, wire.Message(type_))
        answer = wire.recv(self.question)
        if not answer:
            raise ConnectionError("storage closed the connection")
        for fd in answer.fds:
            os.close(fd)
        return answer

    def due(self):
        return self.tool_json("retention", "due")

    def sweep(self):
        """Let the hour pass in which a sweep begins, and wait for its end."""
        self.wait_until(self.now() + 3601 * S)
        self.ask(SITE)
        self.settle()

    def settle(self):
        def idle():
            self.ask(SITE)
            wire.send(self.question, wire.Message(RETENTION_DUE))
            answer = wire.recv(self.question)
            if not answer:
                raise ConnectionError("storage closed the connection")
            return not json.loads(wire.read_bulk(answer.fds[0]))["sweeping"]
        wait_for("the sweep ends", 60, idle, 0.002)

    # --- footage ---

    def index(self, sql, *values):
        """Rows of the index, read beside the running storage."""
        with contextlib.closing(sqlite3.connect(
                "file:%s/index.db?mode=ro" % self.data, uri=True)) as db:
            return db.execute(sql, values).fetchall()

    def camera_socket(self, camera):
        if camera not in self.sockets:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.settimeout(30)
            user = self.users["recorder"]
            if user:
                os.seteuid(user.pw_uid)
            try:
                s.connect(str(self.run / "ingest.sock"))
            finally:
                if user:
                    os.seteuid(0)
            wire.send(s, wire.Message(wire.HELLO_CAMERA).put("s", camera))
            assert wire.recv(s).type == wire.HELLO_CAMERA_IS
            self.sockets[camera] = s
        return self.sockets[camera]

    def answer_of(self, s):
        """The next answer; pictures to look at are looked at."""
        while True:
            m = wire.recv(s)
            assert m, "storage closed the connection"
            if m.type != wire.PICTURE:
                return m
            os.close(m.fds[0])
            seq, = m.get("8")
            wire.send(s, wire.Message(wire.PICTURE_IS).put(
                "8122", seq, 1, 64, 64))

    def begin_segment(self, camera, start):
        """Its number."""
        fd = wire.bulk(self.init)
        s = self.camera_socket(camera)
        wire.send(s, wire.Message(wire.SEGMENT_BEGIN, 7, fds=[fd]).put(
            "ii441i22", start, time.monotonic_ns(), 90000, 1, 1, 0, 64, 64))
        os.close(fd)
        m = self.answer_of(s)
        assert m.type == wire.SEGMENT_BEGIN_IS, m.body
        return m.get("8i")[0]

    def put_fragment(self, camera, start):
        """A second of footage."""
        fd = wire.bulk(self.fragment)
        wire.send(self.camera_socket(camera), wire.Message(
            wire.FRAGMENT, 8, fds=[fd]).put("iii4", start, S,
                                            time.monotonic_ns(), 1))
        os.close(fd)

    def end_segment(self, camera):
        wire.send(self.camera_socket(camera),
                  wire.Message(wire.SEGMENT_END, 9).put("1", 0))

    def record(self, camera, seconds=1, end=None):
        """One segment that ends now; its number."""
        end = end or self.now()
        start = end - seconds * S
        seq = self.begin_segment(camera, start)
        for i in range(seconds):
            self.put_fragment(camera, start + i * S)
        self.end_segment(camera)
        self.sent.setdefault(camera, []).append((seq, start, end))
        # an answer to a later question: all this was handled before it
        self.ask(SITE)
        return seq

    def sealed(self):
        """Wait until every segment is entered."""
        def entered():
            self.mono += S
            self.wall += S
            self._put()
            self.ask(SITE)
            n, = self.index("SELECT count(*) FROM segment WHERE state = 1")[0]
            return n == 0
        wait_for("every segment is sealed", 60, entered, 0.005)

    def present(self):
        """{(camera, seq)} of the files, and of the rows of the index."""
        files = {(p.parts[-5], int(p.name.split("-")[1].split(".")[0]))
                 for p in (self.data / "footage").rglob("*.mp4.age")}
        rows = set(self.index("SELECT camera, seq FROM segment"))
        return files, rows

    def expected(self, at=None):
        """{(camera, seq)} that must still be there, by Python's calendar."""
        at = at or self.now()
        return {(camera, seq) for camera, all_ in self.sent.items()
                for seq, _, end in all_ if due(self.tz, end) > at}

    def act(self, *args, user=FIRST, check=True):
        """The tool, with the credential of a person."""
        lines = "%s\n%s\n" % (PEOPLE[user][2], self.code(user) or "")
        return self.tool(*args, "-", stdin=lines, check=check)
