#!/usr/bin/python3
# timeout: 120
"""P8: whom the kernel ends first when a unit's memory is at its limit, and who
waits when there are not enough processors.

A reader is one session, a camera's child one camera; keeper and supervisor are
all of them. What the kernel then really does: tests/machine.
"""
import os

from lib import say
from lib.appliance import Appliance
from lib.memory import descendants, name_of

CAMERA, FIRST = "cam-1", 300    # storage/api/oom.h
BEHIND = 5                      # storage/main.c


def score(pid):
    with open("/proc/%d/oom_score_adj" % pid) as f:
        return int(f.read())


def scores(pids):
    return {"%s %d" % (name_of(p), p): score(p) for p in pids}


def story():
    with Appliance() as box:
        box.add_camera(CAMERA, box.camera(CAMERA).url)
        box.wait_recording(CAMERA)
        person = box.client("oleg")
        main = {n: p.pid for n, p in box.processes.items()}
        was = score(main["web"])
        nice = os.getpriority(os.PRIO_PROCESS, main["storage"])
        say.test("P8 keeper and supervisor are ended no sooner than others",
                 {score(p) for p in main.values()} == {was},
                 scores(main.values()))
        readers = descendants(main["storage"])[1:]
        say.test("P8 a person's reader goes before the keeper", readers and
                 {score(p) for p in readers} == {was + FIRST},
                 scores(readers))
        say.test("P8 and waits for it where processors are short",
                 {os.getpriority(os.PRIO_PROCESS, p) - nice for p in readers} ==
                 {BEHIND}, readers)
        children = descendants(main["recorder"])[1:]
        say.test("P8 a camera's child goes before the supervisor",
                 "saqta-camera" in map(name_of, children) and
                 {score(p) for p in children} == {was + FIRST},
                 scores(children))
        person.sign_out()


say.main(story)
