"""The power goes: while it records, and at several moments while dpkg installs
or upgrades the package.

Moments are what dpkg has said (--status-fd), and what its scripts have done.
"""
import json
import shlex
import subprocess
import time

from box import CAMERA, DATA, SLOW, seconds, told
from lib import say
from lib.keys import keyring
from lib.schema import OLD, make_old

UNPACK, CONFIGURE = "dpkg -i /mnt/%s.deb", "dpkg --configure -a"
# What must be as it was: footage, the site's and the log's keys, and web's.
KEPT = """cd /var/lib/saqta && find . -name '*.age' -path '*/footage/*' \
-o -name site -o -name log.key -o -name tls.key -o -path './recorder/*' -type f |
xargs sha256sum"""
WHOLE = """[ "$(dpkg-query -W -f'${db:Status-Abbrev}' saqta)" = "ii " ] &&
[ -z "$(dpkg --audit)" ] && ! dpkg -V saqta | grep -v ' c ' &&
for u in storage recorder web; do
id saqta-$u && systemctl is-enabled saqta-$u && ! systemctl is-failed saqta-$u ||
exit 1; done >&2 && [ -d /run/saqta ] && saqta --version"""


def checked(box, when):
    done = box.tool("check", "--data", DATA, check=False)
    say.test("%s saqta check finds every promise kept" % when,
             done.returncode == 0, done.stdout.decode()[-900:])


def recording(box, when):
    began = time.monotonic()
    box.wait_active()
    box.wait_recording(CAMERA, 60 * SLOW)
    say.test("P9 %s all starts by itself and records" % when, True)
    print("# after %s" % seconds(began), flush=True)


def power_cut(box):
    box.vm.cut()
    box.vm.boot()
    recording(box, "after a power cut")
    checked(box, "P8 after a power cut")


def said(state, times=1):
    """dpkg has said so often that the package is that."""
    return "[ \"$(grep -cs 'saqta: %s' /run/told)\" -ge %d ]" % (state, times)


def cut_when(box, deb, moment):
    """It is installed, without power once the moment has come."""
    box.ask("rm -f /run/told /run/over; (setsid sh -c 'dpkg --status-fd 3 -i "
            "/mnt/%s.deb 3>/run/told; >/run/over' >/run/dpkg.log 2>&1 &); "
            "(until %s; do [ ! -e /run/over ] || { %s; } || { cat /run/dpkg.log; "
            "exit 1; }; done)" % (deb, moment, moment))
    box.vm.cut()
    box.vm.boot()


def state(box):
    return box.ask("dpkg-query -W -f'${db:Status-Abbrev}' saqta", check=False)


def mended(box, mend):
    told("%s makes the package whole" % mend.split(" /")[0], box,
         mend + " >/run/dpkg.log 2>&1 || { cat /run/dpkg.log; false; }")
    told("its files, users and units are as they must be", box, WHOLE)


# --- the first installation ---

INSTALLS = (
    ("dpkg unpacks it", said("half-installed"), ("iH", "uH", "un", "dpkg"),
     UNPACK % "saqta"),
    ("dpkg begins to set it up", said("half-configured"), ("iU", "iF"),
     CONFIGURE),
    ("its units are being enabled", said("half-configured") + " && [ -L /etc/"
     "systemd/system/multi-user.target.wants/saqta-storage.service ]",
     ("iU", "iF"), CONFIGURE),
)


def installs(box, fresh):
    """On a new disk each time; the last one goes on being used."""
    for when, moment, states, mend in INSTALLS:
        box.vm.cut()
        subprocess.run(["cp", "--sparse=always", fresh,
                        box.vm.work / "root.raw"], check=True)
        box.vm.boot()
        cut_when(box, "saqta", moment)
        say.test("a power cut while %s leaves it half done" % when,
                 state(box).startswith(states), state(box))
        mended(box, mend)


# --- an upgrade ---

STARTED = "[ \"$(systemctl show -p MainPID --value saqta-storage)\" != 0 ]"
UPGRADES = (
    ("dpkg unpacks it", said("half-installed"),
     ("critical", "dpkg -i saqta_*.deb"), UNPACK % "newer"),
    ("dpkg begins to set it up", said("half-configured", 2),
     ("warning", CONFIGURE), CONFIGURE),
    ("its units start anew", said("half-configured", 2) + " && " + STARTED,
     ("warning", CONFIGURE), CONFIGURE),
)


def older(box):
    """The index is as a former version left it, and so are the programs."""
    box.ask("dpkg -i /mnt/saqta.deb >/run/dpkg.log 2>&1")
    box.wait_active()
    box.wait_recording(CAMERA, 60 * SLOW)
    box.ask("systemctl stop saqta-storage; cd %s && sqlite3 index.db %s && "
            "chown saqta-storage: index.db*" % (
                DATA, shlex.quote(";".join(make_old()))))


def version(box):
    return int(box.ask("sqlite3 -readonly %s/index.db 'PRAGMA user_version'"
                       % DATA))


def kept(box):
    """{file or day: what must stay of it}"""
    box.look()
    lines = (line.split(None, 1) for line in box.ask(KEPT).splitlines())
    return {**{name: digest for digest, name in lines}, **keyring(box)}


def doctor(box):
    """(state, command) of what the doctor says of the package."""
    found = json.loads(box.vm.ask("saqta doctor --json 2>&-")[1])["findings"]
    return next((f["state"], f.get("mend")) for f in found
                if f["check"] == "package")


def upgrades(box):
    newest = version(box)
    for when, moment, expect, mend in UPGRADES:
        when = "after a power cut while " + when
        older(box)
        before = kept(box)
        cut_when(box, "newer", moment)
        recording(box, when)
        found = doctor(box)
        say.test("%s the doctor says what to do" % when, found == expect,
                 found)
        mended(box, mend)
        say.test("as the doctor finds", doctor(box) == ("ok", None))
        recording(box, when + " and that")
        say.test("the schema is that of the newer version", version(box) ==
                 newest and OLD < newest, version(box))
        after = kept(box)
        lost = {n for n in before if after.get(n) != before[n]}
        say.test("P8 %s footage and keys are as before (%d)" % (
            when, len(before)), len(before) > 6 and not lost, lost)
        checked(box, "P8 " + when)
