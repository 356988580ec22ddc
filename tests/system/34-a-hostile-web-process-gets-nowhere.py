#!/usr/bin/python3
# timeout: 240
"""Somebody has taken web over: what can he do at its sockets?

The test stops saqta-web and speaks to storage as its user: first with nobody
signed in, then with sessions of people whose passwords web has seen.
"""
import datetime
import json
import os
import select
import socket
import struct
import time

from lib import say, wire
from lib.appliance import PEOPLE, Appliance, totp, wait_for
from lib.wire import Message

V1 = "/api/v1/"
CAMERA = "cam-1"
ERROR, SITE, SIGN_IN = 1, 10, 40
REQUEST_NEW, DECIDE, PLAY, INIT, FRAGMENT, REVOKE = 64, 68, 70, 72, 74, 88
PERSON_NEW, PERSON_RESET, PERSON_END, CAMERA_ENABLE = 210, 212, 214, 106
DEPUTY = 248
AIM, AIM_OPEN, CAMERA_REPLACE = 240, 242, 232
WITNESS = (180, 182, 184)	# what web hands on for the ledger
KEEPERS = (122, 124, 126, 128, 130, 132, 134, 136, 138, 196, 200, 216, 218,
           246)
BAD_MESSAGE, DENIED, PASSWORD, NOT_APPROVED, BUSY, FACTOR = 4, 15, 16, 19, 27, 40
AT_ONCE, A_SECOND = 200, 20	# storage/conn.c
AIM_S = 6


class Web:
    """What web's user may do."""

    def __init__(self, box):
        self.box = box
        self.uid = box.users["web"].pw_uid if box.users["web"] else None

    def connect(self, name="people.sock"):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(30)
        if self.uid:
            os.seteuid(self.uid)
        try:
            # its queue of connections is short
            wait_for("a connection to " + name, 30,
                     lambda: s.connect_ex(str(self.box.run / name)) != 11)
            s.getpeername()
        finally:
            if self.uid:
                os.seteuid(0)
        return s

    def sign_in(self, user, code=None, password=None):
        """The session's socket, or the error."""
        with self.connect() as s:
            answer = call(s, Message(SIGN_IN).put(
                "sss", user, (password or PEOPLE[user][2]) +
                ("\n" + code if code else ""), "10.0.0.9"))
            if answer.type == ERROR:
                return answer.get("2")[0]
            return socket.socket(fileno=answer.fds[0])


def call(s, m):
    """The answer, or None where the connection was closed."""
    try:
        wire.send(s, m)
        answer = wire.recv(s)
    except (ConnectionError, BrokenPipeError):
        return None
    return answer


def error(answer):
    return answer.get("2")[0] if answer and answer.type == ERROR else None


def stamp(seconds):
    return datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).isoformat(timespec="milliseconds")


def keeper(box):
    """What the keeper holds: KiB of memory, descriptors, reader processes."""
    pid = box.processes["storage"].pid
    with open("/proc/%d/status" % pid) as f:
        kib = sum(int(line.split()[1]) for line in f
                  if line.startswith("RssAnon"))
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        readers = len(f.read().split())
    return kib, len(os.listdir("/proc/%d/fd" % pid)), readers


def size(box):
    return box.tool_json("status")["ledger"]["size"]


def lives(box, title):
    say.test(title, box.processes["storage"].alive() and not box.broken() and
             box.camera_state(CAMERA)["state"] == "recording")


def nobody_signed_in(box, web):
    for name in ("ingest.sock", "control.sock"):
        try:
            with web.connect(name) as s:
                closed = call(s, Message(SITE)) is None
        except OSError:
            closed = True
        say.test("web is not let in at %s" % name, closed)
    answered, bulk = [], []
    for kind in range(0, 400, 2):
        for body in (b"", b"\0\5cam-1" * 8):
            with web.connect() as s:
                answer = call(s, Message(kind, 1, body))
                if answer and answer.type != ERROR:
                    answered.append(kind)
                for fd in answer.fds if answer else ():
                    bulk.append(kind)
                    os.close(fd)
    with web.connect() as s:
        for kind in range(1, 400, 2):	# answers that nobody asked for
            wire.send(s, Message(kind, kind, b"\0\1x"))
        answer = call(s, Message(SITE, 1000))
        say.test("answers to no question are let fall",
                 answer and answer.id == 1000)
    say.test("P5 nobody signed in: only the site and the witnesses' messages "
             "are answered, and none with footage",
             set(answered) <= {SITE, *WITNESS} and not bulk, answered, bulk)


