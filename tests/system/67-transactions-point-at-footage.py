#!/usr/bin/python3
# timeout: 240
"""Footage by transaction: journals are read, found, and lead to a request.

Three styles of electronic journals and a host's list, by the tool and the
watched folder; broken lines are told, nothing stands twice; no full card
number is anywhere on the box; the operation is found and its request is filled
in with its ATM's cameras.
"""
import datetime
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from urllib.parse import quote

from lib import say
from lib.appliance import Appliance, wait_for
from lib.journals import make, measured
from lib.memory import descendants, memory_of
from lib.tokens import Program
from lib.tokens import make as make_token

V1 = "/api/v1/"
MARGIN = datetime.timedelta(seconds=150)


def luhn(digits):
    total = 0
    for i, c in enumerate(reversed(digits)):
        v = int(c)
        if i % 2:
            v = 2 * v - 9 if v > 4 else 2 * v
        total += v
    return total % 10 == 0


def full_numbers(data):
    """The card numbers of our journals, in ASCII and in UTF-16 or -32."""
    found = []
    for card in make.CARDS:
        for form in (card, make.grouped(card)):
            for encoding in ("ascii", "utf-16-le", "utf-32-le"):
                if form.encode(encoding) in data:
                    found.append(form)
    return found


def look_everywhere(box):
    bad = []
    for top in (box.data, box.run, box.logs, box.tmp / "copy"):
        for path in top.rglob("*"):
            if path.is_file() and full_numbers(path.read_bytes()):
                bad.append(path)
    return bad


def importing(box, *args, check=True):
    return box.tool("transactions", "import", *args, check=check)


def entries(client, kind):
    size = client.get(V1 + "ledger?first=0&count=1").json()["size"]
    found = []
    for first in range(0, size, 200):
        found += client.get(V1 + "ledger?first=%d&count=200" % first).json()[
            "entries"]
    return [e for e in found if e["type"] == kind]


def search(client, **query):
    answer = client.get(V1 + "transactions?" + "&".join(
        "%s=%s" % (k, quote(str(v))) for k, v in query.items()))
    return answer.status, answer.json()


def tool_part(box, start):
    journals = box.tmp / "made"
    make.write(journals, start)
    for path in [journals, *journals.iterdir()]:
        path.chmod(0o755)
    done = importing(box, "--rules", "ncr", "--atm", "417",
                     journals / "ncr.txt")
    text = done.stdout.decode()
    say.test("the tool reads a journal in the style of NCR (CP866)",
              " 7 added, 0 known already, 0 broken" in text and
              " 2 card numbers cut" in text, text)
    done = importing(box, "--rules", "ncr", "--atm", "0417",
                     journals / "ncr.txt")
    text = done.stdout.decode()
    say.test("the same again adds nothing",
              " 0 added, 7 known already" in text, text)
    importing(box, "--rules", "wincor", "--atm", "0417",
              journals / "wincor.txt")
    done = importing(box, "--rules", "csv", journals / "csv.txt", check=False)
    told = done.stderr.decode()
    say.test("broken lines of a list are told one by one, the rest is taken",
              done.returncode == 1 and told.count("line ") == 3 and
              " 1 added" in done.stdout.decode(), told)
    done = importing(box, "--rules", "csv", "--encoding", "cp1251",
                     journals / "ncr.txt", check=False)
    say.test("a file that is none of its rules adds nothing and is told",
              done.returncode == 1 and b" 0 added" in done.stdout,
              done.stdout)
    done = importing(box, "--rules", "../ncr", journals / "ncr.txt",
                     check=False)
    say.test("rules have a name, not a path",
              done.returncode == 1 and b"rules with a name" in done.stderr,
              done.stderr)
    done = importing(box, "--rules", "none-such", journals / "ncr.txt",
                     check=False)
    say.test("rules that are not there are named",
              done.returncode == 1 and b"none-such.conf" in done.stderr,
              done.stderr)
    return journals


