#!/usr/bin/python3
"""saqta-web's routes, with a stand-in for storage."""
import json
import os
import ssl
import stat
import subprocess

from lib import fakestorage as fake
from lib.webserver import Web, finish, ok, until

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; "
       "img-src 'self' blob: data:; media-src 'self' blob:; "
       "connect-src 'self'; base-uri 'none'; form-action 'self'; "
       "frame-ancestors 'none'")
SPAN = {"from": "2026-11-22T14:05:00+05:00", "to": "2026-11-22T14:25:00+05:00"}
FROM_NS, TO_NS = 1795338300 * 10**9, 1795339500 * 10**9
seen = {}


def document(kind, doc):
    def answer(g):
        seen[kind] = g
        return kind + 1, b"", fake.bulk(json.dumps(doc).encode())
    return answer


def prepare(web):
    a = web.storage.answers
    for kind in (fake.CAMERAS, fake.REQUESTS, fake.PLAY, fake.LEDGER,
                 fake.COVERAGE, fake.STATUS):
        a[kind] = document(kind, {"kind": kind})
    a[fake.REQUEST_NEW] = lambda g: (
        seen.update({fake.REQUEST_NEW: g}) or fake.REQUEST_NEW + 1,
        fake.text("REQ-2026-00031"), None)
    for kind in (fake.DECIDE, fake.REVOKE, fake.STOP):
        a[kind] = lambda g: seen.update({g.type: g}) or (fake.OK, b"", None)
    for kind in (fake.INIT, fake.FRAGMENT):
        a[kind] = lambda g: (seen.update({g.type: g}) or g.type + 1,
                             fake.text("tag-%d" % g.type),
                             fake.bulk(b"moof" * 5000))


def headers_are_safe(web, who):
    for path, cache in (("/", "no-cache"), ("/api/v1/site", "no-store"),
                        ("/api/v1/cameras", "no-store"),
                        ("/api/v1/nothing", "no-store"),
                        ("/media/REQ-1/cam-1/1/init", "no-store")):
        r = web.get(path, who)
        good = (r["Content-Security-Policy"] == CSP
                and r["X-Content-Type-Options"] == "nosniff"
                and r["Referrer-Policy"] == "no-referrer"
                and r["Cross-Origin-Resource-Policy"] == "same-origin"
                and r["Cross-Origin-Opener-Policy"] == "same-origin"
                and r["Strict-Transport-Security"] ==
                "max-age=31536000; includeSubDomains"
                and r["Cache-Control"] == cache)
        ok(good, "every answer has the security headers: " + path,
           str(r.headers))
        ok(r["Server"] is None and "0.1.0" not in str(r.headers),
           "no header names a version: " + path)


def pages(web):
    index = open(os.path.join(web.dir, "ui/index.html"), "rb").read()
    for path in ("/", "/find", "/requests", "/requests/REQ-2026-00031",
                 "/watch/REQ-2026-00031", "/audit", "/coverage", "/health",
                 "/about"):
        r = web.get(path, Accept="text/html")
        ok(r.status == 200 and r.body == index
           and r["Content-Type"] == "text/html; charset=utf-8",
           "a path of the page router gets the page: " + path)
    r = web.get("/pages/find.js")
    ok(r.status == 200 and r["Content-Type"] == "text/javascript; "
       "charset=utf-8" and r["ETag"].startswith('"'),
       "a file of the pages has its type and a strong ETag")
    again = web.get("/pages/find.js", If_None_Match=r["ETag"])
    ok(again.status == 304 and again.body == b"",
       "an unchanged file of the pages is 304")
    for path in ("/notes.txt", "/ui/index.html", "/../state/tls.key",
                 "/%2e%2e/state/tls.key", "/..%2fstate%2ftls.key",
                 "/index.html%00.js", "//index.html", "/nothing"):
        r = web.get(path)
        ok(r.status == 404 and r.problem() == "not-found",
           "what is not a file of the pages is 404: " + path)
    r = web.get("/nothing", Accept="text/html,*/*")
    ok(r.status == 404 and r.body == index,
       "a browser that asks for an unknown page gets the pages, with 404")
    r = web.ask("HEAD", "/")
    ok(r.status == 200 and r.body == b""
       and r["Content-Length"] == str(len(index)), "HEAD of a page has no body")


