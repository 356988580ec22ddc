"""What other processes have in their memory. Needs root."""
import os

SHADOW = range(0x7fff7000, 0x10007fff8000)      # AddressSanitizer's notes


def memory_of(pid):
    """What a process has written, but for what a sanitizer reserves."""
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            span, rights = line.split()[:2]
            a, b = (int(x, 16) for x in span.split("-"))
            if rights[:2] != "rw" or b - a > 1 << 28 or a in SHADOW:
                continue
            try:
                mem.seek(a)
                yield mem.read(b - a)
            except (OSError, ValueError, OverflowError):
                continue


def descendants(pid):
    """pid, and all that it started."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            kids = [int(x) for x in f.read().split()]
    except OSError:
        kids = [int(p) for p in os.listdir("/proc")
                if p.isdigit() and parent_of(p) == pid]
    return [pid] + [x for k in kids for x in descendants(k)]


def parent_of(pid):
    try:
        with open("/proc/%s/stat" % pid) as f:
            return int(f.read().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return 0


def name_of(pid):
    with open("/proc/%d/comm" % pid) as f:
        return f.read().strip()


def peak_kb(pid):
    """The most that a process ever had in memory, without what was reserved;
    0 where it has gone."""
    try:
        with open("/proc/%d/status" % pid) as f:
            return next((int(line.split()[1]) for line in f
                         if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0
