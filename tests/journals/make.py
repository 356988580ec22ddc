#!/usr/bin/python3
"""Journals of three styles and a host's list, in the encodings of the machines.

    tests/journals/make.py DIR [--lines N] [--from YYYY-MM-DDTHH:MM:SS]

They are made up after the usual kinds, and hold full card numbers that pass
the Luhn check, as real ones do. The unit tests have a copy of what this makes.
"""
import argparse
import datetime
from pathlib import Path

E = "\x1b"
CARDS = ("4400120000034821", "5169490000020007", "2200150000030004")


def grouped(card):
    return " ".join(card[i:i + 4] for i in range(0, len(card), 4))


def ncr(t):
    """A withdrawal whose notes are taken, then a card that is kept."""
    def at(s):
        return (t + datetime.timedelta(seconds=s)).strftime("%H:%M:%S")
    return "\r\n".join([
        "*0417*%s*%s*" % (t.strftime("%d/%m/%Y"), at(0)),
        " *TRANSACTION START*", E + "[020t " + at(0) + " CARD INSERTED",
        "TRACK 2 DATA: ;%s=28121010000012300000?" % CARDS[0],
        " СНЯТИЕ НАЛИЧНЫХ", " СУММА 50,000.00 KZT",
        E + "(1 " + at(12) + " NOTES PRESENTED 0,5,0,0",
        E + "(1 " + at(17) + " NOTES TAKEN",
        "ID CHECK GOVDB OK REF GB-7741", "RRN 632714150001",
        "RESP CODE 00", " " + at(20) + " CARD TAKEN", " *TRANSACTION END*",
        " *TRANSACTION START*", " " + at(60) + " CARD INSERTED",
        "CARD NUMBER " + grouped(CARDS[1]), " СНЯТИЕ НАЛИЧНЫХ",
        " СУММА 600 000 KZT", "RRN 632714160002", "RESP CODE 51",
        " " + at(90) + " CARD RETAINED", " *TRANSACTION END*",
        " " + at(600) + " SAFE DOOR OPENED", ""])


def diebold(t):
    def at(s):
        return (t + datetime.timedelta(seconds=s)).strftime(
            "%d.%m.%Y %H:%M:%S")
    return "\n".join([
        at(0) + " TRANSACTION STARTED", "TERMINAL: 0417",
        "CARD: 516949******0007", "Снятие", "СУММА: 50000,00 KZT",
        at(9) + " CASH PRESENTED", at(49) + " CASH RETRACTED",
        "SEQ NBR: 7312", "Одобрено", at(60) + " TRANSACTION COMPLETED",
        at(300) + " OUT OF SERVICE", ""])


def wincor(t):
    def at(s):
        return (t + datetime.timedelta(seconds=s)).strftime(
            "%Y-%m-%d %H:%M:%S")
    return "\n".join([
        at(0) + " -> TRANSACTION START", at(0) + " IDCU CARD INSERTED",
        at(2) + " PAN %s" % CARDS[2], at(3) + " ПОПОЛНЕНИЕ",
        at(3) + " AMT 750000.00 398", at(4) + " IDV BIO FAIL 99-1",
        at(5) + " RC 00 TSN 88123", at(8) + " IDCU CARD TAKEN",
        at(9) + " <- TRANSACTION END", ""])


def host(t):
    def at(s):
        return (t + datetime.timedelta(seconds=s)).strftime(
            "%d.%m.%Y %H:%M:%S")
    return "\n".join([
        "terminal,time,operation,amount,card,rrn,result,note",
        "0417,%s,Выдача наличных,\"20,000.00\",%s,632714150009,00,x" % (
            at(0), CARDS[0]),
        "0417,%s,Cash withdrawal,=1+1,440012******4821,632714150010,00,x" %
        at(60),
        "0417,%s,Cash withdrawal,10000,4400 1200 0003 4821,632714150011,05,\"a" %
        at(120),
        "0417,31.02.2026 10:00:00,deposit,5000,,632714150012,00,x", ""])


STYLES = {"ncr": (ncr, "cp866"), "diebold": (diebold, "cp1251"),
          "wincor": (wincor, "utf-8"), "csv": (host, "utf-8")}


def many(n, start):
    """A journal of at least n lines: withdrawals a minute apart."""
    lines, t, k = [], start, 0
    while len(lines) < n:
        card = "440012******%04d" % (k * 7919 % 10000)
        lines += [
            t.strftime("%d.%m.%Y %H:%M:%S TRANSACTION STARTED"),
            "CARD: " + card, "WITHDRAWAL",
            "AMOUNT: %d KZT" % (1000 * (1 + k * 31 % 200)),
            (t + datetime.timedelta(seconds=9)).strftime(
                "%H:%M:%S CASH PRESENTED"),
            (t + datetime.timedelta(seconds=14)).strftime(
                "%H:%M:%S CASH TAKEN"),
            "SEQ NBR: %06d" % k, "APPROVED",
            (t + datetime.timedelta(seconds=20)).strftime(
                "%H:%M:%S TRANSACTION COMPLETED")]
        t += datetime.timedelta(seconds=60)
        k += 1
    return "\n".join(lines) + "\n"


def large(path, mb, start):
    """So many MiB as machines write them: mostly what is printed, 200 bytes a
    line, and a withdrawal of nine lines in each twenty KiB."""
    print_out = "\n".join(
        "*%05d* PRINTER: %s" % (i, "receipt line of the bank's own " * 6)
        for i in range(96)) + "\n"
    room, k = mb << 20, 0
    with open(path, "w") as f:
        while room > 0:
            text = print_out + many(9, start + k * datetime.timedelta(
                seconds=60)).replace("SEQ NBR: 0", "SEQ NBR: %d" % (k + 1000))
            room -= len(text)
            k += 1
            f.write(text)
    return k


def write(where, start):
    where.mkdir(parents=True, exist_ok=True)
    for name, (make, encoding) in STYLES.items():
        (where / (name + ".txt")).write_bytes(make(start).encode(encoding))


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("dir", type=Path)
    a.add_argument("--lines", type=int, help="one journal of so many, too")
    a.add_argument("--from", dest="start", default="2026-11-22T14:14:50")
    o = a.parse_args()
    start = datetime.datetime.fromisoformat(o.start)
    write(o.dir, start)
    if o.lines:
        (o.dir / "many.txt").write_text(many(o.lines, start))


if __name__ == "__main__":
    main()
