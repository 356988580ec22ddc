#include "storage/term.h"

#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/retain.h"
#include "storage/volume.h"

#define ENTER_NS (INT64_C(3600) * NS_PER_SEC)
#define KEEP_NS (60 * NS_PER_SEC)

static enum err enter_clock(struct keeper *k)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_RETENTION, 0);
	entry_put_text(&x.e, TAG_BOOT, k->rclock.boot);
	entry_put_i64(&x.e, TAG_RETENTION, k->rclock.now_ns);
	entry_put_i64(&x.e, TAG_MONO, k->rclock.mono_ns);
	entry_put_i64(&x.e, TAG_BUDGET, k->rclock.budget_ns);
	entry_put_u64(&x.e, TAG_UNTRUSTED, k->rclock.untrusted);
	entry_put_i64(&x.e, TAG_WITNESS_LEFT, k->rclock.witness_ns);
	return enter_end(k, &x, NULL);
}

static int64_t number(const struct entry_view *v, enum entry_tag tag)
{
	struct entry_field f;

	return entry_find(v, tag, &f) ? (int64_t)field_u64(&f) : 0;
}

static void from_entry(const struct entry_view *v, struct rclock *c)
{
	struct entry_field f;

	*c = (struct rclock){.now_ns = number(v, TAG_RETENTION),
	    .mono_ns = number(v, TAG_MONO),
	    .budget_ns = number(v, TAG_BUDGET),
	    .untrusted = (uint64_t)number(v, TAG_UNTRUSTED),
	    .witness_ns = entry_find(v, TAG_WITNESS_LEFT, &f) ?
		(int64_t)field_u64(&f) :
		RCLOCK_WITNESS_NS};
	if (entry_find(v, TAG_BOOT, &f))
		snprintf(c->boot, sizeof(c->boot), "%.*s", (int)f.n,
		    (const char *)f.p);
}

/* The last one that was entered; there is one an hour. ERR_NOT_FOUND. */
static enum err find_entry(struct keeper *k, struct rclock *c)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	size_t n;

	for (uint64_t i = ledger_size(k->ledger); i--;) {
		enum err err = ledger_get(k->ledger, i, buf, &n);

		if (!err)
			err = entry_parse(buf, n, &v);
		if (err)
			return err;
		if (v.type != ENTRY_RETENTION && v.type != ENTRY_VOUCHED)
			continue;
		from_entry(&v, c);
		return OK;
	}
	return ERR_NOT_FOUND;
}

/* The index may know an hour more than the ledger, not more: P12. */
static void find_setting(struct keeper *k, struct rclock *c)
{
	struct rclock kept;
	size_t n;

	if (index_setting_find(k->ix, RCLOCK_SETTING, &kept, sizeof(kept),
		&n) ||
	    n != sizeof(kept) || kept.now_ns < c->now_ns ||
	    kept.now_ns > c->now_ns + 2 * ENTER_NS || kept.budget_ns < 0 ||
	    kept.budget_ns > RCLOCK_BUDGET_NS || kept.witness_ns < 0 ||
	    kept.witness_ns > RCLOCK_WITNESS_NS ||
	    kept.boot[sizeof(kept.boot) - 1])
		return;
	kept.untrusted = c->untrusted;
	*c = kept;
}

static void keep(struct keeper *k)
{
	if (index_setting_put(k->ix, RCLOCK_SETTING, &k->rclock,
		sizeof(k->rclock)))
		log_warn("the retention clock was not kept");
	k->rclock_kept_ns = k->mono.ns;
}

