#!/usr/bin/python3
# places: 2
# timeout: 400
"""Zones of a camera's picture: views cover them, what is recorded is whole."""
import hashlib
import json
import time

from lib import say
from lib.appliance import Appliance
from lib.browsing import play
from lib.package import grant

V1 = "/api/v1/"
PATH = V1 + "cameras/cam-1/zones"


def zone(kind, *corners):
    return {"kind": kind, "corners": [{"x": x, "y": y} for x, y in corners]}


FACE = zone("fill", (100, 200), (500, 200), (500, 800), (100, 800))
KEYS = zone("blur", (600, 600), (1000, 700), (600, 1000))


def footage(box, marat, request):
    """Fingerprints of the request's movie, and of what is played first."""
    camera = marat.get(V1 + "requests/%s/play" % request).json()["cameras"][0]
    base = "/media/%s/cam-1/" % request
    part = camera["runs"][0]["parts"][0]
    first = part["fragments"][0]["index"]
    box.open_files(marat, "marat", request)
    paths = [base + "run0.mp4", base + "%d/init" % part["seq"],
             base + "%d/%d" % (part["seq"], first)]
    answers = [marat.get(p) for p in paths]
    assert all(a.status == 200 for a in answers), [a.status for a in answers]
    return [hashlib.sha256(a.body).hexdigest() for a in answers]


def entries(client):
    size = client.get(V1 + "ledger?first=0&count=1").json()["size"]
    return [e for first in range(0, size, 200)
            for e in client.get(V1 + "ledger?first=%d&count=200" % first)
            .json()["entries"] if e["type"] == "zones"]


def who_may(box):
    """By role, and whom no entry names."""
    answers = {u: box.client(u).post(PATH, {"zones": [FACE]}).status
               for u in ("oleg", "daniyar", "marat")}
    say.test("operators and custodians set zones, auditors do not",
             answers == {"oleg": 200, "daniyar": 200, "marat": 403}, answers)
    said = entries(box.client("marat"))
    say.test("each change is entered, with its author and the zones",
             [(e["person_name"], e["fields"]["zones"]) for e in said] ==
             [("Oleg Kim", [FACE]), ("Daniyar Omarov", [FACE])], said)


def what_is_refused(oleg):
    at = [(x, 0) for x in range(13)]
    bad = [{"zones": [KEYS] * 9}, {"zones": [zone("blur", *at[:2])]},
           {"zones": [zone("blur", *at)]},
           {"zones": [zone("blur", (0, 0), (1001, 0), (0, 5))]},
           {"zones": [zone("blur", (0, 0), (-1, 0), (0, 5))]},
           {"zones": [zone("pixel", *at[:3])]}, {"zones": {}}, {},
           {"zones": [dict(FACE, name="face")]}]
    answers = [oleg.post(PATH, b) for b in bad]
    say.test("more than 8 zones, fewer than 3 or more than 12 corners, places "
             "beyond the picture and other words are refused",
             [a.status for a in answers] == [422] * len(bad),
             [a.body for a in answers])
    say.test("the answer points at what is wrong",
             answers[3].json()["pointer"] == "/zones/0/corners/1/x",
             answers[3].body)
    say.test("an unknown camera is called that", oleg.post(
        V1 + "cameras/no-such/zones", {"zones": []}).status == 404)


def story():
    with Appliance(segment_s=5) as box:
        box.add_camera("cam-1", box.camera("CAM 1 face").url, "CAM 1 face")
        box.wait_recording("cam-1", 90)
        begin = time.time() - 4
        time.sleep(20)
        request = grant(box, (box.client("marat"), box.client("daniyar")),
                        "cam-1", begin, begin + 16)
        oleg, marat = box.client("oleg"), box.client("marat")
        whole = footage(box, marat, request)
        who_may(box)
        what_is_refused(oleg)
        oleg.post(PATH, {"zones": [FACE, KEYS]})
        say.test("everybody who sees the camera is told its zones",
                 [c["zones"] for c in marat.get(V1 + "cameras").json()
                  ["cameras"]] == [[FACE, KEYS]])
        say.test("what is played and downloaded stays bit for bit the same",
                 footage(box, box.client("marat"), request) == whole)
        box.stop("storage")
        box.start("storage")
        box.wait_recording("cam-1", 90)
        say.test("they outlive a restart",
                 box.camera_state("cam-1")["zones"] == [FACE, KEYS])
        oleg = box.client("oleg")
        oleg.post(PATH, {"zones": []})
        for browser in ("chromium", "firefox"):
            play(box, "zones.mjs", "%s: zones are drawn, and cover views"
                 % browser, "--browser", browser, "--request", request)
            oleg.post(PATH, {"zones": []})


say.main(story)
