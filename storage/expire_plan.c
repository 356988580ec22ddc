/*
 * expire_plan.c - before anything is erased: holds that are let go, the guard,
 * whether the ledger agrees, the entry "erasing".
 */
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/expire_files.h"
#include "storage/expire_sweep.h"

#define LOOK 128	/* segments that are looked up in the ledger in one turn */
#define SWEEP_NS (INT64_C(3600) * NS_PER_SEC)
#define GUARD_NS (INT64_C(86400) * NS_PER_SEC)

enum err sweep_seq(struct expire *x, uint64_t seq)
{
	if (x->seqs_n == x->seqs_room) {
		size_t room = x->seqs_room ? 2 * x->seqs_room : 256;
		uint64_t *more = realloc(x->seqs, room * sizeof(*more));

		if (!more)
			return ERR_NO_MEMORY;
		x->seqs = more;
		x->seqs_room = room;
	}
	x->seqs[x->seqs_n++] = seq;
	return OK;
}

size_t sweep_runs(const struct expire *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->seqs_n; i++)
		n += !i || x->seqs[i] != x->seqs[i - 1] + 1;
	return n;
}

/* Runs of numbers: u64 first, u64 last, ... */
void sweep_put_seqs(struct enter *e, const struct expire *x)
{
	unsigned char buf[SWEEP_RANGES_MAX * 16];
	size_t n = 0;

	for (size_t i = 0; i < x->seqs_n && n < sizeof(buf); n += 16) {
		size_t last = i;

		while (last + 1 < x->seqs_n &&
		    x->seqs[last + 1] == x->seqs[last] + 1)
			last++;
		be_put(buf + n, x->seqs[i], 8);
		be_put(buf + n + 8, x->seqs[last], 8);
		i = last + 1;
	}
	entry_put_bytes(&e->e, TAG_SEQS, buf, n);
}

/* Volumes that are away: what lies there is still to be erased. */
static uint64_t pending(const struct expire *x)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < VOLUMES_MAX; i++)
		n += x->pending[i];
	return n;
}

enum err sweep_enter(struct keeper *k, enum entry_type type,
    const struct due_day *d, const struct plan *p, int64_t from, int64_t to,
    uint64_t *ret)
{
	struct enter e;

	enter_begin(k, &e, type, 0);
	entry_put_text(&e.e, TAG_CAMERA, d->camera);
	entry_put_text(&e.e, TAG_DAY, d->day);
	entry_put_i64(&e.e, TAG_FROM, from);
	entry_put_i64(&e.e, TAG_TO, to);
	entry_put_u64(&e.e, TAG_METHOD, p->method);
	sweep_put_seqs(&e, k->expire);
	if (type == ENTRY_ERASED) {
		entry_put_u64(&e.e, TAG_ERASING, p->erasing);
		entry_put_u64(&e.e, TAG_PENDING, pending(k->expire));
	}
	return enter_end(k, &e, ret);
}

static enum err look_one(const struct segment_row *s, void *arg)
{
	struct survey *l = arg;

	l->more = true;
	l->k->expire->cursor = s->seq;
	if (!due_may(s, &l->k->holds, l->k->expire->both)) {
		l->stay++;
		return OK;
	}
	if (!due_agrees(l->k->ledger, s, l->k->expire->both))
		l->disagrees = true;
	l->away += volume_is_away(s->volume);
	return sweep_seq(l->k->expire, s->seq);
}

/* What all of its segments say. */
static enum err plan_day(struct keeper *k, struct due_day *d, struct plan *p)
{
	struct expire *x = k->expire;
	const struct survey l = x->survey;
	struct erasure_row row;
	bool other = false;
	enum err err;

	if (!x->seqs_n)
		return OK;
	if (l.disagrees) {
		log_error("camera %s, %s: index and ledger disagree about what "
			  "is due; nothing of it is erased",
		    d->camera, d->day);
		return ERR_INTEGRITY;
	}
	err = expire_files_other(k->data_fd, d->camera, d->day, x->seqs,
	    x->seqs_n, &other);
	if (err) { /* P2: one cannot tell; of this camera-day alone */
		log_error("camera %s, %s: its folder cannot be read: %s; "
			  "nothing of it is erased",
		    d->camera, d->day, err_text(err));
		x->st.failed = err;
		return OK;
	}
	if (other && !l.stay)
		log_warn("camera %s, %s: there is footage that the index does "
			 "not know; the day's key is kept",
		    d->camera, d->day);
	p->method = l.stay || other ? ERASE_HEADERS : ERASE_KEY;
	p->go = true;
	if (!index_erasing_find(k->ix, d->camera, d->day, &row)) {
		p->erasing = row.erasing;
		return OK;
	}
	if (sweep_runs(x) > SWEEP_RANGES_MAX)
		d->to_ns = d->from_ns; /* what is really erased says "erased" */
	err = sweep_enter(k, ENTRY_ERASING, d, p, d->from_ns, d->to_ns,
	    &p->erasing);
	row = (struct erasure_row){.from_ns = d->from_ns,
	    .to_ns = d->to_ns,
	    .erasing = p->erasing,
	    .entry = -1,
	    .method = p->method};
	memcpy(row.camera, d->camera, sizeof(row.camera));
	memcpy(row.day, d->day, sizeof(row.day));
	return err ? err : index_erasure_put(k->ix, &row);
}

