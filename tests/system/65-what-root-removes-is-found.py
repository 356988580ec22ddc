#!/usr/bin/python3
# timeout: 120
"""D7: what is removed or changed outside of Saqta is found, entered, shown."""
import datetime
import time

from lib import say
from lib.appliance import Appliance, wait_for

CAMERA = "cam-1"


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def lost_gaps(box):
    told = box.tool_json("coverage", "--camera", CAMERA, "--from",
                         stamp(box.began), "--to", stamp(time.time()))
    return [s for s in told["cameras"][0]["spans"]
            if s["kind"] == "gap" and s["cause"] == "lost"]


def lost_s(box):
    """Two segments that follow one another are one gap or two."""
    ends = [[datetime.datetime.fromisoformat(g[k]).timestamp()
             for k in ("from", "to")] for g in lost_gaps(box)]
    return sum(to - frm for frm, to in ends)


def entries(box, kind):
    client = box.client("marat")
    size = client.get("/api/v1/ledger?first=0&count=1").json()["size"]
    found = []
    for first in range(0, size, 200):
        told = client.get("/api/v1/ledger?first=%d&count=200" % first).json()
        found += [e for e in told["entries"] if e["type"] == kind]
    return found


def story():
    with Appliance() as box:
        box.began = time.time() - 2
        box.add_camera(CAMERA, box.camera(CAMERA).url)
        box.wait_recording(CAMERA)
        wait_for("five segments", 60, lambda: len(box.segments(CAMERA)) > 5)
        box.tool("scrub")
        time.sleep(3)
        say.test("what is whole is not said to be lost",
                 box.tool_json("status")["storage"]["lost"] == 0)
        removed, changed = box.segments(CAMERA)[1:3]
        removed.unlink()
        with open(changed, "r+b") as f:
            f.seek(-40, 2)
            byte = f.read(1)[0]
            f.seek(-40, 2)
            f.write(bytes([byte ^ 1]))
        box.tool("scrub")
        wait_for("both are found", 30, lambda:
                 box.tool_json("status")["storage"]["lost"] == 2)
        say.test("P2 a removed file and a changed byte are found by the scrub",
                 True)
        found = entries(box, "footage-lost")
        numbers = sorted(int(p.name.split("-")[1].split(".")[0])
                         for p in (removed, changed))
        say.test("both are in the ledger, each with its segment",
                 sorted(e["fields"]["seq"] for e in found) == numbers, found)
        say.test("P7 both are gaps with the cause lost",
                 lost_s(box) > 1.5 * box.segment_s, lost_gaps(box))
        box.stop("storage")
        (box.data / "index.db").unlink()
        box.start("storage")
        wait_for("the index is whole", 30, lambda: box.tool_json("status")
                 ["index"]["state"] == "whole")
        say.test("a new index knows of them", lost_gaps(box))
        check = box.tool("check", check=False)
        say.test("saqta check names both", check.returncode == 5 and
                 removed.name.encode() in check.stdout and
                 changed.name.encode() in check.stdout,
                 check.stdout.decode()[-600:])


say.main(story)
