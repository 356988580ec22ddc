#!/usr/bin/python3
# places: 2
# timeout: 1000
"""The whole flow by keyboard only; gaps, tampering, a revoked approval, a wrong
PC clock, coverage and the ledger's sentences, in Chromium and Firefox.

Two cameras that paint their clocks; one is silent for some seconds, and one
segment of the other is changed behind the programs' back once all is recorded.
"""
import json
import time

from lib import say
from lib.appliance import PEOPLE, Appliance
from lib.browsing import play, withdrawals
from lib.package import grant, stamp

BEFORE_S, SILENT_S, AFTER_S = 16, 7, 16
CAMERAS = ["cam-1", "cam-2"]


def footage_with_a_gap(box):
    first = box.camera("CAM 1 face")
    box.add_camera("cam-1", first.url, "CAM 1 face")
    box.add_camera("cam-2", box.camera("CAM 2 cash").url, "CAM 2 cash")
    for camera in CAMERAS:
        box.wait_recording(camera, 90)
    begin = time.time()
    time.sleep(BEFORE_S)
    first.freeze()
    time.sleep(SILENT_S)
    first.thaw()
    time.sleep(AFTER_S)
    box.wait_recording("cam-1", 90)
    return begin, time.time() - 3


def granted(box, begin, end):
    return grant(box, (box.client("marat"), box.client("daniyar")), CAMERAS,
                 begin, end)


def spoil(box, after):
    """One byte of a sealed segment of cam-2; its number."""
    path = next(p for p in box.segments("cam-2")
                if p.stat().st_mtime > after + 8)
    with open(path, "r+b") as f:
        f.seek(path.stat().st_size // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 1]))
    return int(path.name.split("-")[1].split(".")[0])


def facts(box, begin, end):
    """What hard.mjs is to find on the pages. What is revoked while somebody
    watches begins where cam-1 is silent and cam-2 is not."""
    silent = begin + BEFORE_S + 3
    made = {"request": granted(box, begin, end),
            "revoked": [granted(box, silent, silent + 18)
                        for _ in range(2)],
            "spoilt": spoil(box, begin),
            "daniyar": {"user": "daniyar", "password": PEOPLE["daniyar"][2],
                        "factor": box.factor("daniyar").hex()}}
    box.stop("recorder")
    time.sleep(6)
    made["coverage"] = box.tool_json(
        "coverage", "--from", stamp(begin - 3600), "--to", stamp(time.time()))
    return made


def story():
    with Appliance(segment_s=5) as box:
        begin, end = footage_with_a_gap(box)
        withdrawals(box)
        box.give_factor("marat")
        play(box, "keys.mjs",
             "chromium: the whole flow succeeds by keyboard only")
        made = facts(box, begin, end)
        play(box, "keys.mjs", "firefox: footage is watched by keyboard only",
             "--browser", "firefox", "--request", made["request"])
        path = box.tmp / "facts.json"
        for browser in ("chromium", "firefox"):
            made["daniyar"]["used"] = box.steps["daniyar"]
            path.write_text(json.dumps(made))
            play(box, "hard.mjs", "%s: the hard questions are answered"
                 % browser, "--browser", browser, "--facts", path)


say.main(story)
