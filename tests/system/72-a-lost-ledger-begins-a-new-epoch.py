#!/usr/bin/python3
# timeout: 240
"""A ledger that is set back or lost (P2): the box goes on recording, begins a
new epoch of its log, names what is missing, and erases nothing until a
custodian confirms. The log's key changes in between.
"""
import json
import shutil
import sqlite3
import subprocess
import time

from lib import say
from lib.appliance import FIRST, PEOPLE, ROOT, Appliance, wait_for
from lib.package import V1, Package, grant, prepare

CAMERA = "cam-1"
EPOCH_SHIFT = 48  # DESIGN.md: (epoch - 1) x 2^48 + index
SECOND = "daniyar"  # codes are good once: acts are shared
NO_CODE = "\n000000\n"


def ledger(box):
    return box.tool_json("status")["ledger"]


def check(box):
    done = box.tool("check", "--data", box.data, "--json", check=False,
                    config=False)
    return done.returncode, json.loads(done.stdout)


def reader(box):
    done = subprocess.run(
        ["/usr/bin/python3", "-B", ROOT / "tests/reader/saqta_reader.py",
         box.data, "--json"], stdout=subprocess.PIPE, timeout=60)
    return json.loads(done.stdout)


def findings(told, kind):
    return [f for f in told["findings"] if f["kind"] == kind]


def recorded(box):
    """One more segment than there is now is begun."""
    count = len(box.segments(CAMERA))
    wait_for("recording goes on", 40,
             lambda: len(box.segments(CAMERA)) > count)


def copied(box):
    """The copy has what the checkpoint covers."""
    size = ledger(box)["size"]
    note = box.tmp / "copy" / "ledger" / "checkpoint"

    def there():
        return note.exists() and int(note.read_text().split("\n")[1]) >= size
    wait_for("the copy has %d entries" % size, 40, there)
    return size


def changed_key(box):
    refused = box.tool("ledger", "rotate", "--by", FIRST, "-",
                       stdin="not his password" + NO_CODE, check=False)
    say.test("a wrong password changes no key of the log",
             refused.returncode == 1, refused.stderr.decode())
    auditor = box.tool("ledger", "rotate", "--by", "marat", "-",
                       stdin=PEOPLE["marat"][2] + NO_CODE, check=False)
    say.test("P6 an auditor changes no key of the log",
             auditor.returncode == 1, auditor.stderr.decode())
    box.tool("ledger", "rotate", "--by", SECOND, "-",
             stdin=box.credential(SECOND))
    status, told = check(box)
    say.test("P10 after a change of the log's key all fits", status == 0,
             told["findings"][:5])
    told = reader(box)
    say.test("P10 the reader in Python follows the change",
             told["summary"]["whole"], told["findings"][:5])


def lose(box, title, epoch, do):
    """Storage is stopped, do() is done to the disk, storage starts again."""
    known = copied(box)
    box.stop("storage")
    do()
    box.start("storage")
    told = ledger(box)
    say.test("P2 %s: a new epoch that waits for a custodian" % title,
             told["epoch"] == epoch and told["confirmed"] is False, told)
    recorded(box)
    say.test("P2 %s: the box goes on recording" % title, True)
    status, told = check(box)
    missing = [f["text"] for f in findings(told, "missing")]
    say.test("P10 %s: saqta check names what is missing" % title,
             status == 6 and any("were lost" in t for t in missing) and
             not findings(told, "changed"), status, told["findings"][:9])
    told = reader(box)
    say.test("P10 %s: so does the reader in Python" % title,
             any("were lost" in f["text"] for f in findings(told, "missing"))
             and not findings(told, "changed"), told["findings"][:9])
    return known


def confirm(box):
    refused = box.tool("ledger", "confirm", "--by", "marat", "-",
                       stdin=PEOPLE["marat"][2] + NO_CODE, check=False)
    say.test("P6 an auditor confirms no epoch", refused.returncode == 1 and
             not ledger(box)["confirmed"], refused.stderr.decode())
    box.tool("ledger", "confirm", "--by", FIRST, "-",
             stdin=box.credential(FIRST))
    say.test("P2 a custodian confirms the epoch", ledger(box)["confirmed"])
    twice = box.tool("ledger", "confirm", "--by", FIRST, "-",
                     stdin=PEOPLE[FIRST][2] + NO_CODE, check=False)
    say.test("an epoch is confirmed once", twice.returncode == 1)
    box.stop("storage")
    box.start("storage")
    told = ledger(box)
    say.test("P2 the confirmation lasts", told["confirmed"] and
             told["epoch"] == 2, told)


