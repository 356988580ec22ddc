/*
 * codec.h - what the recorder knows about H.264 and H.265 by itself.
 *
 * Pure and small: types of NAL units (ITU-T H.264 table 7-1, H.265 table 7-1).
 * Everything deeper (sizes, profiles, pictures) is libavcodec's.
 */
#ifndef SAQTA_CODEC_H
#define SAQTA_CODEC_H

#include <stdbool.h>
#include <stddef.h>

enum codec {
	CODEC_NONE = 0,
	CODEC_H264,
	CODEC_H265,
};

/* A NAL unit begins with a header of so many bytes. */
static inline size_t codec_nal_header(enum codec c)
{
	return c == CODEC_H265 ? 2 : 1;
}

static inline int codec_nal_type(enum codec c, const unsigned char *nal)
{
	return c == CODEC_H265 ? nal[0] >> 1 & 0x3f : nal[0] & 0x1f;
}

/* A coded slice, that is: a part of a picture. */
static inline bool codec_is_slice(enum codec c, int type)
{
	return c == CODEC_H265 ? type < 32 : type >= 1 && type <= 5;
}

/* A slice from which decoding can begin (IDR; for H.265 also CRA, BLA). */
static inline bool codec_is_key(enum codec c, int type)
{
	return c == CODEC_H265 ? type >= 16 && type <= 21 : type == 5;
}

/* Sequence and picture parameter sets; VPS too. */
static inline bool codec_is_set(enum codec c, int type)
{
	return c == CODEC_H265 ? type >= 32 && type <= 34
			       : type == 7 || type == 8;
}

static inline bool codec_is_sps(enum codec c, int type)
{
	return type == (c == CODEC_H265 ? 33 : 7);
}

/* Belongs to the picture before it: suffix SEI, ends, filler. */
static inline bool codec_is_suffix(enum codec c, int type)
{
	return c == CODEC_H265 ? (type >= 36 && type <= 38) || type == 40
			       : type >= 10 && type <= 12;
}

/* n bytes of a slice: is it the first slice of its picture? */
static inline bool codec_is_first_slice(enum codec c,
    const unsigned char *nal, size_t n)
{
	size_t at = codec_nal_header(c);

	return n > at && nal[at] & 0x80;
}

#endif
