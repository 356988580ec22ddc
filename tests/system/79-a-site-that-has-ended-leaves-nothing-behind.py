#!/usr/bin/python3
# timeout: 200
"""saqta destroy: never footage within its term, none that is held, none that
nobody knows (P2, P4), and nothing before the name was typed; then keys first,
and all that Saqta has on its volumes."""
import contextlib
import datetime
import hashlib
import os
import re
import sqlite3
import subprocess

from lib import say
from lib.months import Months, S, due, midnight
from lib.mounts import mount, umount

CAMERA, ORIGIN = "cam-1", "demo.saqta.invalid/box1"
FIRST_DAY = datetime.date(2026, 8, 28)


class Site(Months):
    """A data volume, and a further one with more room."""

    def set_up(self):
        self.more = self.tmp / "more"
        for path, mb in ((self.data, 200), (self.more, 300)):
            mount(path, mb)
        user = self.users["storage"]
        os.chown(self.more, user.pw_uid, user.pw_gid)
        super().set_up()

    def __exit__(self, *error):
        self.stop(cameras=True)
        umount(self.more, self.data)
        super().__exit__(*error)

    def present(self):
        """{file: its bytes' hash} of both volumes, databases apart."""
        return {p: hashlib.sha256(p.read_bytes()).hexdigest()
                for where in (self.data, self.more) for p in
                where.rglob("*") if p.is_file() and ".db" not in p.name and
                p.name not in ("checkpoint", "holds")}

    def footage(self):
        return [p for p in self.more.rglob("*.mp4.age")]

    def destroy(self, typed=ORIGIN):
        """As root, at the console."""
        return subprocess.run(
            [self.bin / "saqta", "destroy", "--config", self.conf, "-"],
            input=typed + "\n", capture_output=True, text=True, env=self.env,
            timeout=60, check=False)


def refused(box, title, says, **more):
    before = box.present()
    done = box.destroy(**more)
    say.test(title, done.returncode == 1 and says in done.stderr and
             box.present() == before, done.returncode, done.stdout,
             done.stderr)


def within_its_term(box):
    for hour in (9, 15):
        box.wait_until(midnight(box.tz, FIRST_DAY) + hour * 3600 * S)
        box.record(CAMERA)
    box.sealed()
    placed = box.act("hold", "place", "--by", "marat", "--camera", CAMERA,
                     "--from", "2026-08-28T14:00:00+05:00", "--to",
                     "2026-08-28T16:00:00+05:00", "--reason", "dispute",
                     "--case", "K-1", user="marat").stdout.decode()
    refused(box, "while storage runs nothing is destroyed",
            "stop saqta-storage first")
    box.stop("storage")
    refused(box, "P2 footage within its term is not destroyed, whatever is "
            "typed", "are within their term")
    begun = box.data / "destroying"     # as if it had ended before any key
    begun.write_text("%s %s\n" % (ORIGIN, re.search(
        r"created (\d+)", (box.data / "site").read_text())[1]))
    refused(box, "P2 nor where it was begun once, and every key is there",
            "are within their term")
    begun.unlink()
    say.test("and storage goes on with it afterwards", not box.start("storage")
             and len(box.footage()) == 2)
    return placed.split()[1]


def held(box, hold):
    box.wait_until(due(box.tz, box.sent[CAMERA][-1][2]) + 60 * S)
    box.sweep()
    say.test("P3 P4 after the term what is held is left",
             len(box.footage()) == 1, box.footage())
    box.stop("storage")
    refused(box, "P4 what is held is not destroyed", "others are held")
    box.start("storage")
    box.act("hold", "release", "--by", "aigul", "--hold", hold, "--reason",
            "closed", user="aigul")
    box.stop("storage")


def unknown(box):
    path, = box.footage()
    other = path.with_name(path.name.replace("-0000", "-0099"))
    other.write_bytes(path.read_bytes())
    refused(box, "P2 footage that the index does not know is not destroyed",
            "not known to the index")
    other.unlink()


def disagreed(box):
    """An index that somebody edited is no proof of what was promised."""
    index = box.data / "index.db"
    was = index.read_bytes()
    with contextlib.closing(sqlite3.connect(index)) as db:
        db.execute("UPDATE segment SET entry = 0")
        db.commit()
    refused(box, "P2 where index and ledger disagree nothing is destroyed",
            "index and ledger disagree")
    index.write_bytes(was)


def word(box):
    for typed in ("", "yes", ORIGIN + "x", ORIGIN[:-1]):
        refused(box, "%r is not the name of the log" % typed,
                "nothing was changed", typed=typed)
    done = subprocess.run(
        [box.bin / "saqta", "destroy", "--config", box.conf],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=box.env,
        timeout=60, check=False)
    say.test("without a console nothing is destroyed by accident",
             done.returncode == 1 and "console" in done.stderr, done.stderr)


def destroyed(box):
    """It breaks off in the middle, and is gone on with."""
    own = box.data / "notes.txt"
    own.write_text("of root\n")
    held_open = [open(p, "rb") for where in (box.data, box.more) for p in
                 sorted((where / "keyring").glob("kek*"))]
    held_open.append(open(box.data / "ledger" / "log.key", "rb"))
    checkpoint = (box.data / "ledger" / "checkpoint").read_text()
    root = box.more / "footage" / CAMERA
    mount(root, 1)	# which nobody removes
    root.chmod(0o777)
    done = box.destroy()
    say.test("where a file cannot go it says so, with the keys gone already",
             done.returncode == 1 and "the keys are gone" in done.stderr,
             done.stdout, done.stderr)
    say.test("every key is overwritten in place", all(
        f.seek(0) == 0 and not f.read().strip(b"\0") for f in held_open))
    say.test("the record has the log's name and its last checkpoint, signed",
             "log      " + ORIGIN in done.stdout and
             checkpoint.split("\n")[0] in done.stdout and
             "\u2014 " + ORIGIN in done.stdout, done.stdout)
    say.test("and what was there: one segment, due and not held",
             "footage  1 segments" in done.stdout, done.stdout)
    subprocess.run(["umount", root], check=True)
    refused_again = box.destroy("no")
    say.test("to go on the name is asked for as well",
             refused_again.returncode == 1 and
             "nothing was changed" in refused_again.stderr,
             refused_again.stderr)
    done = box.destroy()
    say.test("then it is gone on with to the end", done.returncode == 0 and
             "gone on with" in done.stdout, done.stdout, done.stderr)
    left = [p for where in (box.data, box.more) for p in where.iterdir()]
    say.test("nothing of Saqta is left, and what is not its own stays",
             left == [own], left)
    say.test("what it cannot destroy is named",
             all(w in done.stdout for w in ("backups", "paper", "flash")))
    done = box.destroy()
    say.test("there is no site any more", done.returncode == 1 and
             str(box.data) in done.stderr, done.stderr)


def main():
    if os.geteuid():
        say.skip("a site is destroyed", "needs root")
        return
    with Site("2026-08-28 08:00:00") as box:
        box.add_people()
        box.tool("volume", "add", box.more)
        box.add_camera(CAMERA, "rtsp://127.0.0.1:1/none")
        hold = within_its_term(box)
        held(box, hold)
        unknown(box)
        disagreed(box)
        word(box)
        destroyed(box)


say.main(main)
