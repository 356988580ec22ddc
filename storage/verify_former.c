/*
 * verify_former.c - what stands in the log of a former epoch. Each former log is
 * proved like the present one, and its checkpoint is the one that entry 0 of
 * the log after it names; so what is trusted of the present one, its entry 0,
 * reaches back.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/ledger_keys.h"
#include "storage/verify_state.h"

static void bad(struct verify *v, const char *name, const char *what)
{
	verify_finding(v, false, "former", name, -1, "%s: %s", name, what);
}

unsigned verify_epoch_of(const struct proof *f)
{
	const struct proof_entry *x = proof_find(f, 0);
	struct entry_field n;

	if (!x || !entry_find(&x->view, TAG_LOG_EPOCH, &n))
		return 1;
	return field_u64(&n) <= EPOCHS_MAX ? (unsigned)field_u64(&n) : 0;
}

static bool names(const struct proof_entry *x, enum entry_tag size,
    enum entry_tag root, const struct checkpoint *c)
{
	struct entry_field f;

	return field_is_u64(x, size, c->size) &&
	    entry_find(&x->view, root, &f) && f.n == HASH_BYTES &&
	    !memcmp(f.p, c->root, HASH_BYTES);
}

/*
 * Does the next log's entry 0 name this log, key and checkpoint: the newest
 * that was known, or the one that was left?
 */
static bool is_named(const struct proof *next, const struct proof *f,
    const unsigned char key[KEY_BYTES])
{
	const struct proof_entry *x = proof_find(next, 0);
	const struct checkpoint *c = &f->checkpoint;
	struct entry_field k;

	return x && field_is(x, TAG_FORMER, c->origin) &&
	    (names(x, TAG_FORMER_SIZE, TAG_FORMER_ROOT, c) ||
		names(x, TAG_KEPT_SIZE, TAG_KEPT_ROOT, c)) &&
	    (!entry_find(&x->view, TAG_FORMER_KEY, &k) ||
		(k.n == KEY_BYTES && !memcmp(k.p, key, KEY_BYTES)));
}

/* One that the policy's witnesses have to have seen, too. */
static void check_witnesses(struct verify *v, const struct proof *f)
{
	char who[256];
	int64_t t;

	if (!v->policy || v->policy->quorum < 0)
		return;
	if (!policy_quorum(v->policy, f->note, f->note_n, &t, who,
		sizeof(who)) &&
	    verify_rests_below(f, f->checkpoint.size))
		return;
	if (f->seen.size &&
	    !policy_quorum(v->policy, f->seen_note, f->seen_n, &t, who,
		sizeof(who)) &&
	    verify_rests_below(f, f->seen.size))
		return;
	v->out->origin = false;
	v->unseen = true;
}

static enum err check_one(struct verify *v, unsigned epoch,
    const struct proof *next, struct proof *f)
{
	const struct proof_entry *first;
	unsigned char *p, key[KEY_BYTES];
	char name[32];
	uint64_t wrong;
	size_t n, text_n;
	enum err e;

	snprintf(name, sizeof(name), "former-%u.txt", epoch);
	e = verify_read(v, name, PROOF_MAX, &p, &n);
	if (e)
		return e;
	e = proof_parse(p, n, f);
	free(p);
	if (e == ERR_FORMAT || e == ERR_TOO_LARGE)
		bad(v, name, "it is not a proof");
	if (e)
		return e;
	first = proof_find(f, 0);
	if (proof_follow(f, &wrong))
		bad(v, name, "an entry is not in the log of this checkpoint");
	else if (!first || first->view.type != ENTRY_LOG_BEGINS ||
	    !field_is(first, TAG_ORIGIN, f->checkpoint.origin) ||
	    verify_epoch_of(f) != epoch || !verify_own_key(f, first, key) ||
	    note_check(f->note, f->note_n, f->checkpoint.origin, key,
		&text_n) ||
	    (f->seen.size && proof_grown(f)))
		bad(v, name, "it is no proof of that log");
	else if (!is_named(next, f, key))
		bad(v, name, "the log after it names another checkpoint");
	else
		check_witnesses(v, f);
	return OK;
}

/* The lowest and the highest former epoch that the manifest names. */
struct span_of_epochs {
	unsigned lowest, highest;
};

static void widen(struct span_of_epochs *s, unsigned epoch)
{
	if (epoch && epoch < s->lowest)
		s->lowest = epoch;
	if (epoch > s->highest)
		s->highest = epoch;
}

static struct span_of_epochs named_epochs(const struct manifest *m)
{
	struct span_of_epochs s = {UINT_MAX, 0};

	widen(&s, m->request_epoch);
	widen(&s, m->decision_epoch);
	for (size_t i = 0; i < m->segments_n; i++)
		widen(&s, m->segments[i].epoch);
	for (size_t i = 0; i < m->empty_n; i++)
		widen(&s, m->empty[i].epoch);
	for (size_t i = 0; i < m->gaps_n; i++)
		widen(&s, m->gaps[i].epoch);
	for (size_t i = 0; i < m->opened_n; i++)
		widen(&s, m->opened[i].epoch);
	return s;
}

enum err verify_former(struct verify *v)
{
	const struct proof *next = &v->proof;
	struct span_of_epochs named = named_epochs(&v->manifest);
	unsigned own = verify_epoch_of(&v->proof), lowest = named.lowest;
	enum err e = OK;

	if (!named.highest)
		return OK;
	if (named.highest >= own) {
		verify_finding(v, false, "former", "manifest.json", -1,
		    "the manifest names an epoch that is not a former one");
		return OK;
	}
	v->former = calloc(own - lowest, sizeof(*v->former));
	if (!v->former)
		return ERR_NO_MEMORY;
	v->former_first = lowest;
	v->former_n = own - lowest;
	for (unsigned epoch = own - 1; epoch >= lowest && !e; epoch--) {
		e = check_one(v, epoch, next, &v->former[epoch - lowest]);
		next = &v->former[epoch - lowest];
	}
	return e == ERR_NO_MEMORY || e == ERR_DISK ? e : OK;
}

const struct proof *verify_proof_of(const struct verify *v, unsigned epoch)
{
	if (!epoch)
		return &v->proof;
	return epoch >= v->former_first &&
		epoch - v->former_first < v->former_n ?
	    &v->former[epoch - v->former_first] :
	    NULL;
}

void verify_former_free(struct verify *v)
{
	for (unsigned i = 0; i < v->former_n; i++)
		proof_free(&v->former[i]);
	free(v->former);
}
