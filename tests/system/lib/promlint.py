"""What `promtool check metrics` says of a text, where there is no promtool: the
rules of Prometheus' promlint, and that labels are few and known.
"""
from prometheus_client.parser import text_string_to_metric_families

# Units that have a base unit, and abbreviations of units.
NOT_BASE = ("minutes hours days weeks kelvins fahrenheit inches yards miles bits "
            "calories pounds ounces percent").split()
PREFIXES = ("pico nano micro milli centi deci deca hecto kilo kibi mega mibi "
            "giga gibi tera tebi peta pebi").split()
BASE = "amperes bytes grams joules meters metres seconds volts".split()
SHORT = "s ms us ns sec b kb mb gb tb pb m h d".split()
TYPES = "gauge counter histogram summary".split()
LABELS = {"camera", "cause", "volume", "array", "disk", "pass", "state",
          "result", "version", "class", "le"}
MANY = 200		# samples of one metric, of the few cameras of a test


def of_one(f):
    """promlint's complaints about a family, by its full name."""
    name = f.name + ("_total" if f.type == "counter" else "")
    words = name.split("_")
    if not f.documentation:
        yield "no help text"
    if f.type == "unknown":
        yield "no type"
    if any(w in NOT_BASE or any(w == p + b for p in PREFIXES for b in BASE)
           for w in words):
        yield "no base unit"
    if set(words[1:]) & set(SHORT):
        yield "an abbreviated unit"
    if f.type != "counter" and name.endswith("_total"):
        yield "_total, and no counter"
    if f.type != "histogram" and name.endswith(("_count", "_sum", "_bucket")):
        yield "a suffix of histograms"
    if set(words) & set(TYPES):
        yield "its type in its name"
    if name != name.lower() or ":" in name:
        yield "capitals or a colon"
    for s in f.samples:
        strange = set(s.labels) - LABELS
        if strange or (f.type != "histogram" and "le" in s.labels):
            yield "labels %s" % sorted(s.labels)
    if len(f.samples) > MANY:
        yield "%d samples" % len(f.samples)


def complaints(text):
    families = list(text_string_to_metric_families(text))
    told = ["%s: %s" % (f.name, c) for f in families for c in of_one(f)]
    names = [line.split()[2] for line in text.splitlines()
             if line.startswith("# TYPE ")]
    told += ["%s: twice" % n for n in names if names.count(n) > 1]
    counters = {line.split()[2] for line in text.splitlines()
                if line.startswith("# TYPE ") and line.endswith(" counter")}
    return told + ["%s: a counter without _total" % n for n in counters
                   if not n.endswith("_total")]
