#!/usr/bin/python3
# timeout: 200
"""saqta doctor: each finding has its cause and one command that mends it, and
the exit status is that of a monitoring plugin.

What it says of the machine (SMART, RAID, time source) depends on the machine;
here it is only held to its form.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import time

import yaml
from prometheus_client.parser import text_string_to_metric_families

from lib import promlint, say
from lib.appliance import ROOT, Appliance, wait_for

STATES = ["ok", "warning", "critical"]
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def ok(true, title, *why):
    say.test(title, true, *why)


class Doctor:
    def __init__(self, box):
        self.box = box

    def run(self, inside=()):
        # as root, who may read the certificate as well as ask storage
        done = subprocess.run(
            [*inside, str(self.box.bin / "saqta"), "doctor", "--config",
             str(self.box.conf), "--json"], stdout=subprocess.PIPE, cwd="/",
            env=self.box.env, check=False)
        self.status, told = done.returncode, json.loads(done.stdout)
        self.state, self.all = told["state"], told["findings"]
        return self

    def of(self, check):
        return [f for f in self.all if f["check"] == check]

    def is_state(self, check, state, says=""):
        found = self.run().of(check)
        return bool(found) and all(f["state"] == state for f in found) and \
            any(says in f["text"] for f in found)


def ended(path):
    """The certificate at path, with an end in 2020."""
    text = path.read_text()
    der = base64.b64decode(text.split(BEGIN)[1].split(END)[0])
    times = [m.start() for m in re.finditer(rb"\x17\x0d\d{12}Z", der)]
    at = times[1] + 2
    der = der[:at] + b"200101000000Z" + der[at + 13:]
    return "%s\n%s%s\n" % (BEGIN, base64.encodebytes(der).decode(), END)


def well(box, doctor):
    doctor.run()
    ok(all(f["state"] in STATES and f["check"] and f["text"]
           for f in doctor.all), "each finding has a state and a cause")
    ok(doctor.state == max((f["state"] for f in doctor.all),
                           key=STATES.index) and
       doctor.status == STATES.index(doctor.state),
       "the exit status is that of the worst finding")
    for check in ("storage", "web", "camera cam1", "cameras",
                  "ledger", "erasing", "keys", "version", "volume 0",
                  "certificate"):
        ok([f["state"] for f in doctor.of(check)] == ["ok"],
           "%s is found well where it is" % check, doctor.of(check))
    ok(doctor.of("witness")[0]["mend"].startswith("saqta witness add --by")
       and doctor.of("backup")[0]["state"] == "warning" and
       doctor.of("ledger copy")[0]["state"] == "warning",
       "that nobody witnesses the log, that its copy is on the same disk and "
       "that there is no backup is said", doctor.all)
    ok([f["state"] for f in doctor.of("machine")] == ["warning"],
       "a timer of root's that never ran is to be enabled",
       doctor.of("machine"))
    for check in ("swap", "clock", "space"):
        ok(len(doctor.of(check)) >= 1, "the doctor looks at %s" % check)


def swaps(box, doctor):
    """In a mount namespace of its own, with another /proc/swaps."""
    fake = box.tmp / "swaps"
    for path, state in (("/var/none.swap", "critical"), ("/dev/zram0", "ok")):
        fake.write_text("Filename\tType\tSize\tUsed\tPriority\n"
                        "%s\tfile\t1024\t0\t-2\n" % path)
        doctor.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" '
                    '/proc/swaps && exec "$@"', str(fake)])
        found = doctor.of("swap")
        ok([f["state"] for f in found] == [state],
           "P1 swap at %s is %s" % (path, state), found)
        if state == "critical":
            ok(found[0]["mend"] == "swapoff " + path and doctor.status == 2,
               "P1 and the command against it is named", found)


def disks(box, doctor):
    """What smartctl's exit status says, with another /sys/block: smartctl(8)."""
    programs, block = box.tmp / "sbin", box.tmp / "block"
    programs.mkdir()
    (block / "sda" / "device").mkdir(parents=True)
    fake = programs / "smartctl"
    for status, state in ((0, "ok"), (4, "ok"), (8, "critical"),
                          (12, "critical"), (16, "warning"), (20, "warning")):
        fake.write_text("#!/bin/sh\nexit %d\n" % status)
        fake.chmod(0o755)
        doctor.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /usr/sbin '
                    '&& mount --bind "$1" /sys/block && shift && exec "$@"',
                    str(programs), str(block)])
        found = doctor.of("disk")
        ok([f["state"] for f in found] == [state] and
           "/dev/sda" in found[0]["text"],
           "a disk of which smartctl ends with %d is %s" % (status, state),
           found)


