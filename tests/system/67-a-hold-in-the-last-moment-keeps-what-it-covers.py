#!/usr/bin/python3
# timeout: 120
"""P4: a hold that arrives after "erasing" was entered and before the
key is destroyed; and what people are told of footage whose term has ended.

tests/crash/crash.so stops storage at each fdatasync, until the entry is in the
ledger. What an auditor asks for meanwhile holds its range from then on.
"""
import datetime
import mmap
import os
import shutil
import signal
import struct
import threading
import time
import urllib.parse

from lib import say
from lib.appliance import wait_for
from lib.keys import keyring
from lib.months import Months, S, due

CAMERA, DAY = "cam-1", datetime.date(2026, 8, 28)
ERASING = bytes((1, 0, 48))	# version and type of an entry


class Stopping(Months):
    def __init__(self):
        super().__init__("2026-08-28 09:00:00")
        path = self.tmp / "crash"
        path.write_bytes(bytes(40))
        path.chmod(0o666)
        with open(path, "r+b") as f:
            self.control = mmap.mmap(f.fileno(), 40)
        self.control[:] = struct.pack("=qqqqq", 0, -1, signal.SIGSTOP, 0, 1)
        self.env["SAQTA_CRASH_FILE"] = str(path)

    def set_up(self):
        self.bin.mkdir()
        shutil.copy(self.build / "tests" / "crash.so", self.bin)
        super().set_up()

    def start(self, *names):
        """Web keeps its own time: an hour in one step ends no session."""
        whole = dict(self.env)
        if "storage" in names:
            self.preload("crash.so")
        else:
            del self.env["SAQTA_CLOCK_FILE"]
        super().start(*names)
        self.env = whole

    def stop_at_call(self, left):
        self.control[8:16] = struct.pack("=q", left)

    def is_stopped(self):
        return self.processes["storage"].is_stopped()

    def go_on(self):
        self.processes["storage"].signal(signal.SIGCONT)

    def erasing(self):
        """How often the entry stands in the tail of the ledger."""
        return (self.data / "ledger" / "tail").read_bytes().count(ERASING)

    def stop_after_plan(self):
        """Storage stands behind the entry "erasing", before the keys."""
        before = self.erasing()
        self.wall += 3601 * S
        self.mono += 3601 * S
        self.stop_at_call(0)
        self._put()
        for calls in range(5000):
            wait_for("the next call", 20, self.is_stopped, 0.002)
            if self.erasing() > before:
                return calls
            self.stop_at_call(0)
            self.go_on()
            wait_for("it goes on", 5, lambda: not self.is_stopped() or
                     self.control[8:16] == struct.pack("=q", -1), 0.001)
        raise AssertionError("nothing is erased")

    def text(self, ns):
        return datetime.datetime.fromtimestamp(ns / S, self.tz).isoformat()

    def body(self, seq):
        _, start, end = next(s for s in self.sent[CAMERA] if s[0] == seq)
        return {"cameras": [CAMERA], "from": self.text(start),
                "to": self.text(end), "reason": "Withdrawal disputed",
                "case": "K-7", "right": "view"}


def in_the_last_moment(box):
    held = box.sent[CAMERA][1][0]
    paths = {p.name: p.read_bytes() for p in box.segments(CAMERA)}
    name = box.segments(CAMERA)[1].name
    marat = box.client("marat")
    calls = box.stop_after_plan()
    say.test("storage stands behind the entry that it erases", calls > 0, calls)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(
        marat.post("/api/v1/requests", box.body(held), timeout=60)))
    asking.start()
    time.sleep(2)	# the question waits at storage's socket
    box.stop_at_call(-1)
    box.go_on()
    asking.join()
    say.test("an auditor asks for a part of that day at this moment",
             answers and answers[0].status == 201,
             answers and answers[0].body)
    box.settle()
    left = {p.name: p.read_bytes() for p in box.segments(CAMERA)}
    say.test("P4 what he asked for is there, byte for byte",
             left == {name: paths[name]}, sorted(left), sorted(paths))
    say.test("P4 and so is the key of its day",
             (CAMERA, DAY.isoformat()) in keyring(box))
    told = marat.get("/api/v1/ledger?first=0&count=200").json()["entries"]
    erased = [e for e in told if e["type"] == "erased"]
    say.test("P3 the rest lost its headers, as the entry says",
             len(erased) == 1 and str(erased[0]["fields"]["method"]) == "2",
             erased)
    return marat, erased[0]["index"]


def is_told(box, marat, entry):
    """HTTP for footage that is gone."""
    gone = marat.post("/api/v1/requests", box.body(box.sent[CAMERA][0][0]))
    say.test("erased footage is answered 410, expired-by-retention",
             gone.status == 410 and
             gone.json()["type"].endswith(":expired-by-retention"), gone.body)
    at = box.body(box.sent[CAMERA][0][0])
    spans = marat.get("/api/v1/coverage?" + urllib.parse.urlencode({
        k: at[k] for k in ("from", "to")})).json()["cameras"][0]["spans"]
    say.test("and stands in the coverage, with that entry",
             [s["entry"] for s in spans if s["cause"] == "expired"] ==
             [entry], spans, entry)
    say.test("and names the entry of its erasure",
             b"ledger entry %d says so" % entry in gone.body, gone.body,
             entry)


def story():
    with Stopping() as box:
        box.add_people()
        box.add_camera(CAMERA, "rtsp://127.0.0.1:1/none")
        for _ in range(3):
            box.wait_until(box.now() + 3600 * S)
            box.record(CAMERA)
        box.sealed()
        box.start("web")
        last = due(box.tz, box.sent[CAMERA][-1][2])
        box.wait_until(last - 7200 * S)
        box.settle()
        box.sweep()
        box.wait_until(last - 1800 * S)	# due at the sweep after this one
        marat, entry = in_the_last_moment(box)
        is_told(box, marat, entry)
        box.stop("web", "storage")
        check = box.tool("check", check=False)
        say.test("P2 check finds every promise kept", check.returncode == 0,
                 check.stdout.decode()[-900:])


say.main(story)
