#!/usr/bin/python3
# timeout: 300
"""A further volume breaks while the box records: storage says which, one
command enrols an empty disk, the footage of the others is untouched and what
lay on the lost one becomes gaps with a cause (P2, P7). A disk that was added
before has no part in that, and may be the other one for the next that breaks.
Then all volumes move to
a new machine, with other numbers of users and another mount point, beside a
backup: the same log goes on, and old footage is watched."""
import hashlib
import os
import shutil
import subprocess
import time

from lib import say
from lib.appliance import ROOT, Appliance, Failed, began, wait_for
from lib.mounts import mount, move, umount
from lib.package import grant

CAMERA = "cam-1"


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


class Box(Appliance):
    """A data volume and two further ones, by and by."""

    def set_up(self):
        self.began = time.time()
        self.one, self.two = self.tmp / "one", self.tmp / "two"
        self.spare = self.tmp / "spare"
        self.file = self.tmp / "backup.age"
        mount(self.data, 160)
        mount(self.one, 300)
        self.own(self.one)
        super().set_up()

    def own(self, path):
        user = self.users["storage"]
        os.chown(path, user.pw_uid, user.pw_gid)

    def __exit__(self, *error):
        self.stop(cameras=True)
        umount(self.one, self.two, self.spare, self.data)
        super().__exit__(*error)

    def root(self, *args, check=True):
        """The tool as root, as at the console."""
        done = subprocess.run(
            [self.bin / "saqta", args[0], "--config", self.conf, *args[1:]],
            capture_output=True, env=self.env, timeout=120, check=False)
        if check and done.returncode:
            raise Failed("saqta %s: %s" % (args[0], done.stderr.decode()))
        return done

    def footage(self, where):
        return sorted(where.rglob("*.mp4.age"))

    def spans(self):
        told = self.tool_json("coverage", "--camera", CAMERA, "--from",
                              stamp(self.began - 5), "--to",
                              stamp(time.time()))
        return told["cameras"][0]["spans"]

    def volumes(self):
        return {v["number"]: v for v in
                self.tool_json("volume", "list")["volumes"]}

    def replace(self, *args):
        return self.tool("volume", "replace", *args, check=False)


def hashes(paths):
    return {p: hashlib.sha256(p.read_bytes()).digest() for p in paths}


def refused(title, done, says):
    say.test(title, done.returncode and says in done.stderr.decode(),
             done.returncode, done.stderr)


def breaks(box):
    """Its disk is gone; an empty one is put into its place."""
    wait_for("footage on volume 1", 60, lambda: len(box.footage(box.one)) > 3)
    refused("a volume that is there is not given up", box.replace(
        "--reason", "broken", "1", box.one), "not away")
    lost = box.footage(box.one)[:-1]
    umount(box.one)
    mount(box.one, 300)
    box.own(box.one)
    wait_for("volume 1 is away", 20,
             lambda: box.volumes()[1]["state"] == "away")
    said = box.root("doctor", check=False).stdout.decode()
    say.test("the doctor says which, and the command that mends it",
             "%s is not here" % box.one in said and
             "-> mount %s\n" % box.one in said and
             "saqta volume replace --reason TEXT 1" in said, said)
    wait_for("recording goes on on the data volume", 40,
             lambda: len(box.footage(box.data)) > 1)
    time.sleep(6)
    say.test("P2 nothing is written to a disk that nobody named",
             not list(box.one.iterdir()))
    # the smallest one: no day begins on it
    mount(box.spare, 100)
    box.own(box.spare)
    box.tool("volume", "add", box.spare)
    return lost


