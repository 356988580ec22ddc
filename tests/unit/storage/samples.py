#!/usr/bin/python3
"""Sample hashes of a fragmented MP4, from ffprobe's view of it.

Independent of storage/mp4.c: sizes, times, flags and positions come from
ffprobe, the bytes from the file, the rules from storage/DESIGN.md. One line a
sample (dts pts duration size position key), then one a fragment.
"""
import hashlib
import json
import struct
import subprocess
import sys


def boxes(data, at=0):
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at, size
        at += size


def main(path):
    data = open(path, "rb").read()
    codec = b"avc1" if data.find(b"avcC") > 0 else b"hvc1"
    at = data.find(b"avcC" if codec == b"avc1" else b"hvcC")
    size = struct.unpack_from(">I", data, at - 4)[0]
    config = data[at + 4:at - 4 + size]
    scale = struct.unpack_from(">I", data, data.find(b"mdhd") + 4 + 12)[0]
    packets = json.loads(subprocess.check_output(
        ["ffprobe", "-v", "error", "-show_packets", "-of", "json", path]
    ))["packets"]
    for kind, start, length in boxes(data):
        if kind != b"mdat":
            continue
        mine = [p for p in packets
                if start <= int(p["pos"]) < start + length]
        h = hashlib.sha256(b"saqta samples v1\n" + codec +
                           struct.pack(">I", len(config)) + config +
                           struct.pack(">II", scale, len(mine)))
        total = 0
        for p in mine:
            key = p["flags"][0] == "K"
            pos, n = int(p["pos"]), int(p["size"])
            h.update(struct.pack(">IiBI", p["duration"],
                                 p["pts"] - p["dts"], key, n))
            h.update(data[pos:pos + n])
            total += p["duration"]
            print(p["dts"], p["pts"], p["duration"], n, pos, int(key))
        print(mine[0]["dts"], total, len(mine), h.hexdigest())


main(sys.argv[1])
