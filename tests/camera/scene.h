/*
 * scene.h - the picture of the simulated camera, drawn by hand.
 *
 * Each frame can be read by a person (name, clock) and by a program: two rows
 * of 32 squares of 16 x 16 pixels, white = 1, most significant bit first, from
 * x = 16; the row at y = 16 holds floor(unix seconds * 25) modulo 2^32 of the
 * capture time, the row at y = 40 the number of the frame since the start.
 */
#ifndef SAQTA_SCENE_H
#define SAQTA_SCENE_H

#include <stddef.h>
#include <stdint.h>

#define SCENE_MIN_WIDTH 560	/* room for both rows of squares */
#define SCENE_MIN_HEIGHT 240

struct scene;

/*
 * A scene of width x height pixels (even, not below the minimum); name is
 * copied. NULL when there is no memory. Freed by scene_free().
 */
struct scene *scene_new(int width, int height, const char *name);
void scene_free(struct scene *s);

/* Bytes of one I420 frame. */
size_t scene_bytes(const struct scene *s);

/* Draw frame number `frame`, captured at unix_ns, into the I420 buffer. */
void scene_draw(const struct scene *s, int64_t unix_ns, uint32_t frame,
    uint8_t *i420);

#endif
