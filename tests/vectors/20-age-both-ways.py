#!/usr/bin/python3
"""Files go both ways between Saqta, Debian's age and npm's age-encryption.

One recipient or several, and passphrases (which Saqta reads and never writes);
the random reader gives what reading from front to end gives.
"""
import os
import pty
import random
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("SAQTA_BUILD", HERE.parent.parent / "build"))
SAQTA, WRITER = BUILD / "saqta", BUILD / "tests" / "writer"
CHUNK = 65536
SIZES = (0, CHUNK, CHUNK + 1, 200001)
FAILED = []


def ok(good, title, why=""):
    print("%sok - %s" % ("" if good else "not ", title))
    if not good:
        FAILED.append(title)
        print("  %s" % why)


def run(*args, data=b""):
    return subprocess.run([str(a) for a in args], input=data, cwd=HERE,
                          capture_output=True, timeout=120)


def node(*args, data):
    return run("node", HERE / "age.mjs", *args, data=data)


class Key:
    def __init__(self, path):
        self.path = path
        assert run("age-keygen", "-o", path).returncode == 0
        self.recipient = run("age-keygen", "-y", path).stdout.decode().strip()
        self.identity = path.read_text().strip().split("\n")[-1]


def readers(sealed, key):
    """Each program that opens it: name, output."""
    yield "saqta", run(SAQTA, "open", "-i", key.path, data=sealed)
    yield "age", run("age", "-d", "-i", key.path, data=sealed)
    yield "age-encryption", node("decrypt", key.identity, data=sealed)


def recipients(keys):
    to = [k.recipient for k in keys]
    writers = (
        ("saqta", lambda d, n: run(WRITER, "seal", *to[:n], data=d)),
        ("age", lambda d, n: run(
            "age", *sum((["-r", r] for r in to[:n]), []), data=d)),
        ("age-encryption", lambda d, n: node("encrypt", *to[:n], data=d)))
    for name, write in writers:
        wrong = []
        for size in SIZES:
            plain = random.randbytes(size)
            n = 1 if size == CHUNK else len(keys)
            got = write(plain, n)
            if got.returncode:
                wrong.append((size, got.stderr))
                continue
            for who, out in readers(got.stdout, random.choice(keys[:n])):
                if out.returncode or out.stdout != plain:
                    wrong.append((size, who, out.stderr))
            out = run(WRITER, "random", keys[n - 1].identity, data=got.stdout)
            if out.returncode:
                wrong.append((size, "random", out.stderr))
        ok(not wrong, "what %s writes, for one and for several, all three "
           "open and any place is read as from front to end" % name, wrong)


def by_age(tmp, phrase, plain):
    """age -p asks at a terminal."""
    path = tmp / "plain"
    path.write_bytes(plain)
    out = tmp / "sealed"
    pid, fd = pty.fork()
    if pid == 0:
        os.execlp("age", "age", "-p", "-o", str(out), str(path))
    seen, answered = b"", 0
    while True:
        try:
            piece = os.read(fd, 1000)
        except OSError:		# the terminal has gone with age
            break
        if not piece:
            break
        seen += piece
        if answered < min(2, seen.count(b"passphrase")):
            answered += 1
            os.write(fd, phrase.encode() + b"\n")
    os.waitpid(pid, 0)
    os.close(fd)
    return out.read_bytes()


def passphrases(tmp):
    phrase = "correct horse battery staple"
    file, wrong = tmp / "phrase", tmp / "wrong"
    file.write_text(phrase + "\n")
    wrong.write_text("something else\n")
    plain = random.randbytes(2 * CHUNK + 5)
    sealed = node("encrypt", "-p", phrase, "14", data=plain).stdout
    got = run(SAQTA, "open", "--passphrase-file", file, data=sealed)
    ok(got.returncode == 0 and got.stdout == plain,
       "saqta opens what age-encryption sealed by a passphrase", got.stderr)
    got = run(SAQTA, "open", "--passphrase-file", wrong, data=sealed)
    ok(got.returncode == 1 and not got.stdout and
       b"the passphrase does not open" in got.stderr,
       "a wrong passphrase prints nothing and says so, exit 1", got.stderr)
    key = Key(tmp / "other")
    got = run(SAQTA, "open", "-i", key.path, "--passphrase-file", file,
              data=sealed)
    ok(got.stdout == plain, "identity and passphrase may both be given")
    got = run(SAQTA, "open", "-i", key.path, data=sealed)
    ok(got.returncode == 1 and b"none of the identities" in got.stderr,
       "an identity does not open what a passphrase sealed", got.stderr)
    got = run(SAQTA, "open", "--passphrase-file", file, data=by_age(
        tmp, phrase, plain))
    ok(got.returncode == 0 and got.stdout == plain,
       "saqta opens what age sealed by a passphrase", got.stderr)
    dear = sealed.replace(b" 14\n", b" 21\n", 1)
    got = run(SAQTA, "open", "--passphrase-file", file, data=dear)
    ok(got.returncode == 1 and b"work factor 20" in got.stderr,
       "a passphrase that would take more than 1 GiB is refused", got.stderr)
    empty = tmp / "empty"
    empty.write_text("\nsecond line\n")
    got = run(SAQTA, "open", "--passphrase-file", empty, data=sealed)
    ok(got.returncode == 1 and b"is empty" in got.stderr,
       "an empty passphrase is named, exit 1", got.stderr)


def main():
    if not (HERE / "node_modules" / "age-encryption").exists():
        print("not ok - age-encryption is installed (npm ci in tests/vectors)")
        return 1
    with tempfile.TemporaryDirectory(dir=os.environ.get("SAQTA_TMP")) as d:
        tmp = Path(d)
        recipients([Key(tmp / ("key%d" % i)) for i in range(3)])
        passphrases(tmp)
    return bool(FAILED)


if __name__ == "__main__":
    sys.exit(main())
