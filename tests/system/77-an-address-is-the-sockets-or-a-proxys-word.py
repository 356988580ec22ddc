#!/usr/bin/python3
# timeout: 300
"""Whose address counts: the socket's, whatever a header says; behind a proxy
that is configured (a real one: nginx) that of the proxy's own client."""
from lib import nginx, say
from lib.appliance import PEOPLE, Appliance
from lib.tokens import entries, refused

V1 = "/api/v1/"
PROXY, FORGED = "127.0.0.2", "203.0.113.7"
HERE, THERE, GUESSES = "127.0.0.5", "127.0.0.6", "127.0.0.7"

# As docs/operator.md says, with an address of its own
NGINX = """location / {
      proxy_pass https://127.0.0.1:%(to)d;
      proxy_bind %(proxy)s;
      proxy_ssl_trusted_certificate %(web)s/tls.crt; proxy_ssl_verify on;
      proxy_ssl_name localhost;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_buffering off; proxy_request_buffering off;
    }"""


def client(box, source=None, port=None):
    made = box.client()
    made.source, made.port = source, port or box.port
    return made


def sign_in(who, headers=None, user="marat", password=None):
    return who.post(V1 + "session", {
        "user": user, "password": password or PEOPLE["marat"][2]},
        headers=headers)


def address(box, who, headers=None):
    """That storage keeps of a sign-in, in the session and in the ledger."""
    answer = sign_in(who, headers)
    assert answer.status in (200, 201), answer.body
    who.cookie = answer.headers["Set-Cookie"].split(";")[0]
    who.csrf = answer.json()["csrf"]
    here, = [s for s in who.get(V1 + "account/sessions").json()["sessions"]
             if s["here"]]
    entry = entries(who, "sign-in")[-1]
    return {here["address"], entry["fields"]["address"]}


def guess(who, forge):
    """Other names each time, until the address has to wait."""
    for n in range(14):
        answer = sign_in(who, forge(n), "nobody%d" % n, "not a password")
        if answer.status != 401:
            break
    return answer


def forged(n):
    return {"X-Forwarded-For": "203.0.113.%d" % (n + 1)}


def without(box):
    say.test("a forged header changes no session and no entry", address(
        box, client(box, HERE), {"X-Forwarded-For": FORGED, "X-Real-IP": FORGED,
                                 "Forwarded": "for=" + FORGED}) == {HERE})
    refused("nor does it spare who guesses the delay",
            guess(client(box, GUESSES), forged), 429, "locked")


def with_proxy(box, port):
    say.test("behind the proxy it is the address of the proxy's client",
             address(box, client(box, HERE, port)) == {HERE})
    say.test("whatever that client claims", address(
        box, client(box, HERE, port), {"X-Forwarded-For": FORGED}) == {HERE})
    say.test("who comes past the proxy is not believed", address(
        box, client(box, HERE), {"X-Forwarded-For": FORGED}) == {HERE})
    # a dictionary has one of each name, but HTTP has no case there
    say.test("of several lines the last one is the proxy's", address(
        box, client(box, PROXY), {"X-Forwarded-For": FORGED,
                                  "x-forwarded-for": "2001:db8:0::7"}) ==
        {"2001:db8::7"})
    say.test("what is no address there leaves the proxy's own", address(
        box, client(box, PROXY), {"X-Forwarded-For": "unknown"}) == {PROXY})
    refused("who guesses behind the proxy waits",
            guess(client(box, HERE, port), forged), 429, "locked")
    refused("with the right password, too",
            sign_in(client(box, HERE, port)), 429, "locked")
    say.test("and nobody else behind it", address(
        box, client(box, THERE, port)) == {THERE})


def story():
    with Appliance() as box:
        without(box)
        box.stop("web", "storage")
        (box.tmp / "conf.d").mkdir()
        (box.tmp / "conf.d" / "proxy.conf").write_text(
            "[web]\nproxy = %s\n" % PROXY)
        box.start("storage", "web")
        child, port = nginx.start(box, box.tmp / "nginx", NGINX % {
            "to": box.port, "web": box.tmp / "web", "proxy": PROXY})
        try:
            with_proxy(box, port)
        finally:
            child.terminate()
            child.wait(20)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