def before_sign_in(web):
    r = web.get("/api/v1/site")
    d = r.json()
    ok(r.status == 200 and set(d) == {"site", "zone", "demo", "now",
                                      "setup", "certificate"}
       and d["zone"] == "Asia/Almaty" and d["demo"] is True
       and d["now"].endswith("+05:00"),
       "before sign-in the site says its name, zone, demo, now, how far set-up "
       "is and its certificate, no version",
       r.body)
    for path in ("/api/v1/session", "/api/v1/cameras", "/api/v1/status",
                 "/api/v1/requests", "/api/v1/ledger", "/api/v1/coverage",
                 "/api/v1/requests/REQ-1/play", "/media/REQ-1/cam-1/1/init",
                 "/media/REQ-1/cam-1/1/0", "/media/REQ-1/cam-1/run0.mp4"):
        r = web.get(path, Cookie="__Host-saqta=" + "A" * 43)
        ok(r.status == 401 and r.problem() == "signed-out",
           "without a session it is 401: " + path)
    ok(not web.storage.log, "without a session nothing reaches storage")
    for body, status, pointer in (
            ("{", 400, None), ("[]", 400, None), ("", 400, None),
            ('{"user":"a","user":"b","password":"c"}', 400, None),
            ('{"user":"a"}', 422, "/password"),
            ('{"user":1,"password":"c"}', 422, "/user"),
            ('{"user":"a","password":"c","x/y":1}', 422, "/x~1y"),
            ('{"user":"","password":"c"}', 422, "/user")):
        r = web.ask("POST", "/api/v1/session", body,
                    {"Content-Type": "application/json"})
        ok(r.status == status and r.json().get("pointer") == pointer,
           "a bad body of a sign-in is %d: %s" % (status, body), r.body)
    r = web.ask("POST", "/api/v1/session", "user=a&password=b",
                {"Content-Type": "application/x-www-form-urlencoded"})
    ok(r.status == 415, "a form is 415: no cross-site page can post one")
    r = web.ask("POST", "/api/v1/session",
                {"user": "aigerim", "password": "correct horse"},
                {"Sec-Fetch-Site": "cross-site"})
    ok(r.status == 403 and r["Set-Cookie"] is None,
       "another site cannot sign anybody in")
    r = web.ask("POST", "/api/v1/session",
                {"user": "aigerim", "password": "wrong"})
    ok(r.status == 401 and r.problem() == "wrong-password"
       and r["Set-Cookie"] is None, "a wrong password is 401, without cookie")


def sign_in(web):
    who = web.sign_in()
    d = who.doc
    ok(who.answer.status == 200 and d["person"] == 7
       and d["user"] == "aigerim" and d["role"] == "auditor"
       and d["site"].startswith("Branch") and d["demo"] is True
       and d["version"], "sign-in says who, where and which version", d)
    cookie = who.answer["Set-Cookie"]
    ok(cookie.startswith("__Host-saqta=") and set(cookie.split("; ")[1:]) ==
       {"Path=/", "HttpOnly", "Secure", "SameSite=Strict"},
       "the cookie is __Host-, HttpOnly, Secure and SameSite=Strict", cookie)
    ok(web.storage.sign_ins[-1] == ("aigerim", "127.0.0.1"),
       "storage is told the client's address")
    web.ask("POST", "/api/v1/session", {"user": "aigerim", "password": "x"},
            {"X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.7",
             "Forwarded": "for=203.0.113.7"})
    ok(web.storage.sign_ins[-1] == ("aigerim", "127.0.0.1"),
       "the address is the socket's, whatever a header says")
    ok(web.get("/api/v1/session", who).json() == d,
       "GET session gives the same document")
    other = web.sign_in()
    ok(other.cookie != who.cookie and other.csrf != who.csrf,
       "each sign-in has its own tokens")
    return who


