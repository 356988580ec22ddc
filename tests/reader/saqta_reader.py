#!/usr/bin/python3
"""An outsider's reader of a Saqta data directory, written from
storage/DESIGN.md alone. It shares no code with Saqta.

    saqta_reader.py DATADIR [--identity FILE]... [--plain] [--json]

Recomputes the ledger's leaf hashes, tiles and root and checks the signature of
its checkpoint, the changes of its key, what custodians signed and what
witnesses cosigned; the same for former ledgers (ledger.1 ...), as far as they
are there; each journal's chain; each segment's cipher hashes, Merkle root
and cipher hash, against the ledger; the chain heads in the ledger. With the
identity of a camera-day it decrypts that day's segments with the program `age`
and recomputes the hashes of init part and samples; with --plain it is a
failure where no identity opens a segment.

Prints one line a finding and a summary. Exit status: 0 all fits, 1 not, 2
usage. Storage may be running.
"""
import argparse
import base64
import datetime
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import zoneinfo

import ed25519
import mp4

CHUNK, SEALED = 65536, 65552
BEGIN, FRAGMENT, SEAL, CUT, TAIL = 1, 2, 3, 4, 5
EMPTY = hashlib.sha256(b"").digest()


def sha(b):
    return hashlib.sha256(b).digest()


def leaf_hash(b):
    return sha(b"\0" + b)


def tree_head(hashes):
    """RFC 6962 section 2.1, over leaf hashes or roots of equal subtrees."""
    n = len(hashes)
    if n < 2:
        return hashes[0] if n else EMPTY
    k = 1 << (n - 1).bit_length() - 1
    return sha(b"\1" + tree_head(hashes[:k]) + tree_head(hashes[k:]))


class Report:
    def __init__(self):
        self.findings = []
        self.counts = dict(cameras=0, sealed=0, cut=0, open=0, plain=0,
                           bytes=0, entries=0, checkpoint=0,
                           witnessed=0)

    def say(self, kind, what, text):
        self.findings.append(dict(kind=kind, what=what, text=text))

    def changed(self, what, text):
        self.say("changed", what, text)

    def missing(self, what, text):
        self.say("missing", what, text)

    def note(self, what, text):
        self.say("note", what, text)

    def count(self, kind):
        return sum(f["kind"] == kind for f in self.findings)


# --- the ledger ------------------------------------------------------------

def tile_path(level, n):
    parts = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        parts.insert(0, f"x{n % 1000:03d}")
    return os.path.join("tile", str(level), *parts)


class Entry:
    def __init__(self, b):
        if len(b) < 19 or len(b) > 4096 or b[0] != 1:
            raise ValueError("not an entry")
        self.type, self.time, self.person = struct.unpack_from(">HqQ", b, 1)
        self.fields, at, last = [], 19, 0
        while at < len(b):
            tag, n = struct.unpack_from(">BH", b, at)
            if at + 3 + n > len(b):
                raise ValueError("a field is cut off")
            pair = (last, tag) in ((21, 20), (20, 21))
            if tag <= last and not pair:
                raise ValueError("tags do not ascend")
            if (tag == 21) != (last == 20):
                raise ValueError("half a pair")
            self.fields.append((tag, b[at + 3:at + 3 + n]))
            at, last = at + 3 + n, tag
        if last == 20:
            raise ValueError("half a pair")

    def get(self, tag, default=b""):
        return next((v for t, v in self.fields if t == tag), default)

    def num(self, tag):
        return int.from_bytes(self.get(tag), "big")

    def text(self, tag):
        return self.get(tag).decode("utf-8", "replace")


def read_tail(path):
    """index of its first entry, entries, bytes that are not a record"""
    with open(os.path.join(path, "tail"), "rb") as f:
        b = f.read()
    if b[:14] != b"saqta tail v1\n" or len(b) < 22:
        raise ValueError("ledger/tail has no header")
    first, at, out = int.from_bytes(b[14:22], "big"), 22, []
    while at + 2 <= len(b):
        n = int.from_bytes(b[at:at + 2], "big")
        e, check = b[at + 2:at + 2 + n], b[at + 2 + n:at + 10 + n]
        if len(check) < 8 or leaf_hash(e)[:8] != check:
            break
        out.append(e)
        at += 10 + n
    return first, out, len(b) - at


def read_bundle(path, n):
    with open(os.path.join(path, tile_path("entries", n)), "rb") as f:
        b = f.read()
    at, out = 0, []
    while at < len(b):
        size = int.from_bytes(b[at:at + 2], "big")
        out.append(b[at + 2:at + 2 + size])
        at += 2 + size
    if len(out) != 256 or at != len(b):
        raise ValueError("not 256 entries")
    return out


