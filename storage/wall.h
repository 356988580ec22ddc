/*
 * wall.h - the wall clock against the monotonic one. Pure.
 *
 * An epoch is a time in which UTC - mono is continuous: each step of the wall
 * clock and each start of the machine begins one. What was recorded in an
 * epoch keeps its times for ever (P7).
 */
#ifndef SAQTA_WALL_H
#define SAQTA_WALL_H

#include "storage/api/utc.h"

#define WALL_EPOCHS 4
/* A camera goes on in the epoch before until its next key frame. */
#define WALL_OLD_NS (600 * NS_PER_SEC)
/* A free clock of 50 ppm is less than five seconds off by then. */
#define WALL_TRUST_NS (86400 * NS_PER_SEC)

struct wall_epoch {
	uint32_t number;
	bool boot;		/* the machine's start began it */
	int64_t begun_ns;	/* UTC, by its own clock */
	int64_t before_ns;	/* the latest UTC of all epochs before it */
	int64_t offset_ns;	/* UTC - mono */
	int64_t left_ns;	/* mono, when the next one began */
};

struct wall {
	struct wall_epoch at[WALL_EPOCHS];	/* [0] is the present one */
	size_t n;
	enum clock_state state;
	bool synced;		/* the kernel said so in this epoch */
	int64_t synced_ns;	/* mono, when it said so last */
};

void wall_init(struct wall *e, uint32_t number, struct utc utc,
    struct mono mono);

/*
 * Both clocks, read together, and what the kernel says of the wall clock. The
 * nanoseconds by which it was stepped since the call before, and then a new
 * epoch has begun; 0 where it only went on or was slewed.
 */
int64_t wall_take(struct wall *e, struct utc utc, struct mono mono,
    enum clock_state state);

/*
 * Was the clock synchronised in this epoch, and not too long ago to be within
 * a few seconds still?
 */
bool wall_trusted(const struct wall *e, struct mono mono);

/* The epoch that an instant belongs to which was `offset_ns` from mono. */
const struct wall_epoch *wall_find(const struct wall *e, int64_t offset_ns,
    struct mono mono);

/* The epoch with that number; the oldest one known where it is older. */
const struct wall_epoch *wall_number(const struct wall *e, uint32_t number);

#endif
