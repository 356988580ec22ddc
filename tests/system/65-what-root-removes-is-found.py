#!/usr/bin/python3
# timeout: 240
"""D7: what is removed or changed outside of Saqta is found, entered, shown; an
outsider is told which claim falls. Root may replace a file by one that opens,
cut a journal, edit entries and sign them with the log's key, erase early.
"""
import base64
import datetime
import hashlib
import json
import shutil
import struct
import subprocess
import sys
import time

from lib import say
from lib.appliance import PEOPLE, ROOT, Appliance, wait_for
from lib.footage import open_segment, run
from lib.package import begin as export_of

sys.path.insert(0, str(ROOT / "tests" / "reader"))
import saqta_reader  # noqa: E402

CAMERA = "cam-1"


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def lost_gaps(box):
    told = box.tool_json("coverage", "--camera", CAMERA, "--from",
                         stamp(box.began), "--to", stamp(time.time()))
    return [s for s in told["cameras"][0]["spans"]
            if s["kind"] == "gap" and s["cause"] == "lost"]


def lost_s(box):
    """Two segments that follow one another are one gap or two."""
    ends = [[datetime.datetime.fromisoformat(g[k]).timestamp()
             for k in ("from", "to")] for g in lost_gaps(box)]
    return sum(to - frm for frm, to in ends)


def entries(box, kind):
    client = box.client("marat")
    size = client.get("/api/v1/ledger?first=0&count=1").json()["size"]
    found = []
    for first in range(0, size, 200):
        told = client.get("/api/v1/ledger?first=%d&count=200" % first).json()
        found += [e for e in told["entries"] if e["type"] == kind]
    return found


def replace(box, path, by):
    """A file of other footage that opens with the day's key: the public key
    is in the ledger, for everybody to read."""
    plain, whole = open_segment(box, by)
    recipient = entries(box, "day-key")[0]["fields"]["recipient"]
    owner = path.stat()
    path.write_bytes(run(["age", "-r", recipient], plain))
    shutil.chown(path, owner.st_uid, owner.st_gid)
    say.test("what root put there is a whole age file of that day",
             whole and open_segment(box, path) == (plain, True))


def verified(box, begin, end):
    """What an outsider is told of an export of [begin, end)."""
    marat, daniyar = box.client("marat"), box.client("daniyar")
    ask = {"from": stamp(begin), "to": stamp(end), "cameras": [CAMERA],
           "reason": "Disputed"}
    ident = marat.post("/api/v1/requests", {
        **ask, "case": "K-114", "right": "export",
        "longer": "All of it"}).json()["id"]
    done = daniyar.post("/api/v1/requests/%s/decision" % ident, {
        **ask, "verdict": "approve", "password": PEOPLE["daniyar"][2],
        "code": box.code("daniyar")})
    assert done.status == 200, done.body
    export = export_of(box, marat, ident).json()["id"]
    wait_for("the export is ready", 60, lambda: any(
        x["id"] == export and x["state"] == "ready"
        for x in marat.get("/api/v1/exports").json()["exports"]))
    package, policy = box.tmp / "package.zip", box.tmp / "policy"
    package.write_bytes(marat.get("/media/exports/" + export).body)
    policy.write_bytes(box.tool("policy").stdout)
    done = subprocess.run([box.build / "saqta-verify", package, "--policy",
                           policy, "--json"], stdout=subprocess.PIPE)
    second = subprocess.run(
        ["/usr/bin/python3", "-B", ROOT / "tests/reader/package_reader.py",
         package, "--policy", policy], stdout=subprocess.PIPE)
    say.test("P10 the reader in Python says the same",
             second.returncode == done.returncode, second.stdout)
    return json.loads(done.stdout)


