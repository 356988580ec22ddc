#!/usr/bin/python3
# timeout: 240
"""Cameras whose picture goes wrong after their commissioning: each has its
alarm and its entry, and no picture of it is kept.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import say                                         # noqa: E402
from lib.appliance import Appliance, Failed, wait_for       # noqa: E402
from lib.rtspcam import Camera, Source, make                # noqa: E402

# A scene: bright on the left, something moves, much that is sharp.
SCENE = ("testsrc2=size=%s:rate=%d:duration=%d,hue=s=0,"
         "geq='lum(X,Y)*(1-0.6*X/W)':128:128")
FAULTS = {
    "black": SCENE + ",drawbox=c=black:t=fill",
    "covered": SCENE + ",drawbox=c=gray:t=fill",
    "frozen": SCENE + ",loop=-1:1:0,trim=duration=7",
    "defocused": SCENE + ",boxblur=14:2",
    "moved": SCENE + ",hflip,vflip",
}
FPS = 5


def source(d, name, draw):
    # 7 s: no two segments begin with the same picture of the loop by chance.
    return Source(make(os.path.join(d, name), fps=FPS, gop=FPS, seconds=7,
                       draw=draw, qp=24), fps=FPS)


def kinds(box):
    told = box.tool_json("camera", "list")["cameras"]
    return {c["id"]: [a["kind"] for a in c["alarms"]] for c in told}


def proved(box):
    told = box.tool_json("camera", "list")["cameras"]
    return all(c["last_proved"] for c in told)


def raised(box):
    """Names of the cameras with an alarm in the ledger, by what root reads."""
    out = box.tool("camera", "list").stdout.decode()
    return [line for line in out.splitlines() if "ALARM since" in line]


def story():
    with Appliance(segment_s=5) as box:
        d = str(box.tmp)
        good = source(d, "good", SCENE)
        cams = {name: Camera(good) for name in [*FAULTS, "well"]}
        try:
            for name, cam in cams.items():
                box.add_camera(name, cam.url)
            wait_for("each camera is proved", 90, lambda: proved(box))
            say.test("cameras that show a scene have no alarm",
                     not any(kinds(box).values()), kinds(box))
            for name, draw in FAULTS.items():
                cams[name].source = source(d, name, draw)
                cams[name].drop()
            want = {name: [name] for name in FAULTS} | {"well": []}
            try:
                wait_for("alarms", 120, lambda: kinds(box) == want)
            except Failed:
                pass
            for name in want:
                say.test("P9 %s" % (
                    "a camera that is %s is named so" % name
                    if name in FAULTS else
                    "the camera beside them has no alarm"),
                    kinds(box)[name] == want[name], kinds(box))
            say.test("the operator is told in words", len(raised(box)) == 5,
                     raised(box))
            cams["moved"].drop()
            box.tool("camera", "scene", "moved")
            say.test("moved on purpose: the alarm is over at once",
                     kinds(box)["moved"] == [], kinds(box))
            for name in FAULTS:
                cams[name].source = good
                cams[name].drop()
            wait_for("the alarms end", 90, lambda: not any(
                v for n, v in kinds(box).items() if n != "moved"))
            say.test("a picture that is well again ends its alarm", True)
        finally:
            for cam in cams.values():
                cam.close()
        box.stop("recorder", "storage")
        check = box.tool("check", "--json", check=False)
        say.test("saqta check is content", check.returncode == 0,
                 check.stdout.decode()[-500:])


say.main(story)