def others(box, doctor):
    """Who is not root is told so, and not that storage is away."""
    done = subprocess.run(
        [str(box.bin / "saqta"), "doctor", "--config", str(box.conf), "--json"],
        stdout=subprocess.PIPE, cwd="/", env=box.env, check=False, user=65534,
        group=65534, extra_groups=[])
    found = json.loads(done.stdout)["findings"]
    ok(done.returncode == 3 and [f.get("mend") for f in found] ==
       ["sudo saqta doctor"], "who is not root is told to be, and that is all",
       done.returncode, found)


def packages(box, doctor):
    """What dpkg-query says, in a mount namespace of its own."""
    fake = box.tmp / "dpkg-query"
    for said, state, mend in (("ii ", "ok", None), ("un ", "ok", None),
                              ("iHR", "critical", "dpkg -i saqta_*.deb"),
                              ("iU ", "warning", "dpkg --configure -a"),
                              ("iF ", "warning", "dpkg --configure -a")):
        fake.write_text("#!/bin/sh\nprintf '%s'\n" % said)
        fake.chmod(0o755)
        doctor.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" '
                    '/usr/bin/dpkg-query && exec "$@"', str(fake)])
        found = doctor.of("package")
        ok([(f["state"], f.get("mend")) for f in found] == [(state, mend)],
           "a package that dpkg calls %s is %s" % (said, state), found)


def sealed(box, doctor):
    """Credentials of web's unit count before its files, which have ended."""
    crt, key = box.tmp / "good.crt", box.tmp / "good.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "365", "-subj",
         "/CN=box", "-keyout", key, "-out", crt], check=True,
        capture_output=True)
    for names, state, mend in (
            (("key",), "critical", "install -m 644 NEW.crt " +
             str(box.certificate)),
            (("key", "crt"), "ok", None)):
        doctor.run(["unshare", "-m", "sh", "-ec", """
            d=/run/credentials/saqta-web.service
            mount -t tmpfs none /run; mkdir -p $d; cd "$0"
            for n in $1; do cp good.$n $d/saqta-web.tls.$n; done
            cd /; shift; exec "$@" """, str(box.tmp), " ".join(names)])
        found, = doctor.of("certificate")
        ok(found["state"] == state and
           (found.get("mend") or "").split(" && ")[0] == (mend or ""),
           "with %s of web as credentials it is %s, by a command that does "
           "not part key and certificate" % (" and ".join(names), state),
           found)


def ill(box, doctor, camera):
    camera.freeze()
    wait_for("the camera is critical", 40, lambda: doctor.is_state(
        "camera cam1", "critical", "not recording since"), 0.5)
    ok(doctor.status == 2 and "probe rtsp://" in
       doctor.of("camera cam1")[0]["mend"],
       "a camera that says nothing is critical, with the command to look at "
       "it")
    camera.thaw()
    box.certificate.write_text(ended(box.certificate))
    ok(doctor.is_state("certificate", "critical", "ended"),
       "a certificate that ended is critical")
    ok(doctor.of("certificate")[0]["mend"].startswith("rm "), "and what mends "
       "it is named", doctor.of("certificate"))
    ok(doctor.of("web")[0]["state"] == "critical" and "another certificate"
       in doctor.of("web")[0]["text"], "so is one that browsers do not get, "
       "for web has not started since", doctor.of("web"))
    sealed(box, doctor)
    box.certificate.write_text("nonsense\n")
    ok(doctor.is_state("certificate", "critical", "is no certificate"),
       "so is one that is none")
    box.wait_recording("cam1")
    box.stop("recorder")
    found = wait_for("storage knows that the recorder stopped", 20, lambda: [
        f for f in doctor.run().of("camera cam1")
        if "recorder-stopped" in f["text"]])
    ok(found[0]["state"] == "critical" and
       found[0]["mend"] == "systemctl restart saqta-recorder",
       "without a recorder a camera is critical, and the command is not about "
       "the camera", found)
    box.stop("web")
    ok(doctor.is_state("web", "critical", "nobody answers"),
       "that nobody answers at the port is critical")
    box.stop("storage")
    ok(doctor.is_state("storage", "critical", "does not answer") and
       "restart saqta-storage saqta-recorder saqta-web" in
       doctor.of("storage")[0]["mend"] and
       not doctor.of("camera cam1"), "so is a storage that does not answer")
    silent(box, doctor)
    box.conf.write_text(box.conf.read_text().replace(
        "listen = 127.0.0.1", "listen = lisbon"))
    doctor.run()
    ok(doctor.status == 3 and "a numeric address" in
       doctor.of("configuration")[0]["text"],
       "without a configuration it could not look, and says where to mend it")


