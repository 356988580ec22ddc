#!/usr/bin/python3
"""saqta paper: two halves, typed or piped, give an identity for plain age.

The halves are made here from storage/DESIGN.md: base32 of A and of A xor key in
lines of 16, 16, 16 and 4 letters, each with two check letters.
"""
import base64
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lib.appliance import totp

ROOT = Path(__file__).resolve().parent.parent.parent
SAQTA = Path(os.environ.get("SAQTA_BUILD", ROOT / "build")) / "saqta"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# 32 times 0x42, as published with age.
KEY = b"\x42" * 32
IDENTITY = ("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ"
            "4EGAEX")
RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
FAILED = []


def ok(good, title, why=""):
    print("%sok - %s" % ("" if good else "not ", title))
    if not good:
        FAILED.append(title)
        print("  %r" % (why,))


def mul(a, b):
    r = 0
    for i in range(5):
        r ^= a << i if b >> i & 1 else 0
    for i in range(8, 4, -1):
        r ^= 0x25 << (i - 5) if r >> i & 1 else 0
    return r


def check(line, letters):
    """The two letters that make the word (line, letters, check) zero at 2, 4."""
    word = [line] + [LETTERS.index(c) for c in letters]
    for hi in range(32):
        for lo in range(32):
            at = [0, 0]
            for k, x in enumerate((2, 4)):
                for s in word + [hi, lo]:
                    at[k] = mul(at[k], x) ^ s
            if at == [0, 0]:
                return LETTERS[hi] + LETTERS[lo]
    raise AssertionError("no check")


def half(data):
    text = base64.b32encode(data).decode().rstrip("=")
    return [text[i:i + 16] + check(n, text[i:i + 16])
            for n, i in enumerate(range(0, 52, 16), 1)]


def piped(lines):
    run = subprocess.run([SAQTA, "paper", "-"], input="\n".join(lines).encode(),
                         capture_output=True, timeout=60)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


def on_console(lines, tmp):
    """Type the lines on a terminal; its screen, what was printed, status."""
    out = tmp / "out"
    pid, tty = pty.fork()
    if pid == 0:
        with open(out, "wb") as f:
            os.dup2(f.fileno(), 1)
        os.execv(SAQTA, ["saqta", "paper"])
    screen = b""
    end = time.monotonic() + 30
    for line in lines:
        asked = len(screen)
        while b": " not in screen[asked:] and time.monotonic() < end:
            if select.select([tty], [], [], 1)[0]:
                screen += os.read(tty, 4096)
        os.write(tty, line.encode() + b"\n")
    try:
        while True:
            more = os.read(tty, 4096)
            if not more:
                break
            screen += more
    except OSError:
        pass		# the other side is gone
    _, status = os.waitpid(pid, 0)
    return screen.decode(), out.read_text(), os.waitstatus_to_exitcode(status)


