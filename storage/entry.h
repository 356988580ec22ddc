/*
 * entry.h - one ledger entry as canonical bytes (storage/DESIGN.md).
 *
 * Fields are put in ascending order of their tags; a wrong order, a wrong size
 * or more than ENTRY_MAX bytes is a sticky error that entry_end() reports.
 */
#ifndef SAQTA_ENTRY_H
#define SAQTA_ENTRY_H

#include "storage/api/messages.h"
#include "storage/api/utc.h"
#include "storage/crypt.h"

#define ENTRY_MAX 4096
#define COMMITMENT_SALT 32

enum entry_type {
	ENTRY_LOG_BEGINS = 1, ENTRY_STARTED = 2, ENTRY_STOPPED = 3,
	ENTRY_CLOCK = 4, ENTRY_PERSON = 10, ENTRY_SIGN_IN = 11,
	ENTRY_SIGN_IN_REFUSED = 12, ENTRY_SIGN_OUT = 13,
	ENTRY_ACCOUNT = 14, ENTRY_PERSON_ENDED = 15, ENTRY_REWRAPPED = 16,
	ENTRY_PAPER = 17, ENTRY_RECOVERED = 18, ENTRY_SESSION_ENDED = 19,
	ENTRY_CAMERA_ADDED = 20, ENTRY_CAMERA_SWITCHED = 21,
	ENTRY_DEVICE = 60, ENTRY_RETIRED = 61, ENTRY_CAMERA_MOVED = 62,
	ENTRY_ATM_MOVED = 63,
	ENTRY_AIM = 64, ENTRY_AIM_OPENED = 65, ENTRY_KEYPAD = 66,
	ENTRY_DAY_KEY = 22, ENTRY_SCENE_NEW = 23, ENTRY_SEGMENT = 30,
	ENTRY_HEADS = 31,
	ENTRY_GAP_OPENED = 32, ENTRY_GAP_CLOSED = 33, ENTRY_READ_BACK = 34,
	ENTRY_REQUEST = 40, ENTRY_DECISION = 41, ENTRY_REVOKED = 42,
	ENTRY_REFUSED = 43, ENTRY_LEASE_OPENED = 44, ENTRY_LEASE_CLOSED = 45,
	ENTRY_HOLD = 46, ENTRY_RELEASED = 47, ENTRY_ERASING = 48,
	ENTRY_ERASED = 49, ENTRY_RETENTION = 50, ENTRY_VOUCHED = 51,
	ENTRY_TERM = 52, ENTRY_THROTTLED = 53, ENTRY_HELD_KEYS = 54,
	ENTRY_UNUSED_KEYS = 55, ENTRY_TOKEN = 56, ENTRY_TOKEN_ENDED = 57,
	ENTRY_TOKEN_REFUSED = 58,
	ENTRY_VOLUME_ADDED = 70, ENTRY_VOLUME_AWAY = 71, ENTRY_VOLUME_BACK = 72,
	ENTRY_VOLUME_LOST = 110,
	ENTRY_EPOCH_CONFIRMED = 90, ENTRY_LOG_KEY = 91,
	ENTRY_WITNESS_ADDED = 92, ENTRY_LOG_ALLOWED = 93,
	ENTRY_WITNESS_REMOVED = 94, ENTRY_WITNESSED = 95,
	ENTRY_WITNESS_ALARM = 96, ENTRY_LOG_ALARM = 97,
	ENTRY_ALARM = 26, ENTRY_ALARM_ENDED = 27,
	ENTRY_REBUILD_BEGUN = 73, ENTRY_REBUILD_ENDED = 74,
	ENTRY_FORECAST = 75, ENTRY_CAPACITY = 76,
	ENTRY_LOST = 77,
	ENTRY_REMINDED = 100, ENTRY_DISK_ALARM = 101,
	ENTRY_IMPORTED = 102, ENTRY_TRANSACTIONS_ERASED = 104,
	ENTRY_SNAPSHOT = 105, ENTRY_NOTE = 106, ENTRY_TOLD = 83,
	ENTRY_JOURNAL_CLOCK = 103,
	ENTRY_SETUP = 107, ENTRY_ZONES = 111,
	ENTRY_CLOCK_WITNESS = 113, ENTRY_CLOCK_ASKED = 114,
	ENTRY_EXPORT = 80, ENTRY_EXPORT_READY = 81, ENTRY_EXPORT_ERASED = 82,
	ENTRY_DEPUTY = 84,
};

