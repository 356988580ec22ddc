#!/usr/bin/python3
# timeout: 420
"""A package is asked for, prepared, downloaded, and verified by an outsider.

`saqta verify`, the package's own verify.html in both browsers, and the reader
in Python must say the same of the genuine package and of spoiled ones. Breaks
where an export leaves without its entries, or where a verifier is fooled.
"""
import datetime
import hashlib
import io
import json
import subprocess
import time
import zipfile

from lib import say
from lib.appliance import PEOPLE, Appliance, totp, wait_for
from lib.browsing import plays
from lib.footage import capture_times
from lib.package import V1, Package, grant, prepare, stamp
from lib.tokens import refused

CAMERA = "cam-1"


def entries(client):
    """The whole ledger, as it is told."""
    found = []
    while True:
        page = client.get(V1 + "ledger?first=%d&count=200"
                          % len(found)).json()
        found += page["entries"]
        if not page["entries"] or len(found) >= page["size"]:
            return found


def download(marat, told):
    """Whole, and in two pieces as a cut download resumes."""
    path = "/media/exports/" + told["id"]
    head = marat.ask("HEAD", path)
    whole = marat.get(path)
    cut = told["bytes"] // 3
    first = marat.get(path, headers={"Range": "bytes=0-%d" % (cut - 1)})
    rest = marat.get(path, headers={"Range": "bytes=%d-" % cut,
                                    "If-Range": first.headers["ETag"]})
    say.test("HEAD tells the size", head.status == 200 and not head.body and
             int(head.headers["Content-Length"]) == told["bytes"],
             head.status, dict(head.headers))
    say.test("what is downloaded has the fingerprint that was shown",
             hashlib.sha256(whole.body).hexdigest() == told["sha256"])
    say.test("a cut download resumes to the same bytes",
             first.status == 206 and rest.status == 206 and
             first.body + rest.body == whole.body,
             first.status, rest.status)
    return whole.body


def check_entries(client, told, request_id):
    """P5: each act of the export stands in the ledger, in order."""
    all_of_it = entries(client)
    kinds = [e["type"] for e in all_of_it
             if e["fields"].get("export") == told["id"]]
    say.test("P5 the export and its readiness are entered, in that order",
             kinds == ["export", "export-ready"], kinds)
    leases = [e for e in all_of_it if e["type"] == "lease-opened" and
              e["fields"].get("lease-kind") == "export"]
    say.test("P5 leases name the footage that left in the package", leases and
             all(e["fields"]["request"] == request_id for e in leases),
             leases)


def flip(body, name, at):
    """The package with one bit of a file's byte changed."""
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        info = z.getinfo(name)
        off = info.header_offset + 30 + int.from_bytes(
            body[info.header_offset + 26:info.header_offset + 28], "little") \
            + int.from_bytes(body[info.header_offset + 28:
                                  info.header_offset + 30], "little")
        at = at if at >= 0 else info.file_size + at
    spoiled = bytearray(body)
    spoiled[off + at] ^= 4
    return bytes(spoiled)


def without(body, name):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as z, \
            zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as w:
        for info in z.infolist():
            if info.filename != name:
                w.writestr(info.filename, z.read(info))
    return out.getvalue()


def make_gap(box):
    """The camera is switched off for a while: when it was."""
    at = time.time()
    box.tool("camera", "disable", CAMERA)
    time.sleep(1)
    box.tool("camera", "enable", CAMERA)
    count = len(box.segments(CAMERA))
    wait_for("two more segments", 60,
             lambda: len(box.segments(CAMERA)) > count + 1)
    time.sleep(4)
    return at


def check_gap(body):
    """The gap stands in an entry; the camera signs: see DESIGN.md."""
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        manifest = json.loads(z.read("manifest.json"))
        gaps = manifest["gaps"]
        proof = z.read("proof.txt").decode()
    say.test("P10 each gap names an entry that the proof holds",
             {g["cause"] for g in gaps} >= {"switched-off"} and
             all("\nentry %d " % g.get("entry", -1) in proof for g in gaps),
             gaps)
    beyond = [f["beyond"]["why"] for f in manifest["files"] if "beyond" in f]
    say.test("P5 one GOP more of a camera that signs, and the manifest says "
             "so", beyond == ["signed-video"], manifest["files"])


