#include <stdio.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/entry.h"

#define VERSION 1
#define HEAD 19 /* version, type, time, person */
#define FIELD_HEAD 3 /* tag, length */

/* What the bytes of a field are; sizes are checked on both ways. */
enum kind {
	ANY, /* bytes with a structure of their own */
	TEXT, /* no control characters */
	NUMBER, /* 8 bytes */
	HASH, /* 32: hash, key or commitment */
	SIGNATURE, /* 64 */
};

static const struct {
	const char *name;
	enum kind kind;
} tags[] = {
    [TAG_CAMERA] = {"camera", TEXT},
    [TAG_DAY] = {"day", TEXT},
    [TAG_SEQ] = {"seq", NUMBER},
    [TAG_FROM] = {"from", NUMBER},
    [TAG_TO] = {"to", NUMBER},
    [TAG_ROOT] = {"root", HASH},
    [TAG_CIPHER] = {"cipher", HASH},
    [TAG_BYTES] = {"bytes", NUMBER},
    [TAG_FRAGMENTS] = {"fragments", NUMBER},
    [TAG_FLAGS] = {"flags", NUMBER},
    [TAG_RETAIN] = {"retain-until", NUMBER},
    [TAG_KIND] = {"kind", NUMBER},
    [TAG_PAPER] = {"paper-recipient", TEXT},
    [TAG_PERSON] = {"person", NUMBER},
    [TAG_ROLE] = {"role", NUMBER},
    [TAG_RECIPIENT] = {"recipient", TEXT},
    [TAG_SIGN_KEY] = {"sign-key", HASH},
    [TAG_SIGNER] = {"signer", NUMBER},
    [TAG_SIGNATURE] = {"signature", SIGNATURE},
    [TAG_SERVED_FROM] = {"served-from", NUMBER},
    [TAG_SERVED_TO] = {"served-to", NUMBER},
    [TAG_CAUSE] = {"cause", NUMBER},
    [TAG_RESULT] = {"result", NUMBER},
    [TAG_REQUEST] = {"request", TEXT},
    [TAG_CAMERAS] = {"cameras", ANY},
    [TAG_VERDICT] = {"verdict", NUMBER},
    [TAG_ENDS] = {"ends", NUMBER},
    [TAG_LEASE_KIND] = {"lease-kind", NUMBER},
    [TAG_ORIGIN] = {"origin", TEXT},
    [TAG_LOG_KEY] = {"log-key", HASH},
    [TAG_ZONE] = {"zone", TEXT},
    [TAG_VERSION] = {"version", TEXT},
    [TAG_BOOT] = {"boot", ANY},
    [TAG_CLOCK_STATE] = {"clock-state", NUMBER},
    [TAG_EPOCH] = {"epoch", NUMBER},
    [TAG_STEP] = {"step", NUMBER},
    [TAG_NAME] = {"name-commitment", HASH},
    [TAG_ADDRESS] = {"address-commitment", HASH},
    [TAG_ERROR] = {"error", NUMBER},
    [TAG_WHY] = {"why", ANY},
    [TAG_ATM] = {"atm-commitment", HASH},
    [TAG_PLACE] = {"place-commitment", HASH},
    [TAG_DEVICE] = {"device-commitment", HASH},
    [TAG_KEYPAD] = {"keypad", NUMBER},
    [TAG_CERTIFICATE] = {"certificate", TEXT},
    [TAG_ZONES] = {"zones", ANY},
    [TAG_ENABLED] = {"enabled", NUMBER},
    [TAG_WRAPPED_TO] = {"wrapped-to", ANY},
    [TAG_HEADS] = {"heads", ANY},
    [TAG_REASON] = {"reason-commitment", HASH},
    [TAG_CASE] = {"case-commitment", HASH},
    [TAG_GRANT] = {"grant", HASH},
    [TAG_DECISION] = {"decision", NUMBER},
    [TAG_LEASE] = {"lease", NUMBER},
    [TAG_HOLD] = {"hold", ANY},
    [TAG_ACCOUNT] = {"change", NUMBER},
    [TAG_DAYS] = {"days", NUMBER},
    [TAG_PAPER_SIGN] = {"paper-sign-key", HASH},
    [TAG_SESSION] = {"session", NUMBER},
    [TAG_REMINDED] = {"reminded", ANY},
    [TAG_FAULT] = {"fault", NUMBER},
    [TAG_FAULTS] = {"faults", NUMBER},
    [TAG_AT] = {"at", NUMBER},
    [TAG_PICTURE] = {"picture", HASH},
    [TAG_NOTE] = {"note-commitment", HASH},
    [TAG_LONGER] = {"longer-commitment", HASH},
    [TAG_INCIDENT] = {"incident", TEXT},
    [TAG_OVER] = {"over", NUMBER},
    [TAG_SETUP] = {"step", NUMBER},
    [TAG_KEYS] = {"keys", NUMBER},
    [TAG_REVIEW] = {"review", NUMBER},
    [TAG_METHOD] = {"method", NUMBER},
    [TAG_SEQS] = {"seqs", ANY},
    [TAG_ERASING] = {"erasing", NUMBER},
    [TAG_PENDING] = {"copies-pending", NUMBER},
    [TAG_RETENTION] = {"retention-clock", NUMBER},
    [TAG_MONO] = {"monotonic", NUMBER},
    [TAG_BUDGET] = {"budget", NUMBER},
    [TAG_RETENTION_BEFORE] = {"retention-clock-before", NUMBER},
    [TAG_UNTRUSTED] = {"untrusted-since", NUMBER},
    [TAG_EXTRA_DAYS] = {"extra-days", NUMBER},
    [TAG_DUE_DAYS] = {"due-days", NUMBER},
    [TAG_MOVED_FROM] = {"moved-from", NUMBER},
    [TAG_WITNESS_LEFT] = {"witness-budget", NUMBER},
    [TAG_NONCE] = {"nonce", HASH},
    [TAG_ASKED] = {"asked", NUMBER},
    [TAG_VOLUME] = {"volume", TEXT},
    [TAG_VOLUME_NUMBER] = {"volume-number", NUMBER},
    [TAG_PATH] = {"path", TEXT},
    [TAG_LOG_EPOCH] = {"log-epoch", NUMBER},
    [TAG_FORMER] = {"former-origin", TEXT},
    [TAG_FORMER_SIZE] = {"former-size", NUMBER},
    [TAG_FORMER_ROOT] = {"former-root", HASH},
    [TAG_FORMER_KEY] = {"former-key", HASH},
    [TAG_FORMER_FOUND] = {"former-found", NUMBER},
    [TAG_KEPT_SIZE] = {"kept-size", NUMBER},
    [TAG_KEPT_ROOT] = {"kept-root", HASH},
    [TAG_OLD_SIGNS] = {"old-signs", SIGNATURE},
    [TAG_NEW_SIGNS] = {"new-signs", SIGNATURE},
    [TAG_WITNESS] = {"witness", TEXT},
    [TAG_WITNESS_KEY] = {"witness-key", HASH},
    [TAG_WITNESS_URL] = {"witness-url", TEXT},
    [TAG_WITNESS_TIME] = {"witness-time", NUMBER},
    [TAG_WITNESS_SIZE] = {"witness-size", NUMBER},
    [TAG_WITNESS_ROOT] = {"witness-root", HASH},
    [TAG_COSIGNATURE] = {"cosignature", ANY},
    [TAG_FINDING] = {"finding", NUMBER},
    [TAG_WITNESS_PIN] = {"witness-pin", TEXT},
    [TAG_ALARM] = {"alarm", NUMBER},
    [TAG_EVENTS] = {"events", NUMBER},
    [TAG_FILE] = {"file", HASH},
    [TAG_OFFSET] = {"offset-ms", NUMBER},
    [TAG_UNCERTAINTY] = {"uncertainty-ms", NUMBER},
    [TAG_SAMPLES] = {"samples", NUMBER},
    [TAG_JUMP] = {"jump-ms", NUMBER},
    [TAG_REBUILD_WHY] = {"rebuild-why", NUMBER},
    [TAG_SEGMENTS] = {"segments", NUMBER},
    [TAG_COPY] = {"copy-entries", NUMBER},
    [TAG_DAYS_LEFT] = {"days-left", NUMBER},
    [TAG_NEED] = {"need-bytes", NUMBER},
    [TAG_CAPACITY] = {"capacity-bytes", NUMBER},
    [TAG_EXPORT] = {"export", TEXT},
    [TAG_MANIFEST] = {"manifest", HASH},
    [TAG_PACKAGE] = {"package", HASH},
    [TAG_RIGHTS] = {"rights", NUMBER},
    [TAG_TOKEN] = {"token", NUMBER},
    [TAG_SCOPE] = {"scope", TEXT},
    [TAG_UNTIL] = {"until", NUMBER},
    [TAG_REASON_CODE] = {"reason-code", NUMBER},
    [TAG_DEPUTY] = {"deputy", NUMBER},
};
#define TAGS (sizeof(tags) / sizeof(tags[0]))

