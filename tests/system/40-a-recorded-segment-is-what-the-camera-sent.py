#!/usr/bin/python3
# timeout: 240
"""From RTSP to the disk and back with nobody's help: plain age, ffmpeg.

Breaks where encryption, read-back or the frame count at a roll is broken.
"""
import os
import random
import re
import time

from lib import say
from lib.appliance import Appliance, wait_for, ROOT
from lib.browsing import plays
from lib.footage import (capture_times, frame_numbers, frames, is_run_of,
                         open_segment, probe, run)

ROLLS = 5
# What a file of footage cannot be without; and secrets.
# "avc1.64001f" in the index is a codec's name (RFC 6381), "avc1" a box
PLAIN = re.compile(rb"moof|mdat|ftyp|avcC|avc1(?!\.)|AGE-SECRET-KEY-")
KEK = "keyring/kek"	# opens the keyring, not footage


def disk_files(box):
    return [p for top in (box.data, box.run) for p in top.rglob("*")
            if p.is_file()]


def slices_of(sent, count=200, size=32):
    """Pieces of what the camera sent that could be recognised anywhere."""
    chance = random.Random(9)
    data = sent.read_bytes()
    places = (chance.randrange(len(data) - size) for _ in range(count))
    return [data[i:i + size] for i in places]


def test_nothing_plain(box, sent):
    wanted = slices_of(sent)
    found = []
    for path in disk_files(box):
        try:
            data = path.read_bytes()
        except FileNotFoundError:	# a tail's slot: its segment is sealed
            continue
        name = str(path.relative_to(box.tmp))
        if name.endswith(KEK):
            continue
        found += ["%s has %r" % (name, w) for w in PLAIN.findall(data)]
        found += ["%s has sent bytes" % name for w in wanted if w in data]
    say.test("P1 nothing on the disk has a byte of plain footage", not found,
             *found[:5])


def test_segments(box, sent, files):
    movies, numbers, pictures = [], [], []
    for path in files:
        plain, whole = open_segment(box, path)
        if not whole:
            say.test("every sealed segment opens whole with age", False, path)
            return
        movie = box.tmp / (path.stem + ".mp4")
        movie.write_bytes(plain)
        movies.append(movie)
    say.test("every sealed segment opens with plain age and the paper key",
             True)
    told = [probe(m) for m in movies]
    say.test("ffprobe accepts every segment as an H.264 film of 640 x 360",
             all(t["streams"][0]["codec_name"] == "h264" and
                 t["streams"][0]["width"] == 640 for t in told), told)
    for movie in movies:
        pictures += frames(movie)
        numbers += frame_numbers(movie)
    whole = frames(sent, ["-f", "h264"])
    say.test("P7 the pictures of %d segments are those that were sent"
             % len(movies), is_run_of(pictures, whole),
             "%d recorded, %d sent" % (len(pictures), len(whole)))
    holes = [(a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1]
    say.test("P7 no frame is lost where one segment ends and the next begins",
             not holes and len(numbers) > 25 * len(movies),
             "after frame: %s" % holes)
    test_times(files, movies)
    # scenario 22: what a thief has of it, and who has the paper key
    plays("chromium", movies[0], capture_times(movies[0])[0], files[0])


def test_times(files, movies):
    wrong = []
    for path, movie in zip(files, movies):
        stamp = path.name.split("-")[0]
        painted = capture_times(movie)[0]
        named = time.strptime(stamp, "%Y%m%dT%H%M%SZ")
        off = painted - (time.mktime(named) - time.timezone)
        if not -1 <= off <= 2:
            wrong.append("%s begins %.2f s after its name" % (path.name, off))
    say.test("a segment's name is the UTC second of its first picture",
             not wrong, *wrong)


def test_checkers(box):
    done = box.tool("check", "--data", box.data, check=False, config=False)
    say.test("saqta check finds nothing wrong", done.returncode == 0,
             done.stdout.decode()[-600:], done.stderr.decode()[-600:])
    reader = ROOT / "tests" / "reader" / "saqta_reader.py"
    try:
        run(["/usr/bin/python3", "-B", reader, box.data])
        say.test("a reader written from the document alone agrees", True)
    except Exception as error:	# its words are in stderr
        say.test("a reader written from the document alone agrees", False,
                 getattr(error, "stderr", b"").decode()[-800:],
                 getattr(error, "stdout", b"").decode()[-800:])


def not_recording(camera):
    return camera["state"] != "recording" and camera


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / \
            os.sysconf("SC_CLK_TCK")


def rests(box):
    """A loop that turns because of what nobody reads takes a fifth of a core
    and more; one that waits a hundredth, with a sanitizer.
    """
    pid, count = box.processes["storage"].pid, len(box.segments("cam-1"))
    begun, before = time.monotonic(), cpu_seconds(pid)
    wait_for("%d segments" % (ROLLS + 2), 90, lambda: len(
        box.segments("cam-1")) >= max(ROLLS + 2, count + 2))
    share = (cpu_seconds(pid) - before) / (time.monotonic() - begun)
    say.test("storage rests between fragments", share < 0.1, share)


def story():
    with Appliance(segment_s=5) as box:
        cam = box.camera("cam-1", dump=True, user="admin", password="secret")
        box.add_camera("cam-1", cam.url, user="admin", password="secret")
        early = box.camera_state("cam-1")
        say.test("P9 a camera just added is not called recording",
                 early["state"] != "recording", early)
        now = box.wait_recording("cam-1", 60)
        say.test("P9 recording means that a segment was proved",
                 now["last_proved"] is not None, now)
        rests(box)
        test_nothing_plain(box, box.dump_path("cam-1"))
        box.stop("recorder")
        down = wait_for("storage notices", 10, lambda:
                        not_recording(box.camera_state("cam-1")))
        say.test("P9 without its recorder a camera is down, and says why",
                 down["state"] == "down" and
                 down["cause"] == "recorder-stopped", down)
        say.test("P7 five rolls took place",
                 len(box.segments("cam-1")) > ROLLS)
        box.stop()
        cam.stop()
        test_segments(box, box.dump_path("cam-1"), box.segments("cam-1"))
        test_checkers(box)
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
