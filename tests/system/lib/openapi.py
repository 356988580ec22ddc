"""Answers of saqta-web judged by its own document (web/ui/api/v1/openapi.json).

Each answer that a test gets under /api is looked up there: an operation, a
status or a body that the document does not know is a failure. What was seen is
noted below the build, for tests/lint/80-api.py.
"""
import json
import os
import re
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "web/ui/api/v1/openapi.json"


class Undocumented(Exception):
    pass


def once(pairs):
    """Python takes the last of two members of one name; others the first."""
    if len(dict(pairs)) != len(pairs):
        raise Undocumented("twice in one object: %s" % [k for k, _ in pairs])
    return dict(pairs)


class Document:
    def __init__(self, path=DOCUMENT):
        self.doc = json.loads(path.read_text(), object_pairs_hook=once)
        self.paths = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+",
                                         re.escape(p)) + "$"), p)
                      for p in self.doc["paths"]]
        # {camera} matches also what is a word of its own
        self.paths.sort(key=lambda x: x[1].count("{"))

    def operations(self):
        for path, methods in self.doc["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def find(self, method, target):
        path = target.split("?")[0]
        for pattern, name in self.paths:
            found = self.doc["paths"][name].get(method.lower())
            if found and pattern.match(path):
                return name, found
        return None, None

    def resolve(self, thing):
        while "$ref" in thing:
            at = self.doc
            for step in thing["$ref"].split("/")[1:]:
                at = at[step]
            thing = at
        return thing

    def fits(self, value, schema, where):
        whole = dict(schema, components=self.doc["components"])
        error = jsonschema.exceptions.best_match(
            jsonschema.Draft202012Validator(whole).iter_errors(value))
        if error:
            raise Undocumented("%s: %s at /%s" % (where, error.message[:300],
                               "/".join(map(str, error.absolute_path))))

    def judge(self, method, target, sent, status, kind, body):
        """Is this answer, and what was sent for it, as documented?"""
        name, operation = self.find(method, target)
        if not operation:
            if status < 400:
                raise Undocumented("%s %s: not in the document"
                                   % (method, target))
            return None
        where = "%s %s: %d" % (method, name, status)
        answers = operation["responses"]
        known = str(status) if str(status) in answers else "default"
        if known == "default" and status < 400:
            raise Undocumented(where + " is no documented answer")
        answer = self.resolve(answers[known])
        content = answer.get("content")
        if content is None:
            if body:
                raise Undocumented(where + " has a body")
        elif kind not in content:
            raise Undocumented("%s is of type %s" % (where, kind))
        elif "json" in kind:
            self.fits(json.loads(body), content[kind]["schema"], where)
        if status < 300 and "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]
            self.fits(json.loads(sent or "{}"), schema["schema"],
                      where + ", what was sent")
        return "%s %s %s" % (method, name, known)


def seen_file():
    logs = os.environ.get("SAQTA_LOGS")
    return Path(logs, "api-answers") if logs else None


def note(line):
    path = seen_file()
    if line and path and path.parent.is_dir():
        with open(path, "a") as f:
            f.write(line + "\n")


_document = None


def judge(*answer):
    global _document
    _document = _document or Document()
    note(_document.judge(*answer))
