/*
 * bucket.h - how often something may happen, by address and in all. Pure.
 */
#ifndef SAQTA_WEB_BUCKET_H
#define SAQTA_WEB_BUCKET_H

#include <stdbool.h>

#include "storage/api/utc.h"

#define BUCKETS 64		/* addresses share one where they collide */

struct bucket {
	double left;
	struct mono at;
};
struct buckets {
	double burst, per_s;		/* of one address */
	double all_burst, all_per_s;
	struct bucket all, one[BUCKETS];
	bool begun;
};

/* May it happen now? Takes one from both, or from none. */
bool bucket_take(struct buckets *b, const char *address, struct mono now);

#endif
