"""What a keyring and a person's sealed seed say to plain age and libsodium."""
import base64
import ctypes
import ctypes.util
import hmac
import json
import sqlite3
import struct

from lib.footage import age

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def keyring_lines(keks, rings):
    """The lines of whichever slot counts; None where no kek opens one."""
    best = None
    for kek, ring in zip(keks, rings):
        try:
            text, whole = age(kek.decode(), ring)
        except (UnicodeDecodeError, ValueError):
            continue
        if whole and text:
            lines = [json.loads(l) for l in text.decode().splitlines()]
            if not best or lines[0]["generation"] > best[0]["generation"]:
                best = lines
    return best


def slots(box):
    """(keks, keyrings) as they lie on the disk."""
    found = [], []
    for kek, ring in (("kek", "keyring.age"), ("kek-b", "keyring-b.age")):
        files = box.data / "keyring" / kek, box.data / "keyring" / ring
        if all(f.exists() for f in files):
            for to, f in zip(found, files):
                to.append(f.read_bytes())
    return found


def day_wraps(lines):
    """{(camera, day): [base64 of an age file]}"""
    return {(l["day"]["camera"], l["day"]["date"]): l["day"]["wrapped"]
            for l in lines if "day" in l}


def keyring(box):
    """The days' wraps as the keyring on the disk has them."""
    return day_wraps(keyring_lines(*slots(box)))


def opens(identity, wraps):
    """The days that an age identity opens."""
    return {day for day, files in wraps.items()
            if any(age(identity, base64.b64decode(f))[0].startswith(
                b"AGE-SECRET-KEY-1") for f in files)}


def bech32(prefix, data):
    """BIP 173, upper case."""
    bits = int.from_bytes(data, "big") << (-len(data) * 8) % 5
    count = (len(data) * 8 + 4) // 5
    values = [bits >> 5 * (count - 1 - i) & 31 for i in range(count)]
    check = 1
    for v in ([ord(c) >> 5 for c in prefix] + [0] +
              [ord(c) & 31 for c in prefix] + values + [0] * 6):
        top, check = check >> 25, (check & 0x1ffffff) << 5 ^ v
        for i, poly in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                  0x3d4233dd, 0x2a1462b3)):
            check ^= poly if top >> i & 1 else 0
    check ^= 1
    values += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return (prefix + "1" + "".join(LETTERS[v] for v in values)).upper()


def from_bech32(text):
    """The bytes of an age identity or recipient; its checksum is not looked
    at."""
    values = [LETTERS.index(c) for c in text.strip().lower().rsplit("1", 1)[1]]
    bits = 0
    for v in values[:-6]:
        bits = bits << 5 | v
    count = 5 * (len(values) - 6)
    return (bits >> count % 8).to_bytes(count // 8, "big")


def sodium():
    return ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")


def person_secret(box, user, password):
    """(seed, second factor) out of what the index has sealed
    (storage/DESIGN.md)."""
    with sqlite3.connect("file:%s?mode=ro" % (box.data / "index.db"),
                         uri=True) as db:
        sealed, = db.execute("SELECT sealed FROM person WHERE user = ?",
                             (user,)).fetchone()
    lib = sodium()
    version, ops, kib = struct.unpack(">BII", sealed[:9])
    assert version == 1
    if box.quick:	# as tests/quick.c has it
        ops, kib = 1, 8
    key = ctypes.create_string_buffer(32)
    word = password.encode()
    assert lib.crypto_pwhash(
        key, ctypes.c_ulonglong(32), word, ctypes.c_ulonglong(len(word)),
        sealed[9:25], ctypes.c_ulonglong(ops), ctypes.c_size_t(kib << 10),
        2) == 0
    body = sealed[49:]
    plain = ctypes.create_string_buffer(len(body))
    assert lib.crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, None, None, body, ctypes.c_ulonglong(len(body)), sealed[:49],
        ctypes.c_ulonglong(49), sealed[25:49], key) == 0
    return plain.raw[:32], plain.raw[32:len(body) - 16]


def scalar_of(seed):
    return hmac.digest(seed, b"saqta person age v1", "sha256")


def person_identity(box, user, password):
    """A person's age identity."""
    seed, _ = person_secret(box, user, password)
    return bech32("age-secret-key-", scalar_of(seed))


def unpadded(text):
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def file_key(scalar, header):
    """The file key of an age file with one X25519 stanza (c2sp.org/age)."""
    lib = sodium()
    stanza, body = header.split(b"\n")[1:3]
    share = unpadded(stanza.split()[2])
    shared, mine = (ctypes.create_string_buffer(32) for _ in range(2))
    assert lib.crypto_scalarmult(shared, scalar, share) == 0
    assert lib.crypto_scalarmult_base(mine, scalar) == 0
    prk = hmac.digest(share + mine.raw, shared.raw, "sha256")
    key = hmac.digest(prk, b"age-encryption.org/v1/X25519\1", "sha256")
    ret, sealed = ctypes.create_string_buffer(16), unpadded(body)
    assert lib.crypto_aead_chacha20poly1305_ietf_decrypt(
        ret, None, None, sealed, ctypes.c_ulonglong(len(sealed)), None,
        ctypes.c_ulonglong(0), bytes(12), key) == 0
    return ret.raw
