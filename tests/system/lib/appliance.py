"""One whole appliance for a test or the demo: data, programs, cameras, people.

    with Appliance() as box:
        cam = box.camera("cam-1", dump=True)
        box.add_camera("cam-1", cam.url)
        box.wait_recording("cam-1")

As root the three programs run as the three users of a real machine, which are
made where they are missing; otherwise all run as oneself. Only processes that
were started here are ended.
"""
import base64
import calendar
import fcntl
import hmac
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ("storage", "recorder", "web")

# name: (full name, role, password). The first is made by init.
PEOPLE = {
    "aigul": ("Aigul Sarsenova", "custodian", "first custodian of the demo"),
    "daniyar": ("Daniyar Omarov", "custodian", "second custodian of the demo"),
    "marat": ("Marat Iskakov", "auditor", "auditor of the demo"),
    "oleg": ("Oleg Kim", "operator", "operator of the demo"),
}
FIRST = "aigul"
# Comes only to tests that need a second auditor (add_person).
EVERYBODY = {**PEOPLE, "saule": ("Saule Akhmetova", "auditor",
                                 "second auditor of the demo")}


def totp(secret, step):
    """RFC 6238: the six digits of a time step."""
    mac = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    at = mac[-1] & 15
    number = struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff
    return "%06d" % (number % 1000000)


class Failed(Exception):
    """What was waited for did not happen."""


def wait_for(what, seconds, ready, step=None):
    """The first true result of ready(); Failed after so many seconds. Asked each
    tenth of a second, and the less often the longer it takes: a question may be
    a program to start. Or each `step` seconds."""
    end = time.monotonic() + seconds
    pause = step or 0.1
    while True:
        result = ready()
        if result:
            return result
        if time.monotonic() > end:
            raise Failed("%s: not within %g s" % (what, seconds))
        time.sleep(pause)
        if step is None:
            pause = min(pause * 1.1, 0.6)


