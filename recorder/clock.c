#include "recorder/clock.h"

#include <stdlib.h>

#define WINDOW_NS (10 * NS_PER_SEC)	/* between two corrections */
#define PPB_FINE 500000			/* 500 ppm */
#define PPB_COARSE 250000000
#define DOUBT_NS NS_PER_SEC		/* beyond it the camera is not trusted */
#define STEP_NS (500 * NS_PER_MS)
#define PATIENT_NS (2 * NS_PER_SEC) /* a stall's burst is over by then */
#define BACK (1 * CLOCK_HZ)		/* more than any B picture goes back */

void clock_init(struct clock *c)
{
	*c = (struct clock){.trusted = true};
}

void clock_restart(struct clock *c)
{
	c->begun = false;
}

static int64_t to_ns(int64_t pts)
{
	return pts / CLOCK_HZ * NS_PER_SEC +
	    pts % CLOCK_HZ * NS_PER_SEC / CLOCK_HZ;
}

static int64_t at(const struct clock *c, int64_t pts)
{
	int64_t ns = to_ns(pts - c->base_pts);

	/* In pieces: ns times ppb would not fit. */
	return c->base_mono + ns + ns / NS_PER_SEC * c->rate_ppb +
	    ns % NS_PER_SEC * c->rate_ppb / NS_PER_SEC;
}

static int64_t clamp(int64_t v, int64_t max)
{
	return v > max ? max : v < -max ? -max : v;
}

/* The least delay of the last window is what the line is off by. */
static void correct(struct clock *c, int64_t pts, struct mono arrival)
{
	int64_t off = c->window_min;

	c->base_mono = at(c, pts);
	c->base_pts = pts;
	c->trusted = llabs(off) <= DOUBT_NS;
	c->rate_ppb = clamp(off / (WINDOW_NS / NS_PER_SEC),
	    c->trusted ? PPB_FINE : PPB_COARSE);
	c->window_from = arrival.ns;
	c->window_min = INT64_MAX;
}

static void begin(struct clock *c, uint32_t time, struct mono arrival)
{
	c->begun = true;
	c->time = time;
	c->pts = c->base_pts = 0;
	c->step = CLOCK_HZ / 25;
	c->strangers = 0;
	c->first = c->last = arrival;
	c->base_mono = arrival.ns;
	c->rate_ppb = 0;
	c->window_from = arrival.ns;
	c->window_min = INT64_MAX;
	c->trusted = true;
	c->behind.ns = 0;
	if (llabs(c->wall_now - c->wall) > STEP_NS)
		c->epoch++;
	c->wall = c->wall_now;
}

static bool fits(const struct clock *c, int64_t step, struct mono arrival)
{
	int64_t waited =
	    (arrival.ns - c->last.ns) / (NS_PER_SEC / 1000) * (CLOCK_HZ / 1000);

	return step > -BACK &&
	    (step <= CLOCK_JUMP || step - waited <= CLOCK_JUMP);
}

bool clock_take(struct clock *c, uint32_t time, struct mono arrival,
    int64_t *ret_pts)
{
	int64_t step, off;

	if (!c->begun) {
		begin(c, time, arrival);
		*ret_pts = 0;
		return true;
	}
	step = (int32_t)(time - c->time);
	if (!fits(c, step, arrival)) {
		c->slips++;
		if (++c->strangers == 3) {
			begin(c, time, arrival);
			*ret_pts = 0;
			return false;
		}
		/* Let the next one be measured against the right stamp. */
		step = c->step;
		time = c->time + (uint32_t)step;
	} else {
		c->strangers = 0;
	}
	c->pts += step;
	c->time = time;
	c->last = arrival;
	if (step > 0)
		c->step = step;
	off = arrival.ns - at(c, c->pts);
	if (off <= CLOCK_BEHIND_NS)
		c->behind.ns = 0;
	else if (!c->behind.ns)
		c->behind = arrival;
	if (arrival.ns - c->first.ns < CLOCK_SETTLE_NS) {
		if (off < 0)
			c->base_mono += off;
	} else {
		if (off < c->window_min)
			c->window_min = off;
		if (arrival.ns - c->window_from >= WINDOW_NS)
			correct(c, c->pts, arrival);
	}
	*ret_pts = c->pts;
	return true;
}

bool clock_wall(struct clock *c, struct utc utc, struct mono mono)
{
	int64_t moved;

	c->wall_now = utc.ns - mono.ns;
	if (!c->wall_known)
		c->wall = c->wall_now;
	c->wall_known = true;
	moved = c->wall_now - c->wall;
	if (llabs(moved) > STEP_NS)
		return true;
	/* NTP slews: follow it, at the same pace as all else. */
	c->wall += clamp(moved, PPB_FINE);
	return false;
}

bool clock_settled(const struct clock *c, struct mono now)
{
	return c->begun && now.ns - c->first.ns >= CLOCK_SETTLE_NS;
}

bool clock_behind(const struct clock *c, struct mono now)
{
	return c->begun && c->behind.ns && now.ns - c->behind.ns >= PATIENT_NS;
}

struct utc clock_utc(const struct clock *c, int64_t pts)
{
	return (struct utc){at(c, pts) + c->wall};
}
