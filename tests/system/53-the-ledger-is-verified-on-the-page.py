#!/usr/bin/python3
# places: 2
# timeout: 300
"""Verify on the page Audit: whole, while all goes on; or the changed entry.

Meanwhile, for its pages wait more than they work, a camera's cable is out.
"""
import threading
import time

from lib import say
from lib.appliance import Appliance, wait_for
from lib.browsing import beside, play

V1 = "/api/v1/"
PATH = V1 + "ledger/verify"
EDITED = 100


def verify(client):
    """All slices of one verification: the last answer, and how many."""
    anew, n, end = True, 0, time.monotonic() + 60
    while time.monotonic() < end:
        answer = client.post(PATH, {"anew": anew})
        if answer.status == 503:
            time.sleep(0.3)
            continue
        assert answer.status == 200, answer.body
        anew, n = False, n + 1
        if answer.json()["over"]:
            return answer.json(), n
    raise AssertionError("not within a minute")


def fill_a_tile(box):
    """256 entries: refusals of somebody who may not, each of them entered."""
    oleg = box.client("oleg")
    while oleg.get(V1 + "status").json()["ledger"]["size"] < 300:
        for _ in range(20):
            oleg.get(V1 + "requests")
    wait_for("a checkpoint covers them", 60, lambda: int(
        (box.data / "ledger" / "checkpoint").read_text().split("\n")[1]) >= 300)


def edit(box):
    """One byte inside the text of one entry, as somebody with root would."""
    path = box.data / "ledger" / "tile" / "entries" / "000"
    data, at = bytearray(path.read_bytes()), 0
    for _ in range(EDITED):
        at += 2 + int.from_bytes(data[at:at + 2], "big")
    data[at + 2 + 15] ^= 1
    path.write_bytes(data)


def story():
    with Appliance(segment_s=5) as box:
        camera = box.camera("CAM 1 face")
        box.add_camera("cam-1", camera.url, "CAM 1 face")
        box.wait_recording("cam-1", 90)
        fill_a_tile(box)
        marat = box.client("marat")
        r, _ = verify(marat)
        size = marat.get(V1 + "ledger?first=0&count=1").json()
        first = size["entries"][0]
        say.test("every entry is verified, from the first to the newest",
                 r["found"] == [] and r["at"] == r["size"] and
                 300 <= r["size"] <= size["size"] and
                 r["from"] == first["time"] and r["to"] > r["from"], r)
        say.test("against the signed checkpoint, with the newest chain heads",
                 256 < r["signed"] <= r["size"] and r["heads"] is not None and
                 r["witness"] is None and r["epoch"] == 1, r)
        say.test("a session that verified it just now waits",
                 marat.post(PATH, {"anew": True}).status == 503)
        say.test("and nothing goes on that was not begun",
                 marat.post(PATH, {"anew": False}).status == 422)
        say.test("an operator verifies nothing",
                 box.client("oleg").post(PATH, {"anew": True}).status == 403)
        answers = []
        many = [threading.Thread(target=lambda c=c: answers.append(verify(c)))
                for c in [box.client(u) for u in ("marat", "daniyar",
                                                  "aigul", "marat")]]
        for t in many:
            t.start()
        for t in many:
            t.join()
        say.test("several verify it after one another",
                 [a[0]["found_in_all"] for a in answers] == [0] * 4, answers)
        beside(lambda: play(
            box, "cable.mjs", "chromium: a cable is out, and all see it",
            "--camera", "cam-1", "--pid", camera.pid), lambda: play(
                box, "audit.mjs", "chromium: it is whole", "--expect", "whole"))
        edit(box)
        r, _ = verify(box.client("daniyar"))
        say.test("an entry that was edited by hand is named, while all runs",
                 {"what": "entry", "entry": EDITED} in r["found"] and
                 r["at"] == r["size"], r)
        play(box, "audit.mjs", "chromium: it names the entry", "--expect",
             str(EDITED))


say.main(story)
