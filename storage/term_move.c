#include "storage/term_move.h"

#include <stdio.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/ledger_keys.h"

#define TURN_NS (10 * NS_PER_MS)
#define INDEX_MASK ((UINT64_C(1) << EPOCH_SHIFT) - 1)

static int64_t number(const struct entry_view *v, enum entry_tag tag)
{
	struct entry_field f;

	return entry_find(v, tag, &f) ? (int64_t)field_u64(&f) : 0;
}

static enum err move_one(struct index *ix, struct ledger *l, uint64_t i,
    int64_t step_ns)
{
	unsigned char buf[ENTRY_MAX];
	char camera[CAMERA_ID_MAX + 1];
	struct entry_view v = {0};
	struct entry_field f;
	size_t n;
	enum err err = ledger_get(l, i, buf, &n);

	if (!err)
		err = entry_parse(buf, n, &v);
	if (err || v.type != ENTRY_SEGMENT || number(&v, TAG_RETAIN) <= 0 ||
	    !entry_find(&v, TAG_CAMERA, &f) || f.n > CAMERA_ID_MAX)
		return err;
	snprintf(camera, sizeof(camera), "%.*s", (int)f.n, (const char *)f.p);
	return index_segment_promise(ix, camera, (uint64_t)number(&v, TAG_SEQ),
	    number(&v, TAG_RETAIN) + step_ns);
}

enum err term_move_some(struct index *ix, struct ledger *l, struct term_move *m)
{
	int64_t begun = mono_now().ns;
	uint64_t at = m->at;
	enum err err = index_begin(ix);

	for (; !err && at < m->end && mono_now().ns - begun < TURN_NS; at++)
		err = move_one(ix, l, at & INDEX_MASK, m->step_ns);
	if (!err)
		err = index_commit(ix);
	if (err)
		index_abort(ix);
	else
		m->at = at;
	return err;
}

static void done(struct keeper *k)
{
	k->move = (struct term_move){0};
	if (index_setting_drop(k->ix, TERM_MOVE_SETTING))
		log_warn("that all promises have moved was not noted");
}

/*
 * Without their entries: all rows are looked at, which stalls cameras for some
 * seconds; what had moved before the last start moves once more.
 */
static void move_rows(struct keeper *k)
{
	struct term_move *m = &k->move;

	if (index_terms_move(k->ix, m->at, m->end, m->step_ns))
		log_error("promises were not moved; nothing is erased before "
			  "they are");
	else
		done(k);
}

enum err term_move_begin(struct keeper *k, const struct term_move *m)
{
	enum err err;

	if (m->step_ns <= 0 || m->at >= m->end)
		return OK;
	err = index_setting_keep(k->ix, TERM_MOVE_SETTING, m, sizeof(*m));
	if (!err)
		k->move = *m;
	return err;
}

static bool was_vouched(struct keeper *k, const struct term_move *m)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	size_t n;

	return !ledger_get(k->ledger, m->vouched & INDEX_MASK, buf, &n) &&
	    !entry_parse(buf, n, &v) && v.type == ENTRY_VOUCHED;
}

enum err term_move_start(struct keeper *k)
{
	struct term_move m;
	size_t n;
	enum err err =
	    index_setting_find(k->ix, TERM_MOVE_SETTING, &m, sizeof(m), &n);

	if (err)
		return err == ERR_NOT_FOUND ? OK : err;
	if (n != sizeof(m))
		m = (struct term_move){0};
	k->move = m;
	if (n == sizeof(m) &&
	    m.vouched >> EPOCH_SHIFT !=
		ledger_number(k->ledger, 0) >> EPOCH_SHIFT)
		move_rows(k);
	else if (n != sizeof(m) || !was_vouched(k, &m))
		done(k); /* the power went first */
	return OK;
}

void term_move_turn(struct keeper *k)
{
	struct term_move *m = &k->move;
	enum err err;

	if (!m->step_ns || !k->ix || !k->ledger || k->rebuild)
		return; /* a rebuild does it, too */
	err = m->at < m->end ? term_move_some(k->ix, k->ledger, m) : OK;
	if (err) {
		log_error("promises do not move by their entries: %s",
		    err_text(err));
		move_rows(k);
	} else if (m->at >= m->end) {
		done(k);
	}
}

void term_move_epoch(struct keeper *k)
{
	if (k->move.step_ns)
		move_rows(k);
}
