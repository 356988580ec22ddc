#!/usr/bin/python3
# timeout: 600
"""Find, request, decide, watch, download: who may, who may not, what is entered.

Breaks where approval, the ledger entry before the first byte, or the rule that
nobody is alone is broken.
"""
import datetime
import time

from lib import say
from lib.ahead import Ahead
from lib.appliance import PEOPLE, Appliance, totp, wait_for
from lib.footage import frame_numbers, open_segment, probe

V1 = "/api/v1/"
CAMERA = "cam-1"


class Box(Ahead):
    """Its clock is put ahead only when nothing is measured any more."""
    stepping = False

    def code(self, user):
        return (Ahead if self.stepping else Appliance).code(self, user)


def stamp(seconds):
    """RFC 3339 in UTC."""
    return datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).isoformat(timespec="milliseconds")


def problem(answer):
    try:
        return answer.json()["type"].rsplit(":", 1)[-1]
    except (ValueError, KeyError):
        return answer.body[:80]


def refused(title, answer, status, name):
    say.test(title, answer.status == status and problem(answer) == name,
             "%d %s" % (answer.status, problem(answer)))


def entries(client, kind=None, first=0):
    """The ledger from entry `first`; only one kind where it is named."""
    found = []
    while True:
        page = client.get(V1 + "ledger?first=%d&count=200" % first).json()
        found += page["entries"]
        first += len(page["entries"])
        if not page["entries"] or first >= page["size"]:
            return [e for e in found if kind in (None, e["type"])]


def ask(client, begin, end, reason="Withdrawal disputed", case="K-114",
        right="view", **more):
    return client.post(V1 + "requests", {
        "from": stamp(begin), "to": stamp(end), "cameras": [CAMERA],
        "reason": reason, "case": case, "right": right,
        **({"longer": "He came back"} if end - begin > 300 else {}), **more})


def decide(client, ident, begin, end, password, verdict="approve", code="",
           **more):
    return client.post(V1 + "requests/%s/decision" % ident, {
        "verdict": verdict, "from": stamp(begin), "to": stamp(end),
        "cameras": [CAMERA], "reason": "The case is known",
        "password": password, "code": code, **more})


def media(ident, seq, what):
    return "/media/%s/%s/%d/%s" % (ident, CAMERA, seq, what)


def test_requests(people, begin, end):
    """Bad questions; then a good one, and its number."""
    marat = people["marat"]
    refused("a request without a reason is refused",
            ask(marat, begin, end, reason=""), 422, "invalid")
    refused("a request for the future is refused",
            ask(marat, time.time() + 3600, time.time() + 7200), 422, "future")
    refused("more than five minutes need a reason of their own",
            ask(marat, end - 481, end, longer=""), 422, "invalid")
    refused("a request that ends before it begins is refused",
            ask(marat, end, begin), 422, "invalid")
    refused("P6 an operator may not ask for footage",
            ask(people["oleg"], begin, end), 403, "denied")
    answer = ask(marat, begin, end, right="export")
    say.test("an auditor's request gets a number",
             answer.status == 201 and answer.json()["id"].startswith("REQ-"),
             answer.status, answer.body)
    return answer.json()["id"]


def test_before(people, ident, seq, begin, end):
    """Nothing leaves before somebody else has decided."""
    for user in ("marat", "daniyar", "oleg"):
        name = "denied" if user == "oleg" else "approval-required"
        answer = people[user].get(media(ident, seq, "init"))
        say.test("P5 %s gets no footage of a request that nobody decided"
                 % user, answer.status in (403, 404) and
                 b"moov" not in answer.body, answer.status, problem(answer),
                 "rather " + name)
    answer = decide(people["marat"], ident, begin, end, PEOPLE["marat"][2])
    say.test("P6 an auditor decides nothing", answer.status == 403,
             answer.status)
    refused("a decision with a wrong password is refused",
            decide(people["daniyar"], ident, begin, end, "not my password"),
            401, "wrong-password")
    own = ask(people["daniyar"], begin, end).json()["id"]
    refused("P6 a custodian does not decide a request of his own",
            decide(people["daniyar"], own, begin, end, PEOPLE["daniyar"][2]),
            403, "self-approval")
    told = entries(people["daniyar"], "refused")
    say.test("P5 refusals are entered",
             any(e["fields"].get("error") == "self-approval" for e in told) and
             any(e["fields"].get("request") == ident for e in told), told)