def roots_at(leaves, sizes):
    """{size: tree head of that many leaves}, in one pass over the leaves."""
    want, edge, out = sorted(set(sizes)), [], {}
    for n in range(len(leaves) + 1):
        while want and want[0] == n:
            out[want.pop(0)] = tree_head_of(edge)
        if n == len(leaves):
            break
        edge.append((0, leaves[n]))
        while len(edge) > 1 and edge[-1][0] == edge[-2][0]:
            (k, a), (_, b) = edge[-2:]
            edge[-2:] = [(k + 1, sha(b"\1" + a + b))]
    return out


def tree_head_of(edge):
    if not edge:
        return EMPTY
    head = edge[-1][1]
    for _, left in reversed(edge[:-1]):
        head = sha(b"\1" + left + head)
    return head


def split_note(note):
    """text, [(name, bytes of the signature line)]"""
    text, signatures = note.rsplit(b"\n\n", 1)
    lines = []
    for line in signatures.split(b"\n")[:-1]:
        dash, name, b64 = line.split(b" ")
        if dash != "\u2014".encode():
            raise ValueError("not a signature line")
        lines.append((name, base64.b64decode(b64, validate=True)))
    return text + b"\n", lines


def key_id(name, kind, key):
    return sha(name + b"\n" + bytes([kind]) + key)[:4]


def cosigned(text, key, blob):
    """tlog-cosignature: u64 time || signature"""
    time = int.from_bytes(blob[:8], "big")
    return ed25519.verify(key, b"cosignature/v1\ntime %d\n" % time + text,
                          blob[8:])


def act_text(entry):
    """The entry without its signature, field 19."""
    out, at = bytearray(entry[:19]), 19
    while at < len(entry):
        n = 3 + int.from_bytes(entry[at + 1:at + 3], "big")
        if entry[at] != 19:
            out += entry[at:at + n]
        at += n
    return b"saqta act v1\n" + bytes(out)


