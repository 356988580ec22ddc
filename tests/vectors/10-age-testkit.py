#!/usr/bin/python3
"""saqta open against the CCTV age testkit (C2SP, npm package cctv-age).

Each vector says how decryption must end and has the SHA-256 of all that may be
printed, also where it must fail. Those that open are then written again by our
writer, from header, nonce and plain bytes, and must be the same to the byte;
and our random reader must read them as they are read from front to end.
"""
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("SAQTA_BUILD", HERE.parent.parent / "build"))
SAQTA, WRITER = BUILD / "saqta", BUILD / "tests" / "writer"
KIT = HERE / "node_modules" / "cctv-age" / "index.js"
KNOWN = {"expect", "payload", "identity", "passphrase", "armored", "file key",
         "comment", "compressed"}
# A sentence on standard error tells how it ended.
SAYS = {
    "success": None,
    "no match": "none of the identities|the passphrase does not open",
    "HMAC failure": "the header was changed",
    "header failure": "the header is not|the file is empty",
    "payload failure": "was printed is genuine",
}


def vectors():
    found = re.findall(r"// \.\./testdata/(\S+)\nvar \w+ = __toBinary\("
                       r'"([^"]*)"\)', KIT.read_text())
    for name, data in found:
        head, _, body = base64.b64decode(data).partition(b"\n\n")
        fields = {}
        for line in head.decode().split("\n"):
            key, _, value = line.partition(": ")
            fields.setdefault(key, []).append(value)
        if fields.get("compressed") == ["zlib"]:
            body = zlib.decompress(body)
        yield name, fields, body


def why_not(fields, body):
    """Why a vector is not ours (yet); None where it is."""
    if set(fields) - KNOWN:
        return "unknown keys"
    if any(i.startswith("AGE-SECRET-KEY-PQ-") for i in
           fields.get("identity", [])) or b"-> mlkem768x25519" in body:
        return "post-quantum keys are not supported"
    if "armored" in fields:
        return "armored files are not supported"
    return None


def check(fields, body, tmp):
    """What is wrong with the way we open it; None where nothing is."""
    keys = Path(tmp) / "keys"
    # Without an identity, any: the header is what is looked at.
    lines = fields.get("identity") or ["# none"]
    keys.write_text("\r\n".join(lines) + "\r\n")
    args = ["-i", keys] if "identity" in fields else []
    if "passphrase" in fields:
        phrase = Path(tmp) / "phrase"
        phrase.write_text(fields["passphrase"][0] + "\n")
        args += ["--passphrase-file", phrase]
    run = subprocess.run([SAQTA, "open", *(args or ["-i", keys])], input=body,
                         capture_output=True, timeout=60)
    expect = fields["expect"][0]
    said = run.stderr.decode(errors="replace").strip()
    if run.returncode != (0 if expect == "success" else 1):
        return "exit %d: %s" % (run.returncode, said)
    if SAYS[expect] is None:
        if said:
            return "said: " + said
    elif not re.search(SAYS[expect], said):
        return "expected %s, said: %s" % (expect, said)
    want = fields.get("payload", [hashlib.sha256(b"").hexdigest()])[0]
    if hashlib.sha256(run.stdout).hexdigest() != want:
        return "printed %d bytes that are not the vector's" % len(run.stdout)
    return check_writer(fields, body) if expect == "success" else None


def check_writer(fields, body):
    """What is wrong with how we write what this vector holds."""
    for identity in fields.get("identity", []):
        run = subprocess.run([WRITER, "random", identity], input=body,
                             capture_output=True, timeout=60)
        if run.returncode == 0:
            break
        if b"no key" not in run.stderr:
            return "random reads: %s" % run.stderr
    else:
        identity = None
    key = ([identity] if identity else ["-p", fields["passphrase"][0]])
    run = subprocess.run([WRITER, "again", *key], input=body,
                         capture_output=True, timeout=60)
    if run.stdout != body:
        return "written again it is another file: %s" % run.stderr
    return None


def main():
    if not KIT.exists():
        print("not ok - the age testkit is installed (npm ci in tests/vectors)")
        return 1
    count, status, skipped = 0, 0, {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("SAQTA_TMP")) as tmp:
        for name, fields, body in vectors():
            title = "age testkit %s: %s" % (name, fields["expect"][0])
            reason = why_not(fields, body)
            if reason:
                skipped.setdefault(reason, []).append(name)
                continue
            count += 1
            wrong = check(fields, body, tmp)
            print("%sok - %s" % ("not " if wrong else "", title))
            if wrong:
                print("  " + wrong)
                status = 1
    for reason, names in skipped.items():
        print("ok - age testkit, %d vectors: %s # SKIP %s"
              % (len(names), " ".join(names), reason))
    # A regular expression that no longer fits must not pass in silence.
    enough = count >= 85
    print("%sok - the testkit has at least 85 vectors for us (%d)"
          % ("" if enough else "not ", count))
    return status or not enough


if __name__ == "__main__":
    sys.exit(main())
