#!/usr/bin/python3
# timeout: 300
"""Two sites witness one another's logs over HTTPS (P10): each shows who
cosigned last; a disk of last week and a history written anew are refused, with
alarms on both sides; strangers get no signature and change nothing.
"""
import base64
import http.client
import json
import os
import shutil
import ssl
import subprocess
import time

from lib import say
from lib.appliance import FIRST, ROOT, Appliance, wait_for
from lib.package import Package, grant, prepare

PATH = "/tlog-witness/add-checkpoint"


class Site(Appliance):
    def __init__(self, name):
        tmp = os.environ.get("SAQTA_TMP")
        super().__init__(origin="bank.example/" + name, site=name,
                         tmp=tmp and os.path.join(tmp, name))

    def __enter__(self):
        self.set_up()
        self.write_conf(witness_s=1)
        self.start("storage", "web")
        self.add_person("oleg")
        self.keys = json.loads(self.tool("witness", "keys", "--json").stdout)
        return self

    def pin(self):
        log = (self.logs / "web.log").read_text()
        return log.split("pin ")[1].split()[0]

    def act(self, *args):
        self.tool("witness", *args, "--by", FIRST, "-",
                  stdin=self.credential(FIRST))

    def asks(self, other):
        self.act("add", "--key", other.keys["witness_key"], "--url",
                 "https://127.0.0.1:%d/tlog-witness" % other.port, "--pin",
                 other.pin())

    def allows(self, other):
        self.act("allow", "--key", other.keys["log_key"])

    def status(self):
        return self.tool_json("status")

    def known(self, other):
        """The size of the other's log that this site has cosigned."""
        told = json.loads(self.tool("witness", "list", "--json").stdout)
        return max([l["size"] or 0 for l in told["logs"]
                    if l["origin"] == other.origin], default=0)

    def save(self, name):
        shutil.copytree(self.data, self.tmp / name / "data", symlinks=True)
        shutil.copytree(self.tmp / "copy", self.tmp / name / "copy")

    def restore(self, name):
        """All that this machine has, as it was: no copy gives it away."""
        for part in ("data", "copy"):
            here, owner = self.tmp / part, (self.tmp / part).stat()
            shutil.rmtree(here)
            shutil.copytree(self.tmp / name / part, here, symlinks=True)
            for path in [here, *here.rglob("*")]:
                shutil.chown(path, owner.st_uid, owner.st_gid)
            here.chmod(0o700)


def post(site, body, path=PATH):
    context = ssl._create_unverified_context()
    link = http.client.HTTPSConnection("127.0.0.1", site.port, timeout=30,
                                       context=context)
    link.request("POST", path, body)
    answer = link.getresponse()
    told = answer.status, answer.headers["Content-Type"], answer.read()
    link.close()
    return told


def entries(site, name):
    """Of the present ledger, by a reader of its own."""
    import sys
    sys.path.insert(0, str(ROOT / "tests" / "reader"))
    import saqta_reader
    log = saqta_reader.Ledger(str(site.data), saqta_reader.Report(), name)
    log.read()
    return [saqta_reader.Entry(b) for b in log.entries]


def checked(site, title, whole=True):
    done = site.tool("check", "--data", site.data, check=False, config=False)
    say.test("P10 %s: saqta check finds %s" % (title, "nothing wrong" if whole
                                               else "what is missing"),
             done.returncode == (0 if whole else 6), done.stdout.decode(),
             done.stderr.decode()[-600:])
    told = json.loads(subprocess.run(
        ["/usr/bin/python3", "-B", ROOT / "tests/reader/saqta_reader.py",
         site.data, "--json"], stdout=subprocess.PIPE, timeout=60).stdout)
    say.test("P10 %s: so does the reader in Python" % title,
             told["summary"]["whole"] == whole and
             not told["summary"]["changed"], told["findings"])
    return told["summary"]


def by_openssl(site, other):
    """One cosignature, checked with openssl alone."""
    note = (site.data / "ledger" / "witnessed").read_bytes()
    text, lines = note.rsplit(b"\n\n", 1)
    line = next(l for l in lines.split(b"\n")
                if other.origin.encode() in l.split())
    blob = base64.b64decode(line.split()[2])
    key = base64.b64decode(other.keys["witness_key"].split("+", 2)[2])[1:]
    pem = site.tmp / "key.der"
    pem.write_bytes(bytes.fromhex("302a300506032b6570032100") + key)
    (site.tmp / "said").write_bytes(
        b"cosignature/v1\ntime %d\n%s\n" % (
            int.from_bytes(blob[4:12], "big"), text))
    (site.tmp / "sig").write_bytes(blob[12:])
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER",
         "-inkey", pem, "-rawin", "-in", site.tmp / "said", "-sigfile",
         site.tmp / "sig"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    say.test("P10 openssl alone verifies a cosignature",
             done.returncode == 0, done.stdout, done.stderr)


def both_witness(a, b):
    a.asks(b)
    b.allows(a)
    b.asks(a)
    a.allows(b)
    for one, other in ((a, b), (b, a)):
        told = wait_for("%s is witnessed" % one.site, 60, lambda:
                        one.status()["witness"]["by"] and
                        one.status()["witness"])
        say.test("P10 %s shows who cosigned last, and when" % one.site,
                 told["by"] == [other.origin] and 0 <= told["age_s"] < 60 and
                 told["alarm"] is None, told)
    wait_for("a second cosignature", 60,
             lambda: sum(e.type == 95 for e in entries(a, "ledger")) > 1)
    text = a.tool("status").stdout.decode()
    say.test("saqta status names the witness", "s ago: bank.example/almaty"
             in text.replace(b.origin, "bank.example/almaty"), text)
    by_openssl(a, b)