class Past:
    """A copy of the disk, in which root writes another past."""

    def __init__(self, box, name):
        self.box, self.data = box, box.tmp / name
        shutil.copytree(box.data, self.data)
        self.ledger = self.data / "ledger"
        log = saqta_reader.Ledger(str(self.data), saqta_reader.Report())
        log.read()
        self.entries = log.entries
        self.origin = log.origin

    def last(self, kind):
        """The index of the last entry of a type."""
        return max(i for i, b in enumerate(self.entries)
                   if saqta_reader.Entry(b).type == kind)

    def write(self, sign):
        """The entries past the tiles; the checkpoint only where root signs."""
        first = struct.unpack_from(">Q", (self.ledger / "tail").read_bytes(),
                                   14)[0]
        tail = b"saqta tail v1\n" + struct.pack(">Q", first)
        for b in self.entries[first:]:
            tail += struct.pack(">H", len(b)) + b + \
                saqta_reader.leaf_hash(b)[:8]
        (self.ledger / "tail").write_bytes(tail)
        if sign:
            self.sign()

    def sign(self):
        leaves = [saqta_reader.leaf_hash(b) for b in self.entries]
        root = base64.b64encode(saqta_reader.tree_head(leaves)).decode()
        text = b"%s\n%d\n%s\n" % (self.origin, len(leaves), root.encode())
        seed = (self.ledger / "log.key").read_bytes()
        key, said = self.box.tmp / "key.der", self.box.tmp / "said"
        key.write_bytes(bytes.fromhex("302e020100300506032b657004220420") +
                        seed)
        said.write_bytes(text)
        form = ["-inkey", key, "-keyform", "DER"]
        public = run(["openssl", "pkey", "-in", key, "-inform", "DER",
                      "-pubout", "-outform", "DER"])[-32:]
        signature = run(["openssl", "pkeyutl", "-sign", *form, "-rawin",
                         "-in", said])
        ident = hashlib.sha256(self.origin + b"\n\1" + public).digest()[:4]
        (self.ledger / "checkpoint").write_bytes(
            text + "\n\u2014 ".encode() + self.origin + b" " +
            base64.b64encode(ident + signature) + b"\n")

    def judge(self, title, status, piece):
        done = subprocess.run([self.box.bin / "saqta", "check", "--data",
                               self.data], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.box.env)
        say.test("%s: saqta check says so" % title,
                 done.returncode == status and piece in done.stdout.decode(),
                 done.returncode, done.stdout.decode()[-900:],
                 done.stderr.decode()[-300:])
        shutil.rmtree(self.data)


def field(tag, value):
    return struct.pack(">BH", tag, len(value)) + value


def number(tag, value):
    return field(tag, struct.pack(">Q", value))


def edited_entry(box):
    """A decision by another person: root edits it, and does not sign."""
    past = Past(box, "edited")
    at = past.last(41)
    b = bytearray(past.entries[at])
    b[18] ^= 7  # the person
    past.entries[at] = bytes(b)
    past.write(sign=False)
    past.judge("P10 an edited entry", 5, "ledger")


def edited_segment(box):
    """A segment's entry, signed anew: the footage does not fit it."""
    past = Past(box, "signed")
    at = past.last(30)
    e = saqta_reader.Entry(past.entries[at])
    past.entries[at] = past.entries[at].replace(e.get(6), bytes(32))
    past.write(sign=True)
    past.judge("P10 a segment's entry that root edits and signs", 5,
               "segment %d: the ledger (entry %d) has other hashes"
               % (e.num(3), at))


def cut_journal(box):
    """The newest journal without its last record, the seal."""
    past = Past(box, "cut")
    journal = max((past.data / "footage" / CAMERA).glob("*/*/*/journal"))
    size = journal.stat().st_size
    with open(journal, "r+b") as f:
        f.truncate(size - 256)
    e = saqta_reader.Entry(past.entries[past.last(30)])
    past.judge("P10 a cut journal", 5, "segment %d: the ledger (entry %d) "
               "has other kind than the disk" % (e.num(3), past.last(30)))


