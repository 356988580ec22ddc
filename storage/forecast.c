#include "storage/forecast.h"

#include <string.h>

#define DAY_S 86400
#define DAY_NS (DAY_S * NS_PER_SEC)
/* Journal and ledger beside a second of footage, in bytes: one record, and two
 * entries and a row a minute. */
#define BESIDE 280

struct gather {
	struct forecast *f;
	struct utc now;
	char since[16];		/* days from then on are measured */
	char camera[CAMERA_ID_MAX + 1];
	uint64_t bytes;
	int64_t recorded_ns;
};

static enum err add_day(const struct day_row *d, void *arg)
{
	struct gather *g = arg;
	int64_t in = (d->retain_ns - g->now.ns) / DAY_NS;

	if (in < 0)
		in = 0;
	g->f->footage_bytes += d->bytes;
	if (in < FORECAST_DAYS)
		g->f->due_bytes[in] += d->bytes;
	if (strcmp(d->day, g->since) >= 0) {
		g->bytes += d->bytes;
		g->recorded_ns += d->recorded_ns;
	}
	return OK;
}

/* Below a minute says nothing: as one that was never measured. */
static uint64_t rate_of(struct gather *g)
{
	uint64_t seconds = (uint64_t)(g->recorded_ns / NS_PER_SEC);

	if (seconds < 60)
		return FORECAST_BPS / 8 + BESIDE;
	g->f->measured++;
	return g->bytes / seconds + BESIDE;
}

enum err forecast_gather(struct index *ix, struct utc now, uint64_t free_bytes,
    unsigned more, struct forecast *ret)
{
	struct forecast f = {.free_bytes = free_bytes};
	struct utc since = {now.ns - FORECAST_MEASURE_DAYS * DAY_NS};
	struct gather g = {.f = &f, .now = now};
	struct camera_row c = {0};
	enum err err = OK;

	day_format(utc_local_day(since), g.since, sizeof(g.since));
	while (!err) {
		err = index_camera_next(ix, c.id, &c);
		if (err)
			break;
		g.bytes = 0;
		g.recorded_ns = 0;
		err = index_days(ix, c.id, "", add_day, &g);
		if (!err && c.enabled) {
			f.cameras++;
			f.rate += rate_of(&g);
		}
	}
	if (err != ERR_NOT_FOUND)
		return err;
	/* one more is like the mean of those measured */
	for (unsigned i = 0; i < more; i++, f.cameras++)
		f.rate +=
		    f.measured ? f.rate / f.cameras : FORECAST_BPS / 8 + BESIDE;
	*ret = f;
	return OK;
}

void forecast_run(struct forecast *f)
{
	uint64_t a_day = f->rate * DAY_S;
	uint64_t room = f->free_bytes;

	f->need_bytes = a_day * FORECAST_TERM_DAYS;
	f->capacity_bytes = f->free_bytes + f->footage_bytes;
	f->days_left = -1;
	for (int day = 0; day < FORECAST_DAYS; day++) {
		/* today's footage is written before anything of today is due */
		if (room < a_day) {
			f->days_left = day;
			return;
		}
		room += f->due_bytes[day];
		room -= a_day;
		if (day >= FORECAST_TERM_DAYS)
			room += a_day;
	}
}
