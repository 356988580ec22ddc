#!/usr/bin/python3
"""Downloads from saqta-web: Range, HEAD, slow readers, endings."""
import os
import random
import subprocess
import threading
import time

from lib import fakestorage as fake
from lib.webserver import Web, finish, ok, until

MOVIE = random.Random(1).randbytes(5 * (1 << 20) + 12345)
SIZE = len(MOVIE)
PATH = "/media/REQ-1/cam-1/run3.mp4"


class Server:
    """What storage is asked of a movie, and how many at a time."""

    def __init__(self):
        self.reads, self.now, self.most = [], 0, 0
        self.fail_at = None
        self.more_at = None
        self.delay = 0
        self.name = "saqta-REQ-1.mp4"

    def movie(self, g):
        assert (g.str(), g.str(), g.u32()) == ("REQ-1", "cam-1", 3)
        return (fake.MOVIE + 1, fake.u64(SIZE) + fake.text("strong-1")
                + fake.text(self.name), None)

    def read(self, g):
        assert (g.str(), g.str(), g.u32()) == ("REQ-1", "cam-1", 3)
        at, n = g.u64(), g.u32()
        assert 0 < n <= 1 << 20 and at + n <= SIZE
        self.reads.append((at, n))
        time.sleep(self.delay)
        if self.fail_at is not None and at >= self.fail_at:
            return fake.error("not-approved")
        os.pwrite(g.fd, MOVIE[at:at + n], 0)
        more = self.more_at is not None and at >= self.more_at
        return fake.MOVIE_READ + 1, b"more" if more else b"", None


def whole(web, who, server):
    r = web.get(PATH, who)
    ok(r.status == 200 and r.body == MOVIE, "a download is the movie, whole")
    ok(r["Content-Length"] == str(SIZE) and r["Accept-Ranges"] == "bytes"
       and r["ETag"] == '"strong-1"' and r["Content-Type"] == "video/mp4"
       and r["Cache-Control"] == "no-store"
       and r["Content-Disposition"] ==
       'attachment; filename="saqta-REQ-1.mp4"',
       "a download says length, ranges, strong ETag and its name", r.headers)
    ok(sorted(server.reads) == [(i << 20, min(1 << 20, SIZE - (i << 20)))
                                for i in range(6)],
       "each byte is fetched once, in pieces of 1 MiB", server.reads)
    server.reads.clear()
    r = web.ask("HEAD", PATH, who=who, headers={"Range": "bytes=0-1"})
    ok(r.status == 200 and r["Content-Length"] == str(SIZE)
       and r["ETag"] == '"strong-1"' and not server.reads,
       "P5: HEAD tells the size and fetches nothing; Range is not for HEAD")
    server.name = 'a"\r\nX: y; \u0410.mp4'
    r = web.get(PATH, who, Range="bytes=0-0")
    ok(r["X"] is None and r["Content-Disposition"] ==
       'attachment; filename="a___X__y____.mp4"',
       "a file name cannot begin a header", r.headers)
    server.name = "saqta-REQ-1.mp4"


def ranges(web, who):
    for value, first, last in (
            ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99),
            ("bytes=1048570-1048585", 1048570, 1048585),
            ("bytes=5242880-", 5242880, SIZE - 1),
            ("bytes=-1", SIZE - 1, SIZE - 1), ("bytes=-500", SIZE - 500,
                                               SIZE - 1),
            ("bytes=-99999999999", 0, SIZE - 1),
            ("bytes=100-99999999999999999999999", 100, SIZE - 1),
            ("Bytes= 5-9 ", 5, 9), ("bytes=,5-9,", 5, 9)):
        r = web.get(PATH, who, Range=value)
        ok(r.status == 206 and r.body == MOVIE[first:last + 1]
           and r["Content-Range"] == "bytes %d-%d/%d" % (first, last, SIZE)
           and r["Content-Length"] == str(last - first + 1),
           "206 for " + value, (r.status, r.headers))
    for value in ("bytes=%d-" % SIZE, "bytes=99999999-", "bytes=-0",
                  "bytes=99999999999999999999999-"):
        r = web.get(PATH, who, Range=value)
        ok(r.status == 416 and r["Content-Range"] == "bytes */%d" % SIZE
           and r.problem() == "range", "416 for " + value, r.headers)
    for value in ("bytes=", "bytes=,", "bytes=a-b", "bytes=5-4", "bytes=--5",
                  "bytes=1-2-3", "bytes=1 -2", "bytes=0x1-2", "bytes=-",
                  "bytes=1-2;3", "bytes=1-2, x"):
        r = web.get(PATH, who, Range=value)
        ok(r.status == 400 and r.problem() == "bad-message",
           "400 for malformed '%s'" % value, r.status)
    for value in ("bytes=0-1,5-6", "lines=1-2", "bytes 0-1"):
        r = web.get(PATH, who, Range=value)
        ok(r.status == 200 and r.body == MOVIE,
           "the whole for several ranges and other units: " + value)
    for value, status in (('"strong-1"', 206), ('"other"', 200),
                          ('W/"strong-1"', 200),
                          ("Sun, 22 Nov 2026 09:15:07 GMT", 200)):
        r = web.get(PATH, who, Range="bytes=0-9", If_Range=value)
        ok(r.status == status, "If-Range %s is %d" % (value, status))


