#!/usr/bin/python3
# timeout: 240
"""kill -9 of each program: nothing older is damaged, nobody else stops.

Storage recovers without any private key; what was cut is indexed, provable
and playable. The camera sends so little that a chunk of 64 KiB takes 2.6 seconds:
what counts of it stands in the tail.
"""
import datetime
import os
import signal
import time

from lib import say
from lib.appliance import PEOPLE, ROOT, Appliance, wait_for
from lib.footage import (age, capture_times, day_identity, frame_numbers,
                         identity_files, open_segment, probe, run, tail_of)

V1 = "/api/v1/"
CAMERA = "cam-1"
KBPS = 200
FPS = 25
LOST_S = 2.0		# P8, of what was received


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def spans(box, begin):
    told = box.tool_json("coverage", "--camera", CAMERA, "--from",
                         stamp(begin), "--to", stamp(time.time()))
    return told["cameras"][0]["spans"]


def checked(box, title):
    done = box.tool("check", "--data", box.data, check=False, config=False)
    say.test(title + ": saqta check finds nothing wrong",
             done.returncode == 0, done.stdout.decode()[-600:],
             done.stderr.decode()[-600:])
    reader = ROOT / "tests" / "reader" / "saqta_reader.py"
    keys = [a for f in identity_files(box, CAMERA) for a in ("--identity", f)]
    try:
        # with the keys it compares every recorded sample, too
        run(["/usr/bin/python3", "-B", reader, box.data, "--plain", *keys])
        say.test(title + ": the reader in Python finds nothing wrong", True)
    except Exception as error:
        say.test(title + ": the reader in Python finds nothing wrong", False,
                 getattr(error, "stdout", b"").decode()[-800:])


def parts(box, path):
    """The pictures of a segment file, also where it was cut."""
    plain, whole = open_segment(box, path)
    movie = box.tmp / (path.stem + ".mp4")
    movie.write_bytes(plain)
    return movie, whole


def stopped_with_tail(pid, cut):
    """Right after a chunk was filled there is nothing that a tail could have."""
    os.kill(pid, signal.SIGSTOP)
    written = cut.stat().st_mtime_ns
    if any(slot.stat().st_mtime_ns > written for slot in slots(cut)):
        return True
    os.kill(pid, signal.SIGCONT)
    return False


def kill_storage(box):
    """Mid-segment, some while after the last roll."""
    count = len(box.segments(CAMERA))
    wait_for("the next segment", 30,
             lambda: len(box.segments(CAMERA)) > count)
    time.sleep(7)
    old = {p: p.read_bytes() for p in box.segments(CAMERA)[:-1]}
    cut = box.segments(CAMERA)[-1]
    storage = box.processes["storage"]
    wait_for("a tail that goes on after the chunks", 5,
             lambda: stopped_with_tail(storage.pid, cut), 0.05)
    storage.kill()
    killed = time.time()
    say.test("P8 kill -9 of storage stops neither recorder nor web",
             box.processes["recorder"].alive() and
             box.processes["web"].alive())
    say.test("P8 what is written in the middle of a segment is whole chunks",
             cut.stat().st_size > 0, cut.stat().st_size)
    box.start("storage")
    return killed, cut, old


def test_recovery(box, began):
    killed, cut, old = kill_storage(box)
    wait_for("recording goes on", 60, lambda: len(box.segments(CAMERA)) >
             len(old) + 2)
    now = box.wait_recording(CAMERA, 60)
    say.test("P8 recording goes on by itself and is proved again",
             now["state"] == "recording", now)
    say.test("P8 nothing older was touched",
             all(p.read_bytes() == data for p, data in old.items()))
    found = spans(box, began)
    holes = [a for a, b in zip(found, found[1:]) if a["to"] != b["from"]]
    say.test("P7 every second is recorded or a gap, without a hole",
             not holes, found)
    gaps = [s for s in found if s["kind"] == "gap" and
            s["cause"] not in ("not-yet", "connecting")]
    say.test("P7 the outage is one gap with the cause",
             len(gaps) == 1 and gaps[0]["cause"] == "storage-away", gaps)
    return killed, cut


def slots(path):
    """Those in which the segment's tail was written."""
    return list(path.parent.glob(path.name.replace(".mp4.age", ".tail[01]")))


