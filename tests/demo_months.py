"""The demo's months: what its cameras recorded before somebody looked at it.

The real storage takes them at its real ingest socket, a day at a time: the
file of the clock hook moves its clocks, and lets footage come a day late and
last an hour a picture (storage/api/utc.h). Nobody waits for the disk meanwhile
(tests/nosync.c); all of it is synced at the end. What has had its term is
erased on the way, as anywhere.
"""
import datetime
import os
import shutil
import struct
import subprocess
import time

from lib import wire
from lib.appliance import FIRST, Appliance
from lib.months import DAY, S, Months, at_second, midnight, tiny_clip

SITE, SYNCED = 10, 1		# MSG_SITE, enum clock_state
HOUR, MINUTE, SIZE = 3600 * S, 60 * S, (128, 72)
DAYS = 202			# six months, and some days whose term is over
ONE = datetime.timedelta(days=1)
NETWORK, NO_ANSWER, PASSWORD = 3, 1, 2
SINCE = {"0417": 0, "0533": 45, "0712": 110}	# days until an ATM's cameras
UPGRADED = 150
SWITCHED_OFF = (125, 171)
HELD = {6: (FIRST, "K-031"), 61: ("marat", "K-052")}	# days: who, case


def gap_of(n, i, atm):
    """(cause, first minute, minutes) of the camera's gap on that day, if any."""
    if n == 90 and i == 1:
        return PASSWORD, 600, 700
    if atm == "0712" and n in SWITCHED_OFF:
        return None, 540, 95
    if (n * 7 + i * 13) % 23 == 5:
        return NETWORK, (n * 53 + i * 97) % 1200 + 60, 4 + (n * 11 + i) % 50
    if (n * 5 + i * 17) % 61 == 7:
        return NO_ANSWER, (n * 31 + i * 7) % 900 + 60, 120 + n % 200
    return None