/* From the moment that it is not trusted, promises are made by it. */
static void judge(struct keeper *k)
{
	bool trusted = rclock_trusts(&k->rclock, k->now);

	if (trusted == !k->rclock.untrusted)
		return;
	if (trusted) {
		k->rclock.untrusted = 0;
		log_warn("the clock can be trusted again");
	} else {
		k->rclock.untrusted = ledger_size(k->ledger) + 1;
		log_error("the clock cannot be trusted: it is %lld s away "
			  "from the observed time; nothing is erased until a "
			  "custodian vouches for it (saqta clock vouch)",
		    (long long)((k->now.ns - k->rclock.now_ns) / NS_PER_SEC));
	}
	if (enter_clock(k))
		log_error("the retention clock was not entered");
	keep(k);
}

static void save_holds(struct keeper *k)
{
	if (k->holds_broken)
		return;
	/* the copy may only stand for what is durable */
	if (ledger_dirty(k->ledger) && ledger_commit(k->ledger))
		return;
	if (holds_save(k->data_fd, &k->holds)) {
		log_error("the copy of the holds was not written");
		return;
	}
	k->holds.changed = false;
	for (unsigned i = 1; i < volumes_count(); i++)
		if (volume_at(i)->fd >= 0 &&
		    holds_save(volume_at(i)->fd, &k->holds))
			log_warn("%s: the copy of the holds was not written",
			    volume_at(i)->path);
}

/* A new epoch has begun: what the former log held is entered anew (P4). */
static enum err enter_former(struct keeper *k, const struct holds *former)
{
	struct enter x;
	enum err err = OK;

	for (size_t i = 0; i < former->n && !err; i++) {
		const struct hold *h = &former->h[i];

		enter_begin(k, &x, ENTRY_HOLD, h->owner);
		entry_put_i64(&x.e, TAG_FROM, h->from_ns);
		entry_put_i64(&x.e, TAG_TO, h->to_ns);
		if (*h->request)
			entry_put_text(&x.e, TAG_REQUEST, h->request);
		enter_cameras(&x, h->cameras);
		if (h->review_ns)
			entry_put_i64(&x.e, TAG_REVIEW, h->review_ns);
		err = enter_end(k, &x, NULL);
	}
	for (size_t i = 0; i < former->longer_n && !err; i++) {
		enter_begin(k, &x, ENTRY_TERM, 0);
		entry_put_text(&x.e, TAG_CAMERA, former->longer[i].camera);
		entry_put_u64(&x.e, TAG_EXTRA_DAYS, former->longer[i].days);
		err = enter_end(k, &x, NULL);
	}
	k->holds.changed = true;
	return err;
}

static enum err start_holds(struct keeper *k)
{
	struct holds former = {0};
	enum err err = holds_load(k->data_fd, k->ledger, &k->holds, &former);

	if (err == ERR_NO_MEMORY)
		return err;
	if (err) {
		log_error("the ledger's holds cannot be read: %s; nothing is "
			  "erased",
		    err_text(err));
		k->holds_broken = true;
		return OK;
	}
	err = enter_former(k, &former);
	holds_free(&former);
	return err;
}

enum err term_start(struct keeper *k)
{
	enum err err = find_entry(k, &k->rclock);

	if (err == ERR_NOT_FOUND) {
		rclock_begin(&k->rclock, k->now, k->mono, k->boot);
	} else if (err) {
		return err;
	} else {
		find_setting(k, &k->rclock);
		rclock_observe(&k->rclock, k->now, k->mono, k->boot);
	}
	judge(k);
	err = enter_clock(k);
	if (!err)
		err = start_holds(k);
	if (!err)
		err = term_move_start(k);
	k->rclock_entered_ns = k->mono.ns;
	keep(k);
	return err;
}

void term_epoch(struct keeper *k)
{
	struct holds former = k->holds;
	bool untrusted = k->rclock.untrusted;
	enum err err;

	term_move_epoch(k);
	k->holds = (struct holds){0};
	k->rclock.untrusted = untrusted; /* its entry 0 and all since */
	err = holds_load(k->data_fd, k->ledger, &k->holds, NULL);
	if (!err)
		err = enter_former(k, &former);
	if (!err)
		err = enter_clock(k);
	if (err) {
		log_error("holds were not entered anew: %s; nothing is erased",
		    err_text(err));
		k->holds_broken = true;
	}
	holds_free(&former);
}

