"""Evidence packages: asked for, prepared, and what each verifier says."""
import datetime
import io
import json
import subprocess
import zipfile

from . import say
from .appliance import PEOPLE, ROOT, wait_for

V1 = "/api/v1/"


def stamp(seconds):
    """RFC 3339 in UTC."""
    return datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).isoformat(timespec="milliseconds")


def grant(box, people, cameras, begin, end, right="export", by="daniyar"):
    """Asked for by one and approved by the other: the request. One camera
    may be its name."""
    marat, custodian = people
    if isinstance(cameras, str):
        cameras = [cameras]
    asked = marat.post(V1 + "requests", {
        "from": stamp(begin), "to": stamp(end),
        "cameras": cameras, "reason": "Withdrawal <disputed>",
        "case": "K-114", "right": right, "longer": "The whole of it"})
    assert asked.status == 201, asked.body
    ident = asked.json()["id"]
    done = custodian.post(V1 + "requests/%s/decision" % ident, {
        "verdict": "approve", "from": stamp(begin), "to": stamp(end),
        "cameras": cameras, "reason": "The case is known",
        "password": PEOPLE[by][2], "code": box.code(by)})
    assert done.status == 200, done.body
    return ident


def begin(box, marat, ident, part=None):
    """An export is accepted, with a code of his second factor; the last minute
    may still be recorded, which costs none."""
    if not box.factor("marat"):
        box.give_factor("marat", marat)
    body = {**(part or {}), **box.who("marat")}

    def begun():
        answer = marat.post(V1 + "requests/%s/exports" % ident, body)
        if answer.status == 401:  # it became too old
            body.update(box.who("marat"))
        return answer if answer.status not in (401, 429, 503) else None
    return wait_for("an export begins", 90, begun, 1)


def ended(box, marat, ident, part=None):
    """The row of a package that is no longer being prepared."""
    answer = begin(box, marat, ident, part)
    say.test("an export is accepted and numbered", answer.status == 202 and
             answer.json()["id"].startswith("EXP-"), answer.status,
             answer.body)
    export = answer.json()["id"]

    def ready():
        for x in marat.get(V1 + "exports").json()["exports"]:
            if x["id"] == export and x["state"] != "preparing":
                return x
        return None
    return wait_for("the export is ready", 120, ready)


def prepare(box, marat, ident, part=None):
    """A package that is ready."""
    told = ended(box, marat, ident, part)
    say.test("it becomes ready, with size and fingerprint",
             told["state"] == "ready" and told["bytes"] > 0 and
             len(told["sha256"]) == 64, told)
    return told


class Package:
    """Package and policy on an outsider's disk, and what verifiers say."""

    def __init__(self, box, body, policy, name="outsider"):
        self.box, self.body, self.policy = box, body, policy
        self.folder = box.tmp / name
        self.folder.mkdir()
        (self.folder / "policy").write_text(policy)
        self.page = self.folder / "verify.html"
        with zipfile.ZipFile(io.BytesIO(body)) as z:
            self.page.write_bytes(z.read("verify.html"))
            self.manifest = json.loads(z.read("manifest.json"))

    def place(self, body):
        path = self.folder / "package.zip"
        path.write_bytes(body)
        return path

    def tool(self, path, policy=True):
        argv = [str(self.box.build / "saqta-verify"), str(path), "--json"]
        if policy:
            argv += ["--policy", str(self.folder / "policy")]
        done = subprocess.run(argv, stdout=subprocess.PIPE, timeout=60,
                              check=False)
        told = json.loads(done.stdout)
        assert done.returncode == told["status"], done
        return {"status": told["status"],
                "claims": [c["answer"] for c in told["claims"]],
                "findings": [[f["code"], f["file"], f["at_ms"]]
                             for f in told["findings"]]}, told

    def browser(self, name, path, policy=True):
        argv = ["node", "verify.mjs", str(self.page), name, str(path)]
        if policy:
            argv.append(str(self.folder / "policy"))
        done = subprocess.run(argv, cwd=ROOT / "tests" / "browser",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=120, check=False)
        if done.returncode:
            return {"failed": done.stderr.decode()[-400:]}, {}
        told = json.loads(done.stdout)
        say.test("%s: verify.html asks nobody and reports no error" % name,
                 not told["errors"] and not told["foreign"], told)
        say.test("%s: its files are asked for in the page's language, and "
                 "named" % name, [a.split("\n")[-1] for a in told["asks"]] ==
                 ["%s %s" % (word, path.name) for word in
                  ("Файл таңдау", "Выбрать файл", "Choose a file")] and
                 told["outlined"] == "solid", told["asks"], told["outlined"])
        return {"status": told["status"], "claims": told["claims"],
                "findings": [f[:3] for f in told["findings"]]}, told

    def judged(self, what, body, status, policy=True, browsers=()):
        """All verifiers say the same: (the tool's short answer, the whole,
        the pages by browser).
        """
        path = self.place(body)
        tool, told = self.tool(path, policy)
        say.test("P10 saqta verify, %s: exit %d" % (what, status),
                 tool["status"] == status, told)
        pages = {}
        for name in browsers:
            page, pages[name] = self.browser(name, path, policy)
            say.test("P10 %s: verify.html agrees, %s" % (name, what),
                     page == tool, page, tool)
        file = self.folder / "policy" if policy else None
        second = python(path, file)
        say.test("P10 the reader in Python agrees, %s" % what,
                 second.returncode == status, second.stdout.decode())
        page = node(self.box.build / "verify.html.js", path, file)
        say.test("P10 the page's own modules agree, %s" % what, page == tool,
                 page, tool)
        return tool, told, pages


def node(script, path, policy):
    """What the page's script says in Node.js: cases that no browser opens."""
    done = subprocess.run(
        ["node", "verify_node.mjs", str(script), str(path)] +
        [str(policy)] * bool(policy),
        cwd=ROOT / "tests" / "browser", stdout=subprocess.PIPE, timeout=60,
        check=True)
    return json.loads(done.stdout)


def python(path, policy):
    """The second opinion, which shares no code with Saqta."""
    return subprocess.run(
        ["/usr/bin/python3", "-B",
         str(ROOT / "tests/reader/package_reader.py"),
         str(path)] + ["--policy", str(policy)] * bool(policy),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        check=False)
