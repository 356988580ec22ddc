#include "recorder/cut.h"

#include "recorder/clock.h"

#define CAP 5	/* segment lengths without a key frame */

void cut_init(struct cut *c, uint32_t segment_ms, uint32_t fragment_ms)
{
	*c = (struct cut){.segment_ns = segment_ms * NS_PER_MS,
	    .fragment = (int64_t)fragment_ms * (CLOCK_HZ / 1000)};
}

void cut_at(struct cut *c, struct utc at)
{
	c->at = at;
}

void cut_end(struct cut *c)
{
	c->open = false;
}

static enum cut_where decide(const struct cut *c, struct utc utc, int64_t dts,
    uint32_t duration, bool key, bool new_sets)
{
	int64_t begun = dts - c->fragment_dts;

	if (!c->open)
		return key ? CUT_SEGMENT : CUT_DROP;
	if (key && (utc.ns >= c->at.ns || new_sets))
		return CUT_SEGMENT;
	if (utc.ns >= c->start.ns + CAP * c->segment_ns)
		return CUT_SEGMENT;
	if (key && (!c->fragment_key || 2 * begun >= c->fragment))
		return CUT_FRAGMENT;
	return begun > 0 && begun + duration > c->fragment ? CUT_FRAGMENT :
							     CUT_NOT;
}

enum cut_where cut_next(struct cut *c, struct utc utc, int64_t dts,
    uint32_t duration, bool key, bool new_sets)
{
	enum cut_where w = decide(c, utc, dts, duration, key, new_sets);

	if (w == CUT_SEGMENT) {
		c->open = true;
		c->start = utc;
		/* Until storage says better; it may be slow to answer. */
		c->at.ns = utc.ns + c->segment_ns;
	}
	if (w == CUT_SEGMENT || w == CUT_FRAGMENT) {
		c->fragment_dts = dts;
		c->fragment_key = key;
	}
	return w;
}
