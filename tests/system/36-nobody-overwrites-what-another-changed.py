#!/usr/bin/python3
# timeout: 400
"""What somebody else has changed meanwhile is not overwritten: each act on a
request, a camera or a person takes the tag of what was seen (If-Match)."""
import time

from lib import say, tokens
from lib.ahead import Ahead
from lib.appliance import began, wait_for

V1 = "/api/v1/"
CAMERA = "atm-0417-almaty-abay-12-face-1-a"  # as long as they come
OLD = '"0123456789abcdef"'


def one(client, kind, key, value):
    found = client.get(V1 + kind).json()[kind]
    return [x for x in found if x[key] == value][0]


def iso(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def act(client, path, body, etag):
    return client.post(V1 + path, body, headers={"If-Match": etag})


def stale(client, path, body, more=lambda: {}):
    """Refused with a tag that is not its, whatever that looks like."""
    for title, tag in (("another tag", OLD), ("a weak one", "W/" + OLD)):
        tokens.refused("%s: %s is refused" % (path, title),
                       act(client, path, {**body, **more()}, tag), 412,
                       "changed")


def cameras(box, oleg, aigul):
    url = "rtsp://127.0.0.1:9/none"
    seen = one(oleg, "cameras", "id", CAMERA)
    path = "cameras/%s/" % CAMERA
    for name, body in (("enable", {}), ("disable", {}),
                       ("retire", {"reason": "It is gone"}),
                       ("move", {"atm": "0418"}), ("zones", {"zones": []}),
                       ("keypad", {"keypad": "outside"}),
                       ("replace", {"device": "another", "url": url,
                                    "transport": "tcp", "user": "",
                                    "password": ""})):
        stale(oleg, path + name, body)
    stale(aigul, path + "aim", {"reason": "To see the keypad"},
          lambda: box.act("aigul"))
    still = one(oleg, "cameras", "id", CAMERA)
    say.test("nothing of it was done", all(
        still[k] == seen[k] for k in ("etag", "name", "atm", "keypad", "zones",
                                      "state")), still)
    tag = '"%s"' % seen["etag"]
    answer = act(oleg, path + "keypad", {"keypad": "masked"}, tag)
    say.test("with the tag that was seen it is done", answer.status == 200,
             answer.body)
    tokens.refused("of two who saw the same one is refused", act(
        oleg, path + "move", {"atm": "0418"}, tag), 412, "changed")
    tag, n = one(oleg, "cameras", "id", CAMERA)["etag"], box.segments(CAMERA)
    wait_for("another segment", 60, lambda: len(box.segments(CAMERA)) > len(n))
    say.test("the tag does not change while the camera only records, and is "
             "the same for all", {one(who, "cameras", "id", CAMERA)["etag"]
                                  for who in (oleg, aigul)} == {tag})
    answer = oleg.post(V1 + path + "keypad", {"keypad": "outside"})
    say.test("without a condition it is done as before", answer.status == 200,
             answer.body)


def people(box, aigul):
    daniyar = one(aigul, "people", "user", "daniyar")
    marat = one(aigul, "people", "user", "marat")
    stale(aigul, "people/%d/deputy" % daniyar["id"], {"deputy": True},
          lambda: box.act("aigul"))
    stale(aigul, "people/%d/reset" % marat["id"], {},
          lambda: box.act("aigul"))
    stale(aigul, "people/%d/end" % marat["id"], {"reason": "Has left"},
          lambda: box.act("aigul"))
    say.test("P6 all are as they were", [
        one(aigul, "people", "user", p["user"]) for p in (daniyar, marat)] ==
        [daniyar, marat])
    tag = '"%s"' % daniyar["etag"]
    answer = act(aigul, "people/%d/deputy" % daniyar["id"],
                 {"deputy": True, **box.act("aigul")}, tag)
    say.test("a person as he was seen is changed", answer.status == 204,
             answer.body)
    tokens.refused("and not twice on one look", act(
        aigul, "people/%d/deputy" % daniyar["id"],
        {"deputy": False, **box.act("aigul")}, tag), 412, "changed")


def requests(box, aigul, marat):
    # whole, and from before the clock was put ahead: none of it is a gap
    first = began(box.segments(CAMERA)[0])
    asked = marat.post(V1 + "requests", {
        "from": iso(first + 1), "to": iso(first + 3), "cameras": [CAMERA],
        "reason": "A dispute", "case": "K-1"})
    ident = asked.json()["id"]
    seen = one(aigul, "requests", "id", ident)
    body = {"verdict": "approve", "cameras": [CAMERA], "from": seen["from"],
            "to": seen["to"], "reason": ""}
    stale(aigul, "requests/%s/decision" % ident, body,
          lambda: box.act("aigul"))
    stale(marat, "requests/%s/revoke" % ident, {"reason": "Solved"})
    say.test("it is still undecided", one(
        aigul, "requests", "id", ident)["state"] == "submitted")
    answer = act(aigul, "requests/%s/decision" % ident,
                 {**body, **box.act("aigul")}, '"%s"' % seen["etag"])
    say.test("as it was seen it is decided", answer.status == 200, answer.body)
    tokens.refused("who saw it undecided does not take it back", act(
        marat, "requests/%s/revoke" % ident, {"reason": "Solved"},
        '"%s"' % seen["etag"]), 412, "changed")
    tokens.refused("a condition has its place", act(
        marat, "requests", {}, OLD), 422, "invalid")


def story():
    with Ahead() as box:
        camera = box.camera("cam 1")
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        oleg, aigul, marat = (box.client(u) for u in ("oleg", "aigul", "marat"))
        requests(box, aigul, marat)
        cameras(box, oleg, aigul)
        people(box, aigul)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