void term_tick(struct keeper *k)
{
	rclock_observe(&k->rclock, k->now, k->mono, k->boot);
	judge(k);
	term_ask(k);
	if (k->mono.ns - k->rclock_kept_ns >= KEEP_NS)
		keep(k);
	if (k->mono.ns - k->rclock_entered_ns >= ENTER_NS) {
		k->rclock_entered_ns = k->mono.ns;
		if (enter_clock(k))
			log_error("the retention clock was not entered");
		k->holds.changed = true;
	}
	if (k->holds.changed)
		save_holds(k);
}

void term_stop(struct keeper *k)
{
	rclock_observe(&k->rclock, k->now, k->mono, k->boot);
	if (enter_clock(k))
		log_error("the retention clock was not entered");
	keep(k);
	save_holds(k);
}

void term_promise(const struct keeper *k, struct segment_row *r)
{
	unsigned extra = (unsigned)k->conf.extra_days;
	unsigned longer = holds_longer(&k->holds, r->camera);
	struct utc until = retain_from((struct utc){r->end_ns}, k->now,
	    (struct utc){k->rclock.now_ns});

	until = retain_until(until, longer > extra ? longer : extra);
	if (until.ns > r->retain_ns)
		r->retain_ns = until.ns;
}

static enum err enter_vouched(struct keeper *k, const struct rclock *to,
    const struct voucher *by, uint64_t *ret_entry)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_VOUCHED, by->person);
	entry_put_text(&x.e, TAG_BOOT, to->boot);
	if (by->person)
		enter_text(&x, TAG_REASON, by->reason);
	entry_put_i64(&x.e, TAG_RETENTION, to->now_ns);
	entry_put_i64(&x.e, TAG_MONO, to->mono_ns);
	entry_put_i64(&x.e, TAG_BUDGET, to->budget_ns);
	entry_put_i64(&x.e, TAG_RETENTION_BEFORE, k->rclock.now_ns);
	entry_put_u64(&x.e, TAG_UNTRUSTED, 0);
	if (k->rclock.untrusted)
		entry_put_u64(&x.e, TAG_MOVED_FROM, k->rclock.untrusted - 1);
	entry_put_i64(&x.e, TAG_WITNESS_LEFT, to->witness_ns);
	if (!by->person) {
		entry_put_u64(&x.e, TAG_ASKED, by->asked);
		entry_put_text(&x.e, TAG_WITNESS, by->witnesses);
	}
	return enter_end(k, &x, ret_entry);
}

/*
 * What was promised while the clock was not trusted was promised in the time of
 * the retention clock: when that is put forward, so is the promise.
 */
enum err term_vouch(struct keeper *k, const struct rclock *to,
    const struct voucher *by)
{
	uint64_t since = k->rclock.untrusted;
	struct term_move m = {.step_ns = to->now_ns - k->rclock.now_ns};
	enum err err;

	if (k->move.step_ns)
		return ERR_BUSY; /* what was vouched for last still moves */
	err = enter_vouched(k, to, by, &m.vouched);
	if (!err && since) {
		m.at = ledger_number(k->ledger, since - 1);
		m.end = m.vouched;
		err = term_move_begin(k, &m);
	}
	if (err)
		return err;
	k->rclock = *to;
	log_warn("the clock was vouched for%s%s: the retention clock moves by "
		 "%lld s",
	    by->person ? "" : " by ", by->person ? "" : by->witnesses,
	    (long long)(m.step_ns / NS_PER_SEC));
	keep(k);
	if (index_setting_put(k->ix, VOUCHED_SETTING, &m.vouched,
		sizeof(m.vouched)))
		log_warn("who vouched for the clock was not noted");
	return OK;
}
