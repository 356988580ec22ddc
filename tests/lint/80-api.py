#!/usr/bin/python3
# last
"""The document of the API against the table of routes and what tests saw.

web/ui/api/v1/openapi.json has each route below /api, and no other. Answers of
the running server are judged where tests get them (system/lib/openapi.py);
here each documented one must have been seen by one of them.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from lib import openapi, say                                    # noqa: E402

NAMES = {"c": "camera", "r": "request", "n": "number"}
OTHERS = ("/healthz", "/readyz", "/metrics")	# of programs, outside /api
ENOUGH = 6		# system tests that ran; fewer are somebody's choice


def routes(flag=""):
    """Those of programs that are documented, and have that flag."""
    table = (ROOT / "web/route.c").read_text()
    for method, path, flags in re.findall(
            r'\{METHOD_(\w+), "([^"]+)", \w+,([^,]+),', table):
        if flag in flags and (path.startswith("/api/") or path in OTHERS):
            yield method, re.sub(r"%(\w)", lambda m: "{%s}" % NAMES[m[1]],
                                 path)


def story():
    doc = openapi.Document()
    known = {(m, p) for m, p, _ in doc.operations()}
    have = set(routes()) | {("GET", "/api/v1/openapi.json")}  # a file
    say.test("each route of the API is documented, and no other",
             known == have, sorted(known ^ have))
    for header, parameter, flag in (("an Idempotency-Key", "once",
                                     "ROUTE_ONCE"),
                                    ("If-Match", "match", "ROUTE_MATCH")):
        ours = set(routes(flag))
        said = {(m, p) for m, p, o in doc.operations()
                if {"$ref": "#/components/parameters/" + parameter} in
                o.get("parameters", [])}
        say.test("what takes %s says so" % header, ours and ours == said,
                 sorted(ours ^ said))
    ids = [o["operationId"] for _, _, o in doc.operations()]
    say.test("each operation has an id of its own", len(set(ids)) == len(ids))
    path = openapi.seen_file()
    seen = set(path.read_text().split("\n")) if path and path.exists() else ()
    logs = list(path.parent.glob("system-*.log")) if path else []
    title = "each documented answer was seen in a test"
    if len(logs) < ENOUGH:
        say.skip(title, "without the system tests nothing was asked")
        return
    missing = ["%s %s %s" % (m, p, status) for m, p, o in doc.operations()
               for status in o["responses"]
               if status != "default" and
               "%s %s %s" % (m, p, status) not in seen]
    say.test(title, not missing, *missing)


say.main(story)
