#include "storage/due.h"

#include <stdlib.h>
#include <string.h>

bool due_may(const struct segment_row *s, const struct holds *h,
    struct utc both)
{
	return s->state != SEGMENT_OPEN && s->retain_ns > 0 &&
	    s->retain_ns <= both.ns &&
	    !holds_cover(h, s->camera, s->start_ns, s->end_ns);
}

struct gather {
	struct due *due;
	const struct holds *holds;
	struct utc both;
};

static struct due_day *day_of(struct due *d, const struct segment_row *s)
{
	struct due_day *more, *last = d->n ? &d->days[d->n - 1] : NULL;

	if (last && !strcmp(last->camera, s->camera) &&
	    !strcmp(last->day, s->day))
		return last;
	more = realloc(d->days, (d->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	d->days = more;
	last = &more[d->n++];
	*last = (struct due_day){.since_ns = INT64_MAX, .from_ns = INT64_MAX};
	memcpy(last->camera, s->camera, sizeof(last->camera));
	memcpy(last->day, s->day, sizeof(last->day));
	return last;
}

static enum err gather_one(const struct segment_row *s, void *arg)
{
	struct gather *g = arg;
	struct due_day *d = day_of(g->due, s);

	if (!d)
		return ERR_NO_MEMORY;
	if (!due_may(s, g->holds, g->both)) {
		d->held++;
		g->due->held++;
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
	g->due->segments++;
	g->due->bytes += s->bytes;
	g->due->overdue += g->both.ns - s->retain_ns > DUE_LATE_NS;
	return OK;
}

static enum err count_one(const struct segment_row *s, void *arg)
{
	uint64_t *n = arg;

	(void)s;
	(*n)++;
	return OK;
}

enum err due_gather(struct index *ix, const struct holds *h, struct utc both,
    struct due *ret)
{
	struct due due = {0};
	struct gather g = {&due, h, both};
	enum err err = index_due(ix, both.ns, gather_one, &g);

	for (size_t i = 0; i < due.n && !err; i++) {
		struct due_day *d = &due.days[i];
		uint64_t all = 0;

		err = index_segments_of_day(ix, d->camera, d->day, 0,
		    UINT32_MAX, count_one, &all);
		d->left = all > d->segments ? all - d->segments : 0;
	}
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
