#!/usr/bin/python3
# timeout: 240
"""P7: what programs do again and again leaves no descriptor open in any of them.

A unit has a few thousand, and runs for months: one that stays open for each
segment, connection or picture is the end of recording after a day.
"""
import collections
import contextlib
import os
import socket
import time

from lib import say
from lib.appliance import Appliance, wait_for
from lib.package import V1, grant

CAMERA, ROUNDS, MORE = "cam-1", 6, 4    # MORE: what may be open just now


def children(pid):
    """Of all generations."""
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                for child in map(int, f.read().split()):
                    found += [child, *children(child)]
    return found


def opened(pid):
    """Descriptors of a process by what they are of; none where it has gone."""
    found = collections.Counter()
    with contextlib.suppress(OSError):
        for fd in os.listdir("/proc/%d/fd" % pid):
            with contextlib.suppress(OSError):
                what = os.readlink("/proc/%d/fd/%s" % (pid, fd))
                found[what.split(":")[0] if what[0] != "/" else
                      what.split("/")[1].split(" ")[0]] += 1
    return found


def all_opened(box):
    """Of each program, and of all its children together."""
    found = {}
    for name in ("storage", "recorder", "web"):
        pid = box.processes[name].pid
        found[name] = opened(pid)
        found[name + "'s children"] = sum(
            map(opened, children(pid)), collections.Counter())
    return found


def a_round(box, marat, ident):
    """What a day has: people, their questions and films, the tool, cameras."""
    oleg = box.client("oleg")
    for path in ("cameras", "account", "coverage?camera=" + CAMERA, "requests"):
        oleg.get(V1 + path)
    assert oleg.sign_out().status == 204
    play = marat.get(V1 + "requests/%s/play" % ident).json()
    part = next(p for p in play["cameras"][0]["runs"][0]["parts"]
                if p["fragments"])
    wanted = ["%d/init" % part["seq"], "run0.mp4"]
    wanted += ["%d/%d" % (part["seq"], f["index"]) for f in part["fragments"]]
    for what in wanted:
        answer = marat.get("/media/%s/%s/%s" % (ident, CAMERA, what))
        assert answer.status == 200, (what, answer.status, answer.body[:200])
    for path in ("requests", "exports", "ledger", "health"):
        marat.get(V1 + path)
    with contextlib.closing(socket.create_connection(
            ("127.0.0.1", box.port))) as s:
        s.sendall(b"\x16\x03\x01")      # a handshake that ends there
    for words in (["status"], ["camera", "list"], ["doctor", "--json"]):
        box.tool(*words, check=False)
    box.tool("camera", "disable", CAMERA)
    box.tool("camera", "enable", CAMERA)
    box.wait_recording(CAMERA, 60)


def story():
    with Appliance(segment_s=5) as box:
        cam = box.camera("cam 1", kbps=400)
        box.add_camera(CAMERA, cam.url)
        box.wait_recording(CAMERA)
        begin = time.time()
        time.sleep(12)
        box.settled(CAMERA)
        marat, daniyar = box.client("marat"), box.client("daniyar")
        ident = grant(box, (marat, daniyar), CAMERA, begin, begin + 10)
        box.open_files(marat, "marat", ident)
        daniyar.sign_out()
        a_round(box, marat, ident)
        before = all_opened(box)
        for _ in range(ROUNDS):
            a_round(box, marat, ident)
        for name in before:
            def as_before(name=name):
                return sum((all_opened(box)[name] - before[name]).values()
                           ) <= MORE
            try:
                wait_for("%s is at rest" % name, 15, as_before, 0.2)
            except Exception:
                pass
            say.test("P7 %s: after %d rounds nothing is left open" % (
                name, ROUNDS), as_before(), before[name], all_opened(box)[name])


say.main(story)
