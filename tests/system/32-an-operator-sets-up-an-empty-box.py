#!/usr/bin/python3
# places: 2
# timeout: 420
"""Set-up, from `saqta init` to the first camera (ux.md, scenarios 1 to 3).

First through the API, as a program would try it: what answers without the code,
wrong codes, one code twice. Then tests/browser/setup.mjs plays the operator in
Chromium, on a disk too small for what he plans.
"""
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

from lib import openapi, say
from lib.appliance import FIRST, PEOPLE, Appliance
from lib.rtspcam import Camera, Source, make

ROOT = Path(__file__).resolve().parent.parent.parent
BROWSER = ROOT / "tests" / "browser"
SECRET = "kamera-parol-7741"
PASSWORD = "operator of the empty box"
V1 = "/api/v1/"
WRONG = "0000-0000-0000"


class Empty(Appliance):
    """A box on which `saqta init` ran, by root as in a branch, and no more."""

    def __init__(self, name, **more):
        tmp = os.environ.get("SAQTA_TMP")
        super().__init__(tmp=tmp and Path(tmp) / name, **more)

    def set_up(self):
        super().set_up()
        text = self.conf.read_text()
        # only init may write secrets into files, and only for the demo
        self.conf.write_text(text.replace("demo = yes", "demo = no"))

    def tool(self, *args, **more):
        if args[0] != "init" or not self.users["web"]:
            return super().tool(*args, **more)
        users, self.users = self.users, dict.fromkeys(self.users)
        try:
            self.told = super().tool(*args, **more)
        finally:
            self.users = users
        return self.told

    def add_people(self):
        """Nobody: that is what set-up is for."""

    def setup_code(self):
        """Another code, as the console shows it."""
        return shown(self.tool("setup", "code").stdout.decode())["code"]


def shown(text):
    """What the console says of the page: address, certificate, code."""
    return {"address": re.search(r"https://\S+", text)[0],
            "certificate": re.search(r"certificate +(\S+)", text)[1],
            "code": re.search(r"code +((?:\w{4}-){2}\w{4})", text)[1]}


