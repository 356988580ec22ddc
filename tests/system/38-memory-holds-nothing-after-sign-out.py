#!/usr/bin/python3
# timeout: 240
"""P1: what people's keys were is in no process's memory when they have gone.

An auditor watches, a custodian decides; both sign out, an operator stays. Then
the memory of all processes is searched for passwords, seeds, identities, second
factors, cookies, the day's key, the keys of the files that were watched and
the pictures themselves. While they are signed in the same search finds what a
reader must have: so it would find it afterwards, too.
"""
import os
import time

from lib import say
from lib.appliance import Appliance, wait_for
from lib.footage import open_segment
from lib.memory import descendants, memory_of, name_of
from lib.package import grant
from lib.secrets import of_footage, of_person, of_session

CAMERA = "cam-1"
# What libraries for TLS and HTTP free without wiping, web's next requests
# overwrite: so nothing is kept back, as in the programs that are shipped.
FREED = "detect_leaks=0:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
PASSES = 5
IN_SESSION = {"identity of marat", "key of a file", "a watched picture",
              "cookie of marat", "CSRF token of marat", "cookie of daniyar",
              "CSRF token of daniyar"}


def search(box, secrets):
    """{what: processes that have it}"""
    found = {}
    for name in ("storage", "recorder", "web"):
        for pid in descendants(box.processes[name].pid):
            for part in memory_of(pid):
                for what, value in secrets.items():
                    if value in part:
                        found.setdefault(what, set()).add(
                            "%s %d" % (name_of(pid), pid))
    return found


def readers(box):
    return descendants(box.processes["storage"].pid)[1:]


def watch(box, marat, ident, begin, end):
    """A segment's file, and 64 bytes out of the middle of a picture."""
    told = marat.get("/api/v1/requests/%s/play" % ident).json()
    part = next(p for r in told["cameras"][0]["runs"] for p in r["parts"]
                if p["fragments"])
    path = next(p for p in box.segments(CAMERA)
                if p.name.endswith("-%08d.mp4.age" % part["seq"]))
    index = part["fragments"][0]["index"]
    base = "/media/%s/%s/%d/" % (ident, CAMERA, part["seq"])
    assert marat.get(base + "init").status == 200
    served = marat.get(base + str(index)).body
    assert served in open_segment(box, path)[0]
    box.open_files(marat, "marat", ident)
    movie = marat.get("/media/%s/%s/run0.mp4" % (ident, CAMERA))
    assert movie.status == 200 and served[-64:] in movie.body
    return path, served[len(served) // 2:len(served) // 2 + 64]


def story():
    if os.geteuid():
        say.skip("P1 memory holds nothing after sign-out", "needs root")
        return
    with Appliance(env={"ASAN_OPTIONS": FREED}, quick=False) as box:
        camera = box.camera(CAMERA)
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        wait_for("three segments", 40, lambda: len(box.segments(CAMERA)) > 3)
        oleg, marat = box.client("oleg"), box.client("marat")
        daniyar = box.client("daniyar")
        end = time.time() - 6
        ident = grant(box, (marat, daniyar), CAMERA, end - 5, end)
        path, picture = watch(box, marat, ident, end - 5, end)
        camera.stop()
        secrets = {"a watched picture": picture, **of_footage(
            box, CAMERA, "-".join(path.parts[-4:-1]), path.read_bytes()[:400])}
        for user, client in (("marat", marat), ("daniyar", daniyar)):
            secrets.update(of_person(box, user))
            secrets.update(of_session(client, user))
        before = search(box, secrets)
        say.test("(a reader has its auditor's identity while he is signed in, "
                 "web his cookie)", {"identity of marat", "cookie of marat"} <=
                 set(before), before)
        say.test("P1 meanwhile nobody has a password, a seed, a second factor, "
                 "a custodian's identity or the key of a day",
                 set(before) <= IN_SESSION, before)
        assert {marat.sign_out().status, daniyar.sign_out().status} == {204}
        wait_for("only the operator's reader is left", 10,
                 lambda: len(readers(box)) == 1)
        for _ in range(PASSES):
            assert oleg.get("/api/v1/status").status == 200
        after = search(box, secrets)
        say.test("P1 after sign-out none of it is left", not after, after)


say.main(story)
