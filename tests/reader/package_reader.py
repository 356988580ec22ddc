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


def check_log(p, policy):
    """Entries by index; is the origin proven?"""
    seen, raw, note = read_proof(p.read("proof.txt"))
    origin, size, root, text, signatures = checkpoint(note)
    entries = {}
    for index, (b, path) in raw.items():
        if index >= size or path_root(index, size, leaf_hash(b),
                                      path) != root:
            p.changed.append("entry %d is not in this log" % index)
        entries[index] = Entry(b)
    key = entries[0].get(31)
    for index in sorted(entries):
        e = entries[index]
        if e.type != 91:
            continue
        said = b"saqta log key v1\n%s\n" % origin.encode() + key + e.get(31)
        ok = ed25519.verify(e.get(31), said, e.get(107)) and (
            ed25519.verify(key, said, e.get(106)) if e.get(106) else
            ed25519.verify(e.get(17), act_text(raw[index][0]), e.get(19)))
        if not ok:
            p.changed.append("entry %d: no change of the key" % index)
        key = e.get(31)
    if entries[0].text(30) != origin or not signed(text, signatures, origin,
                                                   key):
        p.changed.append("the checkpoint is not signed by the log's key")
    cosignable = [(text, signatures, size)]
    rests = max(i for i, e in entries.items() if e.type not in (80, 91, 95))
    if seen:
        o, n, r, t, s = checkpoint(seen[0])
        if o != origin or not 0 < n <= size or \
                growth_roots(n, size, seen[1], True, r) != (r, root):
            p.changed.append("what witnesses saw is not this log's beginning")
        cosignable.append((t, s, n))
    if not policy:
        return entries, False
    proven = any(name == origin and signed(text, signatures, name, k)
                 for name, k in policy["logs"])
    if policy["quorum"]:
        name, k = policy["witnesses"][policy["quorum"]]
        proven = proven and any(
            n == name.encode() and cosigned(t, k, blob[4:])
            for t, s, upto in cosignable if upto > rests
            for n, blob in s if len(blob) == 76)
    return entries, proven


def claims(p, manifest, entries):
    """(camera, seq) -> leaves; each is checked against its entry's root."""
    found = {}
    for s in manifest["segments"]:
        leaves = [binascii.unhexlify(x) for x in s["leaves"]]
        e = entries.get(s["entry"])
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


def check_complete(p, manifest, held):
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
        seqs = sorted({s for c, _, _, s in held if c == camera})
        if seqs and seqs[-1] - seqs[0] != len(seqs) - 1:
            p.missing.append("camera %s: segments are not here" % camera)
    for g in manifest["gaps"]:
        if g["cause"] == "lost":
            p.missing.append("camera %s: footage was lost" % g["camera"])


def check_gaps(p, manifest, entries):
    """A gap that names its entry is what that entry says."""
    for g in manifest["gaps"]:
        if "entry" not in g:
            continue
        e = entries.get(g["entry"])
        if e is None or e.text(1) != g["camera"] or \
                e.num(4) > int(g["from_ns"]) + JOIN or \
                e.num(5) < int(g["to_ns"]) - JOIN or not (
                    e.type == 49 and g["cause"] == "expired" or
                    e.type == 33 and CAUSES[e.num(22)] == g["cause"]):
            p.changed.append("camera %s: entry %d says nothing of this gap"
                             % (g["camera"], g["entry"]))
        elif e.type == 49 and e.time < int(g["to_ns"]) + TERM:
            p.missing.append("camera %s: erased early" % g["camera"])


def check_people(p, manifest, digest, entries):
    for o in manifest["opened"]:
        want = sha(b"saqta commitment v1\n" + binascii.unhexlify(o["salt"]) +
                   o["text"].encode())
        if o["entry"] not in entries or \
                entries[o["entry"]].get(o["tag"]) != want:
            p.changed.append("entry %d: another text was entered" % o["entry"])
    request = manifest["request"]
    made = [e for e in entries.values()
            if e.type == 80 and e.text(90) == manifest["export"]]
    if not made or made[0].get(91) != digest:
        p.changed.append("the log does not know this manifest")
    asked, decided = (entries.get(request[k])
                      for k in ("entry", "decision_entry"))
    if asked is None or decided is None or asked.type != 40 or \
            decided.type != 41 or asked.text(24) != request["id"] or \
            decided.text(24) != request["id"] or decided.num(26) != 1 or \
            decided.num(14) != asked.person or \
            decided.person == asked.person or \
            decided.num(4) != int(request["from_ns"]) or \
            decided.num(5) != int(request["to_ns"]):
        p.changed.append("what was decided is not what the manifest says")


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
        entries, proven = check_log(p, policy)
        known = {"manifest.json", "proof.txt"}
        for paper in manifest["papers"]:
            known.add(paper["name"])
            if sha(p.read(paper["name"])).hex() != paper["sha256"]:
                p.changed.append("%s was changed" % paper["name"])
        known.update(f["name"] for f in manifest["files"])
        p.changed += ["%s does not belong here" % n
                      for n in p.zip.namelist() if n not in known]
        held = check_files(p, manifest, claims(p, manifest, entries))
        check_complete(p, manifest, held)
        check_gaps(p, manifest, entries)
        check_people(p, manifest, sha(text), entries)
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
