#include "storage/wall.h"

#include <stdlib.h>
#include <string.h>

void wall_init(struct wall *e, uint32_t number, struct utc utc,
    struct mono mono)
{
	*e = (struct wall){.n = 1};
	e->at[0].number = number;
	e->at[0].begun_ns = utc.ns;
	e->at[0].before_ns = INT64_MIN;
	e->at[0].offset_ns = utc.ns - mono.ns;
}

static void begin(struct wall *e, struct utc utc, struct mono mono)
{
	int64_t left = mono.ns + e->at[0].offset_ns;

	e->at[0].left_ns = mono.ns;
	memmove(&e->at[1], &e->at[0], (WALL_EPOCHS - 1) * sizeof(e->at[0]));
	if (e->n < WALL_EPOCHS)
		e->n++;
	e->at[0].number++;
	e->at[0].boot = false;
	if (left > e->at[0].before_ns)
		e->at[0].before_ns = left;
	e->at[0].begun_ns = utc.ns;
	e->at[0].offset_ns = utc.ns - mono.ns;
	e->synced = false;
}

int64_t wall_take(struct wall *e, struct utc utc, struct mono mono,
    enum clock_state state)
{
	int64_t step = utc.ns - mono.ns - e->at[0].offset_ns;

	if (step > -UTC_STEP_NS && step < UTC_STEP_NS) {
		e->at[0].offset_ns += step;
		step = 0;
	} else {
		begin(e, utc, mono);
	}
	e->state = state;
	if (state == CLOCK_SYNCED) {
		e->synced = true;
		e->synced_ns = mono.ns;
	}
	return step;
}

bool wall_trusted(const struct wall *e, struct mono mono)
{
	return e->synced && mono.ns - e->synced_ns <= WALL_TRUST_NS;
}

const struct wall_epoch *wall_find(const struct wall *e, int64_t offset_ns,
    struct mono mono)
{
	const struct wall_epoch *best = &e->at[0];

	for (size_t i = 1; i < e->n; i++)
		if (mono.ns - e->at[i].left_ns <= WALL_OLD_NS &&
		    llabs(e->at[i].offset_ns - offset_ns) <
			llabs(best->offset_ns - offset_ns))
			best = &e->at[i];
	return best;
}

const struct wall_epoch *wall_number(const struct wall *e, uint32_t number)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->at[i].number <= number)
			return &e->at[i];
	return &e->at[e->n - 1];
}
