"""The appliance in the machine, and how tests of it ask."""
import base64
import datetime
import json
import shlex
import subprocess
import time

from lib import say
from lib.appliance import EVERYBODY, PEOPLE, ROOT, Appliance, Failed, wait_for
from lib.package import stamp

CAMERA, DATA = "cam1", "/var/lib/saqta/data"
UNITS = "saqta-storage saqta-recorder saqta-web"
SLOW = 5                # times as long as in a container is waited here
# As inside.sh has it.
EVERYBODY["aigul"] = PEOPLE["aigul"] = (
    "Aigul", "custodian", "eleven grey mountains")


class Branch(Appliance):
    """The appliance in the machine, as far as tests of it ask alike."""

    def __init__(self, vm, tmp):
        super().__init__(build=ROOT / "build", tmp=tmp, port=vm.port)
        self.vm = vm
        for path in (self.data / "keyring", self.paper.parent, self.logs,
                     self.certificate.parent):
            path.mkdir(parents=True)

    def ask(self, command, check=True):
        """What a line of bash prints."""
        status, told = self.vm.ask(command)
        if check and status:
            raise Failed("%s: exit %d: %s" % (command, status, told.decode()))
        return told.decode(errors="replace")

    def does(self, command):
        return self.vm.ask(command)[0] == 0

    def tool(self, *args, stdin="", check=True, user="root", config=True):
        status, told = self.vm.ask(
            "base64 -d <<<'%s' | saqta %s 2>/run/why; s=$?; [ $s = 0 ] || "
            "cat /run/why; exit $s" % (
                base64.b64encode(stdin.encode()).decode(),
                shlex.join(str(a) for a in args)))
        if check and status:
            raise Failed("saqta %s: exit %d: %s" % (args, status, told))
        return subprocess.CompletedProcess(args, status, told, told)

    def fetch(self, there, here):
        if self.does("test -s " + there):
            here.write_bytes(self.vm.ask("cat " + there)[1])
        else:
            here.unlink(missing_ok=True)

    def look(self):
        """Copies of what tells keys, for the paper key's owner outside."""
        self.ask("sqlite3 %s/index.db \"VACUUM INTO '/run/index.db'\"" % DATA)
        self.fetch("/run/index.db", self.data / "index.db")
        self.ask("rm /run/index.db")
        for name in ("kek", "kek-b", "keyring.age", "keyring-b.age"):
            self.fetch("%s/keyring/%s" % (DATA, name),
                       self.data / "keyring" / name)
        self.fetch("/root/paper", self.paper)
        self.fetch("/root/factor", self.factor_path("aigul"))
        self.fetch("/var/lib/saqta/web/tls.crt", self.certificate)

    def is_there(self, user):
        return user in self.ask("sqlite3 -readonly %s/index.db 'SELECT user "
                                "FROM person'" % DATA).split()

    def add_person(self, user):
        """Argon2id takes long where software plays the processor: the tool
        does not wait for its answer."""
        try:
            super().add_person(user)
        except Failed as error:
            if "in time" not in str(error):
                raise
        wait_for("%s is there" % user, 60 * SLOW,
                 lambda: self.is_there(user), 1)

    def pids(self):
        """{unit: the process that systemd started}"""
        return dict(zip(UNITS.split(), self.ask(
            "systemctl show -p MainPID --value " + UNITS).split()))

    def now(self):
        """Its clock, in whole seconds."""
        return int(self.ask("date +%s"))

    def coverage(self, camera, begin, end):
        """What is known of these seconds, when all of it is known."""
        def known():
            told = json.loads(self.tool(
                "coverage", "--camera", camera, "--from", stamp(begin), "--to",
                stamp(end), "--json").stdout)["cameras"][0]
            spans = told["spans"]
            done = told["recorded_ns"] + told["gap_ns"] == (end - begin) * 10**9
            return done and not any(s["open"] for s in spans) and told
        return wait_for("it is known what %s recorded" % camera, 60 * SLOW,
                        known, 1)

    def wait_active(self):
        wait_for("all units are active", 60 * SLOW, lambda: self.does(
            "systemctl is-active -q " + UNITS), 1)


def told(title, box, command):
    """A test that a line of bash judges."""
    status, why = box.vm.ask(command)
    say.test(title, status == 0, why.decode(errors="replace")[-1500:])


def seconds(began):
    return "%.0f s" % (time.monotonic() - began)


def gaps(told_):
    """{cause: seconds} of all but stream-error: where software plays the
    processor a picture comes too late at times for what its time stamp says, so
    that the stream's clock begins anew (recorder/stream.c)."""
    found = {}
    for span in told_["spans"]:
        if span["kind"] == "gap" and span["cause"] != "stream-error":
            begin, end = (datetime.datetime.fromisoformat(span[at]).timestamp()
                          for at in ("from", "to"))
            found[span["cause"]] = found.get(span["cause"], 0) + end - begin
    return found


def lossless(box, title, camera, begin, end):
    """No program failed or was away in these seconds."""
    found = box.coverage(camera, begin, end)
    say.test("P7 %s: in %d s no gap but of late pictures (%.1f s)" % (
        title, end - begin, found["gap_ns"] / 1e9), not gaps(found), found)
