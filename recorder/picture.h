/*
 * picture.h - decode one picture, to prove that what lies on the disk is one
 * (P9). libavformat's demuxer and libavcodec's decoder, never our own writer's
 * knowledge of the bytes.
 */
#ifndef SAQTA_PICTURE_H
#define SAQTA_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "recorder/scene.h"
#include "storage/api/err.h"

/*
 * Decode the first picture of the n bytes at p: an init part and at least one
 * fragment. The picture itself is not kept.
 *
 * OK with its size and, unless its kind of pixels is not one that we measure
 * (then all are 0), its scene; ERR_FORMAT when no picture comes out;
 * ERR_NO_MEMORY.
 */
must_check enum err picture_decode(const void *p, size_t n,
    uint16_t *ret_width, uint16_t *ret_height, struct scene *ret_scene);

#endif
