#!/usr/bin/python3
"""An outsider's reader of an evidence package, written from storage/DESIGN.md
alone. It shares no code with Saqta.

    package_reader.py PACKAGE [--policy FILE]

Prints a line a finding and exits as `saqta verify` does: 0 genuine, 5 changed,
6 incomplete, 7 consistent in itself but of unknown origin. It reads the policy
lines log, witness and quorum; a quorum that is a group is not read here.
"""
import base64
import binascii
import json
import struct
import sys
import zipfile

import ed25519
import mp4
from saqta_reader import (Entry, act_text, cosigned, key_id, leaf_hash, sha,
                          split_note, tree_head)

JOIN = 100_000_000
BEYOND = 60_000_000_000
TERM = 181 * 86400 * 1_000_000_000
CAUSES = ("none no-answer password network no-key-frame unsupported "
          "camera-error disk-full disk-error storage-away recorder-stopped "
          "recorder-failed machine-off switched-off not-yet stream-error "
          "connecting lost clock-step expired certificate").split()


class Package:
    def __init__(self, path):
        self.changed, self.missing = [], []
        self.zip = zipfile.ZipFile(path)
        names = self.zip.namelist()
        if len(set(names)) != len(names) or any(
                i.compress_type or i.file_size != i.compress_size
                for i in self.zip.infolist()):
            raise ValueError("not a package of stored files")

    def read(self, name):
        with self.zip.open(name) as f:
            f._expected_crc = None  # CRCs are for other programs
            return f.read()


def node(a, b):
    return sha(b"\1" + a + b)


def path_root(index, size, leaf, path):
    """RFC 6962, 2.1.1: from the definition, by recursion on the tree."""
    if size == 1:
        if path:
            raise ValueError("a path that is too long")
        return leaf
    k = 1 << (size - 1).bit_length() - 1
    if index < k:
        return node(path_root(index, k, leaf, path[:-1]), path[-1])
    return node(path[-1], path_root(index - k, size - k, leaf, path[:-1]))


def growth_roots(old, size, proof, whole, old_root):
    """RFC 6962, 2.1.2: (root of the old tree, root of the new one)."""
    if old == size:
        if whole and not proof:
            return old_root, old_root
        if len(proof) != 1:
            raise ValueError("a proof of a wrong length")
        return proof[0], proof[0]
    k = 1 << (size - 1).bit_length() - 1
    if old <= k:
        a, b = growth_roots(old, k, proof[:-1], whole, old_root)
        return a, node(b, proof[-1])
    a, b = growth_roots(old - k, size - k, proof[:-1], False, old_root)
    return node(proof[-1], a), node(proof[-1], b)


def checkpoint(note):
    """origin, size, root, text, signatures"""
    text, signatures = split_note(note)
    origin, size, root = text.decode().split("\n")[:3]
    return (origin, int(size), base64.b64decode(root, validate=True), text,
            signatures)


def read_proof(b):
    head, _, rest = b.partition(b"\n")
    if head != b"saqta proof v1":
        raise ValueError("not a proof")
    body, _, note = rest.partition(b"\n\n")
    seen, entries, into = None, {}, None
    for line in body.split(b"\n"):
        words = line.split(b" ")
        if words[0] == b"witnessed" and not entries:
            into = []
            seen = (base64.b64decode(words[1], validate=True), into)
        elif words[0] == b"entry":
            into = []
            entries[int(words[1])] = (
                base64.b64decode(words[2], validate=True), into)
        else:
            into.append(base64.b64decode(line, validate=True))
    return seen, entries, note


def signed(text, signatures, name, key):
    kid = key_id(name.encode(), 1, key)
    return any(n == name.encode() and blob[:4] == kid and
               ed25519.verify(key, text, blob[4:])
               for n, blob in signatures if len(blob) == 68)