def silent(box, doctor):
    """Why storage does not answer, where a look at the disk tells."""
    site, away = box.data / "site", box.data / "site.away"

    def mend(check):
        return doctor.run().of(check)[0].get("mend")
    was = site.stat()
    os.chown(site, 4242, 4242)
    told = mend("storage")
    ok(told.startswith("chown -R saqta-storage: %s && " % box.data),
       "files of another machine's users are named", told)
    os.chown(site, was.st_uid, was.st_gid)
    site.rename(away)
    told = mend("data")
    ok(told.startswith("mount "), "a volume that is not mounted is to be "
       "mounted", told)
    box.certificate.rename(box.tmp / "crt")
    told = mend("data")
    ok(told.startswith("saqta init --origin"), "on a new box saqta init is "
       "named", told)
    (box.tmp / "crt").rename(box.certificate)
    away.rename(site)


def metrics(box):
    """The numbers, read by the client library of Prometheus."""
    text = box.tool("metrics").stdout.decode()
    told = {f.name: f for f in text_string_to_metric_families(text)}
    value = {n: f.samples[0].value for n, f in told.items() if f.samples}
    status = box.tool_json("status")
    ok(all(n.startswith("saqta_") and f.documentation and f.type in
           ("gauge", "counter")
           for n, f in told.items()) and len(told) > 20,
       "each metric has a name of ours, a type and a help text", sorted(told))
    up = told["saqta_camera_up"].samples
    ok([(s.labels, s.value) for s in up] == [({"camera": "cam1"}, 1)],
       "P9 a camera that is recording is up", up)
    ok(abs(value["saqta_camera_last_sealed_timestamp_seconds"] -
           time.time()) < 30 and
       value["saqta_camera_oldest_footage_timestamp_seconds"] <=
       value["saqta_camera_last_sealed_timestamp_seconds"],
       "times are Unix seconds", value)
    ok(value["saqta_volume_size_bytes"] ==
       status["storage"]["volumes"][0]["total_bytes"] and
       0 < value["saqta_ledger_entries"] <= status["ledger"]["size"] and
       value["saqta_erasure_overdue_segments"] == 0,
       "the numbers are those of the status", value)
    files = sum(p.stat().st_size for p in box.segments("cam1"))
    ok(0 < value["saqta_camera_footage_bytes"] <= files,
       "footage is counted in bytes on disk", value, files)
    gaps = told["saqta_camera_gap_seconds"].samples
    total = sum(s.value for s in gaps)
    ok({s.labels["cause"] for s in gaps} >= {"not-yet"} and
       86000 < total < 86400, "P7 the seconds of 24 hours that are not "
       "recorded have causes", gaps)
    ok(0.3 < value["saqta_camera_coverage_ratio"] <= 1,
       "what was before the camera counts for nothing", value)
    received = value["saqta_camera_received_bytes"]
    ok(files / 2 < received, "what was received is counted in bytes",
       received, files)
    over = told["saqta_camera_reconnects"].samples
    ok(any(s.labels["camera"] == "cam1" and s.value >= 1 for s in over),
       "the end of a gap is a reconnect with a cause", over)
    ok(value["saqta_holds"] == 0 == value["saqta_holds_to_review"],
       "holds are counted")
    linted(text)
    rules(set(told))


def last_day(box):
    """What alert rules name: saqta coverage, without a time."""
    told = box.tool_json("coverage")["cameras"]
    ns = sum(told[0][k] for k in ("recorded_ns", "gap_ns"))
    ok(len(told) == 1 and abs(ns / 1e9 - 86400) < 1,
       "coverage without a time is that of the last 24 hours", told)


def linted(text):
    """As Prometheus' own tool does, and by it where there is one."""
    found = promlint.complaints(text)
    ok(not found, "names, units, types and labels are as Prometheus wants them",
       *found)
    tool = shutil.which("promtool")
    if not tool:
        say.skip("promtool finds nothing to say", "no promtool")
        return
    done = subprocess.run([tool, "check", "metrics"], input=text,
                          capture_output=True, text=True, check=False)
    ok(done.returncode == 0 and not done.stderr,
       "promtool finds nothing to say", done.stdout, done.stderr)
    done = subprocess.run([tool, "check", "rules",
                           str(ROOT / "systemd" / "saqta.rules.yml")],
                          capture_output=True, text=True, check=False)
    ok(done.returncode == 0, "nor about the alert rules", done.stdout,
       done.stderr)


def looked_after(box):
    """What the scrub and a backup leave in the metrics."""
    made = box.tmp / "b.age"

    def numbers():
        text = box.tool("metrics").stdout.decode()
        return {(s.name, s.labels.get("pass")): s.value
                for f in text_string_to_metric_families(text)
                for s in f.samples}
    begun = time.time()
    ok(("saqta_backup_last_timestamp_seconds", None) not in numbers(),
       "without a backup its age is not told")
    subprocess.run([box.bin / "saqta", "backup", "--config", box.conf, made],
                   check=True, capture_output=True, env=box.env)
    box.tool("scrub")
    wait_for("both passes are through", 60, lambda: all(
        numbers().get(("saqta_scrub_completed_timestamp_seconds", p), 0) >
        begun - 1 for p in ("files", "bytes")), 0.5)
    told = numbers()
    ok(begun - 1 < told["saqta_backup_last_timestamp_seconds", None] <
       time.time() + 1, "when the last backup was made is told", told)
    ok(not any(n == "saqta_scrub_progress_ratio" for n, _ in told),
       "between two passes there is no progress", told)
    path = box.segments("cam1")[0]
    path.write_bytes(path.read_bytes()[:-100])
    box.tool("scrub")
    wait_for("the scrub finds it", 60, lambda: numbers()
             ["saqta_segments_lost", None] == 1, 0.5)
    ok(True, "P2 what the scrub finds damaged is counted")


