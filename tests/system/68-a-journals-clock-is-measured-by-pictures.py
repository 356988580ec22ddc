#!/usr/bin/python3
# places: 2
# timeout: 420
"""The clock of an ATM's journal beside the video's, whose pictures paint it.

A journal that is seven seconds behind: the withdrawal is found in Chromium,
asked for, approved, and watched at the right second once three pictures said
how far behind it is. Searches and requests follow; a sudden change is an
alarm; who may measure, and what; and a lost index loses none of it.
"""
import datetime
import time
from urllib.parse import quote

from lib import say
from lib.appliance import PEOPLE, Appliance, wait_for
from lib.browsing import ROLES, play

V1 = "/api/v1/"
BEHIND = 7
AMOUNTS = (600000, 450000, 460000, 470000, 50000)
EACH_S = 13
NEAR_MS = 600	# a starved camera sends few pictures
S = datetime.timedelta(seconds=1)


def journal(box):
    """A list in the style of a host; ATM 0533 has no camera."""
    end = datetime.datetime.now(datetime.timezone.utc).replace(
        microsecond=0) - (BEHIND + 6) * S
    first = end - (len(AMOUNTS) - 1) * EACH_S * S
    lines = ["atm,time,cash-time,kind,amount,card,reference,result,cash"]
    for i, amount in enumerate(AMOUNTS):
        at = first + i * EACH_S * S
        lines.append("0417,%s,%s,withdrawal,%d,440012******4821,REF-00000%d,"
                     "approved,taken" % ((at - 4 * S).isoformat(),
                                         at.isoformat(), amount, i))
    for atm, minutes in (("0417", 90), ("0533", 70)):
        at = (first - minutes * 60 * S).isoformat()
        lines.append("%s,%s,%s,withdrawal,10000,516949******0007,OTHER-%s,"
                     "approved,taken" % (atm, at, at, atm))
    path = box.tmp / "host.csv"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
    box.tool("transactions", "import", "--rules", "csv", path)


def footage(box):
    """Enough of it without a gap, however busy the machine is."""
    need = (len(AMOUNTS) - 1) * EACH_S + BEHIND + 24

    def unbroken():
        now = datetime.datetime.now(datetime.timezone.utc)
        (camera,) = box.tool_json(
            "coverage", "--camera", "cam-1", "--from",
            (now - need * S).isoformat(), "--to",
            (now - 3 * S).isoformat())["cameras"]
        return camera["gap_ns"] == 0

    camera = box.camera("CAM 1 face")
    box.add_camera("cam-1", camera.url, "CAM 1 face")
    # of another ATM: not offered with what happened at 0417
    box.add_camera("cam-9", camera.url, "CAM 9", atm="0999")
    box.tool("camera", "disable", "cam-9")
    box.wait_recording("cam-1", 90)
    wait_for("footage without a gap", 200, unbroken, 2)


def found(client, **query):
    return client.get(V1 + "transactions?" + "&".join(
        "%s=%s" % (k, quote(str(v))) for k, v in query.items())).json()[
            "transactions"]


def pieces(client):
    return client.get(V1 + "transactions/alignments").json()["alignments"]


def moment(text):
    return datetime.datetime.fromisoformat(text)


