/*
 * sets.h - the parameter sets that are in force (H.264: SPS, PPS; H.265: VPS,
 * SPS, PPS). Pure.
 *
 * Cameras send them with each key frame, once, ahead of time, one at a time,
 * or with a picture that is none. A set replaces the one of its kind and
 * number; what is in force is known at any picture, and is the same bytes in
 * whatever order they came.
 */
#ifndef SAQTA_SETS_H
#define SAQTA_SETS_H

#include <stdbool.h>
#include <stddef.h>

#include "recorder/depay.h"

#define SETS_MAX 8192 /* bytes of all sets */

struct sets {
	unsigned char p[SETS_MAX]; /* u32 length, NAL unit, ... */
	size_t n;
};

/* Take one NAL unit; what is no set, or too long, is left out. */
void sets_put(struct sets *s, enum codec codec, const unsigned char *nal,
    size_t n);

/*
 * Take all sets of a picture. Where it brings SPS and PPS, these are all there
 * are: what an SDP or another time named beside them is forgotten. True where that changed what is in force.
 */
bool sets_take(struct sets *s, enum codec codec, const struct unit *u);

/* Is there a sequence parameter set, without which nothing decodes? */
bool sets_have_sequence(const struct sets *s, enum codec codec);

bool sets_equal(const struct sets *a, const struct sets *b);

#endif