static const char *const types[] = {
    [ENTRY_LOG_BEGINS] = "log-begins",
    [ENTRY_STARTED] = "storage-starts",
    [ENTRY_STOPPED] = "storage-stops",
    [ENTRY_CLOCK] = "clock-epoch",
    [ENTRY_PERSON] = "person-added",
    [ENTRY_SIGN_IN] = "sign-in",
    [ENTRY_SIGN_IN_REFUSED] = "sign-in-refused",
    [ENTRY_SIGN_OUT] = "sign-out",
    [ENTRY_ACCOUNT] = "account-changed",
    [ENTRY_PERSON_ENDED] = "person-ended",
    [ENTRY_REWRAPPED] = "keys-wrapped",
    [ENTRY_PAPER] = "paper-key",
    [ENTRY_RECOVERED] = "recovered",
    [ENTRY_SESSION_ENDED] = "session-ended",
    [ENTRY_DEPUTY] = "deputy",
    [ENTRY_REMINDED] = "reminded",
    [ENTRY_DISK_ALARM] = "disk-alarm",
    [ENTRY_IMPORTED] = "transactions-imported",
    [ENTRY_TRANSACTIONS_ERASED] = "transactions-erased",
    [ENTRY_JOURNAL_CLOCK] = "journal-clock",
    [ENTRY_SNAPSHOT] = "snapshot",
    [ENTRY_NOTE] = "note",
    [ENTRY_TOLD] = "told",
    [ENTRY_SETUP] = "set-up",
    [ENTRY_CAMERA_ADDED] = "camera-added",
    [ENTRY_CAMERA_SWITCHED] = "camera-switched",
    [ENTRY_DEVICE] = "device-replaced",
    [ENTRY_RETIRED] = "camera-retired",
    [ENTRY_CAMERA_MOVED] = "camera-moved",
    [ENTRY_ATM_MOVED] = "atm-moved",
    [ENTRY_AIM] = "aiming-picture",
    [ENTRY_AIM_OPENED] = "aiming-opened",
    [ENTRY_KEYPAD] = "keypad",
    [ENTRY_ZONES] = "zones",
    [ENTRY_DAY_KEY] = "day-key",
    [ENTRY_SCENE_NEW] = "scene-begun-anew",
    [ENTRY_SEGMENT] = "segment",
    [ENTRY_HEADS] = "chain-heads",
    [ENTRY_GAP_OPENED] = "gap-opened",
    [ENTRY_GAP_CLOSED] = "gap-closed",
    [ENTRY_READ_BACK] = "read-back",
    [ENTRY_REQUEST] = "request",
    [ENTRY_DECISION] = "decision",
    [ENTRY_REVOKED] = "revoked",
    [ENTRY_REFUSED] = "refused",
    [ENTRY_LEASE_OPENED] = "lease-opened",
    [ENTRY_LEASE_CLOSED] = "lease-closed",
    [ENTRY_HOLD] = "hold-placed",
    [ENTRY_RELEASED] = "hold-released",
    [ENTRY_ERASING] = "erasing",
    [ENTRY_ERASED] = "erased",
    [ENTRY_RETENTION] = "retention-clock",
    [ENTRY_VOUCHED] = "clock-vouched",
    [ENTRY_CLOCK_WITNESS] = "clock-witness-named",
    [ENTRY_CLOCK_ASKED] = "clock-asked",
    [ENTRY_TERM] = "term-lengthened",
    [ENTRY_THROTTLED] = "expiry-throttled",
    [ENTRY_HELD_KEYS] = "held-keys",
    [ENTRY_UNUSED_KEYS] = "unused-keys-erased",
    [ENTRY_TOKEN] = "token-made",
    [ENTRY_TOKEN_ENDED] = "token-ended",
    [ENTRY_TOKEN_REFUSED] = "token-refused",
    [ENTRY_VOLUME_ADDED] = "volume-added",
    [ENTRY_VOLUME_AWAY] = "volume-away",
    [ENTRY_VOLUME_BACK] = "volume-back",
    [ENTRY_VOLUME_LOST] = "volume-lost",
    [ENTRY_EPOCH_CONFIRMED] = "epoch-confirmed",
    [ENTRY_LOG_KEY] = "log-key",
    [ENTRY_WITNESS_ADDED] = "witness-added",
    [ENTRY_LOG_ALLOWED] = "log-allowed",
    [ENTRY_WITNESS_REMOVED] = "witness-removed",
    [ENTRY_WITNESSED] = "witnessed",
    [ENTRY_WITNESS_ALARM] = "witness-alarm",
    [ENTRY_LOG_ALARM] = "log-alarm",
    [ENTRY_ALARM] = "alarm-raised",
    [ENTRY_ALARM_ENDED] = "alarm-ended",
    [ENTRY_REBUILD_BEGUN] = "rebuild-begun",
    [ENTRY_REBUILD_ENDED] = "rebuild-ended",
    [ENTRY_FORECAST] = "disk-forecast",
    [ENTRY_CAPACITY] = "capacity-accepted",
    [ENTRY_LOST] = "footage-lost",
    [ENTRY_EXPORT] = "export",
    [ENTRY_EXPORT_READY] = "export-ready",
    [ENTRY_EXPORT_ERASED] = "export-erased",
};
#define TYPES (sizeof(types) / sizeof(types[0]))

