#!/usr/bin/python3
"""What people who watch cost, and what they get, while cameras record.

    people_watching.py BUILD [SECONDS [watch]]

Sixteen cameras record while fifty sessions (ten each of five auditors, each
with a reader of its own) watch as the pages do: fragment by fragment, five
seconds ahead. No picture may be lost, nobody may wait for one, and entries
must share their syncs. `watch`: this alone, with a small film, for make soak.

Then, with the cameras off: how many bytes a second of CPU decrypts and serves
over TLS, of all Saqta processes together, beside nginx that serves the same
plain file with the same cipher, in turn, file by file; how soon the first byte
of any minute is there, beside a sync of the same disk; and what a thousand idle
connections cost.
"""
import http.client
import os
import random
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from lib import nginx                                         # noqa: E402
from lib.appliance import PEOPLE, Appliance, wait_for         # noqa: E402
from lib.package import V1, stamp                             # noqa: E402
from measure import (Server, below, cpu, machine, make_film,  # noqa: E402
                     pss, samples, verdict)

CAMERAS, AUDITORS, SESSIONS = 16, 5, 10
AHEAD_S = 5.0                   # web/ui/feed.js
CIPHER = "TLS_AES_128_GCM_SHA256"
PASSWORD = "an auditor of the bench"
SERVE_ROUNDS = 3
SEEK_S = 0.15                   # storage/conn.c: 20 entries a second of a person
# of nginx; ms; MB
SERVE_LEAST, SERVE_GOAL, FIRST_MOST, FIRST_GOAL, IDLE_MOST = 0.35, 0.5, 50, 2, 100


def add_auditors(box):
    """By two custodians in turn: a code is good for one act."""
    for i in range(AUDITORS):
        by = ("aigul", "daniyar")[i % 2]
        box.tool("user", "add", "--role", "auditor", "--user", "a%d" % i,
                 "--name", "Auditor %d" % i, "--by", by, "-",
                 stdin=box.credential(by) + PASSWORD + "\n")


def grant(box, deciders, i, cameras, begin, end):
    """All cameras of a range, to that auditor."""
    asks = box.client("a%d" % i, PASSWORD)
    ask = {"from": stamp(begin), "to": stamp(end), "cameras": cameras}
    asked = asks.post(V1 + "requests", {
        **ask, "reason": "bench", "case": "-", "right": "export"})
    assert asked.status == 201, asked.body
    ident = asked.json()["id"]
    by = ("aigul", "daniyar")[i % 2]
    done = deciders[by].post(V1 + "requests/%s/decision" % ident, {
        **ask, "verdict": "approve", "reason": "bench",
        "password": PEOPLE[by][2], "code": box.code(by)})
    assert done.status == 200, done.body
    asks.sign_out()
    return ident


class Viewer(threading.Thread):
    """One session that watches one camera of its grant."""

    def __init__(self, client, ident, camera, barrier, seconds):
        super().__init__(daemon=True)
        self.client, self.request, self.barrier = client, ident, barrier
        self.seconds = seconds
        told = client.get(V1 + "requests/%s/play" % ident).json()
        run = max(told["cameras"][camera]["runs"], key=lambda r: r["bytes"])
        self.camera = told["cameras"][camera]["camera"]
        self.list = [(p["seq"], f["index"], int(f["start_ns"]) / 1e9,
                      f["duration_ns"] / 1e9)
                     for p in run["parts"] for f in p["fragments"]]
        self.run_s = sum(f[3] for f in self.list)
        self.late = []          # seconds that each fragment came too late
        self.took = []          # seconds to its first byte
        self.failed = None

    def fetch(self, link, path):
        begun = time.monotonic()
        link.request("GET", "/media/%s/%s/%s" % (self.request, self.camera,
                                                 path),
                     headers={"Cookie": self.client.cookie,
                              "Sec-Fetch-Site": "same-origin"})
        answer = link.getresponse()
        self.took.append(time.monotonic() - begun)
        body = answer.read()
        if answer.status != 200 or not body:
            raise RuntimeError("%s: %d %s" % (path, answer.status, body[:200]))
        return begun

    def watch(self):
        link = http.client.HTTPSConnection(
            "127.0.0.1", self.client.port, context=self.client.context,
            timeout=60)
        self.barrier.wait()
        self.fetch(link, "%d/init" % self.list[0][0])
        began, at, n = None, 0.0, 0
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            seq, index, _, lasts = self.list[n % len(self.list)]
            if began is not None:
                # not sooner than it is wanted
                wait = began + at - AHEAD_S - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
            self.fetch(link, "%d/%d" % (seq, index))
            now = time.monotonic()
            if began is None:
                began = now
            self.late.append(now - began - at)
            at += lasts
            n += 1
        link.close()

    def run(self):
        try:
            self.watch()
        except Exception as error:              # told at the end
            self.failed = error


