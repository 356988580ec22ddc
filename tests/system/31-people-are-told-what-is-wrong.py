#!/usr/bin/python3
# timeout: 400
"""saqta-alert tells by mail and webhook what opens and what is over, once each,
also after a restart and when nobody took it at first; /metrics and /readyz."""
import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

from aiosmtpd.controller import Controller

from lib import promlint, say, tokens
from lib.ahead import Ahead
from lib.appliance import ROOT, Process, began, free_port, wait_for
from lib.package import stamp
from lib.tlscam import Certificate

SECRET = os.urandom(32)
DOWN_S = 60		# a camera that is away for less is no incident


def pin(file):
    public = subprocess.run(["openssl", "x509", "-in", str(file), "-noout",
                             "-pubkey"], check=True,
                            capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"],
                         input=public, check=True, capture_output=True).stdout
    return "sha256//" + base64.b64encode(
        hashlib.sha256(der).digest()).decode()


class Post(http.server.BaseHTTPRequestHandler):
    def do_POST(self):                              # noqa: N802
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self.server.well:
            self.send_error(500)
            return
        self.server.got.append((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


class Hook:
    """Who takes webhooks."""

    def __init__(self, tmp):
        self.certificate = Certificate(str(tmp), "hook")
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Post)
        self.server.got, self.server.well = [], False
        self.server.socket = self.certificate.context.wrap_socket(
            self.server.socket, server_side=True)
        self.url = "https://127.0.0.1:%d/saqta" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def events(self):
        return [json.loads(body) for _, body in self.server.got]

    def signed(self):
        """Each as Standard Webhooks 1.0 wants."""
        for headers, body in self.server.got:
            h = {k.lower(): v for k, v in headers.items()}
            said = "%s.%s." % (h["webhook-id"], h["webhook-timestamp"])
            mac = hmac.new(SECRET, said.encode() + body, "sha256").digest()
            if h["webhook-signature"] != "v1," + base64.b64encode(
                    mac).decode() or abs(time.time() - int(
                        h["webhook-timestamp"])) > 120:
                return False
        return bool(self.server.got)


class Post_office:
    """A mail server; what it got."""

    def __init__(self):
        self.got = []
        self.controller = Controller(self, hostname="127.0.0.1",
                                     port=free_port())
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.got.append(email.message_from_bytes(
            envelope.content, policy=email.policy.default))
        return "250 OK"

    def subjects(self):
        return [m["subject"] for m in self.got]


class Syslog:
    """/dev/log, where this machine has none; what was written there."""

    path = Path("/dev/log")

    def __init__(self):
        self.got, self.socket = [], None
        if os.geteuid() or self.path.exists():
            return
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o666)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            self.got.append(self.socket.recv(4096).decode())

    def of(self, what):
        return [line for line in self.got if "CEF:0|Saqta|Saqta|" in line and
                "|%s|" % what in line]

    def close(self):
        if self.socket:
            self.path.unlink()


def for_a_siem(log):
    if not log.socket:
        say.skip("a SIEM gets a line of CEF when it opens and when it is over",
                 "this machine has a /dev/log of its own")
        return
    lines = log.of("camera-down")
    say.test("a SIEM gets a line of CEF when it opens and when it is over",
             [("outcome=opened" in x, "outcome=closed" in x) for x in lines] ==
             [(True, False), (False, True)] and all(
                 "|8|outcome=" in x and "cs1=Test site" in x and
                 "cs2=cam1" in x for x in lines), log.got)


class Alert:
    """The program, as a unit would start it."""

    def __init__(self, box, office, hook):
        self.box = box
        for name in ("alert", "secrets"):
            (box.tmp / name).mkdir()
        token = box.tool("token", "add", "--by", "oleg", "--name", "Alerts",
                         "--scope", "health:read alerts:write", "--days",
                         "9", "-",
                         stdin=tokens.PEOPLE["oleg"][2] + "\n\n").stdout
        (box.tmp / "secrets" / "alert_token").write_bytes(token)
        (box.tmp / "secrets" / "alert_secret").write_text(
            "whsec_%s\n" % base64.b64encode(SECRET).decode())
        self.conf = box.tmp / "alert.conf"
        self.conf.write_text("""%s
[alert]
url = https://127.0.0.1:%d
pin = %s
credentials = %s
state = %s
texts = %s
language = ru
mail_server = smtp://127.0.0.1:%d
mail_from = saqta@bank.example
mail_to = it@bank.example, duty@bank.example
mail_deputies = head@bank.example
webhook = %s
webhook_pin = %s
every_s = 1
cef = yes
digest_hour = 0
""" % (box.conf.read_text(), box.port, pin(box.certificate),
            box.tmp / "secrets", box.tmp / "alert",
            ROOT / "alert" / "text.json", office.controller.port, hook.url,
            pin(hook.certificate.file)))
        self.start()

    def start(self):
        self.process = Process(
            "alert", [str(self.box.build / "saqta-alert"), "--config",
                      str(self.conf)], self.box.logs / "alert.log",
            env={k: v for k, v in self.box.env.items()
                 if k != "SAQTA_CLOCK_FILE"})    # who gets webhooks has a clock