static enum kind tag_kind(unsigned tag)
{
	return tag < TAGS ? tags[tag].kind : ANY;
}

/* May tag follow last? Only served-from and served-to repeat, in pairs. */
static bool order_is_right(int last, unsigned tag)
{
	if (last == TAG_SERVED_FROM)
		return tag == TAG_SERVED_TO;
	if (tag == TAG_SERVED_TO)
		return false;
	if (last == TAG_SERVED_TO && tag == TAG_SERVED_FROM)
		return true;
	return (int)tag > last;
}

static bool size_is_right(unsigned tag, const unsigned char *p, size_t n)
{
	switch (tag_kind(tag)) {
	case NUMBER:
		return n == 8;
	case HASH:
		return n == HASH_BYTES;
	case SIGNATURE:
		return n == SIGN_BYTES;
	case TEXT:
		for (size_t i = 0; i < n; i++)
			if (p[i] < 0x20 || p[i] == 0x7f)
				return false;
		return true;
	case ANY:
		break;
	}
	return true;
}

void entry_begin(struct entry *e, enum entry_type type, struct utc t,
    uint64_t person)
{
	unsigned char *p = e->buf;

	p = be_put(p, VERSION, 1);
	p = be_put(p, (uint64_t)type, 2);
	p = be_put(p, (uint64_t)t.ns, 8);
	p = be_put(p, person, 8);
	e->len = (size_t)(p - e->buf);
	e->last_tag = 0;
	e->err = OK;
}

