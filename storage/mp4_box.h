/*
 * mp4_box.h - walking ISO/IEC 14496-12 boxes; for mp4.c and track.c only.
 */
#ifndef SAQTA_MP4_BOX_H
#define SAQTA_MP4_BOX_H

#include "storage/mp4.h"

#define FOURCC(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* Bytes that are still to be read; `bad` is sticky. */
struct in {
	const unsigned char *p;
	size_t n;
	bool bad;
};

struct box {
	uint32_t type;
	const unsigned char *start;
	size_t size; /* with its header */
	struct in in; /* its payload */
};

static inline const unsigned char *take(struct in *in, size_t n)
{
	const unsigned char *p = in->p;

	if (in->bad || n > in->n) {
		in->bad = true;
		return NULL;
	}
	in->p += n;
	in->n -= n;
	return p;
}

static inline uint64_t get(struct in *in, size_t n)
{
	const unsigned char *p = take(in, n);
	uint64_t v = 0;

	for (size_t i = 0; p && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint32_t get32(struct in *in)
{
	return (uint32_t)get(in, 4);
}

/*
 * The next box; false at the end of the bytes or where one is broken (then bad
 * is set). Sizes 0 (to the end) and 1 (64 bits) are not written by Saqta.
 */
static inline bool next(struct in *in, struct box *ret)
{
	const unsigned char *start = in->p;
	uint32_t size;

	if (!in->n || in->bad)
		return false;
	size = get32(in);
	ret->type = get32(in);
	if (in->bad || size < 8 || !take(in, size - 8)) {
		in->bad = true;
		return false;
	}
	ret->start = start;
	ret->size = size;
	ret->in = (struct in){start + 8, size - 8, false};
	return true;
}

/* The only box of that type among the children; bad where not exactly one. */
static inline struct in only(struct in in, uint32_t type)
{
	struct in found = {.bad = true};
	struct box b;
	bool seen = false;

	while (next(&in, &b)) {
		if (b.type != type)
			continue;
		found = b.in;
		if (seen)
			in.bad = true;
		seen = true;
	}
	found.bad |= in.bad;
	return found;
}

/* The codec and its configuration out of the boxes of an stbl. */
must_check enum err mp4_stsd_parse(struct in stbl, struct mp4_init *init);

#endif
