#!/usr/bin/python3
"""saqta-web as public scanners see it: sslscan, slowhttptest."""
import os
import subprocess
import threading
import xml.etree.ElementTree as xml

from lib.webserver import Web, finish, ok

SLOW_S = 8


def scan(web):
    out = os.path.join(web.dir, "scan.xml")
    subprocess.run(["sslscan", "--no-colour", "--xml=" + out,
                    "127.0.0.1:%d" % web.port], stdout=subprocess.DEVNULL,
                   check=True, timeout=120)
    test = xml.parse(out).getroot().find("ssltest")
    on = [(p.get("type") + p.get("version")) for p in test.iter("protocol")
          if p.get("enabled") == "1"]
    ok(sorted(on) == ["tls1.2", "tls1.3"], "TLS 1.2 and 1.3, nothing older",
       on)
    ciphers = [(c.get("sslversion"), c.get("cipher"), c.get("status"))
               for c in test.iter("cipher")]
    bad = [c for c in ciphers if not (
        c[1].startswith("TLS_") if c[0] == "TLSv1.3" else
        c[1].startswith("ECDHE-") and ("GCM" in c[1] or "POLY1305" in c[1]))]
    ok(len(ciphers) >= 4 and not bad,
       "every cipher has forward secrecy and authenticates", bad or ciphers)
    preferred = [c[1] for c in ciphers if c[2] == "preferred"]
    ok(len(preferred) == 2 and all("GCM" in c for c in preferred),
       "AES-GCM is preferred", preferred)
    ok(all(h.get("vulnerable") == "0" for h in test.iter("heartbleed")) and
       all(r.get("supported") == "0" or r.get("secure") == "1"
           for r in test.iter("renegotiation")),
       "no Heartbleed, no insecure renegotiation",
       xml.tostring(test)[:2000])
    weak = [g.get("name") for g in test.iter("group")
            if int(g.get("bits")) < 112]
    ok(not weak, "no group for key exchange is weaker than 112 bits", weak)
    key = test.find("certificates/certificate/pk")
    ok(key.get("type") == "EC" and int(key.get("bits")) >= 128,
       "the certificate's key is as strong as 128 bits",
       (key.get("type"), key.get("bits")))


def slow(web):
    """Each kind of slowness for some seconds; others are served meanwhile."""
    for kind, title in (("-H", "slow headers"), ("-B", "slow bodies"),
                        ("-X", "slow readers")):
        answers, end = [], threading.Event()

        def ask():
            while not end.wait(0.5):
                try:
                    answers.append(web.get("/healthz").status)
                except OSError as e:
                    answers.append(repr(e))

        other = threading.Thread(target=ask)
        other.start()
        # below what one address may have, so that we are an address, too
        run = subprocess.run(
            ["slowhttptest", kind, "-c", "200", "-r", "100", "-l", str(SLOW_S),
             "-i", "1", "-p", "3", "-t", "POST" if kind == "-B" else "GET",
             "-u", "https://127.0.0.1:%d/" % web.port],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90,
            text=True)
        end.set()
        other.join()
        ok(len(answers) > 3 and set(answers) == {200} and
           "slow HTTP test status" in run.stdout,
           "others are served beside 200 clients with " + title,
           (answers, run.returncode, run.stdout[-800:]))
    ok(web.get("/healthz").status == 200, "and it is well afterwards")


def story():
    web = Web()
    web.start()
    try:
        scan(web)
        slow(web)
    finally:
        web.end()


story()
finish()