def test_second_factor(box, daniyar, ident, begin, end):
    """A decision needs a code that nobody used yet; returns the good one."""
    password = PEOPLE["daniyar"][2]
    used = totp(box.factor("daniyar"), box.steps["daniyar"])
    refused("P6 the code of the sign-in does not decide as well",
            decide(daniyar, ident, begin, end, password, code=used),
            401, "second-factor")
    refused("P6 a custodian's password without a code decides nothing",
            decide(daniyar, ident, begin, end, password), 401,
            "second-factor")
    refused("P6 a custodian does not sign in without a code",
            box.client().sign_in("aigul", PEOPLE["aigul"][2]), 401,
            "second-factor")
    code = box.code("daniyar")
    answer = decide(daniyar, ident, begin, end, password, code=code)
    refused("P6 a code is good for one act",
            box.client().sign_in("daniyar", password, code), 401,
            "second-factor")
    return answer


def test_lockout(box):
    """Failures cost time, for a user who does not exist as well."""
    for user in ("nobody-here", "oleg"):
        answers = [box.client().sign_in(user, "a wrong password %d" % i)
                   for i in range(5)]
        say.test("after some failures %s has to wait" % user,
                 [a.status for a in answers][:4] == [401] * 4 and
                 answers[4].status == 429 and
                 "seconds" in answers[4].json()["detail"],
                 [a.status for a in answers], answers[4].body)


def test_watching(box, people, ident):
    """Every byte is the recorded one, under a lease that covers it."""
    marat, auditor = people["marat"], people["daniyar"]
    play = marat.get(V1 + "requests/%s/play" % ident)
    say.test("what may be watched is listed", play.status == 200, play.body)
    runs = play.json()["cameras"][0]["runs"]
    say.test("an unbroken recording is one run", len(runs) == 1, runs)
    part = next(p for p in runs[0]["parts"] if p["fragments"])
    before = auditor.get(V1 + "ledger?first=0&count=1").json()["size"]
    init = marat.get(media(ident, part["seq"], "init"))
    pieces = [marat.get(media(ident, part["seq"], str(f["index"])))
              for f in part["fragments"]]
    say.test("init part and fragments are served",
             {a.status for a in [init] + pieces} == {200},
             [a.status for a in [init] + pieces])
    say.test("nothing of it may be stored on the way", all(
        a.headers["Cache-Control"] == "no-store" for a in [init] + pieces))

    path = next(p for p in box.segments(CAMERA)
                if int(p.name.split("-")[1].split(".")[0]) == part["seq"])
    plain, _ = open_segment(box, path)
    served = b"".join(p.body for p in pieces)
    say.test("what is served is what was recorded, bit for bit",
             init.body and plain.startswith(init.body) and served in plain)

    marat.post(V1 + "requests/%s/stop" % ident)
    leases = entries(auditor, "lease-opened", before)
    mine = [e for e in leases if e["fields"]["request"] == ident]
    say.test("P5 a view is entered with its request and its decision",
             mine and all(e["fields"]["lease-kind"] == "view" and
                          e["fields"]["camera"] == CAMERA and
                          e["fields"].get("decision") is not None
                          for e in mine), leases)
    closed = entries(auditor, "lease-closed", before)
    say.test("P5 a lease is closed with what was really served",
             any(e["fields"].get("served-from") for e in closed), closed)
    # the range begins anywhere in its first segment: 0 may lie before it
    return part["seq"], str(part["fragments"][0]["index"])