def tail_syncs(box, seconds, folder):
    """How often the ledger's tail was synced meanwhile."""
    out = folder / "strace"
    child = subprocess.Popen(
        ["strace", "-f", "-y", "-e", "trace=fdatasync,fsync", "-o", str(out),
         "-p", str(box.processes["storage"].pid)], stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    child.terminate()
    child.wait()
    return sum("ledger/tail" in line for line in
               out.read_text(errors="replace").splitlines())


def entries(box):
    return box.tool_json("status")["ledger"]["size"]


def watching(box, grants, clients, seconds, tmp):
    """All watch at once: is it good?"""
    barrier = threading.Barrier(len(clients) + 1)
    viewers = [Viewer(c, grants[i // SESSIONS], i % CAMERAS, barrier, seconds)
               for i, c in enumerate(clients)]
    for v in viewers:
        v.start()
    ours = [box.processes[p].pid for p in ("storage", "recorder", "web")]
    syncs = []
    counter = threading.Thread(
        target=lambda: syncs.append(tail_syncs(box, 5, tmp)))
    counter.start()
    time.sleep(1)
    first, before, begun = entries(box), cpu(below(ours)), time.monotonic()
    barrier.wait()
    counter.join()
    grown = entries(box) - first
    for v in viewers:
        v.join()
    took = time.monotonic() - begun
    failed = [v.failed for v in viewers if v.failed]
    late = [x for v in viewers for x in v.late]
    took_s = sorted(x for v in viewers for x in v.took)
    print("%d sessions watched for %.0f s: %d fragments; first byte of one "
          "after %.1f ms (median), %.0f ms (99 of 100), %.0f ms (worst)"
          % (len(viewers), took, len(late), took_s[len(took_s) // 2] * 1e3,
             took_s[len(took_s) * 99 // 100] * 1e3, took_s[-1] * 1e3))
    print("CPU of all Saqta processes meanwhile: %.2f cores"
          % ((cpu(below(ours)) - before) / took))
    print("as all began: %d entries, %d syncs of the ledger" % (
        grown, syncs[0]))
    if failed:
        print("failed: %d sessions, such as: %s" % (len(failed), failed[0]))
    return [verdict("a fragment came behind its time by", max(late), AHEAD_S,
                    0, "s"),
            verdict("entries a sync, as all began", grown /
                    max(1, syncs[0]), 2, unit="", least=True),
            not failed]


# --- beside nginx ---

def download(url, cookie, into):
    done = subprocess.run(
        ["curl", "-sSk", "--tlsv1.3", "--tls13-ciphers", CIPHER, "-o", into,
         "-w", "%{http_code} %{size_download}", *(["-H", "Cookie: " + cookie]
                                                  if cookie else []), url],
        stdout=subprocess.PIPE, text=True, check=True)
    status, size = done.stdout.split()
    assert status == "200", (url, done.stdout)
    return int(size)


def serving(box, client, ident, cameras, tmp):
    """Bytes a second of CPU: ours over nginx's, in turn."""
    box.open_files(client, "a0", ident, PASSWORD)
    folder = tmp / "plain"
    folder.mkdir()
    url = "https://127.0.0.1:%d/media/%s/%%s/run0.mp4" % (client.port, ident)
    ours = [box.processes[p].pid for p in ("storage", "web")]
    for c in cameras:           # once, to know the files and warm both up
        download(url % c, client.cookie, str(folder / (c + ".mp4")))
    child, port = nginx.start(
        box, tmp / "nginx", "ssl_protocols TLSv1.3; ssl_conf_command "
        "Ciphersuites %s; root %s;" % (CIPHER, folder),
        "sendfile on; tcp_nopush on;")
    there = "https://127.0.0.1:%d/%%s.mp4" % port
    for c in cameras[:4]:
        download(there % c, None, "/dev/null")
    size, mine, its, rounds = 0, 0, 0, []
    for _ in range(SERVE_ROUNDS):
        a, b = mine, its
        for c in cameras:
            before = cpu(below(ours))
            size += download(url % c, client.cookie, "/dev/null")
            mine += cpu(below(ours)) - before
            before = cpu(below([child.pid]))
            download(there % c, None, "/dev/null")
            its += cpu(below([child.pid])) - before
        rounds.append((its - b) / (mine - a))
    child.terminate()
    child.wait()
    shutil.rmtree(folder)
    print("%d MB over TLS 1.3, %s, each: Saqta %.3f GB a second of CPU, nginx "
          "%.3f; rounds from %.2f to %.2f"
          % (size >> 20, CIPHER, size / mine / 1e9, size / its / 1e9,
             min(rounds), max(rounds)))
    return verdict("decrypted and served a core, of nginx's plain",
                   its / mine, SERVE_LEAST, SERVE_GOAL, least=True)


# --- the first byte, and connections that do nothing ---

def forget(box):
    """Footage is on the disk alone, as if it were of months ago."""
    os.sync()
    for path in box.data.glob("footage/*/*/*/*/*"):
        fd = os.open(path, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


def sync_ms(fd):
    """What each first byte waits for once: 100 bytes, on that disk."""
    os.write(fd, bytes(100))
    begun = time.monotonic()
    os.fdatasync(fd)
    return (time.monotonic() - begun) * 1e3


def told(what, took):
    took.sort()
    print("%s: %.2f ms (median), %.2f ms (19 of 20), %.1f ms (worst of %d)" % (
        what, took[len(took) // 2], took[len(took) * 19 // 20], took[-1],
        len(took)))


def first_byte(box, client, ident):
    """Of a connection that stands, as a browser's does."""
    play = client.get(V1 + "requests/%s/play" % ident).json()
    places = [(c["camera"], p["seq"], f["index"]) for c in play["cameras"]
              for r in c["runs"] for p in r["parts"] for f in p["fragments"]]
    link = http.client.HTTPSConnection("127.0.0.1", client.port,
                                       context=client.context, timeout=60)
    begun = time.monotonic()
    link.connect()
    print("a new connection: %.1f ms" % ((time.monotonic() - begun) * 1e3))
    took, syncs = [], []
    rng = random.Random(1)
    beside = os.open(box.data / "beside", os.O_CREAT | os.O_WRONLY, 0o600)
    for n in range(200):
        if n % 20 == 0:
            forget(box)
        # each seek is entered twice, and nobody's are without limit
        time.sleep(SEEK_S)
        begun = time.monotonic()
        link.request("GET", "/media/%s/%s/%d/%d" % (ident, *rng.choice(
            places)), headers={"Cookie": client.cookie,
                               "Sec-Fetch-Site": "same-origin"})
        answer = link.getresponse()
        took.append((time.monotonic() - begun) * 1e3)
        answer.read()
        assert answer.status == 200, answer.status
        syncs.append(sync_ms(beside))
    link.close()
    os.close(beside)
    os.unlink(box.data / "beside")
    told("a sync of that disk", syncs)
    told("first byte of any of %d fragments, not in memory" % len(places),
         took)
    return all([verdict("first byte, 19 of 20", took[190], FIRST_MOST,
                        FIRST_GOAL, "ms"),
                verdict("first byte, worst of 200", took[-1], FIRST_MOST,
                        FIRST_GOAL, "ms")])


def idle(box):
    """A thousand connections that asked once."""
    web = [box.processes["web"].pid]
    context = ssl.create_default_context(cafile=box.certificate)
    context.check_hostname = False
    before, links = pss(web), []
    for i in range(1000):
        s = socket.create_connection(("127.0.0.1", box.port), 20,
                                     ("127.0.0.%d" % (2 + i // 250), 0))
        s = context.wrap_socket(s)
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert re.match(rb"HTTP/1.1 200", s.recv(4096))
        links.append(s)
    grown = pss(web) - before
    alive = sum(1 for s in links if s.fileno() >= 0)
    for s in links:
        s.close()
    print("%d idle connections: %.1f MB more than the %.1f MB of none"
          % (alive, grown, before))
    return verdict("a thousand idle connections", grown, IDLE_MOST, unit="MB")


def run(build, seconds, only_watch, tmp):
    film = tmp / "film.h264"
    if only_watch:
        make_film(film, 300, "320x180")
    else:
        make_film(film)
    server = Server(build, film)
    box = Appliance(build=build, tmp=tmp / "box", segment_s=60)
    cameras = ["cam-%d" % i for i in range(CAMERAS)]
    with box:
        for c in cameras:
            box.add_camera(c, server.url(c))
        for c in cameras:
            box.wait_recording(c, 180)
        begin = time.time()
        add_auditors(box)
        deciders = {u: box.client(u) for u in ("aigul", "daniyar")}
        time.sleep(max(0, begin + max(75, seconds + 15) - time.time()))
        grants = [grant(box, deciders, i, cameras, begin + 2,
                        begin + max(70, seconds + 10))
                  for i in range(AUDITORS)]
        clients = [box.client("a%d" % (i // SESSIONS), PASSWORD)
                   for i in range(AUDITORS * SESSIONS)]
        print("%s; %d cameras" % (machine(), CAMERAS))
        good = watching(box, grants, clients, seconds, tmp)
        time.sleep(5)
        box.stop("recorder")
        pictures, missing, _ = samples(box)
        sent = server.sent("cam-")
        print("%d pictures recorded, %d missing between them; %d were sent "
              "until the recorder had stopped" % (pictures, missing, sent))
        good.append(missing == 0 and pictures <= sent)
        if not only_watch:
            for c in clients[1:]:
                c.sign_out()
            good.append(serving(box, clients[0], grants[0], cameras, tmp))
            good.append(first_byte(box, clients[0], grants[0]))
            good.append(idle(box))
        if box.broken():
            print("broken: %s" % box.broken())
            good.append(False)
    return all(good)


def main():
    build = Path(sys.argv[1]).resolve()
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    tmp = Path(tempfile.mkdtemp(prefix="saqta-bench-"))
    tmp.chmod(0o755)
    try:
        return 0 if run(build, seconds, "watch" in sys.argv[3:], tmp) else 1
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
