"""What the units say of memory, files and rights, at work: cgroup v2 is the
kernel's here, not the container's.
"""

from box import CAMERA, SLOW, gaps, lossless, told
from lib import say
from lib.appliance import PEOPLE, Failed, wait_for
from traces import swapped

GROUP = "/sys/fs/cgroup/system.slice/%s.service/"
LIMITS = {"saqta-storage": 4 << 30, "saqta-recorder": 4 << 30,
          "saqta-web": 1 << 30, "saqta-alert": 64 << 20}
# When there is too little of it: recording first, then storage, then people.
WEIGHTS = {"saqta-storage": 200, "saqta-recorder": 400, "saqta-web": 100,
           "saqta-alert": 20}
TASKS = {"saqta-storage": 192, "saqta-recorder": 640, "saqta-web": 32,
         "saqta-alert": 16}
SIGN_IN_MB = 160        # a password takes 256
ROOM_MB = 40            # above what a unit has, for who takes too much
OTHER, PRESSED_S = "cam2", 20
# Acts of the hostile child (tests/hostile), and how each ended. "nothing" wants
# sockets, "memory" more than this machine has.
ACTS = """exec 2>/dev/null; cd /run; touch victim; sleep 300 >/dev/null & v=$!
for act in $(/mnt/hostile); do a=$v
case $act in nothing|memory) continue;; open*|create|unlink) a=/run/victim;; esac
/mnt/hostile $act $a 3</dev/null 4</dev/null 5</dev/null >/dev/null 2>&1
echo $act $?; done; kill $v"""
# More connections than web takes; it prints how many files web has open then.
CONNECT = """p=$(systemctl show -p MainPID --value saqta-web); ulimit -n 8192
python3 -c '
import os, socket, sys
held = []
try:
    for i in range(2400):   # it takes 256 from one address
        held.append(socket.create_connection(("127.0.0.1", 8443), 2,
                    ("127.0.0.%d" % (i // 240 + 2), 0)))
except OSError:
    pass
print(len(held), len(os.listdir("/proc/%s/fd" % sys.argv[1])))' $p"""


def limits(box):
    for unit, most in LIMITS.items():
        told("P1 %s: the kernel gives it no swap" % unit, box,
             "[ $(cat %smemory.swap.max) = 0 ]" % (GROUP % unit))
        told("and %d MiB" % (most >> 20), box,
             "[ $(cat %smemory.max) = %d ]" % (GROUP % unit, most))
        told("P8 %d processes, a weight of %d for processors" % (
             TASKS[unit], WEIGHTS[unit]), box,
             "cd %s && [ $(cat pids.max) = %d ] && [ $(cat cpu.weight) = %d ]"
             % (GROUP % unit, TASKS[unit], WEIGHTS[unit]))
    box.vm.ask("bash -c 'echo $$ >%scgroup.procs; head -c 200M /dev/zero | "
               "tail >/dev/null'" % (GROUP % "saqta-alert"))
    told("the kernel kills whoever takes more there", box,
         "dmesg | grep -q oom_memcg=/system.slice/saqta-alert.service")


def walls(box):
    """A kernel with Landlock, in its second version, is what Debian has."""
    told("the kernel has Landlock", box,
         "grep -q landlock /sys/kernel/security/lsm")
    child = "p=$(pgrep -x saqta-camera | head -n 1); "
    told("P1 a camera's child is behind seccomp, undumpable, without rights",
         box, child + "grep -q '^Seccomp:.*2' /proc/$p/status && "
         "grep -q '^CapEff:.*0000000000000000' /proc/$p/status && "
         "[ $(stat -c %U /proc/$p/mem) = root ]")
    said = dict(line.split() for line in box.ask(ACTS).splitlines())
    say.test("P1 one that was taken over can do nothing else (%d ways)" %
             len(said), len(said) > 20 and not [
                 a for a, status in said.items()
                 if status != "7" and int(status) < 128], said)


def hogs(box):
    """Another wants all memory: what the units have is not swapped out, so
    the rest of the machine is."""
    begin = box.now()
    swapped(box)
    wait_for("it is pressed for %d s" % PRESSED_S, 60 * SLOW,
             lambda: box.now() >= begin + PRESSED_S, 1)
    lossless(box, "another wants all memory", CAMERA, begin, box.now())
    box.ask("umount /run/hog")


def ended(box, unit):
    """How many processes of it the kernel has ended."""
    return int(box.ask("sed -n 's/^oom_kill //p' %smemory.events"
                       % (GROUP % unit)))