def certificate_of(port):
    """What the server really shows, hashed by Python."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as link, \
            context.wrap_socket(link) as tls:
        return hashlib.sha256(tls.getpeercert(True)).hexdigest().upper()


def problem(answer):
    return answer.status, answer.json().get("type", "").rsplit(":", 1)[-1]


def is_refused(title, answer, status, name):
    say.test(title, problem(answer) == (status, name), answer.status,
             answer.body)


def test_console(box, told):
    say.test("init prints the page's address", told["address"] ==
             "https://127.0.0.1:%d/" % box.port, told)
    by_openssl = subprocess.run(
        ["openssl", "x509", "-in", box.certificate, "-noout", "-fingerprint",
         "-sha256"], check=True, stdout=subprocess.PIPE)
    say.test("and the fingerprint that openssl computes", told["certificate"]
             == by_openssl.stdout.decode().strip().split("=")[1], told,
             by_openssl.stdout)
    say.test("which is that of the certificate that the page shows",
             told["certificate"].replace(":", "") == certificate_of(box.port))
    found = [p for p in box.data.rglob("*") if p.is_file() and
             (told["code"].encode() in p.read_bytes() or
              told["code"].replace("-", "").encode() in p.read_bytes())]
    say.test("the code itself lies nowhere on the disk", not found, found)


def test_closed(box):
    """Without the code nothing answers."""
    web = box.client()
    say.test("how it is may be asked",
             web.get("/healthz").status == 200 and
             web.get("/readyz").status == 200)
    site = web.get(V1 + "site").json()
    say.test("and whose page it is", site["setup"] == "code" and
             site["certificate"].replace(":", "") ==
             certificate_of(box.port), site)
    is_refused("nobody signs in, not even the first custodian", web.sign_in(
        FIRST, PEOPLE[FIRST][2], box.code(FIRST)), 403, "set-up")
    for path in ("session", "status", "cameras", "people", "ledger"):
        say.test("%s does not answer" % path,
                 web.get(V1 + path).status == 401)
    is_refused("nor do other programs get an answer", web.get(
        "/metrics", headers={"Authorization": "Bearer saqta_" + 43 * "A"}),
        403, "set-up")
    pages = {web.get(p).body for p in ("/", "/find", "/setup", "/people")}
    say.test("all addresses are the one page of set-up", len(pages) == 1)
    new = {"user": "mallory", "name": "Mallory", "password": PASSWORD}
    for title, code in (("a wrong code", WRONG), ("an empty one", "-")):
        is_refused("%s makes no operator" % title, web.post(
            V1 + "setup/operator", {"code": code, **new}), 401,
            "set-up-code")


def test_guessing(box, first):
    """Wrong codes are slowed; twenty end the code."""
    web = box.client()
    waits = []
    while len(waits) < 12 and (not waits or waits[-1] < 5):
        answer = web.post(V1 + "setup/code", {"code": WRONG})
        waits.append(int(re.search(r"in (\d+) seconds", answer.json().get(
            "detail", "in 0 seconds"))[1]) if answer.status == 429 else 0)
        time.sleep(waits[-1] if waits[-1] < 5 else 0)
    say.test("each wrong code makes the next one wait longer",
             waits[-1] >= 5 and [w for w in waits if w] ==
             sorted(w for w in waits if w), waits)
    is_refused("even the right one", web.post(
        V1 + "setup/code", {"code": first}), 429, "locked")
    code = box.setup_code()
    is_refused("the console makes another code; the first is nothing",
               web.post(V1 + "setup/code", {"code": first}), 401,
               "set-up-code")
    answer = web.post(V1 + "setup/code", {"code": code.lower()})
    say.test("which is good, in either case", answer.status == 204,
             answer.body)
    return code


def test_once(box, code):
    """Two ask with one code at the same moment: one operator."""
    answers = {}

    def ask(user):
        answers[user] = box.client().post(V1 + "setup/operator", {
            "code": code, "user": user, "name": user.title(),
            "password": PASSWORD})
    asking = [threading.Thread(target=ask, args=(u,))
              for u in ("oleg", "ivan")]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    say.test("P6 one code makes one operator, whoever asks at once",
             sorted(a.status for a in answers.values()) == [201, 410],
             [(a.status, a.body) for a in answers.values()])
    is_refused("the code is used up", box.client().post(
        V1 + "setup/code", {"code": code}), 410, "set-up-ended")
    is_refused("and makes no second operator", box.client().post(
        V1 + "setup/operator", {"code": code, "user": "second",
                                "name": "Second", "password": PASSWORD}),
        410, "set-up-ended")
    done = box.tool("setup", "code", check=False)
    say.test("the console makes no further one", done.returncode == 1 and
             b"can sign in already" in done.stderr, done.stderr)
    user, = [u for u, a in answers.items() if a.status == 201]
    oleg = box.client()
    say.test("the operator signs in", oleg.sign_in(user, PASSWORD).status ==
             200 and oleg.role == "operator")
    told = oleg.get(V1 + "status").json()["setup"]
    say.test("what is left is told to him", told == {
        "state": "steps", "custodians": 1, "accepted_bytes": 0}, told)
    is_refused("set-up does not end without a reason for one custodian",
               oleg.post(V1 + "setup/finish", {"reason": ""}), 422, "invalid")
    is_refused("nor before a camera is proven to record", oleg.post(
        V1 + "setup/finish", {"reason": "The second is hired"}), 422,
        "invalid")
    aigul = box.client(FIRST)
    is_refused("P6 a custodian accepts no lack of room", aigul.post(
        V1 + "setup/capacity", {"reason": "Why not", "cameras": 1,
                                "kbit_s": 1}), 403, "denied")


def play(box, told, camera, shots):
    """The operator, in a real browser."""
    secrets = box.tmp / "setup.json"
    secrets.write_text(json.dumps({
        "code": told["code"], "certificate": told["certificate"],
        "url": camera.url, "camera": SECRET, "password": PASSWORD}))
    done = subprocess.run(
        ["node", "setup.mjs", "https://127.0.0.1:%d" % box.port,
         "--told", secrets, "--shots", shots], cwd=BROWSER, timeout=330,
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.stdout.decode(errors="replace"), end="", flush=True)
    say.test("the whole flow succeeds", done.returncode == 0)
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith("# seen "):
            openapi.note(line[len("# seen "):])


def test_entered(box):
    """What was accepted, and that it is over, stands in the ledger."""
    aigul = box.client(FIRST)
    found = aigul.get(V1 + "ledger?first=0&count=200").json()["entries"]
    steps = [e for e in found if e["type"] == "set-up"]
    say.test("wrong codes, the code's use and the end are entered, with the "
             "reason for one custodian",
             [int(e["fields"]["step"]) for e in steps] == [1, 3, 5]
             and steps[1]["person_name"] == "Oleg Kim" and
             "second" in steps[2]["fields"]["reason"], steps)
    room = [e for e in found if e["type"] == "capacity-accepted"]
    say.test("P11 the lack of room was accepted in writing, by him, with the "
             "numbers", len(room) == 1 and
             room[0]["person_name"] == "Oleg Kim" and
             int(room[0]["fields"]["need-bytes"]) > 10 ** 14 and
             "disk" in room[0]["fields"]["reason"], room)
    oleg = box.client()
    oleg.sign_in("oleg", PASSWORD)
    is_refused("what is over does not end again", oleg.post(
        V1 + "setup/finish", {"reason": "Once more"}), 410, "set-up-ended")


def test_zone():
    """A wrong zone is put right before the first camera, and not after."""
    with Empty("c", zone="America/St_Johns") as box:
        def zone(name):
            done = box.tool("setup", "zone", name, check=False)
            return done.returncode, done.stdout + done.stderr
        code, text = zone("Asia/Almaty")
        say.test("while storage runs the zone stays", code == 1 and
                 b"systemctl stop saqta-storage" in text, text)
        box.stop()
        code, text = zone("Asia/Almatty")
        say.test("an unknown zone is named as such", code == 1 and
                 b"timedatectl list-timezones" in text, text)
        code, text = zone("Asia/Almaty")
        say.test("before the first camera it is put right", code == 0 and
                 b"Asia/Almaty" in text, text)
        box.start()
        say.test("and is the site's from then on", box.client().get(
            V1 + "site").json()["zone"] == "Asia/Almaty")
        done = box.tool("config", "check", check=False)
        say.test("the configuration that says another is named",
                 done.returncode == 1 and b"Asia/Almaty" in done.stderr,
                 done.stderr)
        box.tool("forecast", "--accept", "--reason", "a test of the zone")
        box.add_camera("cam-1", "rtsp://127.0.0.1:9/none")
        box.stop()
        code, text = zone("Asia/Oral")
        say.test("with a camera it stays for good", code == 1 and
                 b"camera was added" in text, text)
        done = box.tool("check", "--data", box.data, check=False,
                        config=False)
        say.test("the ledger proves itself with it", done.returncode == 0,
                 done.stdout, done.stderr)


def story():
    shots = Path(os.environ.get("SAQTA_SHOTS", Path(
        os.environ["SAQTA_BUILD"]) / "test-logs" / "shots"))
    with Empty("a") as box:
        told = shown(box.told.stdout.decode())
        test_console(box, told)
        test_closed(box)
        test_once(box, test_guessing(box, told["code"]))
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())
    with Empty("b") as box:
        source = Source(make(str(box.tmp / "a"), "h264", 4), "h264")
        camera = Camera(source, user="admin", password=SECRET)
        play(box, shown(box.told.stdout.decode()), camera, shots)
        test_entered(box)
        camera.close()
        box.stop()
        say.test("nor in the browser's set-up", not box.broken(),
                 box.broken())
    test_zone()


say.main(story)