def test_files_closed(box, people, ident, path):
    """A file leaves after password and a fresh code alone: not to whoever came
    upon an open page."""
    marat, url = people["marat"], V1 + "requests/%s/files" % ident
    password = PEOPLE["marat"][2]
    for method in ("HEAD", "GET"):
        answer = marat.ask(method, path)
        say.test("P5 a session alone gets no plain MP4: " + method,
                 answer.status == 403 and b"moov" not in answer.body and
                 (method == "HEAD" or problem(answer) == "files-closed"),
                 answer.status, answer.body[:80])
    refused("who has no second factor is told to set one up", marat.post(
        url, {"password": password, "code": "000000"}), 403,
        "no-second-factor")
    box.give_factor("marat", marat)
    refused("with the password alone no file leaves", marat.post(
        url, {"password": password}), 401, "second-factor")
    refused("nor with a wrong password", marat.post(
        url, {"password": "not my password", "code": box.code("marat")}), 401,
        "wrong-password")
    refused("another's files are not opened", people["daniyar"].post(
        url, box.who("daniyar")), 403, "denied")
    box.open_files(marat, "marat", ident)
    used = totp(box.factor("marat"), box.steps["marat"])
    refused("a code is good for one act", marat.post(
        url, {"password": password, "code": used}), 401, "second-factor")
    other = box.client("marat")
    refused("P5 in another session of his they stay closed", other.get(path),
            403, "files-closed")
    other.sign_out()


def test_download(box, people, ident):
    """One plain MP4, whole or by range."""
    marat = people["marat"]
    path = "/media/%s/%s/run0.mp4" % (ident, CAMERA)
    test_files_closed(box, people, ident, path)
    head = marat.ask("HEAD", path)
    size = int(head.headers["Content-Length"])
    whole = marat.get(path)
    say.test("a download has the length that HEAD says",
             head.status == 200 and whole.status == 200 and
             len(whole.body) == size, head.status, whole.status, size,
             len(whole.body))
    film = box.tmp / "download.mp4"
    film.write_bytes(whole.body)
    told = probe(film)
    numbers = frame_numbers(film)
    say.test("the download plays and lacks no frame",
             numbers == list(range(numbers[0], numbers[0] + len(numbers))),
             told)
    say.test("the index stands in front, so it plays while it loads",
             0 < whole.body.find(b"moov") < whole.body.find(b"mdat"))
    part = marat.get(path, headers={"Range": "bytes=100-299"})
    say.test("a range is answered with 206 and exactly those bytes",
             part.status == 206 and part.body == whole.body[100:300],
             part.status)
    beyond = marat.get(path, headers={"Range": "bytes=%d-" % size})
    say.test("a range beyond the end is answered with 416",
             beyond.status == 416 and
             beyond.headers["Content-Range"] == "bytes */%d" % size,
             beyond.status)
    bad = marat.get(path, headers={"Range": "bytes=9-1"})
    say.test("a malformed range is answered with 400", bad.status == 400,
             bad.status)


