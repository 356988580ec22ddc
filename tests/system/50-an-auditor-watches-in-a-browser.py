#!/usr/bin/python3
# places: 3
# timeout: 1100
"""The main job in Chromium and in Firefox beside it, each with people of its own,
against the real programs.

Three cameras that paint their clocks are recorded; one falls silent for some
seconds and comes back with larger pictures (C2: the player copes); then tests/browser/flow.mjs plays the people. Screenshots are kept
in SAQTA_SHOTS, else beside the build's test logs.
"""
import functools
import time

from lib import say
from lib.appliance import Appliance
from lib.browsing import OTHERS, ROLES, beside, play, withdrawals

BEFORE_S, SILENT_S, AFTER_S = 26, 9, 48
LARGER = "800x448"


def footage_with_a_gap(box):
    camera = box.camera("CAM 1 face")
    box.add_camera("cam-1", camera.url, "CAM 1 face")
    for number, name in ((2, "CAM 2 cash"), (3, "CAM 3 room")):
        other = box.camera(name)
        box.add_camera("cam-%d" % number, other.url, name)
    for number in (1, 2, 3):
        box.wait_recording("cam-%d" % number, 90)
    time.sleep(BEFORE_S)
    camera.freeze()
    time.sleep(SILENT_S)
    camera.stop()
    box.camera("CAM 1 face", port=camera.port, size=LARGER)
    back = time.monotonic()
    for auditor in ("marat", "saule"):
        box.give_factor(auditor)
    time.sleep(max(0, back + AFTER_S - time.monotonic()))
    box.wait_recording("cam-1", 90)


def story():
    with Appliance(segment_s=10) as box:
        box.add_person("saule", by="daniyar")
        footage_with_a_gap(box)
        withdrawals(box)
        beside(*(functools.partial(
            play, box, "flow.mjs", "%s: the whole flow succeeds" % browser,
            "--browser", browser, "--far-size", LARGER, seconds=500,
            people=people) for browser, people in (
                ("chromium", ROLES), ("firefox", OTHERS))))


say.main(story)
