#!/usr/bin/python3
# timeout: 300
"""Of damaged footage an export is evidence of damage (ux.md, scenario 17).

One segment is changed by a bit behind the programs' back, the file of another
is removed. The package has all the rest bit for bit, names both segments with
their bounds, and whoever reads or verifies it is told: the list of exports,
report.html in three languages, verify.html in both browsers, saqta-verify, the
reader in Python. Breaks where damage leaves unsaid, or takes more along.
"""
import io
import json
import time
import zipfile

from lib import say
from lib.appliance import Appliance, wait_for
from lib.package import V1, Package, ended, grant, prepare, stamp

CAMERA = "cam-1"
NEAR = 10**8  # ns; two segments that meet


def number(path):
    return int(path.name.split("-")[1].split(".")[0])


def spoil(path):
    """One bit in the middle of a sealed file."""
    with open(path, "r+b") as f:
        f.seek(path.stat().st_size // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 1]))


def damaged(box):
    """(begin, end, changed, removed): six segments, the second and the fifth
    are not what they were.
    """
    wait_for("eight segments", 90, lambda: len(box.segments(CAMERA)) > 8)
    paths = sorted(box.segments(CAMERA), key=number)[1:7]
    for path in (paths[1], paths[4]):
        assert time.time() - path.stat().st_mtime > 4, "it is sealed"
    begin = paths[0].stat().st_mtime - 3
    end = paths[5].stat().st_mtime - 1
    box.stop("recorder")
    time.sleep(3)
    return begin, end, paths[1], paths[4]


def check_manifest(body, bad):
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        manifest = json.loads(z.read("manifest.json"))
        movies = [n for n in z.namelist() if n.endswith(".mp4")]
    lost = [g for g in manifest["gaps"] if g["cause"] == "lost"]
    held = {s["seq"] for s in manifest["segments"]}
    say.test("P10 the package names both damaged segments, and no more",
             len(lost) == 2 and len(manifest["gaps"]) == 2, manifest["gaps"])
    say.test("and has nothing of them", not held & set(bad) and
             len(held) >= 4, held, bad)
    say.test("each unbroken run of the rest is a file",
             len(movies) == 3 and len(manifest["files"]) == 3, movies)
    begins = sorted(int(f["from_ns"]) for f in manifest["files"])
    ends = sorted(int(f["to_ns"]) for f in manifest["files"])
    say.test("the bounds of what is lost are those of the rest",
             all(abs(int(g["from_ns"]) - ends[i]) < NEAR and
                 abs(int(g["to_ns"]) - begins[i + 1]) < NEAR
                 for i, g in enumerate(sorted(
                     lost, key=lambda g: int(g["from_ns"])))),
             lost, begins, ends)
    return lost[0]


def check_report(body):
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        report = z.read("report.html").decode()
    for lang, words, cause in (
            ("kk", "зақым дәлелі", "дискіде жоқ немесе зақымданған"),
            ("ru", "доказательство повреждения",
             "на диске отсутствует или повреждено"),
            ("en", "evidence of damage", "is missing or damaged on disk")):
        part = report.split('<section id="%s"' % lang)[1].split(
            "</section>")[0]
        say.test("%s: the report says first what it is, and names both in red"
                 % lang, words in part.split("<h2>")[0] and
                 part.count('<td class="lost">') == 2 and
                 part.count(cause) == 2, part[:300])


def check_verdict(package):
    tool, told, pages = package.judged(
        "damaged footage", package.body, 6, True, ("chromium", "firefox"))
    codes = sorted(f[0] for f in tool["findings"])
    say.test("P10 nothing was changed, and what is missing is named",
             codes.count("lost") == 2 and told["changed"] == 0 and
             set(codes) <= {"lost", "segment"}, tool)
    say.test("P10 unchanged is proven of the rest, complete is not",
             tool["claims"][:2] == ["proven", "not proven"], tool)
    for name, page in pages.items():
        said = [f[3] for f in page["findings"] if f[0] == "lost"]
        say.test("%s: incomplete, with camera and the site's time" % name,
                 page["heading"] == "Incomplete" and len(said) == 2 and
                 all(CAMERA in s and "(UTC+05:00; " in s and
                     "lost or damaged" in s for s in said), page)


def check_nothing_left(box, marat, ident, gap):
    """A part in which nothing is whole: no package, and why."""
    middle = (int(gap["from_ns"]) + int(gap["to_ns"])) / 2e9
    told = ended(box, marat, ident, {
        "from": stamp(middle - 0.5), "to": stamp(middle + 0.5),
        "cameras": [CAMERA]})
    say.test("where nothing is whole there is no package, and the list says "
             "why", told["state"] == "failed" and told["why"] == "integrity",
             told)


def story():
    with Appliance(segment_s=5) as box:
        camera = box.camera(CAMERA)
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        begin, end, changed, removed = damaged(box)
        people = [box.client("marat"), box.client("daniyar")]
        marat, daniyar = people
        ident = grant(box, people, CAMERA, begin, end)
        spoil(changed)
        removed.unlink()
        told = prepare(box, marat, ident)
        say.test("the list says how much of the recorded footage is not in it",
                 told["lost"] == 2, told)
        body = marat.get("/media/exports/" + told["id"]).body
        gap = check_manifest(body, (number(changed), number(removed)))
        check_report(body)
        check_verdict(Package(box, body, box.tool("policy").stdout.decode()))
        refused = [e for e in daniyar.get(
            V1 + "ledger?first=0&count=200").json()["entries"]
            if e["type"] == "refused" and
            e["fields"].get("request") == ident]
        say.test("P5 that both failed their check is entered", len(refused) == 2,
                 refused)
        check_nothing_left(box, marat, ident, gap)
        say.test("no program broke", not box.broken(), box.broken())


say.main(story)
