#include "storage/due.h"

#include <stdlib.h>
#include <string.h>

#include "storage/entry.h"
#include "storage/ledger_keys.h"

#define ENTRY_MASK ((INT64_C(1) << EPOCH_SHIFT) - 1)

bool due_may(const struct segment_row *s, const struct holds *h,
    struct utc both)
{
	return s->state != SEGMENT_OPEN && s->retain_ns > 0 &&
	    s->retain_ns <= both.ns &&
	    !holds_cover(h, s->camera, s->start_ns, s->end_ns);
}

static bool entry_agrees(struct ledger *l, const struct segment_row *s,
    struct utc both)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	struct entry_field f;
	size_t n;

	return !ledger_get(l, (uint64_t)(s->entry & ENTRY_MASK), buf, &n) &&
	    !entry_parse(buf, n, &v) &&
	    entry_is_segment(&v, s->camera, s->seq) &&
	    entry_find(&v, TAG_RETAIN, &f) && (int64_t)field_u64(&f) <= both.ns;
}

bool due_agrees(struct ledger *l, const struct segment_row *s, struct utc both)
{
	uint64_t entry = (uint64_t)s->entry;

	if (s->entry < 0)
		return false;
	return (entry >> EPOCH_SHIFT) + 1 < ledger_epoch(l) ||
	    entry_agrees(l, s, both);
}

bool due_whole(const struct day_row *d, const struct holds *h, struct utc both,
    int64_t from_ns, int64_t to_ns)
{
	return d->due_ns == d->retain_ns && d->due_ns > 0 &&
	    d->due_ns <= both.ns && !holds_cover(h, d->camera, from_ns, to_ns);
}

/* Likewise: nothing of it may go, for one hold keeps all. */
static bool held_whole(const struct day_row *d, const struct holds *h,
    struct utc both, int64_t from_ns, int64_t to_ns)
{
	return d->due_ns == d->retain_ns && d->due_ns > 0 &&
	    d->due_ns <= both.ns &&
	    holds_cover_all(h, d->camera, from_ns, to_ns);
}

struct gather {
	struct index *ix;
	struct due *due;
	const struct holds *holds;
	struct utc both;
	struct day_row *days; /* that may have something due */
	size_t n, room;
};

static enum err gather_day(const struct day_row *d, void *arg)
{
	struct gather *g = arg;

	if (g->n == g->room) {
		size_t room = g->room ? 2 * g->room : 64;
		void *more = realloc(g->days, room * sizeof(*d));

		if (!more)
			return ERR_NO_MEMORY;
		g->days = more;
		g->room = room;
	}
	g->days[g->n++] = *d;
	return OK;
}

static struct due_day *day_new(struct due *d, const struct day_row *r)
{
	struct due_day *day = realloc(d->days, (d->n + 1) * sizeof(*d->days));

	if (!day)
		return NULL;
	d->days = day;
	day += d->n++;
	*day = (struct due_day){.since_ns = INT64_MAX, .from_ns = INT64_MAX};
	memcpy(day->camera, r->camera, sizeof(day->camera));
	memcpy(day->day, r->day, sizeof(day->day));
	return day;
}

static enum err gather_one(const struct segment_row *s, void *arg)
{
	struct gather *g = arg;
	struct due_day *d = &g->due->days[g->due->n - 1];

	if (!due_may(s, g->holds, g->both)) {
		d->left++;
		d->held += s->state != SEGMENT_OPEN && s->retain_ns > 0 &&
		    s->retain_ns <= g->both.ns;
		return OK;
	}
	d->segments++;
	d->bytes += s->bytes;
	if (s->retain_ns < d->since_ns)
		d->since_ns = s->retain_ns;
	if (s->start_ns < d->from_ns)
		d->from_ns = s->start_ns;
	if (s->end_ns > d->to_ns)
		d->to_ns = s->end_ns;
	g->due->overdue += g->both.ns - s->retain_ns > DUE_LATE_NS;
	return OK;
}

/* Of a day that is due as a whole the sums say all; else each is asked. */
static enum err gather_due(struct gather *g, const struct day_row *r)
{
	struct due_day *d = day_new(g->due, r);
	int64_t from = 0, to = 0;
	enum err err =
	    d ? index_day_bounds(g->ix, r, &from, &to) : ERR_NO_MEMORY;

	if (err && err != ERR_NOT_FOUND)
		return err;
	if (!err && due_whole(r, g->holds, g->both, from, to)) {
		d->segments = r->segments;
		d->bytes = r->bytes;
		d->since_ns = r->due_ns;
		d->from_ns = from;
		d->to_ns = to;
		if (g->both.ns - r->due_ns > DUE_LATE_NS)
			g->due->overdue += r->segments;
	} else if (!err && held_whole(r, g->holds, g->both, from, to)) {
		d->held = d->left = r->segments;
		d->from_ns = from;
		d->to_ns = to;
	} else {
		err = index_segments_of_day(g->ix, r->camera, r->day, 0,
		    UINT32_MAX, gather_one, g);
	}
	g->due->segments += d->segments;
	g->due->bytes += d->bytes;
	g->due->held += d->held;
	if (!d->segments && !d->held) /* the sums only thought so */
		g->due->n--;
	return err;
}

enum err due_gather(struct index *ix, const struct holds *h, struct utc both,
    struct due *ret)
{
	struct due due = {0};
	struct gather g = {.ix = ix, .due = &due, .holds = h, .both = both};
	enum err err = index_days_due(ix, both.ns, gather_day, &g);

	for (size_t i = 0; i < g.n && !err; i++)
		err = gather_due(&g, &g.days[i]);
	free(g.days);
	if (err)
		due_free(&due);
	else
		*ret = due;
	return err;
}

void due_free(struct due *d)
{
	free(d->days);
	*d = (struct due){0};
}
