/*
 * export_gap.c - the gaps of a package, each with the entry that says so: the
 * one that closed it, or that of the erasure.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/array.h"
#include "storage/export.h"

/* A gap is closed in the ledger when recording begins again, by that clock. */
#define EARLY_NS (30 * NS_PER_SEC)
#define LATE_NS (300 * NS_PER_SEC)
#define LOOK_MAX 50000u /* entries; then it counts as not entered */

struct rows {
	struct gap_row *rows;
	size_t n, room;
};

static enum err gather(const struct gap_row *g, void *arg)
{
	struct rows *r = arg;

	if (!array_room(&r->rows, r->n, &r->room, sizeof(*g)))
		return ERR_NO_MEMORY;
	r->rows[r->n++] = *g;
	return OK;
}

static enum err read_entry(struct ledger *l, uint64_t i,
    unsigned char buf[ENTRY_MAX], struct entry_view *ret)
{
	size_t n;
	enum err err = ledger_get(l, i, buf, &n);

	return err ? err : entry_parse(buf, n, ret);
}

/*
 * The first entry of that time or later. Entries stand in the order of the
 * wall clock but for its steps: beside one, what is looked for may be missed.
 */
static enum err find_time(struct ledger *l, uint64_t end, int64_t ns,
    uint64_t *ret)
{
	uint64_t lo = 0, hi = end;
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		enum err err = read_entry(l, mid, buf, &v);

		if (err)
			return err;
		if (v.time.ns < ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = lo;
	return OK;
}

static bool closes(const struct entry_view *v, const struct gap_row *g)
{
	struct entry_field camera, from, to, cause;

	return v->type == ENTRY_GAP_CLOSED &&
	    entry_find(v, TAG_CAMERA, &camera) &&
	    camera.n == strlen(g->camera) &&
	    !memcmp(camera.p, g->camera, camera.n) &&
	    entry_find(v, TAG_FROM, &from) &&
	    (int64_t)field_u64(&from) == g->from_ns &&
	    entry_find(v, TAG_TO, &to) && (int64_t)field_u64(&to) == g->to_ns &&
	    entry_find(v, TAG_CAUSE, &cause) && field_u64(&cause) == g->cause;
}

/*
 * The entry of one log that closed the gap of this row, before `end`; *ret
 * stays where there is none.
 */
static enum err find_closed_in(struct ledger *l, uint64_t end,
    const struct gap_row *g, uint64_t *ret)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	uint64_t first;
	enum err err = find_time(l, end, g->to_ns - EARLY_NS, &first);

	for (uint64_t i = first; !err && i < end; i++) {
		if (i - first == LOOK_MAX)
			break;
		err = read_entry(l, i, buf, &v);
		if (err || v.time.ns > g->to_ns + LATE_NS)
			break;
		if (closes(&v, g)) {
			*ret = i;
			break;
		}
	}
	return err;
}

/* Its number, of whichever log has it; *ret stays where none has. */
static enum err find_closed(struct export *x, const struct gap_row *g,
    int64_t *ret)
{
	enum err err = OK;

	for (unsigned epoch = ledger_epoch(x->own); epoch && !err; epoch--) {
		uint64_t end = export_spare(x, epoch), i = UINT64_MAX;
		uint64_t first = (uint64_t)(epoch - 1) << EPOCH_SHIFT;
		struct ledger *l;

		if (!end || export_find(x, first, &l, &i))
			break;
		i = UINT64_MAX;
		err = find_closed_in(l, end, g, &i);
		if (!err && i != UINT64_MAX) {
			*ret = (int64_t)(first | i);
			break;
		}
	}
	return err;
}

static enum err put(struct export *x, struct export_gap g)
{
	if (g.from_ns < x->request.granted_from_ns)
		g.from_ns = x->request.granted_from_ns;
	if (g.to_ns > x->request.granted_to_ns)
		g.to_ns = x->request.granted_to_ns;
	if (g.from_ns >= g.to_ns)
		return OK;
	if (!array_room(&x->gaps, x->gaps_n, &x->gaps_room, sizeof(g)))
		return ERR_NO_MEMORY;
	x->gaps[x->gaps_n++] = g;
	return g.entry < 0 ? OK : export_entry_add(x, (uint64_t)g.entry);
}

