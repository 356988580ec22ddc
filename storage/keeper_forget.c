/*
 * keeper_forget.c - transactions go with their footage: each hour those whose
 * term is over and that neither footage nor a hold keeps are erased, and their
 * number is entered. Where one cannot tell, nothing goes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/align.h"
#include "storage/api/log.h"
#include "storage/keeper_transaction.h"
#include "storage/retain.h"

#define SWEEP_NS (3600 * NS_PER_SEC)
#define PIECE 500
/* Younger than that is nothing due: six months have 181 days at least. */
#define SHORTEST_NS ((int64_t)RETAIN_DAYS_MIN * 86400 * NS_PER_SEC)

static enum err any_segment(const struct segment_row *s, void *arg)
{
	(void)s;
	*(bool *)arg = true;
	return ERR_GONE; /* enough */
}

struct at {
	const char *atm;
	int64_t from_ns, to_ns;
	bool was;
};

static enum err stood(const struct stood_row *r, void *arg)
{
	struct at *a = arg;

	a->was = a->was ||
	    (r->from_ns <= a->to_ns && a->from_ns < r->to_ns &&
		atm_same(r->value, a->atm));
	return OK;
}

/* Does footage of that ATM in the video's [from, to), or a hold, keep it? */
static enum err is_kept(struct keeper *k, const struct transaction *t,
    int64_t from, int64_t to, bool *ret)
{
	struct camera_row row = {0};
	enum err err;

	while (!(err = index_camera_next(k->ix, row.id, &row))) {
		struct at a = {t->atm, from, to, false};

		err = index_stood(k->ix, STOOD_ATM, row.id, stood, &a);
		if (err)
			return err;
		if (!a.was && !atm_same(row.atm, t->atm))
			continue;
		if (holds_cover(&k->holds, row.id, from, to)) {
			*ret = true;
			return OK;
		}
		err = index_segments(k->ix, row.id, from, to, any_segment, ret);
		if (err && err != ERR_GONE)
			return err;
		if (*ret)
			return OK;
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

static void enter_erased(struct keeper *k)
{
	struct transactions *x = k->tx;
	struct enter e;

	x->sweeping = false;
	x->next_sweep_ns = k->mono.ns + SWEEP_NS;
	if (!x->dropped)
		return;
	enter_begin(k, &e, ENTRY_TRANSACTIONS_ERASED, 0);
	entry_put_i64(&e.e, TAG_TO, x->swept_to_ns);
	entry_put_u64(&e.e, TAG_EVENTS, x->dropped);
	if (enter_end(k, &e, NULL))
		log_error("erased transactions were not entered");
	x->dropped = 0;
}

void forget_dropped(struct keeper *k, const struct scribe_job *j)
{
	k->tx->dropping = false;
	if (!j->err)
		k->tx->dropped += j->n;
}

static bool may_forget(const struct keeper *k)
{
	return !k->holds_broken && !k->rebuild && !k->rclock.untrusted &&
	    ledger_erasure_allowed(k);
}

/* The due ones among n rows, as a job. */
static enum err gather(struct keeper *k, const struct transaction_row *r,
    size_t n, struct utc both, struct scribe_job *j)
{
	struct alignments clocks;
	enum err err = index_alignments(k->ix, &clocks);

	if (err)
		return err;
	for (size_t i = 0; !err && i < n; i++) {
		int64_t from, to;
		bool kept;

		transaction_span(&clocks, &r[i].t, &from, &to);
		kept =
		    retain_until((struct utc){to}, (unsigned)k->conf.extra_days)
			.ns > both.ns;
		if (!kept)
			err = is_kept(k, &r[i].t, from, to, &kept);
		if (!err && !kept) {
			j->drop[j->n++] = r[i].id;
			k->tx->swept_to_ns = r[i].t.time_ns;
		}
	}
	free(clocks.all);
	return err;
}

/* When it was set aside: by the index, or as old as the file looks. */
static enum err damaged_since(struct keeper *k, int64_t *ret_ns)
{
	struct stat st;
	size_t n;

	if (fstatat(k->data_fd, TRANSACTIONS_DAMAGED, &st, 0) < 0)
		return ERR_NOT_FOUND;
	if (index_setting_find(k->ix, TRANSACTIONS_LOST, ret_ns,
		sizeof(*ret_ns), &n) ||
	    n != sizeof(*ret_ns))
		*ret_ns = st.st_mtim.tv_sec * NS_PER_SEC;
	return OK;
}

/*
 * A damaged file cannot be erased row by row. It goes once all that it can have
 * is beyond its term, by both clocks, and no hold reaches so far back.
 */
static void forget_damaged(struct keeper *k)
{
	struct utc both = rclock_both(&k->rclock, k->now);
	int64_t since = 0;

	if (damaged_since(k, &since) ||
	    retain_until((struct utc){since + TRANSACTION_AFTER_NS},
		(unsigned)k->conf.extra_days)
		    .ns > both.ns ||
	    holds_reach(&k->holds, since + TRANSACTION_AFTER_NS))
		return;
	if (transactions_wipe(k->data_fd, TRANSACTIONS_DAMAGED))
		log_error(TRANSACTIONS_DAMAGED " was not erased");
	else
		log_info(TRANSACTIONS_DAMAGED
		    " was erased: what it can have is beyond its term");
}

void forget_tick(struct keeper *k)
{
	static struct transaction_row rows[PIECE];
	struct transactions *x = k->tx;
	struct utc both = rclock_both(&k->rclock, k->now);
	struct scribe_job *j;
	size_t n = 0;
	enum err err;

	if (x->dropping || !may_forget(k) ||
	    (!x->sweeping && k->mono.ns < x->next_sweep_ns))
		return;
	if (!x->sweeping) {
		forget_damaged(k);
		x->at_ns = x->at_id = 0;
		x->sweeping = true;
	}
	err = transactions_oldest(x->read, x->at_ns, x->at_id,
	    both.ns - SHORTEST_NS, rows, PIECE, &n);
	if (err || !n) {
		if (err)
			log_error("transactions: %s", err_text(err));
		enter_erased(k);
		return;
	}
	j = calloc(1, sizeof(*j));
	if (j)
		j->drop = calloc(PIECE, sizeof(*j->drop));
	err = j && j->drop ? gather(k, rows, n, both, j) : ERR_NO_MEMORY;
	x->at_ns = rows[n - 1].t.time_ns;
	x->at_id = rows[n - 1].id;
	if (!err && j->n) {
		x->dropping = true;
		err = scribe_put(k, j);
		x->dropping = !err;
		j = NULL;
	}
	if (j) {
		free(j->drop);
		free(j);
	}
	if (err)
		log_error("transactions: %s", err_text(err));
}
