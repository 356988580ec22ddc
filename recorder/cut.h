/*
 * cut.h - where a fragment and where a segment ends. Pure.
 *
 * A segment begins with a key frame at or after the moment that storage named,
 * or with one whose parameter sets differ. Where no key frame comes it goes on
 * until a hard cap and is cut anyway, and recording begins without one after
 * CUT_PATIENCE_NS: nothing waits for a key frame for ever. Sets that flap end
 * ever longer segments, so that they make a bounded number of files: below
 * four in the length of one segment.
 * A fragment lasts at most fragment_ms and, so that players find them, key
 * frames stand at the beginning of one wherever that makes no crumbs. A large
 * one lasts half of that: it comes twice before storage must write the rest of
 * it to the disk twice (seal.c there).
 */
#ifndef SAQTA_CUT_H
#define SAQTA_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/utc.h"

#define CUT_PATIENCE_NS (10 * NS_PER_SEC)
#define CUT_LARGE 65536		/* bytes of samples: a chunk of storage's */

enum cut_where {
	CUT_NOT,	/* the picture belongs to the open fragment */
	CUT_FRAGMENT,	/* it begins a fragment */
	CUT_SEGMENT,	/* it begins a segment */
	CUT_DROP,	/* no segment is open and this cannot begin one */
};

struct cut {
	int64_t segment_ns, fragment;	/* fragment in 1/90000 s */
	bool open;			/* a segment is open */
	struct utc start;		/* of the segment */
	struct utc at;			/* a new one at or after it */
	int64_t fragment_dts;		/* where the open fragment begins */
	bool fragment_key;		/* it begins with a key frame */
	int64_t waits; /* UTC ns of what was dropped first; 0 */
	int64_t calm_ns; /* new sets end no shorter segment */
};

void cut_init(struct cut *c, uint32_t segment_ms, uint32_t fragment_ms);

/*
 * What the picture that comes next begins. utc is when it was; the open
 * fragment has so many bytes.
 */
enum cut_where cut_next(struct cut *c, struct utc utc, int64_t dts,
    uint32_t duration, bool key, bool new_sets, size_t bytes);

/* Storage named the moment of the next cut. */
void cut_at(struct cut *c, struct utc at);

/* The segment has ended; the next begins with a key frame, if one comes. */
void cut_end(struct cut *c);

#endif
