/*
 * err.h - the one list of errors.
 *
 * Every function that can fail returns one of these and is must-check. The
 * numbers travel on the sockets and are never renumbered. Foreign codes
 * (errno, AVERROR, SQLITE_*) are translated in the file that owns that library.
 */
#ifndef SAQTA_ERR_H
#define SAQTA_ERR_H

#define must_check __attribute__((warn_unused_result))

enum err {
	OK = 0,
	ERR_SYS = 1,		/* the operating system said no; see errno */
	ERR_NO_MEMORY = 2,
	ERR_GONE = 3,		/* the peer closed, or the end of the input */
	ERR_BAD_MESSAGE = 4,	/* breaks the protocol: close that connection */
	ERR_TOO_LARGE = 5,	/* over a stated limit */
	ERR_USAGE = 6,		/* wrong arguments */
	ERR_CONFIG = 7,		/* configuration file */
	ERR_INVALID = 8,	/* a value that is not allowed; say which */
	ERR_NOT_FOUND = 9,
	ERR_EXISTS = 10,
	ERR_FORMAT = 11,	/* a file or stream that is not what it should be */
	ERR_INTEGRITY = 12,	/* a hash, MAC or signature does not fit */
	ERR_TRUNCATED = 13,	/* ends before its end */
	ERR_NO_KEY = 14,	/* none of the identities opens it */
	ERR_DENIED = 15,	/* who you are does not allow this */
	ERR_PASSWORD = 16,	/* wrong user or password */
	ERR_SIGNED_OUT = 17,	/* no session, or it has ended */
	ERR_SELF_APPROVAL = 18,	/* nobody decides his own request */
	ERR_NOT_APPROVED = 19,	/* no grant covers this */
	ERR_GRANT_ENDED = 20,	/* expired or revoked */
	ERR_NO_FOOTAGE = 21,	/* nothing was recorded there; gaps say why */
	ERR_EXPIRED = 22,	/* erased by retention */
	ERR_FUTURE = 23,	/* lies in the future */
	ERR_DECIDED = 24,	/* the request was decided before */
	ERR_DISK_FULL = 25,
	ERR_DISK = 26,		/* read or write failed */
	ERR_BUSY = 27,		/* over a limit just now; try again */
	ERR_UNAVAILABLE = 28,	/* a neighbour process is away */
	ERR_TIMEOUT = 29,
	ERR_AUTH = 30,		/* camera: wrong user or password */
	ERR_UNREACHABLE = 31,	/* camera: no answer, refused, unknown host */
	ERR_UNSUPPORTED = 32,	/* camera: a codec or transport that we refuse */
	ERR_INTERNAL = 33,
	ERR_RANGE = 34,		/* a byte range beyond the end: 416 */
	ERR_METHOD = 35,	/* HTTP method not allowed here: 405 */
	ERR_AWAY = 36,		/* the volume that holds it is away */
	ERR_REBUILDING = 37,	/* the index is being made anew */
	ERR_FACTOR = 40,	/* second factor: missing, wrong, used before */
	ERR_LOCKED = 41,	/* too many failed attempts just now */
	ERR_FIRST = 42,		/* a one-time password: set your own first */
	ERR_QUOTA = 43,		/* more than a person may have in a day */
	ERR_UNPROVEN = 44,	/* the ledger that knew of it was lost */
	ERR_CHANGED = 46,	/* somebody changed it since it was read: 412 */
	ERR_NO_FACTOR = 47,	/* this act wants a second factor; he has none */
	ERR_COMMON = 45,	/* a password that is guessed soon */
	ERR_DRAFTS = 48,	/* as many drafts as a person may have */
	ERR_FILES = 49,		/* files leave after a code; none was given */
	ERR_TOKEN = 50,		/* no token, or one that is not good (any more) */
	ERR_RATE = 51,		/* a program asks too often */
	ERR_KEY_USED = 52,	/* an Idempotency-Key stands for something else */
	ERR_SETUP = 53,		/* nobody can sign in yet: set-up comes first */
	ERR_SETUP_CODE = 54,	/* wrong set-up code */
	ERR_SETUP_ENDED = 55,	/* no set-up code is good (any more) */
	ERR_MAX
};

/* The stable short name, such as "not-approved"; never NULL. */
const char *err_name(enum err e);

/* One English sentence that says what is wrong; never NULL. */
const char *err_text(enum err e);

/* The HTTP status that goes with it (RFC 9110), 200 for OK. */
int err_http(enum err e);

/* From a number that came over a socket; ERR_INTERNAL where it is unknown. */
enum err err_from_wire(unsigned n);

#endif
