#include "storage/array.h"
#include "storage/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "storage/footage.h"
#include "storage/volume.h"

/* Clock steps let segments overlap; nobody has seen more than two do so. */
#define ACTIVE_MAX 32

/* Looked at segment by segment where it is damaged or stands beside others. */
struct run {
	struct run_row row;
	bool look;
};

/* Rows are gathered first: an index iteration may not ask the index. */
struct rows {
	struct run *runs; /* in order of their start */
	size_t runs_n, runs_room;
	struct segment_row *segments; /* open, or of such runs */
	size_t segments_n, segments_room;
	struct gap_row *gaps;
	size_t gaps_n, gaps_room;
};

/* A run, or a part of a segment whose flags are the same. */
struct piece {
	int64_t from_ns, to_ns;
	int64_t begin_ns, end_ns; /* of the run or segment */
	uint32_t flags;
	bool open;
	uint64_t seq;
};

struct work {
	struct index *ix;
	const struct camera_row *camera;
	int data_fd;
	struct rows rows;
	struct piece *pieces; /* in order of their start */
	size_t pieces_n, pieces_room;
	struct piece active[ACTIVE_MAX]; /* those that cover this instant */
	size_t active_n;
	struct coverage *out;
	int64_t now_ns;
	unsigned volume; /* that was looked at last */
	uint32_t away; /* SPAN_AWAY if it is */
};

static enum err gather_segment(const struct segment_row *s, void *arg)
{
	struct rows *r = arg;

	if (!array_room(&r->segments, r->segments_n, &r->segments_room,
		sizeof(*s)))
		return ERR_NO_MEMORY;
	r->segments[r->segments_n++] = *s;
	return OK;
}

static enum err gather_run(const struct run_row *row, void *arg)
{
	struct rows *r = arg;

	if (!array_room(&r->runs, r->runs_n, &r->runs_room, sizeof(*r->runs)))
		return ERR_NO_MEMORY;
	r->runs[r->runs_n++] =
	    (struct run){*row, row->flags & FRAGMENT_DAMAGED};
	return OK;
}

static enum err gather_gap(const struct gap_row *g, void *arg)
{
	struct rows *r = arg;

	if (!array_room(&r->gaps, r->gaps_n, &r->gaps_room, sizeof(*g)))
		return ERR_NO_MEMORY;
	r->gaps[r->gaps_n++] = *g;
	return OK;
}

static bool alike(const struct span *a, const struct span *b)
{
	return a->recorded == b->recorded && a->open == b->open &&
	    a->cause == b->cause && a->flags == b->flags &&
	    a->noticed_ns == b->noticed_ns && a->entry == b->entry;
}

/* Append a span that begins where the last one ended. */
static enum err put(struct work *w, struct span s)
{
	struct coverage *c = w->out;

	if (s.from_ns >= s.to_ns)
		return OK;
	if (s.recorded)
		c->recorded_ns += s.to_ns - s.from_ns;
	else
		c->gap_ns += s.to_ns - s.from_ns;
	if (c->n && alike(&c->spans[c->n - 1], &s)) {
		c->spans[c->n - 1].to_ns = s.to_ns;
		return OK;
	}
	if (!array_room(&c->spans, c->n, &c->room, sizeof(s)))
		return ERR_NO_MEMORY;
	c->spans[c->n++] = s;
	return OK;
}

/* The row of this hole that is nearest to [from, to); NULL: there is none. */
static const struct gap_row *nearest(const struct work *w, int64_t hole_from,
    int64_t hole_to, int64_t from, int64_t to)
{
	const struct gap_row *best = NULL;
	int64_t best_far = INT64_MAX;

	for (size_t i = 0; i < w->rows.gaps_n; i++) {
		const struct gap_row *g = &w->rows.gaps[i];
		int64_t far =
		    g->from_ns >= to ? g->from_ns - to : from - g->to_ns;

		if (g->from_ns > hole_to || g->to_ns < hole_from)
			continue;
		if (far < best_far) {
			best = g;
			best_far = far;
		}
	}
	return best;
}

static struct span gap_span(const struct work *w, const struct gap_row *g,
    int64_t from, int64_t to)
{
	return (struct span){.open = g->to_ns == INT64_MAX && to == w->now_ns,
	    .cause = g->cause,
	    .noticed_ns = g->noticed_ns,
	    .from_ns = from,
	    .to_ns = to};
}

/*
 * Part of a hole that neither a gap row nor an erasure covers. Times that have not come yet stand
 * here only beside footage of a clock that was set back.
 */