def test_marks(box, people, ident, begin):
    """Notes and snapshots: within the grant, entered, never another's."""
    marat, auditor = people["marat"], people["daniyar"]
    url = V1 + "requests/%s/" % ident
    at = stamp(begin + 3)
    note = {"camera": CAMERA, "at": at, "text": "The card goes in"}
    made = marat.post(url + "notes", note)
    say.test("a note is entered", made.status == 201, made.body)
    shot = marat.post(url + "snapshots",
                      {"camera": CAMERA, "at": at, "sha256": "5a" * 32})
    say.test("a snapshot is entered", shot.status == 201, shot.body)
    told = entries(auditor, "note")[-1]
    say.test("with picture's time, camera, request and text",
             told["index"] == made.json()["entry"] and
             told["fields"]["note"] == note["text"] and
             told["fields"]["request"] == ident and
             told["fields"]["camera"] == CAMERA and
             told["person_name"] == PEOPLE["marat"][0], told)
    told = entries(auditor, "snapshot")[-1]
    say.test("and the hash of a snapshot's file",
             told["fields"]["picture"] == "5a" * 32, told)
    for title, body in (
            ("another camera", {**note, "camera": "other"}),
            ("another hour", {**note, "at": stamp(begin - 3600)})):
        refused("P6 a note on %s is refused" % title,
                marat.post(url + "notes", body), 403, "approval-required")
    refused("P6 a note of somebody else is refused",
            people["aigul"].post(url + "notes", note), 403, "denied")
    refused("an empty note is refused", marat.post(
        url + "notes", {**note, "text": ""}), 422, "invalid")
    refused("a snapshot without a hash is refused", marat.post(
        url + "snapshots", {"camera": CAMERA, "at": at, "sha256": "Z" * 64}),
        422, "invalid")
    story = marat.get(url + "story").json()
    say.test("the story of a request has both, and who looked",
             [n["text"] for n in story["notes"]] == [note["text"]] and
             [n["sha256"] for n in story["snapshots"]] == ["5a" * 32] and
             any(x["kind"] == "view" and x["mine"] for x in story["leases"]),
             story)
    say.test("a custodian reads it, too", [
        x["mine"] for x in auditor.get(url + "story").json()["leases"]]
        .count(True) == 0)
    refused("an operator does not", people["oleg"].get(url + "story"), 403,
            "denied")
    refused("nobody reads the story of none", marat.get(
        V1 + "requests/REQ-2026-99999/story"), 404, "not-found")


def test_view_only(box, people, begin, end):
    """The right to watch is not the right to files."""
    marat = people["marat"]
    ident = ask(marat, begin, end).json()["id"]
    answer = decide(people["daniyar"], ident, begin, end,
                    PEOPLE["daniyar"][2], code=box.code("daniyar"))
    say.test("a request to watch is approved", answer.status == 200,
             answer.body)
    refused("P6 who may only watch makes no file of a picture", marat.post(
        V1 + "requests/%s/snapshots" % ident,
        {"camera": CAMERA, "at": stamp(begin + 3), "sha256": "5a" * 32}),
        403, "approval-required")


def test_entry_is_durable(box, people, ident, seq, first):
    """The entry is on the disk when the first byte arrives: kill at once."""
    fresh = box.client("marat")
    size = people["daniyar"].get(V1 + "ledger?first=0&count=1").json()["size"]
    answer = fresh.get(media(ident, seq, first))
    box.processes["storage"].kill()
    box.write_conf(copy_minutes=1)
    say.test("a fragment came", answer.status == 200, answer.status)
    say.test("P8 neither recorder nor web dies with storage",
             box.processes["recorder"].alive() and
             box.processes["web"].alive())
    box.start("storage")
    wait_for("web finds storage again", 30, box.web_ready)
    again = wait_for("sign-in works again", 30, lambda: sign_in(box))
    leases = entries(again, "lease-opened", size)
    say.test("P5 no byte leaves before its entry is durable: a lease was on "
             "the disk when storage was killed",
             any(e["fields"]["request"] == ident for e in leases), leases)
    done = box.tool("check", "--data", box.data, check=False, config=False)
    say.test("P8 after kill -9 saqta check finds nothing wrong",
             done.returncode == 0, done.stdout.decode()[-600:],
             done.stderr.decode()[-600:])


def state(client, ident):
    found, = [r for r in client.get(V1 + "requests").json()["requests"]
              if r["id"] == ident]
    return found


def test_quotas(box, marat, ident, end):
    """Nobody copies everything, and nobody holds everything by asking."""
    path = "/media/%s/%s/run0.mp4" % (ident, CAMERA)
    box.open_files(marat, "marat", ident)
    answers = []
    while not answers or (answers[-1].status == 200 and len(answers) < 9):
        answers.append(marat.get(path))
    refused("P5 above a day's minutes nothing more is copied", answers[-1],
            429, "quota")
    asked = [ask(marat, end - 86400, end) for _ in range(11)]
    say.test("ten days of a camera may wait for a decision",
             [a.status for a in asked[:10]] == [201] * 10,
             [a.status for a in asked])
    refused("P4 and no more: what is asked for is held at once", asked[10],
            429, "quota")
    return [a.json()["id"] for a in asked[:10]]


