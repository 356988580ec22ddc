#!/usr/bin/python3
"""The house rules that a program can see: who includes what, size, text.

Rules and their few exceptions, with reasons, are the tables below.
"""
import re
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
AREAS = ("recorder", "storage", "web", "alert")
MAX_LINES = 600		# of a source file, twice what it should have
MAX_TEST_LINES = 800

# What a folder may include of ours, beside its own headers.
MAY_INCLUDE = {
    "recorder": ("recorder/", "storage/api/"),
    "web": ("web/", "storage/api/"),
    "alert": ("alert/", "storage/api/"),
    "storage/api": ("storage/api/",),
    "storage/tool": ("storage/",),
    "storage": ("storage/",),
    "tests": ("tests/", "recorder/", "storage/", "web/", "alert/"),
}

# Third-party libraries, by the headers that show their use.
LIBRARIES = {
    "libsodium": r"sodium(/|\.h)",
    "openssl": r"openssl/",
    "sqlite3": r"sqlite3",
    "jansson": r"jansson",
    "inih": r"ini\.h",
    "libseccomp": r"seccomp\.h",
    "ffmpeg": r"libav|libsw",
    "libmicrohttpd": r"microhttpd",
    "libarchive": r"archive(_entry)?\.h",
    "gnutls": r"gnutls",
    "expat": r"expat",
    "libcurl": r"curl/",
    "liboath": r"liboath",
    "libsystemd": r"systemd/",
    "libqrencode": r"qrencode\.h",
    "pcre2": r"pcre2\.h",
    "zlib": r"zlib\.h",
    "libzxcvbn": r"zxcvbn",
}

# One library is one file of a folder. More only here, each with its reason.
SEVERAL = {
    ("recorder", "ffmpeg"): {
        "video.c": "libavcodec's parser and libavformat's muxer",
        "picture.c": "P9: demuxes and decodes, knows nothing of video.c",
        "auth.c": "libavutil's hashes, in the supervisor",
    },
    ("storage", "jansson"): {
        "manifest.c": "reads what outsiders hand in; saqta-verify has no view",
        "keyring_line.c": "a file format, which may not change with answers",
        "host.c": "what smartctl says of a disk, which root hands over",
        "view_json.h": "the answers to people, made in several view*.c",
    },
}


def folder(path):
    """The program folder that a source belongs to."""
    name = str(path.parent)
    if name.startswith("tests"):
        return "tests"
    return name


def sources():
    for area in AREAS + ("tests",):
        for path in sorted((ROOT / area).rglob("*.[ch]")):
            if "node_modules" not in path.parts:
                yield path.relative_to(ROOT)


def includes(text):
    return re.findall(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', text, re.M)


def wrong_includes(texts):
    for path, text in texts.items():
        may = MAY_INCLUDE.get(folder(path))
        if may is None:
            yield "%s: a folder that no rule knows" % path
            continue
        for quote, name in includes(text):
            beside = folder(path) == "tests" and "/" not in name
            if quote == '<' or beside:
                continue
            if not name.startswith(may):
                yield "%s includes %s" % (path, name)
            if not (ROOT / name).exists():
                yield "%s includes %s, by no path from the top" % (path, name)


def scattered_libraries(texts):
    users = {}
    for path, text in texts.items():
        if folder(path) == "tests":
            continue
        for _, name in includes(text):
            for library, pattern in LIBRARIES.items():
                if re.match(pattern, name):
                    users.setdefault((folder(path), library),
                                     set()).add(path.name)
    for (where, library), files in sorted(users.items()):
        allowed = SEVERAL.get((where, library), {})
        left = files - set(allowed)
        if len(left) > 1:
            yield "%s: %s is included by %s" % (where, library,
                                                ", ".join(sorted(left)))
        for name in sorted(set(allowed) - files):
            yield "%s/%s: the exception for %s is no longer needed" % (
                where, name, library)
    for where, library in SEVERAL:
        if (where, library) not in users:
            yield "%s: the exceptions for %s are for nothing" % (where, library)


def foreign_characters(texts):
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if not line.isascii():
                yield "%s:%d is not ASCII" % (path, number)


def long_files(texts):
    for path, text in texts.items():
        lines = text.count("\n")
        if lines > (MAX_TEST_LINES if folder(path) == "tests" else MAX_LINES):
            yield "%s has %d lines" % (path, lines)


def dead_code(texts):
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if re.match(r"\s*#\s*if\s+0\b", line):
                yield "%s:%d: #if 0" % (path, number)
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                yield "%s:%d: left to do" % (path, number)


def unmapped_files(texts):
    """Every source stands in the file map of its folder's DESIGN.md."""
    for area in AREAS:
        design = ROOT / area / "DESIGN.md"
        if not design.exists():
            yield "%s/DESIGN.md is missing" % area
            continue
        words = set(re.findall(r"[A-Za-z0-9_./-]+", design.read_text()))
        for path in texts:
            if path.parts[0] != area or path.suffix != ".c":
                continue
            inside = str(path.relative_to(area))
            stem = inside[:-2]
            if not {inside, stem, stem + ".h", path.name} & words:
                yield "%s is not in the file map of %s/DESIGN.md" % (path, area)


def typedefs(texts):
    for path, text in texts.items():
        if re.search(r"^\s*typedef\b", text, re.M):
            yield "%s has a typedef" % path


def stale_mutants(texts):
    """A mutant whose place is no longer there breaks nothing and says so to
    nobody until all of them run, which takes an hour."""
    sys.dont_write_bytecode = True
    run = ROOT / "tests/mutants/run"
    loader = SourceFileLoader("mutants", str(run))
    mutants = module_from_spec(spec_from_loader("mutants", loader))
    loader.exec_module(mutants)
    for path in sorted(run.parent.glob("*.mutant")):
        head, edits = mutants.read(path)
        if not (ROOT / "tests" / head.get("test", "?")).is_file():
            yield "%s names no test" % path.name
        for name, old, _ in edits:
            text = ROOT / name
            n = text.read_text().count(old) if text.is_file() else 0
            if n != 1:
                yield "%s: its text stands %d times in %s" % (path.name, n,
                                                              name)


RULES = (
    ("a folder includes only its own headers and storage/api", wrong_includes),
    ("a third-party library is one file of a folder", scattered_libraries),
    ("C is ASCII", foreign_characters),
    ("no source is above %d lines, no test above %d" %
     (MAX_LINES, MAX_TEST_LINES), long_files),
    ("there is no dead code and nothing left to do", dead_code),
    ("every source is in the file map of its folder", unmapped_files),
    ("there are no typedefs", typedefs),
    ("every mutant finds its place", stale_mutants),
)


def main():
    texts = {path: (ROOT / path).read_text(errors="replace")
             for path in sources()}
    status = 0
    for title, rule in RULES:
        wrong = list(rule(texts))
        print("%sok - %s" % ("not " if wrong else "", title))
        for line in wrong:
            print("  " + line)
        status |= bool(wrong)
    return status


if __name__ == "__main__":
    sys.exit(main())