class Log:
    """A proof: entries by index, the checkpoint, and what witnesses saw."""

    def __init__(self, p, name):
        seen, raw, note = read_proof(p.read(name))
        self.origin, self.size, self.root, text, signatures = checkpoint(note)
        self.entries = {}
        for index, (b, path) in raw.items():
            if index >= self.size or path_root(index, self.size, leaf_hash(b),
                                               path) != self.root:
                p.changed.append("%s: entry %d is not in this log"
                                 % (name, index))
            self.entries[index] = Entry(b)
        self.key = self.own_key(p, raw)
        if self.entries[0].text(30) != self.origin or not signed(
                text, signatures, self.origin, self.key):
            p.changed.append("%s is not signed by the log's key" % name)
        self.notes = [(text, signatures, self.size)]
        if seen:
            o, n, r, t, s = checkpoint(seen[0])
            if o != self.origin or not 0 < n <= self.size or \
                    growth_roots(n, self.size, seen[1], True, r) != \
                    (r, self.root):
                p.changed.append("%s: what witnesses saw is not this log's "
                                 "beginning" % name)
            self.notes.append((t, s, n))

    def own_key(self, p, raw):
        key = self.entries[0].get(31)
        for index in sorted(self.entries):
            e = self.entries[index]
            if e.type != 91:
                continue
            said = b"saqta log key v1\n%s\n" % self.origin.encode() + key + \
                e.get(31)
            ok = ed25519.verify(e.get(31), said, e.get(107)) and (
                ed25519.verify(key, said, e.get(106)) if e.get(106) else
                ed25519.verify(e.get(17), act_text(raw[index][0]),
                               e.get(19)))
            if not ok:
                p.changed.append("entry %d: no change of the key" % index)
            key = e.get(31)
        return key

    def epoch(self):
        return self.entries[0].num(100) or 1

    def cosigned(self, policy):
        """By the policy's witness, as far as what we rest on stands."""
        if not policy["quorum"]:
            return True
        rests = max(i for i, e in self.entries.items()
                    if e.type not in (80, 91, 95))
        name, k = policy["witnesses"][policy["quorum"]]
        return any(n == name.encode() and cosigned(t, k, blob[4:])
                   for t, s, upto in self.notes if upto > rests
                   for n, blob in s if len(blob) == 76)


def check_log(p, policy):
    """The log; is its origin proven?"""
    log = Log(p, "proof.txt")
    if not policy:
        return log, False
    text, signatures, _ = log.notes[0]
    return log, log.cosigned(policy) and any(
        name == log.origin and signed(text, signatures, name, k)
        for name, k in policy["logs"])


def check_former(p, manifest, own, policy):
    """Logs by epoch, None: the present one; did the witness see them?"""
    request = manifest["request"]
    wanted = [request[k] for k in ("epoch", "decision_epoch") if k in request]
    wanted += [x["epoch"] for k in ("segments", "empty", "gaps", "opened")
               for x in manifest.get(k, []) if "epoch" in x]
    logs, after, seen = {None: own}, own, True
    for epoch in range(own.epoch() - 1, min(wanted, default=99) - 1, -1):
        log = logs[epoch] = Log(p, "former-%d.txt" % epoch)
        e = after.entries[0]
        if log.epoch() != epoch or e.text(101) != log.origin or \
                (log.size, log.root) not in ((e.num(102), e.get(103)),
                                             (e.num(173), e.get(174))) or \
                e.get(104, log.key) != log.key:
            p.changed.append("epoch %d is not the one before" % epoch)
        seen = seen and (not policy or log.cosigned(policy))
        after = log
    return logs, seen


def claims(p, manifest, logs):
    """(camera, seq) -> leaves; each is checked against its entry's root."""
    found = {}
    for s in manifest["segments"]:
        leaves = [binascii.unhexlify(x) for x in s["leaves"]]
        e = logs[s.get("epoch")].entries.get(s["entry"])
        head = tree_head([leaf_hash(x) if len(x) == 128 else x
                          for x in leaves])
        if e is None or e.type != 30 or e.text(1) != s["camera"] or \
                e.num(3) != s["seq"] or e.num(9) != len(leaves) - 1 or \
                e.get(6) != head:
            p.changed.append("camera %s, segment %d: not what the log says"
                             % (s["camera"], s["seq"]))
        found[s["camera"], s["seq"]] = leaves
    return found