def malformed(box, web):
    before = size(box)
    for title, send in (
            ("half a header", lambda s: s.send(b"\0\1\0")),
            ("more than 4096 bytes", lambda s: s.send(
                struct.pack(">HHI", 1, SITE, 1) + bytes(5000))),
            ("another version", lambda s: s.send(
                struct.pack(">HHI", 9, SITE, 1))),
            ("a field that is cut", lambda s: wire.send(
                s, Message(SIGN_IN, 1, b"\0\x20ab"))),
            ("a string of 60000 bytes", lambda s: wire.send(
                s, Message(SIGN_IN, 1, b"\xea\x60" + bytes(3000)))),
            ("two descriptors", lambda s: wire.send(
                s, Message(SITE, 1, b"", [0, 1])))):
        with web.connect() as s:
            send(s)
            answer = None
            try:
                answer = wire.recv(s)
            except ConnectionError:
                pass
            say.test("%s is refused" % title,
                     answer is None or answer.type == ERROR)
            for fd in answer.fds if answer else ():
                os.close(fd)
    for title, fd in (("an unsealed memfd", os.memfd_create("x")),
                      ("a descriptor of /dev/zero",
                       os.open("/dev/zero", os.O_RDONLY)),
                      ("a pipe", os.pipe()[0])):
        with web.connect() as s:
            answer = call(s, Message(WITNESS[0], 1, b"", [fd]))
            say.test("%s is not read" % title,
                     answer is None or error(answer) is not None)
        os.close(fd)
    say.test("what is malformed is not entered", size(box) - before <= 4)


def floods(box, web):
    """Connections, unread answers, sign-ins."""
    before = keeper(box)
    many = [web.connect() for _ in range(60)]
    say.test("while web holds 60 connections the tool is answered",
             box.answers())
    box.stop("recorder")
    box.start("recorder")
    box.wait_recording(CAMERA)
    say.test("P8 and a recorder that starts again finds its place", True)
    let_in = [s for s in many if not select.select([s], [], [], 0)[0]]
    say.test("P8 eight of them are let in at most", len(let_in) <= 8,
             len(let_in))
    for s in many:
        s.close()
    with web.connect() as s:
        s.setblocking(False)
        sent = 0
        while sent < 20000 and select.select([], [s], [], 2)[1]:
            try:
                wire.send(s, Message(SITE, sent + 1))
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:		# it is cut off
                break
            sent += 1
    say.test("who reads no answer is cut off or waits", sent < 20000, sent)
    flood = [web.connect() for _ in range(8)]
    for i, s in enumerate(flood):
        wire.send(s, Message(SIGN_IN).put("sss", "x%d" % i, "wrong",
                                          "10.1.0.%d" % i))
    done = box.tool("user", "add", "--role", "operator", "--user", "olga",
                    "--name", "Olga Pak", "-", stdin="seven grey herons wait\n",
                    check=False)
    say.test("people are added at the tool though sign-ins come in heaps",
             done.returncode == 0, done.stderr)
    answers = [error(wire.recv(s)) for s in flood]
    say.test("sign-ins beyond three at a time are refused",
             set(answers) == {PASSWORD, BUSY} and answers.count(PASSWORD) <= 4,
             answers)
    for s in flood:
        s.close()

    def back():
        now = keeper(box)
        return now[1] <= before[1] + 4 and now[2] <= before[2]
    wait_for("all descriptors and readers are given back", 60, back)
    after = keeper(box)
    say.test("the keeper has not grown: %d and %d MiB"
             % (before[0] >> 10, after[0] >> 10),
             after[0] - before[0] < 32 << 10, before, after)


def decision(ident, begin, end, code=""):
    return Message(DECIDE).put(
        "s1iiss1s", ident, 1, begin * 10**9, end * 10**9,
        "the case is known", PEOPLE["daniyar"][2] +
        ("\n" + code if code else ""), 1, CAMERA)


