#!/usr/bin/python3
# timeout: 240
"""What a technician reads when something does not start, and that it helps.

The configuration has a mistake, a program is started twice, the port is taken,
the certificate is none, the data disk was replaced by an empty one. (Elsewhere:
no DNS 25 and 31, a certificate that has ended 29-the-doctor, no time source
29-the-machine and 32, a wrong zone 32, a second storage 64, a volume that is
another one 63, power lost during an upgrade 76 and make machine.)
"""
import fcntl
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

from lib import say
from lib.appliance import ROOT, Appliance, Process, wait_for


def tried(box, name, user=True):
    """Start a program that cannot; its log since then, and its status.

    user: True its own, None root, else of these.
    """
    log = box.logs / (name + ".log")
    before = log.stat().st_size
    program = Process(name, [box.bin / ("saqta-" + name), "--config",
                             box.conf], log,
                      box.users[name] if user is True else user, box.env)
    try:
        ended = program.child.wait(60)
    finally:
        program.kill()
    return log.read_text()[before:], ended


def findings(box):
    """What the doctor says, as root."""
    users, box.users = box.users, dict.fromkeys(box.users)
    told = json.loads(box.tool("doctor", "--json", check=False).stdout)
    box.users = users
    return {f["check"]: f for f in told["findings"]}


def test_configuration(box):
    """Each program, also the one that tells people."""
    right = box.conf.read_text()
    box.conf.write_text("[web]\nprot = 8443\n")
    shutil.copy(box.build / "saqta-alert", box.bin)
    box.users["alert"] = box.users["web"]
    (box.logs / "alert.log").touch()
    for name in ("storage", "recorder", "web", "alert"):
        text, ended = tried(box, name)
        say.test("%s names file and line of a wrong key, and ends with 2" %
                 name, ended == 2 and "%s:2: there is no key \"prot\"" %
                 box.conf in text, ended, text)
    box.conf.write_text(right)
    half = right + "[alert]\nmail_server = smtp://mail.bank.example:25\n"
    box.conf.write_text(half)
    done = box.tool("config", "check", check=False)
    say.test("a mail server without addresses is found by saqta config check",
             done.returncode == 1 and b"mail_from and mail_to" in done.stderr,
             done)
    box.conf.write_text(right)


