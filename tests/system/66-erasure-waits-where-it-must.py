#!/usr/bin/python3
# timeout: 200
"""P3: the guard against implausibly much at once, a volume that is away while
its footage is due, and keys of days on which nothing was recorded.
"""
import datetime
import os

from lib import say
from lib.appliance import wait_for
from lib.keys import keyring_lines, slots
from lib.months import DAY, Months, S, midnight
from lib.mounts import may_mount, mount, move, umount

DAYS = [datetime.date(2026, 10, d) for d in range(1, 8)]
QUIET = datetime.date(2026, 10, 9)	# a key is made, nothing is recorded


class Waiting(Months):
    """Two volumes, where mounting is allowed."""
    two = False

    def set_up(self):
        self.more, self.shelf = self.tmp / "more", self.tmp / "shelf"
        for path in (self.data, self.more, self.shelf):
            path.mkdir()
        self.two = may_mount()
        if self.two:
            mount(self.data, 160)
            mount(self.more, 300)
        super().set_up()
        if self.two and self.users["storage"]:
            os.chown(self.more, self.users["storage"].pw_uid,
                     self.users["storage"].pw_gid)

    def __exit__(self, *error):
        self.stop(cameras=True)
        umount(self.data, self.more, self.shelf)
        super().__exit__(*error)

    def keys(self):
        """The days of cam-1 that have a key."""
        return {l["day"]["date"] for l in keyring_lines(*slots(self))
                if "day" in l}

    def days(self):
        """Those of which a file is left, on whichever volume."""
        roots = [self.data, self.more, self.shelf]
        return {"-".join(p.parts[-4:-1]) for root in roots
                for p in root.rglob("*.mp4.age")}

    def rows(self):
        return {day for day, in self.index("SELECT day FROM segment")}

    def state(self):
        return self.tool_json("status")["retention"]

    def entries(self, kind):
        client = self.client("aigul")
        size = client.get("/api/v1/ledger?first=0&count=1").json()["size"]
        return [e["fields"] for e in client.get(
            "/api/v1/ledger?first=%d&count=200" % max(0, size - 200)
            ).json()["entries"] if e["type"] == kind]

    def a_day_on(self):
        """A sweep at the end of a day of the guard's."""
        self.wait_until(self.now() + DAY - 3601 * S)
        self.settle()
        self.sweep()


def text(days):
    return {d.isoformat() for d in days}


def unused_keys(box):
    """The key that was made ahead for a day without footage."""
    box.wait_until(midnight(box.tz, QUIET) - 300 * S)

    def made():
        box.wait_until(box.now() + 11 * S)
        return QUIET.isoformat() in box.keys()
    wait_for("the key of the next day is made before midnight", 20, made, 0.2)
    # the index knows nothing of it, but something may lie there
    month = next(p for root in (box.data, box.more)
                 for p in root.glob("footage/cam-1/2026/10"))
    folder = month / ("%02d" % QUIET.day)
    folder.mkdir()
    folder.chmod(0o755)
    box.wait_until(midnight(box.tz, QUIET) + 3 * DAY)
    box.settle()
    box.sweep()
    say.test("P2 while a folder of that day is there, its key stays",
             QUIET.isoformat() in box.keys(), sorted(box.keys()))
    folder.rmdir()
    box.sweep()
    say.test("P3 when that day is past and nothing was recorded, it goes",
             QUIET.isoformat() not in box.keys() and
             text(DAYS) <= box.keys(), sorted(box.keys()))


def guarded(box):
    """Half a year passes at once: seven days are due."""
    first = midnight(box.tz, datetime.date(2027, 4, 10))
    stuck = next(p for root in (box.data, box.more) for p in root.glob(
        "footage/cam-1/2026/10/01")) / "made-by-root"
    stuck.mkdir()
    box.wait_until(first)
    box.settle()
    box.sweep()
    say.test("P3 a folder that does not go keeps no other day",
             box.rows() == text(DAYS[:1] + DAYS[3:]) and
             not box.keys() & text(DAYS[:3]), box.rows(), box.state())
    stuck.rmdir()
    box.sweep()
    say.test("P3 of seven days that are due at once the three oldest go",
             box.days() == text(DAYS[3:]) and box.rows() == text(DAYS[3:]) and
             not box.keys() & text(DAYS[:3]) and
             text(DAYS[3:]) <= box.keys(), box.days(), sorted(box.keys()))
    told = box.state()
    say.test("the status tells custodians that four wait", told[
        "throttled_days"] == 4 and told["alarm"] in ("throttled", "overdue"),
        told)
    say.test("and so does the tool", b"4 days wait" in box.tool(
        "status").stdout, box.tool("status").stdout)
    say.test("it is entered, with their number", [
        e["due-days"] for e in box.entries("expiry-throttled")] == [7])
    for _ in range(3):
        box.sweep()
    say.test("P3 no more go on that day", box.days() == text(DAYS[3:]),
             box.days())


def story():
    with Waiting("2026-10-01 11:00:00") as box:
        box.add_person("oleg")
        if box.two:
            box.tool("volume", "add", box.more)
        box.add_camera("cam-1", "rtsp://127.0.0.1:1/none")
        for day in DAYS:
            box.wait_until(midnight(box.tz, day) + 12 * 3600 * S)
            box.record("cam-1")
            box.sealed()
        unused_keys(box)
        box.start("web")
        guarded(box)
        if box.two:
            move(box.more, box.shelf)
            box.wait_until(box.now() + 60 * S)
        box.a_day_on()
        say.test("P3 the next three go a day later", box.keys() & text(DAYS) ==
                 text(DAYS[6:]), sorted(box.keys()))
        if box.two:
            away(box)
        box.a_day_on()
        say.test("P3 and the last one after that", not box.days() and
                 not box.rows() and not box.keys() & text(DAYS), box.days())
        told = box.state()
        say.test("then nothing waits any more", told["throttled_days"] == 0 and
                 told["alarm"] is None, told)
        box.stop("web")
        check = box.tool("check", check=False)
        say.test("P2 check finds every promise kept", check.returncode == 0,
                 check.stdout.decode()[-900:])


def away(box):
    """The volume on which it lies is not there while it is due."""
    say.test("P3 the entry names the copy that is still to be erased", [
        e["copies-pending"] for e in box.entries("erased")][-3:] == [1] * 3,
        box.entries("erased"))
    say.test("the files wait for their volume", box.days() == text(DAYS[3:]) and
             box.rows() == text(DAYS[3:]), box.days())
    move(box.shelf, box.more)
    box.wait_until(box.now() + 60 * S)
    box.sweep()
    say.test("P3 when it is back they go, and the entry says so",
             box.days() == box.rows() == text(DAYS[6:]) and
             [e["copies-pending"] for e in box.entries("erased")][-3:] ==
             [0] * 3, box.days(), box.entries("erased"))


say.main(story)