def signed_in(box, web, mine, other, begin, end):
    """Web has the passwords that people typed, and codes that were used."""
    used = box.code("daniyar")
    marat, daniyar = web.sign_in("marat"), web.sign_in("daniyar", used)
    say.test("who passes on password and code gets a session",
             isinstance(marat, socket.socket) and
             isinstance(daniyar, socket.socket), marat, daniyar)
    say.test("P6 a code that was used signs nobody in again",
             web.sign_in("daniyar", used) == FACTOR)
    for title, code in (("without a code", ""), ("with the code of the "
                        "sign-in", used),
                        ("with an older code", totp(
                            box.factor("daniyar"),
                            box.steps["daniyar"] - 1))):
        say.test("P6 web does not decide %s" % title, error(call(
            daniyar, decision(other, begin, end, code))) == FACTOR)
        say.test("P6 nor opens an aiming picture %s" % title, error(call(
            daniyar, Message(AIM_OPEN).put(
                "sss", CAMERA, "to see it", PEOPLE["daniyar"][2] + (
                    "\n" + code if code else "")))) == FACTOR)
    say.test("P6 an auditor's session decides nothing", error(call(
        marat, decision(other, begin, end))) == DENIED)
    for kind, fields in ((PERSON_NEW, ("ss1s1", "eva", "Eva Li", 3, "x",
                                       0)),
                         (DEPUTY, ("81s", 1, 1, "x")),
                         (PERSON_RESET, ("8s", 1, "x")),
                         (PERSON_END, ("8ss", 1, "a reason", "x")),
                         (CAMERA_ENABLE, ("s1", CAMERA, 0))):
        say.test("an auditor's session may not send %d" % kind, error(call(
            marat, Message(kind).put(*fields))) == DENIED)
    say.test("a custodian's session does not stop a camera", error(call(
        daniyar, Message(CAMERA_ENABLE).put("s1", CAMERA, 0))) == DENIED)
    say.test("P5 what nobody approved is not shown", error(call(
        marat, Message(INIT).put("ss8", other, CAMERA, 1))) == NOT_APPROVED)
    before = size(box)
    play = json.loads(wire.read_bulk(call(marat, Message(PLAY).put(
        "s", mine)).fds[0]))
    part = next(p for p in play["cameras"][0]["runs"][0]["parts"]
                if p["fragments"])
    got = call(marat, Message(FRAGMENT).put(
        "ss84", mine, CAMERA, part["seq"], part["fragments"][0]["index"]))
    say.test("P5 what was approved comes with its entry",
             b"moof" in wire.read_bulk(got.fds[0]) and size(box) > before)
    for kind in KEEPERS:
        s = web.sign_in("marat")
        answer = call(s, Message(kind, 1, b"\0\0\0\0\0\0\0\1"))
        closed = call(s, Message(SITE))
        say.test("%d is not for web and ends its session" % kind,
                 error(answer) in (BAD_MESSAGE, None) and closed is None,
                 answer and answer.type)
        s.close()
    daniyar.close()
    return marat


def looks(box, web, url):
    """Web has an operator's password; a custodian opened an aiming picture."""
    def errors(s, *messages):
        return [error(call(s, m)) for m in messages]

    look = Message(AIM).put("s", CAMERA)
    oleg, marat = web.sign_in("oleg"), web.sign_in("marat")
    say.test("P6 without a custodian web gets no picture",
             errors(oleg, look) == [NOT_APPROVED])
    box.tool("camera", "aim", "--by", "aigul", "--reason", "It was turned",
             CAMERA, "-", stdin=box.credential("aigul"))
    opened, before = time.monotonic(), size(box)
    answer = call(oleg, look)
    say.test("P5 while it is open a picture comes, with its entry",
             answer.type == AIM + 1 and
             wire.read_bulk(answer.fds[0])[:2] == b"\xff\xd8" and
             size(box) > before, answer.type)
    say.test("P6 but none for an auditor", errors(marat, look) == [DENIED])
    time.sleep(max(0, opened + AIM_S + 0.2 - time.monotonic()))
    before = size(box)
    say.test("P6 when its time is over web gets none with an operator's "
             "session, and each refusal is entered",
             errors(oleg, look, look, look) == [NOT_APPROVED] * 3 and
             size(box) >= before + 3)
    say.test("P6 nor by replacing the camera by itself", errors(
        oleg, Message(CAMERA_REPLACE).put("sss1bs", CAMERA, "", url, 0, b"",
                                          ""), look) == [None, NOT_APPROVED])
    box.wait_recording(CAMERA)
    opens = Message(AIM_OPEN).put("sss", CAMERA, "to see it",
                                  PEOPLE["oleg"][2])
    say.test("P6 nor by an operator's or an auditor's own word",
             errors(oleg, opens, look) + errors(marat, opens) ==
             [DENIED, NOT_APPROVED, DENIED])
    oleg.close()
    marat.close()