def searches(client):
    """By the video's clock, as far as one knows."""
    (last,) = found(client, reference="REF-000004")
    clock = last["clock"]
    video = moment(last["time"]) + BEHIND * S
    say.test("a transaction has both clocks, and what is open",
             abs(clock["offset_ms"] - BEHIND * 1000) <= NEAR_MS and
             500 <= clock["uncertainty_ms"] <= 1000 and
             moment(clock["video"]) - moment(last["at"]) ==
             datetime.timedelta(milliseconds=clock["offset_ms"]), last)
    say.test("the journal's own time stays as it was",
             last["time"].endswith(("+05:00",)) and
             moment(last["at"]) - moment(last["time"]) == 4 * S, last)
    say.test("a request is filled in by the video's clock, and wider by that",
             abs(moment(last["clock"]["video"]) - 4 * S - moment(last["from"]) -
                 120 * S - clock["uncertainty_ms"] / 1000 * S) < 0.1 * S, last)
    near = {"atm": "0417", "from": (video - S).isoformat(),
            "to": (video + S).isoformat()}
    say.test("a search finds what the video's clock says",
             [r["id"] for r in found(client, **near)] == [last["id"]], near)
    early = {"atm": "0417", "from": (video - BEHIND * S - S).isoformat(),
             "to": (video - BEHIND * S + S).isoformat()}
    say.test("and not what the journal's clock says",
             last["id"] not in [r["id"] for r in found(client, **early)],
             early)
    (other,) = found(client, reference="OTHER-0533")
    at = moment(other["time"])
    far = [found(client, atm="0533", **{
        "from": (at + d * S).isoformat(), "to": (at + (d + 2) * S).isoformat()})
        for d in (58, 63)]
    say.test("a journal that was never compared is looked for a minute round",
             other["clock"]["offset_ms"] is None and
             other["clock"]["uncertainty_ms"] == 60000 and
             len(far[0]) == 1 and far[1] == [], other, far)
    return last, other


def refusals(box, marat, request, last, other):
    def align(client, samples, ident=request, **more):
        return client.post(V1 + "requests/%s/alignments" % ident,
                           {"samples": samples, **more})

    at = (moment(last["at"]) + BEHIND * S).isoformat()
    good = {"transaction": last["id"], "at": at}
    waits = marat.post(V1 + "requests", {
        "cameras": ["cam-1"], "from": last["from"], "to": last["to"],
        "reason": "again", "case": "K-8"}).json()["id"]
    for title, answer, status in (
            ("without an approval", align(marat, [good], waits), 403),
            ("by a custodian", align(box.client("daniyar"), [good]), 403),
            ("by an operator", align(box.client("oleg"), [good]), 403),
            ("in a request that is not there",
             align(marat, [good], "REQ-1999-00001"), 404),
            ("of a transaction that is not there",
             align(marat, [{**good, "transaction": 999999}]), 404),
            ("by a picture outside the approval", align(marat, [{
                **good, "at": (moment(at) + 86400 * S).isoformat()}]), 403),
            ("of an ATM whose cameras were not granted",
             align(marat, [{**good, "transaction": other["id"]}]), 403),
            ("of one transaction twice", align(marat, [good, good]), 422),
            ("from a time behind the transaction",
             align(marat, [good], **{"from": at}), 422)):
        say.test("P6 no clock is measured " + title,
                 answer.status == status, answer.status, answer.body)
    for title, body in (("without pictures", {"samples": []}),
                        ("by what is no number", {"samples": [
                            {**good, "transaction": -1}]})):
        answer = marat.post(V1 + "requests/%s/alignments" % request, body)
        say.test("nor " + title, answer.status == 422, answer.body)
    say.test("and nothing was put down", len(pieces(marat)) == 1,
             pieces(marat))
    say.test("P6 an operator is not told of journals' clocks", box.client(
        "oleg").get(V1 + "transactions/alignments").status == 403)
    return align


def alarms(client):
    return [i for i in client.get(V1 + "status").json()["incidents"]
            if i["kind"] == "journal-clock"]


