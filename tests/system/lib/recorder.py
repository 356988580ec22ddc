"""Runs saqta-recorder for a test, and reads what it hands to storage."""
import ctypes
import ctypes.util
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from lib import wire

ROOT = Path(__file__).resolve().parents[3]


def program():
    return os.environ.get("SAQTA_BUILD", str(ROOT / "build")) \
        + "/saqta-recorder"


def seal(key, user, password):
    """crypto_box_seal of "user NUL password", by libsodium itself."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium")
                         or "libsodium.so.23")
    text = user.encode() + b"\0" + password.encode()
    out = ctypes.create_string_buffer(len(text) + 48)
    assert sodium.sodium_init() >= 0
    assert sodium.crypto_box_seal(out, text,
                                  ctypes.c_ulonglong(len(text)), key) == 0
    return out.raw


def sealed(user, password):
    return lambda key: seal(key, user, password)


class Recorder:
    """with Recorder() as r: r.storage = wire.Storage(r.run, ...); r.start()"""

    def __init__(self, timeout_ms=2000):
        self.dir = tempfile.mkdtemp(prefix="saqta-rec-")
        self.run = self.dir
        self.config = os.path.join(self.dir, "saqta.conf")
        self.log = os.path.join(self.dir, "log")
        with open(self.config, "w") as f:
            f.write("[site]\ndemo = yes\n[storage]\nrun = %s\n[recorder]\nstate = %s\n"
                    "timeout_ms = %d\n" % (self.run, self.dir, timeout_ms))
        self.process = self.storage = None
        self.cameras = []
        self.before = []        # words before the command

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()
        if self.storage:
            self.storage.close()
        for c in self.cameras:
            c.close()
        if exc[0]:
            print(self.logged(), flush=True)
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.before + [program(), "--config", self.config],
                stderr=log)
        return self

    def stop(self):
        """SIGTERM; the exit status."""
        if not self.process:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        return status

    def logged(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def children(self):
        """pids of the processes of cameras."""
        zygotes = _children(self.process.pid)
        return [p for z in zygotes for p in _children(z)]


def _children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(x) for x in f.read().split()]
    except OSError:
        pass
    out = []
    for p in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % p) as f:
                if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                    out.append(int(p))
        except (OSError, ValueError, IndexError):
            continue
    return out


def probe(url, text="", udp=False):
    """(exit status, standard output, seconds)"""
    begun = time.time()
    p = subprocess.run([program(), "probe"] + (["--udp"] if udp else [])
                       + [url], input=text, capture_output=True, text=True)
    return p.returncode, p.stdout, time.time() - begun


# --- fragments, read by the rules of ISO/IEC 14496-12 ---

def boxes(data, at=0, end=None):
    end = len(data) if end is None else end
    while at + 8 <= end:
        n, t = struct.unpack_from(">I4s", data, at)
        assert 8 <= n <= end - at, "a box is cut"
        yield t.decode("latin1"), at + 8, at + n
        at += n
    assert at == end, "bytes are left over"


def find(data, path, at=0, end=None):
    for t, a, b in boxes(data, at, end):
        if t == path[0]:
            return (a, b) if len(path) == 1 else find(data, path[1:], a, b)
    raise AssertionError("no " + path[0])


def samples(fragment):
    """(base, [(duration, composition, key, bytes)]) of one fragment."""
    kinds = [t for t, _, _ in boxes(fragment)]
    assert kinds == ["moof", "mdat"], kinds
    a, b = find(fragment, ["moof", "traf", "tfhd"])
    assert struct.unpack_from(">I", fragment, a)[0] & 0x020000
    a, b = find(fragment, ["moof", "traf", "tfdt"])
    base, = struct.unpack_from(">Q", fragment, a + 4)
    a, b = find(fragment, ["moof", "traf", "trun"])
    flags, n, at = struct.unpack_from(">III", fragment, a)
    assert flags == 0x01000f01
    out = []
    for i in range(n):
        d, size, f, c = struct.unpack_from(">IIIi", fragment,
                                           a + 12 + 16 * i)
        out.append((d, c, not f & 0x10000, fragment[at:at + size]))
        at += size
    assert at == len(fragment), "samples fill the mdat"
    return base, out


def sample_nals(data):
    out, at = [], 0
    while at < len(data):
        n, = struct.unpack_from(">I", data, at)
        out.append(data[at + 4:at + 4 + n])
        at += 4 + n
    assert at == len(data)
    return out


def pictures(segments):
    """(key, [NAL units]) of all segments in order."""
    return [(key, sample_nals(d)) for g in segments for f in g.fragments
            for _, _, key, d in samples(f[3])[1]]


def contiguous(segments):
    """None, or what is wrong with the times between fragments."""
    last = None
    for g in segments:
        base = 0
        for f in g.fragments:
            if last is not None and f[0] != last:
                return "segment %d: %d ns off" % (g.seq, f[0] - last)
            last = f[0] + f[1]
            b, s = samples(f[3])
            if b != base:
                return "tfdt %d is not %d" % (b, base)
            base += sum(x[0] for x in s)
    return None


__all__ = [n for n in dir() if not n.startswith("_")] + ["wire"]
