"""The index as a former version left it: columns that came later are gone."""
import re

from lib.appliance import ROOT

OLD = 9  # the schema that a former version left


def later_columns():
    """What migrations since OLD have added: table, column."""
    text = (ROOT / "storage/index.c").read_text()
    text = text[text.index("migrations[] = {"):text.index("SCHEMA_VERSION (")]
    steps = re.split(r"\n    \[(\w+)\] =", text)
    for number, step in zip(steps[1::2], steps[2::2]):
        if number.isdigit() and int(number) >= OLD:
            sql = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', step))
            yield from re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", sql)


def make_old():
    """The SQL that makes an index of today as old as that."""
    return ["ALTER TABLE %s DROP COLUMN %s" % c for c in later_columns()] + [
        "PRAGMA user_version = %d" % OLD]
