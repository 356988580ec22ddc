#!/usr/bin/python3
"""What documents say of commands, options, tests and metrics exists, and what
exists is documented.

Commands are those of the tool's own usage texts; documents are README, guides,
manual pages, alert texts and rules, and what the doctor names.
"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from lib import say                                             # noqa: E402

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
GUIDES = ["README.md", "SECURITY.md", "docs/operator.md", "docs/auditor.md",
          "docs/compliance.md"]
PAGES = sorted(p.relative_to(ROOT) for d in ("alert", "recorder", "storage",
                                             "systemd", "web")
               for p in (ROOT / d).rglob("*.[158]"))
# Second words that are no names of ours: what follows is a value.
VALUE = re.compile(r"[A-Z./\[-]|rtsps?:|atm|cam|[0-9]")


def text(path):
    return (ROOT / path).read_text()


def strings(path):
    """The string literals of a C file, neighbours joined."""
    joined = re.sub(r'"\s*\n?\s*(?:DAYS\s*)?"', "", text(path))
    return [s.replace("\\n", "\n").replace('\\"', '"')
            for s in STRING.findall(joined)]


def usages():
    """The lines `saqta VERB ...` of the tool's usage texts."""
    for path in sorted((ROOT / "storage/tool").glob("*.c")):
        for s in strings(path.relative_to(ROOT)):
            if not s.startswith("usage: saqta "):
                continue
            for line in re.split(r"\n(?=       saqta |  \S|\S)", s):
                m = re.match(r"(?:usage:|      ) (saqta [a-z]+.*)", line, re.S)
                if m:
                    yield " ".join(m[1].split())


def grammar():
    """verb: ({second words}, {options})."""
    verbs = {}
    for line in usages():
        m = re.match(r"saqta ([a-z]+)(.*)", line)
        words, options = verbs.setdefault(m[1], (set(), set()))
        second = re.match(r" ([a-z|]+)\b(?![=:])", m[2])
        if second:
            words.update(second[1].split("|"))
        options.update(re.findall(r"-{1,2}[a-z][a-z-]*", m[2]))
    return verbs


def listed():
    """The same lines, as saqta(1) has them."""
    block = text("storage/tool/saqta.1").split(".Sh OPTIONS")[1]
    block = block.split(".Bd -literal\n")[1].split(".Ed")[0]
    return set(re.sub(r"\n +", " ", block.replace("\\-", "-")).splitlines())


def without_config(line):
    """Which all of them take; the page says so once."""
    line = line.replace("[--config FILE | --data DIR]", "[--data DIR]")
    return line.replace(" [--config FILE]", "")


def commands(path):
    """What a document calls `saqta ...`."""
    s = text(path)
    if path.suffix in (".1", ".5", ".8"):
        s = re.sub(r"^\.(Dl|Ic|Ql|Li) ", "`", s, flags=re.M)
        return re.findall(r"`saqta ([a-z][^`\n]*)", s)
    found = re.findall(r"`saqta ([a-z][^`]*)`", s)
    for block in re.findall(r"```sh\n(.*?)```", s, re.S):
        for line in block.splitlines():
            line = line.split("#")[0]
            found += re.findall(r"(?:^|; |\| )saqta ([a-z][^;|>]*)", line)
    return found


def mentions(path):
    """Commands in sentences of alerts and rules."""
    return re.findall(
        r'saqta ([a-z]+(?: [a-z]+)?(?: --[a-z]+ (?:\\"[^"]*"|[A-Za-z]+)| [A-Z]+)*)'
        r'(?=[:;.,"]|$| >)', text(path), re.M)


def wrong(verbs, command):
    parts = command.split()
    if parts[0] not in verbs:
        return "no such verb"
    words, options = verbs[parts[0]]
    if words and len(parts) > 1 and not VALUE.match(parts[1]) and \
            not set(parts[1].split("|")) <= words:
        return "no %s %s" % (parts[0], parts[1])
    said = re.findall(r"(?<=\s)--[a-z][a-z-]*", " " + command)
    more = set(said) - options - {"--config"}
    return "no option %s" % more if more else None


def metrics():
    """Names that the programs give, each with a help text behind it."""
    names = set()
    for path in ("storage/view_metrics.c", "storage/view_host.c",
                 "web/stats.c"):
        s = re.sub(r'"\s*\n\s*"', "", text(path))
        names.update(re.findall(r'"([a-z_]+)",\s*"[A-Z0-9][^"]* [^"]*\."', s))
        names.update(re.findall(r"# HELP saqta_([a-z_]+) [A-Z0-9]", s))
        if "# HELP %s From" in s:
            names.update(re.findall(r'name\[\] = "saqta_([a-z_]+)"', s))
    return names


