"""A data directory on a file system of its own whose power can be cut.

It is a file behind a loop device. FS_IOC_SHUTDOWN stops it as it is, as a
power cut does: what was not synced is lost. Mounted again, it replays its
journal.
"""
import fcntl
import os
import shutil
import struct
import subprocess

from lib.appliance import wait_for

FS_IOC_SHUTDOWN = 0x8004587d	# _IOR('X', 125, __u32), linux/fs.h
NO_LOG_FLUSH = 2
SIZE_MB = {"ext4": 400, "xfs": 400}


def run(*argv):
    return subprocess.run([str(a) for a in argv], check=False,
                          capture_output=True).returncode == 0


def make(image, kind):
    with open(image, "wb") as f:
        f.truncate(SIZE_MB[kind] << 20)
    return bool(shutil.which("mkfs." + kind)) and run("mkfs." + kind, "-q",
                                                      image)


def may_mount(kind, tmp="/tmp"):
    """Loop mounts need root, loop devices and the file system's tools."""
    image = "%s/saqta-loop-%d" % (tmp, os.getpid())
    try:
        return not os.geteuid() and make(image, kind) and run(
            "unshare", "--mount", "mount", "-o", "loop", image, "/mnt")
    finally:
        os.unlink(image)


class Volume:
    def __init__(self, image, path, kind="ext4"):
        self.image, self.path, self.kind = image, path, kind

    def make(self):
        assert make(self.image, self.kind)

    def mount(self):
        """A namespace that another program made meanwhile may still hold what
        was stopped; mount takes its loop device again, which writes nothing."""
        def is_new():
            subprocess.run(["mount", "-o", "loop", self.image, self.path],
                           check=True)
            try:
                os.close(os.open(self.path, os.O_TMPFILE | os.O_WRONLY))
                return True
            except OSError:
                self.unmount()
                return False
        wait_for("the volume writes again", 10, is_new)

    def unmount(self):
        wait_for("the volume is free", 10, lambda: run("umount", self.path))

    def leave(self):
        run("umount", "-l", self.path)

    def cut(self):
        """The power goes: the disk keeps what it has."""
        fd = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)