def erased_early(box):
    """Files and records go, and root enters it as storage would."""
    past = Past(box, "early")
    e = saqta_reader.Entry(past.entries[past.last(30)])
    path = max((past.data / "footage" / CAMERA).glob(
        "*/*/*/*-%08d.mp4.age" % e.num(3)))
    day = "-".join(path.parts[-4:-1]).encode()
    path.unlink()
    for kind in (48, 49):
        fields = field(1, CAMERA.encode()) + field(2, day)
        fields += field(4, e.get(4)) + field(5, e.get(5)) + number(61, 2)
        fields += field(62, struct.pack(">QQ", e.num(3), e.num(3)))
        if kind == 49:
            fields += number(63, len(past.entries) - 1) + number(64, 0)
        past.entries.append(struct.pack(">BHQQ", 1, kind, int(
            time.time() * 1e9), 0) + fields)
    past.write(sign=True)
    past.judge("P2 an erasure that root enters and signs", 5,
               "segment %d was erased before its term ended" % e.num(3))


def same_past(box):
    """What the cases below write is what storage would have written."""
    past = Past(box, "same")
    past.write(sign=True)
    ours = [(past.ledger / n).read_bytes() for n in ("tail", "checkpoint")]
    real = [(box.data / "ledger" / n).read_bytes()
            for n in ("tail", "checkpoint")]
    say.test("root can sign: with nothing changed it is the same",
             ours == real, ours[1], real[1])
    shutil.rmtree(past.data)


def story():
    with Appliance() as box:
        box.began = time.time() - 2
        box.add_camera(CAMERA, box.camera(CAMERA).url)
        box.wait_recording(CAMERA)
        wait_for("five segments", 60, lambda: len(box.segments(CAMERA)) > 5)
        box.tool("scrub")
        time.sleep(3)
        say.test("what is whole is not said to be lost",
                 box.tool_json("status")["storage"]["lost"] == 0)
        say.test("an export of what is whole is genuine",
                 verified(box, box.began + 8, time.time() - 8)["status"] == 0)
        kept, removed, changed, replaced = box.segments(CAMERA)[:4]
        removed.unlink()
        with open(changed, "r+b") as f:
            f.seek(-40, 2)
            byte = f.read(1)[0]
            f.seek(-40, 2)
            f.write(bytes([byte ^ 1]))
        replace(box, replaced, kept)
        box.tool("scrub")
        wait_for("all are found", 30, lambda:
                 box.tool_json("status")["storage"]["lost"] == 3)
        say.test("P2 a removed file, a changed byte and a file that opens but "
                 "is another are found by the scrub", True)
        found = entries(box, "footage-lost")
        numbers = sorted(int(p.name.split("-")[1].split(".")[0])
                         for p in (removed, changed, replaced))
        say.test("all are in the ledger, each with its segment",
                 sorted(e["fields"]["seq"] for e in found) == numbers, found)
        say.test("P7 all are gaps with the cause lost",
                 lost_s(box) > 2.5 * box.segment_s, lost_gaps(box))
        told = verified(box, box.began + 8, time.time() - 8)
        answers = {c["claim"]: c["answer"] for c in told["claims"]}
        say.test("P10 an export of it is incomplete: that claim falls alone",
                 told["status"] == 6 and answers["complete"] == "not proven"
                 and answers["unchanged"] == answers["people"] == "proven" and
                 {f["code"] for f in told["findings"]} <= {"lost", "segment"},
                 told)
        box.stop("storage")
        (box.data / "index.db").unlink()
        box.start("storage")
        wait_for("the index is whole", 30, lambda: box.tool_json("status")
                 ["index"]["state"] == "whole")
        say.test("a new index knows of them", lost_gaps(box))
        check = box.tool("check", check=False)
        say.test("saqta check names them all", check.returncode == 5 and
                 all(p.name.encode() in check.stdout
                     for p in (removed, changed, replaced)),
                 check.stdout.decode()[-600:])
        box.stop("web", "storage")
        same_past(box)
        edited_entry(box)
        edited_segment(box)
        cut_journal(box)
        erased_early(box)


say.main(story)
