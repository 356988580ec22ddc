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
	int64_t entry;		/* of what was erased; 0: nothing was */
};

struct coverage {
	struct span *spans;	/* returned, freed by coverage_free() */
	size_t n, room;
	int64_t recorded_ns, gap_ns;
};

/*
 * How far [from, to) can be told of: to now, for what is still to come is no
 * gap; and to the end of footage beyond it, of a clock that was set back.
 */
must_check enum err coverage_until(struct index *ix,
    const struct camera_row *c, int64_t from_ns, int64_t to_ns, struct utc now,
    int64_t *ret);

/*
 * The spans of [from, to): in order, joined without hole or overlap; to as
 * coverage_until() says. Where several segments cover an instant, its flags
 * are those of all, and "overlap". Where no row says why nothing was
 * recorded, the cause is "not yet" before the camera was added, "clock step"
 * from now on, else that of the nearest gap known in the same hole, else
 * "recorder failed".
 */
must_check enum err coverage_of(struct index *ix, int data_fd,
    const struct camera_row *c, int64_t from_ns, int64_t to_ns,
    struct utc now, struct coverage *ret);
void coverage_free(struct coverage *c);

#endif
