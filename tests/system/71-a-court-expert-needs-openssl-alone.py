#!/usr/bin/python3
"""The commands of saqta-evidence(5) are run as they stand in the page.

The package is made here by Python's zipfile and openssl: a checkpoint that is
signed by a fresh key, and a manifest. Breaks where the page or its commands do
not work, or accept a note that was changed.
"""
import base64
import hashlib
import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from lib import say

PAGE = Path(__file__).resolve().parents[2] / "storage/tool/saqta-evidence.5"
NAME = "bank.example/almaty-12"


def commands():
    """The literal displays of "A check by hand", one after the other."""
    part = PAGE.read_text().split(".Ss A check by hand")[1]
    part = part.split(".Sh EXIT STATUS")[0]
    shown = re.findall(r"\.Bd -literal -offset indent\n(.*?)\.Ed", part, re.S)
    return [s.replace("\\e", "\\") for s in shown]


def openssl(folder, *args, stdin=b""):
    return subprocess.run(["openssl", *args], input=stdin, cwd=folder,
                          stdout=subprocess.PIPE, check=True).stdout


def make(folder):
    """Package and policy; the manifest's and the package's hashes."""
    openssl(folder, "genpkey", "-algorithm", "ed25519", "-out", "k.pem")
    der = openssl(folder, "pkey", "-in", "k.pem", "-pubout", "-outform", "DER")
    key = der[-32:]
    kid = hashlib.sha256(NAME.encode() + b"\n\x01" + key).digest()[:4]
    root = base64.b64encode(hashlib.sha256(b"root").digest()).decode()
    text = "%s\n12\n%s\n" % (NAME, root)
    (folder / "t").write_text(text)
    openssl(folder, "pkeyutl", "-sign", "-inkey", "k.pem", "-rawin", "-in",
            "t", "-out", "s")
    line = base64.b64encode(kid + (folder / "s").read_bytes()).decode()
    note = text + "\n\u2014 %s %s\n" % (NAME, line)
    manifest = b'{"format":"saqta manifest v1"}'
    with zipfile.ZipFile(folder / "package.zip", "w") as z:
        z.writestr("manifest.json", manifest)
        z.writestr("proof.txt", "saqta proof v1\nentry 0 AA==\n\n" + note)
    vkey = "%s+%s+%s" % (NAME, kid.hex(),
                         base64.b64encode(b"\x01" + key).decode())
    (folder / "policy").write_text("# sheet\nlog %s\nquorum none\n" % vkey)
    return manifest


def run(folder):
    script = "set -e\n" + "\n".join(commands())
    return subprocess.run(["sh", "-c", script], cwd=folder, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def spoil(folder):
    """One digit of the checkpoint's size."""
    out = io.BytesIO()
    with zipfile.ZipFile(folder / "package.zip") as z, \
            zipfile.ZipFile(out, "w") as w:
        for info in z.infolist():
            w.writestr(info.filename,
                       z.read(info).replace(b"\n12\n", b"\n13\n"))
    (folder / "package.zip").write_bytes(out.getvalue())


def story():
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(PAGE)],
                          check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    # a machine without an index of its pages says so: that is not the page
    found = [line for line in lint.stdout.decode().splitlines()
             if line and "mandoc.db" not in line]
    say.test("the page is sound mdoc", not found, found)
    say.test("the page shows commands", len(commands()) == 3, commands())
    folder = Path(tempfile.mkdtemp(prefix="saqta-openssl-"))
    try:
        manifest = make(folder)
        done = run(folder)
        said = done.stdout.decode()
        say.test("the page's commands verify a genuine checkpoint",
                 done.returncode == 0 and "Verified Successfully" in said,
                 said)
        say.test("and print the hashes of package and manifest",
                 hashlib.sha256(manifest).hexdigest() in said and
                 hashlib.sha256((folder / "package.zip").read_bytes())
                 .hexdigest() in said, said)
        spoil(folder)
        done = run(folder)
        say.test("P10 they refuse a checkpoint that was changed",
                 done.returncode != 0 and
                 "Verified Successfully" not in done.stdout.decode(),
                 done.stdout.decode())
    finally:
        shutil.rmtree(folder)


say.main(story)