def told(office, hook, alert):
    wait_for("a mail of the camera", DOWN_S + 60, lambda: any(
        "cam1" in s for s in office.subjects()))
    mail = [m for m in office.got if "cam1" in m["subject"]][0]
    text = mail.get_content()
    say.test("a camera that is down is told by mail, in the site's language",
             "Неисправность: Камера cam1 не пишет" in mail["subject"] and
             "saqta camera list" in text and "Важность: критично" in text,
             mail["subject"], text)
    say.test("to all who are named", mail["to"] ==
             "it@bank.example, duty@bank.example" and
             mail["auto-submitted"] == "auto-generated", mail["to"])
    say.test("a webhook that fails is tried again",
             not hook.events() and not alert.process.stop(),
             hook.events())
    hook.server.well = True
    alert.start()
    wait_for("the webhook", 60, lambda: [e for e in hook.events() if
                                         e["data"]["of"] == "cam1"])
    event, = [e for e in hook.events() if e["data"]["of"] == "cam1"]
    say.test("what was not sent goes out after a restart",
             event["type"] == "incident.opened" and
             event["data"]["kind"] == "camera-down" and
             event["data"]["severity"] == "critical", event)
    say.test("each webhook is signed", hook.signed(), hook.server.got)


def over(box, office, hook):
    box.cameras[0].thaw()
    wait_for("the end", 60, lambda: [
        e for e in hook.events() if e["type"] == "incident.closed" and
        e["data"]["of"] == "cam1"])
    wait_for("its mail", 30, lambda: [s for s in office.subjects() if
                                      "Устранено" in s and "cam1" in s])
    say.test("its end is told, and each once", [
        e["type"] for e in hook.events() if e["data"]["of"] == "cam1"] ==
        ["incident.opened", "incident.closed"] and
        len([s for s in office.subjects() if "cam1" in s]) == 2,
        hook.events(), office.subjects())
    digests = [m for m in office.got if "Ежедневный отчёт" in m["subject"]]
    say.test("the daily report comes once and counts the cameras",
             len(digests) == 1 and "из 1" in digests[0].get_content(),
             office.subjects())


def now(box):
    """By the clock of storage."""
    return time.time() + box.clock_ahead


def told_again(box):
    """Who was told stands in the ledger, and beside the camera's gap."""
    daniyar = box.client("daniyar")
    where = "/api/v1/told?" + urllib.parse.urlencode({
        "camera": "cam1", "from": stamp(now(box) - 900),
        "to": stamp(now(box))})
    whom = {(x["whom"].split(":")[0], x["over"]): x
            for x in daniyar.get(where).json()["told"]}
    say.test("rule 1: who was told of a gap, and when, is on record",
             sorted(whom) == [("mail", False), ("mail", True),
                              ("webhook", False), ("webhook", True)] and
             whom["mail", False]["whom"] ==
             "mail: it@bank.example, duty@bank.example" and
             whom["webhook", False]["whom"].startswith(
                 "webhook: 127.0.0.1:") and
             "saqta" not in whom["webhook", False]["whom"], whom)
    gap = [s for s in daniyar.get("/api/v1/coverage?" + urllib.parse.urlencode(
        {"camera": "cam1", "from": stamp(now(box) - 900),
         "to": stamp(now(box))})).json()["cameras"][0]["spans"]
           if s["kind"] == "gap" and s["noticed"] and
           s["cause"] != "clock-step"][-1]	# these are the codes' doing
    say.test("with the time since when it was wrong: that gap's", gap["from"] <=
             whom["mail", False]["since"] <= gap["to"], gap, whom)
    entry = daniyar.get("/api/v1/ledger?first=%d&count=1" % whom[
        "mail", False]["entry"]).json()["entries"][0]
    say.test("as an entry of the ledger", entry["type"] == "told" and
             entry["fields"]["incident"] == "camera-down" and
             entry["fields"]["camera"] == "cam1", entry)
    tokens.refused("nobody else asks who was told",
                   box.client("oleg").get(where), 403, "denied")


