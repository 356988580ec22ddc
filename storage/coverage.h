/*
 * coverage.h - what became of each second of a camera (P7): recorded, or a gap
 * with exactly one cause.
 */
#ifndef SAQTA_COVERAGE_H
#define SAQTA_COVERAGE_H

#include "storage/index.h"

/* Between two segments at most this long: not a gap. */
#define COVERAGE_JOIN_NS (100 * NS_PER_MS)
/* Beside FRAGMENT_* in a span's flags: its volume is away. */
#define SPAN_AWAY 0x80000000u
/* Received after the last fragment of an open segment: still on its way. */
#define COVERAGE_TAIL_NS (5 * NS_PER_SEC)

struct span {
	bool recorded;
	bool open;		/* goes on as we look */
	int64_t from_ns, to_ns;
	enum cause cause;	/* of a gap */
	uint32_t flags;		/* FRAGMENT_* of what was recorded */
	int64_t noticed_ns;	/* of a gap; 0: not known */
};

struct coverage {
	struct span *spans;	/* returned, freed by coverage_free() */
	size_t n, room;
	int64_t recorded_ns, gap_ns;
};

/*
 * The spans of [from, min(to, now)): in order, joined without hole or overlap;
 * none where from is not before now. Where no row says why nothing was
 * recorded, the cause is "not yet" before the camera was added, else that of
 * the nearest gap known in the same hole, else "recorder failed".
 */
must_check enum err coverage_of(struct index *ix, int data_fd,
    const struct camera_row *c, int64_t from_ns, int64_t to_ns,
    struct utc now, struct coverage *ret);
void coverage_free(struct coverage *c);

#endif
