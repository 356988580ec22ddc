/*
 * order.h - decoding times for pictures that arrive with presentation times
 * only. Pure.
 *
 * RTP says when a picture is shown; MP4 also wants to know when it is decoded.
 * The n-th picture is decoded when the n-th picture is shown: so the decoding
 * times are the presentation times sorted, the first of both is the same, and
 * no edit list is needed; a picture's composition offset may be negative
 * (trun version 1). Sorting needs to see as many pictures ahead as the stream
 * reorders: none for nearly all cameras.
 */
#ifndef SAQTA_ORDER_H
#define SAQTA_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder/depay.h"

#define ORDER_DEPTH_MAX 16
#define ORDER_BYTES_MAX (48u << 20) /* beyond them it looks less ahead */

/* A picture with its times, in 1/90000 s. */
struct frame {
	struct unit unit;
	int64_t pts, dts;
	uint32_t duration;
};

struct frame_sink {
	enum err (*emit)(void *arg, struct frame *f);	/* unit.data: given */
	void *arg;
};

struct order {
	struct frame_sink sink;
	int depth;		/* pictures that are looked ahead */
	int n;
	struct frame queue[ORDER_DEPTH_MAX + 2];	/* decoding order */
	int64_t sorted[ORDER_DEPTH_MAX + 2];		/* their pts */
	bool begun;
	int64_t next;		/* dts of the next picture */
	uint32_t duration;	/* the last one given */
	size_t bytes; /* of what is held */
	uint32_t forced; /* decoding times that had to be moved */
};

void order_init(struct order *o, struct frame_sink sink);

/* The stream says that it reorders by depth pictures. */
void order_depth(struct order *o, int depth);

/*
 * Take a picture (unit.data is given) with its pts; give out those whose dts
 * and duration are known. Decoding times rise strictly and each is the one
 * before plus its duration, whatever the presentation times are.
 */
must_check enum err order_put(struct order *o, const struct unit *u,
    int64_t pts);

/* The run ends: give out the rest; the last lasts as long as the one before. */
must_check enum err order_end(struct order *o);

/* Drop what is held. */
void order_wipe(struct order *o);

#endif
