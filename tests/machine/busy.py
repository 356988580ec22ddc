"""In the machine: two processes of each unit that turn in circles.

    busy.py SECONDS UNIT...     prints how many seconds of a processor the two of
                                each unit got, a line each
"""
import os
import sys
import time

EACH, BEHIND = 2, 5     # storage/main.c: readers are behind the keeper


def turn(unit, end, tell):
    with open("/sys/fs/cgroup/system.slice/%s.service/cgroup.procs" % unit,
              "w") as f:
        f.write(str(os.getpid()))
    os.nice(BEHIND)
    while time.monotonic() < end:
        pass
    os.write(tell, b"%s %.2f\n" % (unit.encode(), time.process_time()))
    os._exit(0)


def main():
    told, tell = os.pipe()
    end, got = time.monotonic() + int(sys.argv[1]), {}
    for unit in sys.argv[2:] * EACH:
        if not os.fork():
            turn(unit, end, tell)
    os.close(tell)
    with open(told) as f:
        for line in f:
            unit, seconds = line.split()
            got[unit] = got.get(unit, 0) + float(seconds)
    for unit in sys.argv[2:]:
        print("%.2f" % got[unit])


main()