class Tight:
    """For a while a unit has no more memory than that; the units' processes
    before it."""

    def __init__(self, box, unit, most=None):
        self.box, self.unit, self.most = box, unit, most

    def limit(self, most):
        self.box.ask("systemctl set-property --runtime %s MemoryMax=%d"
                     % (self.unit, most))

    def __enter__(self):
        had = int(self.box.ask("sed -n 's/^anon //p' %smemory.stat"
                               % (GROUP % self.unit)))
        before = self.box.pids()
        self.limit(self.most or had + (ROOM_MB << 20))
        return before

    def __exit__(self, *error):
        self.limit(LIMITS[self.unit])


def reader_goes(box):
    """Storage: a password takes more than there is."""
    unit, before = "saqta-storage", ended(box, "saqta-storage")
    begin, person = box.now(), box.client()
    with Tight(box, unit, SIGN_IN_MB << 20) as pids:
        answer = person.sign_in("marat", PEOPLE["marat"][2], box.code("marat"))
        say.test("P8 whose password takes more memory than storage has is "
                 "turned away", answer.status >= 500 and
                 ended(box, unit) > before, answer.status, answer.body)
    say.test("P8 the kernel ended his reader, and nobody else",
             box.pids() == pids, box.pids(), pids)
    lossless(box, "recording goes on", CAMERA, begin, box.now())

    def signs_in():
        try:
            return box.client("marat").sign_out().status == 204
        except (OSError, Failed):       # software is slow
            return False
    wait_for("with its limit as it was he signs in", 60 * SLOW, signs_in, 1)


def hog(box, unit):
    return box.ask("python3 /mnt/hog.py %s 400" % unit, check=False).strip()


def camera_goes(box, url):
    """Recorder: a camera's process takes the blame. Of both where the kernel
    looks for more before what the first had is free (seen within 33 ms)."""
    unit = "saqta-recorder"
    box.add_camera(OTHER, url, atm="0418")
    box.wait_recording(OTHER, 60 * SLOW)
    begin = box.now()
    before = ended(box, unit)
    with Tight(box, unit) as pids:
        took = hog(box, unit)
    gone = ended(box, unit) - before
    say.test("P8 where the recorder has no memory left the kernel ends a "
             "process or two", gone in (1, 2), gone, took)
    say.test("P8 which are cameras': the supervisor goes on",
             box.pids() == pids, box.pids(), pids)

    for camera in (CAMERA, OTHER):
        box.wait_recording(camera, 60 * SLOW)
    found = wait_for("a camera has a gap", 60 * SLOW, lambda: {
        c: g for c in (CAMERA, OTHER)
        if (g := gaps(box.coverage(c, begin, box.now())))}, 1)
    say.test("P7 nothing else is missing of them: a gap for each, that its "
             "process failed", len(found) <= gone and
             all(list(g) == ["recorder-failed"] for g in found.values()), found)
    box.tool("camera", "disable", OTHER)


def web_goes(box):
    unit, begin = "saqta-web", box.now()
    with Tight(box, unit) as pids:
        took = hog(box, unit)
    wait_for("web is started anew", 20 * SLOW, lambda: box.pids()[unit] not in
             ("0", pids[unit]), 0.5)
    wait_for("and answers", 20 * SLOW, box.web_ready, 1)
    now = box.pids()
    say.test("P8 web that has no memory left is ended and started anew, alone",
             {u for u in now if now[u] != pids[u]} == {unit}, now, pids, took)
    lossless(box, "recording goes on", CAMERA, begin, box.now())


def processors(box):
    """Two of storage's and two of web's turn in circles on two processors."""
    begin = box.now()
    got = [float(s) for s in box.ask("python3 /mnt/busy.py %d saqta-storage "
                                     "saqta-web" % PRESSED_S).split()]
    say.test("P8 where processors are short people wait for storage", got[1] and
             got[0] > 1.5 * got[1], got)
    lossless(box, "processes turn in circles", CAMERA, begin, box.now())


def files(box):
    begin, pids = box.now(), box.pids()
    held, files_ = map(int, box.ask(CONNECT).split())
    told("saqta-web may have 4096 files open", box, "grep -q '^Max open files "
         "*4096 *4096 ' /proc/%s/limits" % pids["saqta-web"])
    say.test("P8 more connections than web takes: %d came through, it has %d "
             "files open" % (held, files_), held >= 1024 and files_ < 4096, held)
    wait_for("it answers when they are gone", 20 * SLOW, box.web_ready, 1)
    say.test("and goes on", box.pids() == pids, box.pids(), pids)
    lossless(box, "recording goes on", CAMERA, begin, box.now())


def pressed(box, url):
    """url: another camera's."""
    hogs(box)
    reader_goes(box)
    camera_goes(box, url)
    web_goes(box)
    processors(box)
    files(box)
    box.wait_active()
