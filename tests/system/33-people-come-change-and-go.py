#!/usr/bin/python3
# timeout: 600
"""Accounts over the real web and storage: made, renewed, ended, one's own.

No camera runs: the programs' clock is put ahead half a minute for each new
code of a second factor, so that nobody waits for one.
"""
import base64
import struct
import time

from lib import say, tokens
from lib.ahead import Ahead
from lib.appliance import PEOPLE, totp, wait_for

V1 = "/api/v1/"
OWN = "a password of one's own"


def problem(answer):
    return answer.json().get("type", "").rsplit(":", 1)[-1]


def refused(title, answer, status, name):
    say.test(title, (answer.status, problem(answer)) == (status, name),
             answer.status, answer.body)


def entries(client, kind):
    found = client.get(V1 + "ledger?first=0&count=200").json()["entries"]
    return [e for e in found if e["type"] == kind]


def secret_of(uri):
    return base64.b32decode(uri.split("secret=")[1].split("&")[0])


def test_auditor(box, aigul):
    """Made with a one-time password, which opens nothing else."""
    asked = {"user": "saule", "name": "Saule Akhmetova", "role": "auditor"}
    refused("P6 nobody is made without a custodian's code", aigul.post(
        V1 + "people", {**asked, "password": PEOPLE["aigul"][2]}), 401,
        "second-factor")
    made = aigul.post(V1 + "people", {**asked, **box.act("aigul")})
    say.test("a custodian makes an auditor with a one-time password",
             made.status == 201 and len(made.json()["password"]) == 19 and
             made.json()["uri"] == "", made.status, made.body)
    told = made.json()
    refused("a user name is given once", aigul.post(
        V1 + "people", {**asked, **box.act("aigul")}), 409, "exists")

    saule = box.client()
    answer = saule.sign_in("saule", told["password"])
    say.test("the one-time password signs in and says so",
             answer.status == 200 and answer.json()["first"] is True,
             answer.body)
    refused("before one's own password nothing else opens",
            saule.get(V1 + "requests"), 403, "first-password")
    other = box.client()
    other.sign_in("saule", told["password"])
    refused("the same password again is not one's own", saule.post(
        V1 + "account/password", {"password": told["password"],
                                  "new": told["password"]}), 422, "invalid")
    for title, common in (("a common password", "Password123"),
                          ("her name and a year", "saule-akhmetova-2026"),
                          ("the keys of a row, in Cyrillic", "йцукенгшщз")):
        refused("what is guessed soon is refused: " + title, saule.post(
            V1 + "account/password", {"password": told["password"],
                                      "new": common}), 422,
                "common-password")
    answer = saule.post(V1 + "account/password", {
        "password": told["password"], "new": OWN})
    say.test("a password of one's own is set", answer.status == 204,
             answer.body)
    say.test("then the pages open", saule.get(V1 + "requests").status == 200 and
             saule.get(V1 + "session").json()["first"] is False)
    wait_for("the other session ends", 10,
             lambda: other.get(V1 + "session").status == 401)
    say.test("a new password ends one's other sessions", True)
    refused("the one-time password is used up",
            box.client().sign_in("saule", told["password"]), 401,
            "wrong-password")
    return told["person"], saule


def test_own_factor(box):
    """An auditor may have a second factor as well."""
    marat = box.client("marat")
    password = PEOPLE["marat"][2]
    shown = marat.post(V1 + "account/factor").json()
    rows = shown["qr"].split()
    say.test("a new factor is shown as a QR code", len(rows) >= 21 and
             all(len(row) == len(rows) for row in rows), shown)
    secret = secret_of(shown["uri"])
    refused("a factor counts when its code was shown", marat.post(
        V1 + "account/factor/confirm", {"password": password,
                                        "new_code": "000000"}), 401,
        "second-factor")
    now = int(time.time() + box.clock_ahead) // 30
    answer = marat.post(V1 + "account/factor/confirm", {
        "password": password, "new_code": totp(secret, now)})
    say.test("the code confirms it", answer.status == 204, answer.body)
    refused("P6 from then on the password alone does not sign in",
            box.client().sign_in("marat", password), 401, "second-factor")
    box.factor_path("marat").write_text(shown["uri"])
    say.test("password and code do", box.client("marat").role == "auditor")