enum entry_tag {
	TAG_CAMERA = 1, TAG_DAY = 2, TAG_SEQ = 3, TAG_FROM = 4, TAG_TO = 5,
	TAG_ROOT = 6, TAG_CIPHER = 7, TAG_BYTES = 8, TAG_FRAGMENTS = 9,
	TAG_FLAGS = 10, TAG_RETAIN = 11, TAG_KIND = 12, TAG_PAPER = 13,
	TAG_PERSON = 14, TAG_ROLE = 15, TAG_RECIPIENT = 16, TAG_SIGN_KEY = 17,
	TAG_SIGNER = 18, TAG_SIGNATURE = 19, TAG_SERVED_FROM = 20,
	TAG_SERVED_TO = 21, TAG_CAUSE = 22, TAG_RESULT = 23, TAG_REQUEST = 24,
	TAG_CAMERAS = 25, TAG_VERDICT = 26, TAG_ENDS = 27, TAG_LEASE_KIND = 28,
	TAG_ORIGIN = 30, TAG_LOG_KEY = 31, TAG_ZONE = 32, TAG_VERSION = 33,
	TAG_BOOT = 34, TAG_CLOCK_STATE = 35, TAG_EPOCH = 36, TAG_STEP = 37,
	TAG_NAME = 40, TAG_ADDRESS = 41, TAG_ERROR = 42, TAG_WHY = 43,
	TAG_ATM = 44, TAG_PLACE = 45, TAG_ENABLED = 46, TAG_WRAPPED_TO = 47,
	TAG_TOKEN = 162, TAG_SCOPE = 163,
	TAG_UNTIL = 164, TAG_REASON_CODE = 165, TAG_DEPUTY = 166,
	TAG_DEVICE = 160, TAG_KEYPAD = 161, TAG_CERTIFICATE = 170,
	TAG_HEADS = 48, TAG_REASON = 49, TAG_CASE = 50, TAG_GRANT = 51,
	TAG_DECISION = 52, TAG_LEASE = 53, TAG_HOLD = 54, TAG_REVIEW = 60,
	TAG_METHOD = 61, TAG_SEQS = 62, TAG_ERASING = 63, TAG_PENDING = 64,
	TAG_RETENTION = 65, TAG_MONO = 66, TAG_BUDGET = 67,
	TAG_RETENTION_BEFORE = 68, TAG_UNTRUSTED = 69, TAG_EXTRA_DAYS = 70,
	TAG_DUE_DAYS = 71, TAG_MOVED_FROM = 72, TAG_WITNESS_LEFT = 73,
	TAG_NONCE = 74, TAG_ASKED = 75,
	TAG_ACCOUNT = 120, TAG_KEYS = 180, TAG_DAYS = 186, TAG_PAPER_SIGN = 187,
	TAG_SESSION = 188, TAG_REMINDED = 189,
	TAG_AT = 190, TAG_PICTURE = 191, TAG_NOTE = 192, TAG_SETUP = 194,
	TAG_INCIDENT = 195, TAG_OVER = 196, TAG_LONGER = 197,
	TAG_KEPT_SIZE = 173, TAG_KEPT_ROOT = 174,
	TAG_FAULT = 175, TAG_FAULTS = 176,
	TAG_VOLUME = 80, TAG_VOLUME_NUMBER = 81, TAG_PATH = 82,
	TAG_LOG_EPOCH = 100, TAG_FORMER = 101, TAG_FORMER_SIZE = 102,
	TAG_FORMER_ROOT = 103, TAG_FORMER_KEY = 104, TAG_FORMER_FOUND = 105,
	TAG_OLD_SIGNS = 106, TAG_NEW_SIGNS = 107, TAG_WITNESS = 110,
	TAG_WITNESS_KEY = 111, TAG_WITNESS_URL = 112, TAG_WITNESS_TIME = 113,
	TAG_WITNESS_SIZE = 114, TAG_WITNESS_ROOT = 115, TAG_COSIGNATURE = 116,
	TAG_FINDING = 117, TAG_WITNESS_PIN = 118,
	TAG_ALARM = 145, TAG_ZONES = 131,
	TAG_EVENTS = 177, TAG_FILE = 178, TAG_OFFSET = 179,
	TAG_UNCERTAINTY = 181, TAG_SAMPLES = 182, TAG_JUMP = 183,
	TAG_REBUILD_WHY = 83, TAG_SEGMENTS = 84, TAG_COPY = 85,
	TAG_DAYS_LEFT = 86, TAG_NEED = 87, TAG_CAPACITY = 88,
	TAG_EXPORT = 90, TAG_MANIFEST = 91, TAG_PACKAGE = 92, TAG_RIGHTS = 93,
};

