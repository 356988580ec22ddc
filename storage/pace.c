#include "storage/pace.h"

#define SEGMENTS 16		/* in the length of one */
#define FRAGMENTS 8		/* a second */
#define BYTES (16 << 20)	/* a second */
#define BURST_SEGMENTS 32
#define BURST_FRAGMENTS 256
#define BURST_BYTES_S 16	/* seconds of BYTES */

/* Each thing costs time; not more than burst may be owed. */
static bool take(int64_t *paid, int64_t cost, int64_t burst, struct mono now)
{
	int64_t t = (*paid > now.ns ? *paid : now.ns) + cost;

	if (t - now.ns > burst)
		return false;
	*paid = t;
	return true;
}

bool pace_segment(struct pace *p, int segment_s, struct mono now)
{
	int64_t cost = segment_s * NS_PER_SEC / SEGMENTS;

	return take(&p->segments, cost, BURST_SEGMENTS * cost, now);
}

bool pace_fragment(struct pace *p, size_t n, struct mono now)
{
	int64_t each = NS_PER_SEC / FRAGMENTS;

	p->received += n;
	return take(&p->fragments, each, BURST_FRAGMENTS * each, now) &&
	    take(&p->bytes, (int64_t)n * NS_PER_SEC / BYTES,
		BURST_BYTES_S * NS_PER_SEC, now);
}
