#!/usr/bin/python3
# timeout: 240
"""Cameras over TLS, and where a camera's password is, and is not.

A7: the certificate is pinned, a changed one is named and told nothing. The
password reaches the supervisor alone: not logs, process lists, storage, the
web process, a child's memory, exports, the index and its copies, nor the wire.
"""
import base64
import concurrent.futures
import contextlib
import csv
import ctypes
import ctypes.util
import datetime
import io
import os
import sqlite3
import time
import zipfile
from pathlib import Path

from lib import say
from lib.appliance import PEOPLE, Appliance, wait_for
from lib.memory import descendants, memory_of, name_of
from lib.package import begin
from lib.relay import Relay
from lib.rtspcam import Camera, Source, make
from lib.tlscam import Certificate, Tls

V1 = "/api/v1/"
# Not in the text of this program, which other processes may hold.
SECRET = "parol-" + os.urandom(6).hex()
LOGIN = {"user": "admin", "password": SECRET}


def stamp(seconds):
    return datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).isoformat(timespec="milliseconds")


def entries(client, kind):
    found = client.get(V1 + "ledger?first=0&count=200").json()["entries"]
    return [e for e in found if e["type"] == kind]


def is_in(data):
    """The password, plain or as Basic would show it."""
    return SECRET.encode() in data or \
        base64.b64encode(b"admin:" + SECRET.encode()).rstrip(b"=") in data


def listed():
    """What everybody sees of every process, ours and the tool's."""
    for path in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                yield "%s/%s" % (path, name), (path / name).read_bytes()


# --- A7: TLS ---

def probing(box, operator, tls):
    """While page and tool have the password in their hands."""
    looks, found, tools = 0, set(), 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        words = pool.submit(box.tool, "camera", "probe", "--user", "admin",
                            tls.url, "-", config=False, stdin=SECRET + "\n")
        api = pool.submit(operator.post, V1 + "cameras/probe", {
            "url": tls.url, "transport": "tcp", **LOGIN})
        while not (words.done() and api.done()):
            for where, data in listed():
                tools += b"saqta-recorder\0probe" in data
                if is_in(data):
                    found.add(where)
            looks += 1
            time.sleep(0.1)     # the camera lives in this process
    told, out = api.result().json(), words.result().stdout.decode()
    say.test("A7: a probe by the API says what it is, and its certificate",
             told.get("codec") == "h264" and
             told["certificate"] == tls.certificate.fingerprint, told)
    say.test("A7: and so does the tool", "h264" in out and
             "certificate " + tls.certificate.fingerprint in out, out)
    say.test("meanwhile no process list shows the camera's password",
             looks > 5 and tools and not found, looks, tools, found)


def refusals(operator, tls, known, plain):
    body = {"id": "tls-1", "name": "Face", "atm": "0417", "place": "Abay 12",
            "url": tls.url, "transport": "tcp", "device": "", **LOGIN}
    for what, change, word in (
            ("without a certificate", {}, b"probe shows"),
            ("with half a fingerprint",
             {"certificate": known.fingerprint[:47]}, b"probe shows"),
            ("over UDP", {"certificate": known.fingerprint,
                          "transport": "udp"}, b"TCP"),
            ("with a certificate and without TLS",
             {"certificate": known.fingerprint, "url": plain.url},
             b"rtsps://")):
        answer = operator.post(V1 + "cameras", {**body, **change})
        say.test("A7: a camera is refused %s, and told why" % what,
                 answer.status == 422 and word in answer.body, answer.body)


def state(box, ident, cause):
    def look():
        c = box.camera_state(ident)
        return c["state"] == "down" and c["cause"] == cause and c
    return wait_for("%s is down: %s" % (ident, cause), 30, look)


def gaps(box, ident, since):
    told = box.tool_json("coverage", "--camera", ident, "--from",
                         stamp(since), "--to", stamp(time.time() - 0.2))
    return [s["cause"] for s in told["cameras"][0]["spans"]
            if s["kind"] == "gap"]


