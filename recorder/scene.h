/*
 * scene.h - a few numbers about a picture, by which storage sees that a camera
 * is black, covered, frozen, out of focus or moved. Pure.
 *
 * From the picture that a child decodes for P9, about one a minute. What leaves
 * the child is this and not the picture: an 8 x 8 grid of mean luminance shows
 * no face and no text.
 */
#ifndef SAQTA_SCENE_H
#define SAQTA_SCENE_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/api/messages.h"

struct scene {
	uint8_t mean, contrast;	/* of luminance: mean, standard deviation */
	uint16_t sharpness;	/* see below */
	uint64_t print;		/* of all pixels: the same twice is frozen */
	unsigned char grid[SCENE_GRID];	/* row by row, mean luminance */
};

/*
 * Measure w x h bytes of luminance, stride bytes from row to row.
 *
 * Sharpness is the square of the difference of neighbours as a part of that of
 * pixels sixteen apart, times 10000: light and contrast do not change it, a lens
 * out of focus lowers it (an edge over k pixels has a k-th). 0 where there is
 * nothing to compare.
 */
void scene_measure(const unsigned char *p, size_t stride, unsigned w,
    unsigned h, struct scene *ret);

#endif
