/*
 * handle_align.c - the clock of an ATM's journal beside the video's (align.h):
 * measured by who watches, or told to have jumped by an import; entered.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/align.h"
#include "storage/api/log.h"
#include "storage/keeper_transaction.h"

struct sample {
	int64_t transaction, at_ns, journal_ns;
};

struct samples {
	char request[REQUEST_ID_MAX];
	char atm[TRANSACTION_ATM_MAX + 1];
	int64_t from_ns;	/* by the journal; 0: its day */
	struct sample of[ALIGN_SAMPLES_MAX];
	size_t n;
};

static enum err samples_get(struct wire *w, struct samples *s)
{
	wire_get_text(w, s->request, sizeof(s->request));
	s->from_ns = wire_get_i64(w);
	s->n = wire_get_u8(w);
	if (s->n > ALIGN_SAMPLES_MAX)
		return ERR_BAD_MESSAGE;
	for (size_t i = 0; i < s->n; i++) {
		s->of[i].transaction = wire_get_i64(w);
		s->of[i].at_ns = wire_get_i64(w);
	}
	return wire_end(w);
}

struct hung {
	const char *atm;
	int64_t ns;
	bool was;
};

static enum err was_there(const struct stood_row *r, void *arg)
{
	struct hung *h = arg;

	h->was = h->was ||
	    (r->from_ns <= h->ns && h->ns < r->to_ns &&
		atm_same(r->value, h->atm));
	return OK;
}

/* Is the picture one of the grant, of a camera that hung at that ATM? */
static enum err picture_ok(struct keeper *k, const struct request_row *q,
    const char *atm, int64_t at_ns)
{
	struct hung h = {atm, at_ns, false};
	struct camera_row row = {0};
	enum err err = OK;

	if (at_ns < q->granted_from_ns - LEASE_ROUND_NS ||
	    at_ns > q->granted_to_ns + LEASE_ROUND_NS)
		return ERR_NOT_APPROVED;
	while (!err && !h.was) {
		err = index_camera_next(k->ix, row.id, &row);
		if (!err && list_has(q->granted_cameras, row.id))
			err = index_stood(k->ix, STOOD_ATM, row.id, was_there,
			    &h);
	}
	return err == ERR_NOT_FOUND ? ERR_NOT_APPROVED : err;
}

/* One ATM, each of its transactions once, within what was granted. */
static enum err samples_ok(struct keeper *k, const struct request_row *q,
    struct samples *s)
{
	struct transaction t;
	enum err err = s->n ? OK : ERR_INVALID;

	for (size_t i = 0; !err && i < s->n; i++) {
		for (size_t j = 0; j < i; j++)
			if (s->of[j].transaction == s->of[i].transaction)
				return ERR_INVALID;
		err =
		    transaction_find_id(k->tx->read, s->of[i].transaction, &t);
		if (err)
			break;
		if (i && strcmp(s->atm, t.atm) != 0)
			return ERR_INVALID;
		strcpy(s->atm, t.atm);
		s->of[i].journal_ns = t.cash_ns ? t.cash_ns : t.time_ns;
		err = picture_ok(k, q, t.atm, s->of[i].at_ns);
	}
	return err;
}

static int64_t earliest(const struct samples *s)
{
	int64_t ns = s->of[0].journal_ns;

	for (size_t i = 1; i < s->n; i++)
		if (s->of[i].journal_ns < ns)
			ns = s->of[i].journal_ns;
	return ns;
}

static enum err enter(struct keeper *k, const char *request,
    struct alignment *a)
{
	struct enter e;
	enum err err;