def pinned(box, operator, tls, known, other):
    """Added with the wrong one, then the right one; then it changes."""
    begun = time.time()
    box.tool("camera", "add", "--id", "tls-1", "--atm", "0417", "--place",
             "Abay 12", "--certificate", other.fingerprint, "--user", "admin",
             tls.url, "-", stdin=SECRET + "\n")
    c = state(box, "tls-1", "certificate")
    heard = bytes(tls.heard)
    say.test("A7: another certificate is named, with the one that was shown",
             known.fingerprint in c["detail"] and
             c["certificate"] == other.fingerprint, c)
    answer = operator.post(V1 + "cameras/tls-1/replace", {
        "url": tls.url, "transport": "tcp", "device": "M1",
        "certificate": known.fingerprint.replace(":", "").lower(), **LOGIN})
    say.test("A7: the operator names the right one, colons or not",
             answer.status == 200, answer.body)
    box.wait_recording("tls-1")
    say.test("P9 A7: then it records over TLS", True)
    causes = gaps(box, "tls-1", begun)
    say.test("P7 A7: until then the gap had that cause",
             "certificate" in causes and
             set(causes) <= {"certificate", "connecting", "not-yet"}, causes)
    say.test("A7: a stranger was told nothing", heard == b"", heard[:200])
    changed = time.time()
    tls.certificate = other
    tls.drop()
    state(box, "tls-1", "certificate")
    wait_for("a certificate that changes ends recording, by name", 15,
             lambda: gaps(box, "tls-1", changed)[-1:] == ["certificate"])
    say.test("P7 A7: a certificate that changes ends recording, by name", True)
    tls.certificate = known
    box.wait_recording("tls-1")
    say.test("A7: and the known one goes on", True)
    auditor = box.client("marat")
    named = [e["fields"].get("certificate") for kind in
             ("camera-added", "device-replaced")
             for e in entries(auditor, kind)
             if e["fields"]["camera"] == "tls-1"]
    say.test("A7: whom the recorder was to trust stands in the ledger",
             named == [other.fingerprint, known.fingerprint], named)


def lists(box, known):
    url = "rtsps://127.0.0.1:1/csv"
    text = "id,atm,url,certificate\ncsv-1,0600,%s,%s\ncsv-2,0600,%sx,\n" % (
        url, known.fingerprint, url)
    done = box.tool("camera", "import", "-", stdin=text, check=False)
    say.test("A7: a list names certificates, one without is told by line",
             b"1 added, 0 there already, 1 wrong" in done.stdout and
             b"line 3: rtsps:// needs" in done.stderr,
             done.stdout, done.stderr)
    box.tool("camera", "disable", "csv-1")
    out = box.tool("camera", "export").stdout.decode()
    row = next(r for r in csv.DictReader(io.StringIO(out, newline=""))
               if r["id"] == "csv-1")
    say.test("A7: and an export of the list has it",
             (row["url"], row["certificate"]) == (url, known.fingerprint), row)


# --- where the password is not ---

def package(box, begun):
    """The evidence package of the plain camera's first seconds."""
    marat, daniyar = (box.client(u) for u in ("marat", "daniyar"))
    asked = {"from": stamp(begun), "to": stamp(time.time()),
             "cameras": ["plain-1"], "reason": "Withdrawal disputed"}
    ident = marat.post(V1 + "requests", {
        **asked, "case": "K-7", "right": "export",
        "longer": "All of it"}).json()["id"]
    answer = daniyar.post(V1 + "requests/%s/decision" % ident, {
        "verdict": "approve", **asked, "password": PEOPLE["daniyar"][2],
        "code": box.code("daniyar")})
    assert answer.status == 200, answer.body
    export = begin(box, marat, ident).json()["id"]
    wait_for("it is ready", 90, lambda: [
        x for x in marat.get(V1 + "exports").json()["exports"]
        if x["id"] == export and x["state"] == "ready"])
    return marat.get("/media/exports/" + export).body


def files(box):
    return {str(p.relative_to(box.tmp)): p.read_bytes()
            for p in sorted(box.tmp.rglob("*"))
            if p.is_file() and "bin" not in p.parts}


def in_memory(box, operator):
    if os.geteuid():
        say.skip("no other process has it in its memory", "needs root")
        return
    # A page's password passes through web: what comes next takes its place.
    for n in range(6):
        operator.post(V1 + "cameras/probe", {
            "url": "x" * n, "transport": "tcp", "user": "admin",
            "password": "p" * len(SECRET)})
    supervisor = box.processes["recorder"].pid
    mine = [p for name in box.processes
            for p in descendants(box.processes[name].pid)]
    kinds = [name_of(p) for p in mine]
    say.test("(there are a zygote, children and a relay for TLS)",
             {"saqta-zygote", "saqta-camera", "saqta-tls", "saqta-storage",
              "saqta-web"} <= set(kinds), kinds)
    knows = {p for p in mine if any(is_in(part) for part in memory_of(p))}
    say.test("only the supervisor has it in its memory", knows ==
             {supervisor}, [(p, name_of(p)) for p in knows], supervisor)


