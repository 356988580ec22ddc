"""In the machine: takes a unit's memory until the kernel ends something there.

    hog.py UNIT MB     prints how many MB it took, at most so many

It has the unit's group, and the kernel ends anybody of it sooner.
"""
import os
import sys
import time

PIECE = 128 << 10       # after each, whoever is ended has time to go
GROUP = "/sys/fs/cgroup/system.slice/%s.service/" % sys.argv[1]


def ended():
    with open(GROUP + "memory.events") as f:
        return dict(line.split() for line in f)["oom_kill"]


def main():
    for path, word in (("/proc/self/oom_score_adj", "-1000"),
                       (GROUP + "cgroup.procs", str(os.getpid()))):
        with open(path, "w") as f:
            f.write(word)
    before, taken = ended(), []
    while ended() == before and len(taken) * PIECE < int(sys.argv[2]) << 20:
        taken.append(b"x" * PIECE)
        time.sleep(0.01)
    print(len(taken) * PIECE >> 20)


main()
