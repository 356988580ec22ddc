"""What must be in no memory and on no disk: {what it is: its bytes}."""
from lib.appliance import PEOPLE
from lib.footage import day_identity
from lib.keys import bech32, file_key, from_bech32, person_secret, scalar_of


def of_person(box, user):
    """A person's password, and what opens with it."""
    password = PEOPLE[user][2]
    seed, factor = person_secret(box, user, password)
    scalar = scalar_of(seed)
    told = {"password": password.encode(), "seed": seed, "identity": scalar,
            "identity as text": bech32("age-secret-key-", scalar).encode()}
    if factor:
        told["second factor"] = factor
    return {"%s of %s" % (k, user): v for k, v in told.items()}


def of_session(client, user):
    return {"cookie of " + user: client.cookie.split("=", 1)[1].encode(),
            "CSRF token of " + user: client.csrf.encode()}


def of_footage(box, camera, day, header):
    """The keys of a day and of a segment's file, which begins with header."""
    text = day_identity(box, camera, day).strip()
    scalar = from_bech32(text)
    return {"key of a day": scalar, "key of a day as text": text.encode(),
            "key of a file": file_key(scalar, header)}