def test_cut_segment(box, killed, cut):
    movie, whole = parts(box, cut)
    numbers = frame_numbers(movie)
    say.test("P8 the cut segment opens with plain age as far as it goes",
             not whole and len(numbers) > 25, len(numbers))
    say.test("P8 its pictures lack none in between",
             numbers == list(range(numbers[0], numbers[0] + len(numbers))))
    tail = tail_of(cut)
    say.test("P8 what filled no chunk stands in a tail beside it",
             tail.is_file() and not slots(cut), list(cut.parent.iterdir()))
    identity = day_identity(box, CAMERA, "-".join(cut.parts[-4:-1]))
    chunks = box.tmp / "chunks.mp4"
    chunks.write_bytes(age(identity, cut.read_bytes())[0])
    say.test("P8 the tail has pictures that the chunks lack",
             len(frame_numbers(chunks)) < len(numbers))
    key = box.paper.parent / "day.key"	# the tool's user may read here
    key.write_text(identity)
    opened = [box.tool("open", "-i", key, path, check=False, config=False)
              for path in (cut, tail)]
    say.test("P8 saqta open gives the chunks, names the tail and opens it",
             [o.returncode for o in opened] == [1, 0] and
             tail.name in opened[0].stderr.decode() and
             opened[0].stdout + opened[1].stdout == movie.read_bytes(),
             [o.stderr for o in opened])
    lost = killed - capture_times(movie)[-1]
    say.test("P8 the last picture of it is at most 2 s old",
             -0.5 <= lost <= LOST_S, "%.2f s" % lost)
    coverage = box.tool_json("coverage", "--camera", CAMERA, "--from",
                             stamp(killed - 60), "--to", stamp(time.time()))
    gap = next(s for s in coverage["cameras"][0]["spans"]
               if s["cause"] == "storage-away")
    lost = killed - since_epoch(gap["from"])
    say.test("P8 at most 2 s of what was received is lost",
             -0.5 <= lost <= LOST_S, "%.2f s" % lost)


def since_epoch(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def test_playable(box, killed):
    """Requested, approved and downloaded across the outage."""
    marat, daniyar = box.client("marat"), box.client("daniyar")
    body = {"from": stamp(killed - 12), "to": stamp(killed + 1),
            "cameras": [CAMERA], "reason": "Outage", "case": "K-115",
            "right": "export"}
    ident = marat.post(V1 + "requests", body).json()["id"]
    answer = daniyar.post(V1 + "requests/%s/decision" % ident, {
        "verdict": "approve", "from": body["from"], "to": body["to"],
        "cameras": [CAMERA], "reason": "Yes",
        "password": PEOPLE["daniyar"][2], "code": box.code("daniyar")})
    say.test("a request over the cut segment is approved",
             answer.status == 200, answer.body)
    play = marat.get(V1 + "requests/%s/play" % ident).json()
    box.open_files(marat, "marat", ident)
    film = marat.get("/media/%s/%s/run0.mp4" % (ident, CAMERA))
    movie = box.tmp / "across.mp4"
    movie.write_bytes(film.body)
    numbers = frame_numbers(movie)
    say.test("P8 the cut segment is playable: its download lacks no frame",
             film.status == 200 and
             numbers == list(range(numbers[0], numbers[0] + len(numbers))),
             film.status, probe(movie))
    say.test("P7 the gap after it is told with its cause",
             any(g["cause"] == "storage-away"
                 for g in play["cameras"][0]["gaps"]),
             play["cameras"][0]["gaps"])


def test_recorder(box):
    box.processes["recorder"].kill()
    say.test("P8 kill -9 of the recorder stops neither storage nor web",
             box.processes["storage"].alive() and
             box.processes["web"].alive())
    down = wait_for("storage notices", 15, lambda: not_recording(box))
    say.test("P9 then no camera is called recording",
             down["cause"] == "recorder-failed", down)
    box.start("recorder")
    box.wait_recording(CAMERA, 60)


def test_gaps_are_what_is_missing(box, began):
    """Pictures carry their number: count those that the disk lacks."""
    numbers = []
    for path in box.segments(CAMERA):
        numbers += frame_numbers(parts(box, path)[0])
    missing = sum(b - a - 1 for a, b in zip(numbers, numbers[1:])) / FPS
    found = spans(box, began)
    first = next(i for i, s in enumerate(found) if s["kind"] == "recorded")
    last = max(i for i, s in enumerate(found) if s["kind"] == "recorded")
    gaps = [s for s in found[first:last] if s["kind"] == "gap"]
    told = sum(since_epoch(s["to"]) - since_epoch(s["from"]) for s in gaps)
    say.test("P7 the gaps are as long as the pictures that are missing",
             abs(missing - told) < 0.5 and numbers == sorted(set(numbers)),
             "%.2f s missing, %.2f s told: %s" % (missing, told, gaps))


def not_recording(box):
    camera = box.camera_state(CAMERA)
    return camera["state"] != "recording" and camera


def test_web(box):
    box.processes["web"].kill()
    state = box.camera_state(CAMERA)
    say.test("P8 kill -9 of web does not stop recording",
             state["state"] == "recording", state)
    box.start("web")
    say.test("web comes back", box.client("marat").role == "auditor")


def story():
    began = time.time()
    with Appliance(segment_s=12) as box:
        cam = box.camera("cam 1", kbps=KBPS)
        box.add_camera(CAMERA, cam.url)
        box.wait_recording(CAMERA)
        killed, cut = test_recovery(box, began)
        test_cut_segment(box, killed, cut)
        test_playable(box, killed)
        checked(box, "P8 after kill -9 of storage")
        test_recorder(box)
        test_web(box)
        box.stop("recorder")
        test_gaps_are_what_is_missing(box, began)
        box.stop()
        checked(box, "P8 at the end")
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
