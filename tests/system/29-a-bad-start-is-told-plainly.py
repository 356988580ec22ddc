#!/usr/bin/python3
# timeout: 120
"""What a technician reads when something does not start, and that it helps.

The port is taken, the certificate has ended, the data disk was replaced by an
empty one. (Elsewhere: no DNS 25, no time source 29-the-machine and 32, a wrong
zone 32, a second storage 64, a volume that is another one 63.)
"""
import os
import socket

from lib import say
from lib.appliance import Appliance, Process


def tried(box, name):
    """Start a program that cannot; its log since then, and its status."""
    log = box.logs / (name + ".log")
    before = log.stat().st_size
    program = Process(name, [box.bin / ("saqta-" + name), "--config",
                             box.conf], log, box.users[name], box.env)
    try:
        ended = program.child.wait(60)
    finally:
        program.kill()
    return log.read_text()[before:], ended


def test_port(box):
    box.stop("web")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", box.port))
        other.listen()
        text, ended = tried(box, "web")
    say.test("a port that is taken is called that, with its number and how to "
             "find who has it", ended == 1 and "port %d" % box.port in text and
             "taken" in text and "ss -ltnp" in text, ended, text)
    box.start("web")


def test_certificate(box):
    """What the doctor says to remove is what has to be removed."""
    before = box.certificate.read_text()
    box.certificate.write_text("nonsense\n")
    box.stop("web")
    text, ended = tried(box, "web")
    say.test("web does not start with a certificate that is none, and names "
             "the files", ended and "tls.crt" in text, ended, text)
    users, box.users = box.users, dict.fromkeys(box.users)
    told = box.tool("doctor", check=False).stdout.decode()
    box.users = users
    mend, = [line for line in told.splitlines() if "rm " in line]
    for path in mend.split("rm ")[1].split(" &&")[0].split():
        os.unlink(path)
    box.start("web")
    say.test("what the doctor's command removes is enough for a new one",
             box.certificate.read_text() != before and
             box.client().get("/healthz").status == 200, mend)


def test_disk(box):
    """An empty disk where the data was: refused, and left as it is."""
    box.stop("storage")
    away = box.data.with_name("away")
    box.data.rename(away)
    box.data.mkdir(mode=0o700)
    if box.users["storage"]:
        os.chown(box.data, box.users["storage"].pw_uid,
                 box.users["storage"].pw_gid)
    text, ended = tried(box, "storage")
    say.test("D4 an empty disk in place of the data is asked about", ended == 1
             and "is its volume mounted" in text, ended, text)
    say.test("P2 and nothing is begun on it", not list(box.data.iterdir()),
             list(box.data.iterdir()))
    box.data.rmdir()
    away.rename(box.data)
    box.start("storage")
    say.test("the right one is gone on with", box.answers())


def story():
    with Appliance() as box:
        test_port(box)
        test_certificate(box)
        test_disk(box)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
