"""What the demo tells: six months, gaps of different causes, requests in each state, holds.

Played against a running Appliance with the cameras of tests/demo; browser tests
and README's pictures use the same. Each step says what it makes.
"""
import time

import demo_months
from lib.appliance import PEOPLE, free_port, wait_for

V1 = "/api/v1/"
SIZE = "640x360"

# id, name, ATM, place, how it is simulated
CAMERAS = (
    ("atm0417-face", "CAM 1 face", "0417", "Abay 12, Almaty", {}),
    ("atm0417-cash", "CAM 2 cash", "0417", "Abay 12, Almaty", {}),
    ("atm0417-room", "CAM 3 room", "0417", "Abay 12, Almaty", {}),
    ("atm0533-face", "CAM 1 face", "0533", "Dostyk 5, Almaty",
     {"fps": 10, "gop": 10}),
    ("atm0533-cash", "CAM 2 cash", "0533", "Dostyk 5, Almaty",
     {"fps": 10, "gop": 10, "codec": "h265"}),
    ("atm0712-face", "CAM 1 face", "0712", "Satpaev 90, Almaty",
     {"fps": 10, "gop": 10}),
    ("atm0712-room", "CAM 2 room", "0712", "Satpaev 90, Almaty",
     {"fps": 10, "gop": 10}),
)
BY_ATM = {atm: [c[0] for c in CAMERAS if c[2] == atm]
          for atm in ("0417", "0533", "0712")}
PAUSE_S = 9
BEFORE_S, AFTER_S = 16, 18	# around the gaps, in the requests


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def camera(box, which, port):
    _, name, atm, _, how = which
    return box.camera("%s %s" % (atm, name), kbps=250, size=SIZE, port=port,
                      **how)


def record(box, say):
    """Half a year that is over; then simulated cameras by id, recorded now."""
    ports = {c[0]: free_port() for c in CAMERAS}
    demo_months.months(box, CAMERAS, {ident: "rtsp://127.0.0.1:%d/stream" % port
                                      for ident, port in ports.items()}, say)
    cameras = {c[0]: camera(box, c, ports[c[0]]) for c in CAMERAS}
    box.start()
    say("Waiting for the proof: written, read back from disk, decoded")
    for ident, *_ in CAMERAS:
        box.wait_recording(ident, 120)
    return cameras


def make_gaps(box, cameras):
    """Three gaps, three causes; afterwards all record again."""
    begin = time.time()
    cameras["atm0417-room"].freeze()        # the network
    port = cameras["atm0712-face"].port
    cameras["atm0712-face"].stop()          # no answer
    operator = box.client("oleg")
    operator.post(V1 + "cameras/atm0533-cash/disable")  # switched off
    time.sleep(PAUSE_S)
    operator.post(V1 + "cameras/atm0533-cash/enable")
    cameras["atm0417-room"].thaw()
    cameras["atm0712-face"] = camera(box, CAMERAS[5], port)
    for ident in ("atm0417-room", "atm0712-face", "atm0533-cash"):
        wait_for("%s records again" % ident, 90, lambda: box.camera_state(
            ident)["state"] in ("recording", "streaming"), 0.3)
    return begin, time.time()


def must(answer):
    if answer.status not in (200, 201, 202):
        raise AssertionError("%d %s" % (answer.status, answer.body))
    return answer.json()


def ask(client, cameras, begin, end, reason, case, right="view",
        code="other"):
    return must(client.post(V1 + "requests", {
        "from": stamp(begin), "to": stamp(end), "cameras": cameras,
        "reason": reason, "case": case, "right": right,
        "reason_code": code,
        **({"longer": "What happened before and after it."}
           if end - begin > 300 else {})}))["id"]


def decide(box, client, user, ident, cameras, begin, end, reason="",
           verdict="approve"):
    must(client.post(V1 + "requests/%s/decision" % ident, {
        "verdict": verdict, "from": stamp(begin), "to": stamp(end),
        "cameras": cameras, "reason": reason, "password": PEOPLE[user][2],
        "code": box.code(user)}))


def spoil(box, camera, after):
    """One byte of a sealed segment is changed behind the programs' back."""
    path = next(p for p in box.segments(camera)
                if p.stat().st_mtime > after + 12)
    with open(path, "r+b") as f:
        f.seek(path.stat().st_size // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 1]))
    return path


def make_requests(box, begin, end):
    """One in each state; their numbers by state."""
    marat, daniyar = box.client("marat"), box.client("daniyar")
    begin, end = int(begin) - BEFORE_S, int(end) - 2
    reason = "Client says no cash came out."
    made = {"approved": ask(marat, BY_ATM["0417"], begin, end, reason, "K-114",
                            "export", "dispute"),
            "shortened": ask(marat, BY_ATM["0712"], begin, end,
                             "Somebody stood too close to a client.", "K-115"),
            "refused": ask(marat, BY_ATM["0533"], begin, end, "To look around",
                           "K-116"),
            "revoked": ask(marat, BY_ATM["0533"][:1], begin, end,
                           "A card was left in the machine.", "K-117"),
            "closed": ask(marat, BY_ATM["0533"][:1], begin, end,
                          "A wrong ATM", "K-118"),
            "submitted": ask(marat, BY_ATM["0533"], begin, end,
                             "Cash counted short by 20 000.", "K-119",
                             code="cash")}
    decide(box, daniyar, "daniyar", made["approved"], BY_ATM["0417"], begin,
           end)
    aigul = box.client("aigul")
    decide(box, aigul, "aigul", made["shortened"], ["atm0712-room"],
           begin, end, "One camera is enough.")
    decide(box, daniyar, "daniyar", made["refused"], BY_ATM["0533"], begin,
           end, "This names no event.", "refuse")
    decide(box, aigul, "aigul", made["revoked"], BY_ATM["0533"][:1], begin,
           end)
    for state, client, why in (("revoked", aigul, "The client withdrew."),
                               ("closed", marat, "Asked by mistake.")):
        must(client.post(V1 + "requests/%s/revoke" % made[state],
                         {"reason": why}))
    must(daniyar.post(V1 + "holds", {
        "cameras": BY_ATM["0417"], "from": stamp(begin), "to": stamp(end),
        "review": stamp(end + 90 * 86400), "reason": "The police asked.",
        "case": "K-114"}))
    return made


def play(box, say):
    """All of it; {state: request}, and the file that was tampered with."""
    cameras = record(box, say)
    time.sleep(BEFORE_S + 1)
    say("Making three gaps, with three causes")
    begin, end = make_gaps(box, cameras)
    time.sleep(AFTER_S + 2)
    say("Making requests in each state, and a hold")
    made = make_requests(box, begin, end + AFTER_S)
    return made, spoil(box, "atm0712-room", begin - BEFORE_S)