struct entry {
	unsigned char buf[ENTRY_MAX];
	size_t len;
	int last_tag;
	enum err err;
};

void entry_begin(struct entry *e, enum entry_type type, struct utc t,
    uint64_t person);
void entry_put_u64(struct entry *e, enum entry_tag tag, uint64_t v);
void entry_put_i64(struct entry *e, enum entry_tag tag, int64_t v);
void entry_put_text(struct entry *e, enum entry_tag tag, const char *s);
void entry_put_bytes(struct entry *e, enum entry_tag tag, const void *p,
    size_t n);
must_check enum err entry_end(const struct entry *e);

/*
 * Acts of custodians: an entry whose TAG_SIGNATURE is by TAG_SIGNER over
 * "saqta act v1\n" and the entry without that field. act_text() gives those
 * bytes (out: ACT_MAX) of an entry with or without it; act_sign() makes the
 * signed entry of one without.
 */
#define ACT_MAX (16 + ENTRY_MAX)
must_check enum err act_text(const void *entry, size_t n,
    unsigned char out[ACT_MAX], size_t *ret_n);
must_check enum err act_sign(const void *entry, size_t n,
    const unsigned char signature[SIGN_BYTES], struct entry *ret);

/*
 * Make a commitment to text under a fresh salt; the caller keeps salt and text
 * where they can be erased.
 */
void commitment_make(const char *text, unsigned char ret_salt[COMMITMENT_SALT],
    unsigned char ret[HASH_BYTES]);
void commitment_of(const char *text, const unsigned char salt[COMMITMENT_SALT],
    unsigned char ret[HASH_BYTES]);

/* Reading: fields are borrowed from the entry's bytes. */
struct entry_view {
	unsigned type;
	struct utc time;
	uint64_t person;
	const unsigned char *fields;
	size_t fields_n;
};
struct entry_field {
	unsigned tag;
	size_t n;
	const unsigned char *p;
};
/* ERR_FORMAT unless the bytes are the canonical ones. Pure. */
must_check enum err entry_parse(const void *p, size_t n,
    struct entry_view *ret);
/* The next field after *pos (begin with 0); false at the end. */
bool entry_next(const struct entry_view *v, size_t *pos,
    struct entry_field *ret);
/* The number in an 8-byte field; the first field with a tag. */
uint64_t field_u64(const struct entry_field *f);
bool entry_find(const struct entry_view *v, enum entry_tag tag,
    struct entry_field *ret);
/* Does it enter that segment as sealed or cut? */
bool entry_is_segment(const struct entry_view *v, const char *camera,
    uint64_t seq);
/* Stable names such as "sign-in" and "camera"; "type-99" style if unknown. */
const char *entry_type_name(unsigned type);
const char *entry_tag_name(unsigned tag);
/* Of field 22: "no-answer", "network", ...; in JSON and manifests, too. */
const char *cause_name(enum cause c);

#endif