void entry_put_bytes(struct entry *e, enum entry_tag tag, const void *p,
    size_t n)
{
	unsigned char *q = e->buf + e->len;

	if (e->err)
		return;
	if (tag > 255 || !order_is_right(e->last_tag, tag) ||
	    !size_is_right(tag, p, n)) {
		e->err = ERR_INVALID;
		return;
	}
	if (n > ENTRY_MAX || e->len + FIELD_HEAD + n > ENTRY_MAX) {
		e->err = ERR_TOO_LARGE;
		return;
	}
	q = be_put(q, tag, 1);
	q = be_put(q, n, 2);
	if (n)
		memcpy(q, p, n);
	e->len += FIELD_HEAD + n;
	e->last_tag = (int)tag;
}

void entry_put_u64(struct entry *e, enum entry_tag tag, uint64_t v)
{
	unsigned char b[8];

	be_put(b, v, 8);
	entry_put_bytes(e, tag, b, sizeof(b));
}

void entry_put_i64(struct entry *e, enum entry_tag tag, int64_t v)
{
	entry_put_u64(e, tag, (uint64_t)v);
}

void entry_put_text(struct entry *e, enum entry_tag tag, const char *s)
{
	entry_put_bytes(e, tag, s, strlen(s));
}

enum err entry_end(const struct entry *e)
{
	if (!e->err && e->last_tag == TAG_SERVED_FROM)
		return ERR_INVALID;
	return e->err;
}