def endings(web, who, server):
    web.storage.answers[fake.MOVIE] = lambda g: fake.error("not-approved")
    for method in ("GET", "HEAD"):
        ok(web.ask(method, PATH, who=who).status == 403,
           "%s without approval is 403" % method)
    web.storage.answers[fake.MOVIE] = server.movie
    server.fail_at = 0
    r = web.get(PATH, who)
    ok(r.status == 403 and r.problem() == "approval-required"
       and r["Content-Disposition"] is None,
       "an approval that ends before the first byte is 403", r.headers)
    for what in ("fail_at", "more_at"):
        server.fail_at = server.more_at = None
        setattr(server, what, 2 << 20)
        c = web.connect()
        c.request("GET", PATH, headers={"Cookie": who.cookie})
        r = c.getresponse()
        got = b""
        try:
            while True:
                more = r.read(65536)
                if not more:
                    break
                got += more
        except Exception:
            pass
        ok(r.status == 200 and len(got) <= 2 << 20 and MOVIE.startswith(got),
           "a download that storage cuts ends short, never wrong: " + what,
           len(got))
        c.close()
    server.fail_at = server.more_at = None


def slow_reader(web, who, server):
    server.reads.clear()
    c = web.connect()
    c.request("GET", PATH, headers={"Cookie": who.cookie})
    r = c.getresponse()
    r.read(1000)
    time.sleep(1)
    fetched = sum(n for _, n in server.reads)
    # What is not read stands in the two sockets' buffers and two pieces.
    ok(fetched < SIZE or SIZE < 8 << 20,
       "what a client does not read is not fetched", fetched)
    ok(web.get("/healthz").status == 200,
       "a client that does not read holds nobody up")
    rest = r.read()
    ok(len(rest) == SIZE - 1000, "a slow reader gets all of it")
    c.close()
    server.reads.clear()
    c = web.connect()
    c.request("GET", PATH, headers={"Cookie": who.cookie})
    c.getresponse().read(10)
    c.close()
    time.sleep(0.3)
    n = len(server.reads)
    time.sleep(0.5)
    ok(len(server.reads) == n, "a client that is gone is fetched nothing more")


def together(web, who, server):
    server.delay = 0.02
    good = []

    def load(i):
        first = i * 400000
        r = web.get(PATH, who, Range="bytes=%d-%d" % (first,
                                                      first + 1500000))
        good.append(r.status == 206
                    and r.body == MOVIE[first:first + 1500001])
    jobs = [threading.Thread(target=load, args=(i,)) for i in range(6)]
    for j in jobs:
        j.start()
    for j in jobs:
        j.join()
    server.delay = 0
    ok(good == [True] * 6, "six downloads of one session run side by side",
       good)


def revoked(web, server):
    who = web.sign_in()
    server.delay = 0.05
    c = web.connect()
    c.request("GET", PATH, headers={"Cookie": who.cookie})
    r = c.getresponse()
    r.read(1000)
    web.storage.sessions[-1].shutdown(2)
    got = 0
    try:
        got = len(r.read())
    except Exception as e:
        got = len(getattr(e, "partial", b""))
    server.delay = 0
    ok(got < SIZE - 1000,
       "a download ends within its two pieces when the session dies", got)
    ok(until(lambda: web.get("/api/v1/session", who).status == 401),
       "and the session is signed out")


def by_curl(web, who):
    out = subprocess.run(
        ["curl", "-sk", "--max-time", "20", "-H", "Cookie: " + who.cookie,
         "-r", "1000-2000000", "https://127.0.0.1:%d%s" % (web.port, PATH)],
        stdout=subprocess.PIPE)
    ok(out.stdout == MOVIE[1000:2000001], "curl gets the range it asks for")


def main():
    web, server = Web(), Server()
    web.storage.answers[fake.MOVIE] = server.movie
    web.storage.answers[fake.MOVIE_READ] = server.read
    web.start()
    try:
        who = web.sign_in()
        whole(web, who, server)
        ranges(web, who)
        by_curl(web, who)
        endings(web, who, server)
        slow_reader(web, who, server)
        together(web, who, server)
        revoked(web, server)
    finally:
        web.end()
    finish()


if __name__ == "__main__":
    main()
