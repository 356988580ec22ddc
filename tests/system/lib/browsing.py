"""People in real browsers: their accounts for Node.js, withdrawals, a run."""
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from . import say
from .appliance import EVERYBODY, FIRST, ROOT

BROWSER = ROOT / "tests" / "browser"


def shots():
    """Where screenshots go: SAQTA_SHOTS, else beside the build's logs."""
    return Path(os.environ.get("SAQTA_SHOTS", Path(
        os.environ["SAQTA_BUILD"]) / "test-logs" / "shots"))


# Who plays each role, and who does in another browser at the same time: a code
# is good once, and grants, drafts and exports are one person's.
ROLES = {"custodian": FIRST, "auditor": "marat", "operator": "oleg"}
OTHERS = {**ROLES, "custodian": "daniyar", "auditor": "saule"}


def account(box, user):
    """As tests/browser wants it."""
    factor = box.factor(user)
    return {"user": user, "password": EVERYBODY[user][2],
            "factor": factor.hex() if factor else None,
            "used": box.steps.get(user, 0),
            "ahead": int(box.clock_ahead * 1000)}


def accounts(box, people):
    """A file of these people by role."""
    fd, path = tempfile.mkstemp(".json", "accounts-", box.tmp)
    with open(fd, "w") as f:
        json.dump({role: account(box, user)
                   for role, user in people.items()}, f)
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


def play(box, script, title, *args, seconds=400, people=None):
    """Run a script of tests/browser against the box; what it says is ours."""
    done = subprocess.run(
        ["node", script, "https://127.0.0.1:%d" % box.port, "--accounts",
         accounts(box, people or ROLES), "--shots", str(shots()),
         *map(str, args)],
        cwd=BROWSER, timeout=seconds, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    said = done.stdout.decode(errors="replace")
    for user, step in re.findall(r"^# used (\S+) (\d+)$", said, re.M):
        box.steps[user] = max(box.steps.get(user, 0), int(step))
    print(said, end="", flush=True)
    say.test(title, done.returncode == 0, done.returncode)


def beside(*plays):
    """Some that need nothing of one another, at the same time: callables."""
    with concurrent.futures.ThreadPoolExecutor(len(plays)) as pool:
        for job in [pool.submit(one) for one in plays]:
            job.result()