void commitment_of(const char *text, const unsigned char salt[COMMITMENT_SALT],
    unsigned char ret[HASH_BYTES])
{
	static const char label[] = "saqta commitment v1\n";
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, label, sizeof(label) - 1);
	sha256_put(&h, salt, COMMITMENT_SALT);
	sha256_put(&h, text, strlen(text));
	sha256_end(&h, ret);
}

void commitment_make(const char *text, unsigned char ret_salt[COMMITMENT_SALT],
    unsigned char ret[HASH_BYTES])
{
	crypt_random(ret_salt, COMMITMENT_SALT);
	commitment_of(text, ret_salt, ret);
}

bool entry_next(const struct entry_view *v, size_t *pos,
    struct entry_field *ret)
{
	const unsigned char *p = v->fields + *pos;
	size_t left = v->fields_n - *pos;

	if (left < FIELD_HEAD || left - FIELD_HEAD < be_get(p + 1, 2))
		return false;
	ret->tag = p[0];
	ret->n = (size_t)be_get(p + 1, 2);
	ret->p = p + FIELD_HEAD;
	*pos += FIELD_HEAD + ret->n;
	return true;
}

enum err entry_parse(const void *p, size_t n, struct entry_view *ret)
{
	const unsigned char *b = p;
	struct entry_view v;
	struct entry_field f;
	size_t pos = 0;
	int last = 0;

	if (n < HEAD || n > ENTRY_MAX || b[0] != VERSION)
		return ERR_FORMAT;
	v.type = (unsigned)be_get(b + 1, 2);
	v.time.ns = (int64_t)be_get(b + 3, 8);
	v.person = be_get(b + 11, 8);
	v.fields = b + HEAD;
	v.fields_n = n - HEAD;
	while (entry_next(&v, &pos, &f)) {
		if (!order_is_right(last, f.tag) ||
		    !size_is_right(f.tag, f.p, f.n))
			return ERR_FORMAT;
		last = (int)f.tag;
	}
	if (pos != v.fields_n || last == TAG_SERVED_FROM || !v.type)
		return ERR_FORMAT;
	*ret = v;
	return OK;
}

/* The entry with all fields but its signature, or with this one. */
static enum err rewrite(const void *p, size_t n, const unsigned char *signature,
    struct entry *ret)
{
	struct entry_field f;
	struct entry_view v;
	bool put = !signature;
	size_t pos = 0;
	enum err e = entry_parse(p, n, &v);