static enum err put_unexplained(struct work *w, int64_t hole_from,
    int64_t hole_to, int64_t from, int64_t to)
{
	const struct gap_row *g = nearest(w, hole_from, hole_to, from, to);
	int64_t added = w->camera->added_ns;
	int64_t past = w->now_ns < from ? from :
	    w->now_ns < to		? w->now_ns :
					  to;
	int64_t split = added < from ? from : added < past ? added : past;
	struct span s = {
	    .from_ns = from, .to_ns = split, .cause = CAUSE_NOT_YET};
	enum err err = put(w, s);

	s.from_ns = split;
	s.to_ns = past;
	s.cause = CAUSE_RECORDER_FAILED;
	if (g)
		s = gap_span(w, g, split, past);
	if (!err)
		err = put(w, s);
	s = (struct span){
	    .from_ns = past, .to_ns = to, .cause = CAUSE_CLOCK_STEP};
	return err ? err : put(w, s);
}

/* Part of a hole that no gap row covers: erased by its term, or unknown. */
static enum err put_unknown(struct work *w, int64_t hole_from, int64_t hole_to,
    int64_t from, int64_t to)
{
	struct span s = {.cause = CAUSE_EXPIRED};
	struct erasure_row e;
	enum err err = OK;

	while (from < to && !err &&
	    !index_erasure_find(w->ix, w->camera->id, from, to, &e)) {
		s.from_ns = e.from_ns > from ? e.from_ns : from;
		s.to_ns = e.to_ns < to ? e.to_ns : to;
		s.entry = e.entry < 0 ? (int64_t)e.erasing : e.entry;
		err = put_unexplained(w, hole_from, hole_to, from, s.from_ns);
		if (!err)
			err = put(w, s);
		from = s.to_ns;
	}
	return err ? err : put_unexplained(w, hole_from, hole_to, from, to);
}

/*
 * Of the rows that cover `at` the one that began last; one that says that these
 * seconds never were gives way, for the clock may have been set back to them.
 * *ret_next: where this may change.
 */
static const struct gap_row *row_at(const struct work *w, int64_t at,
    int64_t *ret_next)
{
	const struct gap_row *best = NULL;

	for (size_t i = 0; i < w->rows.gaps_n; i++) {
		const struct gap_row *g = &w->rows.gaps[i];
		if (g->from_ns > at && g->from_ns < *ret_next)
			*ret_next = g->from_ns;
		if (g->from_ns > at || g->to_ns <= at)
			continue;
		if (g->to_ns < *ret_next)
			*ret_next = g->to_ns;
		/* rows are in order of their start */
		if (!best || g->cause != CAUSE_CLOCK_STEP ||
		    best->cause == CAUSE_CLOCK_STEP)
			best = g;
	}
	return best;
}

/* Nothing was recorded in [from, to): say why, row by row. */
static enum err put_hole(struct work *w, int64_t from, int64_t to)
{
	enum err err = OK;

	for (int64_t at = from, next; at < to && !err; at = next) {
		const struct gap_row *g;

		next = to;
		g = row_at(w, at, &next);
		err = g ? put(w, gap_span(w, g, at, next)) :
			  put_unknown(w, from, to, at, next);
	}
	return err;
}

/* Has a gap begun at or after t? Then nothing more is on its way. */
static bool gap_since(const struct work *w, int64_t t)
{
	for (size_t i = 0; i < w->rows.gaps_n; i++)
		if (w->rows.gaps[i].from_ns >= t - COVERAGE_JOIN_NS &&
		    w->rows.gaps[i].from_ns <= w->now_ns &&
		    w->rows.gaps[i].to_ns > t)
			return true;
	return false;
}

/* When an open segment ends so far. */
static int64_t open_end(const struct work *w, const struct footage *f)
{
	int64_t end = f->received_ns;

	if (end < w->now_ns && w->now_ns - end <= COVERAGE_TAIL_NS &&
	    !gap_since(w, end))
		end = w->now_ns;
	return end;
}

/* SPAN_AWAY where the volume is; looked once a volume. */
static uint32_t away(struct work *w, unsigned volume)
{
	if (!volume)
		return 0;
	if (volume != w->volume) {
		w->volume = volume;
		w->away = volume_present(volume) ? 0 : SPAN_AWAY;
	}
	return w->away;
}

static enum err add_piece(struct work *w, struct piece p)
{
	struct piece *last = w->pieces_n ? &w->pieces[w->pieces_n - 1] : NULL;