def set_up_on_console(tmp):
    """saqta init on a terminal, typing back what stands on the sheets."""
    (tmp / "data").mkdir()
    conf = tmp / "conf"
    conf.write_text("[site]\nname = Test\nzone = Asia/Almaty\ndemo = yes\n"
                    "[storage]\ndata = %s\n" % (tmp / "data"))
    out = tmp / "printed"
    pid, tty = pty.fork()
    if pid == 0:
        with open(out, "wb") as f:
            os.dup2(f.fileno(), 1)
        os.execv(SAQTA, ["saqta", "init", "--config", str(conf), "--origin",
                         "bank.example/x", "--custodian", "aigul"])
    screen, end = b"", time.monotonic() + 60

    def until(*words):
        nonlocal screen
        while not any(w in screen for w in words) and time.monotonic() < end:
            if select.select([tty], [], [], 1)[0]:
                try:
                    screen += os.read(tty, 4096)
                except OSError:
                    return None
        return screen

    def say(line):
        nonlocal screen
        screen = b""
        os.write(tty, line.encode() + b"\n")

    for word in ("short", "a password for the test"):
        for prompt in (b"custodian: ", b"again: "):
            until(prompt)
            say(word)
    until(b"press Enter")
    printed = out.read_text()
    a, b = printed.split("Half A:\n")[1].split("Half B:\n")
    letters = [line[-2:] for line in a.strip().splitlines() +
               b.strip().splitlines()[:4]]
    say("")
    seen = until(b"two letters: ")
    cleared, again = b"\033[2J" in seen, False
    for i, word in enumerate(letters):
        until(b"two letters: ")
        if i == 5:
            say("??")
            again = b"other letters" in until(b"sheet again")
            until(b"two letters: ")
        say(word.lower())
    until(b"shows now: ")
    say("000000")
    refused = b"no code of it" in until(b"goes on)")
    until(b"shows now: ")
    secret = base64.b32decode(re.search("secret=([A-Z2-7]+)",
                                        out.read_text())[1])
    say(totp(secret, int(time.time()) // 30))
    while until(b"never") is not None and time.monotonic() < end:
        pass
    again = again and refused
    _, status = os.waitpid(pid, 0)
    printed = out.read_text()
    cleared = cleared and printed.index("secret=") < printed.index("\033[2J")
    return cleared, again, os.waitstatus_to_exitcode(status), printed


def main():
    a = bytes(range(7, 39))
    b = bytes(x ^ y for x, y in zip(a, KEY))
    a, b = half(a), half(b)
    want = "# public key: %s\n%s\n" % (RECIPIENT, IDENTITY)
    status, out, err = piped(a + b)
    ok(status == 0 and out == want, "halves made from the document join", err)
    status, out, err = piped(b + a)
    ok(status == 0 and out == want, "the order of the halves is free", err)
    spaced = [" ".join(re.findall("..?.?.?", s)).lower() for s in a + b]
    status, out, err = piped(["", "  ".join(spaced[:1])] + spaced[1:] + [""])
    ok(status == 0 and out == want, "spaces, case and empty lines are free",
       err)
    for half_n, line in ((0, 2), (1, 4)):
        bad = a + b
        i = half_n * 4 + line - 1
        bad[i] = ("A" if bad[i][0] != "A" else "B") + bad[i][1:]
        status, out, err = piped(bad)
        ok(status == 1 and not out and
           "half %s, line %d" % ("AB"[half_n], line) in err,
           "a typing error is located: half %s, line %d"
           % ("AB"[half_n], line), err)
    status, out, err = piped(a + a)
    ok(status == 1 and not out and "twice" in err,
       "the same half twice is refused", err)
    status, out, err = piped(a)
    ok(status == 1 and not out and "both halves" in err,
       "one half alone gives nothing", err)
    with tempfile.TemporaryDirectory(dir=os.environ.get("SAQTA_TMP")) as d:
        tmp = Path(d)
        typed = a[:1] + ["nonsense"] + a[1:] + b
        screen, out, status = on_console(typed, tmp)
        ok(status == 0 and out == want and "typing error" in screen,
           "on the console a wrong line is asked for again", (screen, out))
        ok(not any(s in screen for s in a + b + [IDENTITY]),
           "P1 neither half is shown on the screen", screen)
        (tmp / "key").write_text(out)
        cleared, again, status, printed = set_up_on_console(tmp)
        ok(cleared and again and status == 0 and "is ready" in printed,
           "at set-up the check letters are typed back from the sheets, and a "
           "code of the second factor",
           (cleared, again, status, printed))
        sealed = subprocess.run(["age", "-r", RECIPIENT], input=b"picture",
                                capture_output=True).stdout
        plain = subprocess.run(["age", "-d", "-i", tmp / "key"], input=sealed,
                               capture_output=True)
        ok(plain.stdout == b"picture", "plain age takes the identity",
           plain.stderr)
        screen, out, status = on_console(a[:1] + ["\x03"], tmp)
        ok(status == 1 and not out, "Ctrl-C ends it with nothing printed",
           screen)
    return bool(FAILED)


if __name__ == "__main__":
    sys.exit(main())
