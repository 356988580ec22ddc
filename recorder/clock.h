/*
 * clock.h - RTP time stamps and arrival to UTC. Pure: every time is a
 * parameter.
 *
 * RTP gives the distance between pictures, the least-delayed arrival says when
 * they were. What the two disagree on is corrected by at most 500 ppm, so that
 * a burst, a stall or a late packet moves nothing. A camera whose RTP clock
 * disagrees by more than a second (it says 25 pictures a second and sends 21)
 * is followed by up to a quarter, and is not trusted: flagged, never cut.
 *
 * In units of 1/90000 s: "pts", counted from the first picture of a run.
 */
#ifndef SAQTA_CLOCK_H
#define SAQTA_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/api/utc.h"

#define CLOCK_HZ 90000
#define CLOCK_SETTLE_NS NS_PER_SEC	/* a run's start is sought so long */
#define CLOCK_JUMP (10 * CLOCK_HZ)	/* more is another timeline */
#define CLOCK_BEHIND_NS (6 * NS_PER_SEC)

struct clock {
	bool begun;
	uint32_t time;		/* last RTP time stamp that was believed */
	int64_t pts, step;	/* of that; distance to the one before */
	int strangers;		/* time stamps in a row that do not fit */
	struct mono first, last; /* arrivals of the run */
	int64_t base_pts, base_mono, rate_ppb; /* the line pts -> mono */
	int64_t window_from, window_min; /* least delay since, against it */
	bool trusted;
	bool wall_known;
	int64_t wall;		/* UTC - mono, as this run uses it */
	int64_t wall_now;	/* as the host says now */
	uint32_t epoch;		/* rises with each step of the wall clock */
	struct mono behind; /* pictures come CLOCK_BEHIND_NS late since */
	uint32_t slips; /* time stamps that were replaced */
};

void clock_init(struct clock *c);

/*
 * A picture with this RTP time stamp arrived. True: the run goes on, *ret_pts
 * is its place. One or two time stamps in a row that jump by more than 10 s
 * are taken for the camera's slip and replaced; at the third, or at a jump
 * backward, the answer is false: a new run begins with this picture at 0.
 */
bool clock_take(struct clock *c, uint32_t time, struct mono arrival,
    int64_t *ret_pts);

/* Begin a new run with the next picture. */
void clock_restart(struct clock *c);

/*
 * Both clocks of the host, read together. True while the wall clock stands
 * more than half a second off the run's, that is: has stepped. The caller
 * restarts at the next key frame; that run has a new epoch, and what was
 * recorded before keeps its times.
 */
bool clock_wall(struct clock *c, struct utc utc, struct mono mono);

/* Is the start of the run known? Before that clock_utc() may still move. */
bool clock_settled(const struct clock *c, struct mono now);

/*
 * Has every picture of the last two seconds come CLOCK_BEHIND_NS later than it
 * should? Then what carries the stream is slower than the stream (a network at
 * half its rate), and waiting makes it worse.
 */
bool clock_behind(const struct clock *c, struct mono now);

/* When the picture at pts was, in UTC. */
struct utc clock_utc(const struct clock *c, int64_t pts);

#endif