def replaced(box, lost):
    kept = hashes(box.footage(box.data)[:-1])
    refused("it is not given up without a reason", box.replace(
        "--reason", "", "1", box.one), "why")
    refused("nor one that there never was", box.replace(
        "--reason", "broken", "7", box.one), "no further volume")
    refused("nor for a disk that is not mounted", box.replace(
        "--reason", "broken", "1", box.tmp / "web"), "mounted")
    say.test("then it is still waited for", box.volumes()[1]["state"] == "away"
             and len(box.volumes()) == 3, box.volumes())
    done = box.replace("--reason", "its motor stands still", "1", box.one)
    say.test("one command enrols the new one", done.returncode == 0 and
             b"given up" in done.stdout, done.stdout, done.stderr)
    now = box.volumes()
    say.test("it has a number of its own, and the lost one is gone",
             sorted(now) == [0, 2, 3] and now[3]["path"] == str(box.one) and
             now[3]["state"] == "ok", now)
    say.test("a disk that was added before the other broke stays what it is",
             now[2]["path"] == str(box.spare) and now[2]["state"] == "ok" and
             not box.footage(box.spare), now)
    # cam-1 keeps its volume until midnight; another camera takes the new one
    camera = box.camera("cam-2")
    box.add_camera("cam-2", camera.url)
    box.wait_recording("cam-2")
    say.test("P9 the next one is recorded on it", box.footage(box.one))
    say.test("P2 the footage of the other volume is untouched",
             kept == hashes(kept))

    def gaps():
        return [s for s in box.spans() if s["cause"] == "lost"]
    wait_for("the scrub has entered all of it", 60, lambda: not any(
        "away" in s["flags"] for s in box.spans()) and gaps(), 0.5)
    say.test("P7 what lay on the lost one is a gap with the cause lost",
             all(any(s["from"] <= local(began(p)) < s["to"]
                     for s in gaps()) for p in lost), gaps(),
             [stamp(began(p)) for p in lost])
    say.test("P7 with what was being written when it broke every second has "
             "one cause", contiguous(box.spans()), box.spans())
    people = box.client("daniyar")
    told = [e for e in people.get("/api/v1/ledger?first=0&count=200").json()
            ["entries"] if e["type"] == "volume-lost"]
    say.test("it is entered, with the reason", len(told) == 1 and
             told[0]["fields"]["reason"] == "its motor stands still" and
             told[0]["fields"]["volume-number"] == 1, told)
    say.test("nothing is away any more",
             box.tool_json("status")["storage"]["state"] == "ok")


def replaced_by_one_that_is_there(box):
    """Its disk is gone, too; what was enrolled already takes its place."""
    umount(box.spare)
    wait_for("volume 2 is away", 20,
             lambda: box.volumes()[2]["state"] == "away")
    kept = hashes(box.footage(box.one)[:-1])
    done = box.replace("--reason", "its cable was cut", "2", box.one)
    now = box.volumes()
    say.test("a disk that was added before may stand for one that breaks, "
             "and keeps its number", done.returncode == 0 and
             sorted(now) == [0, 3] and now[3]["path"] == str(box.one) and
             now[3]["state"] == "ok", done.stderr, now)
    say.test("P2 and what lies on it", kept and
             kept == hashes(list(kept)), len(kept))
    say.test("nothing is away any more, again",
             box.tool_json("status")["storage"]["state"] == "ok")