	if (p.to_ns <= p.from_ns)
		return OK;
	if (last && last->seq == p.seq && last->flags == p.flags &&
	    last->to_ns >= p.from_ns) {
		if (p.to_ns > last->to_ns)
			last->to_ns = p.to_ns;
		return OK;
	}
	if (!array_room(&w->pieces, w->pieces_n, &w->pieces_room, sizeof(p)))
		return ERR_NO_MEMORY;
	w->pieces[w->pieces_n++] = p;
	return OK;
}

/* Which of its seconds are damaged only the journal knows. */
static enum err add_fragments(struct work *w, const struct footage *f,
    struct piece p)
{
	int64_t end = p.to_ns;
	enum err err = OK;

	for (size_t i = 0; i < f->n && !err; i++) {
		const struct journal_record *r = &f->fragments[i];

		p.to_ns = i + 1 < f->n ? f->fragments[i + 1].start_ns : end;
		p.flags = (p.flags & SPAN_AWAY) |
		    (r->flags & (FRAGMENT_DAMAGED | FRAGMENT_UNTRUSTED));
		if (p.to_ns > p.from_ns)
			err = add_piece(w, p);
		p.from_ns = p.to_ns > p.from_ns ? p.to_ns : p.from_ns;
	}
	return err;
}

static enum err add_segment(struct work *w, const struct segment_row *r)
{
	uint32_t is_away = away(w, r->volume);
	struct piece p = {.from_ns = r->start_ns,
	    .to_ns = r->end_ns,
	    .flags =
		(r->flags & (FRAGMENT_DAMAGED | FRAGMENT_UNTRUSTED)) | is_away,
	    .open = r->state == SEGMENT_OPEN,
	    .seq = r->seq};
	struct footage f = {0};
	bool read = false;
	enum err err;

	if (p.open || p.flags & FRAGMENT_DAMAGED)
		read = !footage_read(w->data_fd, r, &f);
	if (p.open)
		p.to_ns = read ? open_end(w, &f) : r->start_ns;
	p.begin_ns = p.from_ns;
	p.end_ns = p.to_ns;
	err = read && f.n && f.fragments[0].start_ns <= p.from_ns ?
	    add_fragments(w, &f, p) :
	    add_piece(w, p);
	footage_free(&f);
	return err;
}

/* Its segments follow one another, and none of them is damaged. */
static enum err add_run(struct work *w, const struct run_row *r)
{
	return add_piece(w,
	    (struct piece){.from_ns = r->from_ns,
		.to_ns = r->to_ns,
		.begin_ns = r->from_ns,
		.end_ns = r->to_ns,
		.flags = (r->flags & FRAGMENT_UNTRUSTED) | away(w, r->volume),
		.seq = r->first_seq});
}

/* Those that cover an instant together: which segments do, and how long. */
static void look_at_overlaps(struct rows *r)
{
	size_t far = 0;

	for (size_t i = 1; i < r->runs_n; i++) {
		if (r->runs[i].row.from_ns < r->runs[far].row.to_ns)
			r->runs[i].look = r->runs[far].look = true;
		if (r->runs[i].row.to_ns > r->runs[far].row.to_ns)
			far = i;
	}
	for (size_t k = 0; k < r->segments_n; k++) /* open so far */
		for (size_t i = 0; i < r->runs_n; i++)
			if (r->runs[i].row.to_ns > r->segments[k].start_ns)
				r->runs[i].look = true;
}

/* Of months, too, no more than there are runs, as a rule. */
static enum err gather(struct work *w, int64_t from, int64_t to)
{
	const char *id = w->camera->id;
	struct rows *r = &w->rows;
	enum err err = index_runs(w->ix, id, from, to, gather_run, r);

	if (!err)
		err = index_segments_open_at(w->ix, id, to, gather_segment, r);
	if (!err)
		look_at_overlaps(r);
	for (size_t i = 0; i < r->runs_n && !err; i++)
		err = r->runs[i].look ?
		    index_segments_of_run(w->ix, id, &r->runs[i].row, from, to,
			gather_segment, r) :
		    add_run(w, &r->runs[i].row);
	if (!err)
		err = index_gaps(w->ix, id, from + COVERAGE_JOIN_NS,
		    to - COVERAGE_JOIN_NS, gather_gap, r);
	for (size_t i = 0; i < r->segments_n && !err; i++)
		err = add_segment(w, &r->segments[i]);
	return err;
}

