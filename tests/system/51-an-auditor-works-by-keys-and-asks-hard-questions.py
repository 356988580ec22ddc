#!/usr/bin/python3
# places: 2
# timeout: 1000
"""The whole flow by keyboard only; gaps, tampering, a revoked approval, a wrong
PC clock, coverage and the ledger's sentences, in Chromium and in Firefox beside
it, each with people of its own.

Two cameras that paint their clocks; one is silent for some seconds, and one
segment of the other is changed behind the programs' back once all is recorded.
"""
import json
import time

from lib import say
from lib.appliance import Appliance
from lib.browsing import OTHERS, ROLES, account, beside, play, withdrawals
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


def granted(box, asks, decides, begin, end):
    """Requests of one person that another approved: for keys.mjs and the hard
    questions, and one that is revoked while somebody watches. That begins where
    cam-1 is silent and cam-2 is not."""
    people = box.client(asks), box.client(decides)
    silent = begin + BEFORE_S + 3
    return [grant(box, people, CAMERAS, a, b, by=decides)
            for a, b in ((begin, end), (silent, silent + 18))]


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


def by_keys(box, request):
    """In Firefox only what is granted is watched."""
    beside(lambda: play(
        box, "keys.mjs", "chromium: the whole flow succeeds by keyboard only"),
        lambda: play(
            box, "keys.mjs", "firefox: footage is watched by keyboard only",
            "--browser", "firefox", "--request", request, people=OTHERS))


def hard_questions(box, begin, asked):
    """Once all is recorded and one segment changed; asked: by browser."""
    made = {"spoilt": spoil(box, begin)}
    box.stop("recorder")
    time.sleep(6)
    made["coverage"] = box.tool_json(
        "coverage", "--from", stamp(begin - 3600), "--to", stamp(time.time()))

    def one(browser, people):
        path = box.tmp / (browser + ".json")
        request, revoked = asked[browser]
        path.write_text(json.dumps({
            **made, "request": request, "revoked": revoked,
            "revokes": account(box, people["custodian"])}))
        play(box, "hard.mjs", "%s: the hard questions are answered" % browser,
             "--browser", browser, "--facts", path, people=people)
    beside(lambda: one("chromium", ROLES), lambda: one("firefox", OTHERS))


def story():
    with Appliance(segment_s=5) as box:
        box.add_person("saule", by="daniyar")
        begin, end = footage_with_a_gap(box)
        withdrawals(box)
        asked = {"chromium": granted(box, "marat", "aigul", begin, end),
                 "firefox": granted(box, "saule", "daniyar", begin, end)}
        for auditor in ("marat", "saule"):
            box.give_factor(auditor)
        by_keys(box, asked["firefox"][0])
        hard_questions(box, begin, asked)


say.main(story)
