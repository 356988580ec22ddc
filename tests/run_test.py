#!/usr/bin/python3
"""tests/run: whoever runs tests on a build keeps the logs of who does already.
"""
import importlib.util
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))
sys.dont_write_bytecode = True
from lib import say                                             # noqa: E402


def loaded():
    loader = SourceFileLoader("run", str(ROOT / "tests" / "run"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("run", loader))
    loader.exec_module(module)
    return module


def story():
    run, build = loaded(), Path(os.environ["SAQTA_TMP"]) / "build"
    first, lock = run.own_logs(build)
    (first / "a.log").write_text("a line")
    (first / "shots").mkdir()
    second, other = run.own_logs(build)
    say.test("two runs on one build have logs of their own",
             first == build / "test-logs" and
             second == build / "test-logs-2" and
             (first / "a.log").read_text() == "a line", first, second)
    os.close(lock)
    again, lock = run.own_logs(build)
    say.test("a later one empties those that nobody writes any more",
             again == first and not list(again.iterdir()), again)
    os.close(lock)
    os.close(other)


say.main(story)