def acts(box, marat, other):
    """Refusals are entered (P5), and all the same the ledger stays small."""
    before, began = size(box), time.monotonic()
    marat.setblocking(False)
    sent, seen = 0, 0
    while time.monotonic() - began < 6:
        readable, writable, _ = select.select([marat], [marat], [], 0.2)
        if readable:
            seen += error(wire.recv(marat)) == NOT_APPROVED
        if writable and sent < 5000:
            try:
                wire.send(marat, Message(INIT, sent + 1).put(
                    "ss8", other, CAMERA, 1))
                sent += 1
            except BlockingIOError:
                pass
    marat.close()
    grown = size(box) - before
    took = time.monotonic() - began
    say.test("P5 each refusal that was told was entered", grown >= seen > 0,
             grown, seen)
    say.test("a flood of acts fills no ledger: %d entries in %d s"
             % (grown, took), grown <= AT_ONCE + A_SECOND * (took + 2) + 60,
             sent, seen)


def sessions(box, web):
    """One person's sessions are bounded."""
    got = []
    for _ in range(24):
        s = web.sign_in("marat")
        if s == BUSY:
            break
        got.append(s)
    say.test("a person has at most 20 sessions", len(got) == 20, len(got))
    _, _, readers = keeper(box)
    for s in got:
        s.close()
    wait_for("the sessions end", 60,
             lambda: keeper(box)[2] <= max(readers - 20, 0))


class Box(Appliance):
    """Aiming pictures for some seconds instead of ten minutes."""

    def write_conf(self, **storage):
        super().write_conf(aim_s=AIM_S, **storage)


def story():
    with Box(quick=False) as box:
        camera = box.camera(CAMERA)
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        marat, daniyar = box.client("marat"), box.client("daniyar")
        end = int(time.time())
        begin = end - 5
        ask = {"from": stamp(begin), "to": stamp(end), "cameras": [CAMERA],
               "reason": "Withdrawal disputed", "case": "K-1"}
        mine, other = (marat.post(V1 + "requests", ask).json()["id"]
                       for _ in range(2))
        answer = daniyar.post(V1 + "requests/%s/decision" % mine, {
            "verdict": "approve", "from": ask["from"], "to": ask["to"],
            "cameras": [CAMERA], "reason": "The case is known",
            "password": PEOPLE["daniyar"][2], "code": box.code("daniyar")})
        say.test("one request is approved", answer.status in (200, 204),
                 answer.body)
        box.stop("web")
        web = Web(box)
        before = size(box)
        nobody_signed_in(box, web)
        lives(box, "storage lives and records after 600 messages")
        malformed(box, web)
        say.test("P5 of what came with nobody signed in nothing but chain "
                 "heads and segments was entered", size(box) - before < 60,
                 size(box) - before)
        floods(box, web)
        lives(box, "storage lives and records after the floods")
        session = signed_in(box, web, mine, other, begin, end)
        looks(box, web, camera.url)
        acts(box, session, other)
        sessions(box, web)
        lives(box, "storage lives and records in the end")
        box.start("web")
        told = box.client("daniyar").get(V1 + "requests").json()["requests"]
        state = {r["id"]: r["state"] for r in told}
        say.test("P6 the request that web wanted to decide is undecided",
                 state.get(other) == "submitted", state)


say.main(story)
