#!/usr/bin/python3
# timeout: 400
"""A request that is not made yet is kept by the box for who writes it: nobody
else sees it, it holds nothing and is in no entry; then it is sent, discarded, or
dropped when its time or its writer's account has ended."""
import datetime
import sqlite3

from lib import say, tokens
from lib.ahead import Ahead
from lib.appliance import began, wait_for

V1 = "/api/v1/"
DRAFTS = V1 + "drafts"
CAMERA = "cam-1"
OLD = '"0123456789abcdef"'
OWN = "seven herons over the lake"
SECRET = "A withdrawal that nobody else is to read of"


def problem(answer):
    told = answer.json()
    return answer.status, told["type"].rsplit(":", 1)[-1], told.get("pointer")


def drafts(client):
    return client.get(DRAFTS).json()["drafts"]


def rows(box):
    """What the index has, whoever may see it."""
    db = sqlite3.connect("file:%s?mode=ro" % (box.data / "index.db"), uri=True)
    found = db.execute("SELECT id, reason FROM draft ORDER BY id").fetchall()
    db.close()
    return found


def ledger(client):
    """Entries that a request, a hold, a reminder or a refusal would be."""
    found, first = [], 0
    while True:
        page = client.get(V1 + "ledger?first=%d&count=200" % first).json()
        found += [(e["index"], e["type"]) for e in page["entries"]
                  if e["type"] in ("request", "hold-placed", "reminded",
                               "refused")]
        first += len(page["entries"])
        if not page["entries"] or first >= page["size"]:
            return found


def iso(seconds):
    return datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).isoformat(timespec="seconds")


def save(client, body, draft=None, tag=None, **headers):
    if tag:
        headers["If-Match"] = '"%s"' % tag if '"' not in tag else tag
    return client.post(DRAFTS + ("/%d" % draft if draft else ""), body,
                       headers=headers)


def test_saved(box, marat, aigul, whole):
    """Half of it, then more; its tag; twice under one key."""
    before, held = ledger(aigul), aigul.get(V1 + "holds").json()
    say.test("who has begun nothing has no drafts", drafts(marat) == [])
    key = {"Idempotency-Key": "draft-1"}
    first, again = (save(marat, {"reason": SECRET}, **key) for _ in range(2))
    made = first.json()
    say.test("a draft may have nothing but a reason, and one key makes one",
             first.status == 201 and again.json() == made and
             again.headers["Idempotency-Replayed"] == "true" and
             first.headers["ETag"] == '"%s"' % made["etag"] and
             first.headers["Location"] == "/find?draft=%d" % made["id"] and
             [(d["id"], d["reason"], d["cameras"], d["from"], d["right"],
               d["reason_code"]) for d in drafts(marat)] ==
             [(made["id"], SECRET, [], None, None, None)], drafts(marat))
    more = save(marat, whole, made["id"], made["etag"])
    now, = drafts(marat)
    say.test("it is saved again, whole, under another tag",
             more.status == 200 and more.json()["id"] == made["id"] and
             now["etag"] == more.json()["etag"] != made["etag"] and
             [now[k] for k in ("cameras", "reason", "case", "right",
                               "reason_code")] ==
             [whole[k] for k in ("cameras", "reason", "case", "right",
                                 "reason_code")] and
             now["from"] and now["to"] and now["until"], now)
    for path in ("", "/submit", "/discard"):
        answer = marat.post("%s/%d%s" % (DRAFTS, made["id"], path),
                            {} if path == "/discard" else whole,
                            headers={"If-Match": '"%s"' % made["etag"]})
        say.test("who saw it as it was before does not change it: %s"
                 % (path or "save"), problem(answer)[:2] == (412, "changed"),
                 answer.status, answer.body)
    tag = marat.get(DRAFTS).headers["ETag"]
    say.test("a list that is the same is not sent again", marat.get(
        DRAFTS, headers={"If-None-Match": tag}).status == 304)
    say.test("P4 nothing of it is in the ledger, and nothing is held",
             ledger(aigul) == before and
             aigul.get(V1 + "holds").json() == held, ledger(aigul))
    return now