def readings(web, who):
    for path, kind in (("/api/v1/cameras", fake.CAMERAS),
                       ("/api/v1/requests", fake.REQUESTS),
                       ("/api/v1/status", fake.STATUS),
                       ("/api/v1/requests/REQ-1/play", fake.PLAY),
                       ("/api/v1/ledger", fake.LEDGER)):
        r = web.get(path, who)
        ok(r.status == 200 and r.json() == {"kind": kind}
           and r["Content-Type"] == "application/json",
           "storage's JSON is passed through: " + path, r.body)
        r = web.ask("HEAD", path, who=who)
        ok(r.status == 200 and not r.body, "HEAD has no body: " + path)
    web.get("/api/v1/ledger?first=12&count=50", who)
    g = seen[fake.LEDGER]
    ok((g.u64(), g.u32()) == (12, 50), "first and count reach storage")
    q = "?camera=cam-1&from=2026-11-22T14:05:00%2B05:00&to=2026-11-22T09:25:00Z"
    r = web.get("/api/v1/coverage" + q, who)
    g = seen[fake.COVERAGE]
    ok(r.status == 200 and (g.str(), g.i64(), g.i64()) ==
       ("cam-1", FROM_NS, TO_NS), "coverage's times reach storage in UTC")
    for q, pointer in (
            ("", "/from"), ("?from=x&to=y", "/from"),
            ("?from=2026-11-22T14:05:00&to=2026-11-22T14:06:00", "/from"),
            ("?from=2026-11-22T14:05:00Z", "/to"),
            ("?from=2026-11-22T14:05:00Z&to=2026-11-22T14:05:00Z", "/to"),
            ("?camera=A_B&from=2026-11-22T14:05:00Z&to=2026-11-22T15:05:00Z",
             "/camera"),
            ("?x=1", None), ("?from=a&from=b", None)):
        r = web.get("/api/v1/coverage" + q, who)
        ok(r.status == 422 and r.json().get("pointer") == pointer,
           "coverage refuses with a pointer: '%s'" % q, r.body)
    web.get("/api/v1/requests?after=REQ-2026-00007&limit=3", who)
    g = seen[fake.REQUESTS]
    ok((g.str(), g.u16()) == ("REQ-2026-00007", 3), "a page reaches storage")
    for q, pointer in (("?after=a%2Fb", "/after"), ("?limit=0", "/limit"),
                       ("?limit=501", "/limit"), ("?before=x", None),
                       ("?limit=1&limit=2", None)):
        r = web.get("/api/v1/requests" + q, who)
        ok(r.status == 422 and r.json().get("pointer") == pointer,
           "a list refuses with a pointer: " + q, r.body)
    tag = web.get("/api/v1/requests", who)["ETag"]
    r = web.ask("GET", "/api/v1/requests", who=who,
                headers={"If-None-Match": "W/x, " + tag})
    ok(r.status == 304 and not r.body and r["ETag"] == tag,
       "who has a list already is told so", r.status)
    r = web.ask("GET", "/api/v1/requests", who=who,
                headers={"If-None-Match": '"another"'})
    ok(r.status == 200 and r.json(), "and who has another gets it")
    for q in ("?first=-1", "?count=201", "?first=1x", "?count=", "?first"):
        ok(web.get("/api/v1/ledger" + q, who).status == 422,
           "ledger refuses " + q)