def check_verifiers(package):
    """What they say of the genuine one: the tool, the pages by browser."""
    body, genuine = package.body, None
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        names = z.namelist()
    movie = next(n for n in names if n.endswith(".mp4"))
    cases = [
        ("genuine", body, True, 0),
        ("without a policy", body, False, 7),
        ("a changed picture", flip(body, movie, -2000), True, 5),
        ("a changed manifest", flip(body, "manifest.json", 900), True, 5),
        ("a changed proof", flip(body, "proof.txt", 400), True, 5),
        ("a movie left out", without(body, movie), True, 6),
        ("half a package", body[:len(body) // 2], True, 5),
    ]
    for what, spoiled, policy, status in cases:
        browsers = ("chromium", "firefox") if what in (
            "genuine", "without a policy", "a changed picture") else ()
        tool, told, pages = package.judged(what, spoiled, status, policy,
                                           browsers)
        if what == "genuine":
            genuine = told, pages
            said = [c["text"] for c in told["claims"]]
            say.test("P10 complete, with gaps that were entered: proven",
                     tool["claims"][1] == "proven" and
                     "entered with bounds and cause" in said[1], said)
            say.test("P10 what lies behind the range is for the camera's "
                     "signatures", "own signatures" in said[0], said)
            for name, page in pages.items():
                say.test("%s: the fingerprint is the one shown" % name,
                         page.get("fingerprint") ==
                         hashlib.sha256(body).hexdigest())
        if what == "a changed picture":
            say.test("P10 it names the file and a second in it",
                     tool["findings"][0][0] == "fragment" and
                     tool["findings"][0][1] == movie and
                     tool["findings"][0][2] >= 0, tool)
    return genuine


def with_a_code(box, marat, ident):
    """An export is an act of its own: password and a fresh code."""
    path, mine = V1 + "requests/%s/exports" % ident, {
        "password": PEOPLE["marat"][2]}
    refused("who has no second factor is told to set one up", marat.post(
        path, {**mine, "code": "000000"}), 403, "no-second-factor")
    box.give_factor("marat", marat)
    refused("P6 with the password alone nothing is exported",
            marat.post(path, mine), 401, "second-factor")
    told = prepare(box, marat, ident)
    used = totp(box.factor("marat"), box.steps["marat"])
    refused("one code is good for one export", marat.post(
        path, {**mine, "code": used}), 401, "second-factor")
    return told


def check_part(package, marat, ident, begin):
    """A part of what was granted is a package of that part alone."""
    part = {"from": stamp(begin + 1), "to": stamp(begin + 3),
            "cameras": [CAMERA]}
    for what, wrong in (("earlier", {**part, "from": stamp(begin - 9)}),
                        ("of another camera", {**part, "cameras": ["x"]})):
        answer = marat.post(V1 + "requests/%s/exports" % ident, {
            **wrong, "password": PEOPLE["marat"][2]})
        say.test("P6 no package of what is %s than granted" % what,
                 answer.status == 403, answer.status, answer.body)
    answer = marat.post(V1 + "requests/%s/exports" % ident,
                        {"from": part["from"],
                         "password": PEOPLE["marat"][2]})
    say.test("half a part is refused", answer.status == 422, answer.body)
    told = prepare(package.box, marat, ident, part)
    body = download(marat, told)
    tool, _, _ = package.judged("a part", body, 0, True, ("chromium",))
    say.test("P10 a part is complete in itself",
             tool["claims"][1] == "proven", tool)


def check_times(package, told, pages):
    """As clocks at the site showed them, which is how the report says them,
    and UTC; whatever zone the outsider's machine is in.
    """
    with zipfile.ZipFile(io.BytesIO(package.body)) as z:
        report = z.read("report.html").decode()
    begin = int(package.manifest["request"]["from_ns"]) // 10**9
    site, utc = (datetime.datetime.fromtimestamp(
        begin, datetime.timezone(datetime.timedelta(hours=h))) for h in (5, 0))
    shown = site.strftime("%d.%m.%Y %H:%M:%S (UTC+05:00")
    same = "" if site.date() == utc.date() else "%d.%m.%Y "
    both = "%s; %s" % (shown, utc.strftime(same + "%H:%M:%S UTC)"))
    say.test("the report tells when by the clocks of the site",
             shown + ")" in report, shown)
    for name in ("chromium", "firefox"):
        said = pages[name]["says"]
        say.test("%s: verify.html tells the same time, and UTC beside it"
                 % name, both in said[1], both, said)
    iso = site.strftime("%Y-%m-%d %H:%M:%S (UTC+05:00; ")
    say.test("saqta-verify too", iso in told["claims"][1]["text"], iso, told)


def check_pictures(package):
    """The MP4s play: as many pictures as the manifest's claims say."""
    with zipfile.ZipFile(io.BytesIO(package.body)) as z:
        for name in (n for n in z.namelist() if n.endswith(".mp4")):
            path = package.folder / name
            path.write_bytes(z.read(name))
            done = subprocess.run(
                ["ffprobe", "-v", "error", "-count_frames", "-show_entries",
                 "stream=nb_read_frames,nb_frames", "-of", "csv=p=0",
                 str(path)], stdout=subprocess.PIPE, check=True)
            counts = done.stdout.decode().strip().split(",")
            say.test("ffmpeg decodes every picture of %s" % name,
                     len(counts) == 2 and counts[0] == counts[1] != "0",
                     counts)
            for browser in ("chromium", "firefox"):
                plays(browser, path, capture_times(path)[0])


def check_report(package):
    with zipfile.ZipFile(io.BytesIO(package.body)) as z:
        report = z.read("report.html").decode()
    for lang in ("kk", "ru", "en"):
        say.test("the report has a part in %s" % lang,
                 '<section id="%s" lang="%s">' % (lang, lang) in report)
    say.test("what people wrote is text in the report, never markup",
             "Withdrawal &lt;disputed&gt;" in report and
             "<disputed>" not in report and "{" + "gaps" not in report)


def check_erased(box, marat, daniyar, told, ident):
    spool = box.data / "exports" / (told["id"] + ".age")
    say.test("P1 the spool is an age file and nothing else lies beside it",
             spool.read_bytes()[:22] == b"age-encryption.org/v1\n" and
             sorted(p.name for p in spool.parent.iterdir()) == sorted(
                 x["id"] + ".age" for x in
                 marat.get(V1 + "exports").json()["exports"]))
    daniyar.post(V1 + "requests/%s/revoke" % ident, {"reason": "the case ended"})
    wait_for("the package is erased", 20, lambda: not spool.exists())
    say.test("a revoked grant hands out no package",
             marat.get("/media/exports/" + told["id"]).status in (403, 410))
    kinds = [e["type"] for e in entries(daniyar)
             if e["fields"].get("export") == told["id"]]
    say.test("its erasure is entered", kinds[-1] == "export-erased", kinds)


def story():
    with Appliance(segment_s=5) as box:
        camera = box.camera(CAMERA, signs=1)
        box.add_camera(CAMERA, camera.url)
        box.wait_recording(CAMERA)
        wait_for("three segments", 60,
                 lambda: len(box.segments(CAMERA)) > 3)
        end = time.time() - 6
        people = [box.client("marat"), box.client("daniyar")]
        marat, daniyar = people
        seen = grant(box, people, CAMERA, end - 6, end, "view")
        answer = marat.post(V1 + "requests/%s/exports" % seen, {
            "password": PEOPLE["marat"][2]})
        say.test("a grant to view gives no package", answer.status == 403,
                 answer.status, answer.body)
        runs = marat.get(V1 + "requests/%s/play" % seen)
        files = [marat.ask(m, "/media/%s/%s/run0.mp4" % (seen, CAMERA))
                 for m in ("HEAD", "GET")]
        say.test("a grant to view gives no plain MP4 either",
                 runs.json()["cameras"][0]["runs"] and
                 [f.status for f in files] == [403, 403] and
                 "the right to export" in files[1].json()["detail"],
                 runs.body, files[1].body)
        gap = make_gap(box)
        end = time.time() - 6
        ident = grant(box, people, CAMERA, gap - 3, end)
        told = with_a_code(box, marat, ident)
        body = download(marat, told)
        check_gap(body)
        check_entries(daniyar, told, ident)
        policy = box.tool("policy").stdout.decode()
        package = Package(box, body, policy)
        check_report(package)
        check_pictures(package)
        check_times(package, *check_verifiers(package))
        check_part(package, marat, ident, int(gap - 3) + 1)
        check_erased(box, marat, daniyar, told, ident)
        say.test("no program broke", not box.broken(), box.broken())


say.main(story)
