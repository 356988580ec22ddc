/*
 * term_witness.c - witnesses vouch for the clock (P12): those that a custodian
 * named for it, all of them, in answer to a question of these minutes.
 */
#include <string.h>

#include "storage/api/log.h"
#include "storage/term.h"

#define OPEN_NS (600 * NS_PER_SEC) /* then the question is asked anew */

static bool is_open(const struct keeper *k)
{
	const struct clock_question *q = &k->witnessing.question;

	return q->asked_ns && k->mono.ns - q->asked_ns < OPEN_NS;
}

/* Forward only, and no further than witnesses may vouch for. */
static bool is_wanted(const struct keeper *k)
{
	int64_t behind = k->now.ns - k->rclock.now_ns;
	bool named = false;

	for (size_t i = 0; i < k->witnessing.peers.witnesses; i++)
		named = named || k->witnessing.peers.witness[i].clock;
	return named && k->rclock.untrusted && behind > 0 &&
	    behind <= k->rclock.witness_ns && !k->move.step_ns &&
	    !k->lost_because;
}

/* Durable, so that the next checkpoint covers it. */
static enum err enter_question(struct keeper *k, uint64_t *ret_entry)
{
	unsigned char nonce[HASH_BYTES];
	struct enter x;
	enum err err;

	crypt_random(nonce, sizeof(nonce));
	enter_begin(k, &x, ENTRY_CLOCK_ASKED, 0);
	entry_put_i64(&x.e, TAG_RETENTION, k->rclock.now_ns);
	entry_put_i64(&x.e, TAG_MONO, k->mono.ns);
	entry_put_bytes(&x.e, TAG_NONCE, nonce, sizeof(nonce));
	err = enter_end(k, &x, ret_entry);
	return err ? err : ledger_commit(k->ledger);
}

void term_ask(struct keeper *k)
{
	struct witnessing *x = &k->witnessing;
	struct clock_question *q = &x->question;

	if (!is_wanted(k)) {
		*q = (struct clock_question){0};
		return;
	}
	if (is_open(k))
		return;
	*q = (struct clock_question){0};
	for (size_t i = 0; i < WITNESSES_MAX; i++)
		x->link[i].said_ns = 0;
	if (enter_question(k, &q->entry)) {
		log_error("the witnesses were not asked for the time");
		return;
	}
	q->size = ledger_size(k->ledger);
	q->asked_ns = k->mono.ns;
	witness_hurry(k);
}

/*
 * The earliest of what they said; false where one has not answered, or says
 * another time than the wall clock.
 */
static bool all_agree(const struct keeper *k, struct utc *ret)
{
	const struct witnessing *x = &k->witnessing;
	struct utc first = k->now;

	for (size_t i = 0; i < x->peers.witnesses; i++) {
		struct utc said = {x->link[i].said_ns};

		if (!x->peers.witness[i].clock)
			continue;
		if (!said.ns || !rclock_agrees(k->now, said))
			return false;
		if (said.ns < first.ns)
			first = said;
	}
	*ret = first;
	return true;
}

static void names(const struct peers *p, char *out, size_t room)
{
	*out = '\0';
	for (size_t i = 0; i < p->witnesses; i++) {
		if (!p->witness[i].clock)
			continue;
		if (*out)
			strncat(out, " ", room - strlen(out) - 1);
		strncat(out, p->witness[i].key.name, room - strlen(out) - 1);
	}
}

void term_witnessed(struct keeper *k, size_t i, int64_t time_s)
{
	struct witnessing *x = &k->witnessing;
	const struct clock_question *q = &x->question;
	char who[WITNESSES_MAX * (NOTE_NAME_MAX + 1)];
	struct rclock to = k->rclock;
	struct voucher by = {.witnesses = who, .asked = q->entry};
	struct utc said;
	enum err err;

	/* one that does not cover the nonce may be of any age */
	if (!is_open(k) || x->round.c.size < q->size ||
	    !x->peers.witness[i].clock)
		return;
	x->link[i].said_ns = time_s * NS_PER_SEC;
	said.ns = x->link[i].said_ns;
	if (!rclock_agrees(k->now, said))
		log_warn("witness %s says another time than this box's clock, "
			 "by %lld s: it does not vouch for it",
		    x->peers.witness[i].key.name,
		    (long long)((said.ns - k->now.ns) / NS_PER_SEC));
	if (!all_agree(k, &said) || !rclock_witness(&to, k->now, said))
		return;
	names(&x->peers, who, sizeof(who));
	err = term_vouch(k, &to, &by);
	if (err)
		log_error("the clock was not vouched for: %s", err_text(err));
	else
		x->question = (struct clock_question){0};
}
