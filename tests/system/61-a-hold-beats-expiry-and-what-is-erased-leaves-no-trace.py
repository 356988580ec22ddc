#!/usr/bin/python3
# timeout: 200
"""P3, P4: holds against expiry, and what a raw disk shows afterwards.

The data directory is an ext4 of its own where loop mounts are allowed, so that
the image holds free blocks, the database's log and old keyrings as well.
"""
import base64
import datetime
import os
import sqlite3
import subprocess

from lib import say
from lib.appliance import PEOPLE, Failed, wait_for
from lib.footage import age
from lib.keys import from_bech32, keyring_lines, slots
from lib.memory import memory_of
from lib.months import DAY, Months, S, midnight
from lib.package import begin

SIZE_MB = 200
HELD = datetime.date(2026, 8, 29)


class Image(Months):
    """The data directory is a file system in a file."""

    def set_up(self):
        self.image = self.tmp / "volume"
        self.data.mkdir()
        with open(self.image, "wb") as f:
            f.truncate(SIZE_MB << 20)
        subprocess.run(["mkfs.ext4", "-q", self.image], check=True)
        self.mounted = subprocess.run(
            ["mount", "-o", "loop", self.image, self.data], check=False,
            capture_output=True).returncode == 0
        super().set_up()

    def raw(self):
        """Every byte of the disk as it is now, written back first."""
        if not self.mounted:
            return b"".join(p.read_bytes() for p in self.data.rglob("*")
                            if p.is_file())
        subprocess.run(["sync", "-f", self.data], check=True)
        with open("/proc/sys/vm/drop_caches", "w") as f:
            f.write("3")
        return self.image.read_bytes()

    def __exit__(self, *error):
        self.stop(cameras=True)
        subprocess.run(["umount", "-l", self.data], check=False,
                       capture_output=True)
        super().__exit__(*error)


def keyring(box):
    """{(camera, day): line} by plain age, with whichever slot counts."""
    return {(l["day"]["camera"], l["day"]["date"]): l["day"]
            for l in keyring_lines(*slots(box)) if "day" in l}


def wraps(ring, keys):
    """The wrapped keys of some days, as bytes."""
    return [base64.b64decode(w) for key in keys for w in ring[key]["wrapped"]]


def kek(box):
    """The secret key that opens the keyring now."""
    return next(line for name in ("kek", "kek-b")
                if (box.data / "keyring" / name).exists()
                for line in (box.data / "keyring" / name).read_text(
                    errors="replace").splitlines()
                if line.startswith("AGE-SECRET-KEY-1")).encode()


def in_memory(box, secrets):
    """Those that storage has in its memory; root may look."""
    pid = box.processes["storage"].pid
    return [] if os.geteuid() else [
        s for part in memory_of(pid) for s in secrets if s in part]


def by_plain_age(box, path, seq):
    """A held segment: its header out of the keyring, then its file."""
    day = keyring(box)[path.parts[-5], "-".join(path.parts[-4:-1])]
    identity, whole = age(box.paper.read_text(),
                          base64.b64decode(day["wrapped"][0]))
    header = base64.b64decode(dict(day["held"])[seq])
    sealed = path.read_bytes()
    _, old_road = age(identity.decode(), sealed)
    plain, opens = age(identity.decode(), header + sealed[len(header):])
    return plain if whole and opens and not old_road else b""


def shown(journal, raw):
    """How many of its records stand on the raw disk."""
    return sum(journal[i:i + 256] in raw for i in range(0, len(journal), 256))


def row_shown(box):
    """How often the row of cam-1's second segment stands in the index, its
    log, its free pages."""
    row = b"cam-1" + bytes([2]) + b"2026-08-28"
    return sum(p.read_bytes().count(row) for p in box.data.glob("index.db*"))


def iso(box, ns):
    return datetime.datetime.fromtimestamp(
        ns / S, box.tz).isoformat(timespec="seconds")