def check_beyond(p, manifest, f, held):
    """Behind the granted range stands what the manifest says so of."""
    end = int(manifest["request"]["to_ns"])
    behind = [(a, b) for _, a, b, _ in held if a >= end]
    have = (min(a for a, _ in behind), max(b for _, b in behind)) \
        if behind else None
    said = f.get("beyond") and tuple(int(f["beyond"][k])
                                     for k in ("from_ns", "to_ns"))
    if have != said or (have and have[1] - have[0] > BEYOND):
        p.changed.append("%s: what lies behind the range" % f["name"])


def check_files(p, manifest, segments):
    held = []
    for f in manifest["files"]:
        try:
            b = p.read(f["name"])
        except KeyError:
            p.missing.append("%s is not here" % f["name"])
            continue
        whole = sha(b).hex() == f["sha256"]
        try:
            movie = mp4.Movie(b)
        except (mp4.Bad, struct.error, IndexError, StopIteration):
            p.changed.append("%s is not the MP4 that was exported" % f["name"])
            continue
        at, differs, first = 0, False, len(held)
        for part in f["parts"]:
            leaves = segments[f["camera"], part["seq"]]
            for k in range(part["first"], part["first"] + part["count"]):
                claim = leaves[1 + k]
                count = struct.unpack_from(">I", claim, 48)[0]
                start, length = struct.unpack_from(">qq", claim, 24)
                held.append((f["camera"], start, start + length, part["seq"]))
                second = movie.seconds(at)
                if movie.sample_hash(at, count) != claim[72:104]:
                    differs = True
                    p.changed.append("%s, second %.3f: not what was recorded"
                                     % (f["name"], second))
                at += count
        check_beyond(p, manifest, f, held[first:])
        if at != len(movie.samples) or (not whole and not differs):
            p.changed.append("%s was changed" % f["name"])
    return held


def is_empty(m, e):
    """A number of which, says its entry, nothing was recorded."""
    return e is not None and e.type == 30 and e.text(1) == m["camera"] and \
        e.num(3) == m["seq"] and e.get(9) == bytes(8)


def check_complete(p, manifest, held, logs):
    begin, end = (int(manifest["request"][k]) for k in ("from_ns", "to_ns"))
    for camera in manifest["request"]["cameras"]:
        spans = [(a, b) for c, a, b, _ in held if c == camera]
        spans += [(int(g["from_ns"]), int(g["to_ns"]))
                  for g in manifest["gaps"] if g["camera"] == camera]
        at = begin
        for a, b in sorted(spans):
            if a > at + JOIN and at < end:
                p.missing.append("camera %s: nothing at %d" % (camera, at))
            at = max(at, b)
        if at < end - JOIN:
            p.missing.append("camera %s: nothing at %d" % (camera, at))
        seqs = {s for c, _, _, s in held if c == camera}
        seqs |= {m["seq"] for m in manifest.get("empty", [])
                 if m["camera"] == camera and
                 min(seqs, default=0) < m["seq"] < max(seqs, default=0) and
                 is_empty(m, logs[m.get("epoch")].entries.get(m["entry"]))}
        seqs = sorted(seqs)
        if seqs and seqs[-1] - seqs[0] != len(seqs) - 1:
            p.missing.append("camera %s: segments are not here" % camera)
    for g in manifest["gaps"]:
        if g["cause"] == "lost":
            p.missing.append("camera %s: footage was lost" % g["camera"])


def check_gaps(p, manifest, logs):
    """A gap that names its entry is what that entry says."""
    for g in manifest["gaps"]:
        if "entry" not in g:
            continue
        e = logs[g.get("epoch")].entries.get(g["entry"])
        if e is None or e.text(1) != g["camera"] or \
                e.num(4) > int(g["from_ns"]) + JOIN or \
                e.num(5) < int(g["to_ns"]) - JOIN or not (
                    e.type == 49 and g["cause"] == "expired" or
                    e.type == 33 and CAUSES[e.num(22)] == g["cause"]):
            p.changed.append("camera %s: entry %d says nothing of this gap"
                             % (g["camera"], g["entry"]))
        elif e.type == 49 and e.time < int(g["to_ns"]) + TERM:
            p.missing.append("camera %s: erased early" % g["camera"])