def jumps(box, marat, align, last):
    """What changes suddenly is told to who watches over the box."""
    oleg = box.client("oleg")

    def sample(seconds):
        return [{"transaction": last["id"], "at": (
            moment(last["at"]) + seconds * S).isoformat()}]

    say.test("nothing is wrong with a clock that was measured once",
             alarms(oleg) == [], alarms(oleg))
    answer = align(marat, sample(BEHIND + 20))
    say.test("a clock that was measured otherwise has jumped",
             answer.status == 201 and
             abs(answer.json()["jump_ms"] - 20000) <= NEAR_MS, answer.body)
    told = alarms(oleg)
    say.test("which is an alarm for operators and programs",
             len(told) == 1 and told[0]["of"] == "0417" and
             told[0]["detail"][:2] in ("+1", "+2"), told)
    entry = marat.get(V1 + "ledger?first=%d&count=1" %
                      answer.json()["entry"]).json()["entries"][0]
    say.test("and an entry, with who, from when, how far and how sure",
             entry["type"] == "journal-clock" and
             entry["person_name"] == PEOPLE["marat"][0] and
             entry["fields"]["atm"] == "0417" and
             int(entry["fields"]["uncertainty-ms"]) == 1000 and
             int(entry["fields"]["samples"]) == 1 and
             "jump-ms" in entry["fields"], entry)
    answer = align(marat, sample(BEHIND + 20))
    say.test("measured again like that, the alarm is over",
             answer.json()["jump_ms"] == 0 and alarms(oleg) == [],
             answer.body, alarms(oleg))


def back(box, marat, last):
    """An import whose journal's clock goes back by five minutes."""
    def line(at, text):
        return (at + datetime.timedelta(hours=5)).strftime(
            "%d.%m.%Y %H:%M:%S ") + text

    at = moment(last["at"]).astimezone(
        datetime.timezone.utc).replace(tzinfo=None) + 60 * S
    path = box.tmp / "back.txt"
    path.write_text("\n".join([
        line(at, "SAFE OPENED"), line(at - 300 * S, "OUT OF SERVICE"), ""]))
    path.chmod(0o644)
    for _ in range(2):
        done = box.tool("transactions", "import", "--rules", "diebold",
                        "--atm", "ATM 417", path, check=False).stdout.decode()
    told = [p for p in pieces(marat) if not p["samples"]]
    say.test("a journal whose clock goes back is an alarm, once",
             "clock" in done and len(told) == 1 and
             told[0]["who"] is None and told[0]["atm"] == "0417" and
             told[0]["jump_ms"] == 300000, done, told)
    (row,) = found(marat, reference="REF-000004")
    say.test("from there on less is known by as much",
             row["clock"]["uncertainty_ms"] == 301000 and
             len(alarms(box.client("oleg"))) == 1, row)


def lost(box, marat):
    before = pieces(marat)
    time.sleep(12)	# a copy each 10 s
    box.stop("web", "storage")
    for name in ("index.db", "index.db-wal", "index.db-shm"):
        (box.data / name).unlink(missing_ok=True)
    box.start("storage")
    wait_for("the index is whole", 60, lambda: box.tool_json("status")
             ["index"]["state"] == "whole")
    box.start("web")
    after = pieces(wait_for("an auditor signs in", 40,
                            lambda: box.client("marat"), 1))
    say.test("a lost index loses no measured clock", after == before, after,
             before)


def by_the_api(box):
    marat = box.client("marat")
    request = marat.get(V1 + "requests").json()["requests"][0]["id"]
    (piece,) = pieces(marat)
    say.test("the measured clock says who, when, of how many pictures",
             piece["who"] == PEOPLE["marat"][0] and
             piece["samples"] == 3 and piece["atm"] == "0417" and
             abs(piece["offset_ms"] - BEHIND * 1000) <= NEAR_MS and
             500 <= piece["uncertainty_ms"] <= 1000 and
             piece["jump_ms"] is None, piece)
    last, other = searches(marat)
    align = refusals(box, marat, request, last, other)
    jumps(box, marat, align, last)
    back(box, marat, last)
    lost(box, marat)


def story():
    with Appliance(segment_s=10) as box:
        footage(box)
        journal(box)
        play(box, "transactions.mjs", "the whole flow succeeds in Chromium",
             "--behind", BEHIND, people={**ROLES, "custodian": "daniyar"})
        by_the_api(box)


if __name__ == "__main__":
    say.main(story)