def test_wrong(marat, whole):
    """What breaks a rule is named, also where the rest is missing."""
    for title, body, pointer in (
            ("a reason", {"reason": "x" * 1025}, "/reason"),
            ("a case number", {"case": "x" * 121}, "/case"),
            ("why so long", {"longer": "x" * 1025}, "/longer"),
            ("a time", {"from": "yesterday"}, "/from"),
            ("an end", {"until": "soon"}, "/until"),
            ("a right", {"right": "all"}, "/right"),
            ("a reason code", {"reason_code": "whim"}, "/reason_code"),
            ("cameras", {"cameras": []}, "/cameras"),
            ("an unknown member", {"owner": "aigul"}, "/owner")):
        answer = save(marat, body)
        say.test("%s that is none is named" % title,
                 problem(answer) == (422, "invalid", pointer), answer.body)
    answer = save(marat, {**whole, "reason": "x" * 1024, "longer": "x" * 1024,
                          "cameras": ["cam-%d-%s" % (i, "x" * 24)
                                      for i in range(64)]})
    say.test("all of it together has its limit", problem(answer)[:2] == (413, "too-large"),
             answer.body)
    kept = drafts(marat)[0]
    answer = save(marat, {"reason": "x" * 1025}, kept["id"])
    say.test("nor is one that is kept changed by it",
             problem(answer) == (422, "invalid", "/reason") and
             drafts(marat)[0] == kept, answer.body)
    answer = marat.get(DRAFTS + "?person=1")
    say.test("the list takes no parameters", answer.status == 422, answer.body)


def test_others(box, marat, daniyar, oleg, draft, whole):
    """To everybody else there is none; an operator has none at all."""
    timur = box.client("timur", OWN)
    for who, client in (("another auditor", timur), ("a custodian", daniyar)):
        say.test("P6 %s does not see it" % who, drafts(client) == [] and
                 SECRET.encode() not in client.get(V1 + "requests").body)
        path = "%s/%d" % (DRAFTS, draft["id"])
        for act, body in (("", whole), ("/submit", whole), ("/discard", {})):
            answer = client.post(path + act, body)
            say.test("P6 to %s it is not there: %s" % (who, act or "save"),
                     problem(answer)[:2] == (404, "not-found"), answer.body)
            answer = client.post(path + act, body, headers={
                "If-Match": OLD})
            say.test("and a condition tells him no more: " + (act or "save"),
                     answer.status == 412 == client.post(
                         "%s/999%s" % (DRAFTS, act), body, headers={
                             "If-Match": OLD}).status, answer.body)
    for answer in (oleg.get(DRAFTS), save(oleg, {})):
        say.test("P6 an operator asks for nothing, so he has no drafts",
                 problem(answer)[:2] == (403, "denied"), answer.body)
    say.test("nothing of it was changed", drafts(marat) == [draft])
    own = save(daniyar, {"case": "K-9"})
    say.test("a custodian may ask, too, and has drafts of his own",
             own.status == 201 and [d["case"] for d in drafts(daniyar)] ==
             ["K-9"] and drafts(marat) == [draft])
    return timur


def test_kept(box, draft):
    """By the box: neither a page nor a program has it alone."""
    box.processes["storage"].kill()
    box.start("storage")
    wait_for("web finds storage again", 30, box.web_ready)
    marat = box.client("marat")
    say.test("a draft outlives storage's end by kill -9, with its tag",
             drafts(marat) == [draft], drafts(marat))
    box.stop("web", "storage")
    box.start("storage", "web")
    marat = box.client("marat")
    say.test("and an orderly start of the box", drafts(marat) == [draft])
    return marat


def test_limit(marat):
    made = [save(marat, {"case": "K-%d" % i}) for i in range(20)]
    say.test("one person keeps twenty at most",
             [a.status for a in made] == [201] * 19 + [409] and
             problem(made[-1])[1] == "drafts" and len(drafts(marat)) == 20,
             [a.status for a in made])
    gone = [marat.post("%s/%d/discard" % (DRAFTS, a.json()["id"]), {},
                       headers={"If-Match": '"%s"' % a.json()["etag"]})
            for a in made[:19]]
    say.test("what is discarded is gone", [a.status for a in gone] ==
             [204] * 19 and len(drafts(marat)) == 1, [a.body for a in gone])


