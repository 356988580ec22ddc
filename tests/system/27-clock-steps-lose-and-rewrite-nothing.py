#!/usr/bin/python3
# timeout: 240
"""P7: the host's clock is set while cameras record, and nothing is lost.

The programs run with the clock of a file (SAQTA_CLOCK_FILE), the cameras with
the real one. Each footage file must stay as it was, each second must have its
name, and what the clock cannot be trusted for is flagged.
"""
import datetime
import os
import struct
import time

from lib import say
from lib.appliance import ROOT, Appliance, wait_for
from lib.footage import run
from lib.rtspcam import Camera, Source, make

CAMERA = "cam-1"
SYNCED = 1
HOUR, YEAR = 3600, 31557600
OFFSET_S = 86400		# the cameras are a day ahead of the programs


class Clock:
    """What the programs think: the real time plus an offset."""

    def __init__(self, path, offset):
        self.path = path
        path.write_bytes(bytes(24))
        path.chmod(0o644)
        self.offset = 0
        self.step(offset)

    def step(self, seconds, state=SYNCED):
        """One write each, so that nobody reads half a number."""
        self.offset += seconds
        with open(self.path, "r+b") as f:
            os.pwrite(f.fileno(), struct.pack("=q", state), 16)
            os.pwrite(f.fileno(), struct.pack("=q", int(self.offset * 1e9)), 0)

    def now(self):
        return time.time() + self.offset


