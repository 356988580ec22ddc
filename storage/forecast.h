/*
 * forecast.h - how long the disks last (P11). Pure but for forecast_gather().
 *
 * What was measured over the last days goes on: each camera that is switched
 * on writes its mean rate around the clock; what is due makes room at its day;
 * what is written from now on makes room when its own term ends.
 */
#ifndef SAQTA_FORECAST_H
#define SAQTA_FORECAST_H

#include "storage/index.h"

#define FORECAST_DAYS 400	/* how far is looked ahead */
#define FORECAST_TERM_DAYS 185	/* six months and the day after, at most */
#define FORECAST_MEASURE_DAYS 7
#define FORECAST_BPS 2000000	/* of a camera that was never measured */

struct forecast {
	/* in */
	uint64_t free_bytes;	/* above the reserves */
	uint64_t footage_bytes;	/* that is there */
	uint64_t rate;		/* bytes a second of all cameras */
	uint64_t due_bytes[FORECAST_DAYS];	/* due within that day */
	unsigned cameras, measured;	/* switched on; of those measured */
	/* out */
	uint64_t need_bytes;	/* six months of that */
	uint64_t capacity_bytes;	/* what can hold footage in all */
	int days_left;		/* until the disk is full; -1: it holds */
};

/* From the sums of days; more: cameras that are about to be added. */
must_check enum err forecast_gather(struct index *ix, struct utc now,
    uint64_t free_bytes, unsigned more, struct forecast *ret);
void forecast_run(struct forecast *f);

#endif