def record(box, day):
    begin = midnight(box.tz, day)
    for hour, cameras in ((9, ("cam-1", "cam-2")), (15, ("cam-1", "cam-2")),
                          (18, ("cam-1",) if day == HELD else ())):
        box.wait_until(begin + hour * 3600 * S)
        for camera in cameras:
            box.record(camera)
    box.sealed()


def operations(box):
    """Withdrawals in the footage: of a day, a held hour, an evening, a hold
    without an end."""
    lines = ["atm,time,kind,amount,reference"]
    for name, day, hour in (("day", 28, 9), ("held", 29, 9), ("evening", 29, 18),
                            ("open", 30, 9)):
        at = midnight(box.tz, datetime.date(2026, 8, day)) + hour * 3600 * S
        lines.append("417,%s,withdrawal,5000,%s" % (iso(box, at), name))
    path = box.tmp / "operations.csv"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
    box.tool("transactions", "import", "--rules", "csv", path)


def operations_left(box):
    db = sqlite3.connect("file:%s/transactions.db?mode=ro" % box.data,
                         uri=True)
    try:
        return {r[0] for r in db.execute("SELECT reference FROM txn")}
    finally:
        db.close()


def refused(box, *args, user):
    try:
        box.act(*args, user=user)
    except Failed as error:
        return str(error)
    return ""


def over_https(box):
    """The pages' way: an auditor places, a custodian releases with a code."""
    box.start("web")
    marat, aigul = box.client("marat"), box.client("aigul")
    body = {"cameras": ["cam-1"], "from": iso(box, box.now()), "to": "",
            "review": iso(box, box.now() + 90 * DAY), "reason": "robbery",
            "case": "K-9"}
    placed = marat.post("/api/v1/holds", body)
    say.test("P4 an auditor holds what is still to come, open-ended",
             placed.status == 201, placed.status, placed.body)
    ident = placed.json()["id"]
    seen = [h for h in aigul.get("/api/v1/holds").json()["holds"]
            if h["id"] == ident]
    say.test("a custodian sees it with its reason and review date",
             len(seen) == 1 and seen[0]["to"] is None and
             seen[0]["reason"] == "robbery" and seen[0]["review"] and
             seen[0]["may_release"], seen)
    path = "/api/v1/holds/%d/release" % ident
    say.test("P4 releasing takes a custodian, a reason and his code",
             marat.post(path, {"reason": "gone", "password": "x" * 12}).status
             == 403 and aigul.post(path, {"reason": "", "password": PEOPLE[
                 "aigul"][2]}).status == 422)
    done = aigul.post(path, {"reason": "case closed",
                             "password": PEOPLE["aigul"][2],
                             "code": box.code("aigul")})
    say.test("P4 and then it is released", done.status == 200 and not any(
        h["id"] == ident for h in aigul.get("/api/v1/holds").json()["holds"]),
        done.status, done.body)
    box.stop("web")


def decided(box, begin, end):
    """One asks for minutes, with the right to export; a custodian grants."""
    marat, aigul = box.client("marat"), box.client("aigul")
    body = {"from": iso(box, begin), "to": iso(box, end), "cameras": ["cam-1"],
            "reason": "dispute", "case": "K-1", "right": "export",
            "longer": "It took hours"}
    ident = marat.post("/api/v1/requests", body).json()["id"]
    done = aigul.post("/api/v1/requests/%s/decision" % ident, {
        "verdict": "approve", "from": body["from"], "to": body["to"],
        "cameras": ["cam-1"], "reason": "known", "password": PEOPLE["aigul"][2],
        "code": box.code("aigul")})
    assert done.status == 200, done.body
    held = [h for h in aigul.get("/api/v1/holds").json()["holds"]
            if h["request"] == ident]
    say.test("P4 nobody is offered to release what an open request holds",
             len(held) == 1 and not held[0]["may_release"], held)
    return marat, aigul, ident