def folder_part(box, journals):
    place = box.tmp / "inbox" / "diebold"
    target = place / "0417_2026.txt"
    shutil.copy(journals / "diebold.txt", target)
    old = time.time() - 60
    os.utime(target, (old, old))
    report = place / "done" / "0417_2026.txt.report"
    wait_for("the journal is taken up", 20, report.exists, 0.3)
    say.test("the watched folder takes a file once and leaves a report",
              not target.exists() and (place / "done" / target.name).exists()
              and "2 added" in report.read_text(), report.read_text())
    target.write_bytes(b"\x00\x00 not a journal\n")
    os.utime(target, (old, old))
    wait_for("the second one, too", 20, lambda: len(list(
        (place / "done").iterdir())) + len(list(
            (place / "failed").iterdir())) >= 4, 0.3)
    say.test("a file of the same name overwrites nothing",
              "2 added" in report.read_text(), "")
    if not box.users["storage"]:
        return 0
    # beside which others wait: whichever name comes first
    for name, mode in (("0417_a.txt", 0o600), ("0417_b.txt", 0o644),
                       ("0417_c.txt", 0o600)):
        shutil.copy(journals / "diebold.txt", place / name)
        os.chmod(place / name, mode)
        os.utime(place / name, (old, old))
    read = place / "done" / "0417_b.txt.report"
    wait_for("the one that may be read", 30, read.exists, 0.3)
    wait_for("the others", 30, lambda: len(list(
        (place / "failed").glob("0417_[ac].txt.report"))) == 2, 0.3)
    say.test("a journal that storage may not read keeps no other waiting",
             "may not read" in (place / "failed" / "0417_a.txt.report"
                                ).read_text(), list(place.rglob("*")))
    return 1


def masked(m):
    digits = re.sub(rb"\D", b"", m[0])
    return digits[:6] + b"*" * (len(digits) - 10) + digits[-4:]


