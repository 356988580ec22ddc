"""Tokens of other programs over the real web and storage (33)."""
import datetime
import re

from lib import say
from lib.appliance import PEOPLE, Client
from lib.openapi import Document

V1 = "/api/v1/"
HEALTH = V1 + "health"
FORM = re.compile(r"saqta_[A-Za-z0-9_-]{43}$")


def problem(answer):
    return answer.json().get("type", "").rsplit(":", 1)[-1]


def refused(title, answer, status, name):
    say.test(title, (answer.status, problem(answer)) == (status, name),
             answer.status, answer.body)


def later(box, **more):
    """A time from now, by the programs' clock."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(seconds=box.clock_ahead) +
            datetime.timedelta(**more)).isoformat(timespec="seconds")


class Program(Client):
    """Something that has a token and no session."""

    def __init__(self, box, token):
        super().__init__(box)
        self.bearer = {"Authorization": "Bearer " + token}

    def ask(self, method, path, body=None, headers=None, timeout=60):
        return super().ask(method, path, body,
                           {**self.bearer, **(headers or {})}, timeout)


def entries(client, kind):
    found = client.get(V1 + "ledger?first=0&count=200").json()["entries"]
    return [e for e in found if e["type"] == kind]


def make(box, client, **more):
    body = {"name": "Zabbix", "scope": "health:read",
            "ends": later(box, days=30), "password": PEOPLE["oleg"][2], **more}
    return client.post(V1 + "tokens", body)


def test_made(box, oleg, aigul):
    """Who makes them, of what form, told once."""
    refused("P6 the password is asked for", make(
        box, oleg, password="not the password"), 401, "wrong-password")
    marat = box.client("marat")
    refused("an auditor makes no token", make(
        box, marat, password=PEOPLE["marat"][2]), 403, "denied")
    refused("nor sees them", marat.get(V1 + "tokens"), 403, "denied")
    refused("nor ends one", marat.post(V1 + "tokens/1/end", {
        "reason": "Whatever", "password": PEOPLE["marat"][2]}), 403, "denied")
    for title, more in (("longer than 366 days", {
            "ends": later(box, days=367)}), ("that has ended", {
                "ends": later(box, days=-1)}), ("of an unknown scope", {
                    "scope": "footage:read"}), ("without a scope", {
                        "scope": ""})):
        refused("there is no token " + title, make(box, oleg, **more), 422,
                "invalid")
    made = make(box, oleg)
    say.test("an operator makes a token", made.status == 201 and
             FORM.match(made.json()["token"]), made.body)
    other = make(box, aigul, name="Journal of 0417",
                 scope="transactions:write", **box.act("aigul"))
    say.test("a custodian makes one with a code", other.status == 201,
             other.body)
    listed = oleg.get(V1 + "tokens")
    rows = {t["id"]: t for t in listed.json()["tokens"]}
    say.test("they are listed, and their text is told once",
             [rows[made.json()["id"]]["maker"],
              rows[other.json()["id"]]["scope"]] ==
             [PEOPLE["oleg"][0], "transactions:write"] and
             made.json()["token"] not in listed.body.decode(), listed.body)
    told = entries(aigul, "token-made")
    say.test("P5 who made which is entered", [
        (e["index"], e["person_name"], e["fields"]["name"],
         e["fields"]["scope"]) for e in told] == [
             (made.json()["id"], PEOPLE["oleg"][0], "Zabbix", "health:read"),
             (other.json()["id"], PEOPLE["aigul"][0], "Journal of 0417",
              "transactions:write")], told)
    return made.json(), other.json()


def test_opens(box, oleg, aigul, made, other):
    """Health to its scope; nothing else to any."""
    zabbix, journal = (Program(box, t["token"]) for t in (made, other))
    answer = zabbix.get(HEALTH)
    say.test("a program reads how the appliance does", answer.status == 200 and
             answer.json().keys() == oleg.get(V1 + "status").json().keys(),
             answer.body)
    used = {t["id"]: t["used"] for t in
            oleg.get(V1 + "tokens").json()["tokens"]}
    say.test("people see that it was used", used[made["id"]] and
             not used[other["id"]], used)
    answer = journal.get(HEALTH)
    refused("another scope does not", answer, 403, "denied")
    refused("nor the numbers of it", journal.get("/metrics"), 403, "denied")
    say.test("and is told so as RFC 6750 wants",
             answer.headers["WWW-Authenticate"] ==
             'Bearer error="insufficient_scope"', answer.headers)
    answer = box.client().get(HEALTH)
    refused("nor does nobody", answer, 401, "token")
    say.test("who is told what is missing",
             answer.headers["WWW-Authenticate"] == "Bearer")
    refused("a session is no token", aigul.get(HEALTH), 401, "token")
    opened = []
    document = Document()
    for method, path, operation in document.operations():
        need = operation.get("security", document.doc["security"])
        if not need or "token" in need[0]:
            continue
        path = path.replace("{number}", "1").replace("{camera}", "cam-1") \
            .replace("{request}", "REQ-2026-00001")
        answer = zabbix.ask(method, path,
                            None if method == "GET" else {})
        if (answer.status, problem(answer)) != (401, "signed-out"):
            opened.append((method, path, answer.status))
    for path in ("/media/exports/EXP-2026-00001",
                 "/media/REQ-2026-00001/cam-1/1/init"):
        answer = zabbix.get(path)
        if answer.status != 401:
            opened.append(path)
    say.test("P6 a token opens no decision, no footage, no people", not opened,
             opened)
    refused("what it takes is nothing", zabbix.get(HEALTH + "?x=1"), 422,
            "invalid")
    found = [p for p in box.data.rglob("*") if p.is_file() and
             made["token"].encode() in p.read_bytes()]
    logs = [p for p in box.logs.glob("*.log")
            if made["token"].encode() in p.read_bytes()]
    say.test("nothing on the disk and no log has its text",
             not found and not logs, found, logs)
    return zabbix


def test_ended(box, oleg, aigul, made, zabbix):
    """At once, by others than its maker too."""
    refused("a token ends with a reason", oleg.post(
        V1 + "tokens/%d/end" % made["id"], {
            "reason": "ab", "password": PEOPLE["oleg"][2]}), 422, "invalid")
    answer = aigul.post(V1 + "tokens/%d/end" % made["id"], {
        "reason": "The server is gone", **box.act("aigul")})
    say.test("a custodian ends a token", answer.status == 204, answer.body)
    answer = zabbix.get(HEALTH)
    refused("it is over with the next call", answer, 401, "token")
    say.test("and RFC 6750 has a word for it",
             answer.headers["WWW-Authenticate"] ==
             'Bearer error="invalid_token"', answer.headers)
    refused("it ends once", oleg.post(V1 + "tokens/%d/end" % made["id"], {
        "reason": "Once more", "password": PEOPLE["oleg"][2]}), 404,
        "not-found")
    gone, = entries(aigul, "token-ended")
    say.test("P5 its end is entered", gone["fields"] == {
        "reason": "The server is gone", "token": made["id"]} and
        gone["person_name"] == PEOPLE["aigul"][0], gone)


def test_tool(box):
    """The same at the console."""
    added = box.tool("token", "add", "--by", "oleg", "--name", "Prometheus",
                     "--scope", "health:read transactions:write", "--days",
                     "1", "-", stdin=PEOPLE["oleg"][2] + "\n\n")
    token = added.stdout.decode().strip()
    say.test("the tool prints a token, and nothing else, to its output",
             FORM.match(token) and Program(box, token).get(HEALTH).status ==
             200, added.stdout, added.stderr)
    row, = [t for t in box.tool_json("token", "list")["tokens"]
            if t["name"] == "Prometheus"]
    for user, password, title in (
            ("oleg", "not the password\n", "P6 not without the password"),
            ("marat", PEOPLE["marat"][2] + "\n" + str(box.code("marat")),
             "P6 and an auditor not at all")):
        done = box.tool("token", "end", "--by", user, "--token", row["id"],
                        "--reason", "Whatever", "-", stdin=password + "\n",
                        check=False)
        say.test(title, done.returncode == 1, done.stdout, done.stderr)
    box.tool("token", "end", "--by", "aigul", "--token", row["id"],
             "--reason", "It was tried", "-", stdin=box.credential("aigul"))
    refused("a token ended at the tool is over",
            Program(box, token).get(HEALTH), 401, "token")


def test_guessed(box, oleg, aigul):
    """Who guesses waits; whose token is good does not."""
    good = Program(box, make(box, oleg, name="Prometheus").json()["token"])
    for n in range(20):
        answer = Program(box, "saqta_" + "A" * 42 + chr(66 + n)).get(HEALTH)
        if answer.status != 401:
            break
    refused("who keeps asking without a good token waits", answer, 429,
            "locked")
    refused("for the numbers, too", Program(box, "saqta_" + "A" * 43).get(
        "/metrics"), 429, "locked")
    refused("and to bring transactions", Program(
        box, "saqta_" + "A" * 43).post(V1 + "transactions", {
            "transactions": [{"atm": "0417", "kind": "safe-open",
                              "time": later(box)}]}), 429, "locked")
    told = entries(aigul, "token-refused")
    say.test("P5 each of these is entered, but those that wait",
             len(told) == n + 4 and
             told[-1]["fields"]["address"] == "127.0.0.1" and
             told[-1]["fields"]["scope"] == "health:read", len(told), n, told)
    say.test("a good token is not kept waiting for that",
             good.get(HEALTH).status == 200)
    return good


def short(box, oleg):
    """One that ends within the hour."""
    return Program(box, make(box, oleg, ends=later(
        box, hours=1)).json()["token"])
