#!/usr/bin/python3
# timeout: 240
"""P12: a box was off for forty days. The witnesses that a custodian named for
it vouch for its clock, nobody else does, and not for more than they may.

Two sites, each with storage and web, and a clock of its own that is moved.
"""
import datetime
import json
import os
import sys

from lib import say
from lib.appliance import FIRST, ROOT, wait_for
from lib.months import DAY, Months, S

sys.path.insert(0, str(ROOT / "tests" / "reader"))
import saqta_reader                                          # noqa: E402


class Site(Months):
    def __init__(self, name, start):
        tmp = os.environ.get("SAQTA_TMP")
        super().__init__(start, origin="bank.example/" + name, site=name,
                         tmp=tmp and os.path.join(tmp, name))

    def __enter__(self):
        try:
            self.set_up()
            self.write_conf(witness_s=1)
            self.start("storage", "web")
            self.add_person("oleg")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.keys = json.loads(self.tool("witness", "keys", "--json").stdout)
        return self

    def off(self, ns):
        self.stop("web", "storage")
        self.step(ns)
        self.start("storage", "web")

    def named(self, verb, *args, check=True):
        return self.tool("witness", verb, *args, "--by", FIRST, "-",
                         stdin=self.credential(FIRST), check=check)

    def asks(self, other):
        log = (other.logs / "web.log").read_text()
        self.named("add", "--key", other.keys["witness_key"], "--url",
                   "https://127.0.0.1:%d/tlog-witness" % other.port,
                   "--pin", log.split("pin ")[1].split()[0])
        other.named("allow", "--key", self.keys["log_key"])

    def clock_says(self):
        return self.tool_json("clock")

    def entries(self, *types):
        """Of the ledger, by a reader of its own."""
        log = saqta_reader.Ledger(str(self.data), saqta_reader.Report(),
                                  "ledger")
        log.read()
        return [e for e in map(saqta_reader.Entry, log.entries)
                if e.type in types]

    def cosigned(self):
        """Once more, by what it is asked from now on."""
        n = len(self.entries(95))
        wait_for("%s is cosigned" % self.site, 60,
                 lambda: len(self.entries(95)) > n + 1)


def at(text):
    return int(datetime.datetime.fromisoformat(text).timestamp() * S)


def forty_days(box, other):
    """The box is off, the witness is not."""
    before = at(box.clock_says()["retention_clock"])
    other.wait_until(other.now() + 40 * DAY)
    box.off(40 * DAY)
    told = box.clock_says()
    say.test("P12 after forty days off the clock is not trusted",
             told["state"] == "untrusted" and
             at(told["retention_clock"]) - before < DAY / 4, told)
    box.cosigned()
    told = box.clock_says()
    say.test("P12 a witness that nobody named for it vouches for nothing",
             told["state"] == "untrusted" and told["witnesses"] == [] and
             not box.entries(51, 114), told)
    done = box.named("clock", "--key", box.keys["witness_key"], check=False)
    say.test("who is no witness cannot be named", done.returncode != 0)
    box.named("clock", "--key", other.keys["witness_key"])
    told = wait_for("the clock is trusted", 60, lambda:
                    box.clock_says()["state"] == "trusted" and
                    box.clock_says())
    vouched = told["vouched"] or {}
    say.test("P12 named by a custodian it vouches, and saqta clock says so",
             vouched.get("witnesses") == other.origin and
             vouched["person"] is None and
             39 * 86400 < vouched["step_s"] < 41 * 86400 and
             told["witnesses"][0]["name"] == other.origin, told)
    text = box.tool("clock").stdout.decode()
    say.test("so does it in words", other.origin in text and
             "vouched for" in text, text)
    named, = box.entries(113)
    asked, = box.entries(114)
    entry, = box.entries(51)
    say.test("P12 the ledger names the witness, who named it and what it "
             "answered", named.text(110) == entry.text(110) == other.origin and
             named.num(18) and asked.num(65) == entry.num(68) and
             entry.num(75) is not None, entry)
    say.test("P12 no further than the witness signed",
             entry.num(65) <= max(e.num(113) for e in box.entries(95)),
             entry.num(65))


def not_shared(box, other):
    """Somebody sets the box's clock: the witness says another time."""
    before = len(box.entries(114))
    box.step(4 * DAY)       # of the five that it may still vouch for
    box.ask(10)
    wait_for("the witness is asked", 60, lambda:
             len(box.entries(114)) > before)
    wait_for("the witness has answered", 60, lambda:
             box.clock_says()["witnesses"][0]["says"])
    box.cosigned()
    told = box.clock_says()
    say.test("P12 a clock that the witness does not share stays untrusted",
             told["state"] == "untrusted" and len(box.entries(51)) == 1 and
             abs(at(told["witnesses"][0]["says"]) - other.now()) < DAY, told)
    box.step(-4 * DAY)
    box.ask(10)


def both_lie(box, other):
    """The witness says what the stepped clock says, but may not for so much."""
    left = box.clock_says()["witness_budget_s"]
    say.test("P12 what a witness may vouch for is spent",
             left < 6 * 86400, left)
    box.step(180 * DAY)
    other.step(180 * DAY)
    box.ask(10)
    asked = len(box.entries(114))
    box.cosigned()
    told = box.clock_says()
    say.test("P12 a lying witness cannot vouch for more than is left",
             told["state"] == "untrusted" and len(box.entries(51)) == 1 and
             len(box.entries(114)) == asked, told)
    say.test("P12 both lie, and nothing is erased early", whole(box, other),
             box.present())
    for site in (box, other):
        site.step(-180 * DAY)
        site.ask(10)


def whole(box, other):
    """After an hour and a sweep all footage is still there."""
    other.wait_until(other.now() + 3601 * S)
    box.sweep()
    files, rows = box.present()
    return files == rows == {("cam-1", s[0]) for s in box.sent["cam-1"]}


def story():
    with Site("astana", "2026-03-20 08:00:00") as box, \
            Site("almaty", "2026-03-20 08:00:00") as other:
        box.add_camera("cam-1", "rtsp://127.0.0.1:1/none")
        box.asks(other)
        box.cosigned()
        box.record("cam-1")
        box.sealed()
        forty_days(box, other)
        box.record("cam-1")
        box.sealed()
        not_shared(box, other)
        both_lie(box, other)
        done = box.tool("check", check=False)
        say.test("saqta check finds nothing wrong", done.returncode == 0,
                 done.stdout.decode()[-600:])
        # what is due by both clocks goes all the same
        first = box.sent["cam-1"][0][2]
        box.wait_until(first + 185 * DAY)
        box.sweep()
        files, _ = box.present()
        say.test("P3 what is due goes, and nothing else",
                 files == {("cam-1", 2)}, files)


say.main(story)