def memory_part(box, start):
    """The importer, when it has read all full numbers and waits for the
    keeper: behind them the same comes again and again with masked ones, so
    that it is still there when the keeper is stopped."""
    if os.geteuid():
        say.skip("the importer's memory has no full card number",
                 "another process's memory is root's to read")
        return 0
    made = box.tmp / "again"
    make.write(made, start - datetime.timedelta(hours=1))
    for path in [made, *made.iterdir()]:
        path.chmod(0o755)
    journal = made / "ncr.txt"
    text = journal.read_bytes()
    journal.write_bytes(text + 6000 * re.sub(
        rb"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)", masked, text))
    keeper = box.processes["storage"]
    tool = subprocess.Popen(
        [box.bin / "saqta", "transactions", "import", "--config", box.conf,
         "--rules", "ncr", "--atm", "0417", made / "ncr.txt"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=box.env, cwd="/")

    def importer():
        for pid in descendants(keeper.pid)[1:]:
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                if b"importer" in f.read():
                    return pid
        return None
    pid = wait_for("an importer starts", 20, importer, 0.002)
    time.sleep(0.2)     # it reads
    keeper.signal(signal.SIGSTOP)
    try:
        time.sleep(1)   # it waits for the keeper's answer
        alive = importer() == pid
        found = [n for part in memory_of(pid) for n in full_numbers(part)] \
            if alive else []
        cut = alive and any(b"440012******4821" in part or
                               b"440012\t4821" in part
                               for part in memory_of(pid))
    finally:
        keeper.signal(signal.SIGCONT)
    text = tool.communicate(timeout=60)[0].decode()
    say.test("the importer's memory has no full card number, when it has read "
             "them all", alive and not found and cut and
             " 7 added" in text, alive, found, cut, text)
    return 7


def push_part(box, start):
    """Another program, with a token of its scope."""
    oleg = box.client("oleg")
    made = make_token(box, oleg, name="Host of the bank",
                      scope="transactions:write").json()
    health = make_token(box, oleg, name="Zabbix").json()
    program = Program(box, made["token"])
    at = (start - datetime.timedelta(hours=3)).isoformat() + "+05:00"
    one = {"atm": "ATM 417", "time": at, "kind": "withdrawal",
           "amount": "50000.00", "currency": "KZT", "result": "approved",
           "bin": "440012", "last4": "4821", "reference": "PUSH-1",
           "cash": "taken", "cash_time": at, "check_method": "mobile",
           "check_result": "passed", "check_reference": "S-9"}
    two = {"atm": "0533", "time": at, "kind": "safe-open"}
    path = V1 + "transactions"
    answer = program.post(path, {"transactions": [one, two]})
    say.test("another program brings transactions by its token",
             answer.status == 200 and answer.json() == {
                 "added": 2, "known": 0, "without_camera": 1, "cards_cut": 0},
             answer.body)
    answer = program.post(path, {"transactions": [one, two]})
    say.test("the same call again adds nothing", answer.status == 200 and
             answer.json()["known"] == 2, answer.body)
    answer = program.post(path, {"transactions": [
        {**two, "reference": make.CARDS[0]}]})
    say.test("a full card number in a call is cut and counted",
             answer.status == 200 and answer.json()["cards_cut"] == 1,
             answer.body)
    # what breaks the document on purpose is not sent through its judge
    for title, body, pointer in (
            ("without a time", {"atm": "1", "kind": "other"}, "time"),
            ("of no known kind", {**two, "kind": "robbery"}, "kind"),
            ("with a longer BIN", {**one, "bin": "4400123"}, "bin"),
            ("with what nobody knows", {**two, "pin": "1"}, "pin"),
            ("with a formula", {**two, "reference": "=1+1"}, "")):
        answer = program.post(path, {"transactions": [two, body]})
        say.test("refused, and all with it: one " + title,
                 answer.status == 422 and answer.json()["pointer"] ==
                 "/transactions/1/" + pointer, answer.body)
    say.test("a list of none is refused", program.post(
        path, {"transactions": []}).status == 422, "")
    say.test("a token of another scope brings nothing", Program(
        box, health["token"]).post(path, {"transactions": [two]}).status ==
        403, "")
    say.test("nor does a session", box.client("oleg").post(
        path, {"transactions": [two]}).status == 401, "")


def search_part(box, client, start):
    near = {"from": (start - MARGIN).isoformat() + "+05:00",
            "to": (start + MARGIN).isoformat() + "+05:00"}
    status, told = search(client, atm="ATM 417", amount="50000", **near)
    rows = told["transactions"]
    first = [r for r in rows if r["reference"] == "632714150001"]
    say.test("ATM, time and amount find the withdrawal",
              status == 200 and len(first) == 1 and
              first[0]["kind"] == "withdrawal" and
              first[0]["card"] == {"bin": "440012", "last4": "4821"} and
              first[0]["cash"] == "taken" and
              first[0]["check"]["result"] == "passed", told)
    row = first[0]
    say.test("with its moment, its cameras and the state of their footage",
              row["cameras"] == ["cam-1"] and
              row["coverage"] in ("gaps", "complete") and
              row["at"].startswith((start + datetime.timedelta(
                  seconds=17)).isoformat()), row)
    for query, n in (({"last4": "4821"}, 3), ({"last4": "9999"}, 0),
                     ({"reference": "88123"}, 1),
                     ({"amount_min": "threshold", "unchecked": "yes"}, 2),
                     ({"amount_min": "20000", "amount_max": "50000"}, 3),
                     ({"result": "declined"}, 1),
                     ({"kind": "safe-open"}, 1),
                     ({"atm": "0533"}, 0)):
        status, told = search(client, **query)
        say.test("search by %s" % ", ".join(query),
                  status == 200 and len(told["transactions"]) == n and
                  told["next"] is None,
                  [len(told.get("transactions", [])), told])
    for bad in ("last4=48a1", "amount=5x", "kind=robbery", "from=yesterday",
                "before=1", "amount=5&amount_min=4", "what=1", "bin=1",
                "to=1970-01-01T00:00:00Z", "unchecked=no"):
        answer = client.get(V1 + "transactions?" + bad)
        say.test("refused: " + bad, answer.status == 422, answer.body)
    answer = client.get(V1 + "transactions/repeated?list=under")
    say.test("cards that were used again and again are listed",
              answer.status == 200 and answer.json()["cards"] == [],
              answer.body)
    answer = client.get(V1 + "transactions/repeated?list=several-atms")
    say.test("at several ATMs likewise", answer.status == 200, answer.body)
    say.test("but only by the lists that there are", client.get(
        V1 + "transactions/repeated?list=x").status == 422, "")
    say.test("an operator is not told of transactions", box.client(
        "oleg").get(V1 + "transactions").status == 403, "")
    return row


def large_part(box, start):
    """A gigabyte's smaller form (tests/bench/journal_of_a_gigabyte.py); and a
    file beyond the limit, which is a hole but for its size."""
    peaks, total = [], 0
    for mb in (1, 4):
        start -= datetime.timedelta(days=30)
        took, importer, _, text, n = measured(
            box, box.tmp / "large.txt", mb, start)
        say.test("a journal of %d MiB is read whole" % mb,
                 " %d added" % n in text, text, took)
        peaks.append(importer)
        total += n
    say.test("a larger one takes no more memory",
             0 < peaks[1] < peaks[0] + 4096, peaks)
    path = box.tmp / "too-large.txt"
    with open(path, "wb") as f:
        f.truncate((4 << 30) + 1)
    path.chmod(0o644)
    done = importing(box, "--rules", "diebold", path, check=False)
    say.test("a file beyond the limit is refused with the limit",
             done.returncode == 1 and b"at most 4 GiB" in done.stderr,
             done.stderr)
    path.unlink()
    return total


def main():
    with Appliance() as box:
        box.folder = box.tmp / "inbox"
        (box.folder / "diebold").mkdir(parents=True)
        if box.users["storage"]:
            for path in (box.folder, box.folder / "diebold"):
                os.chown(path, box.users["storage"].pw_uid,
                         box.users["storage"].pw_gid)
        box.write_conf()
        box.processes["storage"].stop()
        box.start("storage")
        camera = box.camera("cam 1")
        box.add_camera("cam-1", camera.url, atm="0417")
        box.wait_recording("cam-1")
        zone = datetime.timezone(datetime.timedelta(hours=5))
        start = (datetime.datetime.now(zone) - datetime.timedelta(
            seconds=20)).replace(microsecond=0, tzinfo=None)
        journals = tool_part(box, start)
        imports = 11 + folder_part(box, journals)
        client = wait_for("an auditor signs in", 20,
                          lambda: box.client("marat"), 1)
        row = search_part(box, client, start)
        answer = client.post(V1 + "requests", {
            "cameras": row["cameras"], "from": row["from"], "to": row["to"],
            "reason": "the withdrawal", "case": "K-1"})
        say.test("the request is as the row says it", answer.status == 201,
                  answer.body)
        push_part(box, start)
        more = 3 + memory_part(box, start)
        more += large_part(box, start)
        told = entries(client, "transactions-imported")
        say.test("each import has an entry with number and hash alone",
                  len(told) == imports + (not os.geteuid()) and all(set(e["fields"]) == {
                      "events", "file"} for e in told), told)
        say.test("nobody's full card number is in data, copies or logs",
                  look_everywhere(box) == [], look_everywhere(box))
        db = sqlite3.connect(box.data / "transactions.db")
        say.test("and each event stands once", db.execute(
            "SELECT count(*), count(DISTINCT key) FROM txn").fetchone() ==
            (12 + more, 12 + more), db.execute("SELECT * FROM txn").fetchall())
        db.close()


if __name__ == "__main__":
    say.main(main)