def told_wrongly(box):
    program = tokens.Program(
        box, (box.tmp / "secrets" / "alert_token").read_text().strip())
    reader = tokens.Program(box, box.tool(
        "token", "add", "--by", "oleg", "--name", "Reader", "--scope",
        "health:read", "--days", "9", "-",
        stdin=tokens.PEOPLE["oleg"][2] + "\n\n").stdout.decode().strip())
    good = {"kind": "disk-full", "of": "", "since": stamp(now(box)),
            "event": "opened", "whom": "mail: it@bank.example"}
    answer = program.post("/api/v1/told", good)
    say.test("a program that tells people says so", answer.status == 201 and
             answer.json()["entry"] > 0, answer.status, answer.body)
    for name, value in (("event", "closed"), ("whom", ""), ("kind", "A B"),
                        ("since", "yesterday")):
        answer = program.post("/api/v1/told", {**good, name: value})
        say.test("with a wrong %s it is refused: 422" % name,
                 answer.status == 422, answer.status, answer.body)
    tokens.refused("not with a token that only reads",
                   reader.post("/api/v1/told", good), 403, "denied")
    tokens.refused("nor without one",
                   box.client().post("/api/v1/told", good), 401, "token")


def numbers(box):
    program = tokens.Program(
        box, (box.tmp / "secrets" / "alert_token").read_text().strip())
    answer = program.get("/metrics")
    say.test("/metrics answers a token with the text of Prometheus",
             answer.status == 200 and b"saqta_camera_up{camera=\"cam1\"} "
             in answer.body and "version=0.0.4" in
             answer.headers.get("content-type", ""), answer.status,
             answer.headers)
    found = promlint.complaints(answer.body.decode())
    say.test("names, units, types and labels are as Prometheus wants them, "
             "web's too", b"saqta_http_request_duration_seconds" in answer.body
             and not found, *found)
    tokens.refused("and nobody without one", box.client().get("/metrics"), 401,
                   "token")
    say.test("/readyz says that people may come",
             box.client().get("/readyz").status == 200)


def away(box, office, hook, alert):
    """While Saqta does not answer, what is open stays open."""
    def kinds(kind):
        return [e for e in hook.events() if e["type"] == kind and
                e["data"]["of"] == "cam1"]
    box.cameras[0].freeze()
    wait_for("the camera is told once more", DOWN_S + 60,
             lambda: len(kinds("incident.opened")) == 2)
    box.stop("web")
    wait_for("its mail", 150, lambda: [s for s in office.subjects() if
                                       "Saqta не отвечает" in s])
    say.test("that Saqta itself does not answer is told", alert.process.alive())
    say.test("and nothing is said to be over meanwhile",
             len(kinds("incident.closed")) == 1, hook.events())


def deputies(box, office):
    """Whose request waits for two days, of that deputies get a mail, too."""
    aigul, marat = box.client("aigul"), box.client("marat")
    people = {p["user"]: p["id"]
              for p in aigul.get("/api/v1/people").json()["people"]}
    aigul.post("/api/v1/people/%d/deputy" % people["daniyar"], {
        "deputy": True, **box.act("aigul")})
    # from before the clock was put ahead: none of it is a gap
    first = began(box.segments("cam1")[0])
    asked = marat.post("/api/v1/requests", {
        "from": stamp(first + 1), "to": stamp(first + 3),
        "cameras": ["cam1"], "reason": "Somebody left a bag", "case": "K-7"})
    ident = asked.json()["id"]

    def mails():
        return [m["to"] for m in office.got if ident in m["subject"]]
    box.later(86400 + 60)
    wait_for("a mail of the request", 60, mails)
    say.test("a request that waits for a day is told",
             mails() == ["it@bank.example, duty@bank.example"], mails())
    box.later(86400)
    wait_for("another one", 60, lambda: len(mails()) == 2)
    say.test("after another day deputy custodians are told as well",
             mails()[1] == "it@bank.example, duty@bank.example, "
             "head@bank.example", mails())