class Past(Months):
    """An Appliance whose storage lives through months before all else."""

    def __init__(self, build, **more):
        first = datetime.date.today() - DAYS * ONE
        super().__init__("%s 00:00:20" % first, build=build, **more)
        self.first = first
        self.init, picture = tiny_clip("testsrc2=s=%dx%d:r=1/3600:d=3600" % SIZE)
        self.fragment = picture
        with open(self.clock_path, "ab") as f:
            f.write(bytes(16))
        self.hook(SYNCED, 2 * DAY)

    def pass_by(self, ns):
        """Time passes while nobody is asked."""
        self.wall += ns
        self.mono += ns
        self._put()

    def hook(self, state, slack):
        with open(self.clock_path, "r+b") as f:
            f.seek(16)
            f.write(struct.pack("=qq", state, slack))

    def code(self, user):
        """In the past nobody waits for one."""
        return super().code(user) if self.wall else Appliance.code(self, user)

    def picture(self, second, long):
        """One that stands so many ns, so many seconds into a segment."""
        said = struct.pack(">I", 3600 * 90000)
        assert said in self.fragment, "the length of a picture"
        return at_second(self.fragment, second).replace(
            said, struct.pack(">I", long * 90000 // S))

    def piece(self, camera, begin, end):
        """What a camera recorded from begin to end: one segment."""
        s = self.camera_socket(camera)
        offset = time.time_ns() + self.wall - self.mono - \
            time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        fd = wire.bulk(self.init)
        wire.send(s, wire.Message(wire.SEGMENT_BEGIN, 7, fds=[fd]).put(
            "ii441i22", begin, begin - offset, 90000, 1, SYNCED, 0, *SIZE))
        os.close(fd)
        m = self.answer_of(s)
        assert m.type == wire.SEGMENT_BEGIN_IS, m.body
        for at in range(begin, end, HOUR):
            long = min(HOUR, end - at)
            fd = wire.bulk(self.picture((at - begin) // S, long))
            wire.send(s, wire.Message(wire.FRAGMENT, 8, fds=[fd]).put(
                "iii4", at, long, at - offset, 1))
            os.close(fd)

    def pause(self, camera, cause):
        wire.send(self.camera_socket(camera),
                  wire.Message(wire.SEGMENT_END, 9).put("1", cause))
        self.ask(SITE)

    def return_to_now(self):
        """From here on the clock is the machine's."""
        self.mono -= self.wall
        self.wall = 0
        self._put()
        self.hook(0, 0)


class Site:
    """Its cameras, and up to when each has handed in what it recorded."""

    def __init__(self, box, cameras):
        self.box, self.cameras = box, cameras
        self.until = {}

    def flush(self, camera, end, cause=0):
        begin = self.until.get(camera, end)
        if begin < end:
            self.box.piece(camera, begin, end)
            self.box.pause(camera, cause)
        self.until[camera] = end

    def gap(self, camera, cause, begin, end):
        """[(time, what happens then)]: it is noticed, and it is over."""
        def noticed():
            self.flush(camera, begin, cause or 0)
            if cause is None:
                self.box.tool("camera", "disable", camera)

        def over():
            if cause is None:
                self.box.tool("camera", "enable", camera)
            self.until[camera] = end
        return [(begin + 8 * S, noticed), (end + S, over)]

    def storage_off(self, begin):
        """For some hours, in order: an upgrade."""
        def off():
            for camera in self.until:
                self.flush(camera, begin)
            self.box.stop("storage")
            self.box.pass_by(2 * HOUR)
            self.box.start("storage")
            for camera in self.until:
                self.until[camera] = self.box.now()
        return [(begin + S, off)]

    def day(self, n, begin, end):
        events = self.storage_off(begin + 2 * HOUR) if n == UPGRADED else []
        for i, (camera, _, atm, *_) in enumerate(self.cameras):
            if SINCE[atm] == n:
                self.until[camera] = begin + 9 * HOUR
            gap = gap_of(n, i, atm)
            if gap and n != UPGRADED and SINCE[atm] < n:
                cause, first, minutes = gap
                at = begin + first * MINUTE
                events += self.gap(camera, cause, at, at + minutes * MINUTE)
        for at, happens in sorted(events, key=lambda e: e[0]):
            if at > self.box.now():
                self.box.wait_until(at)
            happens()
        if end + 2 * S > self.box.now():
            self.box.wait_until(end + 2 * S)
        for camera in self.until:
            self.flush(camera, end)


def stamp(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ns // S))


def hold(box, site, begin, who, case):
    """Somebody has five days kept; the first ones will have had their term."""
    box.act("hold", "place", "--by", who, "--camera", site.cameras[0][0],
            "--from", stamp(begin - 5 * DAY), "--to", stamp(begin),
            "--reason", "A skimmer was found on the machine.", "--case", case,
            user=who)


def live(box, cameras, urls):
    """Storage alone, from the first day until now."""
    box.start("storage")
    box.add_people()
    site, added = Site(box, cameras), set()
    day = box.first
    for n in range(DAYS):
        begin = midnight(box.tz, day)
        end = midnight(box.tz, day + ONE)
        if end + 5 * MINUTE > time.time_ns():
            break
        for ident, name, atm, place, _ in cameras:
            if SINCE[atm] <= n and ident not in added:
                added.add(ident)
                box.add_camera(ident, urls[ident], name, atm, place)
        site.day(n, begin, end)
        if n in HELD:
            hold(box, site, end, *HELD[n])
        day += ONE
    box.wait_until(time.time_ns() - 2 * S)
    for ident in added:
        now = box.now()
        site.flush(ident, now - now % S)
    box.settle()


def months(box, cameras, urls, say):
    """Make them; then the clock is the machine's, and all is on the disk."""
    begin = time.monotonic()
    say("Making half a year of footage")
    box.set_up()
    shutil.copy(box.build / "tests" / "nosync.so", box.bin)
    box.env["LD_PRELOAD"] = str(box.bin / "nosync.so")
    live(box, cameras, urls)
    box.return_to_now()
    box.stop("storage")
    del box.env["LD_PRELOAD"]
    subprocess.run(["sync", "-f", str(box.data)], check=True)
    say("Made in %.0f s" % (time.monotonic() - begin))