def test_closing(box, marat, aigul, ident, begin, end):
    """By the requester; what is closed nobody decides."""
    answer = marat.post(V1 + "requests/%s/revoke" % ident,
                        {"reason": "Solved"})
    say.test("the requester closes what he asked for",
             answer.status == 200 and state(marat, ident)["state"] == "closed",
             answer.body)
    refused("what is closed is not decided", decide(
        aigul, ident, begin, end, PEOPLE["aigul"][2],
        code=box.code("aigul")), 409, "decided")
    say.test("and makes room for another", ask(marat, end - 86400,
                                               end).status == 201)


def test_reminders(box, aigul, ident):
    """Each day that a request waits, those who may decide it are told, and
    the deputy later."""
    people = {p["user"]: p["id"]
              for p in aigul.get(V1 + "people").json()["people"]}
    answer = aigul.post(V1 + "people/%d/deputy" % people["aigul"], {
        "deputy": True, "password": PEOPLE["aigul"][2],
        "code": box.code("aigul")})
    say.test("a deputy is named", answer.status == 204, answer.body)
    box.later(86400)

    def told():
        return [e["fields"] for e in entries(aigul, "reminded")
                if e["fields"]["request"] == ident]
    first = wait_for("a reminder", 30, told)
    say.test("after a day the custodians are reminded, by an entry",
             len(first) == 1 and first[0]["days"] == 1 and
             first[0]["reminded"] == [people["daniyar"]], first)
    say.test("and pages show how long it waits",
             state(aigul, ident)["waits_days"] == 1, state(aigul, ident))
    own = [e["fields"]["reminded"] for e in entries(aigul, "reminded")
           if e["fields"]["reminded"] == [people["aigul"]]]
    say.test("P6 nobody is reminded of his own request, but his deputy is",
             len(own) == 1, own)
    box.later(86400)
    wait_for("the next reminder", 30, lambda: len(told()) == 2)
    say.test("and again after another day, with the deputy",
             told()[1]["days"] == 2 and told()[1]["reminded"] ==
             [people["daniyar"], people["aigul"]], told())


def test_revoked(marat, aigul, ident, seq, first):
    """By a custodian who is not the requester, while it is watched."""
    say.test("before, it is watched",
             marat.get(media(ident, seq, first)).status == 200)
    refused("a custodian takes back with a reason", aigul.post(
        V1 + "requests/%s/revoke" % ident, {"reason": ""}), 422, "invalid")
    answer = aigul.post(V1 + "requests/%s/revoke" % ident,
                        {"reason": "The case was withdrawn"})
    at = time.monotonic()
    while marat.get(media(ident, seq, first)).status == 200:
        time.sleep(0.2)
    say.test("P5 what is revoked stops being served within 10 s",
             answer.status == 200 and time.monotonic() - at < 10,
             answer.body, time.monotonic() - at)
    say.test("the requester sees that it was revoked",
             state(marat, ident)["state"] == "revoked")


