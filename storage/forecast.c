#include "storage/forecast.h"

#include <stdlib.h>
#include <string.h>

#define DAY_S 86400
#define DAY_NS (DAY_S * NS_PER_SEC)
/* Journal and ledger beside a second of footage, in bytes: one record, and two
 * entries and a row a minute. */
#define BESIDE 280

/* What was written in some days of one camera. */
struct written {
	uint64_t bytes;
	int64_t recorded_ns;
};

struct gather {
	struct forecast *f;
	struct utc now;
	char since[16];		/* days from then on are measured */
	char before[16];	/* ... and from then on, for growth */
	const struct hold *
	    *holds; /* on the camera at hand, endless ones first */
	size_t holds_n;
	struct written last, earlier;
};

/* Bytes that make room at that instant. */
static void make_room(struct gather *g, int64_t at_ns, uint64_t bytes)
{
	int64_t in = (at_ns - g->now.ns) / DAY_NS;

	if (in < 0)
		in = 0;
	if (in < FORECAST_DAYS)
		g->f->due_bytes[in] += bytes;
}

/* Of a day's bytes those that the hold keeps, by the length of its part. */
static uint64_t part_held(const struct hold *h, const struct day_row *d)
{
	struct day day;
	int64_t from, to;
	double part;

	if (day_parse(d->day, &day) || d->recorded_ns <= 0)
		return d->bytes;
	from = utc_day_start(day).ns;
	to = utc_day_start(day_next(day)).ns;
	if (h->from_ns > from)
		from = h->from_ns;
	if (h->to_ns < to)
		to = h->to_ns;
	if (to <= from)
		return 0;
	part = (double)(to - from) / (double)d->recorded_ns;
	return part < 1 ? (uint64_t)(part * (double)d->bytes) : d->bytes;
}

static enum err add_day(const struct day_row *d, void *arg)
{
	struct gather *g = arg;
	uint64_t left = d->bytes;

	g->f->footage_bytes += d->bytes;
	for (size_t i = 0; i < g->holds_n && left; i++) {
		const struct hold *h = g->holds[i];
		uint64_t held = part_held(h, d);

		held = held < left ? held : left;
		left -= held;
		g->f->held_bytes += held;
		if (d->retain_ns <= g->now.ns)
			g->f->beyond_bytes += held;
		if (h->ends_ns)
			make_room(g,
			    h->ends_ns > d->retain_ns ? h->ends_ns :
							d->retain_ns,
			    held);
	}
	make_room(g, d->retain_ns, left);
	if (strcmp(d->day, g->since) >= 0) {
		g->last.bytes += d->bytes;
		g->last.recorded_ns += d->recorded_ns;
	} else if (strcmp(d->day, g->before) >= 0) {
		g->earlier.bytes += d->bytes;
		g->earlier.recorded_ns += d->recorded_ns;
	}
	return OK;
}

/* Below a minute says nothing: as one that was never measured. */
static uint64_t rate_of(struct gather *g)
{
	uint64_t seconds = (uint64_t)(g->last.recorded_ns / NS_PER_SEC);

	if (seconds < 60)
		return FORECAST_BPS / 8 + BESIDE;
	g->f->measured++;
	return g->last.bytes / seconds + BESIDE;
}

/* What a day has added to the rate; a camera that writes less adds nothing. */
static uint64_t growth_of(const struct gather *g)
{
	int64_t now_s = g->last.recorded_ns / NS_PER_SEC;
	int64_t then_s = g->earlier.recorded_ns / NS_PER_SEC;
	uint64_t now, then;

	if (now_s < DAY_S || then_s < DAY_S)
		return 0;
	now = g->last.bytes / (uint64_t)now_s;
	then = g->earlier.bytes / (uint64_t)then_s;
	return now > then ? (now - then) / FORECAST_GROWTH_DAYS : 0;
}

static bool names(const struct hold *h, const char *camera)
{
	size_t n = strlen(camera);
	const char *p = h->cameras;

	while ((p = strstr(p, camera))) {
		if ((p == h->cameras || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
		p += n;
	}
	return false;
}

/* The holds on a camera; is one of them without an end, now and later? */
static bool take_holds(struct gather *g, const struct holds *h,
    const char *camera)
{
	bool endless = false;

	g->holds_n = 0;
	for (int has_end = 0; has_end < 2; has_end++)
		for (size_t i = 0; i < h->n; i++) {
			const struct hold *x = &h->h[i];

			if (!names(x, camera) || (x->ends_ns != 0) != has_end)
				continue;
			g->holds[g->holds_n++] = x;
			endless |= !has_end && x->to_ns == HOLD_OPEN_END;
		}
	return endless;
}

static enum err add_camera(struct gather *g, struct index *ix,
    const struct holds *h, const struct camera_row *c)
{
	bool endless = take_holds(g, h, c->id);
	uint64_t rate;
	enum err err;

	g->last = g->earlier = (struct written){0};
	err = index_days(ix, c->id, "", add_day, g);
	if (err || !c->enabled)
		return err;
	rate = rate_of(g);
	g->f->cameras++;
	g->f->rate += rate;
	g->f->growth += growth_of(g);
	if (endless)
		g->f->held_rate += rate;
	return OK;
}

enum err forecast_gather(struct index *ix, const struct holds *h,
    struct utc now, uint64_t free_bytes, unsigned more, struct forecast *ret)
{
	struct forecast f = {.free_bytes = free_bytes};
	struct utc since = {now.ns - FORECAST_MEASURE_DAYS * DAY_NS};
	struct utc before = {now.ns - FORECAST_BEFORE_DAYS * DAY_NS};
	struct gather g = {.f = &f, .now = now};
	struct camera_row c = {0};
	enum err err = OK;

	g.holds = calloc(h->n + 1, sizeof(const struct hold *));
	if (!g.holds)
		return ERR_NO_MEMORY;
	day_format(utc_local_day(since), g.since, sizeof(g.since));
	day_format(utc_local_day(before), g.before, sizeof(g.before));
	while (!err) {
		err = index_camera_next(ix, c.id, &c);
		if (!err)
			err = add_camera(&g, ix, h, &c);
	}
	free(g.holds);
	if (err != ERR_NOT_FOUND)
		return err;
	/* one more is like the mean of those measured */
	for (unsigned i = 0; i < more; i++, f.cameras++)
		f.rate +=
		    f.measured ? f.rate / f.cameras : FORECAST_BPS / 8 + BESIDE;
	*ret = f;
	return OK;
}

/* What is written on that day from now. */
static uint64_t written_on(const struct forecast *f, int day)
{
	int grown = day < FORECAST_GROWTH_DAYS ? day : FORECAST_GROWTH_DAYS;

	return (f->rate + f->growth * (uint64_t)grown) * DAY_S;
}

void forecast_run(struct forecast *f)
{
	uint64_t room = f->free_bytes;

	f->need_bytes =
	    written_on(f, FORECAST_DAYS) * FORECAST_TERM_DAYS + f->beyond_bytes;
	f->capacity_bytes = f->free_bytes + f->footage_bytes;
	f->days_left = -1;
	for (int day = 0; day < FORECAST_DAYS; day++) {
		uint64_t a_day = written_on(f, day);

		/* today's footage is written before anything of today is due */
		if (room < a_day) {
			f->days_left = day;
			return;
		}
		room += f->due_bytes[day];
		room -= a_day;
		if (day >= FORECAST_TERM_DAYS)
			room += written_on(f, day - FORECAST_TERM_DAYS) -
			    f->held_rate * DAY_S;
	}
}
