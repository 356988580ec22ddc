#!/usr/bin/python3
# places: 2
# timeout: 240
"""The page for cameras in a real browser (ux.md, scenario 3), over TLS."""
import json
import os
import subprocess
from pathlib import Path

from lib import say
from lib.appliance import PEOPLE, Appliance
from lib.onvifdev import Device, Discoverable
from lib.rtspcam import Camera, Source, make
from lib.tlscam import Certificate, Tls

ROOT = Path(__file__).resolve().parent.parent.parent
BROWSER = ROOT / "tests" / "browser"
SECRET = "kamera-parol-7741"


def story():
    shots = Path(os.environ.get("SAQTA_SHOTS", Path(
        os.environ["SAQTA_BUILD"]) / "test-logs" / "shots"))
    with Appliance() as box:
        source = Source(make(str(box.tmp / "a"), "h264", 4), "h264")
        cam = Camera(source, user="admin", password=SECRET)
        tls = Tls(cam, Certificate(str(box.tmp)))
        device = Device(user="admin", password=SECRET, url=tls.url)
        there = Discoverable([device], ("127.0.0.2",))
        accounts, secret = box.tmp / "accounts.json", box.tmp / "secret"
        accounts.write_text(json.dumps({"operator": {
            "user": "oleg", "password": PEOPLE["oleg"][2]}, "custodian": {
                "user": "daniyar", "password": PEOPLE["daniyar"][2],
                "factor": box.factor("daniyar").hex(),
                "used": box.steps.get("daniyar", 0)}}))
        secret.write_text(SECRET)
        done = subprocess.run(
            ["node", "cameras.mjs", "https://127.0.0.1:%d" % box.port,
             "--accounts", accounts, "--url", tls.url, "--user", "admin",
             "--certificate", tls.certificate.fingerprint,
             "--password-file", secret, "--shots", shots], cwd=BROWSER,
            timeout=200, check=False, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        print(done.stdout.decode(errors="replace"), end="", flush=True)
        say.test("the whole flow succeeds", done.returncode == 0)
        there.close()
        device.close()
        tls.close()
        cam.close()


say.main(story)