def check_people(p, manifest, digest, logs):
    entries = logs[None].entries
    for o in manifest["opened"]:
        want = sha(b"saqta commitment v1\n" + binascii.unhexlify(o["salt"]) +
                   o["text"].encode())
        e = logs[o.get("epoch")].entries.get(o["entry"])
        if e is None or e.get(o["tag"]) != want:
            p.changed.append("entry %d: another text was entered" % o["entry"])
    request = manifest["request"]
    made = [e for e in entries.values()
            if e.type == 80 and e.text(90) == manifest["export"]]
    epoch = request.get("decision_epoch", logs[None].epoch())
    if not made or made[0].get(91) != digest or made[0].num(52) != \
            (epoch - 1 << 48) + request["decision_entry"]:
        p.changed.append("the log does not know this manifest")
    asked = logs[request.get("epoch")].entries.get(request["entry"])
    decided = logs[request.get("decision_epoch")].entries.get(
        request["decision_entry"])
    if asked is None or decided is None or asked.type != 40 or \
            decided.type != 41 or asked.text(24) != request["id"] or \
            decided.text(24) != request["id"] or decided.num(26) != 1 or \
            decided.num(14) != asked.person or \
            decided.person == asked.person or \
            decided.num(4) > int(request["from_ns"]) or \
            decided.num(5) < int(request["to_ns"]):
        p.changed.append("what was decided is not what the manifest says")


def check_offsets(manifest):
    """How far the site's clocks were ahead of UTC: rows in order of time."""
    rows = manifest.get("offsets", [])
    at = [int(r["from_ns"]) for r in rows]
    if at != sorted(set(at)) or any(
            type(r["minutes"]) is not int or abs(r["minutes"]) >= 24 * 60
            for r in rows):
        raise ValueError("offsets")


def read_policy(path):
    policy = {"logs": [], "witnesses": {}, "quorum": None}

    def vkey(text):
        name, _, key = text.split("+", 2)
        return name, base64.b64decode(key, validate=True)[1:]
    with open(path, encoding="utf-8") as f:
        for words in (line.split() for line in f):
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "log":
                policy["logs"].append(vkey(words[1]))
            elif words[0] == "witness":
                policy["witnesses"][words[1]] = vkey(words[2])
            elif words[0] == "quorum" and words[1] != "none":
                policy["quorum"] = words[1]
    return policy


def check(path, policy):
    try:
        p = Package(path)
        text = p.read("manifest.json")
        manifest = json.loads(text)
        check_offsets(manifest)
        log, proven = check_log(p, policy)
        logs, seen = check_former(p, manifest, log, policy)
        proven = proven and seen
        known = {"manifest.json", "proof.txt"}
        known.update("former-%d.txt" % n for n in logs if n)
        for paper in manifest["papers"]:
            known.add(paper["name"])
            if sha(p.read(paper["name"])).hex() != paper["sha256"]:
                p.changed.append("%s was changed" % paper["name"])
        known.update(f["name"] for f in manifest["files"])
        p.changed += ["%s does not belong here" % n
                      for n in p.zip.namelist() if n not in known]
        held = check_files(p, manifest, claims(p, manifest, logs))
        check_complete(p, manifest, held, logs)
        check_gaps(p, manifest, logs)
        check_people(p, manifest, sha(text), logs)
    except (ValueError, KeyError, IndexError, TypeError, struct.error,
            AttributeError, zipfile.BadZipFile, RecursionError) as error:
        return 5, ["this is not a whole package: %r" % error]
    status = 5 if p.changed else 6 if p.missing else 0 if proven else 7
    return status, p.changed + p.missing


def main():
    args = sys.argv[1:]
    if len(args) not in (1, 3) or (len(args) == 3 and args[1] != "--policy"):
        print(__doc__, file=sys.stderr)
        return 2
    status, findings = check(args[0], read_policy(args[2])
                             if len(args) == 3 else None)
    for finding in findings:
        print(finding)
    print({0: "genuine", 5: "changed", 6: "incomplete",
           7: "origin not proven"}[status])
    return status


if __name__ == "__main__":
    sys.exit(main())
