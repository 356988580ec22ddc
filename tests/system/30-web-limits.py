#!/usr/bin/python3
"""saqta-web under bad clients, many clients, and without storage."""
import os
import socket
import threading
import time

from lib import fakestorage as fake
from lib.webserver import Web, finish, ok, until

MB = 1 << 20


def resident_kb(web):
    with open("/proc/%d/status" % web.child.pid) as f:
        return int(f.read().split("VmRSS:")[1].split()[0])


def threads(web):
    return len(os.listdir("/proc/%d/task" % web.child.pid))


def big_requests(web):
    for data, status, title in (
            (b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * MB + b"\r\n\r\n",
             b"431", "a header of 1 MB is 431"),
            (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 100000
             + b"\r\n", b"431", "a hundred thousand headers are 431"),
            (b"GET /" + b"a" * MB + b" HTTP/1.1\r\nHost: x\r\n\r\n",
             b"414", "a target of 1 MB is 414"),
            (b"GET /\r\n\r\n", b"", "a line without a version is refused"),
            (b"\x00\xff\x16\x03" * 100, b"", "bytes that are no HTTP end"),
            (b"GET / HTTP/1.1\r\n\r\n", b"400",
             "HTTP/1.1 without Host is 400")):
        got, seconds = web.raw(data, timeout=25)
        line = got.split(b"\r\n")[0]
        ok(seconds < 24 and b"(timeout)" not in got
           and (status in line if status else b" 200 " not in line),
           title + ", at once or soon", (seconds, got[:200]))
    body = {"reason": "x" * (70 << 10)}
    who = web.sign_in()
    r = web.ask("POST", "/api/v1/requests/REQ-1/revoke", body, who=who)
    ok(r.status == 413 and r.problem() == "too-large",
       "a body above 64 KiB is 413")
    got, _ = web.raw(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Type: application/json\r\n"
                     b"Content-Length: 9999999999\r\n\r\n{")
    ok(b"413" in got.split(b"\r\n")[0],
       "a length of 10 GB is 413 before it is sent", got[:100])
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    got, seconds = web.raw(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
                           b"Content-Type: application/json\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 40)
    ok(b" 200 " not in got and seconds < 20, "an endless body is cut")
    for data in (b"Content-Length: 5\r\nContent-Length: 6\r\n",
                 b"Content-Length: -1\r\n", b"Content-Length: 5x\r\n",
                 b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"):
        got, seconds = web.raw(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
                               b"Content-Type: application/json\r\n" + data
                               + b"Connection: close\r\n\r\n0\r\n\r\n",
                               timeout=40)
        ok(b" 200 " not in got and seconds < 39 and b"GET" not in got,
           "a doubtful length is refused: " + data.decode().strip()
           .replace("\r\n", ", "), (seconds, got[:150]))
    ok(web.get("/healthz").status == 200, "afterwards web serves as before")


def slow_clients(web):
    """One byte a second, before and after TLS: closed by a deadline."""
    plain = socket.create_connection(("127.0.0.1", web.port))
    slow = web.tls.wrap_socket(socket.create_connection(("127.0.0.1",
                                                         web.port)))
    slow.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
    began = time.monotonic()
    ended = {}
    plain.setblocking(False)
    slow.setblocking(False)
    while len(ended) < 2 and time.monotonic() - began < 30:
        time.sleep(1)
        for name, s, data in (("plain", plain, b"\x16"), ("slow", slow,
                                                          b"X: y\r\n")):
            if name in ended:
                continue
            try:
                s.send(data)
                if s.recv(100) == b"":
                    ended[name] = time.monotonic() - began
            except (BlockingIOError, OSError) as e:
                if "want" not in str(e).lower() and \
                        not isinstance(e, BlockingIOError):
                    ended[name] = time.monotonic() - began
    for name, title in (("plain", "a handshake that never ends"),
                        ("slow", "headers of one line a second")):
        ok(ended.get(name, 99) < 25, title + " is closed within 25 s",
           ended)
    plain.close()
    slow.close()


def many(web):
    before, few = resident_kb(web), threads(web)
    conns = [web.connect() for _ in range(200)]
    for c in conns:
        c.request("GET", "/healthz")
        c.getresponse().read()
    used = resident_kb(web) - before
    ok(threads(web) == few, "200 connections need no further thread")
    ok(used < 200 * 200 or "asan" in web.said() or sanitized(),
       "200 idle connections cost less than 200 KB each", "%d KB" % used)
    print("# 200 idle connections: %d KB" % used)
    held = []
    try:
        for _ in range(100):
            held.append(socket.create_connection(("127.0.0.1", web.port)))
    except OSError:
        pass
    time.sleep(0.5)
    open_ = 0
    for s in held:
        s.setblocking(False)
        try:
            open_ += s.recv(1) != b""
        except BlockingIOError:
            open_ += 1
        except OSError:
            pass
    ok(open_ <= 56, "an address has at most 256 connections", open_)
    for s in held:
        s.close()
    for c in conns:
        c.close()
    ok(until(lambda: alive(web)), "when they are gone others are served")


def sanitized():
    build = os.environ.get("SAQTA_BUILD", "build")
    with open(os.path.join(build, "saqta-web"), "rb") as f:
        return b"__asan_init" in f.read()


def alive(web):
    try:
        return web.get("/healthz").status == 200
    except OSError:
        return False


def questions(web, who):
    """At most 16 under way in a session; the others hear busy."""
    web.storage.answers[fake.STATUS] = lambda g: None
    conns = []
    for _ in range(17):
        c = web.connect()
        c.request("GET", "/api/v1/status", headers={"Cookie": who.cookie})
        conns.append(c)
        time.sleep(0.02)
    r = conns[-1].getresponse()
    ok(r.status == 503 and r.headers["Retry-After"],
       "the seventeenth question of a session at a time is 503 busy")
    for c in conns:
        c.close()
    ok(alive(web), "questions that storage leaves open hold nobody up")


def storage_away(web):
    who = web.sign_in()
    web.storage.stop()
    ok(until(lambda: web.get("/healthz").status == 503),
       "without storage healthz is 503")
    r = web.get("/api/v1/cameras", who)
    ok(r.status == 401 and r.problem() == "signed-out",
       "without storage sessions have ended")
    r = web.ask("POST", "/api/v1/session", {"user": "a", "password": "b"})
    ok(r.status == 503 and r.problem() == "unavailable"
       and r["Retry-After"], "without storage sign-in is 503 unavailable")
    ok(web.get("/").status == 200, "without storage the pages are served")
    web.storage.start()
    ok(until(lambda: web.get("/healthz").status == 200),
       "storage is found again when it is back")
    ok(web.sign_in().answer.status == 200, "and people can sign in again")
    web.storage.hang_sign_in = True
    c = web.connect()
    c.request("POST", "/api/v1/session", '{"user":"a","password":"b"}',
              {"Content-Type": "application/json"})
    time.sleep(0.3)
    web.storage.stop()
    r = c.getresponse()
    ok(r.status == 503, "a question under way hears 503 when storage dies")
    web.storage.hang_sign_in = False
    web.storage.start()
    until(lambda: alive(web))


def idle(web):
    """idle_s = 10 in this web's configuration."""
    who = web.sign_in()
    for _ in range(6):
        time.sleep(2)
        web.get("/api/v1/cameras", who)
    ok(web.get("/api/v1/cameras", who).status == 200,
       "who works stays signed in beyond the idle limit")
    began = time.monotonic()
    until(lambda: time.sleep(1) or
          web.get("/api/v1/cameras", who,
                  X_Saqta_Background="1").status == 401, 16)
    ok(9 <= time.monotonic() - began <= 13,
       "who does nothing is signed out, though his page asks by itself",
       time.monotonic() - began)


def restart(web):
    certificate = open(os.path.join(web.dir, "state/tls.crt")).read()
    who = web.sign_in()
    web.storage.hang_sign_in = True
    c = web.connect()
    c.request("POST", "/api/v1/session", '{"user":"a","password":"b"}',
              {"Content-Type": "application/json"})
    time.sleep(0.2)
    began = time.monotonic()
    ok(web.stop() == 0 and time.monotonic() - began < 3,
       "SIGTERM ends web in order with a question under way", web.said())
    web.storage.hang_sign_in = False
    c.close()
    web.storage.stop()
    web.start(storage=False)
    ok(web.get("/").status == 200 and web.get("/healthz").status == 503,
       "web starts without storage")
    ok(open(os.path.join(web.dir, "state/tls.crt")).read() == certificate,
       "a restart keeps the certificate")
    web.storage.start()
    ok(until(lambda: web.get("/healthz").status == 200),
       "and finds storage when it comes")
    ok(web.get("/api/v1/cameras", who).status == 401,
       "sessions end with web")


def bad_starts(web):
    for name, text, word in (
            ("state/tls.crt", "not a certificate", "tls.key"),
            ("ui/index.html", None, "index.html"),
            ("saqta.conf", "[web]\nprot = 1\n", "prot")):
        path = os.path.join(web.dir, name)
        kept = open(path).read()
        os.truncate(os.path.join(web.dir, "log"), 0)
        if text is None:
            os.unlink(path)
        else:
            web.put(name, text)
        web.start(storage=False)
        status = web.child.wait(10)
        ok(status in (1, 2) and word in web.said(),
           "web refuses to start and says why: " + name,
           (status, web.said()))
        web.put(name, kept)


def main():
    web = Web(idle_s=10)
    web.storage.answers[fake.CAMERAS] = \
        lambda g: (fake.CAMERAS + 1, b"", fake.bulk(b"{}"))
    web.start()
    try:
        # These wait for deadlines: side by side.
        waits = [threading.Thread(target=f, args=(web,))
                 for f in (big_requests, slow_clients, idle)]
        for w in waits:
            w.start()
        for w in waits:
            w.join()
        many(web)
        questions(web, web.sign_in())
        storage_away(web)
        restart(web)
        ok(web.stop() == 0, "SIGTERM ends web in order")
        bad_starts(web)
        web.start(storage=False)
    finally:
        web.end()
    finish()


if __name__ == "__main__":
    main()
