"""What memory, swap and the raw disk show when people have left, and when
footage was erased. Swap is on, and memory short.
"""
import base64
import os
import secrets as random
import time

from box import CAMERA, DATA, SLOW, UNITS, seconds, told
from lib import say
from lib.appliance import FIRST, Failed, wait_for
from lib.keys import from_bech32, keyring_lines, slots
from lib.package import grant, stamp
from lib.secrets import of_footage, of_person, of_session

HOG_MB = 800
PIECE = 1 << 24
TERM_DAYS = 200         # by then whatever was recorded has had its term
DAY_S = 86400


def in_memory(box, secrets):
    """The names of those that programs of Saqta have; and how much there is."""
    names = sorted(secrets)
    lines = box.ask("cd /mnt && PYTHONDONTWRITEBYTECODE=1 python3 search.py "
                    + " ".join(secrets[n].hex() for n in names)).splitlines()
    return ({"%s: %s" % (names[int(l.split()[0])], l.split()[1])
             for l in lines[:-1]}, int(lines[-1].split()[1]))


def on_disk(path, secrets):
    """The names of those that stand on a raw disk."""
    found, before = set(), b""
    longest = max(map(len, secrets.values()))
    with open(path, "rb") as f:
        at, size = 0, f.seek(0, os.SEEK_END)
        while at < size:
            try:
                start = os.lseek(f.fileno(), at, os.SEEK_DATA)
            except OSError:
                break               # only holes are left
            before = before if start == at else b""
            f.seek(start)
            piece = before + f.read(PIECE)
            found |= {n for n, s in secrets.items() if s in piece}
            before, at = piece[-longest:], start + PIECE
    return found


def watched(box):
    """An auditor watches what a custodian has approved; all secrets of it."""
    marat, aigul = box.client("marat"), box.client("aigul")
    end = time.time() - 20
    ident = grant(box, (marat, aigul), CAMERA, end - 10, end, by="aigul")
    play = marat.get("/api/v1/requests/%s/play" % ident).json()
    part = next(p for r in play["cameras"][0]["runs"] for p in r["parts"]
                if p["fragments"])
    served = marat.get("/media/%s/%s/%d/%d" % (
        ident, CAMERA, part["seq"], part["fragments"][0]["index"]))
    say.test("footage that was approved is watched", served.status == 200 and
             b"mdat" in served.body, served.status, served.body[:200])
    path = box.ask("ls %s/footage/%s/*/*/*/*-%08d.mp4.age" % (
        DATA, CAMERA, part["seq"])).strip()
    box.look()
    middle = len(served.body) // 2
    secrets = {"a watched picture": served.body[middle:middle + 64],
               **of_footage(box, CAMERA, "-".join(path.split("/")[-4:-1]),
                            box.vm.ask("head -c 400 " + path)[1])}
    for user, client in (("marat", marat), ("aigul", aigul)):
        secrets.update(of_person(box, user))
        secrets.update(of_session(client, user))
    return marat, aigul, secrets


def swapped(box):
    """Swap is on, and memory so short that it is used."""
    marker = "saqta-machine-%s" % random.token_hex(8)
    box.ask("sysctl -q vm.swappiness=200; "
            "grep -q vdb /proc/swaps || swapon /dev/vdb")
    # what this fills is not in a group without swap, as the agent's is
    box.ask("systemd-run -q --wait bash -c 'mkdir -p /run/hog && mount -t tmpfs "
            "-o size=%dM hog /run/hog && yes %s | head -c %dM >/run/hog/it'"
            % (HOG_MB + 1, marker, HOG_MB))
    used = int(box.ask("awk 'NR == 2 {print $4}' /proc/swaps"))
    say.test("memory is short, and swap is used (%d MiB)" % (used >> 10),
             used > 50 << 10, used)
    for unit in UNITS.split():
        told("P1 not for %s, nor what it started" % unit, box,
             "g=/sys/fs/cgroup/system.slice/%s.service; "
             "[ $(cat $g/memory.swap.current) = 0 ] && ! grep -H "
             "'^VmSwap:.* [1-9]' $(sed 's,.*,/proc/&/status,' "
             "$g/cgroup.procs)" % unit)
    return {"(what was swapped out)": marker.encode()}


def people(box):
    """They reach the page from outside."""
    box.ask("printf '[web]\\nlisten = 0.0.0.0\\n' >/etc/saqta/conf.d/all.conf;"
            "systemctl restart saqta-web")
    box.look()
    for user in ("oleg", "marat"):
        if not box.is_there(user):
            box.add_person(user)
    wait_for("the page answers outside", 20 * SLOW, box.web_ready, 1)


def forgotten(box):
    """Signed in, watched, signed out, with swap on."""
    people(box)
    began = time.monotonic()
    marat, aigul, secrets = watched(box)
    print("# signed in, decided, watched in %s" % seconds(began))
    control = swapped(box)
    before, much = in_memory(box, secrets)
    say.test("(the search sees what a reader must have, in %d MiB)" %
             (much >> 20), {"identity of marat: exe",
                            "cookie of marat: saqta-web"} <= before, before)
    assert {marat.sign_out().status, aigul.sign_out().status} == {204}
    wait_for("their readers have ended", 60 * SLOW, lambda: not box.does(
        "pgrep -f '^saqta-storage reader'"))
    for _ in range(5):      # what libraries free is used again
        box.client().get("/api/v1/site")
    after, _ = in_memory(box, secrets)
    # the child that the camera had sent it to, and that has no key
    after -= {"a watched picture: saqta-camera"}
    say.test("P1 after sign-out no process has any of it", not after, after)
    box.ask("sync")
    swap = on_disk(box.vm.work / "swap.raw", {**control, **secrets})
    say.test("P1 swap has what others swapped out, and nothing of it",
             swap == set(control), swap)
    disk = on_disk(box.vm.work / "root.raw", secrets)
    say.test("P1 nor has the raw disk", not disk, disk)
    box.ask("umount /run/hog")


