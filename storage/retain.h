/*
 * retain.h - how long a segment is kept (P2). Pure, but for the site's zone.
 */
#ifndef SAQTA_RETAIN_H
#define SAQTA_RETAIN_H

#include "storage/api/utc.h"

#define RETAIN_MONTHS 6
#define RETAIN_DAYS_MIN 181
#define RETAIN_EXTRA_MAX 3660	/* days that a site or camera may add */

/*
 * Six calendar months after the segment's end in the site's zone (31 August
 * gives the last day of February), then the first local midnight after that,
 * the later one where it occurs twice. A zone that moves its clocks forward in
 * between would make that an hour less than RETAIN_DAYS_MIN days: then the
 * midnight after it. Then extra_days more midnights (at most
 * RETAIN_EXTRA_MAX). At least RETAIN_DAYS_MIN days after the end: kept as an
 * assertion.
 */
struct utc retain_until(struct utc end, unsigned extra_days);

/*
 * From where the months of a segment are counted: its end, where that can be
 * believed (P12).
 *
 *   end        of the segment, by the wall clock when it was recorded
 *   wall       the wall clock now
 *   retention  the retention clock now (rclock.h)
 *
 * An end that lies within RETAIN_TRUST_NS of the retention clock counts as it
 * is; where the wall clock is behind the retention clock, it is carried over
 * to the latter. Any other end is not believed: the retention clock counts.
 */
#define RETAIN_TRUST_NS (INT64_C(86400) * NS_PER_SEC)
#define RETAIN_SLACK_NS (60 * NS_PER_SEC)
struct utc retain_from(struct utc end, struct utc wall, struct utc retention);

#endif