enum err sweep_plan_day(struct keeper *k, struct due_day *d, struct plan *p,
    bool *ret_more)
{
	struct expire *x = k->expire;
	enum err err;

	*ret_more = false;
	if (!d->segments)	/* all of it held, or left to the guard */
		return OK;
	if (!x->cursor) {
		x->seqs_n = 0;
		x->survey = (struct survey){.k = k};
	}
	x->survey.more = false;
	err = index_segments_of_day(k->ix, d->camera, d->day, x->cursor, LOOK,
	    look_one, &x->survey);
	*ret_more = !err && x->survey.more;
	return err || *ret_more ? err : plan_day(k, d, p);
}

static enum err here_one(const struct segment_row *s, void *arg)
{
	struct survey *l = arg;

	l->stay += due_may(s, &l->k->holds, l->k->expire->both) &&
	    !volume_is_away(s->volume);
	return OK;
}

/*
 * Days whose key is gone and whose files wait for a volume that is away: there
 * is nothing to do, and the guard must not count them for ever, nor hold them
 * up when they are back.
 */
static enum err pass_over_away(struct keeper *k)
{
	struct expire *x = k->expire;
	struct age_recipient r;
	enum err err = OK;

	for (size_t i = 0; i < x->due.n && !err; i++) {
		struct due_day *d = &x->due.days[i];
		struct survey l = {.k = k};

		if (keyring_find_day(k->keyring, d->camera, d->day, &r) !=
		    ERR_NOT_FOUND)
			continue;
		x->plan[i].key_gone = true;
		err = index_segments_of_day(k->ix, d->camera, d->day, 0,
		    UINT32_MAX, here_one, &l);
		if (!l.stay)
			d->segments = 0;
	}
	return err;
}

static uint64_t count_days(const struct expire *x, uint64_t limit,
    const char **ret_last)
{
	const struct due_day *d = x->due.days;
	const char *last = "";
	uint64_t n = 0;

	for (size_t i = 0; i < x->due.n; i++) {
		if (!d[i].segments || x->plan[i].key_gone ||
		    !strcmp(last, d[i].day))
			continue;
		if (n == limit)
			break;
		last = d[i].day;
		n++;
	}
	if (ret_last)
		*ret_last = last;
	return n;
}

/* What is not plausible: only the oldest few go in one day, until all went. */
static enum err guard(struct keeper *k)
{
	struct expire *x = k->expire;
	uint64_t days = count_days(x, UINT64_MAX, NULL), allowed;
	int64_t age = k->rclock.now_ns - x->st.guard_ns;
	const char *last;
	struct enter e;
	enum err err = OK;

	if (days <= EXPIRE_PLAUSIBLE && !x->st.throttled)
		return OK;
	if (age < 0 || age >= GUARD_NS) {
		x->st.guard_ns = k->rclock.now_ns;
		x->st.guard_days = 0;
	}
	allowed =
	    EXPIRE_DAYS > x->st.guard_days ? EXPIRE_DAYS - x->st.guard_days : 0;
	allowed = count_days(x, allowed, &last);
	x->st.guard_days += allowed;
	for (size_t i = 0; i < x->due.n; i++)
		if (!x->plan[i].key_gone &&
		    (!allowed || strcmp(x->due.days[i].day, last) > 0))
			x->due.days[i].segments = 0;
	if (days > allowed && !x->st.throttled) {
		log_error("%llu days are due at once: only %d a day are "
			  "erased; see whether the clock is right",
		    (unsigned long long)days, EXPIRE_DAYS);
		enter_begin(k, &e, ENTRY_THROTTLED, 0);
		entry_put_u64(&e.e, TAG_DUE_DAYS, days);
		err = enter_end(k, &e, NULL);
	}
	x->st.throttled = days - allowed;
	return err;
}

/* Holds of requests that are over are let go, by trusted time alone. */
static enum err let_go(struct keeper *k)
{
	struct enter e;
	enum err err = OK;

	for (size_t i = 0; i < k->holds.n && !err;) {
		const struct hold *h = &k->holds.h[i];

		if (!h->ends_ns || h->ends_ns > k->expire->both.ns) {
			i++;
			continue;
		}
		enter_begin(k, &e, ENTRY_RELEASED, 0);
		if (*h->request)
			entry_put_text(&e.e, TAG_REQUEST, h->request);
		entry_put_u64(&e.e, TAG_HOLD, h->id);
		err = enter_end(k, &e, NULL);
		if (!err && k->holds_broken)
			err = ERR_INTEGRITY;
	}
	return err;
}

enum err sweep_begin(struct keeper *k)
{
	struct expire *x = k->expire;
	enum err err;

	x->next_ns = k->mono.ns + SWEEP_NS;
	x->both = rclock_both(&k->rclock, k->now);
	if (k->rclock.untrusted || k->move.step_ns || k->holds_broken ||
	    k->rebuild || !ledger_erasure_allowed(k))
		return ERR_UNAVAILABLE;
	err = let_go(k);
	if (!err)
		err = due_gather(k->ix, &k->holds, x->both, &x->due);
	if (!err && !(x->plan = calloc(x->due.n + 1, sizeof(*x->plan))))
		err = ERR_NO_MEMORY;
	if (!err)
		err = pass_over_away(k);
	if (!err)
		err = guard(k);
	if (err)
		return err;
	x->at = 0;
	x->cursor = 0;
	x->phase = PLAN;
	return OK;
}
