#!/usr/bin/python3
"""Whoever is a custodian now opens every day, and who was one opens none: told
by plain age, with the keys that lie on the disk.

No camera sends anything: its days' keys are made all the same.
"""
from lib import say
from lib.ahead import Ahead
from lib.appliance import PEOPLE, wait_for
from lib.keys import (day_wraps, keyring, keyring_lines, opens,
                      person_identity, slots)

V1 = "/api/v1/"
CAMERAS = ("cam-1", "cam-2", "cam-3")
DAY_S = 86400
NEW = "a password after all were lost"


def days(box, count):
    """Wait until there are the keys of so many camera-days."""
    return wait_for("%d day keys" % count, 30,
                    lambda: len(keyring(box)) == count and keyring(box), 0.5)


def entries(client, kind):
    found = client.get(V1 + "ledger?first=0&count=200").json()["entries"]
    return [e for e in found if e["type"] == kind]


def comes(box, aigul):
    """A new custodian opens what was before his time."""
    made = aigul.post(V1 + "people", {
        "user": "erlan", "name": "Erlan Bekov", "role": "custodian",
        **box.act("aigul")}).json()
    box.factor_path("erlan").write_text(made["uri"])
    erlan = person_identity(box, "erlan", made["password"])
    wraps = keyring(box)
    say.test("a new custodian's key opens every day that there is",
             opens(erlan, wraps) == set(wraps), opens(erlan, wraps))
    told = entries(aigul, "keys-wrapped")
    say.test("P5 that they were wrapped to him is entered",
             len(told) == 1 and told[0]["fields"]["days"] == len(wraps) and
             len(told[0]["fields"]["wrapped-to"]) == 4, told)
    return erlan


def goes(box, aigul, erlan):
    daniyar = person_identity(box, "daniyar", PEOPLE["daniyar"][2])
    wraps, before = keyring(box), slots(box)
    say.test("before his end a custodian opens every day",
             opens(daniyar, wraps) == set(wraps))
    ended = [p["id"] for p in aigul.get(V1 + "people").json()["people"]
             if p["user"] == "daniyar"][0]
    answer = aigul.post(V1 + "people/%d/end" % ended, {
        "reason": "Has left the bank", **box.act("aigul")})
    say.test("a custodian ends another", answer.status == 204, answer.body)
    wraps = keyring(box)
    first = person_identity(box, "aigul", PEOPLE["aigul"][2])
    say.test("an ended custodian's key opens no day any more",
             not opens(daniyar, wraps), opens(daniyar, wraps))
    say.test("those who stay and the paper key open every day",
             all(opens(i, wraps) == set(wraps) for i in
                 (first, erlan, box.paper.read_text())))
    say.test("an old copy of the keyring opens with no key on the disk",
             opens(daniyar, day_wraps(keyring_lines(*before))) == set(wraps)
             and not any(keyring_lines([kek], [ring]) for kek in slots(box)[0]
                         for ring in before[1]))
    box.later(DAY_S)
    wraps = days(box, len(wraps) + len(CAMERAS))
    say.test("the days after his end are not for him",
             not opens(daniyar, wraps) and opens(erlan, wraps) == set(wraps))


def halves(printed):
    """The two halves as `saqta paper replace` prints them: four lines each."""
    a, b = printed.split("Half A:\n")[1].split("Half B:\n")
    return a.strip().splitlines() + b.strip().splitlines()[:4]


def replaced(box, by, password):
    """Another paper key: its halves, and the identity that they make."""
    done = box.tool("paper", "replace", "--by", by, "-",
                    stdin="%s\n%s\n" % (password, box.code(by)))
    lines = halves(done.stdout.decode())
    joined = box.tool("paper", "-", stdin="\n".join(lines) + "\n",
                      config=False).stdout.decode()
    return lines, joined.splitlines()[1]


def recover(box, user, lines, check=True):
    return box.tool("recover", "--custodian", user, "--name", "Zhanna Aitova",
                    "--factor-file", box.factor_path(user), "-", check=check,
                    stdin="\n".join(lines) + "\n" + NEW + "\n")


def paper_key(box, aigul, erlan):
    """It is replaced, and then it makes a custodian when all are lost."""
    lines, paper = replaced(box, "aigul", PEOPLE["aigul"][2])
    wraps = keyring(box)
    say.test("a new paper key opens every day, the old one none",
             opens(paper, wraps) == set(wraps) and
             not opens(box.paper.read_text(), wraps))
    say.test("P5 who replaced it is entered",
             len(entries(aigul, "paper-key")) == 1)
    old = lines
    lines, paper = replaced(box, "aigul", PEOPLE["aigul"][2])
    done = recover(box, "zhanna", old, check=False)
    say.test("P6 the halves of a paper key of before make nobody",
             done.returncode == 1 and b"not the halves" in done.stderr,
             done.stderr)
    bad = [lines[0][:-1] + ("A" if lines[0][-1] != "A" else "B")] + lines[1:]
    done = recover(box, "zhanna", bad, check=False)
    say.test("a typing error is found before anything is asked",
             done.returncode == 1 and b"typing error" in done.stderr,
             done.stderr)
    recover(box, "zhanna", lines)
    zhanna = person_identity(box, "zhanna", NEW)
    wraps = keyring(box)
    say.test("whom the paper key made opens every day",
             opens(zhanna, wraps) == set(wraps), opens(zhanna, wraps))
    client = box.client("zhanna", NEW)
    say.test("P6 a recovery and the try before it are entered",
             len(entries(client, "recovered")) == 1 and any(
                 e["fields"].get("name") == "paper key" for e in
                 entries(client, "sign-in-refused")))
    lost = [p["id"] for p in client.get(V1 + "people").json()["people"]
            if p["user"] == "aigul"][0]
    answer = client.post(V1 + "people/%d/end" % lost, {
        "reason": "Lost", **box.act("zhanna", NEW)})
    first = person_identity(box, "aigul", PEOPLE["aigul"][2])
    wraps = keyring(box)
    say.test("he ends the lost ones, whose keys then open nothing",
             answer.status == 204 and not opens(first, wraps) and
             opens(erlan, wraps) == set(wraps), answer.body)
    made = client.post(V1 + "people", {
        "user": "timur", "name": "Timur Abdi", "role": "custodian",
        **box.act("zhanna", NEW)})
    say.test("P6 and whom he signs is a custodian like any other",
             made.status == 201 and opens(
                 person_identity(box, "timur", made.json()["password"]),
                 keyring(box)) == set(wraps), made.body)


def story():
    with Ahead() as box:
        for camera in CAMERAS:
            box.add_camera(camera, "rtsp://127.0.0.1:1/none")
        days(box, len(CAMERAS))
        box.later(DAY_S)
        days(box, 2 * len(CAMERAS))
        aigul = box.client("aigul")
        erlan = comes(box, aigul)
        goes(box, aigul, erlan)
        paper_key(box, aigul, erlan)
        done = box.tool("check", "--data", box.data, check=False,
                        config=False)
        say.test("the ledger proves itself afterwards", done.returncode == 0,
                 done.stdout, done.stderr)
        box.stop()
        say.test("no program was ended by a sanitizer or a signal",
                 not box.broken(), box.broken())


say.main(story)
