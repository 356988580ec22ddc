#!/usr/bin/python3
# timeout: 150
"""What root's timer finds (systemd/saqta-host) reaches status, metrics, the
doctor and alerts; what is broken or of others harms nothing.
"""
import os
import subprocess
import time

from prometheus_client.parser import text_string_to_metric_families

from lib import say, tokens
from lib.appliance import ROOT, Appliance, wait_for

DEGRADED = """Personalities : [raid1]
md0 : active raid1 sdb1[1](F) sda1[0]
      1046528 blocks super 1.2 [2/1] [U_]

unused devices: <none>
"""
# smartctl 7.3 --json -i -H -A, of what is looked at
FAILING = """{"model_name": "WDC WD40PURX", "smart_status": {"passed": false},
"temperature": {"current": 52}, "power_on_time": {"hours": 40123},
"ata_smart_attributes": {"table": [{"id": 5, "raw": {"value": 900}},
{"id": 197, "raw": {"value": 8}}]}}
"""


class Box(Appliance):
    def write_conf(self, **storage):
        self.host = self.tmp / "host"
        self.host.mkdir(exist_ok=True)
        super().write_conf(host=self.host, **storage)

    def look(self):
        """Run root's program."""
        subprocess.run(["sh", ROOT / "systemd" / "saqta-host", self.host],
                       check=True, timeout=60)

    def told(self):
        return self.tool_json("status")


def kinds(told):
    return {i["kind"]: i for i in told["incidents"]}


def numbers_of_web(box):
    """Sign-ins and durations, which a program with a token gets."""
    wait_for("web finds storage", 30, box.web_ready)
    oleg = box.client("oleg")
    token = tokens.make(box, oleg).json()["token"]
    text = tokens.Program(box, token).get("/metrics").body.decode()
    told = {f.name: {tuple(sorted(s.labels.items())): s.value
                     for s in f.samples if s.name.endswith(("_total", "_count"))}
            for f in text_string_to_metric_families(text)}
    say.test("sign-ins are counted by their outcome",
             told["saqta_sign_ins"][(("result", "ok"),)] >= 1, told)
    say.test("web tells how many requests it answered and how long they took",
             told["saqta_http_request_duration_seconds"][()] >= 2 and
             told["saqta_http_responses"][(("class", "2xx"),)] >= 2, told)


def main():
    with Box() as box:
        say.test("before the first look nothing is told of the machine",
                 box.told()["host"] is None)
        box.look()
        time.sleep(1)
        names = {p.name for p in box.host.iterdir()}
        say.test("root's program tells clock and arrays of this machine",
                 {"clock", "mdstat", "taken"} <= names and
                 not any(n.startswith(".") for n in names), names)
        (box.host / "mdstat").write_text(DEGRADED)
        (box.host / "smart-sda.json").write_text(FAILING)
        (box.host / "smart-sdb.json").write_text("{" * 60000)
        (box.host / "smart-sdc.json").write_text(" " * 200000)
        (box.host / "smart-..json").write_text(FAILING)
        (box.host / "smart-link.json").symlink_to(box.paper)
        (box.host / "clock").write_text(
            "source ntp.bank.example\nsynchronised no\noffset 0.25\n")
        (box.host / "taken").write_text("%d\n" % time.time())
        box.stop("storage")
        box.start("storage")
        told = wait_for("storage has read it", 20,
                        lambda: box.told()["host"] and box.told())
        host = told["host"]
        say.test("a degraded array and a failing disk are told",
                 host["arrays"] == [{"name": "md0", "level": "raid1",
                                     "active": True, "disks": 2,
                                     "missing": 1}] and
                 [d["name"] for d in host["disks"]] == ["sda"] and
                 host["disks"][0]["pending"] == 8, host)
        say.test("the clock's source and offset are told",
                 host["clock"] == {"synchronised": False, "offset_s": 0.25,
                                   "source": "ntp.bank.example"}, host)
        now = kinds(told)
        say.test("alerts hear of it", {"array-degraded", "disk-failing",
                                       "clock-free"} <= set(now) and
                 now["disk-failing"]["of"] == "sda", now)
        text = box.tool("metrics").stdout.decode()
        say.test("metrics have it", all(line in text.splitlines() for line in (
            'saqta_array_disks_missing{array="md0"} 1',
            'saqta_disk_healthy{disk="sda"} 0',
            'saqta_disk_temperature_celsius{disk="sda"} 52',
            'saqta_disk_pending_sectors{disk="sda"} 8',
            "saqta_clock_offset_seconds 0.25")), text)
        (box.host / "taken").write_text("%d\n" % (time.time() - 3600))
        box.stop("storage")
        box.start("storage")
        told = wait_for("storage has read it", 20, lambda:
                        (box.told()["host"] or {}).get("age_s", 0) > 3000 and
                        box.told())
        now = kinds(told)
        say.test("of an hour ago it says only that nothing was heard since",
                 "host-silent" in now and "disk-failing" not in now, now)
        done = box.tool("doctor", check=False).stdout.decode()
        say.test("the doctor says so, with the command that mends it",
                 "systemctl restart saqta-host.timer" in done, done)
        numbers_of_web(box)


os.umask(0o022)
say.main(main)