def exported(box, marat, ident):
    """What saqta verify says of a package of it; its exit status."""
    told = begin(box, marat, ident)
    wait_for("the package is ready", 60, lambda: any(
        x["id"] == told.json()["id"] and x["state"] == "ready"
        for x in marat.get("/api/v1/exports").json()["exports"]))
    package = box.tmp / "package.zip"
    package.write_bytes(marat.get(
        "/media/exports/" + told.json()["id"]).body)
    package.chmod(0o644)
    return subprocess.run([box.bin / "saqta", "verify", package],
                          capture_output=True, check=False).returncode


def new_key_at_a_decision(box, was, morning):
    """P3: the day's key dies; what holds keep is as good as before."""
    day, old_kek = ("cam-1", "2026-08-29"), kek(box)
    path = next((box.data / "footage/cam-1/2026/08/29").glob(
        "*-00000003.mp4.age"))
    bytes_before = path.read_bytes()
    box.start("web")
    marat, aigul, ident = decided(box, morning - 60 * S, morning + 60 * S)
    wait_for("the day has another key", 20, lambda: keyring(box)[day][
        "recipient"] != was[day]["recipient"])
    raw = box.raw()
    say.test("P3 the next decision destroys the key of a partly held day",
             not any(w[:200] in raw for w in wraps(was, [day])) and
             (not box.mounted or old_kek not in raw) and
             len(keyring(box)) == len(was))
    say.test("P4 and keeps the two segments that are held, their files as "
             "they were", [seq for seq, _ in keyring(box)[day]["held"]] ==
             [3, 4] and path.read_bytes() == bytes_before)
    say.test("the paper key and plain age open them",
             by_plain_age(box, path, 3)[4:8] == b"ftyp")
    told = [e for e in aigul.get("/api/v1/ledger?first=%d&count=200" % max(
        0, aigul.get("/api/v1/ledger?first=0&count=1").json()["size"] - 200)
        ).json()["entries"] if e["type"] == "held-keys"]
    say.test("P3 the entry names camera, day and the new key",
             len(told) == 1 and told[0]["fields"]["camera"] == "cam-1" and
             told[0]["fields"]["recipient"] == keyring(box)[day]["recipient"],
             told)
    # this grant was made by the old key; the next one by held headers
    for again in (ident, decided(box, morning - 60 * S, morning + 60 * S)[2]):
        shown_ = marat.get("/media/%s/cam-1/3/0" % again)
        say.test("P4 held footage plays", shown_.status == 200 and
                 b"mdat" in shown_.body, shown_.status, shown_.body[:200])
    say.test("P4 it is exported, and the package is consistent",
             exported(box, marat, again) == 7)
    say.test("one decision was enough", len(told) == 1 and len([
        e for e in aigul.get("/api/v1/ledger?first=%d&count=200" % max(
            0, aigul.get("/api/v1/ledger?first=0&count=1").json()["size"] -
            200)).json()["entries"] if e["type"] == "held-keys"]) == 1)
    box.stop("web")