def test_ends(box, aigul, daniyar, person, saule):
    """Reset and end; who is ended is out at once."""
    reset = daniyar.post(V1 + "people/%d/reset" % person, box.act("daniyar"))
    say.test("a custodian gives an auditor a new one-time password",
             reset.status == 201, reset.body)
    wait_for("the old session ends", 10,
             lambda: saule.get(V1 + "session").status == 401)
    refused("a reset ends the password of before",
            box.client().sign_in("saule", OWN), 401, "wrong-password")
    saule = box.client("saule", reset.json()["password"])
    answer = daniyar.post(V1 + "people/%d/end" % person, {
        "reason": "", **box.act("daniyar")})
    refused("an account ends with a reason", answer, 422, "invalid")
    answer = daniyar.post(V1 + "people/%d/end" % person, {
        "reason": "Has left the bank", **box.act("daniyar")})
    say.test("a custodian ends an account", answer.status == 204, answer.body)
    wait_for("her session ends", 10,
             lambda: saule.get(V1 + "session").status == 401)
    refused("who was ended does not sign in", box.client().sign_in(
        "saule", reset.json()["password"]), 401, "wrong-password")


def test_custodians(box, aigul):
    """Two of them stay; a third comes with a factor."""
    people = {p["user"]: p for p in aigul.get(V1 + "people").json()["people"]}
    for user, title in (("aigul", "nobody ends himself"),
                        ("daniyar", "P6 two custodians remain")):
        answer = aigul.post(V1 + "people/%d/end" % people[user]["id"], {
            "reason": "Holiday", **box.act("aigul")})
        refused(title, answer, 403, "denied")
    refused("a custodian's keys are not renewed: others hang on them",
            aigul.post(V1 + "people/%d/reset" % people["daniyar"]["id"],
                       box.act("aigul")), 403, "denied")
    made = aigul.post(V1 + "people", {
        "user": "erlan", "name": "Erlan Bekov", "role": "custodian",
        **box.act("aigul")}).json()
    box.factor_path("erlan").write_text(made["uri"])
    erlan = box.client("erlan", made["password"])
    answer = erlan.post(V1 + "account/password", {
        "password": made["password"], "code": box.code("erlan"), "new": OWN})
    say.test("a new custodian signs in with the factor that was shown",
             answer.status == 204 and
             erlan.get(V1 + "people").status == 200, answer.body)