def stamp(seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.isoformat(timespec="milliseconds")


def since_epoch(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def coverage(box, begin, end):
    told = box.tool_json("coverage", "--camera", CAMERA, "--from",
                         stamp(begin), "--to", stamp(end))
    sums = told["cameras"][0]
    spans = sums["spans"]
    length = (since_epoch(told["to"]) - since_epoch(told["from"])) * 1e9
    say.test("P7 coverage from %s sums to the interval without a hole"
             % told["from"][:16],
             all(a["to"] == b["from"] for a, b in zip(spans, spans[1:])) and
             spans[0]["from"] == told["from"] and
             spans[-1]["to"] == told["to"] and
             abs(sums["recorded_ns"] + sums["gap_ns"] - length) < 2e6, told)
    return spans


def more_segments(box, n=1):
    count = len(box.segments(CAMERA))
    wait_for("%d more segments" % n, 60,
             lambda: len(box.segments(CAMERA)) >= count + n)
    time.sleep(2)	# its first fragment, too


def step_back(box, clock):
    before = clock.now()
    clock.step(-HOUR)
    more_segments(box)
    # what comes now overlaps what was recorded a minute ago
    clock.step(HOUR - 8)
    more_segments(box)
    spans = coverage(box, before - 10, clock.now())
    say.test("P7 an hour back and forth: footage after a step back overlaps, "
             "is kept and flagged",
             any("overlap" in s["flags"] for s in spans), spans)
    say.test("P7 and no second is called a gap that was recorded",
             not [s for s in spans if s["kind"] == "gap" and
                  s["cause"] not in ("clock-step", "connecting",
                                     "not-yet")], spans)
    hour_ago = coverage(box, before - HOUR - 2, before - HOUR + 30)
    say.test("P7 what was recorded an hour in the past lies there",
             any(s["kind"] == "recorded" for s in hour_ago), hour_ago)


def step_forward(box, clock):
    before = clock.now()
    clock.step(HOUR)
    more_segments(box)
    spans = coverage(box, before - 1, clock.now())
    gap = [s for s in spans if s["kind"] == "gap"]
    say.test("P7 an hour forward is one gap of the cause clock step",
             len(gap) == 1 and gap[0]["cause"] == "clock-step" and
             abs(since_epoch(gap[0]["to"]) - since_epoch(gap[0]["from"]) -
                 HOUR) < 3, spans)	# it goes on until its next key frame


def leap_second(box, clock):
    before = clock.now()
    clock.step(-1)
    more_segments(box)
    spans = coverage(box, before - 1, clock.now())
    overlap = [s for s in spans if "overlap" in s["flags"]]
    say.test("P7 a second that comes twice is an overlap, not a gap",
             overlap and not [s for s in spans if s["kind"] == "gap"], spans)


def fifty_years(box, clock, cam):
    before = clock.now()
    clock.step(50 * YEAR, state=2)
    more_segments(box)
    ahead = clock.now()
    # a gap goes on through the step, with its cause
    cam.close()
    wait_for("the camera is down", 30,
             lambda: box.camera_state(CAMERA)["state"] == "down")
    clock.step(-50 * YEAR)
    time.sleep(2)
    state = box.camera_state(CAMERA)
    say.test("P9 after the step back nothing is called recording that is not",
             state["state"] == "down", state)
    again = Camera(cam.source, port=cam.port)
    more_segments(box)
    spans = coverage(box, ahead - 60, ahead + 60)
    flagged = [s for s in spans if s["kind"] == "recorded"]
    say.test("P7 footage of a clock fifty years ahead is shown there, flagged",
             flagged and all("clock-untrusted" in s["flags"]
                             for s in flagged), spans)
    spans = coverage(box, before - 1, clock.now())
    lost = [s for s in spans if s["kind"] == "gap"]
    say.test("P7 in the right time those seconds are a clock step, and the "
             "gap has its own cause",
             lost and lost[0]["cause"] == "clock-step" and
             {s["cause"] for s in lost[1:]} <= {"no-answer", "network"} and
             len(lost) > 1, spans)
    return again


def steps_entered(box):
    """The seconds of each step, as the ledger has them."""
    client = box.client("marat")
    told, size = [], 1
    while len(told) < size:
        page = client.get("/api/v1/ledger?first=%d&count=200"
                          % len(told)).json()
        told, size = told + page["entries"], page["size"]
    return [round(int(e["fields"]["step"]) / 1e9) for e in told
            if e["type"] == "clock-epoch"]


def kill_under_a_wrong_clock(box, clock):
    """Recovery must find the open segment though its day is not the last."""
    more_segments(box)
    time.sleep(2)
    box.processes["storage"].kill()
    killed = clock.now()
    clock.step(HOUR)
    box.start("storage")
    more_segments(box)
    spans = coverage(box, killed - 1, clock.now())
    gaps = [s for s in spans if s["kind"] == "gap"]
    say.test("P7 a step while storage was away is an epoch, too, and every "
             "second has a cause",
             [s["cause"] for s in gaps] == ["clock-step", "storage-away"] and
             abs(since_epoch(gaps[0]["to"]) - since_epoch(gaps[0]["from"]) -
                 HOUR) < 1, spans)


def check_disk(box, old):
    now = {p: p.read_bytes() for p in old}
    say.test("P7 no step rewrites what was recorded", now == old)
    done = box.tool("check", "--data", box.data, check=False, config=False)
    say.test("saqta check finds nothing wrong", done.returncode == 0,
             done.stdout.decode()[-800:], done.stderr.decode()[-300:])
    try:
        run(["/usr/bin/python3", "-B", ROOT / "tests" / "reader" /
             "saqta_reader.py", box.data])
        say.test("the reader in Python finds nothing wrong", True)
    except Exception as error:
        say.test("the reader in Python finds nothing wrong", False,
                 getattr(error, "stdout", b"").decode()[-800:])


def offsets(box):
    state = wait_for("the camera's clock is known", 30, lambda:
                     (lambda c: c["clock_offset_ms"] is not None and c)
                     (box.camera_state(CAMERA)))
    say.test("a camera's own clock is told by how far it is ahead",
             abs(state["clock_offset_ms"] - OFFSET_S * 1000) < 1500, state)


def story():
    with_clock = Appliance(segment_s=5, env={"SAQTA_CLOCK_FILE": ""})
    clock = Clock(with_clock.tmp / "clock", -OFFSET_S)
    with_clock.env["SAQTA_CLOCK_FILE"] = str(clock.path)
    with_clock.clock_ahead = -OFFSET_S
    with with_clock as box:
        source = Source(make(str(box.tmp / "film.h264")))
        cam = Camera(source)
        box.add_camera(CAMERA, cam.url)
        box.wait_recording(CAMERA)
        offsets(box)
        old = {p: p.read_bytes() for p in box.segments(CAMERA)[:-1]}
        step_back(box, clock)
        step_forward(box, clock)
        leap_second(box, clock)
        cam = fifty_years(box, clock, cam)
        kill_under_a_wrong_clock(box, clock)
        steps = steps_entered(box)
        say.test("P7 each step is entered with its length",
                 steps == [-HOUR, HOUR - 8, HOUR, -1, 50 * YEAR, -50 * YEAR,
                           HOUR], steps)
        box.stop()
        check_disk(box, old)
        cam.close()
        say.test("no program was ended by a sanitizer or a signal",
                 box.broken() == [], box.broken())


say.main(story)
