"""People in real browsers: their accounts for Node.js, withdrawals, a run."""
import datetime
import json
import os
import subprocess
import time
from pathlib import Path

from . import say
from .appliance import PEOPLE, ROOT

BROWSER = ROOT / "tests" / "browser"


def shots():
    """Where screenshots go: SAQTA_SHOTS, else beside the build's logs."""
    return Path(os.environ.get("SAQTA_SHOTS", Path(
        os.environ["SAQTA_BUILD"]) / "test-logs" / "shots"))


def accounts(box):
    """A file of the people by role, as the scripts of tests/browser want."""
    path = box.tmp / "accounts.json"
    roles = {}
    for user, (_, role, password) in PEOPLE.items():
        factor = box.factor(user)
        roles.setdefault(role, {
            "user": user, "password": password,
            "factor": factor.hex() if factor else None,
            "used": box.steps.get(user, 0),
            "ahead": int(box.clock_ahead * 1000)})
    path.write_text(json.dumps(roles))
    path.chmod(0o600)
    return path


def withdrawals(box):
    """A list of the bank's host; one of 50 000 is in the footage."""
    end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    lines = ["atm,time,kind,amount,card,reference,result"]
    for i in range(1, 6):
        at = end - datetime.timedelta(seconds=12 * i)
        lines.append("0417,%s,withdrawal,%d,440012******4821,WITHDRAWAL-%d,"
                     "approved" % (at.isoformat(), 40000 + 10000 * i, i))
    path = box.tmp / "host.csv"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
    box.tool("transactions", "import", "--rules", "csv", path)


def plays(browser, path, second, sealed=None):
    """The file plays in a browser that knows nothing of the box."""
    done = subprocess.run(
        ["node", "plays.mjs", "about:blank", "--browser", browser, "--play",
         str(path), "--second", str(second), "--shots", str(shots())] +
        ["--sealed", str(sealed)] * bool(sealed),
        cwd=BROWSER, timeout=120, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    print(done.stdout.decode(errors="replace"), end="", flush=True)
    say.test("%s: %s is shown to its last picture" % (browser, path.name),
             done.returncode == 0, done.returncode)


def play(box, script, title, *args, seconds=400):
    """Run a script of tests/browser against the box; what it says is ours."""
    done = subprocess.run(
        ["node", script, "https://127.0.0.1:%d" % box.port, "--accounts",
         str(accounts(box)), "--shots", str(shots()), *map(str, args)],
        cwd=BROWSER, timeout=seconds, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    # whatever codes it used, none was newer than the next step
    box.steps = dict.fromkeys(
        box.steps, int(time.time() + box.clock_ahead) // 30 + 1)
    print(done.stdout.decode(errors="replace"), end="", flush=True)
    say.test(title, done.returncode == 0, done.returncode)
