/*
 * check_clock.c - P12: where witnesses vouched for the clock, had each one that
 * was named for it signed that time, in answer to that question?
 */
#include "storage/check_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storage/cosign.h"

#define INDEX_MASK ((UINT64_C(1) << EPOCH_SHIFT) - 1)

static int64_t number(const struct entry_view *v, enum entry_tag tag)
{
	struct entry_field f;

	return entry_find(v, tag, &f) ? (int64_t)field_u64(&f) : 0;
}

static struct check_clock_witness *named(struct check *c,
    const struct entry_view *v)
{
	struct entry_field f;

	for (size_t i = 0; entry_find(v, TAG_WITNESS_KEY, &f) && i < c->clock_n;
	     i++)
		if (!memcmp(c->clock[i].key, f.p, KEY_BYTES))
			return &c->clock[i];
	return NULL;
}

static void on_named(struct check *c, const struct entry_view *v)
{
	struct entry_field f;

	if (named(c, v) || c->clock_n == WITNESSES_MAX ||
	    !entry_find(v, TAG_WITNESS_KEY, &f))
		return;
	c->clock[c->clock_n] = (struct check_clock_witness){.said_ns = 0};
	memcpy(c->clock[c->clock_n++].key, f.p, KEY_BYTES);
}

/* It signed the checkpoint whose size and root the entry names, and a time. */
static void on_witnessed(struct check *c, const struct entry_view *v,
    const char *origin)
{
	struct check_clock_witness *w = named(c, v);
	char text[CHECKPOINT_MAX], root[B64_LEN(HASH_BYTES)];
	struct entry_field r, sign;
	int64_t time_s;
	int n;

	if (!w || number(v, TAG_WITNESS_SIZE) < (int64_t)c->clock_asked ||
	    !entry_find(v, TAG_WITNESS_ROOT, &r) ||
	    !entry_find(v, TAG_COSIGNATURE, &sign) || sign.n != COSIGN_BYTES)
		return;
	b64_encode(r.p, HASH_BYTES, true, root);
	n = snprintf(text, sizeof(text), "%s\n%" PRId64 "\n%s\n", origin,
	    number(v, TAG_WITNESS_SIZE), root);
	if (n > 0 && (size_t)n < sizeof(text) &&
	    !cosign_check(text, (size_t)n, w->key, sign.p, &time_s))
		w->said_ns = time_s * NS_PER_SEC;
}

static void on_vouched(struct check *c, uint64_t i, const struct entry_view *v)
{
	bool good = c->clock_asked &&
	    ((uint64_t)number(v, TAG_ASKED) & INDEX_MASK) + 1 == c->clock_asked;

	/* who was named before this epoch stands in a log that may be lost */
	if (v->person || (!c->clock_n && c->epoch_ns))
		return;
	for (size_t k = 0; k < c->clock_n; k++)
		good = good && c->clock[k].said_ns &&
		    c->clock[k].said_ns >= number(v, TAG_RETENTION);
	if (!good || !c->clock_n)
		check_say(c, CHANGED, "P12", NULL, v->time.ns, NULL,
		    "entry %" PRIu64 " moves the retention clock, but not "
		    "every witness that was named for it signed that time",
		    i);
}

void check_clock(struct check *c, uint64_t i, const struct entry_view *v,
    const char *origin)
{
	struct check_clock_witness *w;

	if (v->type == ENTRY_LOG_BEGINS) {
		c->clock_asked = 0;
	} else if (v->type == ENTRY_CLOCK_WITNESS) {
		on_named(c, v);
	} else if (v->type == ENTRY_WITNESS_REMOVED && (w = named(c, v))) {
		*w = c->clock[--c->clock_n];
	} else if (v->type == ENTRY_CLOCK_ASKED) {
		c->clock_asked = i + 1;
		for (size_t k = 0; k < c->clock_n; k++)
			c->clock[k].said_ns = 0;
	} else if (v->type == ENTRY_WITNESSED) {
		on_witnessed(c, v, origin);
	} else if (v->type == ENTRY_VOUCHED) {
		on_vouched(c, i, v);
	}
}