def strangers(a, b):
    """Nobody is signed in here: what a stranger gets."""
    note = (b.data / "ledger" / "checkpoint").read_bytes()
    lines = note.split(b"\n")
    unknown = b"old 0\n\n" + note.replace(b.origin.encode(), b"x.example/y")
    forged = note.replace(lines[2], base64.b64encode(bytes(32)))
    before = sorted((a.data / "witness").iterdir())
    told = {
        "no request": post(a, b"hello")[0],
        "an empty one": post(a, b"")[0],
        "a long one": post(a, b"old 0\n" + b"A" * 20000)[0],
        "an unknown log": post(a, unknown)[0],
        "a forged root": post(a, b"old 0\n\n" + forged)[0],
        "old above the size": post(a, b"old 99999999\n\n" + note)[0],
    }
    say.test("strangers are refused, each as the specification has it",
             list(told.values()) == [400, 400, 413, 404, 403, 400], told)
    status, kind, body = post(a, b"old 0\n\n" + note)
    say.test("a wrong old size is answered with the known one",
             status == 409 and kind == "text/x.tlog.size" and
             body.strip().isdigit(), status, kind, body)
    say.test("strangers leave nothing on the disk",
             before == sorted((a.data / "witness").iterdir()))
    often = [post(a, b"hello")[0] for _ in range(30)]
    say.test("too many requests are answered 429", 429 in often, often)


def alarms(a, b, finding, number, title):
    """Of a's log, on both sides; a goes on in a new epoch."""
    told = wait_for("%s begins a new epoch" % a.site, 60, lambda:
                    a.status()["ledger"]["epoch"] == 2 and a.status())
    say.test("P2 %s: the site begins a new epoch, unconfirmed" % title,
             not told["ledger"]["confirmed"], told["ledger"])
    alarm = told["witness"]["alarm"]
    say.test("P10 %s: its site raises an alarm" % title,
             alarm and alarm["kind"] == finding and
             alarm["who"] == b.origin, alarm)
    say.test("P10 %s: the alarm is entered" % title,
             any(e.type == 96 and e.num(117) == number
                 for e in entries(a, "ledger.1")))
    alarm = b.status()["witness"]["log_alarm"]
    say.test("P10 %s: its witness raises an alarm" % title,
             alarm and alarm["kind"] == finding and
             alarm["who"] == a.origin, alarm)
    say.test("P10 %s: the witness entered it" % title,
             any(e.type == 97 and e.num(117) == number
                 for e in entries(b, "ledger")))


def story():
    with Site("astana") as a, Site("almaty") as b:
        a.save("empty")
        both_witness(a, b)
        checked(a, "a witnessed site")
        say.test("P10 the reader knows how far the log is witnessed",
                 checked(b, "its witness")["witnessed"] > 0)
        strangers(a, b)
        # the other's history is written anew: from a backup, with its key
        b.stop("web", "storage")
        b.save("week")
        b.start("storage", "web")
        grown = b.status()["ledger"]["size"]
        wait_for("the witness saw more", 60, lambda: a.known(b) > grown + 2)
        last_week(a, b)
        rewritten(a, b)


def last_week(a, b):
    b.stop("web", "storage")
    b.restore("week")
    b.start("storage", "web")
    alarms(b, a, "back", 2, "a disk of last week")
    checked(b, "a disk of last week", whole=False)


def rewritten(a, b):
    """The same backup goes on without its witness, beyond what that saw."""
    known = a.known(b)
    b.stop("web", "storage")
    b.restore("week")
    b.start("storage")
    for i in range(200):
        if b.status()["ledger"]["size"] > known + 2:
            break
        b.tool("camera", "add", "--id", "cam-%d" % i, "--atm", "1",
               "--place", "x", "rtsp://127.0.0.1:9/x")
    say.test("the history was written anew",
             b.status()["ledger"]["size"] > known)
    begun = record(b)
    b.start("web")
    alarms(b, a, "unproven", 3, "a history written anew")
    former_epoch(b, begun, a.keys["witness_key"])


def record(site):
    """Some footage, which the log of this epoch has: since when."""
    site.add_person("daniyar")
    site.add_person("marat")
    site.add_camera("cam-x", site.camera("cam-x").url)
    site.start("recorder")
    site.wait_recording("cam-x")
    wait_for("two segments", 60, lambda: len(site.segments("cam-x")) > 2)
    return time.time() - 11


def former_epoch(site, begun, witness):
    """Footage of before the epoch, asked for after it: proven all the same."""
    people = site.client("marat"), site.client("daniyar")
    told = prepare(site, people[0],
                   grant(site, people, "cam-x", begun, begun + 8))
    policy = site.tool("policy").stdout.decode()
    package = Package(site, people[0].get("/media/exports/" +
                                          told["id"]).body, policy)
    log = "".join(l + "\n" for l in policy.splitlines()
                  if l.startswith("log "))
    segments = package.manifest["segments"]
    say.test("P10 a package has footage of the former epoch",
             segments and {s.get("epoch") for s in segments} == {1}, segments)
    (package.folder / "policy").write_text(log + "quorum none\n")
    package.judged("by its log alone", package.body, 0)
    (package.folder / "policy").write_text(
        log + "witness other %s\nquorum other\n" % witness)
    package.judged("with a witness who refused it", package.body, 7)


say.main(story)
