/*
 * retain.h - how long a segment is kept. Pure.
 */
#ifndef SAQTA_RETAIN_H
#define SAQTA_RETAIN_H

#include "storage/api/utc.h"

#define RETAIN_MONTHS 6
#define RETAIN_DAYS_MIN 181

/*
 * Six calendar months after the segment's end in the site's zone (31 August
 * gives the last day of February), then the first local midnight after that,
 * the later one where it occurs twice. At least RETAIN_DAYS_MIN days after the
 * end: kept as an assertion.
 */
struct utc retain_until(struct utc end);

#endif
