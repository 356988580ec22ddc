#include "storage/expire.h"

#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/expire_files.h"
#include "storage/expire_sweep.h"
#include "storage/keeper_wal.h"

#define PIECE 32	/* segments whose files go in one turn */
#define CUT_NS (30 * NS_PER_SEC) /* the log is cut later, if somebody reads */

enum err expire_new(struct expire **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? OK : ERR_NO_MEMORY;
}

static void end_sweep(struct expire *x)
{
	due_free(&x->due);
	free(x->plan);
	free(x->seqs);
	x->plan = NULL;
	x->seqs = NULL;
	x->seqs_n = x->seqs_room = 0;
	x->phase = IDLE;
}

void expire_free(struct expire *x)
{
	if (!x)
		return;
	end_sweep(x);
	free(x);
}

bool expire_busy(const struct keeper *k)
{
	return k->expire->phase != IDLE;
}

bool expire_waits(const struct keeper *k)
{
	return k->expire->phase == CUT ||
	    (k->expire->phase == ROWS_GO && wal_is_full(k));
}

void expire_stop(struct keeper *k)
{
	end_sweep(k->expire);
}

/* --- keys --- */

static enum err count_stay(const struct segment_row *s, void *arg)
{
	struct survey *l = arg;

	l->stay += !due_may(s, &l->k->holds, l->k->expire->both);
	return OK;
}

static enum err any_open(const struct segment_row *s, void *arg)
{
	struct survey *l = arg;

	(void)s;
	l->stay++;
	return OK;
}

/* A hold may have come since, or a term grown. The sums say it of most days. */
static enum err look_again(struct keeper *k, const struct due_day *d,
    struct survey *l)
{
	struct day_row sums;
	int64_t from = 0, to = 0;
	enum err err = index_day_find(k->ix, d->camera, d->day, &sums);

	if (!err)
		err = index_day_bounds(k->ix, &sums, &from, &to);
	if (!err && due_whole(&sums, &k->holds, k->expire->both, from, to)) {
		err = index_segments_open_at(k->ix, d->camera, to, any_open, l);
		if (err || !l->stay)
			return err;
	}
	l->stay = 0;
	return index_segments_of_day(k->ix, d->camera, d->day, 0, UINT32_MAX,
	    count_stay, l);
}

static bool is_over(struct keeper *k, const char *request,
    struct request_row *q)
{
	if (index_request_find(k->ix, request, q))
		return true;
	return (q->state != REQUEST_APPROVED &&
		   q->state != REQUEST_SHORTENED) ||
	    q->ends_ns <= k->now.ns;
}

/* Grants that have ended, and those of footage that goes now. */
static bool grant_goes(struct keeper *k, const char *request)
{
	const struct expire *x = k->expire;
	struct request_row q;

	if (is_over(k, request, &q))
		return true;
	for (size_t i = 0; i < x->due.n; i++) {
		const struct due_day *d = &x->due.days[i];

		if (x->plan[i].go && q.granted_from_ns <= d->to_ns &&
		    q.granted_to_ns > d->from_ns &&
		    list_has(q.granted_cameras, d->camera))
			return true;
	}
	return false;
}

