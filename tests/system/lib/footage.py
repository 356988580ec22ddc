"""Footage as a stranger sees it: plain age, ffmpeg and the drawn squares."""
import base64
import json
import subprocess
import time


def run(argv, data=None):
    return subprocess.run([str(a) for a in argv], input=data, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout


def age(identity, data):
    """age -d with the identity in a file of memory; (plain, is it whole?)."""
    done = subprocess.run(["bash", "-c", 'age -d -i <(printf %s "$ID")'],
                          input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE,
                          env={"ID": identity, "PATH": "/usr/bin:/bin"})
    return done.stdout, done.returncode == 0


def day_identity(box, camera, day):
    """The road of a court expert: kek, keyring, paper key, day key."""
    kek = (box.data / "keyring" / "kek").read_text()
    ring, whole = age(kek, (box.data / "keyring" / "keyring.age").read_bytes())
    assert whole, "the keyring opens with its kek"
    paper = box.paper.read_text()
    for line in ring.decode().splitlines():
        key = json.loads(line).get("day")
        if key and key["camera"] == camera and key["date"] == day:
            plain, whole = age(paper, base64.b64decode(key["wrapped"][0]))
            assert whole, "the day's key opens with the paper key"
            return plain.decode()
    raise AssertionError("no key of %s on %s" % (camera, day))


def tail_of(path):
    """Where the tail of a cut segment stands, if it has one."""
    return path.with_name(path.name.replace(".mp4.age", ".tail.age"))


def open_segment(box, path):
    """(MP4 bytes, whole?) of a segment file and its tail, by plain age."""
    year, month, day = path.parts[-4:-1]
    camera = path.parts[-5]
    identity = day_identity(box, camera, "-".join((year, month, day)))
    plain, whole = age(identity, path.read_bytes())
    if tail_of(path).exists():
        more, is_file = age(identity, tail_of(path).read_bytes())
        assert is_file, "a tail is a whole age file"
        plain += more
    return plain, whole


def identity_files(box, *cameras):
    """Files with the identities of all days of these cameras."""
    files = []
    for camera in cameras:
        root = box.data / "footage" / camera
        for path in sorted(root.glob("*/*/*")):
            day = "-".join(path.parts[-3:])
            files.append(box.tmp / ("%s-%s.key" % (camera, day)))
            files[-1].write_text(day_identity(box, camera, day))
    return files


def frames(path, form=()):
    """The MD5 of each decoded picture of a media file, in order."""
    told = run(["ffmpeg", "-v", "error", *form, "-i", path, "-map", "0:v:0",
                "-fps_mode", "passthrough", "-f", "framemd5", "-"]).decode()
    return [line.split(",")[-1].strip() for line in told.splitlines()
            if not line.startswith("#")]


def squares(path, y):
    """The numbers in the row of squares at y, one for each picture."""
    raw = run(["ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0",
               "-fps_mode", "passthrough", "-vf",
               "crop=512:16:16:%d,scale=32:1:flags=area,format=gray" % y,
               "-f", "rawvideo", "-"])
    return [int("".join("1" if v > 125 else "0" for v in raw[i:i + 32]), 2)
            for i in range(0, len(raw), 32)]


def frame_numbers(path):
    return squares(path, 40)


def capture_times(path):
    """Unix seconds of each picture, as the camera painted them: modulo 2^32
    twenty-fifths, so of the last five years."""
    now = int(time.time() * 25) + 25
    return [(now - (now - n) % 2**32) / 25 for n in squares(path, 16)]


def probe(path):
    """ffprobe's word on the first video stream; fails on any error."""
    told = run(["ffprobe", "-v", "error", "-select_streams", "v:0",
                "-count_packets", "-show_entries",
                "stream=codec_name,width,height,nb_read_packets:"
                "format=duration", "-of", "json", path])
    return json.loads(told)


def is_run_of(part, whole):
    """Does the list part stand in whole as it is, without a hole?"""
    if not part or part[0] not in whole:
        return False
    return any(whole[i:i + len(part)] == part
               for i, value in enumerate(whole) if value == part[0])
