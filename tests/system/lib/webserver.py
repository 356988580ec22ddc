"""A saqta-web of the build under test, with a stand-in for storage."""
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from lib import fakestorage as fake

BUILD = os.environ.get("SAQTA_BUILD", "build")
FAILED = []


def ok(good, title, why=""):
    print("%sok - %s" % ("" if good else "not ", title), flush=True)
    if not good:
        FAILED.append(title)
        if why:
            print("# %s" % (why,), flush=True)


def finish():
    sys.exit(1 if FAILED else 0)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(true, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


class Answer:
    def __init__(self, r, method):
        self.status, self.headers = r.status, r.headers
        self.body = r.read()
        self.method = method

    def __getitem__(self, name):
        return self.headers[name]

    def json(self):
        return json.loads(self.body)

    def problem(self):
        """The name of the problem, where it is one in its proper form."""
        if self["Content-Type"] != "application/problem+json":
            return None
        doc = self.json()
        if doc["status"] != self.status or not doc["title"]:
            return None
        return doc["type"].removeprefix("urn:saqta:problem:")


class Web:
    """The directory, the program, and requests to it."""

    def __init__(self, idle_s=900):
        self.dir = tempfile.mkdtemp(prefix="web-",
                                    dir=os.environ.get("SAQTA_TMP"))
        for name in ("run", "state", "ui/pages"):
            os.makedirs(os.path.join(self.dir, name))
        self.put("ui/index.html", "<!doctype html><title>Saqta</title>\n")
        self.put("ui/app.js", "export const one = 1;\n")
        self.put("ui/style.css", "body { margin: 0 }\n")
        self.put("ui/icon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>\n")
        self.put("ui/pages/find.js", "export const find = 1;\n")
        self.put("ui/notes.txt", "not for browsers\n")
        self.port = free_port()
        self.put("saqta.conf", "[site]\ndemo = yes\n[storage]\nrun = %s/run\n[web]\nport = %d\n"
                 "state = %s/state\nui = %s/ui\nidle_s = %d\n"
                 % (self.dir, self.port, self.dir, self.dir, idle_s))
        self.storage = fake.Storage(os.path.join(self.dir, "run"))
        self.storage.users = {"aigerim": ("correct horse", 7, 2),
                              "custodian": ("staple", 8, 3),
                              "operator": ("battery", 9, 1)}
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE
        self.child = None

    def put(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)

    def start(self, storage=True):
        if storage:
            self.storage.start()
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.child = subprocess.Popen(
            [os.path.join(BUILD, "saqta-web"), "--config",
             os.path.join(self.dir, "saqta.conf")], stderr=self.log)
        if not until(self.listens):
            print("# saqta-web does not listen: " + self.said())
        if storage and not until(lambda: self.get("/healthz").status == 200):
            print("# saqta-web does not find storage: " + self.said())

    def said(self):
        with open(os.path.join(self.dir, "log")) as f:
            return f.read()

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return self.child.poll() is not None

    def stop(self):
        """Ends it in order; its exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            return "hangs"

    def end(self):
        status = self.stop()
        ok(status == 0, "SIGTERM ends saqta-web in order",
           "%s: %s" % (status, self.said()[-3000:]))
        shutil.rmtree(self.dir)

    def connect(self, timeout=20):
        return http.client.HTTPSConnection("127.0.0.1", self.port,
                                           context=self.tls, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, who=None):
        """One request on a connection of its own."""
        headers = dict(headers or {})
        if who:
            headers.setdefault("Cookie", who.cookie)
            if method not in ("GET", "HEAD"):
                headers.setdefault("X-Saqta-CSRF", who.csrf)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        c = self.connect()
        try:
            c.request(method, path, body, headers)
            return Answer(c.getresponse(), method)
        finally:
            c.close()

    def get(self, path, who=None, **headers):
        return self.ask("GET", path, None,
                        {k.replace("_", "-"): v for k, v in headers.items()},
                        who)

    def sign_in(self, user="aigerim", password="correct horse"):
        return Who(self.ask("POST", "/api/v1/session",
                            {"user": user, "password": password}))

    def raw(self, data, timeout=20):
        """Send bytes over TLS; all that comes back, and the seconds."""
        began = time.monotonic()
        s = self.tls.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port),
                                     timeout=timeout))
        got = b""
        try:
            s.sendall(data)
        except OSError:
            pass
        try:
            while True:
                more = s.recv(65536)
                if not more:
                    break
                got += more
        except OSError as e:
            if isinstance(e, TimeoutError):
                got += b"(timeout)"
        s.close()
        return got, time.monotonic() - began


class Who:
    """A signed-in person."""

    def __init__(self, answer):
        self.answer = answer
        self.cookie = (answer["Set-Cookie"] or "").split(";")[0]
        self.doc = answer.json()
        self.csrf = self.doc.get("csrf", "")
