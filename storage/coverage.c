#include "storage/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "storage/footage.h"
#include "storage/volume.h"

/* Rows are gathered first: an index iteration may not ask the index. */
struct rows {
	struct segment_row *segments;
	size_t segments_n, segments_room;
	struct gap_row *gaps;
	size_t gaps_n, gaps_room;
};

struct work {
	const struct camera_row *camera;
	struct rows rows;
	struct coverage *out;
	int64_t now_ns;
	unsigned volume; /* that was looked at last */
	uint32_t away; /* SPAN_AWAY if it is */
};

static bool grow(void *array, size_t n, size_t *room, size_t size)
{
	void **p = array;
	size_t want = *room ? 2 * *room : 64;
	void *bigger;

	if (n < *room)
		return true;
	bigger = realloc(*p, want * size);
	if (!bigger)
		return false;
	*p = bigger;
	*room = want;
	return true;
}

static enum err gather_segment(const struct segment_row *s, void *arg)
{
	struct rows *r = arg;

	if (!grow(&r->segments, r->segments_n, &r->segments_room, sizeof(*s)))
		return ERR_NO_MEMORY;
	r->segments[r->segments_n++] = *s;
	return OK;
}

static enum err gather_gap(const struct gap_row *g, void *arg)
{
	struct rows *r = arg;

	if (!grow(&r->gaps, r->gaps_n, &r->gaps_room, sizeof(*g)))
		return ERR_NO_MEMORY;
	r->gaps[r->gaps_n++] = *g;
	return OK;
}

static bool alike(const struct span *a, const struct span *b)
{
	return a->recorded == b->recorded && a->open == b->open &&
	    a->cause == b->cause && a->flags == b->flags &&
	    a->noticed_ns == b->noticed_ns;
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
	if (!grow(&c->spans, c->n, &c->room, sizeof(s)))
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

/* Part of a hole that no gap row covers. */
static enum err put_unknown(struct work *w, int64_t hole_from, int64_t hole_to,
    int64_t from, int64_t to)
{
	const struct gap_row *g = nearest(w, hole_from, hole_to, from, to);
	int64_t added = w->camera->added_ns;
	int64_t split = added < from ? from : added < to ? added : to;
	struct span s = {
	    .from_ns = from, .to_ns = split, .cause = CAUSE_NOT_YET};
	enum err err = put(w, s);

	s.from_ns = split;
	s.to_ns = to;
	s.cause = g ? g->cause : CAUSE_RECORDER_FAILED;
	s.noticed_ns = g ? g->noticed_ns : 0;
	s.open = g && g->to_ns == INT64_MAX && to == w->now_ns;
	return err ? err : put(w, s);
}

/* Nothing was recorded in [from, to): say why, row by row. */
static enum err put_hole(struct work *w, int64_t from, int64_t to)
{
	int64_t at = from;
	enum err err = OK;

	for (size_t i = 0; i < w->rows.gaps_n && at < to && !err; i++) {
		const struct gap_row *g = &w->rows.gaps[i];
		int64_t begin = g->from_ns > at ? g->from_ns : at;
		int64_t end = g->to_ns < to ? g->to_ns : to;
		struct span s = {
		    .open = g->to_ns == INT64_MAX && end == w->now_ns,
		    .cause = g->cause,
		    .noticed_ns = g->noticed_ns,
		    .from_ns = begin,
		    .to_ns = end};

		if (begin >= end)
			continue;
		if (begin > at)
			err = put_unknown(w, from, to, at, begin);
		if (!err)
			err = put(w, s);
		at = end;
	}
	if (!err && at < to)
		err = put_unknown(w, from, to, at, to);
	return err;
}

/* Has a gap begun at or after t? Then nothing more is on its way. */
static bool gap_since(const struct work *w, int64_t t)
{
	for (size_t i = 0; i < w->rows.gaps_n; i++)
		if (w->rows.gaps[i].to_ns > t)
			return true;
	return false;
}

/* When an open segment ends so far; its start where its journal fails. */
static int64_t open_end(const struct work *w, int data_fd,
    const struct segment_row *s)
{
	struct footage f;
	int64_t end;

	if (footage_read(data_fd, s, &f))
		return s->start_ns;
	end = f.received_ns;
	footage_free(&f);
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

/*
 * One segment after all that ended before it; at: where the spans stand. Rows
 * a little outside the range tell whether its edges lie in a join.
 */
static enum err put_segment(struct work *w, const struct segment_row *r,
    int64_t end, int64_t *prev_end, int64_t *at, int64_t to)
{
	struct span s = {.recorded = true,
	    .open = r->state == SEGMENT_OPEN,
	    .flags = (r->flags & ~FRAGMENT_KEY) | away(w, r->volume),
	    .from_ns = *at,
	    .to_ns = end < to ? end : to};
	int64_t begin = r->start_ns < to ? r->start_ns : to;
	enum err err = OK;

	if (begin > *at &&
	    (*prev_end == INT64_MIN ||
		r->start_ns - *prev_end > COVERAGE_JOIN_NS)) {
		err = put_hole(w, *at, begin);
		s.from_ns = *at = begin;
	}
	if (!err)
		err = put(w, s);
	if (s.to_ns > *at)
		*at = s.to_ns;
	if (end > *prev_end)
		*prev_end = end;
	return err;
}

static enum err put_segments(struct work *w, int data_fd, int64_t from,
    int64_t to)
{
	int64_t at = from, prev_end = INT64_MIN;
	enum err err = OK;

	for (size_t i = 0; i < w->rows.segments_n && !err; i++) {
		const struct segment_row *r = &w->rows.segments[i];
		int64_t end = r->state == SEGMENT_OPEN ?
		    open_end(w, data_fd, r) :
		    r->end_ns;

		err = put_segment(w, r, end, &prev_end, &at, to);
	}
	if (!err && at < to)
		err = put_hole(w, at, to);
	return err;
}

enum err coverage_of(struct index *ix, int data_fd, const struct camera_row *c,
    int64_t from_ns, int64_t to_ns, struct utc now, struct coverage *ret)
{
	struct coverage out = {0};
	struct work w = {.camera = c, .out = &out, .now_ns = now.ns};
	enum err err = OK;

	if (to_ns > now.ns)
		to_ns = now.ns;
	if (from_ns >= to_ns) {
		*ret = out;
		return OK;
	}
	/* a little more on both sides: what ends there may join, or say why */
	err = index_segments(ix, c->id, from_ns - COVERAGE_JOIN_NS,
	    to_ns + COVERAGE_JOIN_NS, gather_segment, &w.rows);
	if (!err)
		err =
		    index_gaps(ix, c->id, from_ns, to_ns, gather_gap, &w.rows);
	if (!err)
		err = put_segments(&w, data_fd, from_ns, to_ns);
	free(w.rows.segments);
	free(w.rows.gaps);
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