	a->made_ns = k->now.ns;
	enter_begin(k, &e, ENTRY_JOURNAL_CLOCK, a->person);
	entry_put_i64(&e.e, TAG_FROM, a->from_ns);
	if (*request)
		entry_put_text(&e.e, TAG_REQUEST, request);
	enter_text(&e, TAG_ATM, a->atm);
	entry_put_i64(&e.e, TAG_OFFSET, a->offset_ms);
	entry_put_i64(&e.e, TAG_UNCERTAINTY, a->uncertainty_ms);
	entry_put_u64(&e.e, TAG_SAMPLES, a->samples);
	if (a->jump_ms)
		entry_put_i64(&e.e, TAG_JUMP, a->jump_ms);
	err = enter_end(k, &e, &a->entry);
	if (!err)
		err = index_alignment_put(k->ix, a);
	if (!err && a->jump_ms)
		log_warn("ALARM: the clock of the journal of ATM %s has jumped "
			 "by %.1f s against the video's",
		    a->atm, (double)a->jump_ms / 1e3);
	return err;
}

static enum err measure(struct keeper *k, const struct samples *s,
    struct alignment *a)
{
	int64_t offset[ALIGN_SAMPLES_MAX], first = earliest(s);
	struct alignments all;
	enum err err = index_alignments(k->ix, &all);

	if (err)
		return err;
	for (size_t i = 0; i < s->n; i++)
		offset[i] = (s->of[i].at_ns - s->of[i].journal_ns) / NS_PER_MS;
	strcpy(a->atm, s->atm);
	a->samples = (unsigned)s->n;
	a->from_ns = s->from_ns;
	if (!a->from_ns)
		a->from_ns =
		    utc_day_start(utc_local_day((struct utc){first})).ns;
	if (a->from_ns > first)
		err = ERR_INVALID;
	align_measure(offset, s->n, &a->offset_ms, &a->uncertainty_ms);
	a->jump_ms = align_jump(align_find(&all, a->atm, first), a->offset_ms,
	    a->uncertainty_ms);
	free(all.all);
	return err;
}

void handle_align(struct keeper *k, struct conn *c, struct wire *w)
{
	struct alignment a = {.person = c->reader->person};
	struct samples s = {.n = 0};
	struct request_row q;
	uint32_t id = w->id;
	enum err err = samples_get(w, &s);

	if (!err)
		err = grant_good(k, c->reader, s.request, &q);
	if (!err)
		err = samples_ok(k, &q, &s);
	if (!err)
		err = measure(k, &s, &a);
	if (!err)
		err = enter(k, s.request, &a);
	if (err) {
		conn_error(c, id, err,
		    err == ERR_INVALID ?
			"Samples are of one ATM, each of another transaction, "
			"and none is before the time from which they hold." :
			NULL);
		return;
	}
	wire_begin(w, MSG_ALIGN_IS, id);
	wire_put_u64(w, a.entry);
	wire_put_str(w, a.atm);
	wire_put_i64(w, a.from_ns);
	wire_put_i64(w, a.offset_ms);
	wire_put_i64(w, a.uncertainty_ms);
	wire_put_i64(w, a.jump_ms);
	conn_send(c, w, -1);
}

/* The same file again, or another that overlaps it. */
static bool is_known(const struct alignments *all, const struct alignment *a)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->all[i].samples && all->all[i].from_ns == a->from_ns &&
		    !strcmp(all->all[i].atm, a->atm))
			return true;
	return false;
}

/* From there on nobody knows better than before and by the jump less. */
enum err align_import(struct keeper *k, const char *atm, int64_t to_ns,
    int64_t back_ms)
{
	struct alignment a = {.from_ns = to_ns, .jump_ms = back_ms};
	struct alignments all;
	struct aligned at;
	enum err err = index_alignments(k->ix, &all);

	if (err)
		return err;
	strcpy(a.atm, atm);
	at = align_at(&all, atm, to_ns);
	a.offset_ms = (at.ns - to_ns) / NS_PER_MS;
	a.uncertainty_ms = at.uncertainty_ns / NS_PER_MS + back_ms;
	if (back_ms * NS_PER_MS > at.uncertainty_ns && !is_known(&all, &a))
		err = enter(k, "", &a);
	free(all.all);
	return err;
}