def began(path):
    """When a segment began, by the name of its file (the second)."""
    return calendar.timegm(time.strptime(path.name[:16], "%Y%m%dT%H%M%SZ"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def system_user(name):
    """The passwd entry of a system user, made where it is missing; by one test
    at a time, for they begin together."""
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return pwd.getpwnam(name)
        except KeyError:
            subprocess.run(["useradd", "--system", "--user-group",
                            "--no-create-home", "--home-dir", "/nonexistent",
                            "--shell", "/usr/sbin/nologin", name], check=True)
            return pwd.getpwnam(name)


def is_stopped(pid):
    """Has it stopped itself, or was it stopped? It goes on with SIGCONT."""
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()[0] in "Tt"


class Process:
    """A program with its log, ended by pid."""

    def __init__(self, name, argv, log, user=None, env=None, stdout=None,
                 apart=False):
        self.name, self.log = name, log
        who = {}
        if user:
            who = {"user": user.pw_uid, "group": user.pw_gid,
                   "extra_groups": []}
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.DEVNULL,
                stdout=stdout or out, stderr=out, cwd="/", env=env,
                start_new_session=apart, **who)

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def is_stopped(self):
        return is_stopped(self.pid)

    def signal(self, number):
        if self.alive():
            self.child.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.child.wait()

    def stop(self, seconds=20):
        """Orderly; the exit status, or Failed."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("%s does not stop within %g s" % (self.name, seconds))


class Camera(Process):
    """A simulated camera; url has no credentials."""

    def __init__(self, program, name, log, options, apart=False):
        # a real one waits for no processor of ours (where that is not allowed,
        # nice says so and goes on)
        argv = ["nice", "-n", "-10", program, "--port",
                options.pop("port", 0), "--name", name]
        for key, value in options.items():
            argv += ["--" + key, str(value)]
        super().__init__(name, argv, log, stdout=subprocess.PIPE, apart=apart)
        line = self.child.stdout.readline().decode().split()
        if len(line) != 2 or line[0] != "ready":
            raise Failed("camera %s is not ready: see %s" % (name, log))
        self.url = line[1]
        self.port = int(self.url.split(":")[2].split("/")[0])

    def freeze(self):
        self.signal(signal.SIGUSR1)

    def thaw(self):
        self.signal(signal.SIGUSR2)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Client:
    """HTTPS as a browser would, with cookie and CSRF token."""

    def __init__(self, box):
        self.port = box.port
        self.context = ssl.create_default_context(cafile=box.certificate)
        self.context.check_hostname = False
        self.cookie = self.csrf = None
        self.role = None
        self.source = None  # the address it comes from, of 127.0.0.0/8

    def ask(self, method, path, body=None, headers=None, timeout=60):
        link = http.client.HTTPSConnection("127.0.0.1", self.port,
                                           context=self.context,
                                           timeout=timeout, source_address=
                                           self.source and (self.source, 0))
        send = {"Sec-Fetch-Site": "same-origin"}
        if self.cookie:
            send["Cookie"] = self.cookie
        if self.csrf:
            send["X-Saqta-CSRF"] = self.csrf
        if body is not None:
            body = json.dumps(body)
            send["Content-Type"] = "application/json"
        send.update(headers or {})
        try:
            link.request(method, path, body, send)
            answer = Answer(link.getresponse())
        finally:
            link.close()
        # a test judges what it gets; the demo has not what that takes
        if "SAQTA_BUILD" in os.environ and \
                path.startswith(("/api/", "/healthz", "/readyz", "/metrics")):
            from lib import openapi
            openapi.judge(method, path, body, answer.status,
                          answer.headers.get("Content-Type"), answer.body)
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, body if body is not None else {}, **more)

    def sign_in(self, user, password, code=None):
        body = {"user": user, "password": password}
        if code is not None:
            body["code"] = code
        answer = self.post("/api/v1/session", body)
        if answer.status in (200, 201):
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
            told = answer.json()
            self.csrf, self.role = told["csrf"], told["role"]
        return answer

    def sign_out(self):
        return self.ask("DELETE", "/api/v1/session")


class Appliance:
    def __init__(self, build=None, tmp=None, site="Test site",
                 zone="Asia/Almaty", segment_s=5, port=None,
                 env=None, apart=False, origin="demo.saqta.invalid/box1",
                 quick=True):
        self.origin = origin
        self.build = Path(build or os.environ["SAQTA_BUILD"]).resolve()
        self.given_tmp = tmp or os.environ.get("SAQTA_TMP")
        # Sockets have short paths and other users must get through.
        self.tmp = Path(self.given_tmp or tempfile.mkdtemp(prefix="saqta-"))
        self.tmp.mkdir(parents=True, exist_ok=True)
        self.tmp.chmod(0o755)
        self.site, self.zone = site, zone
        self.segment_s = segment_s
        self.port = port or free_port()
        # The leak checker traces its own process, which these forbid (P1):
        # now and then it hangs. Leaks are the unit tests' business.
        # What is freed is kept back in small amounts only, so that tests may
        # measure memory.
        self.env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0:"
                    "quarantine_size_mb=8:thread_local_quarantine_size_kb=64",
                    **(env or {})}
        # of tests alone, and of those that do not say otherwise
        self.quick = quick and "SAQTA_QUICK" in os.environ
        # apart: Ctrl-C at the terminal is for the caller alone
        self.apart = apart
        self.processes = {}
        self.cameras = []
        self.folder = "none"  # that storage watches for journals
        self.steps = {}  # user: the last time step whose code was used
        self.clock_ahead = 0  # seconds that the programs' clock is ahead
        if os.geteuid() == 0:
            self.users = {p: system_user("saqta-" + p) for p in PROGRAMS}
        else:
            self.users = {p: None for p in PROGRAMS}
        self.bin, self.conf = self.tmp / "bin", self.tmp / "saqta.conf"
        if self.quick:
            self.preload("quick.so")
        self.data, self.run = self.tmp / "data", self.tmp / "run"
        self.logs, self.paper = self.tmp / "log", self.tmp / "paper" / "key"
        self.certificate = self.tmp / "web" / "tls.crt"

    def preload(self, library):
        """Of DIR/tests, into the programs that start from now on."""
        self.env["LD_PRELOAD"] = ":".join(filter(None, [
            str(self.bin / library), self.env.get("LD_PRELOAD")]))
        self.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"

    def __enter__(self):
        try:
            self.set_up()
            self.start()
            self.add_people()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        self.stop(cameras=True)
        if kind or self.broken():
            self.show_logs()
        if not self.given_tmp:
            shutil.rmtree(self.tmp, ignore_errors=True)

    # --- disk ---

    def set_up(self):
        """Directories, programs, configuration, init."""
        self.bin.mkdir(exist_ok=True)
        self.logs.mkdir(exist_ok=True)
        # A private tree (/root) is closed to the other users: copy.
        for program in ["saqta"] + ["saqta-" + p for p in PROGRAMS]:
            shutil.copy(self.build / program, self.bin)
        if self.quick:
            shutil.copy(self.build / "tests" / "quick.so", self.bin)
        shutil.copytree(ROOT / "web" / "ui", self.tmp / "ui",
                        dirs_exist_ok=True)
        shutil.copytree(ROOT / "storage" / "journals", self.tmp / "journals",
                        dirs_exist_ok=True)
        for name, owner in (("data", "storage"), ("run", "storage"),
                            ("copy", "storage"),
                            ("paper", "storage"), ("recorder", "recorder"),
                            ("web", "web")):
            path = self.tmp / name
            path.mkdir(exist_ok=True)
            path.chmod(0o755 if name == "run" else 0o700)
            if self.users[owner]:
                os.chown(path, self.users[owner].pw_uid,
                         self.users[owner].pw_gid)
        self.write_conf()
        if not (self.data / "site").exists():
            self.tool("init", "--origin", self.origin,
                      "--custodian", FIRST, "--name", PEOPLE[FIRST][0],
                      "--paper-file", self.paper,
                      "--factor-file", self.factor_path(FIRST), "-",
                      stdin=PEOPLE[FIRST][2] + "\n")

    def user_name(self, program):
        user = self.users[program]
        return user.pw_name if user else pwd.getpwuid(os.getuid()).pw_name

    def write_conf(self, **storage):
        more = "".join("%s = %s\n" % item for item in storage.items())
        self.conf.write_text("""[site]
name = %s
zone = %s
demo = yes
[storage]
data = %s
run = %s
recorder_user = %s
web_user = %s
segment_s = %d
reserve_mb = 64
ledger_copy = %s
%s[transactions]
rules = %s
folder = %s
[recorder]
state = %s
timeout_ms = 4000
[web]
listen = 127.0.0.1
port = %d
state = %s
ui = %s
""" % (self.site, self.zone, self.data, self.run, self.user_name("recorder"),
       self.user_name("web"), self.segment_s, self.tmp / "copy", more, self.tmp / "journals", self.folder,
       self.tmp / "recorder",
       self.port, self.tmp / "web", self.tmp / "ui"))
        self.conf.chmod(0o644)

    # --- processes ---

    def launch(self, name):
        """Start a program. Where the box is no demonstration, storage has no
        network, as in its unit (storage/api/walls.h)."""
        argv = [self.bin / ("saqta-" + name), "--config", self.conf]
        user = self.users[name]
        if user and name == "storage" and "demo = no" in \
                self.conf.read_text():
            argv = ["unshare", "-n", "setpriv", "--reuid=%d" % user.pw_uid,
                    "--regid=%d" % user.pw_gid, "--clear-groups", *argv]
            user = None
        return Process(name, argv, self.logs / (name + ".log"), user,
                       self.env, apart=self.apart)

    def start(self, *names):
        """Start programs (all by default) and wait until they answer."""
        for name in names or PROGRAMS:
            self.processes[name] = self.launch(name)
            if name == "storage":
                self.wait_alive(name, (self.run / "people.sock").is_socket)
                self.wait_alive(name, self.answers)
            if name == "web":
                self.wait_alive(name, self.web_ready)

    def wait_alive(self, name, ready):
        process = self.processes[name]

        def check():
            if not process.alive():
                raise Failed("%s ended with %d" % (name,
                                                   process.child.returncode))
            return ready()
        wait_for(name + " is ready", 30, check)

    def answers(self):
        return self.tool("status", "--json", check=False).returncode == 0

    def web_ready(self):
        try:
            web = Client(self)
            return {web.get(path).status for path in
                    ("/healthz", "/readyz")} == {200}
        except OSError:
            return False

    def stop(self, *names, cameras=False):
        """Orderly, web first; all by default."""
        failed = None
        for name in names or reversed(PROGRAMS):
            process = self.processes.get(name)
            try:
                if process:
                    process.stop()
            except Failed as error:
                failed = error
        if cameras:
            for camera in self.cameras:
                camera.stop()
        if failed and names:
            raise failed

    def broken(self):
        """Programs that a sanitizer or a signal ended."""
        return [n for n, p in self.processes.items()
                if b"Sanitizer" in (self.logs / (n + ".log")).read_bytes() or
                (p.child.returncode or 0) < 0]

    def show_logs(self, lines=25):
        for log in sorted(self.logs.glob("*.log")):
            tail = log.read_text(errors="replace").splitlines()[-lines:]
            print("--- %s\n%s" % (log.name, "\n".join(tail)))

    # --- the tool ---

    def tool(self, *args, stdin="", check=True, user="storage", config=True):
        """Run `saqta VERB... --config FILE`; --config goes after the verbs."""
        args = [str(a) for a in args]
        verbs = 2 if args[0] in ("user", "camera", "volume", "ledger",
                                 "witness", "atm", "token", "retention", "hold") or \
            "vouch" in args or "replace" in args else 1
        argv = [str(self.bin / "saqta")] + args[:verbs]
        argv += ["--config", str(self.conf)] * config + args[verbs:]
        who = {}
        if self.users[user]:
            who = {"user": self.users[user].pw_uid,
                   "group": self.users[user].pw_gid, "extra_groups": []}
        done = subprocess.run(argv, input=stdin.encode(), cwd="/",
                              env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, **who)
        if check and done.returncode:
            raise Failed("%s: exit %d: %s" % (" ".join(argv), done.returncode,
                                              done.stderr.decode().strip()))
        return done

    def tool_json(self, *args):
        return json.loads(self.tool(*args, "--json").stdout)

    def add_people(self):
        for user in PEOPLE:
            if user != FIRST:
                self.add_person(user)
        if "web" in self.processes:     # which asks every two seconds
            wait_for("web knows that it is set up", 20, lambda: self.client()
                     .get("/api/v1/site").json()["setup"] != "code", 0.1)

    def add_person(self, user, by=FIRST):
        """At the console; the first operator ends a waiting set-up."""
        name, role, password = EVERYBODY[user]
        more, words = [], ""
        if role != "operator":
            more, words = ["--by", by], self.credential(by)
        if role == "custodian":
            more += ["--factor-file", self.factor_path(user)]
        self.tool("user", "add", "--role", role, "--user", user, "--name", name,
                  *more, "-", stdin=words + password + "\n")

    # --- the second factor ---

    def factor_path(self, user):
        return self.tmp / "paper" / ("factor-" + user)

    def factor(self, user):
        """The shared secret; None where there is none."""
        path = self.factor_path(user)
        if not path.exists():
            return None
        secret = path.read_text().split("secret=")[1].split("&")[0]
        return base64.b32decode(secret)

    def code(self, user):
        """A code that was not used yet; waits where all of now were."""
        secret = self.factor(user)

        def step():
            now, into = divmod(int(time.time() + self.clock_ahead), 30)
            # storage takes the one before its own, and is asked later than
            # now: the oldest only where that leaves 20 s to a busy machine
            oldest = now - 1 if into < 10 else now
            next_one = max(self.steps.get(user, 0) + 1, oldest)
            return next_one if next_one <= now + 1 else None
        if secret is None:
            return None
        self.steps[user] = wait_for("a new code of " + user, 40, step)
        return totp(secret, self.steps[user])

    def who(self, user, password=None):
        """What is added to an act that takes a password and a fresh code."""
        return {"password": password or EVERYBODY[user][2],
                "code": self.code(user)}

    def give_factor(self, user, client=None, password=None):
        """A second factor of one's own: from now on each sign-in takes a code,
        too."""
        client = client or self.client(user)
        made = client.post("/api/v1/account/factor").json()
        path = self.factor_path(user)
        path.write_text(made["uri"])
        done = client.post("/api/v1/account/factor/confirm", {
            "password": password or EVERYBODY[user][2],
            "new_code": self.code(user)})
        if done.status != 204:
            path.unlink()
            raise Failed("no second factor: %d %s" % (done.status, done.body))

    def open_files(self, client, user, request, password=None):
        """Plain MP4s of a request that grants files, for this session: password
        and a fresh code, of a second factor that is made where none is."""
        if not self.factor(user):
            self.give_factor(user, client, password)
        done = client.post("/api/v1/requests/%s/files" % request,
                           self.who(user, password))
        if done.status != 204:
            raise Failed("%s: its files stay closed: %d %s"
                         % (request, done.status, done.body))

    def credential(self, user):
        """The lines that the tool asks a custodian for."""
        return "%s\n%s\n" % (PEOPLE[user][2], self.code(user))

    def camera(self, name, dump=False, **options):
        """Start a simulated camera; its log and dump lie in tmp."""
        if dump:
            options["dump"] = self.dump_path(name)
        camera = Camera(self.build / "tests" / "camera", name,
                        self.logs / ("camera-%s.log" % name.replace(" ", "-")),
                        options, self.apart)
        self.cameras.append(camera)
        return camera

    def dump_path(self, name):
        return self.tmp / (name.replace(" ", "-") + ".sent")

    def add_camera(self, ident, url, name=None, atm="0417",
                   place="Abay 12", user=None, password=None):
        login, stdin = [], ""
        if user:
            login, stdin = ["--user", user], password + "\n"
        args = ["--id", ident, "--name", name or ident, "--atm", atm,
                "--place", place, *login, url, *(["-"] if user else [])]
        # A password is sealed to the recorder, who must have said his key.
        wait_for("camera %s is added" % ident, 15 if user else 0, lambda:
                 not self.tool("camera", "add", *args, stdin=stdin,
                               check=False).returncode)

    def camera_state(self, ident):
        for camera in self.tool_json("camera", "list")["cameras"]:
            if camera["id"] == ident:
                return camera
        return None

    def wait_recording(self, ident, seconds=60):
        """Until storage says "recording", which needs a read-back (P9)."""
        def recording():
            camera = self.camera_state(ident)
            return camera["state"] == "recording" and camera
        return wait_for("%s is recording" % ident, seconds, recording)

    # --- people ---

    def client(self, user=None, password=None):
        """A browser; signed in where a user is given, once he may try: all
        come from one address, and a restart forgives no failures."""
        client = Client(self)
        code = self.code(user) if user else None

        def tried():
            answer = client.sign_in(user, password or EVERYBODY[user][2], code)
            return answer if answer.status != 429 else None
        if user:
            answer = wait_for("%s may sign in" % user, 60, tried, 1)
            if answer.status not in (200, 201):
                raise Failed("%s cannot sign in: %d %s"
                             % (user, answer.status, answer.body.decode()))
        return client

    # --- what lies on the disk ---

    def settled(self, ident, seconds=60):
        """Now, and wait until it is known for good what was recorded until
        then: a segment has begun after it. Before that, a fragment may be on
        its way."""
        now = time.time()
        wait_for("%s has a segment of later" % ident, seconds, lambda: any(
            began(p) > now for p in self.segments(ident)[-1:]))
        return now

    def segments(self, ident):
        return sorted((self.data / "footage" / ident).glob("*/*/*/*.mp4.age"),
                      key=lambda p: int(p.name.split("-")[1].split(".")[0]))

