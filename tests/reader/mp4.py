"""The part of ISO/IEC 14496-12 that a recorded segment uses, and the sample
hash of storage/DESIGN.md."""
import hashlib
import struct


class Bad(Exception):
    pass


def boxes(b, start=0, end=None):
    """(type, first byte, payload's first byte, end) of each box."""
    end = len(b) if end is None else end
    while start < end:
        if end - start < 8:
            raise Bad("half a box")
        size, kind = struct.unpack_from(">I4s", b, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", b, start + 8)[0], 16
        elif size == 0:
            size = end - start
        if size < head or size > end - start:
            raise Bad(f"box {kind} has a wrong size")
        yield kind.decode("latin-1"), start, start + head, start + size
        start += size


def find(b, start, end, *path):
    for kind, _, payload, stop in boxes(b, start, end):
        if kind == path[0]:
            if len(path) == 1:
                return payload, stop
            return find(b, payload, stop, *path[1:])
    raise Bad(f"no {path[0]}")


class Init:
    """codec, config, timescale and the defaults of trex."""

    def __init__(self, b):
        kinds = [k for k, *_ in boxes(b)]
        if kinds[:1] != ["ftyp"] or "moov" not in kinds:
            raise Bad("not ftyp and moov")
        moov = find(b, 0, len(b), "moov")
        mdhd, _ = find(b, *moov, "trak", "mdia", "mdhd")
        self.timescale, = struct.unpack_from(
            ">I", b, mdhd + (20 if b[mdhd] == 1 else 12))
        stsd, stop = find(b, *moov, "trak", "mdia", "minf", "stbl", "stsd")
        self.codec, _, entry, end = next(boxes(b, stsd + 8, stop))
        config = {"avc1": "avcC", "hvc1": "hvcC"}.get(self.codec)
        if config is None:
            raise Bad(f"codec {self.codec}")
        # A VisualSampleEntry has 78 bytes before its boxes.
        at, end = find(b, entry + 78, end, config)
        self.config = b[at:end]
        trex, _ = find(b, *moov, "mvex", "trex")
        self.duration, self.size, self.flags = struct.unpack_from(
            ">III", b, trex + 12)


class Fragment:
    """base decode time and samples: (duration, composition, sync, bytes)."""

    def __init__(self, b, init):
        moof = next((x for x in boxes(b) if x[0] == "moof"), None)
        if moof is None:
            raise Bad("no moof")
        _, self.start, payload, stop = moof
        traf = find(b, payload, stop, "traf")
        self.init, self.b = init, b
        self.defaults(*find(b, *traf, "tfhd"))
        tfdt, _ = find(b, *traf, "tfdt")
        self.base, = struct.unpack_from(
            ">Q" if b[tfdt] == 1 else ">I", b, tfdt + 4)
        self.samples, self.at = [], None
        for kind, _, at, _ in boxes(b, *traf):
            if kind == "trun":
                self.run(at)

    def defaults(self, at, _):
        flags = struct.unpack_from(">I", self.b, at)[0] & 0xffffff
        at += 8
        if flags & 1:
            raise Bad("base-data-offset is not used here")
        at += 4 if flags & 2 else 0
        self.duration, self.size, self.flags = (
            self.init.duration, self.init.size, self.init.flags)
        for bit, name in ((8, "duration"), (16, "size"), (32, "flags")):
            if flags & bit:
                setattr(self, name, struct.unpack_from(">I", self.b, at)[0])
                at += 4

    def run(self, at):
        b = self.b
        head, count = struct.unpack_from(">II", b, at)
        version, flags = head >> 24, head & 0xffffff
        at, first = at + 8, None
        if flags & 1:
            self.at = self.start + struct.unpack_from(">i", b, at)[0]
            at += 4
        if self.at is None:
            raise Bad("trun without data offset")
        if flags & 4:
            first, = struct.unpack_from(">I", b, at)
            at += 4
        for i in range(count):
            duration, size, mark, comp = (
                self.duration, self.size, self.flags, 0)
            if i == 0 and first is not None:
                mark = first
            if flags & 0x100:
                duration, = struct.unpack_from(">I", b, at)
                at += 4
            if flags & 0x200:
                size, = struct.unpack_from(">I", b, at)
                at += 4
            if flags & 0x400:
                mark, = struct.unpack_from(">I", b, at)
                at += 4
            if flags & 0x800:
                comp, = struct.unpack_from(">i" if version else ">I", b, at)
                at += 4
            if self.at < 0 or self.at + size > len(b):
                raise Bad("a sample lies outside its fragment")
            self.samples.append((duration, comp, not mark >> 16 & 1,
                                 b[self.at:self.at + size]))
            self.at += size

    def sample_hash(self):
        h = hashlib.sha256(b"saqta samples v1\n")
        h.update(self.init.codec.encode())
        h.update(struct.pack(">I", len(self.init.config)) + self.init.config)
        h.update(struct.pack(">II", self.init.timescale, len(self.samples)))
        for duration, comp, sync, data in self.samples:
            h.update(struct.pack(">IiBI", duration, comp, sync, len(data)))
            h.update(data)
        return h.digest()


class Movie:
    """A plain MP4 with moov in front: samples as those of a fragment, their
    places by stsz alone, since they stand one after another in mdat."""

    def __init__(self, b):
        kinds = [k for k, *_ in boxes(b)]
        if kinds != ["ftyp", "moov", "mdat"]:
            raise Bad("not ftyp, moov and mdat")
        moov = find(b, 0, len(b), "moov")
        mdia = find(b, *moov, "trak", "mdia")
        mdhd, _ = find(b, *mdia, "mdhd")
        self.timescale, = struct.unpack_from(
            ">I", b, mdhd + (20 if b[mdhd] == 1 else 12))
        stbl = find(b, *mdia, "minf", "stbl")
        stsd, stop = find(b, *stbl, "stsd")
        self.codec, _, entry, end = next(boxes(b, stsd + 8, stop))
        at, end = find(b, entry + 78, end,
                       {"avc1": "avcC", "hvc1": "hvcC"}[self.codec])
        self.config = b[at:end]
        at, _ = find(b, *stbl, "stsz")
        one, n = struct.unpack_from(">II", b, at + 4)
        if one:
            raise Bad("one size for all samples")
        sizes = struct.unpack_from(">%dI" % n, b, at + 12)
        durations = self.runs(b, *find(b, *stbl, "stts"), n)
        late = [k for k, *_ in boxes(b, *stbl)].count("ctts")
        compositions = self.runs(b, *find(b, *stbl, "ctts"), n) \
            if late else [0] * n
        at, _ = find(b, *stbl, "stss")
        count, = struct.unpack_from(">I", b, at + 4)
        syncs = set(struct.unpack_from(">%dI" % count, b, at + 8))
        at, end = find(b, 0, len(b), "mdat")
        self.samples = []
        for i, size in enumerate(sizes):
            self.samples.append((durations[i], compositions[i], i + 1 in syncs,
                                 b[at:at + size]))
            at += size
        if at != end:
            raise Bad("mdat holds something else than the samples")

    @staticmethod
    def runs(b, at, _, n):
        count, = struct.unpack_from(">I", b, at + 4)
        values = []
        for i in range(count):
            run, v = struct.unpack_from(">Ii", b, at + 8 + 8 * i)
            if run > n - len(values):
                raise Bad("more values than samples")
            values += [v] * run
        if len(values) != n:
            raise Bad("fewer values than samples")
        return values

    def seconds(self, i):
        return sum(s[0] for s in self.samples[:i]) / self.timescale

    def sample_hash(self, first, count):
        samples = self.samples[first:first + count]
        h = hashlib.sha256(b"saqta samples v1\n" + self.codec.encode())
        h.update(struct.pack(">I", len(self.config)) + self.config)
        h.update(struct.pack(">II", self.timescale, len(samples)))
        for duration, comp, sync, data in samples:
            h.update(struct.pack(">iiBI", duration, comp, sync, len(data)))
            h.update(data)
        return h.digest()