def test_deputies(box, aigul):
    """A custodian elsewhere, by flag; reminded later (41)."""
    def people():
        return {p["user"]: p for p in aigul.get(V1 + "people").json()["people"]}

    def said(who, deputy, user="aigul", client=aigul, **act):
        return client.post(V1 + "people/%d/deputy" % people()[who]["id"], {
            "deputy": deputy, **(act or box.act(user))})
    refused("P6 nobody becomes a deputy without a custodian's code", said(
        "daniyar", True, password=PEOPLE["aigul"][2]), 401, "second-factor")
    refused("an operator makes no deputy", said(
        "daniyar", True, "oleg", box.client("oleg"),
        password=PEOPLE["oleg"][2]), 403, "denied")
    refused("an auditor is no deputy", said("marat", True), 422, "invalid")
    refused("nor is he made one", aigul.post(V1 + "people", {
        "user": "dana", "name": "Dana Kim", "role": "auditor", "deputy": True,
        **box.act("aigul")}), 422, "invalid")
    answer = said("daniyar", True)
    say.test("a custodian makes another one a deputy", answer.status == 204 and
             people()["daniyar"]["deputy"] and not people()["aigul"]["deputy"],
             answer.body)
    answer = said("daniyar", False)
    say.test("and takes it back", answer.status == 204 and
             not people()["daniyar"]["deputy"], answer.body)
    made = aigul.post(V1 + "people", {
        "user": "dana", "name": "Dana Kim", "role": "custodian",
        "deputy": True, **box.act("aigul")})
    say.test("a custodian may come as a deputy", made.status == 201 and
             people()["dana"]["deputy"], made.body)
    box.tool("user", "add", "--role", "custodian", "--user", "timur",
             "--deputy", "--by", "aigul", "--factor-file",
             box.factor_path("timur"), "-",
             stdin=box.credential("aigul") + "correct horse staple\n")
    say.test("the tool makes one, too", people()["timur"]["deputy"])
    done = box.tool("user", "add", "--role", "auditor", "--user", "asel",
                    "--by", "aigul", "-", check=False,
                    stdin=box.credential("aigul") + "saqta-bank-1\n")
    say.test("and nobody with a password that is guessed soon",
             done.returncode == 1 and b"guessed soon" in done.stderr and
             "asel" not in people(), done.stderr)
    told = [(e["person_name"], e["fields"]["person"], e["fields"]["deputy"])
            for e in entries(aigul, "deputy")]
    who = people()
    say.test("each change is entered", told == [
        (PEOPLE["aigul"][0], who[user]["id"], deputy) for user, deputy in
        (("daniyar", 1), ("daniyar", 0), ("dana", 1), ("timur", 1))], told)
    for user in ("dana", "timur"):
        aigul.post(V1 + "people/%d/end" % who[user]["id"], {
            "reason": "Has left the bank", **box.act("aigul")})
    refused("who was ended is no deputy any more", said("dana", True), 404,
            "not-found")


def listed(client):
    return client.get(V1 + "account/sessions").json()["sessions"]


def ended(client, session, body=None):
    return client.post(V1 + "account/sessions/%d/end" % session["id"], body)


def test_sessions(box, aigul):
    """Seen and ended: one's own, and those that one's role allows."""
    marat = box.client("marat")
    for session in listed(marat):
        if not session["here"]:
            ended(marat, session)
    phone = box.client("marat")
    say.test("one sees where one is signed in, and nobody else's sessions",
             len(listed(marat)) == 2 and all(
                 s["mine"] and s["user"] == "marat" and
                 s["address"] == "127.0.0.1" for s in listed(marat)) and
             [s["here"] for s in listed(marat)].count(True) == 1,
             listed(marat))
    other, = [s for s in listed(marat) if not s["here"]]
    mine, = [s for s in listed(aigul) if s["here"]]
    refused("nobody ends a session that he does not see",
            ended(marat, mine), 404, "not-found")
    say.test("one ends another session of one's own",
             ended(marat, other).status == 204 and wait_for(
                 "it ends", 5, lambda: phone.get(V1 + "session").status == 401)
             and marat.get(V1 + "session").status == 200)
    left, = [s for s in listed(aigul) if s["user"] == "marat"]
    for title, body in (("without his own password", None),
                        ("with a wrong one", {"password": "not hers at all",
                                              "code": "000000"})):
        refused("P6 a custodian ends nobody's session " + title,
                ended(aigul, left, body), 401, "wrong-password")
    say.test("a custodian sees and ends the session of anybody",
             ended(aigul, left, box.act("aigul")).status == 204 and wait_for(
                 "it ends", 5,
                 lambda: marat.get(V1 + "session").status == 401))
    told = entries(aigul, "session-ended")
    say.test("P5 who ended whose session is entered",
             [(e["person_name"], e["fields"]["session"])
              for e in told[-2:]] ==
             [(PEOPLE["marat"][0], other["id"]),
              (PEOPLE["aigul"][0], left["id"])], told)