def writes(web, who):
    body = {"cameras": ["cam-1", "cam-2"], "reason": "Снятие 50 000",
            "case": "K-114", "longer": "He came back twice", **SPAN}
    r = web.ask("POST", "/api/v1/requests", body, who=who)
    g = seen.get(fake.REQUEST_NEW)
    ok(r.status == 201 and r.json() == {"id": "REQ-2026-00031"}
       and r["Location"] == "/requests/REQ-2026-00031",
       "a request is 201 with its id and Location", r.body)
    got = (g.i64(), g.i64(), g.str(), g.str(), g.u8(), g.str(), g.str())
    ok(got == (FROM_NS, TO_NS, "Снятие 50 000", "K-114", 2, "cam-1", "cam-2"),
       "every field of a request reaches storage", got)
    for change, pointer in (
            ({"longer": ""}, "/longer"), ({"longer": 5}, "/longer"),
            ({"case": ""}, "/case"), ({"reason": None}, "/reason"),
            ({"from": "2026-11-22T14:05:00"}, "/from"),
            ({"to": SPAN["from"]}, "/to"), ({"cameras": []}, "/cameras"),
            ({"cameras": ["cam-1", "cam-1"]}, "/cameras/1"),
            ({"cameras": ["../x"]}, "/cameras/0"),
            ({"cameras": ["c%d" % i for i in range(65)]}, "/cameras"),
            ({"reason": "x" * 1025}, "/reason"), ({"extra": 1}, "/extra")):
        r = web.ask("POST", "/api/v1/requests", {**body, **change}, who=who)
        ok(r.status == 422 and r.problem() == "invalid"
           and r.json()["pointer"] == pointer,
           "a request with a wrong %s is 422 and points there" % pointer,
           r.body)
    decision = {"verdict": "approve", "cameras": ["cam-1"], "reason": "",
                "password": "staple", **SPAN}
    r = web.ask("POST", "/api/v1/requests/REQ-1/decision", decision, who=who)
    g = seen[fake.DECIDE]
    got = (g.str(), g.u8(), g.i64(), g.i64(), g.str(), g.str(), g.u8(),
           g.str())
    ok(r.status == 200 and got == ("REQ-1", 1, FROM_NS, TO_NS, "", "staple",
                                   1, "cam-1"),
       "every field of a decision reaches storage", got)
    r = web.ask("POST", "/api/v1/requests/REQ-1/decision",
                {**decision, "verdict": "refuse"}, who=who)
    ok(r.status == 422 and r.json()["pointer"] == "/reason",
       "refusing without a reason is 422")
    r = web.ask("POST", "/api/v1/requests/REQ-1/decision",
                {**decision, "verdict": "maybe"}, who=who)
    ok(r.status == 422 and r.json()["pointer"] == "/verdict",
       "a verdict is approve or refuse")
    r = web.ask("POST", "/api/v1/requests/REQ-1/revoke", {"reason": "over"},
                who=who)
    g = seen[fake.REVOKE]
    ok(r.status == 200 and (g.str(), g.str()) == ("REQ-1", "over"),
       "revoking reaches storage with its reason")
    r = web.ask("POST", "/api/v1/requests/REQ-1/stop", who=who)
    ok(r.status == 200 and seen[fake.STOP].str() == "REQ-1",
       "stopping to watch needs no body")