def test_until(box, marat, aigul, begin, end):
    """An end of one's own, and one that the decision sets."""
    def days(n):
        return stamp(time.time() + box.clock_ahead + n * 86400)

    refused("a request names a reason of the list", ask(
        marat, begin, end, reason_code="curiosity"), 422, "invalid")
    for n in (-1, 31):
        refused("an end that has passed, or is far away, is not asked for",
                ask(marat, begin, end, until=days(n)), 422, "invalid")
    ident = ask(marat, begin, end, reason_code="fraud",
                until=days(2)).json()["id"]
    refused("an approval lasts no longer than was asked for", decide(
        aigul, ident, begin, end, PEOPLE["aigul"][2], until=days(3),
        code=box.code("aigul")), 422, "invalid")
    ends = days(1)
    answer = decide(aigul, ident, begin, end, PEOPLE["aigul"][2], until=ends,
                    code=box.code("aigul"))
    told = state(marat, ident)
    say.test("a decision may shorten it", answer.status == 200 and
             told["state"] == "shortened" and told["reason_code"] == "fraud" and
             instant(told["granted"]["ends"]) == instant(ends) and
             instant(told["until"]) - instant(ends) > 86000, answer.body, told)
    asked = entries(aigul, "request")[-1]["fields"]
    say.test("P5 both are entered", asked["reason-code"] == "fraud" and
             instant(asked["until"]) == instant(told["until"]), asked)
    box.later(86400 + 60)
    say.test("then it has expired", state(marat, ident)["state"] == "expired")


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def test_once(marat, aigul, begin, end):
    """Who asks again because the answer was lost gets it, and nothing new."""
    body = {"from": stamp(begin), "to": stamp(end), "cameras": [CAMERA],
            "reason": "Withdrawal disputed", "case": "K-115"}

    def send(client, key, path="requests", **more):
        return client.post(V1 + path, {**body, **more},
                           headers={"Idempotency-Key": key})
    first, again = send(marat, "k-1"), send(marat, "k-1")
    say.test("the same key and body give the first answer again",
             first.status == again.status == 201 and
             first.body == again.body and
             first.headers["Location"] == again.headers["Location"] and
             again.headers["Idempotency-Replayed"] == "true" and
             "Idempotency-Replayed" not in first.headers, first.body,
             again.status, again.body)
    made = [r for r in marat.get(V1 + "requests").json()["requests"]
            if r["case"] == "K-115"]
    say.test("and were one request", len(made) == 1, made)
    refused("a key is for one body", send(marat, "k-1", case="K-116"), 409,
            "key-used")
    other = send(aigul, "k-1")
    say.test("another person's key is another", other.status == 201 and
             other.body != first.body, other.body)
    refused("what was refused is not remembered",
            send(marat, "k-2", reason=""), 422, "invalid")
    say.test("so it is put right under the same key",
             send(marat, "k-2").status == 201)
    for key, path in (("", "requests"), ("x" * 65, "requests"),
                      ("k 3", "requests"), ("k-3", "people")):
        refused("a key has its form, and its place",
                send(marat, key, path), 422, "invalid")
    for client in (marat, aigul):
        for r in client.get(V1 + "requests").json()["requests"]:
            if r["case"] == "K-115" and r["mine"]:
                client.post(V1 + "requests/%s/revoke" % r["id"],
                            {"reason": "It was tried"})


def test_lists(aigul, ident):
    """Told by the page, wholly; not again to who has them."""
    for path, name in (("requests", "requests"), ("exports", "exports"),
                       ("holds", "holds"), ("people", "people"),
                       ("tokens", "tokens"),
                       ("requests/%s/story" % ident, "leases")):
        whole = aigul.get(V1 + path + "?limit=500")
        have = aigul.get(V1 + path + "?limit=500", headers={
            "If-None-Match": whole.headers["ETag"]})
        say.test("a list that has not changed is not sent again: " + name,
                 have.status == 304 and not have.body, have.status)
        pages, after = [], ""
        while after is not None:
            page = aigul.get(V1 + path + "?limit=2" + (
                "&after=" + after if after else "")).json()
            pages += [page[name]]
            after = page["next"]
        say.test("by the page it is the same list: " + name,
                 sum(pages, []) == whole.json()[name] and
                 whole.json()["next"] is None and
                 all(len(p) <= 2 for p in pages), pages)
    refused("a page goes on where there was one", aigul.get(
        V1 + "requests?after=REQ-1999-00001"), 422, "invalid")
    size = aigul.get(V1 + "ledger?count=1").json()["size"]
    found, first = [], 0
    while first is not None:
        page = aigul.get(V1 + "ledger?first=%d&count=200" % first).json()
        found += page["entries"]
        first = page["next"]
    say.test("so is the ledger", [e["index"] for e in found[:size]] ==
             list(range(size)), size)


