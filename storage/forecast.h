/*
 * forecast.h - how long the disks last (P11). Pure but for forecast_gather().
 *
 * What was measured over the last days goes on: each camera that is switched
 * on writes its mean rate around the clock; where that has grown it goes on
 * growing for as long as was looked back; what is due makes room at its day, or
 * when the hold on it ends; what is written from now on makes room when its own
 * term ends, unless a hold without an end waits for it.
 */
#ifndef SAQTA_FORECAST_H
#define SAQTA_FORECAST_H

#include "storage/holds.h"

#define FORECAST_DAYS 400	/* how far is looked ahead */
#define FORECAST_TERM_DAYS 185	/* six months and the day after, at most */

#define FORECAST_MEASURE_DAYS 7
#define FORECAST_BEFORE_DAYS 35	/* ... and the four weeks before that */
#define FORECAST_GROWTH_DAYS 17	/* from the middle of these to that of the 7 */
#define FORECAST_BPS 2000000	/* of a camera that was never measured */

/* The setting: bytes that are needed, whose lack was accepted (u64). */
#define FORECAST_ACCEPTED "capacity"

struct forecast {
	/* in */
	uint64_t free_bytes;	/* above the reserves */
	uint64_t footage_bytes;	/* that is there */
	uint64_t rate;		/* bytes a second of all cameras */
	uint64_t growth;	/* ... that a day adds to it, for so many days */
	uint64_t held_rate;	/* of cameras that are held without an end */
	uint64_t held_bytes;	/* of the footage that holds keep, about */
	uint64_t beyond_bytes;	/* ... whose own term has ended */
	uint64_t due_bytes[FORECAST_DAYS];	/* due within that day */
	unsigned cameras, measured;	/* switched on; of those measured */
	/* out */
	uint64_t need_bytes;	/* six months of that */
	uint64_t capacity_bytes;	/* what can hold footage in all */
	int days_left;		/* until the disk is full; -1: it holds */
};

/*
 * From the sums of days; more: cameras that are about to be added. Of a day of
 * which a hold needs a part, that counts by its length.
 */
must_check enum err forecast_gather(struct index *ix, const struct holds *h,
    struct utc now, uint64_t free_bytes, unsigned more, struct forecast *ret);
void forecast_run(struct forecast *f);

#endif
