/*
 * expire.h - the one place that erases footage, and exactly what is due (P2,
 * P3, P4).
 *
 * A sweep goes over what due.c says, each hour: entry "erasing" -> keyring
 * without the day's key under a fresh kek, read back -> files overwritten
 * where the key must stay, unlinked, directory synced -> entry "erased" ->
 * index rows. Each step is asked for again after a crash, because rows go last.
 * It is done in small pieces, one in a turn of the keeper's loop.
 */
#ifndef SAQTA_EXPIRE_H
#define SAQTA_EXPIRE_H

#include "storage/due.h"
#include "storage/keeper.h"

/*
 * More local days than PLAUSIBLE due at once are not believed: then so many a
 * day. On 1 March those from 28 to 31 August are, and the last segment of the
 * 27th, where that ended after midnight.
 */
#define EXPIRE_PLAUSIBLE 5
#define EXPIRE_DAYS 3

/* How expiry stands; kept in the index for those who are told (view.h). */
#define EXPIRE_SETTING "expiry"
struct expire_state {
	int64_t swept_ns;	/* the last sweep, by the retention clock */
	uint64_t due, overdue, held;	/* segments, after it */
	uint64_t due_bytes;
	uint64_t throttled;	/* local days that wait for the guard; 0 */
	uint64_t kept_days;	/* camera-days whose key is kept for a hold */
	int64_t guard_ns;	/* the guard's day began, by that clock */
	uint64_t guard_days;	/* local days erased in it */
	uint64_t failed;	/* enum err of the last sweep, 0 */
};

must_check enum err expire_new(struct expire **ret);
void expire_free(struct expire *x);	/* NULL is legal */

/* In each turn: begin a sweep where it is time, or do a piece of one. */
void expire_turn(struct keeper *k);
/* Is a sweep under way, so that the loop need not wait? */
bool expire_busy(const struct keeper *k);
/* It waits for the index's log (keeper_wal.c): nothing to do before that. */
bool expire_waits(const struct keeper *k);
/* Leave a sweep as it is; the next one takes it up. */
void expire_stop(struct keeper *k);

/* What is due now, as the next sweep would see it. */
must_check enum err expire_due(struct keeper *k, struct due *ret);

#endif