def test_operators(box, aigul):
    """The operator manages operators, and nobody else."""
    oleg = box.client("oleg")
    by = {"password": PEOPLE["oleg"][2]}
    say.test("an operator sees operators and their sessions alone",
             {p["role"] for p in oleg.get(V1 + "people").json()["people"]} ==
             {"operator"} and {s["role"] for s in listed(oleg)} ==
             {"operator"})
    made = oleg.post(V1 + "people", {"user": "nurlan", "name": "Nurlan Aben",
                                     "role": "operator", **by})
    say.test("an operator makes an operator", made.status == 201, made.body)
    for role in ("auditor", "custodian"):
        refused("P6 and no " + role, oleg.post(V1 + "people", {
            "user": "nobody", "name": "No Body", "role": role, **by}), 403,
            "denied")
    refused("P6 his own password is needed", oleg.post(V1 + "people", {
        "user": "nobody", "name": "No Body", "role": "operator",
        "password": "not the password"}), 401, "wrong-password")
    people = {p["user"]: p["id"]
              for p in aigul.get(V1 + "people").json()["people"]}
    for path, more in (("end", {"reason": "Holiday"}), ("reset", {})):
        refused("P6 nor does he touch an auditor: " + path, oleg.post(
            V1 + "people/%d/%s" % (people["marat"], path), {**more, **by}),
            403, "denied")
    nurlan = box.client("nurlan", made.json()["password"])
    answer = oleg.post(V1 + "people/%d/end" % made.json()["person"], {
        "reason": "Holiday", **by})
    say.test("an operator ends an operator, at once", answer.status == 204 and
             wait_for("he is out", 5,
                      lambda: nurlan.get(V1 + "session").status == 401),
             answer.body)


def test_tokens(box, oleg, aigul):
    """Programs bring a token: what opens, what not, until when."""
    made, other = tokens.test_made(box, oleg, aigul)
    zabbix = tokens.test_opens(box, oleg, aigul, made, other)
    tokens.test_ended(box, oleg, aigul, made, zabbix)
    tokens.test_tool(box)
    return tokens.test_guessed(box, oleg, aigul), tokens.short(box, oleg)


def test_age(box, long, short):
    """Twelve hours are enough, whatever is clicked."""
    say.test("a token is good until its end",
             short.get(tokens.HEALTH).status == 200)
    marat = box.client("marat")
    with open(box.clock, "r+b") as f:
        f.seek(8)
        f.write(struct.pack("=q", (12 * 3600 + 60) * 10 ** 9))
    wait_for("an old session ends", 10,
             lambda: marat.get(V1 + "session").status == 401)
    say.test("a session ends after twelve hours", True)
    box.later(12 * 3600)
    say.test("a token ends by itself at its end, and no other with it",
             [p.get(tokens.HEALTH).status for p in (short, long)] ==
             [401, 200])


def test_ledger(aigul):
    gone = entries(aigul, "person-ended")
    changed = entries(aigul, "account-changed")
    say.test("changes and ends of accounts are entered",
             len(gone) == 4 and {e["fields"]["change"] for e in changed} ==
             {1, 2} and gone[0]["fields"]["reason"] == "Has left the bank",
             gone, changed)


def story():
    with Ahead() as box:
        aigul, daniyar = box.client("aigul"), box.client("daniyar")
        refused("an auditor does not see who there is",
                box.client("marat").get(V1 + "people"), 403, "denied")
        person, saule = test_auditor(box, aigul)
        test_own_factor(box)
        test_ends(box, aigul, daniyar, person, saule)
        test_deputies(box, aigul)
        test_custodians(box, aigul)
        test_sessions(box, aigul)
        test_operators(box, aigul)
        test_ledger(aigul)
        test_age(box, *test_tokens(box, box.client("oleg"), aigul))
        done = box.tool("check", "--data", box.data, check=False,
                        config=False)
        say.test("the ledger proves itself afterwards", done.returncode == 0,
                 done.stdout, done.stderr)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
