/*
 * picture.h - decode one picture, to prove that what lies on the disk is one
 * (P9), or to show it to who aims the camera. libavformat's demuxer and
 * libavcodec's codecs, never our own writer's knowledge of the bytes.
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

/*
 * The same picture as a JPEG to aim by, made smaller by a whole number until
 * neither side is above PICTURE_SIDE: enough to see what is in it.
 *
 * OK: *ret (of *ret_n bytes, at most AIM_BYTES_MAX) is to be freed; ERR_FORMAT
 * when no picture comes out; ERR_UNSUPPORTED for a kind of pixels that we do
 * not make one of; ERR_TOO_LARGE; ERR_NO_MEMORY.
 */
#define PICTURE_SIDE 640
must_check enum err picture_jpeg(const void *p, size_t n, unsigned char **ret,
    size_t *ret_n);

#endif
