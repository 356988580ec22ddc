#!/usr/bin/python3
# parallel
# timeout: 240
"""What an operator does before a camera records, and what nobody can read.

A probe by the API and by the tool; why there is no answer, in each case; adding
and switching; the camera's password in no place but the recorder's memory.
"""
import concurrent.futures
import json
import os
import socket
import threading
import time
from pathlib import Path

from lib import say
from lib.appliance import Appliance, wait_for
from lib.rtspcam import Camera, Source, make

V1 = "/api/v1/"
SECRET = "kamera-parol-7741"
LOGIN = {"user": "admin", "password": SECRET}


def entries(client, kind):
    found = client.get(V1 + "ledger?first=0&count=200").json()["entries"]
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
            "place": "Abay 12", "url": cam.url, "transport": "tcp", **LOGIN}
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


def readable(box):
    """Every place but memory where the password could have come to lie."""
    for path in sorted(box.tmp.rglob("*")):
        if path.is_file() and "bin" not in path.parts:
            yield str(path), path.read_bytes()
    for pid in [p.pid for p in box.processes.values()] + [os.getpid()]:
        for p in [pid] + descendants(pid):
            for name in ("cmdline", "environ"):
                try:
                    yield "/proc/%d/%s" % (p, name), Path(
                        "/proc/%d/%s" % (p, name)).read_bytes()
                except OSError:
                    pass


def descendants(pid):
    try:
        kids = Path("/proc/%d/task/%d/children" % (pid, pid)).read_text()
    except OSError:
        return []
    return [x for k in map(int, kids.split()) for x in [k] + descendants(k)]


def secrecy(box, operator, cam):
    found, looks = set(), 0
    busy = threading.Thread(target=probe, args=(operator, cam.url, "tcp"),
                            kwargs=LOGIN)
    busy.start()
    while busy.is_alive() or not looks:
        for where, data in readable(box):
            if SECRET.encode() in data:
                found.add(where)
        looks += 1
        time.sleep(0.3)
    say.test("the camera's password is in no file, log, index, ledger, "
             "argument or environment", not found, found)
    people = [operator] + [box.client(u) for u in ("marat", "aigul")]
    texts = [c.get(V1 + p).body for c in people
             for p in ("cameras", "status", "ledger?first=0&count=200")]
    texts += [box.tool(*v, "--json").stdout
              for v in (("camera", "list"), ("status",))]
    say.test("nor in anything that people are told",
             not any(SECRET.encode() in t for t in texts))


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
        rights(box)
        adding(box, operator, cam)
        secrecy(box, operator, cam)
        say.test("no process was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())
        cam.close()


say.main(story)