def refusals(web, who):
    n = len(web.storage.log)
    body = {"reason": "x"}
    path = "/api/v1/requests/REQ-1/revoke"
    for headers, title in (
            ({"X-Saqta-CSRF": ""}, "without a CSRF token"),
            ({"X-Saqta-CSRF": "A" * 43}, "with a wrong CSRF token"),
            ({"Sec-Fetch-Site": "cross-site"}, "from another site"),
            ({"Sec-Fetch-Site": "same-site"}, "from a neighbour's site"),
            ({"Sec-Fetch-Site": "none"}, "that was typed")):
        r = web.ask("POST", path, body, headers, who)
        ok(r.status == 403 and r.problem() == "denied",
           "a write %s is 403" % title, r.body)
    r = web.get("/media/REQ-1/cam-1/1/0", who, Sec_Fetch_Site="cross-site")
    ok(r.status == 403, "media asked by another site is 403")
    ok(len(web.storage.log) == n, "what the gate refuses never reaches storage")
    for method, path, allow in (
            ("DELETE", "/api/v1/cameras", "GET, HEAD, POST"),
            ("PUT", "/api/v1/requests", "GET, HEAD, POST"),
            ("POST", "/", "GET, HEAD"), ("OPTIONS", "/app.js", "GET, HEAD"),
            ("GET", "/api/v1/requests/REQ-1/stop", "POST"),
            ("TRACE", "/api/v1/cameras", "GET, HEAD, POST"),
            ("PATCH", "/api/v1/session", "GET, HEAD, POST, DELETE")):
        r = web.ask(method, path, who=who)
        ok(r.status == 405 and r.problem() == "method"
           and r["Allow"] == allow, "%s %s is 405 and says %s"
           % (method, path, allow), r["Allow"])
    for path in ("/api/v1/requests/req_1/play", "/api/v2/cameras",
                 "/media/REQ-1/cam-1/01/init", "/media/REQ-1/CAM/1/init",
                 "/media/REQ-1/cam-1/1/0/", "/media/REQ-1/cam-1/1/4294967296",
                 "/media/REQ-1/cam-1/99999999999999999999/init",
                 "/api/v1/requests/" + "R" * 33 + "/play"):
        r = web.get(path, who, Accept="text/html")
        ok(r.status == 404 and r.problem() == "not-found",
           "a path of no shape of ours is 404: " + path[:50], r.body)
    for name, status, kind in (("denied", 403, "denied"),
                               ("self", 403, "self-approval"),
                               ("not-approved", 403, "approval-required"),
                               ("not-found", 404, "not-found"),
                               ("busy", 503, "busy")):
        web.storage.answers[fake.PLAY] = \
            lambda g, name=name: fake.error(name, "because")
        r = web.get("/api/v1/requests/REQ-1/play", who)
        ok(r.status == status and r.problem() == kind
           and r.json()["detail"] == "because",
           "storage's %s is %d with its sentence" % (kind, status), r.body)
    ok(web.get("/api/v1/requests/REQ-1/play", who)["Retry-After"],
       "busy says when to try again")


def media(web, who):
    for path, kind, fields in (
            ("/media/REQ-1/cam-1/12/init", fake.INIT, (12,)),
            ("/media/REQ-1/cam-1/12/3", fake.FRAGMENT, (12, 3))):
        for method in ("GET", "HEAD"):
            r = web.ask(method, path, who=who,
                        headers={"If-None-Match": '"tag-%d"' % kind})
            ok(r.status == 200 and r["Content-Type"] == "video/mp4"
               and r["ETag"] == '"tag-%d"' % kind
               and r["Content-Length"] == "20000"
               and r["Cache-Control"] == "no-store"
               and r.body == (b"moof" * 5000 if method == "GET" else b""),
               "P5: %s of %s asks storage even where the client has it"
               % (method, path), r.headers)
            g = seen.pop(kind)
            got = (g.str(), g.str(), g.u64()) + (
                (g.u32(),) if kind == fake.FRAGMENT else ())
            ok(got == ("REQ-1", "cam-1") + fields,
               "storage hears which part: " + path, got)
    bad = (fake.FRAGMENT + 1, fake.text('x"\r\nSet-Cookie: a=b'),
           fake.bulk(b"x"))
    web.storage.answers[fake.FRAGMENT] = lambda g: bad
    r = web.get("/media/REQ-1/cam-1/12/3", who)
    ok(r.status == 500 and r["Set-Cookie"] is None,
       "a tag that would begin a header is refused")

    def unsealed(g):
        fd = os.memfd_create("open", 0)
        os.write(fd, b"x")
        return fake.FRAGMENT + 1, fake.text("tag"), fd
    web.storage.answers[fake.FRAGMENT] = unsealed
    ok(web.get("/media/REQ-1/cam-1/12/3", who).status == 500,
       "a memfd that is not sealed is refused")
    web.storage.answers[fake.FRAGMENT] = \
        lambda g: (fake.FRAGMENT + 1, fake.text("tag"), None)
    ok(web.get("/media/REQ-1/cam-1/12/3", who).status == 500,
       "an answer without its descriptor is refused")


