/*
 * expire_held.c - the key of a day of which a hold needs a part dies as soon as
 * a custodian's reader has wrapped the file keys of what is left to another one
 * (P3, P4). Until then it stands as it is: nothing held is ever without a key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/expire_files.h"
#include "storage/expire_sweep.h"
#include "storage/keyring_line.h"
#include "storage/people.h"

/* As for a sweep, and none runs; the clock is not asked, no term is judged. */
static enum err may_erase(struct keeper *k, const struct conn *c)
{
	if (c->reader->role != ROLE_CUSTODIAN)
		return ERR_DENIED;
	if (expire_busy(k))
		return ERR_BUSY;
	return k->holds_broken || k->rebuild || !ledger_erasure_allowed(k) ?
	    ERR_UNAVAILABLE :
	    OK;
}

/* The old key still stands, for what holds keep, and something was erased. */
static bool waits(struct keeper *k, const struct due_day *d)
{
	struct erasure_row row;
	struct age_recipient r;

	return d->held && !d->segments &&
	    !keyring_find_day(k->keyring, d->camera, d->day, &r) &&
	    !keyring_is_held(k->keyring, d->camera, d->day) &&
	    !index_erased_find(k->ix, d->camera, d->day, &row);
}

void handle_held_days(struct keeper *k, struct conn *c, struct wire *w)
{
	struct due due = {0};
	uint32_t id = w->id;
	char *text = NULL, *p;
	int fd = -1;
	enum err err = wire_end(w);

	if (!err)
		err = may_erase(k, c);
	if (!err)
		err = expire_due(k, &due);
	if (!err && !(text = malloc(due.n * (CAMERA_ID_MAX + 13) + 2)))
		err = ERR_NO_MEMORY;
	p = text;
	for (size_t i = 0; i < due.n && !err; i++)
		if (waits(k, &due.days[i]))
			p += sprintf(p, "%s %s\n", due.days[i].camera,
			    due.days[i].day);
	if (!err && p == text)
		p = stpcpy(p, "\n");
	if (!err)
		err = bulk_from(text, (size_t)(p - text), &fd);
	due_free(&due);
	free(text);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, MSG_HELD_DAYS_IS, id);
	conn_send(c, w, fd);
}

/* Does it stand for exactly what is left of the day? */
struct left {
	struct keeper *k;
	const struct keyring_day *d;
	size_t at;
	bool differs, due;
};

static enum err left_one(const struct segment_row *s, void *arg)
{
	struct left *l = arg;
	bool there = l->at < l->d->held_n && l->d->held[l->at].seq == s->seq;

	l->at += there;
	l->differs |=
	    s->state == SEGMENT_OPEN || (!there && s->state != SEGMENT_LOST);
	l->due |=
	    due_may(s, &l->k->holds, rclock_both(&l->k->rclock, l->k->now));
	return sweep_seq(l->k->expire, s->seq);
}

static enum err held_ok(struct keeper *k, const struct keyring_day *d)
{
	struct expire *x = k->expire;
	struct left l = {.k = k, .d = d};
	struct due_day day = {.held = 1};
	bool other = false;
	enum err err;

	memcpy(day.camera, d->camera, sizeof(day.camera));
	memcpy(day.day, d->date, sizeof(day.day));
	x->seqs_n = 0;
	err = index_segments_of_day(k->ix, d->camera, d->date, 0, UINT32_MAX,
	    left_one, &l);
	if (!err)
		err = expire_files_other(k->data_fd, d->camera, d->date,
		    x->seqs, x->seqs_n, &other);
	if (err)
		return err;
	if (!d->is_held || !waits(k, &day))
		return ERR_INVALID;
	return l.differs || l.due || l.at != d->held_n || other ? ERR_BUSY : OK;
}

/* One wrap, to those whom a new day's key is wrapped to. */
static enum err wraps_ok(struct keeper *k, const struct keyring_day *d,
    uint64_t ids[AGE_RECIPIENTS_MAX], size_t *ret_n)
{
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	char mark[KEYRING_MARK];
	enum err err = custodian_recipients(k->ix, &k->roots, &k->site.paper,
	    to, ids, ret_n);

	if (err)
		return err;
	keyring_mark(to, *ret_n, mark);
	return d->wraps_n != 1 || strcmp(d->mark, mark) != 0 ||
		!keyring_is_wrap_for(d->wraps[0], strlen(d->wraps[0]), *ret_n) ?
	    ERR_INVALID :
	    OK;
}

static enum err enter_held(struct keeper *k, const struct conn *c,
    const struct keyring_day *d, const uint64_t *ids, size_t n)
{
	unsigned char to[8 * AGE_RECIPIENTS_MAX];
	struct enter x;
	enum err err;

	for (size_t i = 0; i < n; i++)
		be_put(to + 8 * i, ids[i], 8);
	k->expire->seqs_n = 0;
	for (size_t i = 0; i < d->held_n; i++)
		if ((err = sweep_seq(k->expire, d->held[i].seq)))
			return err;
	enter_begin(k, &x, ENTRY_HELD_KEYS, c->reader->person);
	entry_put_text(&x.e, TAG_CAMERA, d->camera);
	entry_put_text(&x.e, TAG_DAY, d->date);
	entry_put_text(&x.e, TAG_RECIPIENT, d->recipient);
	entry_put_bytes(&x.e, TAG_WRAPPED_TO, to, 8 * n);
	sweep_put_seqs(&x, k->expire);
	err = enter_end(k, &x, NULL);
	return err ? err : ledger_commit(k->ledger);
}

/* Given: d. The entry is durable first; both keys open the same footage. */
static enum err change_key(struct keeper *k, struct keyring_day *d)
{
	struct keyring_day *old = d, *unused;
	enum err err = keyring_swap_day(k->keyring, d, &old);

	if (!err && (err = keyring_rekey(k->keyring)) &&
	    !keyring_swap_day(k->keyring, old, &unused))
		old = d; /* it is asked for again */
	if (!err)
		log_info("camera %s, %s: the day's key is destroyed; %zu "
			 "segments that are held have keys of their own",
		    d->camera, d->date, d->held_n);
	keyring_day_free(old);
	return err;
}

static enum err held_put(struct keeper *k, const struct conn *c,
    struct keyring_day *d)
{
	uint64_t ids[AGE_RECIPIENTS_MAX];
	size_t n = 0;
	enum err err = held_ok(k, d);

	if (!err)
		err = wraps_ok(k, d, ids, &n);
	if (!err)
		err = enter_held(k, c, d, ids, n);
	if (err) {
		keyring_day_free(d);
		return err;
	}
	return change_key(k, d);
}

void handle_held_put(struct keeper *k, struct conn *c, struct wire *w)
{
	char camera[CAMERA_ID_MAX + 1], day[11];
	struct keyring_line line = {0};
	uint32_t id = w->id;
	const void *p = NULL;
	size_t n = 0;
	enum err err;

	wire_get_text(w, camera, sizeof(camera));
	wire_get_text(w, day, sizeof(day));
	err = wire_end(w);
	if (!err)
		err = may_erase(k, c);
	if (!err)
		err = bulk_map(w->fd, WIRE_BULK_MAX, &p, &n);
	if (!err)
		err = n ? keyring_line_parse(p, n - 1, &line) : ERR_FORMAT;
	bulk_unmap(p, n);
	if (!err &&
	    (!line.day || strcmp(line.day->camera, camera) != 0 ||
		strcmp(line.day->date, day) != 0))
		err = ERR_INVALID;
	if (!err)
		err = held_put(k, c, line.day);
	else
		keyring_day_free(line.day);
	keyring_grant_free(line.grant);
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}
