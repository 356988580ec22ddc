#!/usr/bin/python3
# timeout: 240
"""What an operator does before a camera records.

A probe by the API and by the tool; why there is no answer, in each case; adding
and switching. Test 28 looks for the passwords that are given here.
"""
import concurrent.futures
import csv
import io
import json
import os
import pty
import socket
import sqlite3
import subprocess
import time
from urllib.parse import quote

from lib import say
from lib.appliance import PEOPLE, Appliance, wait_for
from lib.onvifdev import Device, Discoverable
from lib.rtspcam import Camera, Source, make

V1 = "/api/v1/"
SECRET = "kamera-parol-7741"
LOGIN = {"user": "admin", "password": SECRET}


def entries(client, kind):
    found, size = [], 1
    while len(found) < size:
        told = client.get(V1 + "ledger?first=%d&count=200"
                          % len(found)).json()
        found += told["entries"]
        size = told["size"] if told["entries"] else 0
    return [e for e in found if e["type"] == kind]


def probe(client, url, transport="tcp", user="", password=""):
    begun = time.monotonic()
    answer = client.post(V1 + "cameras/probe", {
        "url": url, "transport": transport, "user": user,
        "password": password})
    return answer.status, answer.json(), time.monotonic() - begun


class Deaf:
    """A port whose queue of connections is full: no SYN is answered."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.held = []
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", self.port))
            self.held.append(s)
        time.sleep(0.2)

    def close(self):
        for s in self.held + [self.listener]:
            s.close()


def probing(box, clients, cam):
    tool = ["camera", "probe", "--user", "admin", cam.url, "-"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        api = {t: pool.submit(probe, c, cam.url, t, **LOGIN)
               for t, c in zip(("tcp", "udp"), clients)}
        as_json, words = [pool.submit(box.tool, *tool, *more, config=False,
                                      stdin=SECRET + "\n")
                          for more in (["--json"], [])]
    for transport, answer in api.items():
        status, told, took = answer.result()
        say.test("the API says within 10 s what a camera is, over "
                 + transport,
                 status == 200 and took < 10 and
                 told.get("codec") == "h264" and
                 told["profile"] == "Constrained Baseline" and
                 (told["width"], told["height"]) == (320, 240) and
                 abs(told["fps"] - 25) < 0.5 and told["gop_s"] == 1 and
                 told["audio"] == "PCMU" and told["measured_s"] > 2 and
                 20e3 < told["bitrate_bps"] < 5e6 and
                 told["transport"] == transport and
                 set(told["plays"].values()) == {"yes"}, told)
        say.test("and how far its clock is off, over " + transport,
                 told.get("clock_offset_ms") is not None, told)
    told = json.loads(as_json.result().stdout)
    say.test("the tool says the same", told["codec"] == "h264" and
             told["gop_s"] == 1, told)
    out = words.result().stdout
    say.test("and in words without --json",
             b"h264 Constrained Baseline, 320 x 240" in out and
             b"a key frame every 1.00 s" in out, out)


def failing(clients, source):
    """Each with a camera of its own, a few at a time."""
    def camera(*faults):
        cam = Camera(source, user="admin", password=SECRET)
        cam.fault = set(faults)
        return cam.url

    closed, deaf = socket.socket(), Deaf()
    closed.bind(("127.0.0.1", 0))
    cases = [
        ("a wrong password is called that", {"error": "password"}, camera(),
         {"user": "admin", "password": "no"}),
        ("no password is called that, too", {"error": "password"}, camera(),
         {}),
        ("MJPEG is named and not supported", {
            "error": "unsupported", "message": "MJPEG"}, camera("mjpeg"),
         LOGIN),
        ("a camera that accepts and says nothing is called that",
         {"error": "no-answer", "host": "answers"}, camera("silent"), LOGIN),
        ("a closed port is a refusal, not silence",
         {"error": "no-answer", "host": "refuses"},
         "rtsp://127.0.0.1:%d/x" % closed.getsockname()[1], {}),
        ("a silent port of a host that answers is told from a silent host",
         {"error": "no-answer", "host": "answers",
          "message": "no answer on port %d, the host answers" % deaf.port},
         "rtsp://127.0.0.1:%d/x" % deaf.port, {}),
        ("a silent host is called that",
         {"error": "no-answer", "host": "silent",
          "message": "does not answer"}, "rtsp://192.0.2.77/x", {}),
        ("a name without an address is called that",
         {"error": "no-answer", "host": "unknown"},
         "rtsp://no-such-camera.invalid/x", {}),
        ("a password in the URL is refused", {"error": "invalid"},
         "rtsp://admin:geheim@127.0.0.1/x", {}),
    ]

    def mine(n):
        return [probe(clients[n], url, **login)
                for _, _, url, login in cases[n::len(clients)]]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(mine, range(len(clients))))
    for i, (title, want, _, _) in enumerate(cases):
        status, told, took = answers[i % len(clients)][i // len(clients)]
        say.test(title, status == 200 and took < 12 and all(
            told.get(k) == v or (k == "message" and v in told[k])
            for k, v in want.items()), (took, told))
    closed.close()
    deaf.close()


def onvif(box, clients):
    """Devices that answer by ONVIF, each with its own trouble."""
    ten_years = 3650 * 86400
    good, off = Device(), Device(clock_s=-ten_years, chunked=True)
    ways = {f: Device() for f in ("huge", "deep", "bomb", "outside",
                                  "garbage", "elsewhere", "hang")}
    for fault, device in ways.items():
        device.fault = {fault}

    def tool(device, password="s3cret"):
        done = box.tool("camera", "onvif", "--json", "--user", "admin",
                        device.address, "-", stdin=password + "\n",
                        check=False, config=False)
        return json.loads(done.stdout)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asked = {name: pool.submit(tool, d) for name, d in
                 {"good": good, "off": off, **ways}.items()}
        wrong = pool.submit(tool, good, "nope")
        api = pool.submit(lambda: clients[0].post(V1 + "cameras/onvif", {
            "address": good.address, "user": "admin", "password": "s3cret"}))
    told = {name: x.result() for name, x in asked.items()}
    main = told["good"].get("profiles", [{}])[0]
    say.test("ONVIF says maker, model, firmware and serial number",
             [told["good"].get(k) for k in ("maker", "model", "firmware",
                                            "serial")] ==
             ["Maker & Sons", "M-200", "5.7", "SN00417"], told["good"])
    say.test("and the streams, without the password a device put into them",
             main == {"token": "MainStream", "name": "main",
                      "encoding": "H264", "width": 1920, "height": 1080,
                      "url": "rtsp://127.0.0.1:554/live"} and
             told["good"]["profiles"][1]["url"].endswith("?sub"), told["good"])
    say.test("the digest is right by the formula, each nonce fresh",
             not off.refused and len(off.nonces) == 5,
             off.refused, len(off.nonces))
    say.test("a clock off by ten years is told, and no obstacle",
             told["off"].get("model") == "M-200" and
             abs(told["off"]["clock_offset_ms"] / 1000 + ten_years) < 60 and
             abs(told["good"]["clock_offset_ms"]) < 60000, told["off"])
    say.test("a wrong password is called that",
             wrong.result().get("error") == "password" and
             "wrong digest" in good.refused, wrong.result())
    say.test("the API says the same",
             api.result().status == 200 and
             api.result().json().get("serial") == "SN00417",
             api.result().body)
    for fault in ("huge", "deep", "bomb", "outside", "garbage"):
        say.test("an answer that is %s is refused" % fault,
                 told[fault].get("error") == "camera-error" and
                 "root:" not in json.dumps(told[fault]), told[fault])
    say.test("a device that hangs is called that, in time",
             told["hang"].get("error") == "no-answer", told["hang"])
    say.test("a media service elsewhere is asked at the named host only",
             (told["elsewhere"].get("error"), told["elsewhere"].get("host")) ==
             ("no-answer", "refuses"), told["elsewhere"])
    for d in [good, off, *ways.values()]:
        d.close()


def discovery(box, clients):
    one, two = Device(), Device()
    there = Discoverable([one, two], ("127.0.0.1", "127.0.0.9"),
                         group=True, hostile=b"<!DOCTYPE x><x/>" * 99)

    def tool(*target):
        return json.loads(box.tool("camera", "discover", "--json", *target,
                                   config=False).stdout)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        group = pool.submit(tool)
        ranged = pool.submit(tool, "127.0.0.8-12")
        api = pool.submit(lambda: clients[1].post(
            V1 + "cameras/discover", {"target": "127.0.0.1"}))
    want = {"http://%s/onvif/device_service" % d.address for d in (one, two)}
    for title, told, source in (
            ("by multicast", group.result(), None),
            ("in a range of addresses", ranged.result(), "127.0.0.9"),
            ("at one address, by the API", api.result().json(),
             "127.0.0.1")):
        found = told.get("devices", [])
        say.test("devices are found " + title, len(found) == 2 and
                 {d["xaddr"] for d in found} == want and all(
                     d["name"] == "Front door" and d["hardware"] == "M-200"
                     and source in (None, d["address"]) for d in found),
                 told)
    say.test("each probe has its own message id",
             len({i for _, i in there.probes}) == 3, there.probes)
    done = box.tool("camera", "discover", "--json", "10.0.0.0/8", check=False,
                    config=False)
    say.test("a range too large is refused",
             json.loads(done.stdout).get("error") == "invalid", done.stdout)
    there.close()
    one.close()
    two.close()


def rights(box):
    for user in ("marat", "aigul"):
        other = box.client(user)
        for path, body in (("cameras/probe", {
                "url": "rtsp://127.0.0.1/x", "transport": "tcp", "user": "",
                "password": ""}), ("cameras/cam-1/disable", {})):
            answer = other.post(V1 + path, body)
            say.test("P6 %s may not do an operator's work: %s"
                     % (other.role, path), answer.status == 403,
                     answer.status)


def adding(box, operator, cam):
    body = {"id": "cam-1", "name": "Face", "atm": "0417",
            "place": "Abay 12", "url": cam.url, "transport": "tcp",
            "device": "Maker M1 s/n 17", **LOGIN}
    answer = operator.post(V1 + "cameras", body)
    say.test("an operator adds a camera at the page", answer.status == 201,
             answer.body)
    answer = operator.post(V1 + "cameras", body)
    say.test("twice is refused", answer.status == 409, answer.body)
    answer = operator.post(V1 + "cameras", dict(body, id="Cam 2"))
    say.test("a bad id is refused with the rule",
             answer.status == 422 and b"a-z" in answer.body, answer.body)
    box.wait_recording("cam-1")
    say.test("P9 it records with the password that was given", True)
    answer = operator.post(V1 + "cameras/cam-1/disable", {})
    off = wait_for("it is off", 15, lambda:
                   box.camera_state("cam-1")["state"] == "off")
    say.test("it is switched off", answer.status == 200 and off)
    answer = operator.post(V1 + "cameras/cam-1/enable", {})
    box.wait_recording("cam-1")
    say.test("and on again", answer.status == 200)
    auditor = box.client("marat")
    added = entries(auditor, "camera-added")
    switched = entries(auditor, "camera-switched")
    say.test("who added and switched it stands in the ledger",
             [e["person_name"] for e in added + switched] ==
             ["Oleg Kim"] * 3, (added, switched))


def refusals(client, camera):
    return [e for e in entries(client, "refused")
            if e["fields"].get("camera") == camera]


def picture(client, camera="cam-1"):
    return client.post(V1 + "cameras/%s/picture" % camera)


def size_of(jpeg):
    """What ffprobe says of it."""
    return subprocess.run(
        ["ffprobe", "-v", "error", "-f", "jpeg_pipe", "-show_entries",
         "stream=codec_name,width,height", "-of", "csv=p=0", "-"],
        input=jpeg, stdout=subprocess.PIPE, check=False).stdout.decode().strip()


def aiming(box, operator):
    """Within ten minutes of hanging it up."""
    auditor = box.client("marat")
    answer = picture(operator)
    say.test("an operator who added a camera sees where it looks",
             answer.status == 200 and
             answer.headers["Content-Type"] == "image/jpeg" and
             answer.headers["Cache-Control"] == "no-store" and
             size_of(answer.body) == "mjpeg,320,240", answer.status,
             size_of(answer.body))
    looks, added = entries(auditor, "aiming-picture"), entries(
        auditor, "camera-added")
    say.test("P5 the look is entered, and why it was allowed",
             [(e["person_name"], e["fields"]["camera"],
               str(e["fields"]["decision"])) for e in looks] ==
             [("Oleg Kim", "cam-1", str(added[0]["index"]))], looks, added)
    piece = answer.body[len(answer.body) // 2:][:48]
    say.test("P1 the picture lies in no file", not any(
        piece in path.read_bytes() for path in sorted(box.tmp.rglob("*"))
        if path.is_file() and "bin" not in path.parts))
    for user in ("marat", "aigul"):
        other = box.client(user)
        answer = picture(other)
        say.test("P6 %s sees no aiming picture" % other.role,
                 answer.status == 403, answer.body)
    say.test("and each refusal is entered, with the camera",
             [e["person_name"] for e in refusals(auditor, "cam-1")] ==
             ["Marat Iskakov", "Aigul Sarsenova"])
    say.test("an unknown camera is called that",
             picture(operator, "no-such").status == 404)


def keypad(box, operator):
    say.test("nobody has said yet where the keypad is",
             box.camera_state("cam-1")["keypad"] == "unknown")
    answers = [operator.post(V1 + "cameras/cam-1/keypad", {"keypad": k})
               for k in ("visible", "behind")]
    say.test("an operator says where the keypad is, in one of three words",
             [a.status for a in answers] == [200, 422] and
             box.camera_state("cam-1")["keypad"] == "visible",
             [a.body for a in answers])
    done = box.tool("camera", "keypad", "cam-1", "behind", check=False)
    say.test("the tool takes no other word, too", done.returncode == 2,
             done.stderr)
    box.tool("camera", "keypad", "cam-1", "masked")
    auditor = box.client("marat")
    answer = auditor.post(V1 + "cameras/cam-1/keypad", {"keypad": "outside"})
    said = entries(auditor, "keypad")
    say.test("both answers are entered, and an auditor has none",
             answer.status == 403 and
             [(e["fields"]["keypad"], e["person_name"]) for e in said] ==
             [(3, "Oleg Kim"), (2, None)], said)


def at_the_console(box):
    """What a technician is asked at a terminal."""
    ours, theirs = pty.openpty()
    who = box.users["storage"]
    user = {"user": who.pw_uid, "group": who.pw_gid,
            "extra_groups": []} if who else {}
    with subprocess.Popen(
            [box.bin / "saqta", "camera", "add", "--config", box.conf,
             "--id", "con-1", "--atm", "0700", "--place", "Dostyk 5",
             "rtsp://127.0.0.1:1/x"], stdin=theirs, stdout=subprocess.PIPE,
            cwd="/", env=box.env, **user) as tool:
        os.write(ours, b"perhaps\noutside\n")
        out, status = tool.stdout.read().decode(), tool.wait(30)
    os.close(ours)
    os.close(theirs)
    box.tool("camera", "disable", "con-1")
    say.test("at a terminal it is asked where the keypad is, until the answer "
             "is one", status == 0 and out.count("Where is the keypad") == 2 and
             "privacy mask" in out and
             box.camera_state("con-1")["keypad"] == "outside", out)


def looking_later(box, cam):
    """After the time that [storage] aim_s gives, here 8 s."""
    box.write_conf(aim_s=8)
    box.stop("storage")
    box.start("storage")
    box.wait_recording("cam-1")
    operator, auditor = box.client("oleg"), box.client("marat")
    before = len(refusals(auditor, "cam-1"))
    answer = picture(operator)
    say.test("P6 a restart ends the time in which it may be looked through",
             answer.status == 403 and b"approval-required" in answer.body and
             len(refusals(auditor, "cam-1")) == before + 1, answer.body)
    answer = operator.post(V1 + "cameras/cam-1/replace", {
        "url": cam.url, "transport": "tcp", "device": "Maker M1 s/n 17",
        **LOGIN})
    say.test("P6 replacing a camera by itself gives no look",
             answer.status == 200 and picture(operator).status == 403,
             answer.body)
    daniyar = box.client("daniyar")
    act = {"reason": "The camera was turned", "password":
           PEOPLE["daniyar"][2]}
    path = V1 + "cameras/cam-1/aim"
    answers = [c.post(path, dict(act, password=PEOPLE[u][2])).status
               for c, u in ((operator, "oleg"), (auditor, "marat"))]
    say.test("P6 neither operator nor auditor opens a look",
             answers == [403, 403], answers)
    answer = daniyar.post(path, act)
    say.test("P6 nor a custodian without a code for this act",
             answer.status == 401 and picture(operator).status == 403,
             answer.body)
    code = box.code("daniyar")
    box.wait_recording("cam-1")
    answer = daniyar.post(path, dict(act, code=code))
    begun = time.monotonic()
    opened = entries(auditor, "aiming-opened")
    say.test("a custodian opens it with password and code, entered with the "
             "reason", answer.status == 200 and len(opened) == 1 and
             opened[0]["person_name"] == "Daniyar Omarov" and
             opened[0]["fields"]["reason"] == act["reason"], answer.body,
             opened)
    say.test("P6 and does not look himself", picture(daniyar).status == 403)
    answer = picture(operator)
    look = entries(auditor, "aiming-picture")[-1]
    say.test("then an operator looks, and the entry names that act",
             answer.status == 200 and size_of(answer.body) == "mjpeg,320,240"
             and str(look["fields"]["decision"]) == str(opened[0]["index"]),
             answer.body[:200], look)
    time.sleep(max(0, begun + 8.2 - time.monotonic()))
    answer = picture(operator)
    say.test("P6 until the time is over", answer.status == 403 and
             box.camera_state("cam-1")["aim_until"] is None, answer.body[:200])
    done = box.tool("camera", "aim", "--by", "aigul", "--reason",
                    "Moved by the cleaners", "cam-1", "-",
                    stdin=box.credential("aigul"))
    say.test("a custodian opens it at the console as well",
             done.returncode == 0 and
             len(entries(auditor, "aiming-opened")) == 2, done.stderr)
    return operator


CSV = """\ufeffid,name,atm,place,url,transport,user,password,device
csv-1,"Face, left",0600,"Ulitsa ""A"" 1",rtsp://127.0.0.1:1/a,udp,admin,%(s)s,=M(1)
csv-2,Room,0600,,rtsp://127.0.0.1:1/b,,,,
Bad Id,x,0600,,rtsp://127.0.0.1:1/c,,admin,%(s)s,
csv-3,x,0600,,http://127.0.0.1/c,,admin,%(s)s,
csv-4,x,0600,,rtsp://127.0.0.1:1/b,,admin,%(s)s,
csv-5,x,0600,rtsp://127.0.0.1:1/d
"csv-6,x,%(s)s
""".replace("\n", "\r\n") % {"s": SECRET}


def lists(box):
    def load():
        done = box.tool("camera", "import", "-", stdin=CSV, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    status, out, err = load()
    lines = sorted(x.split(":")[0] for x in err.splitlines())
    say.test("of a list what is right is added, what is wrong told by line",
             status == 1 and "2 added, 0 there already, 5 wrong" in out and
             lines == ["line %d" % n for n in (4, 5, 6, 7, 8)], out, err)
    say.test("no password of the list is shown", SECRET not in out + err)
    status, out, err = load()
    say.test("a second time adds nothing twice",
             status == 1 and "0 added, 2 there already, 5 wrong" in out, out)
    c = box.camera_state("csv-1")
    say.test("quotes, commas, transport and device arrive",
             (c["name"], c["place"], c["transport"], c["url"]) ==
             ("Face, left", 'Ulitsa "A" 1', "udp", "rtsp://127.0.0.1:1/a") and
             c["devices"][0]["device"] == "=M(1)" and
             box.camera_state("csv-2")["place"] == 'Ulitsa "A" 1', c)
    out = box.tool("camera", "export").stdout.decode()
    rows = list(csv.reader(io.StringIO(out, newline="")))
    row = next(r for r in rows if r[0] == "csv-1")
    say.test("an export has no formula and no password",
             row == ["csv-1", "Face, left", "0600", 'Ulitsa "A" 1',
                     "rtsp://127.0.0.1:1/a", "udp", "'=M(1)", ""] and
             SECRET not in out, out)
    done = box.tool("camera", "import", "-", stdin=out)
    say.test("and can be imported again",
             b"0 added" in done.stdout and b"0 wrong" in done.stdout,
             done.stdout)
    for n in ("csv-1", "csv-2"):
        box.tool("camera", "disable", n)


def segments(box):
    return {p.relative_to(box.data): p.read_bytes()
            for p in box.segments("cam-1")}


def history(box, operator, source):
    """Place, ATM, position and device change apart; footage does not."""
    before = segments(box)
    sql = ("SELECT seq, retain_ns FROM segment WHERE camera = 'cam-1' "
           "AND state = 3 ORDER BY seq")
    terms = query(box, sql)
    answer = operator.post(V1 + "cameras", {
        "id": "cam-9", "name": "x", "atm": "0417", "place": "Elsewhere 1",
        "url": "rtsp://127.0.0.1/x", "transport": "tcp", "device": "",
        "user": "", "password": ""})
    say.test("one ATM stands at one place", answer.status == 422 and
             b"atm move" in answer.body, answer.body)
    other = Camera(source, user="admin", password="nevo-" + SECRET)
    box.tool("camera", "replace", "--id", "cam-1", "--device",
             "Maker M2 s/n 18", "--user", "admin", other.url, "-",
             stdin="nevo-" + SECRET + "\n")
    n = len(box.segments("cam-1"))
    wait_for("the new device is recorded", 40,
             lambda: len(box.segments("cam-1")) > n)
    c = box.camera_state("cam-1")
    say.test("of a new device nobody has said yet where its keypad is",
             c["keypad"] == "unknown", c)
    box.tool("atm", "move", "0417", "Satpaev 3")
    for path, body in (
            ("atms/move", {"atm": "0500", "place": "Dostyk 5"}),
            ("cameras/cam-1/move", {"atm": "0500"}),
            ("cameras/cam-1/retire", {"reason": "Branch closed"}),
            ("cameras/csv-1/replace", {"url": "rtsp://127.0.0.1:1/c",
                                       "transport": "tcp", "device": "M3",
                                       "user": "", "password": ""})):
        answer = operator.post(V1 + path, body)
        say.test("the same over the API: " + path, answer.status == 200,
                 answer.body)
    c = wait_for("it is off", 20, lambda: (lambda c: c["state"] == "off" and c)(
        box.camera_state("cam-1")))
    say.test("a replaced device, with from and to",
             [(d["device"], d["to"] is None) for d in c["devices"]] ==
             [("Maker M1 s/n 17", False)] * 2 + [("Maker M2 s/n 18", False)]
             and c["devices"][1]["to"] == c["devices"][2]["from"] and
             c["devices"][2]["url"] == other.url and
             c["retired"] == c["devices"][2]["to"], c["devices"])
    say.test("its ATMs and their places, with from and to",
             [a["atm"] for a in c["atms"]] == ["0417", "0500"] and
             [p["place"] for p in c["atms"][0]["places"]] ==
             ["Abay 12", "Satpaev 3"] and c["place"] == "Dostyk 5" and
             c["atms"][0]["places"][0]["to"] ==
             c["atms"][0]["places"][1]["from"], c["atms"])
    after = segments(box)
    say.test("P2 replacing, moving and retiring touch no byte of footage",
             len(before) > 1 and all(after.get(k) == before[k]
                                     for k in sorted(before)[:-1]),
             sorted(after))
    say.test("P2 nor any term", terms and query(box, sql)[:len(terms)] == terms)
    for verb in (["replace", "--id", "cam-1", other.url],
                 ["retire", "--reason", "again", "cam-1"],
                 ["enable", "cam-1"], ["move", "--atm", "0417", "cam-1"]):
        done = box.tool("camera", *verb, check=False)
        say.test("a retired camera is not changed any more: " + verb[0],
                 done.returncode == 1 and b"retired" in done.stderr,
                 done.stderr)
    done = box.tool("camera", "add", "--id", "cam-1", "--atm", "0417",
                    other.url, check=False)
    say.test("nor its id used again", done.returncode == 1, done.stderr)
    auditor = box.client("marat")
    spans = auditor.get(V1 + "coverage?camera=cam-1&from=%s&to=%s" % (
        quote(c["recorded_from"]), quote(c["retired"]))).json()
    say.test("P7 its coverage is still there, and the change is no mystery",
             spans["cameras"][0]["recorded_ns"] > 5e9 and {
                 s["cause"] for s in spans["cameras"][0]["spans"]
                 if s["kind"] == "gap"} <= {"switched-off", "connecting",
                                            "storage-away"},
             spans)
    answer = auditor.post(V1 + "requests", {
        "from": c["recorded_from"], "to": c["retired"], "cameras": ["cam-1"],
        "reason": "Withdrawal disputed", "case": "K-7",
        "longer": "All that it recorded"})
    say.test("and its footage can be asked for", answer.status == 201,
             answer.body)
    told = {k: entries(auditor, k) for k in (
        "device-replaced", "camera-retired", "camera-moved", "atm-moved")}
    say.test("each act stands in the ledger, texts beside it",
             [len(v) for v in told.values()] == [3, 1, 1, 2] and
             told["device-replaced"][1]["fields"]["device"] ==
             "Maker M2 s/n 18" and
             told["camera-retired"][0]["fields"]["reason"] == "Branch closed"
             and told["atm-moved"][0]["fields"]["place"] == "Satpaev 3", told)
    other.close()


def query(box, sql):
    with sqlite3.connect("file:%s?mode=ro" % (box.data / "index.db"),
                         uri=True) as db:
        return db.execute(sql).fetchall()


def story():
    with Appliance() as box:
        source = Source(make(str(box.tmp / "a"), "h264", 4), "h264")
        cam = Camera(source, user="admin", password=SECRET)
        operator = box.client("oleg")
        wait_for("the recorder introduces itself", 20, lambda: operator.post(
            V1 + "cameras/probe", {"url": "x", "transport": "tcp", "user": "",
                                   "password": ""}).status == 200)
        clients = [operator] + [box.client("oleg") for _ in range(2)]
        probing(box, clients, cam)
        failing(clients, source)
        onvif(box, clients)
        discovery(box, clients)
        rights(box)
        adding(box, operator, cam)
        aiming(box, operator)
        keypad(box, operator)
        at_the_console(box)
        operator = looking_later(box, cam)
        lists(box)
        history(box, operator, source)
        say.test("no process was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())
        cam.close()


say.main(story)