def sealed(box):
    """What storage keeps opens with the recorder's key, and no other way."""
    def rows(name):
        with sqlite3.connect("file:%s?mode=ro" % (box.data / name),
                             uri=True) as db:
            return db.execute("SELECT sealed FROM camera WHERE id IN "
                              "('plain-1', 'tls-1')").fetchall()
    wait_for("the index has a copy with both cameras", 90, lambda: (
        box.data / "index-copy.db").exists() and
        len(rows("index-copy.db")) == 2, 0.5)
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium")
                         or "libsodium.so.23")
    private = (box.tmp / "recorder" / "recorder.key").read_bytes()
    public = ctypes.create_string_buffer(32)
    sodium.crypto_scalarmult_base(public, private)
    texts = []
    for name in ("index.db", "index-copy.db"):
        for box_, in rows(name):
            out = ctypes.create_string_buffer(len(box_))
            ok = sodium.crypto_box_seal_open(
                out, box_, ctypes.c_ulonglong(len(box_)), public, private)
            texts.append((ok, out.raw[:len(box_) - 48]))
    want = (0, b"admin\0" + SECRET.encode())
    say.test("index and copy have it sealed to the recorder's key",
             texts == [want] * 4, len(texts))


def secrecy(box, operator, tls, relay, zipped):
    with zipfile.ZipFile(io.BytesIO(zipped)) as z:
        inside = {n: z.read(n) for n in z.namelist()}
    say.test("an evidence package has no password in it",
             "manifest.json" in inside and
             not any(is_in(d) for d in [zipped, *inside.values()]),
             sorted(inside))
    sealed(box)
    in_memory(box, operator)
    lie = files(box)
    found = [name for name, data in lie.items() if is_in(data)]
    say.test("no file has it: no log, index, copy, ledger, export, footage",
             not found and any("log" in n for n in lie) and
             any(n.endswith("index-copy.db") for n in lie), found)
    people = [operator] + [box.client(u) for u in ("marat", "aigul")]
    texts = [c.get(V1 + p).body for c in people
             for p in ("cameras", "status", "ledger?first=0&count=200")]
    texts += [box.tool(*v, "--json").stdout
              for v in (("camera", "list"), ("status",))]
    say.test("nor has anything that people are told",
             not any(is_in(t) for t in texts))
    wire = bytes(relay.wire)
    say.test("on the wire there is its digest alone",
             b'Digest username="admin"' in wire and b"response=" in wire and
             b"Basic" not in wire and not is_in(wire) and
             len(wire) > 100000, len(wire))
    say.test("over TLS there is not even that",
             b"Digest" in tls.heard and not is_in(bytes(tls.heard)) and
             b"Digest" not in tls.wire and b"admin" not in tls.wire)


def story():
    # A sanitizer would keep what was freed, and show it ever after.
    with Appliance(env={"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=0:"
                        "thread_local_quarantine_size_kb=0"}) as box:
        source = Source(make(str(box.tmp / "a"), "h264", 4), "h264")
        cam, behind = (Camera(source, user="admin", password=SECRET)
                       for _ in range(2))
        keys = box.tmp / "certificates"
        keys.mkdir()
        known = Certificate(str(keys), "camera", expired=True)
        other = Certificate(str(keys), "other")
        tls, relay = Tls(behind, known), Relay("127.0.0.1", cam.port)
        relay.wire = bytearray()
        operator = box.client("oleg")
        wait_for("the recorder introduces itself", 20, lambda: operator.post(
            V1 + "cameras/probe", {"url": "x", "transport": "tcp", "user": "",
                                   "password": ""}).status == 200)
        begun = time.time()
        answer = operator.post(V1 + "cameras", {
            "id": "plain-1", "name": "Room", "atm": "0417",
            "place": "Abay 12", "url": "rtsp://127.0.0.1:%d/live"
            % relay.port, "transport": "tcp", "device": "", **LOGIN})
        say.test("a camera is added at the page", answer.status == 201,
                 answer.body)
        refusals(operator, tls, known, cam)
        probing(box, operator, tls)
        tls.heard.clear()
        box.wait_recording("plain-1")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            zipped = pool.submit(package, box, begun)
            pinned(box, operator, tls, known, other)
            lists(box, known)
        secrecy(box, operator, tls, relay, zipped.result())
        say.test("no process was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())
        for x in (tls, relay, cam, behind):
            x.close()


say.main(story)