static int by_start(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Do two segments cover this instant, and more than a join of it together? */
static bool is_overlap(const struct work *w)
{
	for (size_t i = 0; i < w->active_n; i++)
		for (size_t k = i + 1; k < w->active_n; k++) {
			const struct piece *a = &w->active[i];
			const struct piece *b = &w->active[k];
			int64_t from = a->begin_ns > b->begin_ns ? a->begin_ns :
								   b->begin_ns;
			int64_t to =
			    a->end_ns < b->end_ns ? a->end_ns : b->end_ns;

			if (a->seq != b->seq && to - from > COVERAGE_JOIN_NS)
				return true;
		}
	return false;
}

static enum err put_recorded(struct work *w, int64_t from, int64_t to)
{
	struct span s = {.recorded = true, .from_ns = from, .to_ns = to};

	for (size_t i = 0; i < w->active_n; i++) {
		s.flags |= w->active[i].flags;
		s.open = s.open || w->active[i].open;
	}
	if (is_overlap(w))
		s.flags |= FRAGMENT_OVERLAP;
	return put(w, s);
}

/* Let go of the pieces that end at or before t; when the next one ends. */
static int64_t retire(struct work *w, int64_t t)
{
	int64_t next = INT64_MAX;
	size_t n = 0;

	for (size_t i = 0; i < w->active_n; i++) {
		if (w->active[i].to_ns <= t)
			continue;
		if (w->active[i].to_ns < next)
			next = w->active[i].to_ns;
		w->active[n++] = w->active[i];
	}
	w->active_n = n;
	return next;
}

/*
 * From one change to the next: which pieces cover what lies between. A hole
 * that is a join belongs to what was recorded before it.
 */
static enum err sweep(struct work *w, int64_t from, int64_t to)
{
	int64_t at = INT64_MIN; /* rows a little outside tell of joins, too */
	enum err err = OK;

	for (size_t i = 0; at < to && !err;) {
		int64_t next = i < w->pieces_n ? w->pieces[i].from_ns : to;
		int64_t ends = retire(w, at), a, b;
		bool covered = w->active_n > 0;
		struct span *last;

		next = covered && ends < next ? ends : next;
		next = next < to ? next : to;
		a = at > from ? at : from;
		b = next;
		last = w->out->n ? &w->out->spans[w->out->n - 1] : NULL;
		if (covered && b > a)
			err = put_recorded(w, a, b);
		else if (b > a && at != INT64_MIN && i < w->pieces_n &&
		    w->pieces[i].from_ns - at <= COVERAGE_JOIN_NS)
			err = put(w,
			    last ? (struct span){.recorded = true,
				       .open = last->open,
				       .flags = last->flags,
				       .from_ns = a,
				       .to_ns = b} :
				   (struct span){.recorded = true,
				       .from_ns = a,
				       .to_ns = b});
		else if (b > a)
			err = put_hole(w, a, b);
		at = next;
		while (i < w->pieces_n && w->pieces[i].from_ns <= at) {
			if (w->active_n < ACTIVE_MAX)
				w->active[w->active_n++] = w->pieces[i];
			i++;
		}
	}
	return err;
}

enum err coverage_until(struct index *ix, const struct camera_row *c,
    int64_t from_ns, int64_t to_ns, struct utc now, int64_t *ret)
{
	struct segment_row last;
	int64_t until = now.ns > from_ns ? now.ns : from_ns;
	enum err err;

	if (to_ns <= until) {
		*ret = to_ns;
		return OK;
	}
	err = index_segment_farthest(ix, c->id, to_ns, &last);
	if (err && err != ERR_NOT_FOUND)
		return err;
	if (!err && last.end_ns > until)
		until = last.end_ns;
	*ret = until < to_ns ? until : to_ns;
	return OK;
}

enum err coverage_of(struct index *ix, int data_fd, const struct camera_row *c,
    int64_t from_ns, int64_t to_ns, struct utc now, struct coverage *ret)
{
	struct coverage out = {0};
	struct work w = {.ix = ix,
	    .camera = c,
	    .data_fd = data_fd,
	    .out = &out,
	    .now_ns = now.ns};
	enum err err;

	if (from_ns >= to_ns) {
		*ret = out;
		return OK;
	}
	/* a little more on both sides: what ends there may join, or say why */
	err = gather(&w, from_ns - COVERAGE_JOIN_NS, to_ns + COVERAGE_JOIN_NS);
	if (w.pieces_n)
		qsort(w.pieces, w.pieces_n, sizeof(*w.pieces), by_start);
	if (!err)
		err = sweep(&w, from_ns, to_ns);
	free(w.rows.runs);
	free(w.rows.segments);
	free(w.rows.gaps);
	free(w.pieces);
	if (err) {
		coverage_free(&out);
		return err;
	}
	*ret = out;
	return OK;
}

void coverage_free(struct coverage *c)
{
	free(c->spans);
	c->spans = NULL;
	c->n = c->room = 0;
}
