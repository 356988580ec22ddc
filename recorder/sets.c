#include "recorder/sets.h"

#include <stdint.h>
#include <string.h>

static size_t length(const unsigned char *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	    p[3];
}

/* An Exp-Golomb number below 256 (ITU-T H.264, 9.1); 0 where there is none. */
static unsigned exp_golomb(const unsigned char *p, size_t n)
{
	unsigned zeros = 0, v = 1;
	size_t at = 0;

#define BIT(i) ((unsigned)p[(i) / 8] >> (7 - (i) % 8) & 1)
	while (at < 8 * n && zeros < 8 && !BIT(at))
		at++, zeros++;
	at++;
	for (unsigned i = 0; i < zeros; i++, at++) {
		if (at >= 8 * n)
			return 0;
		v = v << 1 | BIT(at);
	}
#undef BIT
	return v - 1;
}

/*
 * Kind and number, by which a set replaces another and by which they stand in
 * order. H.265's SPS has its number far inside; cameras have one.
 */
static unsigned key(enum codec codec, const unsigned char *nal, size_t n)
{
	size_t at = codec_nal_header(codec);
	unsigned type = (unsigned)codec_nal_type(codec, nal), id = 0;

	if (codec == CODEC_H264 && type == 7)
		at += 3; /* profile, constraints, level */
	if (codec == CODEC_H264 || type == 34)
		id = at < n ? exp_golomb(nal + at, n - at) : 0;
	return type << 8 | id;
}

void sets_put(struct sets *s, enum codec codec, const unsigned char *nal,
    size_t n)
{
	unsigned mine;
	size_t at = 0;

	if (n <= codec_nal_header(codec) ||
	    !codec_is_set(codec, codec_nal_type(codec, nal)))
		return;
	mine = key(codec, nal, n);
	while (at < s->n) {
		unsigned char *p = s->p + at;
		size_t len = length(p);
		unsigned other = key(codec, p + 4, len);

		if (other > mine)
			break;
		if (other == mine) {
			if (len == n && !memcmp(p + 4, nal, n))
				return;
			s->n -= 4 + len;
			memmove(p, p + 4 + len, s->n - at);
			break;
		}
		at += 4 + len;
	}
	if (n > SETS_MAX - 4)
		return;
	if (s->n > SETS_MAX - 4 - n)
		s->n = at = 0; /* no camera has so many: begin anew */
	memmove(s->p + at + 4 + n, s->p + at, s->n - at);
	for (int i = 0; i < 4; i++)
		s->p[at + (size_t)i] = (unsigned char)(n >> (24 - 8 * i));
	memcpy(s->p + at + 4, nal, n);
	s->n += 4 + n;
}

/* Drop the sets of these types (a bit each). */
static void drop(struct sets *s, enum codec codec, uint64_t types)
{
	for (size_t at = 0; at < s->n;) {
		unsigned char *p = s->p + at;
		size_t len = 4 + length(p);

		if (types >> codec_nal_type(codec, p + 4) & 1) {
			s->n -= len;
			memmove(p, p + len, s->n - at);
		} else {
			at += len;
		}
	}
}

/* The next NAL unit of a picture; false at its end. */
static bool next(const struct unit *u, size_t *at, const unsigned char **ret,
    size_t *ret_n)
{
	size_t n;

	if (u->n - *at <= 4)
		return false;
	n = length(u->data + *at);
	if (!n || n > u->n - *at - 4)
		return false;
	*ret = u->data + *at + 4;
	*ret_n = n;
	*at += 4 + n;
	return true;
}

bool sets_take(struct sets *s, enum codec codec, const struct unit *u)
{
	const uint64_t whole = codec == CODEC_H265 ?
	    UINT64_C(1) << 33 | UINT64_C(1) << 34 :
	    UINT64_C(1) << 7 | UINT64_C(1) << 8;
	uint64_t types = 0;
	const unsigned char *nal;
	struct sets before;
	size_t n;

	for (size_t at = 0; next(u, &at, &nal, &n);)
		if (codec_is_set(codec, codec_nal_type(codec, nal)))
			types |= UINT64_C(1) << codec_nal_type(codec, nal);
	if (!types)
		return false;
	before = *s;
	if ((types & whole) == whole)
		drop(s, codec, types);
	for (size_t at = 0; next(u, &at, &nal, &n);)
		sets_put(s, codec, nal, n);
	return !sets_equal(&before, s);
}

bool sets_have_sequence(const struct sets *s, enum codec codec)
{
	for (size_t at = 0; at < s->n; at += 4 + length(s->p + at))
		if (codec_is_sps(codec, codec_nal_type(codec, s->p + at + 4)))
			return true;
	return false;
}

bool sets_equal(const struct sets *a, const struct sets *b)
{
	return a->n == b->n && !memcmp(a->p, b->p, a->n);
}