def test_sent(marat, aigul, draft, whole):
    """As any other request; the draft is gone then, and not before."""
    path = "%s/%d/submit" % (DRAFTS, draft["id"])
    tag = {"If-Match": '"%s"' % draft["etag"]}
    for member in ("cameras", "from", "reason", "case"):
        answer = marat.post(path, {k: v for k, v in whole.items()
                                   if k != member}, headers=tag)
        say.test("a draft is not sent without %s, and stays" % member,
                 problem(answer) == (422, "invalid", "/" + member) and
                 drafts(marat) == [draft], answer.body)
    before = ledger(aigul)
    sent = marat.post(path, whole, headers=tag)
    ident = sent.json().get("id", "")
    say.test("as it is to be it is sent, held and entered, and is no draft",
             sent.status == 201 and drafts(marat) == [] and
             [kind for _, kind in ledger(aigul)[len(before):]] ==
             ["request", "hold-placed"], sent.body, ledger(aigul))
    seen = [r for r in aigul.get(V1 + "requests").json()["requests"]
            if r["id"] == ident]
    say.test("now a custodian sees it", [r["reason"] for r in seen] ==
             [whole["reason"]], seen)
    answer = marat.post(path, whole)
    say.test("what was sent is not sent again",
             problem(answer)[:2] == (404, "not-found"), answer.body)


def test_ends(box, marat, timur, aigul):
    """With the account of its writer, and a month after it was saved."""
    save(timur, {"reason": "Of somebody who leaves"})
    save(marat, {"reason": "Forgotten"})
    person, = [p["id"] for p in aigul.get(V1 + "people").json()["people"]
               if p["user"] == "timur"]
    answer = aigul.post(V1 + "people/%d/end" % person, {
        "reason": "Has left", **box.act("aigul")})
    left = [reason for _, reason in rows(box)]
    say.test("with an account its drafts end, and nobody else's",
             answer.status == 204 and left == ["", "Forgotten"], left)
    box.later(29 * 86400)
    marat = box.client("marat")
    kept, = drafts(marat)
    save(marat, {"reason": "Not forgotten"})
    box.later(86400 + 60)
    wait_for("the old ones are dropped", 30, lambda: len(rows(box)) == 1)
    say.test("a month after it was saved last a draft is dropped",
             kept["reason"] == "Forgotten" and
             [r for _, r in rows(box)] == ["Not forgotten"], rows(box))


def story():
    with Ahead() as box:
        camera = box.camera("cam 1")
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        aigul, daniyar, marat, oleg = (box.client(u) for u in (
            "aigul", "daniyar", "marat", "oleg"))
        made = aigul.post(V1 + "people", {
            "user": "timur", "name": "Timur Abenov", "role": "auditor",
            **box.act("aigul")}).json()
        first = box.client("timur", made["password"])
        first.post(V1 + "account/password", {
            "password": made["password"], "new": OWN})
        # from before the clock was put ahead: none of it is a gap
        first = began(box.segments(CAMERA)[0])
        whole = {"cameras": [CAMERA], "from": iso(first + 1),
                 "to": iso(first + 3), "reason": SECRET, "case": "K-114",
                 "longer": "", "right": "export", "reason_code": "fraud",
                 "until": tokens.later(box, days=3)}
        draft = test_saved(box, marat, aigul, whole)
        test_wrong(marat, whole)
        test_others(box, marat, daniyar, oleg, draft, whole)
        marat = test_kept(box, draft)
        test_limit(marat)
        aigul, timur = box.client("aigul"), box.client("timur", OWN)
        test_sent(marat, aigul, draft, whole)
        test_ends(box, marat, timur, aigul)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not [b for b in box.broken() if b != "storage"] and
                 b"Sanitizer" not in (box.logs / "storage.log").read_bytes(),
                 box.broken())


say.main(story)
