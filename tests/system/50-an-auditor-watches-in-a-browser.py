#!/usr/bin/python3
# alone
# timeout: 900
"""The main job in Chromium and Firefox, against the real programs.

Three cameras that paint their clocks are recorded; one falls silent for some
seconds and comes back with larger pictures (C2: the player copes); then tests/browser/flow.mjs plays the people. Screenshots are kept
in SAQTA_SHOTS, else beside the build's test logs.
"""
import datetime
import json
import os
import subprocess
import time
from pathlib import Path

from lib import say
from lib.appliance import PEOPLE, Appliance

ROOT = Path(__file__).resolve().parent.parent.parent
BROWSER = ROOT / "tests" / "browser"
BEFORE_S, SILENT_S, AFTER_S = 26, 9, 32
LARGER = "800x448"


def accounts(box, path):
    """The people by role, as flow.mjs wants them."""
    roles = {}
    for user, (_, role, password) in PEOPLE.items():
        factor = box.factor(user)
        roles.setdefault(role, {
            "user": user, "password": password,
            "factor": factor.hex() if factor else None,
            "used": box.steps.get(user, 0)})
    path.write_text(json.dumps(roles))
    path.chmod(0o600)
    return path


def footage_with_a_gap(box):
    camera = box.camera("CAM 1 face")
    box.add_camera("cam-1", camera.url, "CAM 1 face")
    for number, name in ((2, "CAM 2 cash"), (3, "CAM 3 room")):
        other = box.camera(name)
        box.add_camera("cam-%d" % number, other.url, name)
    for number in (1, 2, 3):
        box.wait_recording("cam-%d" % number, 90)
    time.sleep(BEFORE_S)
    camera.freeze()
    time.sleep(SILENT_S)
    camera.stop()
    box.camera("CAM 1 face", port=camera.port, size=LARGER)
    time.sleep(AFTER_S)
    box.wait_recording("cam-1", 90)


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


def flow(box, browser, shots):
    done = subprocess.run(
        ["node", "flow.mjs", "https://127.0.0.1:%d" % box.port, "--accounts",
         str(accounts(box, box.tmp / "accounts.json")), "--browser", browser,
         "--far-size", LARGER,
         "--shots", str(shots)], cwd=BROWSER, timeout=400, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # whatever codes it used, none was newer than the next step
    box.steps = dict.fromkeys(box.steps, int(time.time()) // 30 + 1)
    text = done.stdout.decode(errors="replace")
    print(text, end="", flush=True)
    say.test("%s: the whole flow succeeds" % browser, done.returncode == 0,
             done.returncode)


def story():
    shots = Path(os.environ.get("SAQTA_SHOTS", Path(
        os.environ["SAQTA_BUILD"]) / "test-logs" / "shots"))
    with Appliance(segment_s=10) as box:
        footage_with_a_gap(box)
        withdrawals(box)
        for browser in ("chromium", "firefox"):
            flow(box, browser, shots)


say.main(story)
