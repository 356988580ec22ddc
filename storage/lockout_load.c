/*
 * lockout_load.c - the delays of before storage was started anew, from the
 * refused sign-ins that the ledger has of the last hour: cutting the power
 * gives nobody more tries.
 */
#include "storage/bytes.h"
#include "storage/ledger_keys.h"
#include "storage/lockout.h"

#define LOOK_BACK 200000 /* entries */

static enum err get(struct ledger *l, uint64_t i, unsigned char buf[ENTRY_MAX],
    struct entry_view *ret)
{
	size_t n;
	enum err e = ledger_get(l, i, buf, &n);

	return e ? e : entry_parse(buf, n, ret);
}

/* The first entry that is not older than that. */
static uint64_t first_since(struct ledger *l, int64_t since_ns)
{
	uint64_t size = ledger_size(l), i = size;
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;

	while (i && size - i < LOOK_BACK && !get(l, i - 1, buf, &v) &&
	    v.time.ns >= since_ns)
		i--;
	return i;
}

/* Who it was is known by his number, also where a power cut took the text. */
static void take(struct lockout *l, struct index *ix, uint64_t number,
    const struct entry_view *v, struct mono at)
{
	bool failed = v->type == ENTRY_SIGN_IN_REFUSED;
	uint64_t person = v->person;
	char text[TEXT_MAX];
	struct entry_field f;
	struct person_row p;

	if (failed)
		person = entry_find(v, TAG_PERSON, &f) ? field_u64(&f) : 0;
	if (person && !index_person_find(ix, person, &p)) {
		if (failed)
			lockout_failed(l, LOCKOUT_USER, p.user, at);
		else
			lockout_passed(l, LOCKOUT_USER, p.user);
	} else if (failed && !index_text_find(ix, number, TAG_NAME, text)) {
		lockout_failed(l, LOCKOUT_USER, text, at);
	}
	if (failed && !index_text_find(ix, number, TAG_ADDRESS, text))
		lockout_failed(l, LOCKOUT_ADDRESS, text, at);
}

void lockout_load(struct lockout *l, struct ledger *ledger, struct index *ix,
    struct utc now, struct mono mono)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;

	for (uint64_t i = first_since(ledger, now.ns - LOCKOUT_FORGIVEN_NS);
	     !get(ledger, i, buf, &v); i++) {
		/* a clock that was set back makes nothing younger than now */
		int64_t age = now.ns > v.time.ns ? now.ns - v.time.ns : 0;

		if (v.type == ENTRY_SIGN_IN_REFUSED || v.type == ENTRY_SIGN_IN)
			take(l, ix, ledger_number(ledger, i), &v,
			    (struct mono){mono.ns - age});
	}
}