	if (e)
		return e;
	entry_begin(ret, (enum entry_type)v.type, v.time, v.person);
	while (entry_next(&v, &pos, &f)) {
		if (f.tag == TAG_SIGNATURE)
			continue;
		if (!put && f.tag > TAG_SIGNATURE) {
			entry_put_bytes(ret, TAG_SIGNATURE, signature,
			    SIGN_BYTES);
			put = true;
		}
		entry_put_bytes(ret, (enum entry_tag)f.tag, f.p, f.n);
	}
	if (!put)
		entry_put_bytes(ret, TAG_SIGNATURE, signature, SIGN_BYTES);
	return entry_end(ret);
}

enum err act_text(const void *entry, size_t n, unsigned char out[ACT_MAX],
    size_t *ret_n)
{
	static const char label[] = "saqta act v1\n";
	struct entry e;
	enum err err = rewrite(entry, n, NULL, &e);

	if (err)
		return err;
	memcpy(out, label, sizeof(label) - 1);
	memcpy(out + sizeof(label) - 1, e.buf, e.len);
	*ret_n = sizeof(label) - 1 + e.len;
	return OK;
}

enum err act_sign(const void *entry, size_t n,
    const unsigned char signature[SIGN_BYTES], struct entry *ret)
{
	return rewrite(entry, n, signature, ret);
}

uint64_t field_u64(const struct entry_field *f)
{
	return f->n == 8 ? be_get(f->p, 8) : 0;
}

bool entry_find(const struct entry_view *v, enum entry_tag tag,
    struct entry_field *ret)
{
	struct entry_field f;
	size_t pos = 0;

	while (entry_next(v, &pos, &f)) {
		if (f.tag == (unsigned)tag) {
			*ret = f;
			return true;
		}
	}
	return false;
}

bool entry_is_segment(const struct entry_view *v, const char *camera,
    uint64_t seq)
{
	struct entry_field f;

	return v->type == ENTRY_SEGMENT && entry_find(v, TAG_SEQ, &f) &&
	    field_u64(&f) == seq && entry_find(v, TAG_CAMERA, &f) &&
	    f.n == strlen(camera) && !memcmp(f.p, camera, f.n);
}

static const char *const causes[CAUSE_MAX] = {
    [CAUSE_NONE] = "none",
    [CAUSE_NO_ANSWER] = "no-answer",
    [CAUSE_PASSWORD] = "password",
    [CAUSE_NETWORK] = "network",
    [CAUSE_NO_KEY_FRAME] = "no-key-frame",
    [CAUSE_UNSUPPORTED] = "unsupported",
    [CAUSE_CAMERA_ERROR] = "camera-error",
    [CAUSE_DISK_FULL] = "disk-full",
    [CAUSE_DISK_ERROR] = "disk-error",
    [CAUSE_STORAGE_AWAY] = "storage-away",
    [CAUSE_RECORDER_STOPPED] = "recorder-stopped",
    [CAUSE_RECORDER_FAILED] = "recorder-failed",
    [CAUSE_MACHINE_OFF] = "machine-off",
    [CAUSE_SWITCHED_OFF] = "switched-off",
    [CAUSE_NOT_YET] = "not-yet",
    [CAUSE_STREAM_ERROR] = "stream-error",
    [CAUSE_CONNECTING] = "connecting",
    [CAUSE_LOST] = "lost",
    [CAUSE_CLOCK_STEP] = "clock-step",
    [CAUSE_EXPIRED] = "expired",
    [CAUSE_CERTIFICATE] = "certificate",
};

const char *cause_name(enum cause c)
{
	return c >= CAUSE_NONE && c < CAUSE_MAX ? causes[c] : "unknown";
}

const char *entry_type_name(unsigned type)
{
	static _Thread_local char other[24];

	if (type < TYPES && types[type])
		return types[type];
	snprintf(other, sizeof(other), "type-%u", type);
	return other;
}

const char *entry_tag_name(unsigned tag)
{
	static _Thread_local char other[24];

	if (tag < TAGS && tags[tag].name)
		return tags[tag].name;
	snprintf(other, sizeof(other), "tag-%u", tag);
	return other;
}