def test_expiry(box, marat, aigul, spare, seq, first, begin, end):
    marat.post(V1 + "requests/%s/revoke" % spare, {"reason": "Solved"})
    ident = ask(marat, begin, end).json()["id"]
    answer = decide(aigul, ident, begin, end, PEOPLE["aigul"][2],
                    code=box.code("aigul"))
    say.test("another approval serves", answer.status == 200 and marat.get(
        media(ident, seq, first)).status == 200, answer.body)
    test_until(box, marat, aigul, begin, end)
    box.later(7 * 86400 + 60)
    refused("P5 a grant ends by itself", wait_for(
        "the end", 10, lambda: (a := marat.get(
            media(ident, seq, first))).status != 200 and a), 403,
        "grant-ended")
    say.test("and is shown as expired", state(marat, ident)["state"] == "expired")


def sign_in(box):
    client = box.client()
    return client if client.sign_in(
        "marat", PEOPLE["marat"][2],
        box.code("marat")).status in (200, 201) else None


def test_edges(box, marat):
    backward = marat.get(V1 + "coverage?from=2026-11-22T10:00:00Z"
                         "&to=2026-11-22T09:00:00Z")
    refused("a span that ends before it begins", backward, 422, "invalid")
    say.test("the site is told before sign-in, and the API's document",
             box.client().get(V1 + "site").json()["site"] == box.site and
             box.client().get(V1 + "openapi.json").json()["openapi"] ==
             "3.1.0")
    gone = marat.sign_out()
    say.test("signing out is an answer without a body", gone.status == 204,
             gone.body)
    refused("after it the cookie opens nothing", marat.get(V1 + "cameras"),
            401, "signed-out")


def story():
    with Box() as box:
        cam = box.camera("cam 1")
        box.add_camera(CAMERA, cam.url)
        box.wait_recording(CAMERA)
        wait_for("four segments", 60, lambda: len(box.segments(CAMERA)) >= 5)
        people = {user: box.client(user) for user in PEOPLE}
        say.test("P6 each has the role that was given", all(
            people[u].role == PEOPLE[u][1] for u in people))
        answer = box.client().sign_in("marat", "a wrong password")
        refused("a wrong password is refused", answer, 401, "wrong-password")

        end = time.time() - 2
        begin = end - 10
        seq = 2
        ident = test_requests(people, begin, end)
        test_before(people, ident, seq, begin, end)
        answer = test_second_factor(box, people["daniyar"], ident, begin, end)
        say.test("another custodian approves", answer.status == 200,
                 answer.status, answer.body)
        again = decide(people["aigul"], ident, begin, end, PEOPLE["aigul"][2])
        refused("nobody decides twice", again, 409, "decided")
        seq, first = test_watching(box, people, ident)
        refused("P6 an operator gets no footage of another's grant",
                people["oleg"].get(media(ident, seq, first)), 403, "denied")
        foreign = people["aigul"].get(media(ident, seq, first))
        say.test("P5 a grant serves its requester only",
                 foreign.status in (403, 404), foreign.status)
        outside = people["marat"].get(media(ident, 1, "0"))
        say.test("P5 a segment outside the grant is refused",
                 outside.status in (403, 404), outside.status)
        test_download(box, people, ident)
        test_marks(box, people, ident, begin)
        test_view_only(box, people, begin, end)
        test_entry_is_durable(box, people, ident, seq, first)

        test_lockout(box)
        box.stepping = True
        marat, aigul = box.client("marat"), box.client("aigul")
        asked = test_quotas(box, marat, ident, end)
        test_closing(box, marat, aigul, asked[0], begin, end)
        test_reminders(box, aigul, asked[1])
        test_revoked(marat, aigul, ident, seq, first)
        test_expiry(box, marat, aigul, asked[2], seq, first, begin, end)
        test_once(marat, aigul, begin, end)
        test_lists(aigul, ident)
        refused("what was revoked is not listed any more",
                marat.get(V1 + "requests/%s/play" % ident), 403,
                "grant-ended")
        test_edges(box, marat)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