def local(t):
    """A second as the tool prints it, in the site's zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t + 5 * 3600)) + \
        ".999+05:00"


def contiguous(spans):
    return all(a["to"] == b["from"] for a, b in zip(spans, spans[1:]))


def watch(box, begin, end, title):
    wait_for("web finds storage", 30, box.web_ready)
    people = box.client("marat"), box.client("daniyar")
    ident = grant(box, people, "cam-2", begin, end)
    box.open_files(people[0], "marat", ident)
    answer = people[0].get("/media/%s/cam-2/run0.mp4" % ident)
    say.test(title, answer.status == 200 and b"moov" in answer.body[:4096] and
             len(answer.body) > 20000, answer.status, answer.body[:200])


def second_reader(box):
    """What the reader in Python says: status, text."""
    done = subprocess.run(
        ["/usr/bin/python3", "-B", ROOT / "tests/reader/saqta_reader.py",
         box.data], check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def check(box):
    """Without a key: what was lost with it is known, what else is not hidden."""
    done = box.tool("check", check=False)
    text = done.stdout.decode()
    say.test("saqta check names the volume that was given up, and what is left "
             "is whole", done.returncode == 0 and "given up as lost" in text and
             "were lost with volumes" in text and
             "whole: 0 changed, 0 missing" in text, done.returncode,
             text[-800:])
    status, text = second_reader(box)
    say.test("the reader in Python agrees: given up, and all else fits",
             status == 0 and "was given up" in text and
             "segments were lost with volumes" in text and
             "all fits" in text, status, text[-800:])
    gone = box.footage(box.two)[1]
    kept = gone.read_bytes()
    gone.unlink()
    done = box.tool("check", check=False)
    text = done.stdout.decode()
    say.test("P2 what is missing of another volume is missing all the same",
             done.returncode == 6 and gone.name in text and
             "incomplete: 0 changed, 1 missing" in text, done.returncode,
             text[-800:])
    status, text = second_reader(box)
    say.test("and it misses the same file", status == 1 and gone.name in text
             and "0 changed, 1 missing" in text, status, text[-800:])
    gone.write_bytes(kept)
    listed = box.data / "volumes"
    kept = listed.read_text()
    listed.write_text("".join(
        "3 %s -\n" % line.split()[1] if line.startswith("3 ") else line + "\n"
        for line in kept.splitlines()))
    done = box.tool("check", check=False)
    text = done.stdout.decode()
    say.test("P2 a list that calls a volume given up is not believed",
             done.returncode == 6 and "which no entry says" in text,
             done.returncode, text[-800:])
    status, text = second_reader(box)
    say.test("nor by the reader in Python", status == 1 and
             "which no entry says" in text, status, text[-800:])
    listed.write_text(kept)


def moves(box):
    """A new machine: nothing of the old one but volumes and the backup."""
    size = box.tool_json("status")["ledger"]["size"]
    box.root("backup", box.file)
    box.stop()
    move(box.one, box.two)
    box.conf.unlink()
    for name in ("web", "recorder", "copy", "run"):
        shutil.rmtree(box.tmp / name)
    for where in (box.data, box.two):
        subprocess.run(["chown", "-R", "4242:4242", where], check=True)
    # what the package makes there
    for name, owner in (("run", "storage"), ("copy", "storage"),
                        ("recorder", "recorder"), ("web", "web")):
        path = box.tmp / name
        path.mkdir()
        path.chmod(0o755 if name == "run" else 0o700)
        os.chown(path, box.users[owner].pw_uid, box.users[owner].pw_gid)
    box.root("restore", "--identity", box.paper, "--without-missing", box.file)
    user = box.users["storage"]
    tried = subprocess.run(
        [box.bin / "saqta-storage", "--config", box.conf],
        capture_output=True, text=True, timeout=30, check=False,
        env=box.env, user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    say.test("a disk with another machine's users is named, with the command",
             tried.returncode == 1 and "chown -R saqta-storage:" in
             tried.stderr, tried.stderr)
    # what systemd-tmpfiles leaves of it: the directory alone is storage's
    os.chown(box.data, user.pw_uid, user.pw_gid)
    tried = subprocess.run(
        [box.bin / "saqta-storage", "--config", box.conf],
        capture_output=True, text=True, timeout=30, check=False,
        env=box.env, user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    say.test("so is one of which the directory alone was made storage's",
             tried.returncode == 1 and "chown -R saqta-storage:" in
             tried.stderr and "saqta init" not in tried.stderr, tried.stderr)
    for where in (box.data, box.two):
        subprocess.run(["chown", "-R", "%d:%d" % (user.pw_uid, user.pw_gid),
                        where], check=True)
    box.start()
    say.test("its further volume is looked for where it was",
             box.volumes()[3]["state"] == "away", box.volumes())
    box.tool("volume", "add", box.two)
    wait_for("it is found at its new mount point", 20, lambda:
             box.volumes()[3]["state"] == "ok" and
             box.volumes()[3]["path"] == str(box.two))
    say.test("a volume that stands elsewhere is told by volume add", True)
    told = box.tool_json("status")
    say.test("P2 the same log goes on, nothing waits for a custodian",
             told["ledger"]["epoch"] == 1 and told["ledger"]["confirmed"] and
             told["ledger"]["size"] > size and
             told["retention"]["alarm"] is None, told)
    box.wait_recording(CAMERA)
    box.wait_recording("cam-2")
    say.test("P9 the new machine records, with the cameras' passwords", True)


def main():
    if os.geteuid():
        say.skip("a broken volume is replaced", "needs root")
        return
    with Box() as box:
        box.tool("volume", "add", box.one)
        camera = box.camera(CAMERA)
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        lost = breaks(box)
        replaced(box, lost)
        wait_for("a whole segment on the new one", 60,
                 lambda: len(box.footage(box.one)) > 2)
        replaced_by_one_that_is_there(box)
        begin = began(box.footage(box.one)[1])
        watch(box, begin, begin + 4, "P5 footage of the new volume is watched")
        moves(box)
        watch(box, begin, begin + 4,
              "P5 old footage is watched on the new machine")
        box.stop()
        check(box)


say.main(main)