def another_key(box, alert):
    """Whoever answers there has not the key that was pinned."""
    alert.process.stop()
    alert.conf.write_text(alert.conf.read_text().replace(
        pin(box.certificate), "sha256//%s=" % ("A" * 43)))
    alert.start()
    log = box.logs / "alert.log"
    wait_for("a word of it", 90, lambda: "it is not who it should be" in
             log.read_text(errors="replace"))
    lines = [x for x in log.read_text(errors="replace").splitlines()
             if "not who it should be" in x]
    say.test("an address with another key than the pinned one is named so",
             any("/api/v1/health: it is not" in x and "pin" in x
                 for x in lines), lines)


def certificate(box, alert, office):
    """That the pages' certificate ends is told before browsers say it."""
    numbers = tokens.Program(box, (
        box.tmp / "secrets" / "alert_token").read_text().strip()).get(
            "/metrics").body.decode()
    ends = float(numbers.split(
        "\nsaqta_certificate_expiry_timestamp_seconds ")[1].split()[0])
    say.test("when it ends is a metric", 800 < (ends - time.time()) / 86400
             < 826, ends)
    say.test("that it is good is no incident",
             not [s for s in office.subjects() if "ертификат" in s])
    box.stop("web")
    before = pin(box.certificate)
    keys = [box.certificate, box.certificate.with_name("tls.key")]
    owner = keys[0].stat()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                    "-subj", "/CN=box", "-keyout", keys[1], "-out", keys[0]],
                   check=True, capture_output=True)
    for path in keys:
        os.chown(path, owner.st_uid, owner.st_gid)
    alert.process.stop()
    alert.conf.write_text(alert.conf.read_text().replace(
        before, pin(box.certificate)))
    box.start("web")
    alert.start()
    wait_for("a mail of it", 60, lambda: [s for s in office.subjects()
                                          if "ертификат" in s])
    mail, = [m for m in office.got if "ертификат" in m["subject"]]
    say.test("one that ends soon is told", any(
        "истекает через %d дн." % days in mail["subject"]
        for days in (8, 9)) and "saqta doctor" in mail.get_content(),
             mail["subject"])


def no_server(box, alert, office):
    """What the log says of a mail server that nobody knows, or that says no."""
    log = box.logs / "alert.log"
    lines = [x for x in log.read_text().splitlines() if "not sent" in x]
    say.test("a webhook that answers 500 is told as that", lines and all(
        "does not take this" in x for x in lines), lines)
    alert.process.stop()
    alert.conf.write_text(alert.conf.read_text().replace(
        "smtp://127.0.0.1:%d" % office.controller.port,
        "smtp://no-such-server.invalid:25"))
    (box.tmp / "alert" / "book").unlink()	# a report is due again
    before = log.stat().st_size
    alert.start()
    wait_for("a word of it", 60, lambda: "mail: not sent" in
             log.read_text()[before:])
    line, = [x for x in log.read_text()[before:].splitlines()
             if "mail: not sent" in x]
    say.test("without DNS the log says that nobody knows the name",
             "no name server knows that name" in line and
             "resolv.conf" in line, line)


def words():
    """Causes have the words of the pages, in each language."""
    details = json.loads((ROOT / "alert" / "text.json").read_text())["details"]
    for language in ("en", "ru", "kk"):
        page = (ROOT / "web/ui/text" / (language + ".js")).read_text()
        missing = [d for d in details if '"cause.%s": "%s"' % (
            d, details[d][language]) not in page]
        say.test("causes have the words of the pages: " + language,
                 len(details) > 15 and not missing, missing)


def story():
    words()
    with Ahead() as box:
        camera = box.camera("cam1")
        box.add_camera("cam1", camera.url)
        box.wait_recording("cam1")
        office, hook, log = Post_office(), Hook(box.tmp), Syslog()
        alert = Alert(box, office, hook)
        try:
            numbers(box)
            camera.freeze()
            told(office, hook, alert)
            over(box, office, hook)
            for_a_siem(log)
            told_again(box)
            told_wrongly(box)
            deputies(box, office)
            if os.environ.get("SAQTA_SOAK"):
                away(box, office, hook, alert)
            certificate(box, alert, office)
            no_server(box, alert, office)
            another_key(box, alert)
        finally:
            alert.process.stop()
            office.controller.stop()
            log.close()


say.main(story)
