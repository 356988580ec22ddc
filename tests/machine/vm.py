"""A machine that qemu plays: Debian's kernel, its disks, a network.

Its power is cut by kill -9 of qemu. What it has written to a disk is our page
cache's then and stays; what was in its own memory is lost, which is where
file systems and databases keep what nobody synced. So our own disk need not
be waited for (cache=unsafe), and a slow one costs nothing.
"""
import base64
import os
import socket
import subprocess
import time

# Software plays the processor too, unless ACCEL says what else may (kvm).
ACCEL = os.environ.get("ACCEL", "tcg,thread=multi")
MEMORY_MB = 1024
ANSWER_S = 300          # software is slow, more so on a busy machine


class Machine:
    """`work` has root.raw, swap.raw (/dev/vdb, not yet on) and files.img, which
    is mounted at /mnt.

    port: of this machine, where 8443 of the other one answers.
    """

    def __init__(self, image, work, port=None):
        self.image, self.work = image, work
        self.net = "user,id=net" + (
            ",hostfwd=tcp:127.0.0.1:%d-:8443" % port if port else "")
        self.port = port
        self.child = self.line = None

    def boot(self, clock=None):
        """Until it does what it is asked; clock: its UTC, if not ours."""
        control = self.work / "control"
        control.unlink(missing_ok=True)
        disks = [a for name, more in (
            ("root.raw", ""), ("swap.raw", ""), ("files.img", ",readonly=on"))
            for a in ("-drive", "file=%s,format=raw,if=virtio,cache=unsafe%s"
                      % (self.work / name, more))]
        with open(self.work / "console.log", "ab") as log:
            self.child = subprocess.Popen([
                "qemu-system-x86_64", "-machine", "q35", "-accel", ACCEL,
                "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MB),
                "-nodefaults", "-display", "none", "-monitor", "none",
                "-no-reboot", "-serial", "stdio", "-rtc",
                "base=" + (clock or "utc"), *disks,
                "-kernel", self.image / "vmlinuz", "-initrd",
                self.image / "initrd.img", "-append",
                "root=/dev/vda rw console=ttyS0 quiet panic=-1 "
                "mitigations=off random.trust_cpu=on",
                "-netdev", self.net, "-device", "virtio-net-pci,netdev=net",
                "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                "-chardev", "socket,id=ask,path=%s,server=on,wait=off"
                % control, "-device", "virtserialport,chardev=ask,name=saqta"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + ANSWER_S
        while not control.exists():
            if self.child.poll() is not None or time.monotonic() > end:
                raise RuntimeError("qemu does not start: see console.log")
            time.sleep(0.05)
        port = socket.socket(socket.AF_UNIX)
        port.settimeout(ANSWER_S)
        port.connect(str(control))
        self.line = port.makefile("rwb")
        if self.line.readline() != b"ready\n":
            raise RuntimeError("the machine does not boot: see console.log")

    def ask(self, command):
        """(exit status, what it printed) of a line of bash."""
        self.line.write(base64.b64encode(command.encode()) + b"\n")
        self.line.flush()
        told = self.line.readline().split()
        if not told:
            raise RuntimeError("the machine is gone: see console.log")
        return int(told[-1]), base64.b64decode(b"".join(told[:-1]))

    def cut(self):
        """The power goes."""
        if self.child:
            self.child.kill()
            self.child.wait()
        self.child = None
