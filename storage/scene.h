/*
 * scene.h - is a camera's picture black, covered, frozen, out of focus, or not
 * that of its commissioning? Pure.
 *
 * The child measures one picture of each segment (MSG_SCENE); here its numbers
 * are compared with those of the first good picture. A fault counts when three
 * pictures in a row show it, and is over with two that do not. No picture is
 * kept: only the numbers of the one to compare with, an 8 x 8 grid of mean
 * luminance among them.
 */
#ifndef SAQTA_SCENE_SEEN_H
#define SAQTA_SCENE_SEEN_H

#include <stdbool.h>

#include "storage/api/messages.h"
#include "storage/api/wire.h"
#include "storage/index.h"

/* As recorder/scene.h has them. */
struct scene_seen {
	uint8_t mean, contrast;
	uint16_t sharpness;
	uint64_t print;
	unsigned char grid[SCENE_GRID];
};

struct scene_watch {
	bool has_ref;
	struct scene_seen ref;
	uint64_t print;		/* of the last picture */
	unsigned same;		/* pictures in a row like the one before */
	enum alarm stands;	/* 0: none */
	enum alarm leans;	/* what the last pictures show, so often */
	unsigned times;
};

/* The fields of MSG_SCENE behind the seq; ERR_BAD_MESSAGE. */
must_check enum err scene_get(struct wire *w, struct scene_seen *ret);

/*
 * What one picture shows, 0 = nothing wrong. ref: NULL while there is none,
 * then black and covered alone can be told. Frozen is scene_take()'s.
 */
enum alarm scene_judge(const struct scene_seen *s,
    const struct scene_seen *ref);

/*
 * Take the next picture. True where it became the one to compare with, for the
 * caller to keep. w->stands changes when an alarm begins or ends.
 */
bool scene_take(struct scene_watch *w, const struct scene_seen *s);

#endif