static bool drop_grants(struct keeper *k)
{
	char name[REQUEST_ID_MAX];
	const char *request;
	uint64_t person;
	bool any = false;

	for (size_t i = 0;
	     keyring_grant_at(k->keyring, i, &request, &person);) {
		if (!grant_goes(k, request)) {
			i++;
			continue;
		}
		strncpy(name, request, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		keyring_drop_grant(k->keyring, name);
		any = true;
	}
	return any;
}

/* Of a day whose held segments have keys of their own: those that go now. */
static enum err drop_held_one(const struct segment_row *s, void *arg)
{
	struct survey *l = arg;

	if (due_may(s, &l->k->holds, l->k->expire->both))
		keyring_drop_held(l->k->keyring, s->camera, s->day, s->seq);
	return OK;
}

static enum err drop_held(struct keeper *k, const struct due_day *d,
    bool *ret_any)
{
	struct survey l = {.k = k};
	enum err err = index_segments_of_day(k->ix, d->camera, d->day, 0,
	    UINT32_MAX, drop_held_one, &l);

	*ret_any |= keyring_is_held(k->keyring, d->camera, d->day);
	return err;
}

/*
 * The entries "erasing" are durable first; a hold that came since keeps the
 * key. From here on what is erased with its key is gone.
 */
static enum err keys(struct keeper *k)
{
	struct expire *x = k->expire;
	bool rekey = false;
	enum err err = ledger_commit(k->ledger);

	for (size_t i = 0; i < x->due.n && !err; i++) {
		struct due_day *d = &x->due.days[i];
		struct survey l = {.k = k};

		if (!x->plan[i].go)
			continue;
		if (x->plan[i].method == ERASE_KEY)
			err = look_again(k, d, &l);
		if (l.stay)
			x->plan[i].method = ERASE_HEADERS;
		if (!err && x->plan[i].method == ERASE_HEADERS)
			err = drop_held(k, d, &rekey);
		if (err || x->plan[i].method == ERASE_HEADERS)
			continue;
		keyring_drop_day(k->keyring, d->camera, d->day);
		rekey = true;
	}
	if (!err)
		err = sweep_unused(k, &rekey);
	if (!err && drop_grants(k))
		rekey = true;
	if (!err && rekey)
		err = keyring_rekey(k->keyring);
	x->phase = FILES;
	x->at = 0;
	x->cursor = 0;
	x->seqs_n = 0;
	return err;
}

/* --- files, entry, rows --- */

struct piece {
	struct keeper *k;
	uint64_t seqs[PIECE];
	size_t n, seen;
};

/* P2, P4: asked of each segment right before its files go. */
static enum err piece_one(const struct segment_row *s, void *arg)
{
	struct piece *p = arg;
	struct expire *x = p->k->expire;

	p->seen++;
	x->cursor = s->seq;
	if (!due_may(s, &p->k->holds, x->both))
		return OK;
	if (volume_is_away(s->volume)) {
		x->pending[s->volume % VOLUMES_MAX] = true;
		return OK;
	}
	p->seqs[p->n++] = s->seq;
	if (s->start_ns < x->from_ns)
		x->from_ns = s->start_ns;
	if (s->end_ns > x->to_ns)
		x->to_ns = s->end_ns;
	return sweep_seq(x, s->seq);
}

static enum err day_erased(struct keeper *k, struct due_day *d, struct plan *p)
{
	struct expire *x = k->expire;
	struct erasure_row row = {.from_ns = x->from_ns,
	    .to_ns = x->to_ns,
	    .erasing = p->erasing,
	    .method = p->method};
	uint64_t entry = 0;
	enum err err;

	if (!x->seqs_n) /* all of it is held by now */
		row.from_ns = row.to_ns = d->from_ns;
	err =
	    sweep_enter(k, ENTRY_ERASED, d, p, row.from_ns, row.to_ns, &entry);
	if (!err)
		err = ledger_commit(k->ledger);
	row.entry = (int64_t)entry;
	memcpy(row.camera, d->camera, sizeof(row.camera));
	memcpy(row.day, d->day, sizeof(row.day));
	if (!err)
		err = index_erasure_put(k->ix, &row);
	if (!err)
		log_info("camera %s, %s: %zu segments were erased (%s)",
		    d->camera, d->day, x->seqs_n,
		    p->method == ERASE_KEY ? "key destroyed" :
					     "headers overwritten");
	x->phase = ROWS_GO;
	return err;
}

/* A volume whose keyring still has the day's key counts, too. */
static void begin_pending(struct expire *x, const struct keyring *ring,
    const struct plan *p)
{
	memset(x->pending, 0, sizeof(x->pending));
	for (unsigned i = 0; i < volumes_count(); i++)
		if (p->method == ERASE_KEY && keyring_is_behind(ring, i))
			x->pending[volume_at(i)->number % VOLUMES_MAX] = true;
}

/*
 * P3: what one folder does not give up keeps no other day. Its key is gone, or
 * its headers are tried again, with the next sweep.
 */
static enum err stays(struct expire *x, const struct due_day *d, enum err err)
{
	log_error("camera %s, %s: its files were not erased: %s", d->camera,
	    d->day, err_text(err));
	x->st.failed = err;
	x->at++;
	x->cursor = 0;
	x->seqs_n = 0;
	return OK;
}

static enum err files(struct keeper *k)
{
	struct expire *x = k->expire;
	struct due_day *d = &x->due.days[x->at];
	struct plan *p = &x->plan[x->at];
	struct piece piece = {.k = k};
	enum err err;

	if (!p->go) {
		x->at++;
		return OK;
	}
	if (!x->cursor) {
		x->from_ns = INT64_MAX;
		x->to_ns = INT64_MIN;
		begin_pending(x, k->keyring, p);
	}
	err = sweep_runs(x) >= SWEEP_RANGES_MAX - PIECE ?
	    OK :
	    index_segments_of_day(k->ix, d->camera, d->day, x->cursor, PIECE,
		piece_one, &piece);
	if (err)
		return err;
	if (piece.n)
		err = expire_files_erase(k->data_fd, d->camera, d->day,
		    piece.seqs, piece.n, p->method == ERASE_HEADERS);
	if (!err && !piece.seen && p->method == ERASE_KEY)
		err = expire_files_day(k->data_fd, d->camera, d->day);
	if (err)
		return stays(x, d, err);
	return piece.seen ? OK : day_erased(k, d, p);
}

static enum err rows(struct keeper *k)
{
	struct expire *x = k->expire;
	const char *camera = x->due.days[x->at].camera;
	enum err err = expire_waits(k) ?
	    OK :
	    index_segments_erase(k->ix, camera, x->seqs, &x->seqs_n);

	if (!err && !x->seqs_n) {
		x->at++;
		x->cursor = 0;
		x->phase = FILES;
	}
	return err;
}

/* --- the end of a sweep --- */

struct over {
	struct keeper *k;
	struct request_row *rows;
	size_t n;
};

static enum err over_one(const struct request_row *r, void *arg)
{
	struct over *o = arg;
	struct request_row *more = realloc(o->rows, (o->n + 1) * sizeof(*more));

	if (!more)
		return ERR_NO_MEMORY;
	o->rows = more;
	o->rows[o->n++] = *r;
	return OK;
}

static enum err is_there(const struct segment_row *s, void *arg)
{
	bool *there = arg;

	(void)s;
	*there = true;
	return ERR_GONE; /* enough */
}

static bool footage_left(struct keeper *k, const struct request_row *q)
{
	char list[sizeof(q->cameras)], *save = NULL;
	bool there = false;

	memcpy(list, q->cameras, sizeof(list));
	for (char *id = strtok_r(list, " ", &save); id && !there;
	     id = strtok_r(NULL, " ", &save))
		if (index_segments(k->ix, id, q->from_ns, q->to_ns, is_there,
			&there))
			there = true;
	return there;
}

/* The texts of a request die with the last of its footage. */
static enum err forget_texts(struct keeper *k)
{
	struct over o = {.k = k};
	struct request_row q;
	enum err err =
	    index_requests_old(k->ix, k->expire->both.ns, over_one, &o);

	for (size_t i = 0; i < o.n && !err; i++)
		if (is_over(k, o.rows[i].id, &q) &&
		    q.state != REQUEST_SUBMITTED &&
		    !footage_left(k, &o.rows[i]))
			err = index_request_forget(k->ix, &o.rows[i]);
	free(o.rows);
	return err;
}

static void report(struct keeper *k, enum err failed)
{
	struct expire *x = k->expire;
	struct due due = {0};

	x->st.swept_ns = k->rclock.now_ns;
	x->st.failed = failed;
	if (!due_gather(k->ix, &k->holds, rclock_both(&k->rclock, k->now),
		&due)) {
		x->st.due = due.segments;
		x->st.due_bytes = due.bytes;
		x->st.held = due.held;
		x->st.overdue = due.overdue;
		x->st.kept_days = 0;
		for (size_t i = 0; i < due.n; i++)
			x->st.kept_days += due.days[i].held > 0;
	}
	due_free(&due);
	if (x->st.overdue)
		log_error("%llu segments are overdue: they should have been "
			  "erased a day ago",
		    (unsigned long long)x->st.overdue);
	if (index_setting_put(k->ix, EXPIRE_SETTING, &x->st, sizeof(x->st)))
		log_warn("the state of expiry was not kept");
}

/* Erased rows may not stay in the log: the sweep is over when they do not. */
static enum err cut(struct keeper *k)
{
	struct expire *x = k->expire;
	enum err err = wal_cut_state(k);

	if (err == ERR_BUSY && k->mono.ns < x->cut_until_ns)
		return OK;
	if (err == ERR_BUSY)
		log_warn("somebody reads the index for long: its log has "
			 "erased rows until he is done");
	x->phase = IDLE;
	return err;
}

static enum err end(struct keeper *k, enum err err)
{
	struct expire *x = k->expire;

	end_sweep(x);
	report(k, err == ERR_BUSY ? OK : err ? err : (enum err)x->st.failed);
	x->st.failed = OK;
	return OK;
}

static enum err step(struct keeper *k)
{
	struct expire *x = k->expire;
	bool more = false;
	enum err err;

	switch (x->phase) {
	case IDLE:
		return sweep_begin(k);
	case PLAN:
		if (x->at == x->due.n) {
			x->phase = KEYS;
			return OK;
		}
		err = sweep_plan_day(k, &x->due.days[x->at], &x->plan[x->at],
		    &more);
		if (more)
			return OK;
		x->at++;
		x->cursor = 0;
		if (err == ERR_INTEGRITY) { /* of this camera-day alone */
			x->st.failed = err;
			err = OK;
		}
		return err;
	case KEYS:
		return keys(k);
	case ROWS_GO:
		return rows(k);
	case FILES:
		if (x->at < x->due.n)
			return files(k);
		err = forget_texts(k);
		if (err || !x->due.segments)
			return end(k, err);
		x->phase = CUT;
		x->cut_until_ns = k->mono.ns + CUT_NS;
		wal_cut(k);
		return OK;
	case CUT:
		err = cut(k);
		return err || x->phase == IDLE ? end(k, err) : OK;
	}
	return OK;
}

void expire_turn(struct keeper *k)
{
	struct expire *x = k->expire;
	enum err err;

	if (x->phase == IDLE && k->mono.ns < x->next_ns)
		return;
	err = step(k);
	if (!err)
		return;
	if (err != ERR_UNAVAILABLE)
		log_error("expiry: %s; it is tried again in an hour",
		    err_text(err));
	end_sweep(x);
	report(k, err);
}

enum err expire_due(struct keeper *k, struct due *ret)
{
	return due_gather(k->ix, &k->holds, rclock_both(&k->rclock, k->now),
	    ret);
}
