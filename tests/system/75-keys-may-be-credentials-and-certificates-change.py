#!/usr/bin/python3
# timeout: 120
"""The log's key and the TLS key as systemd's credentials instead of files; a
certificate of the bank's in the place of our own, under another host name.
"""
import os
import socket
import ssl
import subprocess

from lib import say
from lib.appliance import Appliance, wait_for


def ledger(box):
    return box.tool_json("status")["ledger"]


def shown(box):
    """The certificate that browsers get."""
    return ssl.get_server_certificate(("127.0.0.1", box.port))


def signs(box):
    """Checkpoints go on covering what is entered."""
    size = ledger(box)["size"]
    return wait_for("a checkpoint", 30,
                    lambda: ledger(box)["checkpoint"] >= size)


def log_of(box, name):
    return (box.logs / (name + ".log")).read_text(errors="replace")


def as_credentials(box):
    cred = box.tmp / "credentials"
    cred.mkdir()
    cred.chmod(0o755)
    before = shown(box)
    box.stop()
    for path, name in ((box.data / "ledger/log.key", "saqta-storage.log.key"),
                       (box.tmp / "web/tls.key", "saqta-web.tls.key")):
        path.rename(cred / name)
        (cred / name).chmod(0o644)	# systemd gives each unit its own
    box.env["CREDENTIALS_DIRECTORY"] = str(cred)
    box.start()
    say.test("P10 checkpoints are signed by a key that is a credential",
             signs(box) and ledger(box)["epoch"] == 1 and
             "stay unsigned" not in log_of(box, "storage"))
    say.test("web shows the same certificate with its key as a credential",
             shown(box) == before and not (box.tmp / "web/tls.key").exists())
    box.stop("storage")
    (cred / "saqta-storage.log.key").unlink()
    box.start("storage")
    say.test("without the key the box goes on entering, and says what to do",
             "saqta ledger rotate" in log_of(box, "storage") and
             ledger(box)["size"] > ledger(box)["checkpoint"])


def of_the_bank(box):
    """A new certificate with another name; people sign in as before."""
    cred = box.tmp / "credentials"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
         "/CN=saqta-12.bank.example", "-addext",
         "subjectAltName=DNS:saqta-12.bank.example", "-keyout",
         cred / "saqta-web.tls.key", "-out", box.certificate],
        check=True, capture_output=True)
    for path in (cred / "saqta-web.tls.key", box.certificate):
        path.chmod(0o644)
    box.stop("web")
    box.start("web")
    context = ssl.create_default_context(cafile=box.certificate)
    with context.wrap_socket(
            socket.create_connection(("127.0.0.1", box.port)),
            server_hostname="saqta-12.bank.example") as tls:
        name = dict(tls.getpeercert()["subject"][0])["commonName"]
    say.test("another host name and certificate are shown after a restart",
             name == "saqta-12.bank.example", name)
    say.test("and people sign in as before",
             box.client("oleg").get("/api/v1/status").status == 200)
    (box.tmp / "web" / "tls.crt").write_text("no certificate\n")
    box.stop("web")
    done = subprocess.run(
        [box.bin / "saqta-web", "--config", box.conf], env=box.env,
        capture_output=True, text=True, timeout=30, check=False)
    say.test("a certificate that is none is refused, with its file's name",
             done.returncode and "tls.crt" in done.stderr, done.stderr)


def main():
    with Appliance() as box:
        as_credentials(box)
        of_the_bank(box)


os.umask(0o022)
say.main(main)