# --- erasure ---

def wrapped(box):
    """What opens the days there are: their wrapped keys, and the keys of the
    keyring itself, in both of its places."""
    days = [l["day"] for l in keyring_lines(*slots(box)) if "day" in l]
    found = {}
    for d in days:
        for i, text in enumerate(d["wrapped"]):
            name = "key of %s, wrapped to %d" % (d["date"], i)
            found[name] = base64.b64decode(text)[:200]
            found[name + ", as text"] = text.encode()[:200]
    for i, kek in enumerate(slots(box)[0]):
        text = next(l for l in kek.decode(errors="replace").splitlines()
                    if l.startswith("AGE-SECRET-KEY-1"))
        found["kek %d" % i] = from_bech32(text)
        found["kek %d, as text" % i] = text.encode()
    return {d["date"] for d in days}, found


def days_on_disk(box):
    return set(box.ask("cd %s/footage/%s && ls -d */*/*/ | tr / - | "
                       "sed 's/-$//'" % (DATA, CAMERA)).split())


def years_pass(box):
    """The machine's clock is set past the term; a custodian vouches for it."""
    box.ask("date -s @%d" % (box.now() + TERM_DAYS * DAY_S))
    box.clock_ahead += TERM_DAYS * DAY_S
    wait_for("the clock is not trusted", 60 * SLOW, lambda: box.tool_json(
        "clock")["state"] == "untrusted", 1)
    try:
        box.tool("clock", "vouch", "--by", FIRST, "--now", stamp(box.now()),
                 "--reason", "The machine was off", "-",
                 stdin=box.credential(FIRST))
    except Failed as error:     # software is slow: see add_person
        if "in time" not in str(error):
            raise
    wait_for("the clock is trusted", 60 * SLOW, lambda: box.tool_json(
        "clock")["state"] == "trusted", 1)


def erased(box):
    """Watched, signed out, and months later erased: by the programs of the
    package and the machine's own clock, with swap in use."""
    marat, aigul, secrets = watched(box)
    assert {marat.sign_out().status, aigul.sign_out().status} == {204}
    box.tool("camera", "disable", CAMERA)
    wait_for("all is sealed", 60 * SLOW, lambda: box.ask(
        "sqlite3 -readonly %s/index.db 'SELECT count(*) FROM segment WHERE "
        "state = 1'" % DATA).strip() == "0", 1)
    control = swapped(box)
    box.look()
    days, keys = wrapped(box)
    say.test("(every day on the disk has its key)", days_on_disk(box) == days,
             days_on_disk(box), days)
    journal = box.vm.ask("tail -c 256 %s/footage/%s/%s/journal" % (
        DATA, CAMERA, max(days).replace("-", "/")))[1]
    secrets = {**secrets, **keys, "a record of a journal": journal[:200]}
    before, _ = in_memory(box, secrets)
    say.test("(before, storage has the wrapped keys in memory)", {
        n for n in keys if n.endswith("wrapped to 0, as text") or
        n.endswith("wrapped to 0")} & {b.rsplit(":", 1)[0] for b in before},
        before)
    box.ask("sync")
    on = on_disk(box.vm.work / "root.raw", secrets)
    say.test("(and the raw disk has the kek, and the journal's records)",
             {"a record of a journal"} < on and
             any(n.startswith("kek") for n in on), on)
    years_pass(box)
    # it looks for what is due each hour, and when it starts
    began = time.monotonic()
    box.ask("systemctl restart saqta-storage")
    wait_for("what was due is gone", 120 * SLOW, lambda: box.does(
        "[ -z \"$(find %s/footage -type f)\" ]" % DATA), 1)
    wait_for("the sweep has ended", 60 * SLOW, lambda: not box.tool_json(
        "retention", "due")["sweeping"], 1)
    print("# erased in %s" % seconds(began), flush=True)
    box.look()
    say.test("P3 beyond its term every day goes with its key",
             not wrapped(box)[0], wrapped(box)[0])
    after, much = in_memory(box, secrets)
    say.test("P3 then no process has a wrapped key of it, nor its day's or "
             "files' keys, nor a picture (%d MiB)" % (much >> 20), not after,
             after)
    used = int(box.ask("awk 'NR == 2 {print $4}' /proc/swaps"))
    box.ask("sync")
    swap = on_disk(box.vm.work / "swap.raw", {**control, **secrets})
    say.test("P3 nor has swap, of which %d MiB are in use" % (used >> 10),
             used and swap == set(control), swap)
    disk = on_disk(box.vm.work / "root.raw", secrets)
    say.test("P3 nor has the raw disk, nor the key that the keyring had then, "
             "nor a record of its journal", not disk, disk)
    box.ask("umount /run/hog")
    box.tool("camera", "enable", CAMERA)
    box.wait_recording(CAMERA, 60 * SLOW)
    told("P2 saqta check finds every promise kept", box,
         "saqta check --data %s" % DATA)