/* Erased by its term: the erasure's own entry says so. */
static enum err put_expired(struct export *x, struct index *ix,
    const char *camera, struct export_gap g)
{
	struct erasure_row e;
	struct ledger *l;
	uint64_t index;
	enum err err = index_erasure_find(ix, camera, g.from_ns, g.to_ns, &e);

	if (err && err != ERR_NOT_FOUND)
		return err;
	if (!err && e.entry >= 0 && e.from_ns <= g.from_ns &&
	    e.to_ns >= g.to_ns &&
	    !export_find(x, (uint64_t)e.entry, &l, &index) &&
	    index < export_spare(x, (unsigned)(e.entry >> EPOCH_SHIFT) + 1))
		g.entry = e.entry;
	return put(x, g);
}

/* A gap of the coverage, in pieces: one for each row that covers of it. */
static enum err put_span(struct export *x, const struct rows *r,
    struct export_gap g)
{
	int64_t to = g.to_ns;
	enum err err = OK;

	for (size_t i = 0; i < r->n && g.from_ns < to && !err; i++) {
		const struct gap_row *row = &r->rows[i];
		struct export_gap piece = g;

		if (row->cause != g.cause || row->to_ns <= g.from_ns ||
		    row->from_ns >= to || row->to_ns == INT64_MAX)
			continue;
		if (row->from_ns > g.from_ns + COVERAGE_JOIN_NS) {
			piece.to_ns = row->from_ns;
			err = put(x, piece);
			piece.from_ns = row->from_ns;
		}
		piece.to_ns =
		    row->to_ns < to - COVERAGE_JOIN_NS ? row->to_ns : to;
		if (row->to_ns < to - COVERAGE_JOIN_NS)
			g.from_ns = row->to_ns;
		else
			g.from_ns = to;
		if (!err)
			err = find_closed(x, row, &piece.entry);
		if (!err)
			err = put(x, piece);
	}
	g.to_ns = to;
	return err || g.from_ns >= to ? err : put(x, g);
}

static enum err put_lost(struct export *x, size_t play)
{
	const struct play *p = &x->plays[play];
	struct export_gap g = {.play = play, .cause = CAUSE_LOST, .entry = -1};
	enum err err = OK;

	for (size_t k = 0; k < p->lost_n && !err; k++) {
		g.from_ns = p->lost[k].from_ns;
		g.to_ns = p->lost[k].to_ns;
		err = put(x, g);
	}
	for (size_t k = 0; k < p->parts_n && !err; k++) {
		const struct play_part *part = &p->parts[k];
		const struct journal_record *r =
		    part->footage.fragments + part->first;

		if (!x->bad[play][k])
			continue;
		g.from_ns = r->start_ns;
		g.to_ns = r[part->n - 1].start_ns + r[part->n - 1].duration_ns;
		err = put(x, g);
	}
	return err;
}

static enum err put_play(struct export *x, size_t play, struct index *ix)
{
	const struct play *p = &x->plays[play];
	struct rows rows = {0};
	enum err err = index_gaps(ix, p->camera, x->request.granted_from_ns,
	    x->request.granted_to_ns, gather, &rows);

	for (size_t k = 0; k < p->coverage.n && !err; k++) {
		const struct span *s = &p->coverage.spans[k];
		struct export_gap g = {.play = play,
		    .from_ns = s->from_ns,
		    .to_ns = s->to_ns,
		    .cause = s->cause,
		    .entry = -1};

		if (s->recorded)
			continue;
		err = s->cause == CAUSE_EXPIRED ?
		    put_expired(x, ix, p->camera, g) :
		    put_span(x, &rows, g);
	}
	free(rows.rows);
	return err ? err : put_lost(x, play);
}

enum err export_gaps(struct export *x, struct index *ix)
{
	unsigned char buf[ENTRY_MAX];
	enum err err = OK;
	size_t n;

	/* what was entered since this session looked last */
	while (!ledger_get(x->own, ledger_size(x->own), buf, &n))
		;

	for (size_t i = 0; i < x->plays_n && !err; i++)
		err = put_play(x, i, ix);
	return err;
}

uint32_t export_lost(const struct export *x)
{
	uint32_t n = 0;

	for (size_t i = 0; i < x->gaps_n; i++)
		n += x->gaps[i].cause == CAUSE_LOST;
	return n;
}
