#!/usr/bin/python3
"""saqta open and saqta paper against Debian's age, as a user would run them.

That age opens what we write is in tests/unit/storage/age_test.c.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SAQTA = Path(os.environ.get("SAQTA_BUILD", ROOT / "build")) / "saqta"
CHUNK = 65536
SIZES = (0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK,
         2 * CHUNK + 1, 5 * CHUNK, 1000000)
FAILED = []


def ok(good, title, why=""):
    print("%sok - %s" % ("" if good else "not ", title))
    if not good:
        FAILED.append(title)
        print("  %s" % why)


def run(*args, data=None):
    return subprocess.run([str(a) for a in args], input=data,
                          stdin=None if data is not None else
                          subprocess.DEVNULL, capture_output=True, timeout=60)


def open_(*args, data=None):
    return run(SAQTA, "open", *args, data=data)


def keygen(path):
    assert run("age-keygen", "-o", path).returncode == 0
    return run("age-keygen", "-y", path).stdout.decode().strip()


def pattern(n):
    return bytes(i * 31 >> 4 & 255 for i in range(4096)) * (n // 4096 + 1)


def sizes(tmp, key, recipient):
    for n in SIZES:
        plain = pattern(n)[:n]
        sealed = run("age", "-r", recipient, data=plain).stdout
        got = open_("-i", key, data=sealed)
        ok(got.returncode == 0 and got.stdout == plain and not got.stderr,
           "saqta opens %d bytes that age wrote, from a pipe" % n, got.stderr)
        file = tmp / "file.age"
        file.write_bytes(sealed)
        got = open_("-i", key, file)
        ok(got.returncode == 0 and got.stdout == plain,
           "saqta opens %d bytes that age wrote, from a file" % n, got.stderr)


def slow_pipe(key, recipient):
    """Bytes may come in any pieces."""
    plain = pattern(70000)[:70000]
    sealed = run("age", "-r", recipient, data=plain).stdout
    child = subprocess.Popen([SAQTA, "open", "-i", key],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(300):
        child.stdin.write(sealed[i:i + 1])
        child.stdin.flush()
    out, _ = child.communicate(sealed[300:])
    ok(child.returncode == 0 and out == plain,
       "a file that comes byte by byte is opened")


def cut(key, recipient):
    """What is whole is printed, and no more, wherever the file ends."""
    n = 3 * CHUNK
    plain = pattern(n)[:n]
    sealed = run("age", "-r", recipient, data=plain).stdout
    head = len(sealed) - 3 * (CHUNK + 16)
    for whole, rest in ((0, 0), (0, 1), (0, 20000), (1, 0), (1, 15), (1, 16),
                        (2, 0), (2, 17), (2, CHUNK + 15)):
        data = sealed[:head + whole * (CHUNK + 16) + rest]
        got = open_("-i", key, data=data)
        ok(got.returncode == 1 and got.stdout == plain[:whole * CHUNK] and
           b"ends early" in got.stderr,
           "a file cut %d bytes into chunk %d prints the %d before it, exit 1"
           % (rest, whole, whole), got.stderr)
    for at in (0, 100, head - 3):
        got = open_("-i", key, data=sealed[:at])
        ok(got.returncode == 1 and not got.stdout and got.stderr,
           "a header cut at %d prints nothing, exit 1" % at)
    bad = bytearray(sealed)
    bad[head + CHUNK + 16 + 5] ^= 1
    got = open_("-i", key, data=bytes(bad))
    ok(got.returncode == 1 and got.stdout == plain[:CHUNK] and
       b"changed" in got.stderr,
       "a changed chunk ends the output before it, exit 1", got.stderr)
    got = open_("-i", key, data=sealed + b"x")
    ok(got.returncode == 1 and got.stdout == plain and
       b"added after the end" in got.stderr,
       "bytes after the end are reported, exit 1", got.stderr)


def identities(tmp, key, recipient):
    plain = b"the picture"
    sealed = run("age", "-r", recipient, data=plain).stdout
    other = tmp / "other.key"
    keygen(other)
    got = open_("-i", other, data=sealed)
    ok(got.returncode == 1 and not got.stdout and
       b"none of the identities" in got.stderr,
       "a wrong key prints nothing and says so, exit 1", got.stderr)
    got = open_("-i", other, "-i", key, data=sealed)
    ok(got.stdout == plain, "any of several identity files may open it")
    crlf = tmp / "crlf.key"
    crlf.write_bytes(b"# a comment\r\n\r\n" +
                     key.read_bytes().replace(b"\n", b"\r\n"))
    got = open_("-i", crlf, data=sealed)
    ok(got.stdout == plain, "comments, empty lines and CRLF are accepted",
       got.stderr)
    wrong = tmp / "wrong.key"
    wrong.write_text("# fine\nAGE-SECRET-KEY-1QQQQ\n")
    got = open_("-i", wrong, data=sealed)
    ok(got.returncode == 1 and b"line 2 is not an age identity" in got.stderr
       and b"QQQQ" not in got.stderr,
       "a wrong line of an identity file is named, never shown", got.stderr)
    got = open_("-i", tmp / "missing", data=sealed)
    ok(got.returncode == 1 and b"No such file" in got.stderr,
       "a missing identity file is named")
    for args in ((), ("-x",), ("-i",), ("-i", key, "a", "b")):
        got = open_(*args, data=sealed)
        ok(got.returncode == 2 and b"usage" in got.stderr,
           "wrong arguments show the usage, exit 2: %d" % len(args))
    armored = run("age", "-a", "-r", recipient, data=plain).stdout
    got = open_("-i", key, data=armored)
    ok(got.returncode == 1 and b"armored" in got.stderr,
       "an armored file is called by its name, exit 1", got.stderr)
    with open("/dev/full", "wb") as full:
        got = subprocess.run([SAQTA, "open", "-i", key], input=sealed,
                             stdout=full, stderr=subprocess.PIPE, timeout=60)
    ok(got.returncode == 1 and b"No space" in got.stderr,
       "output that cannot be written is an error, exit 1", got.stderr)


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("SAQTA_TMP")) as d:
        tmp = Path(d)
        key = tmp / "key"
        recipient = keygen(key)
        sizes(tmp, key, recipient)
        slow_pipe(key, recipient)
        cut(key, recipient)
        identities(tmp, key, recipient)
    return bool(FAILED)


if __name__ == "__main__":
    sys.exit(main())
