/*
 * pace.h - how much one camera's process may send. Pure.
 *
 * A child that a camera has taken over may send what it likes. Beyond what any
 * camera needs it is cut off, so that it fills neither ledger nor disk nor the
 * time of the others: 16 segments in the length of one, 8 fragments and 16 MiB
 * a second, and bursts of 32 segments, 256 fragments and 256 MiB.
 */
#ifndef SAQTA_PACE_H
#define SAQTA_PACE_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/utc.h"

#define PACE_FRAGMENTS_MAX 8192	/* in one segment */
#define PACE_LENGTHS_MAX 8	/* a segment, in lengths of one */

/* Up to when what came is paid for, in ns of the monotonic clock; begin at 0 */
struct pace {
	int64_t segments, fragments, bytes;
	uint64_t received;	/* bytes of fragments, in all */
};

/* May it begin a segment, send a fragment of n bytes? */
bool pace_segment(struct pace *p, int segment_s, struct mono now);
bool pace_fragment(struct pace *p, size_t n, struct mono now);

#endif
