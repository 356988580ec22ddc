"""Journals as large as machines leave them, and what reading them takes."""
import subprocess
import sys
import time
from pathlib import Path

from lib.memory import descendants, peak_kb

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "journals"))
sys.dont_write_bytecode = True
import make  # noqa: E402


def is_importer(pid):
    try:
        return b"importer" in Path("/proc/%d/cmdline" % pid).read_bytes()
    except OSError:
        return False


def measured(box, path, mb, start):
    """Make a journal of mb MiB at path and import it: seconds, the importer's
    and the keeper's peaks in KiB, what the tool said, how many operations."""
    keeper = box.processes["storage"].pid
    n = make.large(path, mb, start)
    path.chmod(0o644)
    begun, peak = time.monotonic(), 0
    tool = subprocess.Popen(
        [box.bin / "saqta", "transactions", "import", "--config", box.conf,
         "--rules", "diebold", "--atm", "0417", path],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=box.env, cwd="/")
    while tool.poll() is None:
        peak = max([peak] + [peak_kb(pid) for pid in descendants(keeper)
                             if is_importer(pid)])
        time.sleep(0.05)
    took = time.monotonic() - begun
    path.unlink()
    return took, peak, peak_kb(keeper), tool.stdout.read().decode(), n