class Ledger:
    """All entries; self.size0 is how many there were at the beginning. A
    former one is what is left of it."""

    def __init__(self, data, report, name="ledger", former=False):
        self.path, self.report = os.path.join(data, name), report
        self.name, self.former = name, former
        self.note, self.custodians, self.witnesses = b"", {}, {}
        try:
            with open(os.path.join(self.path, "checkpoint"), "rb") as f:
                self.note = f.read()
        except OSError:
            if not former:
                raise
        first, entries, _ = read_tail(self.path)
        self.size0 = first + len(entries)
        self.entries, self.leaves = [], []

    def read(self):
        first, tail, torn = read_tail(self.path)
        if first % 256:
            self.report.changed(self.name + "/tail",
                                "begins inside a tile")
        if torn:
            self.report.note(self.name + "/tail", f"{torn} bytes are no record: "
                             "being written, or torn")
        for n in range(first // 256):
            what = self.name + "/" + tile_path("entries", n)
            try:
                self.entries += read_bundle(self.path, n)
            except (OSError, ValueError, IndexError) as e:
                self.report.changed(what, str(e))
                return False
        self.entries += tail
        self.leaves = [leaf_hash(e) for e in self.entries]
        self.report.counts["entries"] += len(self.entries)
        self.check_tiles(first)
        self.walk()
        if not self.former or self.note:
            self.check_checkpoint()
        self.check_witnessed()
        return True

    def check_tiles(self, full):
        hashes, level = self.leaves[:full], 0
        while len(hashes) >= 256:
            up = []
            for n in range(len(hashes) // 256):
                tile = hashes[256 * n:256 * n + 256]
                what = tile_path(level, n)
                try:
                    with open(os.path.join(self.path, what), "rb") as f:
                        have = f.read()
                except OSError:
                    have = None
                if have != b"".join(tile):
                    self.report.changed(self.name + "/" + what,
                                        "is not the tile of its entries")
                up.append(tree_head(tile))
            hashes, level = up, level + 1

    def walk(self):
        """Keys of the log, custodians, their acts, what witnesses said."""
        self.keys, self.origin, wanted = [], b"", []
        for i, b in enumerate(self.entries):
            try:
                e = Entry(b)
            except (ValueError, struct.error):
                continue
            if i == 0 and e.type == 1:
                self.keys, self.origin = [(0, e.get(31))], e.get(30)
                self.begins = e
            elif e.type == 10 and e.num(15) == 3:
                self.custodians.setdefault(e.num(14), e.get(17))
            elif e.type in (90, 91, 92, 93, 94):
                self.act(i, b, e)
            elif e.type == 95:
                wanted.append((i, e))
        roots = roots_at(self.leaves, [e.num(114) for _, e in wanted])
        for i, e in wanted:
            self.cosigned_entry(i, e, roots)

    def act(self, i, b, e):
        what = f"{self.name} entry {i}"
        key = self.custodians.get(e.num(18))
        good = key and ed25519.verify(key, act_text(b), e.get(19))
        if not good:
            self.report.changed(what, "is not signed by a custodian")
        if e.type == 91:
            self.new_key(what, i, e, good)
        elif e.type == 92:
            self.witnesses[e.get(110)] = e.get(111)

    def new_key(self, what, i, e, by_custodian):
        old, new = self.keys[-1][1] if self.keys else b"", e.get(31)
        said = b"saqta log key v1\n" + self.origin + b"\n" + old + new
        if not ed25519.verify(new, said, e.get(107)) or not (
                ed25519.verify(old, said, e.get(106)) if e.get(106)
                else by_custodian):
            self.report.changed(what, "names a key that nobody signed")
            return
        self.keys.append((i, new))

    def cosigned_entry(self, i, e, roots):
        """A checkpoint of this log that a witness cosigned, entered later."""
        what, size = f"{self.name} entry {i}", e.num(114)
        text = self.origin + b"\n%d\n" % size + \
            base64.b64encode(e.get(115)) + b"\n"
        if size > i or roots.get(size) != e.get(115):
            self.report.changed(what, f"is not the root of {size} entries")
        if self.witnesses.get(e.get(110)) != e.get(111):
            self.report.changed(what, "is by no witness of this log")
        if len(e.get(116)) != 72 or not cosigned(text, e.get(111),
                                                 e.get(116)):
            self.report.changed(what, "its cosignature does not fit")
        elif int.from_bytes(e.get(116)[:8], "big") * 10**9 != e.num(113):
            self.report.changed(what, "says another time than its witness")
        self.report.counts["witnessed"] = max(
            size, self.report.counts["witnessed"])

    def key_for(self, size):
        return next((k for i, k in reversed(self.keys) if i < size or not i),
                    None)

    def check_note(self, what, note):
        """The size of a checkpoint of this log, and its signature lines."""
        try:
            text, lines = split_note(note)
            origin, size, root = text.split(b"\n")[:3]
            size, root = int(size), base64.b64decode(root, validate=True)
        except ValueError:
            self.report.changed(what, "is not a checkpoint")
            return None, b"", []
        if size > len(self.leaves):
            if not self.former:
                self.report.missing(what, f"says {size} entries, there are "
                                    f"{len(self.leaves)}")
        elif roots_at(self.leaves, [size])[size] != root:
            self.report.changed(what, f"is not the root of {size} entries")
        if not self.keys:
            self.report.changed(self.name, "entry 0 is not 'log begins'")
            return size, text, lines
        if self.origin != origin:
            self.report.changed(what, "has another origin than entry 0")
        key = self.key_for(size)
        if not any(name == origin and blob[:4] == key_id(origin, 1, key) and
                   ed25519.verify(key, text, blob[4:])
                   for name, blob in lines):
            self.report.changed(what, "is not signed by the log's key")
        return size, text, lines

    def check_checkpoint(self):
        size, _, _ = self.check_note(self.name + "/checkpoint", self.note)
        if size is not None and not self.former:
            self.report.counts["checkpoint"] = size

    def check_witnessed(self):
        """Every line by a witness of this log must fit; one must be there."""
        what = self.name + "/witnessed"
        try:
            with open(os.path.join(self.path, "witnessed"), "rb") as f:
                note = f.read()
        except OSError:
            return
        _, text, lines = self.check_note(what, note)
        good = 0
        for name, blob in lines:
            key = self.witnesses.get(name)
            if not key or blob[:4] != key_id(name, 4, key):
                continue
            if len(blob) == 76 and cosigned(text, key, blob[4:]):
                good += 1
            else:
                self.report.changed(what, f"{name.decode()} did not sign it")
        if not good:
            self.report.changed(what, "no witness of this log signed it")


def former_ledgers(data, report):
    """ledger.1, ledger.2 ...: what stood there when a new epoch began."""
    names = [n for n in os.listdir(data) if re.fullmatch(r"ledger\.\d+", n)]
    for name in sorted(names, key=lambda n: int(n[7:])):
        try:
            ledger = Ledger(data, report, name, True)
            if ledger.read():
                yield ledger
        except (OSError, ValueError) as e:
            report.missing(name, str(e))


def before(data):
    """Entries that may say what is rightly gone: of the present ledger, and of
    former ones as far as entry 0 of the one after them names what is left."""
    last, entries = Ledger(data, Report()), []
    if not last.read():
        return entries
    entries, later = last.entries, last
    for former in reversed(list(former_ledgers(data, Report()))):
        e = getattr(later, "begins", None)
        for size, root in ((102, 103), (173, 174)):
            n = e.num(size) if e else 0
            if 0 < n <= len(former.leaves) and \
                    roots_at(former.leaves, [n])[n] == e.get(root):
                entries, later = former.entries[:n] + entries, former
                break
    return entries


# --- journals and segments -------------------------------------------------

FIELDS = ("seq index flags start duration base samples timescale plain_off "
          "plain_len content mono epoch clock camera_clock c_from c_to cipher "
          "recipient zero chain").split()


class Record:
    def __init__(self, b):
        if b[:4] != b"SqJ1" or b[5:8] != b"\0\0\0" or not 1 <= b[4] <= 5:
            raise ValueError("not a record")
        self.type, self.claim, self.bytes = b[4], b[:128], b
        self.__dict__.update(zip(FIELDS, struct.unpack(
            ">QIIqqQIIQQ32sqIIqQQ32s32s16s32s", b[8:])))
        if self.zero != bytes(16):
            raise ValueError("not a record")


class Segment:
    """The records of one segment and what they must yield."""

    def __init__(self, camera, day, records):
        self.camera, self.day, self.records = camera, day, records
        self.begin, self.end = records[0], records[-1]
        self.seq, self.entered = self.begin.seq, False
        self.kind = self.end.type if self.end.type in (SEAL, CUT) else 0
        self.fragments = [r for r in records if r.type == FRAGMENT]
        if self.kind:
            self.fragments = self.fragments[:self.end.index]
        self.root = tree_head([leaf_hash(r.claim) for r in
                               [self.begin] + self.fragments])
        self.cipher = sha(b"".join(r.cipher for r in records))
        self.start = utc_basic(self.begin.start)
        stem = f"{self.start}-{self.seq:08d}."
        self.name, self.tail_name = stem + "mp4.age", stem + "tail.age"
        # the tail of a cut segment stands right before the cut record
        self.tail = next((r for r in records[-2:-1] if r.type == TAIL), None)


def utc_basic(ns):
    t = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return t.strftime("%Y%m%dT%H%M%SZ")


def volumes(data, report, gone):
    """The data directory and the directories of its further volumes; how many
    are away. One that was given up is not, where the ledger says so."""
    found, away = [data], 0
    try:
        with open(os.path.join(data, "volumes")) as f:
            lines = f.read().splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines:
        number, uuid, path = line.split(" ")
        try:
            with open(os.path.join(path, "volume")) as f:
                there = dict(word.split(" ", 1) for word in
                             f.read().splitlines())
        except FileNotFoundError:
            there = {}
        if path == "-" and uuid in gone.volumes:
            report.note("volumes", f"volume {number} ({uuid}) was given up: "
                        "what lay on it is gone")
        elif there.get("uuid") == uuid and there.get("number") == number:
            found.append(path)
        else:
            away += 1
            report.missing(path, f"volume {number} ({uuid}) is " +
                           ("listed as given up, which no entry says"
                            if path == "-" else "away"))
    return found, away


class Footage:
    def __init__(self, data, report, identities, plain):
        self.data, self.report = data, report
        self.identities, self.plain = identities, plain
        self.segments, self.last = {}, {}
        self.volumes, self.away = [], 0
        self.epoch = 0  # ns; what is older may be in no ledger

    def read(self):
        seen = set()
        self.volumes, self.away = volumes(self.data, self.report, self.gone)
        for self.data in self.volumes:
            seen |= self.read_volume()
        for camera in sorted(seen):
            self.report.counts["cameras"] += 1
            if not self.away:
                self.check_numbers(camera)

    def read_volume(self):
        root = os.path.join(self.data, "footage")
        cameras = sorted(os.listdir(root)) if os.path.isdir(root) else []
        for camera in cameras:
            days = []
            for path, dirs, files in os.walk(os.path.join(root, camera)):
                dirs.sort()
                rel = os.path.relpath(path, os.path.join(root, camera))
                if re.fullmatch(r"\d{4}/\d\d/\d\d", rel):
                    days.append(rel)
                elif files:
                    self.report.changed(path, "files outside a day")
            for day in days:
                self.read_day(camera, day, day == days[-1])
        return set(cameras)

    def read_day(self, camera, day, last_day):
        where = os.path.join("footage", camera, day)
        path = os.path.join(self.data, where)
        names = set(os.listdir(path)) - {"journal"}
        try:
            records = self.read_journal(camera, day, where)
        except OSError:
            self.report.missing(where + "/journal", "is missing")
            records = []
        groups = []
        for r in records:
            if (r.type == BEGIN or not groups
                    or groups[-1][-1].type in (SEAL, CUT)):
                groups.append([])
            groups[-1].append(r)
        for g in groups:
            s = Segment(camera, day, g)
            if g[0].type != BEGIN or any(r.seq != s.seq for r in g):
                self.report.changed(where + "/journal",
                                    f"segment {s.seq} has no begin")
                continue
            what = os.path.join(where, s.name)
            newest = last_day and g is groups[-1]
            if not s.kind and not newest:
                self.report.changed(what, "has neither seal nor cut")
            self.report.counts[{SEAL: "sealed", CUT: "cut"}.get(
                s.kind, "open")] += 1
            if (camera, s.seq) in self.segments:
                self.report.changed(what, "its number stands twice")
            self.segments[camera, s.seq] = s
            self.last[camera] = max(s.seq, self.last.get(camera, 0))
            names.discard(s.name)
            if s.tail or not s.kind:
                names.discard(s.tail_name)
            if not s.kind:		# its tail is being written
                names -= {n for n in names if re.fullmatch(
                    re.escape(s.name[:-7]) + "tail[01]", n)}
            if os.path.isfile(os.path.join(self.data, what)):
                self.check_segment(s, what)
            elif not self.erased.of(camera, s.seq):
                self.report.missing(what, "the file is missing")
        for name in sorted(names):
            what = os.path.join(where, name)
            if name.endswith(".mp4.age") and self.is_bare(what):
                self.report.note(what, "was begun, and holds no footage")
            elif re.search(r"[.]tail[01]$", name):
                self.report.note(what, "is a slot of a tail that is over")
            else:
                self.report.changed(what, "no journal record names it")

    def is_bare(self, what):
        """Not more than an age header and the nonce of the payload."""
        with open(os.path.join(self.data, what), "rb") as f:
            b = f.read(16384)
        if not b:
            return True
        at = b.find(b"\n--- ")
        at = b.find(b"\n", at + 1) if at >= 0 else -1
        return at >= 0 and len(b) <= at + 1 + 16

    def read_journal(self, camera, day, where):
        with open(os.path.join(self.data, where, "journal"), "rb") as f:
            b = f.read()
        chain = sha(f"saqta journal v1\n{camera}\n"
                    f"{day.replace('/', '-')}\n".encode())
        out = []
        for at in range(0, len(b) - 255, 256):
            try:
                r = Record(b[at:at + 256])
            except ValueError:
                r = None
            if r is None or sha(chain + r.bytes[:224]) != r.chain:
                self.report.changed(where + "/journal", f"record {at // 256} "
                                    "does not fit the chain")
                return out
            chain = r.chain
            out.append(r)
        if len(b) % 256:
            self.report.note(where + "/journal", "the last record is being "
                             "written, or torn")
        return out

    def check_numbers(self, camera):
        want = 1
        for seq in sorted(s for c, s in self.segments if c == camera):
            while want < seq and (self.erased.of(camera, want) or
                                  (camera, want) in self.gone.segments):
                want += 1
            if seq > want:
                self.report.missing(camera, f"segments {want} to {seq - 1} "
                                    "have no journal record")
            want = seq + 1

    def check_segment(self, s, what):
        with open(os.path.join(self.data, what), "rb") as f:
            cipher = f.read()
        counts = s.end.c_to
        if not s.kind and len(cipher) < counts:
            self.report.note(what, "is open and shorter than its journal")
            counts = len(cipher)
        if len(cipher) < counts:
            self.report.missing(what, f"has {len(cipher)} of {counts} bytes")
            counts = len(cipher)
        if s.kind == SEAL and len(cipher) > counts:
            self.report.changed(what, "is longer than was recorded")
        self.report.counts["bytes"] += counts
        at = 0
        for i, r in enumerate(s.records):
            if r is s.tail:
                continue
            if r.type == CUT:
                if r.c_from != r.c_to or r.cipher != EMPTY:
                    self.report.changed(what, "its cut record covers bytes")
                break
            if r.c_from != at:
                self.report.changed(what, f"record {i} leaves a hole")
                break
            at = r.c_to
            if at > counts:
                break
            if sha(cipher[r.c_from:at]) != r.cipher:
                self.report.changed(what, f"bytes {r.c_from} to {at} are not "
                                    "those recorded")
        self.check_records(s, what)
        tail = self.read_tail(s, what) if s.tail else b""
        if s.kind == CUT:
            self.check_cut(s, what, cipher[:counts])
        if self.identities or self.plain:
            self.check_plain(s, what, cipher[:counts], tail)

    def read_tail(self, s, what):
        """The tail's bytes, where they are those recorded."""
        where = os.path.join(os.path.dirname(what), s.tail_name)
        try:
            with open(os.path.join(self.data, where), "rb") as f:
                b = f.read()
        except OSError:
            self.report.missing(where, "the file is missing")
            return b""
        self.report.counts["bytes"] += len(b)
        if s.tail.c_from or len(b) != s.tail.c_to or sha(b) != s.tail.cipher:
            self.report.changed(where, "is not the tail that was recorded")
            return b""
        return b

    def check_records(self, s, what):
        """The records among themselves."""
        frags = [r for r in s.records if r.type == FRAGMENT]
        at = s.begin.plain_len
        for i, r in enumerate(frags):
            if r.index != i or r.plain_off != at:
                self.report.changed(what, f"fragment {i} is not in its place")
                return
            at += r.plain_len
        if not s.kind:
            return
        if s.end.index != len(s.fragments) or (
                s.kind == SEAL and s.end.index != len(frags)):
            self.report.changed(what, "fragments are missing")
        if s.end.content != s.root:
            self.report.changed(what, "its journal does not yield its root")
        last = s.fragments[-1] if s.fragments else s.begin
        if s.end.plain_len != last.plain_off + last.plain_len:
            self.report.changed(what, "its payload has another length")
        if s.end.samples != sum(r.samples for r in s.fragments):
            self.report.changed(what, "its samples do not add up")

    def check_cut(self, s, what, cipher):
        head = cipher.find(b"\n--- ")
        chunks = 0
        if cipher.startswith(b"age-encryption.org/v1\n") and head >= 0:
            head = cipher.index(b"\n", head + 1) + 1
            chunks = max(0, len(cipher) - head - 16) // SEALED
        elif cipher:
            self.report.changed(what, "is not an age file")
        last = s.fragments[-1] if s.fragments else None
        end = chunks * CHUNK
        if s.tail:
            if s.tail.plain_off != end or s.tail.index != s.end.index:
                self.report.changed(what, "does not end where its tail begins")
            end += s.tail.plain_len
        if last and last.plain_off + last.plain_len > end:
            self.report.changed(what, "more is said to count than is there")

    def decrypt(self, cipher):
        """What `age` prints, and what it says; None where no identity fits."""
        args = ["age", "-d"]
        for i in self.identities:
            args += ["-i", i]
        done = subprocess.run(args, input=cipher, capture_output=True)
        if b"no identity matched" in done.stderr or not self.identities:
            return None, ""
        return done.stdout, done.returncode and done.stderr.decode(
            "utf-8", "replace").strip().split("\n")[0]

    def check_plain(self, s, what, cipher, tail):
        plain, error = self.decrypt(cipher)
        if plain is None:
            if self.plain:
                self.report.missing(what, "no identity opens it")
            return
        if s.kind == SEAL and error:
            self.report.changed(what, "age: " + error)
            return
        if tail:
            rest, error = self.decrypt(tail)
            if error or len(rest) != s.tail.plain_len:
                self.report.changed(what, f"its tail: {error}")
                return
            plain += rest
        try:
            self.check_mp4(s, what, plain)
        except (mp4.Bad, struct.error, StopIteration) as e:
            self.report.changed(what, f"its MP4: {e}")

    def check_mp4(self, s, what, plain):
        if s.kind == SEAL and len(plain) != s.end.plain_len:
            self.report.changed(what, "its payload has another length")
        if s.begin.plain_len > len(plain):
            if s.kind == SEAL or s.fragments and s.kind == CUT:
                self.report.changed(what, "its init part is cut off")
            return
        b = plain[:s.begin.plain_len]
        if sha(b) != s.begin.content:
            self.report.changed(what, "its init part has another hash")
        init = mp4.Init(b)
        for r in s.fragments:
            if r.plain_off + r.plain_len > len(plain):
                if s.kind:
                    self.report.changed(what, f"fragment {r.index} is cut off")
                break
            f = mp4.Fragment(plain[r.plain_off:r.plain_off + r.plain_len],
                             init)
            if f.sample_hash() != r.content:
                self.report.changed(what, f"the samples of fragment {r.index} "
                                    "have another hash")
            if (f.base, len(f.samples), init.timescale) != (
                    r.base, r.samples, r.timescale):
                self.report.changed(what, f"the times of fragment {r.index} "
                                    "differ")
            if f.samples and f.samples[0][2] != bool(r.flags & 1):
                self.report.changed(what, f"the key frame flag of fragment "
                                    f"{r.index} differs")
        self.report.counts["plain"] += 1


# --- what was erased when its term ended ------------------------------------

class Erased:
    """Numbers and days that entries 48 and 49 name, and the holds then."""

    def __init__(self, entries):
        self.ranges, self.days, holds, first = {}, set(), {}, 0
        for i, b in enumerate(entries):
            try:
                e = Entry(b)
            except (ValueError, struct.error):
                continue
            if e.type == 1:  # a log of its own: they are entered anew
                first = i
                holds.clear()
            elif e.type == 46:
                holds[e.num(54) if e.get(54) else i - first] = (
                    set(self.names(e.get(25))), e.num(4), e.num(5))
            elif e.type == 47:
                holds.pop(e.num(54), None)
            elif e.type in (48, 49):
                self.erasing(e, holds if e.type == 49 else {})

    @staticmethod
    def names(b):
        while b:
            yield b[1:1 + b[0]].decode()
            b = b[1 + b[0]:]

    def erasing(self, e, holds):
        camera, seqs = e.text(1), e.get(62)
        if e.num(61) == 1:
            self.days.add((camera, e.text(2)))
        held = [(a, z) for who, a, z in holds.values() if camera in who]
        for at in range(0, len(seqs), 16):
            self.ranges.setdefault(camera, []).append(
                struct.unpack_from(">QQ", seqs, at) + (e.time, held))

    def of(self, camera, seq):
        return [r for r in self.ranges.get(camera, ())
                if r[0] <= seq <= r[1]]


# --- what was lost with a volume that was given up --------------------------

class Gone:
    """Volumes of entries 110, and what entries 77 say was lost with them."""

    def __init__(self, entries, zone):
        self.volumes, self.segments, self.days, at = {}, set(), {}, {}
        self.met = 0
        for b in entries:
            try:
                e = Entry(b)
            except (ValueError, struct.error):
                continue
            if e.type == 110 and e.get(80):
                self.volumes[e.text(80)] = e.num(81)
                at[e.num(81)] = e.time
            elif e.type == 77 and e.get(81) and e.num(81) in at:
                camera = e.text(1)
                self.segments.add((camera, e.num(3)))
                day = datetime.datetime.fromtimestamp(
                    e.num(4) // 10**9, zone).strftime("%Y-%m-%d")
                self.days[camera, day] = at[e.num(81)]

    def had_head(self, camera, day, time):
        """Heads do not say where their journal lay; one of a day of which a
        segment went with a volume may have lain there until then."""
        return time <= self.days.get((camera, day), -1)


def site_zone(data):
    with open(os.path.join(data, "site")) as f:
        return zoneinfo.ZoneInfo(next(
            line.split()[1] for line in f if line.startswith("zone ")))


# --- the ledger against the footage ----------------------------------------

class Compare:
    def __init__(self, ledger, footage):
        self.ledger, self.footage = ledger, footage
        self.report, self.bad_heads = footage.report, set()
        self.journals = {}
        self.erased = footage.erased

    def run(self):
        for i, b in enumerate(self.ledger.entries):
            try:
                e = Entry(b)
            except (ValueError, struct.error) as err:
                self.report.changed(f"ledger entry {i}", str(err))
                continue
            if e.type == 30:
                self.segment(i, e)
            elif e.type == 31:
                self.heads(i, e.time, e.get(48))
            elif e.type == 1 and e.num(100):
                self.epoch(e)
        if not self.ledger.former:
            self.not_entered()

    def epoch(self, e):
        """A log that follows one which was lost says what is missing."""
        size, found = e.num(102), e.num(105)
        self.footage.epoch = e.time
        self.report.missing(
            e.text(101) or "the former ledger",
            f"entries {found} to {size - 1} were lost" if size > found else
            "could not be gone on with")

    def not_entered(self):
        """A running box may be behind by the last two sealed segments."""
        done, late = {}, {}
        for (camera, seq), s in self.footage.segments.items():
            if s.entered:
                done[camera] = max(seq, done.get(camera, 0))
        for (camera, seq), s in sorted(self.footage.segments.items()):
            if s.kind and not s.entered:
                late.setdefault(camera, []).append(seq)
        for camera, seqs in late.items():
            lost_too = [q for q in seqs if self.footage.segments[
                camera, q].begin.start < self.footage.epoch]
            fresh = [q for q in seqs if q > done.get(camera, 0) and
                     q not in lost_too]
            for q in seqs:
                note = q in fresh and len(fresh) <= 2
                lost = q in lost_too
                (self.report.note if note else self.report.missing if lost
                 else self.report.changed)(
                    f"{camera} segment {q}", "is not in the ledger")

    def segment(self, i, e):
        camera, seq = e.text(1), e.num(3)
        s = self.footage.segments.get((camera, seq))
        what = f"{camera} segment {seq} (ledger entry {i})"
        late = i >= self.ledger.size0
        gone = self.erased.of(camera, seq)
        for _, _, when, held in gone:
            if e.num(11) > when:
                self.report.changed(what, "was erased before its term ended")
            if any(e.num(4) < z and e.num(5) >= a for a, z in held):
                self.report.changed(what, "was erased while it was held")
        if s is None and gone:
            return
        if s is None and (camera, seq) in self.footage.gone.segments:
            self.footage.gone.met += 1
            return
        if s is None:
            if self.footage.away:
                return
            if not late or seq <= self.footage.last.get(camera, 0):
                self.report.missing(what, "is not on the disk")
            return
        if late and not s.kind:
            return
        s.entered = True
        size = s.end.c_to if s.kind == SEAL else e.num(8)
        for name, have, want in (
                ("Merkle root", s.root, e.get(6)),
                ("cipher hash", s.cipher, e.get(7)),
                ("kind", s.kind, e.num(12)),
                ("from", s.begin.start, e.num(4)),
                ("to", s.end.start + s.end.duration, e.num(5)),
                ("length", size, e.num(8)),
                ("fragments", len(s.fragments), e.num(9)),
                ("flags", s.end.flags, e.num(10))):
            if have != want:
                self.report.changed(what, f"its {name} differs")

    def journal(self, data, camera, day, need):
        path = os.path.join(data, "footage", camera,
                            day.replace("-", "/"), "journal")
        b = self.journals.get(path, b"")
        if len(b) < need:
            try:
                with open(path, "rb") as f:
                    b = f.read()
            except OSError:
                b = b""
            self.journals[path] = b
        return b

    def heads(self, i, time, b):
        while b:
            n = b[0]
            camera, day = b[1:1 + n].decode(), b[1 + n:11 + n].decode()
            records, chain = struct.unpack_from(">Q32s", b, 11 + n)
            b = b[51 + n:]
            if not records or (camera, day) in self.bad_heads or (
                    camera, day) in self.erased.days or \
                    self.footage.gone.had_head(camera, day, time):
                continue
            # the head of the day's journal on one of the volumes
            have = [self.journal(v, camera, day, 256 * records)
                    for v in self.footage.volumes]
            ends = [b[256 * records - 32:256 * records] for b in have
                    if len(b) >= 256 * records]
            what = f"{camera} {day} journal"
            if chain in ends or self.footage.away:
                continue
            if not ends:
                self.report.missing(what, f"has no record {records - 1}, "
                                    f"which ledger entry {i} covers")
            else:
                self.report.changed(what, f"record {records - 1} is not what "
                                    f"ledger entry {i} covers")
            self.bad_heads.add((camera, day))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("data")
    p.add_argument("--identity", action="append", default=[])
    p.add_argument("--plain", action="store_true")
    p.add_argument("--json", action="store_true")
    a = p.parse_args()
    report = Report()
    footage = Footage(a.data, report, a.identity, a.plain)
    try:
        ledger = Ledger(a.data, report)
        past = before(a.data)   # what is rightly gone by now
        footage.erased = Erased(past)
        footage.gone = Gone(past, site_zone(a.data))
        footage.read()
        for former in former_ledgers(a.data, report):
            Compare(former, footage).run()
        if ledger.read():
            Compare(ledger, footage).run()
        if footage.gone.met:
            report.note("ledger", f"{footage.gone.met} segments were lost with "
                        "volumes that were given up, and entered")
    except (OSError, ValueError) as e:
        report.changed(a.data, str(e))
    good = not report.count("changed") and not report.count("missing")
    if a.json:
        json.dump(dict(findings=report.findings, summary=dict(
            report.counts, whole=good, changed=report.count("changed"),
            missing=report.count("missing"), notes=report.count("note"))),
            sys.stdout, indent=1)
        print()
        return 0 if good else 1
    for f in report.findings:
        print(f"{f['kind']:7} {f['what']}: {f['text']}")
    print(", ".join(f"{v} {k}" for k, v in report.counts.items()))
    print("all fits" if good else f"{report.count('changed')} changed, "
          f"{report.count('missing')} missing")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
