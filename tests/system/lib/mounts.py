"""Volumes in memory (tmpfs), for tests whose disks fill, move and go."""
import os
import subprocess


def may_mount():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        check=False, capture_output=True).returncode == 0


def mount(path, mb):
    """A file system of so many MB, root's alone."""
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=700" % mb,
                    "tmpfs", path], check=True)


def move(before, after):
    """What is mounted there is mounted here."""
    after.mkdir(exist_ok=True)
    subprocess.run(["mount", "--move", before, after], check=True)


def umount(*paths):
    """From all that use it, where anything is mounted at all."""
    for path in paths:
        subprocess.run(["umount", "-l", path], check=False,
                       capture_output=True)
