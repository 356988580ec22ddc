"""Two network namespaces, one for the recorder and one for the camera, joined
by a link that can lose packets, slow down and break.

    with Network() as n:            # Unavailable where that is not possible
        n.enter()                   # this process now lives at the camera
        n.loss(50); n.rate("400kbit"); n.link(False)

Loss is nftables' (the kernel may lack netem), rate is tbf.
"""
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
RECORDER, CAMERA = "10.77.0.1", "10.77.0.2"


class Unavailable(Exception):
    """No network namespaces here."""


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable("%s: %s" % (" ".join(argv), done.stderr.strip()))


class Network:
    def __init__(self):
        self.rec = "saqta-rec-%d" % os.getpid()
        self.cam = "saqta-cam-%d" % os.getpid()
        self.home = None

    def __enter__(self):
        try:
            run("ip", "netns", "add", self.rec)
            run("ip", "netns", "add", self.cam)
            run("ip", "link", "add", "vrec", "netns", self.rec, "type", "veth",
                "peer", "name", "vcam", "netns", self.cam)
            for ns, link, address in ((self.rec, "vrec", RECORDER),
                                      (self.cam, "vcam", CAMERA)):
                run("ip", "-n", ns, "link", "set", "lo", "up")
                run("ip", "-n", ns, "addr", "add", address + "/24", "dev",
                    link)
                run("ip", "-n", ns, "link", "set", link, "up")
        except (Unavailable, OSError) as e:
            self.__exit__()
            raise Unavailable(str(e)) from e
        return self

    def __exit__(self, *exc):
        if self.home is not None:
            self._setns(self.home)
            os.close(self.home)
        for ns in (self.rec, self.cam):
            subprocess.run(["ip", "netns", "del", ns], capture_output=True,
                           check=False)

    @staticmethod
    def _setns(fd):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(fd, CLONE_NEWNET):
            raise Unavailable(os.strerror(ctypes.get_errno()))

    def enter(self):
        """Sockets that this process makes from now on are the camera's."""
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        fd = os.open("/var/run/netns/" + self.cam, os.O_RDONLY | os.O_CLOEXEC)
        self._setns(fd)
        os.close(fd)

    def at_recorder(self):
        """The beginning of a command that runs at the recorder's end."""
        return ["ip", "netns", "exec", self.rec]

    def loss(self, permille):
        """Of what arrives at the recorder: a sender would be told."""
        nft = self.at_recorder() + ["nft"]
        run(*nft, "flush", "ruleset")
        if permille:
            run(*nft, "add table inet flt; add chain inet flt in "
                "{ type filter hook input priority 0; }; add rule inet flt "
                "in iifname vrec numgen random mod 1000 < %d counter drop"
                % permille)

    def rate(self, rate):
        """Such as "400kbit"; None: as fast as it goes."""
        tc = ["ip", "netns", "exec", self.cam, "tc", "qdisc"]
        if rate:
            run(*tc, "replace", "dev", "vcam", "root", "tbf", "rate", rate,
                "burst", "32kbit", "latency", "200ms")
        else:
            run(*tc, "del", "dev", "vcam", "root")

    def link(self, up):
        run("ip", "-n", self.cam, "link", "set", "vcam", "up" if up else
            "down")
