#include "recorder/cut.h"

#include "recorder/clock.h"

#define CAP 5	/* segment lengths without a key frame */
#define CALM 16 /* parts of a segment's length: the first wait of sets */

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
	c->waits = 0;
}

/* Sets have changed anew and anew: wait twice as long; less when they rest. */
static void learn(struct cut *c, struct utc utc, bool new_sets)
{
	int64_t least = c->segment_ns / CALM;

	if (!new_sets)
		c->calm_ns = c->calm_ns / 2 < least ? 0 : c->calm_ns / 2;
	else if (utc.ns < c->at.ns)
		c->calm_ns = !c->calm_ns	   ? least :
		    2 * c->calm_ns < c->segment_ns ? 2 * c->calm_ns :
						     c->segment_ns;
}

static enum cut_where decide(const struct cut *c, struct utc utc, int64_t dts,
    uint32_t duration, bool key, bool new_sets, size_t bytes)
{
	int64_t begun = dts - c->fragment_dts;

	if (!c->open)
		return key ||
			(c->waits && utc.ns - c->waits >= CUT_PATIENCE_NS) ?
		    CUT_SEGMENT :
		    CUT_DROP;
	if (key &&
	    (utc.ns >= c->at.ns ||
		(new_sets && utc.ns >= c->start.ns + c->calm_ns)))
		return CUT_SEGMENT;
	if (utc.ns >= c->start.ns + CAP * c->segment_ns)
		return CUT_SEGMENT;
	if (key && (!c->fragment_key || 2 * begun >= c->fragment))
		return CUT_FRAGMENT;
	if (bytes >= CUT_LARGE && 2 * begun >= c->fragment)
		return CUT_FRAGMENT;
	return begun > 0 && begun + duration > c->fragment ? CUT_FRAGMENT :
							     CUT_NOT;
}

enum cut_where cut_next(struct cut *c, struct utc utc, int64_t dts,
    uint32_t duration, bool key, bool new_sets, size_t bytes)
{
	enum cut_where w = decide(c, utc, dts, duration, key, new_sets, bytes);

	if (w == CUT_DROP && (!c->waits || utc.ns < c->waits))
		c->waits = utc.ns;
	if (w == CUT_SEGMENT) {
		if (c->open)
			learn(c, utc, new_sets);
		c->open = true;
		c->waits = 0;
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