def story():
    with Image("2026-08-28 08:00:00") as box:
        box.add_people()
        for camera in ("cam-1", "cam-2"):
            box.add_camera(camera, "rtsp://127.0.0.1:1/none")
        for day in (28, 29, 30):
            record(box, datetime.date(2026, 8, day))
        operations(box)
        over_https(box)
        morning = midnight(box.tz, HELD) + 9 * 3600 * S
        # of cam-1 two of three segments of a day; and all of cam-2 from then on
        told = box.act("hold", "place", "--by", "marat", "--camera", "cam-1",
                       "--from", iso(box, morning - 60 * S), "--to",
                       iso(box, morning + 60 * S), "--reason", "dispute",
                       "--case", "K-1", user="marat").stdout.decode()
        hold = told.split()[1]
        done = box.tool("hold", "place", "--by", "marat", "--camera", "cam-1",
                        "--camera", "cam-2", check=False)
        say.test("P4 an option that stands there twice is no hold of half",
                 done.returncode == 2 and b"--camera stands there twice" in
                 done.stderr, done.stderr)
        noon = box.act("hold", "place", "--by", "marat", "--camera", "cam-1",
                       "--from", iso(box, morning + 5 * 3600 * S), "--to",
                       iso(box, morning + 6 * 3600 * S + 60 * S), "--reason",
                       "another", "--case", "K-3",
                       user="marat").stdout.decode().split()[1]
        other = box.act("hold", "place", "--by", "daniyar", "--camera",
                        "cam-2", "--from", iso(box, midnight(
                            box.tz, datetime.date(2026, 8, 30))),
                        "--reason", "open end", "--case", "K-2",
                        user="daniyar").stdout.decode().split()[1]
        damaged = box.data / "transactions.db.damaged"
        damaged.write_bytes(b"a withdrawal that nobody can read " * 99)
        owner = box.data.stat()
        os.chown(damaged, owner.st_uid, owner.st_gid)
        os.utime(damaged, ns=(box.now(), box.now()))
        before, first_kek = keyring(box), kek(box)
        journal = (box.data / "footage/cam-2/2026/08/29/journal").read_bytes()
        header = {int(p.name.split("-")[1].split(".")[0]): p.read_bytes()[:160]
                  for p in (box.data / "footage/cam-1/2026/08/29").glob(
                      "*.mp4.age")}
        say.test("the raw disk shows the journal's records before",
                 shown(journal, box.raw()) == len(journal) // 256)
        say.test("and the index a segment's row", row_shown(box) > 0)

        box.stop("storage")
        (box.data / "holds").unlink()
        box.start("storage")
        box.wait_until(midnight(box.tz, datetime.date(2027, 3, 1)) - 8000 * S)
        box.sweep()
        files, _ = box.present()
        say.test("P2 on the day before nothing is gone", len(files) == 13,
                 files)
        # the sweep of this hour finds nothing; the next begins well after
        # midnight, so that what is due can be looked at before it goes
        box.wait_until(midnight(box.tz, datetime.date(2027, 3, 1)) - 700 * S)
        box.settle()
        box.wait_until(midnight(box.tz, datetime.date(2027, 3, 1)) + S)
        due = box.due()
        box.sweep()
        files, rows = box.present()
        held = {("cam-1", 3), ("cam-1", 4), ("cam-2", 5), ("cam-2", 6)}
        say.test("P4 what is held stays, without the copy of the holds, and "
                 "all else is gone", files == held == rows, files, due)
        say.test("saqta retention due told it before",
                 due["segments"] == 9 and due["held"] == 4 and
                 {(d["camera"], d["day"]): d["method"] for d in due["days"]}
                 [("cam-1", "2026-08-29")] == "headers", due)

        told = box.tool_json("forecast")
        say.test("P4 the forecast knows what holds keep",
                 told["held_bytes"] > 0 and told["footage_bytes"] >=
                 told["held_bytes"], told)

        after, raw = keyring(box), box.raw()
        say.test("P3 the keys of whole days are gone, those of held ones stay",
                 set(before) - set(after) >= {("cam-1", "2026-08-28"),
                                              ("cam-2", "2026-08-29")} and
                 ("cam-1", "2026-08-29") in after, sorted(after))
        say.test("P3 no row of an erased segment is in the index, its log or "
                 "its free pages", row_shown(box) == 0, row_shown(box))
        say.test("P3 no plain journal of an erased day is on the raw disk",
                 shown(journal, raw) == 0, shown(journal, raw))
        gone = wraps(before, set(before) - set(after))
        say.test("P3 no wrapped key of an erased day is on the raw disk",
                 gone and not any(w[:200] in raw for w in gone) and
                 not any(base64.b64encode(w)[:200] in raw for w in gone))
        say.test("P3 nor in storage's memory, nor the former kek",
                 not in_memory(box, [base64.b64encode(w)[:200] for w in gone] +
                               [w[:200] for w in gone] +
                               [first_kek, from_bech32(first_kek.decode())]))
        say.test("P3 an overwritten header is not on the raw disk, that of "
                 "held footage is", header[3] in raw and header[4] in raw and
                 (header[5] not in raw or not box.mounted))
        entries = box.index("SELECT camera, day, method, entry FROM erasure "
                            "ORDER BY day, camera")
        say.test("P3 entries say how: five camera-days, one by headers",
                 len(entries) == 5 and
                 [e[:3] for e in entries if e[2] == 2] ==
                 [("cam-1", "2026-08-29", 2)] and
                 all(e[3] > 0 for e in entries), entries)

        say.test("P4 an auditor releases nothing", "role" in refused(
            box, "hold", "release", "--by", "marat", "--hold", hold,
            "--reason", "I want it gone", user="marat"))
        say.test("P4 nobody releases his own hold", "own hold" in refused(
            box, "hold", "release", "--by", "daniyar", "--hold", other,
            "--reason", "no longer", user="daniyar"))

        new_key_at_a_decision(box, after, morning)
        old_kek = kek(box)
        box.act("hold", "release", "--by", "daniyar", "--hold", noon,
                "--reason", "settled", user="daniyar")
        box.sweep()
        files, _ = box.present()
        raw = box.raw()
        say.test("P3 a held segment that is released goes with its own key, "
                 "at once", files == held - {("cam-1", 4)} and
                 [seq for seq, _ in keyring(box)["cam-1", "2026-08-29"]["held"]]
                 == [3] and (not box.mounted or old_kek not in raw), files)
        wait_for("P3 transactions go with their footage, P4 held ones stay",
                 30, lambda: operations_left(box) == {"held", "open"})
        say.test("P3, P4 transactions go with their footage, unless held",
                 True)
        old_kek = kek(box)
        box.act("hold", "release", "--by", "daniyar", "--hold", hold,
                "--reason", "settled", user="daniyar")
        say.test("the list shows the other one, and those of requests", [
            str(h["id"]) for h in box.tool_json("hold", "list")["holds"]
            if not h["request"]] == [other])
        # what was asked for is held until 30 days after the approval's end
        box.wait_until(box.now() + 38 * DAY)
        box.settle()
        box.sweep()
        files, _ = box.present()
        say.test("P3 no held key is left where none is held",
                 not any(d.get("held") for d in keyring(box).values()) and
                 (not box.mounted or old_kek not in box.raw()))
        say.test("P3 released, it goes with its key and its journal",
                 files == {("cam-2", 5), ("cam-2", 6)} and
                 ("cam-1", "2026-08-29") not in keyring(box) and
                 not (box.data / "footage/cam-1/2026/08").exists(), files)
        check = box.tool("check", check=False)
        say.test("P2, P4 check finds every promise kept",
                 check.returncode == 0, check.stdout.decode()[-900:])

        say.test("P4 a damaged file of transactions stays while a hold reaches "
                 "back to it", damaged.exists())
        # a crash in the middle, wherever that is: the next start goes on
        box.act("hold", "release", "--by", "aigul", "--hold", other,
                "--reason", "settled", user="aigul")
        box.mono += 3601 * S
        box.wall += 3601 * S
        box._put()
        box.processes["storage"].kill()
        box.start("storage")
        box.settle()

        def gone():
            box.sweep()
            return not box.present()[0] and not box.present()[1] and \
                not operations_left(box)
        wait_for("P3 after a kill -9 the erasure is taken up", 60, gone)
        wait_for("the damaged file is gone", 30, lambda: not damaged.exists())
        say.test("P3 a damaged file of transactions goes after its term, and "
                 "leaves no trace", b"that nobody can read" not in box.raw())
        check = box.tool("check", check=False)
        say.test("P3 after a kill -9 the erasure is taken up and proved",
                 check.returncode == 0, check.stdout.decode()[-900:])


say.main(story)