def test_twice(box):
    """A second one of a kind asks no camera and tells nobody."""
    text, ended = tried(box, "recorder")
    say.test("D4 a second recorder ends, and says why", ended == 1 and
             "another saqta-recorder runs" in text, ended, text)
    say.test("the first one goes on", box.processes["recorder"].alive())
    right, state = box.conf.read_text(), box.tmp / "alert"
    for path in (state, box.tmp / "secrets"):
        path.mkdir()
        if box.users["alert"]:
            os.chown(path, box.users["alert"].pw_uid, -1)
    (box.tmp / "secrets" / "alert_token").write_text("none\n")
    box.conf.write_text("%s[alert]\nstate = %s\ncredentials = %s\ntexts = %s\n"
                        % (right, state, box.tmp / "secrets",
                           shutil.copy(ROOT / "alert" / "text.json", box.tmp)))
    lock = os.open(state, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    text, ended = tried(box, "alert")
    os.close(lock)
    box.conf.write_text(right)
    say.test("D4 a second saqta-alert ends, and says why", ended == 1 and
             "another saqta-alert runs" in text, ended, text)


def test_port(box):
    box.stop("web")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", box.port))
        other.listen()
        text, ended = tried(box, "web")
        found = findings(box)["web"]
    say.test("a port that is taken is called that, with its number and how to "
             "find who has it", ended == 1 and "port %d" % box.port in text and
             "taken" in text and "ss -ltnp" in text, ended, text)
    say.test("the doctor does not take who has it for saqta-web",
             found["state"] == "critical" and "is not saqta-web" in
             found["text"] and found["mend"].startswith("ss -ltnp"), found)
    box.start("web")


def test_certificate(box):
    """What the doctor says to remove is what has to be removed."""
    before = box.certificate.read_text()
    box.certificate.write_text("nonsense\n")
    box.stop("web")
    text, ended = tried(box, "web")
    say.test("web does not start with a certificate that is none, and names "
             "the files", ended and "tls.crt" in text, ended, text)
    users, box.users = box.users, dict.fromkeys(box.users)
    told = box.tool("doctor", check=False).stdout.decode()
    box.users = users
    mend, = [line for line in told.splitlines() if "rm " in line]
    for path in mend.split("rm ")[1].split(" &&")[0].split():
        os.unlink(path)
    box.start("web")
    say.test("what the doctor's command removes is enough for a new one",
             box.certificate.read_text() != before and
             box.client().get("/healthz").status == 200, mend)


def test_disk(box):
    """An empty disk where the data was: refused, and left as it is."""
    box.stop("storage")
    away = box.data.with_name("away")
    box.data.rename(away)
    box.data.mkdir(mode=0o700)
    if box.users["storage"]:
        os.chown(box.data, box.users["storage"].pw_uid,
                 box.users["storage"].pw_gid)
    text, ended = tried(box, "storage")
    say.test("D4 an empty disk in place of the data is asked about", ended == 1
             and "is its volume mounted" in text, ended, text)
    found = findings(box).get("data", {})
    say.test("the doctor says so, too: its unit does not even start there",
             found.get("state") == "critical" and "no site" in found["text"]
             and "mount" in found["mend"], found)
    say.test("P2 and nothing is begun on it", not list(box.data.iterdir()),
             list(box.data.iterdir()))
    box.data.rmdir()
    away.rename(box.data)
    box.start("storage")
    say.test("the right one is gone on with", box.answers())


def test_init(box):
    """One that broke off, and one whose sheets nobody wrote down."""
    new = box.tmp / "new"
    origin = "new.saqta.invalid/box2"
    conf, user = box.tmp / "new.conf", box.users["storage"]
    told = box.conf.read_text()
    for key, old in (("data", "data"), ("copy", "copy"), ("run", "run")):
        path = box.tmp / ("new" if key == "data" else "new-" + key)
        path.mkdir(mode=0o700)
        if user:
            os.chown(path, user.pw_uid, user.pw_gid)
        told = told.replace("%s = %s\n" % (key, box.tmp / old),
                            "%s = %s\n" % (key, path))
    conf.write_text(told)

    def saqta(verb, *words):
        done = subprocess.run(
            [box.bin / "saqta", verb, "--config", conf, *words, "-"],
            input=("lantern seventeen harbour\n" if verb == "init" else
                   origin + "\n"), capture_output=True, text=True,
            env=box.env, timeout=60, check=False)
        return done.returncode, done.stderr

    def init():
        return saqta("init", "--origin", origin, "--custodian", "aigul",
                     "--paper-file", box.tmp / "p2", "--factor-file",
                     box.tmp / "f2")
    first = init()
    (new / "site").unlink()
    code, text = init()
    rm = text.partition("Begin again after: ")[2]
    say.test("a saqta init that broke off is told, with the command",
             first[0] == 0 and code == 1 and rm.startswith("rm -r %s/" % new),
             first, text)
    subprocess.run(["sh", "-ec", rm], check=True)
    say.test("after which it begins again", init() == (0, ""))
    code, text = init()
    say.test("where a site is already it says what ends one of which nothing "
             "was recorded", code == 1 and "saqta destroy" in text, text)
    gone = saqta("destroy")
    say.test("P12 which wants to know the clock first, and says how",
             gone[0] == 1 and "start storage once" in gone[1], gone)
    storage = Process("new", [box.bin / "saqta-storage", "--config", conf],
                      box.logs / "new.log", user, box.env)
    wait_for("it runs once", 30,
             (box.tmp / "new-run" / "control.sock").is_socket)
    storage.stop()
    gone = saqta("destroy")
    say.test("and after that it begins again", gone[0] == 0 and
             init() == (0, ""), gone)
    (new / "site").rename(box.tmp / "site2")
    (new / "footage").mkdir()
    code, text = init()
    say.test("P2 beside footage nothing is begun", code == 1 and
             "no new box" in text and "rm " not in text, text)


def test_walls(box):
    """Outside a demonstration nobody may do what he must not, and tries it."""
    if not box.users["web"]:
        say.skip("P1 a program that could reach more does not start",
                 "needs root")
        return
    box.stop()
    told = box.conf.read_text()
    box.conf.write_text(told.replace("demo = yes", "demo = no"))
    of = box.users
    for name in ("storage", "recorder", "web"):
        text, ended = tried(box, name, None)
        say.test("P1 %s does not start as root, and says how it is started" %
                 name, ended == 1 and "runs as root" in text and
                 "systemctl start saqta-" + name in text, ended, text)
    for name, user, path in (("recorder", of["storage"], box.data),
                             ("web", of["storage"], box.data),
                             ("web", of["recorder"], box.tmp / "recorder"),
                             ("recorder", of["web"], box.tmp / "web")):
        text, ended = tried(box, name, user)
        say.test("P1 %s does not start where it can look into %s" %
                 (name, path.name), ended == 1 and
                 "look into %s," % path in text, ended, text)
    if any(int(p.read_text(), 16) & 9 == 1 for p in
           Path("/sys/class/net").glob("*/flags")):
        text, ended = tried(box, "storage")
        say.test("P1 storage does not start where it can reach a network",
                 ended == 1 and "reach a network" in text and
                 "systemctl cat saqta-storage" in text, ended, text)
    box.start()
    say.test("behind its walls each of them does", box.answers())
    box.stop()
    box.conf.write_text(told)
    box.start()


def story():
    with Appliance() as box:
        test_configuration(box)
        test_twice(box)
        test_port(box)
        test_certificate(box)
        test_disk(box)
        test_init(box)
        test_walls(box)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
