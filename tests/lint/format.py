#!/usr/bin/python3
"""Is every .c file laid out as .clang-format says?

    tests/lint/format.py          names what is not, exit 1
    tests/lint/format.py --fix    rewrites it

Headers and long macros are laid out by hand. White space before a comment at
the end of a line, before the backslash of a macro and inside comments is left
to the author: clang-format 14 knows no comments at tab stops.
"""
import difflib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def plain(text):
    """Lines without the white space that is the author's."""
    lines, inside = [], False
    for line in text.splitlines():
        if inside or line.lstrip().startswith("/*"):
            lines.append(line.strip())
        else:
            lines.append(re.sub(r"[ \t]+(/\*|\\$)", r" \1", line))
        if "/*" in line or inside:
            inside = line.rfind("*/") < max(line.rfind("/*"), 0)
    return lines


def merged(text, wanted):
    """The text with each hunk that really differs taken from wanted."""
    mine, theirs = text.splitlines(), wanted.splitlines()
    matcher = difflib.SequenceMatcher(None, plain(text), plain(wanted), False)
    lines = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        macro = any(line.endswith("\\") for line in mine[i1:i2])
        keep = tag == "equal" or macro
        lines += mine[i1:i2] if keep else theirs[j1:j2]
    return "\n".join(lines) + "\n"


def sources():
    for area in ("recorder", "storage", "web", "tests"):
        for path in sorted((ROOT / area).rglob("*.c")):
            if "node_modules" not in path.parts:
                yield path


def main():
    fix = sys.argv[1:] == ["--fix"]
    wrong = 0
    for path in sources():
        text = path.read_text()
        wanted = subprocess.run(["clang-format", "--style=file", str(path)],
                                cwd=ROOT, check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        better = merged(text, wanted)
        if better == text:
            continue
        wrong += 1
        if fix:
            path.write_text(better)
            continue
        print("%s:" % path.relative_to(ROOT))
        for line in difflib.unified_diff(text.splitlines(),
                                         better.splitlines(), n=0,
                                         lineterm=""):
            if not line.startswith(("---", "+++")):
                print("  " + line)
    return 1 if wrong and not fix else 0


if __name__ == "__main__":
    sys.exit(main())