def rules(names):
    """The alert rules speak of metrics that there are."""
    text = (ROOT / "systemd" / "saqta.rules.yml").read_text()
    all_rules = [r for g in yaml.safe_load(text)["groups"] for r in g["rules"]]
    used = {re.sub("_total$", "", n) for n in re.findall(
        r"saqta_[a-z_]+", " ".join(r["expr"] for r in all_rules))}
    # no sample yet: without a witness, where disks hold, before a backup
    optional = {"saqta_witness_age_seconds", "saqta_disk_full_seconds",
                "saqta_backup_last_timestamp_seconds"} | {
        n for n in used if n.startswith((	# of root's timer: 29-the-machine
            "saqta_host_", "saqta_array_", "saqta_disk_",
            "saqta_certificate_"))}	# of web: 31
    ok(len(all_rules) > 8 and used - optional <= names,
       "each alert rule speaks of a metric that there is", used - names)


def completed(box, *words):
    """What bash offers after these words."""
    script = "source %s; COMP_WORDS=(saqta %s) COMP_CWORD=%d; _saqta; " \
        "echo ${COMPREPLY[@]}" % (ROOT / "systemd" / "saqta.bash-completion",
                                  " ".join("'%s'" % w for w in words),
                                  len(words))
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE,
                          env={**box.env, "PATH": "%s:/usr/bin:/bin" % box.bin})
    return done.stdout.decode().split()


def completes(box):
    ok(completed(box, "doc") == ["doctor"] and
       "status" in completed(box, ""), "bash completes verbs")
    ok(completed(box, "doctor", "--j") == ["--json"], "and their options",
       completed(box, "doctor", "--j"))
    ok("list" in completed(box, "camera", "l") and
       completed(box, "config", "s") == ["show"], "and their words",
       completed(box, "camera", "l"), completed(box, "config", "s"))


def backed_up(box, doctor):
    """A week in which the clock was years ahead; then it is right again."""
    place = box.tmp / "backups"
    place.mkdir()
    box.write_conf(backup=place)
    for night in range(1, 9):
        (place / ("saqta-2036010%dT021500Z.age" % night)).touch()
    ok(doctor.is_state("backup", "warning", "there is none"),
       "backups of a clock that was ahead are not taken for new", doctor.all)
    for left in (8, 7, 1):
        for path in sorted(place.iterdir())[:-left]:
            path.unlink()
        subprocess.run([box.bin / "saqta", "backup", "--config", box.conf],
                       check=True, capture_output=True, env=box.env)
        names = sorted(p.name for p in place.iterdir())
        ok(len(names) == min(left + 1, 7) and "-2036" not in names[0] and
           doctor.is_state("backup", "ok"), "beside %d of them one that is "
           "made now stays" % left, names, doctor.all)
    box.write_conf()


def replaced(box, doctor):
    """An upgrade that started one of three programs anew."""
    for name in ("saqta-web", "saqta-recorder"):
        shutil.copy(box.bin / name, box.tmp / name)
        os.replace(box.tmp / name, box.bin / name)
    box.stop("web")
    box.start("web")
    told = [f for f in doctor.run().of("version") if f["state"] == "warning"]
    ok([f["mend"] for f in told] == ["systemctl restart saqta-recorder"] and
       "still runs as it was" in told[0]["text"], "a program whose file was "
       "replaced is to be started anew", told, doctor.all)
    box.stop("recorder")
    box.start("recorder")
    ok(doctor.is_state("version", "ok"), "then all are as installed",
       doctor.all)
    box.wait_recording("cam1")


def story():
    with Appliance() as box:
        camera = box.camera("cam1")
        box.add_camera("cam1", camera.url)
        box.wait_recording("cam1")
        doctor = Doctor(box)
        wait_for("the certificate", 10, box.certificate.exists)
        well(box, doctor)
        swaps(box, doctor)
        disks(box, doctor)
        others(box, doctor)
        packages(box, doctor)
        metrics(box)
        last_day(box)
        looked_after(box)
        backed_up(box, doctor)
        replaced(box, doctor)
        completes(box)
        ill(box, doctor, camera)


say.main(story)