def end_of_sessions(web, who):
    old = web.sign_in()
    r = web.ask("POST", "/api/v1/session",
                {"user": "custodian", "password": "staple"},
                {"Cookie": old.cookie})
    ok(r.status == 200 and web.get("/api/v1/cameras", old).status == 401,
       "signing in again ends the browser's session before")
    dying = web.sign_in()
    web.storage.sessions[-1].shutdown(2)
    r = web.get("/api/v1/session", dying)
    until(lambda: web.get("/api/v1/session", dying).status == 401)
    r = web.get("/api/v1/session", dying)
    ok(r.status == 401 and r.problem() == "signed-out"
       and "Max-Age=0" in r["Set-Cookie"],
       "a session whose reader died is signed out at once")
    ok(web.get("/api/v1/cameras", who).status == 200,
       "the other sessions live on")
    dying = web.sign_in()

    def die(g):
        web.storage.sessions[-1].shutdown(2)
    web.storage.answers[fake.STATUS] = die
    r = web.get("/api/v1/status", dying)
    ok(r.status == 401 and r.problem() == "signed-out",
       "a reader that dies over a question is 401", r.body)
    confused = web.sign_in()
    web.storage.answers[fake.STATUS] = \
        lambda g: (fake.LEDGER + 1, b"", fake.bulk(b"{}"))
    r = web.get("/api/v1/status", confused)
    ok(r.status == 500 and until(
        lambda: web.get("/api/v1/cameras", confused).status == 401),
       "a reader that breaks the protocol loses its session")
    first = web.sign_in("operator", "battery")
    for _ in range(16):
        last = web.sign_in("operator", "battery")
    ok(web.get("/api/v1/cameras", first).status == 401
       and web.get("/api/v1/cameras", last).status == 200,
       "the seventeenth session of a person ends his oldest")
    r = web.ask("DELETE", "/api/v1/session", who=who)
    ok(r.status == 204 and "Max-Age=0" in r["Set-Cookie"]
       and web.storage.log[-1][0] == fake.SIGN_OUT,
       "signing out tells storage and takes the cookie back")
    ok(web.get("/api/v1/cameras", who).status == 401,
       "after signing out the token is nothing")


def certificate(web):
    key = os.path.join(web.dir, "state/tls.key")
    crt = os.path.join(web.dir, "state/tls.crt")
    ok(stat.S_IMODE(os.stat(key).st_mode) == 0o600, "the key's mode is 0600")
    text = subprocess.run(["openssl", "x509", "-in", crt, "-noout", "-text",
                           "-fingerprint", "-sha256"], text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    ok("DNS:localhost" in text and "IP Address:127.0.0.1" in text,
       "the certificate names localhost and 127.0.0.1")
    ok("TLS Web Server Authentication" in text and "CA:FALSE" in text,
       "the certificate is one of a server, and no CA")
    print_ = text.split("sha256 Fingerprint=")[1].split("\n")[0]
    ok(print_ in web.said(), "the log has the certificate's fingerprint")
    strict = ssl.create_default_context(cafile=crt)
    strict.minimum_version = ssl.TLSVersion.TLSv1_3
    web.tls = strict
    ok(web.get("/").status == 200, "who trusts the certificate needs no more")
    for version, title in (("-tls1_1", "TLS 1.1 is refused"),
                           ("-tls1", "TLS 1.0 is refused")):
        r = subprocess.run(["openssl", "s_client", version, "-cipher",
                            "ALL:@SECLEVEL=0", "-connect",
                            "127.0.0.1:%d" % web.port],
                           stdin=subprocess.DEVNULL, capture_output=True)
        ok(r.returncode != 0, title)
    r = subprocess.run(["openssl", "s_client", "-tls1_2", "-connect",
                        "127.0.0.1:%d" % web.port], text=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
    ok("ECDHE-ECDSA-AES128-GCM-SHA256" in r.stdout,
       "TLS 1.2 takes AES-GCM with forward secrecy")


def main():
    web = Web()
    prepare(web)
    web.start()
    try:
        pages(web)
        before_sign_in(web)
        who = sign_in(web)
        headers_are_safe(web, who)
        readings(web, who)
        writes(web, who)
        refusals(web, who)
        media(web, who)
        end_of_sessions(web, who)
        certificate(web)
    finally:
        web.end()
    finish()


if __name__ == "__main__":
    main()
