"""What the units say of memory, files and rights, at work: cgroup v2 is the
kernel's here, not the container's.
"""

from box import told
from lib import say

GROUP = "/sys/fs/cgroup/system.slice/%s.service/"
LIMITS = {"saqta-storage": 4 << 30, "saqta-recorder": 4 << 30,
          "saqta-web": 1 << 30, "saqta-alert": 64 << 20}
# Acts of the hostile child (tests/hostile), and how each ended. "nothing" wants
# sockets, "memory" more than this machine has.
ACTS = """exec 2>/dev/null; cd /run; touch victim; sleep 300 >/dev/null & v=$!
for act in $(/mnt/hostile); do a=$v
case $act in nothing|memory) continue;; open*|create|unlink) a=/run/victim;; esac
/mnt/hostile $act $a 3</dev/null 4</dev/null 5</dev/null >/dev/null 2>&1
echo $act $?; done; kill $v"""


def limits(box):
    for unit, most in LIMITS.items():
        told("P1 %s: the kernel gives it no swap" % unit, box,
             "[ $(cat %smemory.swap.max) = 0 ]" % (GROUP % unit))
        told("and %d MiB" % (most >> 20), box,
             "[ $(cat %smemory.max) = %d ]" % (GROUP % unit, most))
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
