#!/usr/bin/python3
# timeout: 240
"""P8 on a real ext4 whose dirty cache is really lost (FS_IOC_SHUTDOWN).

The volume is a file behind a loop device. The ioctl stops it as it is, like a
power cut; then everything is killed, the volume is mounted again and replays
its journal. One camera fills eight chunks of 64 KiB in a second, the other one
needs 2.6 seconds for each: what counts of those stands in the tail.
"""
import datetime
import subprocess
import time

from lib import say
from lib.appliance import ROOT, Appliance, wait_for
from lib.cut import Volume, may_mount
from lib.footage import frame_numbers, identity_files, open_segment, tail_of

CAMERAS = {"cam-1": 4000, "cam-2": 200}	# kbit/s
SLOW = "cam-2"
ROUNDS = 3
LOST_S = 2.0


class CutVolume(Appliance):
    """The data directory is an ext4 that can be cut."""

    def set_up(self):
        self.data.mkdir()
        self.volume = Volume(self.tmp / "volume", self.data)
        self.volume.make()
        self.volume.mount()
        super().set_up()

    def cut(self):
        """The power goes: the disk keeps what it has, all processes die."""
        when = time.time()
        self.volume.cut()
        for name in ("storage", "recorder", "web"):
            self.processes[name].kill()
        self.volume.unmount()
        self.volume.mount()
        return when

    def __exit__(self, *error):
        self.stop(cameras=True)
        self.volume.leave()
        super().__exit__(*error)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def gap_at(box, camera, when):
    told = box.tool_json("coverage", "--camera", camera, "--from",
                         stamp(when - 30), "--to", stamp(time.time()))
    gaps = [s for s in told["cameras"][0]["spans"] if s["kind"] == "gap"]
    return next((g for g in gaps if seconds(g["to"]) > when and
                 seconds(g["from"]) < when + 1), None)


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def checked(box, title):
    done = box.tool("check", check=False)
    say.test(title + " saqta check finds nothing wrong", done.returncode == 0,
             done.stdout.decode()[-800:])
    keys = [a for f in identity_files(box, *CAMERAS)
            for a in ("--identity", f)]
    reader = subprocess.run(
        ["/usr/bin/python3", "-B", ROOT / "tests/reader/saqta_reader.py",
         box.data, "--plain", *keys], check=False, capture_output=True,
        text=True)
    say.test(title + " the reader in Python agrees, to the last sample",
             reader.returncode == 0, reader.stdout[-800:])


def lost_at_most(box, title, camera, when):
    gap = wait_for("the gap", 20, lambda: gap_at(box, camera, when))
    lost = when - seconds(gap["from"])
    say.test("%s at most 2 s of what was received are lost (%s)" %
             (title, camera), lost <= LOST_S, "%.2f s" % lost, gap)


def cut_segment(box, title, path):
    """Is it there with a tail, and do both together lack no picture?"""
    if not tail_of(path).exists():
        return False
    movie = box.tmp / "cut.mp4"
    movie.write_bytes(open_segment(box, path)[0])
    numbers = frame_numbers(movie)
    say.test(title + " chunks and tail of the cut segment lack no picture",
             numbers == list(range(numbers[0], numbers[0] + len(numbers))),
             numbers)
    return True


def one_round(box, number):
    count = len(box.segments(SLOW))
    wait_for("two more segments", 40,
             lambda: len(box.segments(SLOW)) > count + 2)
    # another place in the segment each time, behind its first chunk
    time.sleep(1.5 + 0.7 * number)
    old = {p: p.read_bytes() for camera in CAMERAS
           for p in box.segments(camera)[:-2]}
    written = box.segments(SLOW)[-1]
    when = box.cut()
    box.start()
    title = "P8 after power cut %d" % number
    for camera in CAMERAS:
        box.wait_recording(camera, 60)
    say.test(title + " nothing older is damaged",
             all(p.is_file() and p.read_bytes() == data
                 for p, data in old.items()))
    for camera in CAMERAS:
        lost_at_most(box, title, camera, when)
    checked(box, title)
    return cut_segment(box, title, written)


def story():
    if not may_mount("ext4"):
        say.skip("P8 a power cut damages nothing older", "no loop mounts")
        return
    with CutVolume() as box:
        for camera, kbps in CAMERAS.items():
            box.add_camera(camera, box.camera(camera, kbps=kbps).url)
        for camera in CAMERAS:
            box.wait_recording(camera)
        tails = [one_round(box, n) for n in range(1, ROUNDS + 1)]
        say.test("P8 a segment that a power cut ended has a tail", any(tails),
                 tails)


say.main(story)
