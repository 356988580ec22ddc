/*
 * rclock.h - the retention clock (P12): a clock that cannot be set. Pure.
 *
 * It advances with the monotonic clock that was observed to pass, and never
 * because the wall clock says so, but for a budget: RCLOCK_BUDGET_NS for each
 * RCLOCK_MONTH_NS observed, of which no more than one month's is ever saved
 * up. So whoever sets the wall clock forward again and again gains less than a
 * day in a term: six months are at least 181 days, and the law's 180 are kept
 * even then. A longer absence (the box was off) is caught up only when a
 * custodian vouches for the wall clock, or the witnesses that a custodian named
 * for it do. These have a budget of their own, so that even if all of them lie,
 * and somebody sets the wall clock as they say, a term lasts 108 days at least.
 */
#ifndef SAQTA_RCLOCK_H
#define SAQTA_RCLOCK_H

#include <stdbool.h>

#include "storage/api/utc.h"

#define RCLOCK_MONTH_NS (INT64_C(30) * 86400 * NS_PER_SEC)
#define RCLOCK_BUDGET_NS (INT64_C(3) * 3600 * NS_PER_SEC)
#define RCLOCK_WITNESS_NS (INT64_C(45) * 86400 * NS_PER_SEC)
#define RCLOCK_WITNESS_PART 4	/* a day of it for so many observed */
#define RCLOCK_AGREE_NS (600 * NS_PER_SEC) /* clocks of two differ by less */
#define RCLOCK_BOOT 37		/* bytes of a boot id, with NUL */

struct rclock {
	int64_t now_ns;		/* what it shows, UTC */
	int64_t wall_ns;	/* what the wall clock showed with it */
	int64_t mono_ns;	/* when it was looked at last (CLOCK_BOOTTIME) */
	char boot[RCLOCK_BOOT];	/* ... of this boot of the machine */
	int64_t budget_ns;	/* what it may still catch up */
	uint64_t untrusted;	/* 1 + the first ledger entry since it is not
				   trusted; 0: it is */
	int64_t witness_ns;	/* for what witnesses may still vouch */
};

/* At the first start of a site: it begins with the wall clock. */
void rclock_begin(struct rclock *c, struct utc wall, struct mono mono,
    const char *boot);

/*
 * Look at the clocks. In the boot in which it was looked at last, all
 * monotonic time since is taken over, also what passed while storage was not
 * running; after another boot, none. A monotonic clock that goes back adds
 * nothing. Then it catches up with the wall clock as far as the budget goes.
 */
void rclock_observe(struct rclock *c, struct utc wall, struct mono mono,
    const char *boot);

/* May the wall clock be believed: is it within RETAIN_TRUST_NS of c? */
bool rclock_trusts(const struct rclock *c, struct utc wall);

/* The instant that both clocks have passed: what is due by it is due. */
struct utc rclock_both(const struct rclock *c, struct utc wall);

/*
 * A custodian vouches for the wall clock: it is taken over, forward or back.
 * The step, by which promises made meanwhile are moved where it is forward.
 */
int64_t rclock_vouch(struct rclock *c, struct utc wall);

/*
 * All witnesses have signed that it is said or later. Where that is within
 * RCLOCK_AGREE_NS of the wall clock, c goes forward to the earlier of both, and
 * never back. The step; 0 where it stays as it was, also as it would have been
 * more than c->witness_ns.
 */
int64_t rclock_witness(struct rclock *c, struct utc wall, struct utc said);
bool rclock_agrees(struct utc wall, struct utc said);

#endif