def entered_before_a_crash(box):
    """A crash between a segment's entry and its row, in a later epoch: the
    row names that entry by its number, not by its index in the new log.
    """
    recorded(box)
    box.stop("storage")
    index = sqlite3.connect(box.data / "index.db")
    newest = index.execute(
        "SELECT seq, entry FROM segment WHERE camera = ? AND state = 3 AND "
        "entry >= ? ORDER BY seq DESC LIMIT 1",
        (CAMERA, 1 << EPOCH_SHIFT)).fetchone()
    index.execute("UPDATE segment SET state = 1, entry = -1 WHERE "
                  "camera = ? AND seq = ?", (CAMERA, newest[0]))
    index.commit()
    index.close()
    box.start("storage")
    index = sqlite3.connect(box.data / "index.db")
    again = index.execute(
        "SELECT seq, entry FROM segment WHERE camera = ? AND seq = ?",
        (CAMERA, newest[0])).fetchone()
    index.close()
    say.test("P8 in a later epoch recovery finds a segment's entry by its "
             "number", again == newest, again, newest)


def exported(box, ident):
    """Asked for and approved before the epoch, exported after it: footage,
    gap, request, decision and names stand in the former log alone.
    """
    wait_for("web finds storage again", 30, box.web_ready)
    marat = box.client("marat")
    told = prepare(box, marat, ident)
    package = Package(box, marat.get("/media/exports/" + told["id"]).body,
                      box.tool("policy").stdout.decode())
    m = package.manifest
    say.test("P10 a package rests on the former epoch's log",
             m["request"].get("epoch") == 1 and
             m["request"].get("decision_epoch") == 1 and
             {s.get("epoch") for s in m["segments"]} == {1}, m["request"],
             m["segments"][:1])
    say.test("P10 its gap names the former log's entry",
             m["gaps"][0]["cause"] == "switched-off" and
             {g.get("epoch") for g in m["gaps"]} == {1}, m["gaps"])
    _, said, _ = package.judged("of a former epoch", package.body, 0,
                                browsers=("chromium", "firefox"))
    people = said["claims"][3]
    say.test("P10 who asked and who decided is proven, with their names",
             people["answer"] == "proven" and
             PEOPLE["marat"][0] in people["text"] and
             PEOPLE["daniyar"][0] in people["text"], people)


def lost_for_good(box, ident):
    """The log that had the request is gone, with the one after it."""
    answer = box.client("marat").post(
        V1 + "requests/%s/exports" % ident, {"password": PEOPLE["marat"][2]})
    told = answer.json()
    say.test("P10 what a lost ledger knew makes no package, and why is said",
             answer.status == 409 and told["type"].endswith("unproven") and
             "ask for that footage anew" in told["detail"], answer.body)


def approved(box):
    """Footage around a gap, asked for and granted in the first epoch."""
    begin = time.time() - 2
    box.tool("camera", "disable", CAMERA)
    time.sleep(1)
    box.tool("camera", "enable", CAMERA)
    box.wait_recording(CAMERA)
    end = time.time() - 1
    recorded(box)
    recorded(box)
    people = box.client("marat"), box.client("daniyar")
    ident = grant(box, people, CAMERA, begin, end)
    copied(box)
    return ident


def story():
    with Appliance() as box:
        camera = box.camera(CAMERA)
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        ident = approved(box)
        here, before = box.data / "ledger", box.tmp / "before"
        shutil.copytree(here, before)
        changed_key(box)
        recorded(box)

        def set_back():
            owner = here.stat()
            shutil.rmtree(here)
            shutil.copytree(before, here)
            for path in [here, *here.rglob("*")]:
                shutil.chown(path, owner.st_uid, owner.st_gid)
        known = lose(box, "a ledger from a backup", 2, set_back)
        named = [f["text"] for f in findings(check(box)[1], "missing")]
        say.test("P10 the newest entry that was known is named",
                 any("to %d were lost" % (n - 1) in t for t in named
                     for n in range(known, known + 200)), named)
        confirm(box)
        exported(box, ident)
        entered_before_a_crash(box)
        lose(box, "no ledger at all", 3, lambda: shutil.rmtree(here))
        lost_for_good(box, ident)


say.main(story)
