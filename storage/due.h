/*
 * due.h - what is due, as data (P2, P3). It decides and destroys nothing:
 * expire.c destroys exactly what due_may() allows.
 */
#ifndef SAQTA_DUE_H
#define SAQTA_DUE_H

#include "storage/holds.h"
#include "storage/ledger.h"

#define DUE_LATE_NS (INT64_C(86400) * NS_PER_SEC)	/* P3 */

/* What of one camera-day is due. */
struct due_day {
	char camera[CAMERA_ID_MAX + 1];
	char day[11];
	uint64_t segments, bytes;	/* due and not held */
	uint64_t held;			/* segments due, but held */
	uint64_t left;			/* segments of the day that stay */
	int64_t since_ns;		/* when the first of them became due */
	int64_t from_ns, to_ns;		/* the span of the due ones */
};

struct due {
	struct due_day *days;	/* by day, then camera */
	size_t n;
	uint64_t segments, bytes, held;
	uint64_t overdue;	/* segments due for more than DUE_LATE_NS */
};

/*
 * The one question before anything is destroyed: has the segment's term ended
 * by `both` (what the wall clock and the retention clock have both passed), is
 * it closed, and is none of it held? Pure.
 */
bool due_may(const struct segment_row *s, const struct holds *h,
    struct utc both);

/*
 * The ledger must say the same: an index that was lost, restored or changed
 * erases nothing that was not promised to end (P2). Of what was entered in a
 * former log, once a custodian has confirmed the present one (epoch.h), the
 * index alone says what was promised.
 */
bool due_agrees(struct ledger *l, const struct segment_row *s, struct utc both);

/*
 * May each closed segment of the camera-day go, by its sums alone? They lie in
 * [from_ns, to_ns]. True only where due_may() allows each of them. Pure.
 */
bool due_whole(const struct day_row *d, const struct holds *h, struct utc both,
    int64_t from_ns, int64_t to_ns);

/* Everything that is due by `both`; nothing is changed. Blocks. */
must_check enum err due_gather(struct index *ix, const struct holds *h,
    struct utc both, struct due *ret);
void due_free(struct due *d);

#endif