def keys():
    """(section, key): (lowest, highest, default) of the configuration."""
    s = text("storage/api/config.c")
    defaults = dict(re.findall(r"^    \.([a-z_]+) = (.*),$", s, re.M))
    for section, key, field, lo, hi in re.findall(
            r'_KEY\("([a-z]+)", "([a-z_]+)",\s*([a-z_]+)(?:, (\d+), (\d+))?\)',
            s):
        yield (section, key), (lo, hi, defaults.get(field, "").strip('"'))


def of_keys():
    """What saqta.conf(5) and the sample say of each key, and do not."""
    page, sections = {}, re.split(r"^\.Ss Section ([a-z]+)\n",
                                  text("systemd/saqta.conf.5"), flags=re.M)
    for section, s in zip(sections[1::2], sections[2::2]):
        for key, default, told in re.findall(
                r"^\.It Cm ([a-z_]+) No = (.*)\n((?:(?!\.It |\.El).*\n)*)", s,
                re.M):
            page[section, key] = default, " ".join(told.split())
    sample = {}
    for line in text("systemd/saqta.conf").splitlines():
        if line.startswith("["):
            section = line[1:-1]
        m = re.match(r";([a-z_]+) = (.*)", line)
        if m:
            sample[section, m[1]] = m[2]
    for key, (lo, hi, default) in keys():
        said, told = page.get(key, ("", ""))
        if lo and "%s to %s" % (lo, hi) not in told:
            yield "saqta.conf.5: %s is %s to %s" % (key[1], lo, hi)
        if default and said != default:
            yield "saqta.conf.5: %s is %s, not %s" % (key[1], default, said)
        if default and sample.get(key) != default:
            yield "saqta.conf: %s is %s" % (key[1], default)


def cited(path):
    """Tests that a document names by number."""
    s = text(path)
    found = re.findall(r"tests/system/(\d\d(?:-[a-z-]+)?)", s)
    found += re.findall(r"(?:tests/system/\d\d|\d\d), (\d\d)(?=[,)])", s)
    return found + re.findall(r"`(\d\d(?:-[a-z-]+)?)`", s)


def story():
    verbs = grammar()
    say.test("the tool's usage texts are understood", len(verbs) > 25 and
             "--by" in verbs["token"][1] and "vouch" in verbs["clock"][0],
             sorted(verbs))
    have = {without_config(u) for u in usages()}
    say.test("saqta(1) has each verb with its options as the tool says them",
             have == listed(), *sorted(have ^ listed()))
    names = metrics()
    page = set(re.findall(r"^\.It Li saqta_([a-z_]+)",
                          text("web/saqta-web.8"), re.M))
    say.test("saqta-web(8) names each metric, and no other",
             len(names) > 40 and names == page, sorted(names ^ page))
    codes = set(re.findall(r'\[ERR_[A-Z_]+\] = \{"([a-z-]+)"',
                           text("storage/api/err.c")))
    said = json.loads(text("web/ui/api/v1/openapi.json"))["components"][
        "schemas"]["Problem"]["properties"]["type"]["enum"]
    said = {x.removeprefix("urn:saqta:problem:") for x in said}
    say.test("the API's document has each error's code, and no other",
             len(codes) > 40 and codes == said, sorted(codes ^ said))
    kinds = set(json.loads(text("alert/text.json"))["incidents"]) - {
        "cameras"}		# a line of the daily report
    page = set(re.findall(r"^\.It Li ([a-z-]+)$",
                          text("alert/saqta-alert.8"), re.M))
    say.test("saqta-alert(8) names each incident, and no other",
             len(kinds) > 25 and kinds == page, sorted(kinds ^ page))
    bad = list(of_keys())
    say.test("bounds and defaults of keys are those of the programs",
             len(list(keys())) > 35 and not bad, *bad)
    tests = [p.name for p in (ROOT / "tests" / "system").glob("[0-9]*")]
    bad = ["%s: %s" % (g, n) for g in GUIDES for n in cited(g)
           if not any(t.startswith(n) for t in tests)]
    say.test("tests that documents name are there", len(cited(
        "docs/compliance.md")) > 25 and cited("SECURITY.md") and not bad, *bad)
    bad = ["%s: %s" % (g, to) for g in GUIDES
           for to in re.findall(r"\]\(([^)#:]+)\)", text(g))
           if not ((ROOT / g).parent / to).exists()]
    say.test("links and pictures of documents lead to what is there, and both "
             "guides have some", not bad and all(
                 "![" in text("docs/" + g) for g in ("operator.md",
                                                     "auditor.md")), *bad)
    bad = []
    for path in [Path(g) for g in GUIDES] + PAGES:
        for command in commands(path):
            why = wrong(verbs, command)
            if why:
                bad.append("%s: saqta %s: %s" % (path, command, why))
    for path in ("alert/text.json", "systemd/saqta.rules.yml",
                 "systemd/saqta.catalog"):
        bad += ["%s: saqta %s" % (path, c) for c in mentions(path)
                if c.split()[0] in verbs and wrong(verbs, c)]
    say.test("each command in a document exists, with its options", not bad,
             *bad)


say.main(story)
