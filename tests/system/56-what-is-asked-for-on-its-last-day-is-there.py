#!/usr/bin/python3
# places: 2
# timeout: 300
"""Footage is asked for on the last day of its term, in a browser, and decided
three days later: shortened by the custodian, and still there to be watched.
"""
import datetime
import functools
import time

from lib import say
from lib.browsing import ROLES, beside, play
from lib.months import DAY, S, Months, due, midnight

CAMERAS = {"cam-1": "CAM 1 face", "cam-2": "CAM 2 cash", "cam-3": "CAM 3 room"}
MINUTES = (0, 15, 35)	# of what is asked for: where there is footage
HOUR = 3600 * S
SEGMENT_S = 12


def at(ns):
    return datetime.datetime.fromtimestamp(
        ns / S, datetime.timezone.utc).isoformat(timespec="seconds")


def record(box, ns):
    box.wait_until(ns)
    for camera in CAMERAS:
        box.record(camera, SEGMENT_S)


def both(box, act, title, **told):
    """In two browsers, each with a custodian of its own: for codes."""
    box.wait_until(box.now() + 90 * S)  # so that nobody waits for a code
    beside(*(functools.partial(
        play, box, "lastday.mjs", "%s: %s" % (browser, title), "--act", act,
        "--browser", browser, *(x for k, v in told.items()
                                for x in ("--" + k, at(v))),
        people={**ROLES, "custodian": custodian})
        for browser, custodian in (("chromium", "aigul"),
                                   ("firefox", "daniyar"))))


def story():
    # the people come about now, half a year after the footage
    day = datetime.date.fromtimestamp(time.time() - 186 * DAY / S)
    with Months("%s 09:00:00" % day) as box:
        box.add_people()
        for camera, name in CAMERAS.items():
            box.add_camera(camera, "rtsp://127.0.0.1:1/none", name)
        ten = midnight(box.tz, day) + 10 * HOUR
        erased, begin = ten, ten + DAY
        record(box, erased + SEGMENT_S * S)
        for minute in MINUTES:
            record(box, begin + (60 * minute + SEGMENT_S) * S)
        box.sealed()
        last = due(box.tz, box.sent["cam-1"][-1][2])
        box.wait_until(last - 3 * HOUR)
        box.sweep()
        files, _ = box.present()
        say.test("P2 P3 the day before has left, this one has not",
                 len(files) == len(MINUTES) * len(CAMERAS), files)
        box.start("web")
        told = {"from": begin, "erased": erased + 5 * S}
        both(box, "ask", "it is asked for on its last day", **told)
        box.wait_until(box.now() + 3 * DAY)
        box.sweep()
        files, _ = box.present()
        say.test("P4 what is asked for is there beyond its term",
                 len(files) == len(MINUTES) * len(CAMERAS), files)
        both(box, "decide", "it is shortened, and watched", **told)


say.main(story)
