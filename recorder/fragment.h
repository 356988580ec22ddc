/*
 * fragment.h - one moof and mdat out of pictures (ISO/IEC 14496-12, CMAF).
 * Pure.
 *
 * Written by hand rather than by libavformat's mov muxer: it is one page, the
 * bytes are exactly known, nothing is buffered twice, and it costs less.
 */
#ifndef SAQTA_FRAGMENT_H
#define SAQTA_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

#define FRAGMENT_SAMPLES_MAX 1024u
#define FRAGMENT_BYTES_MAX (30u << 20)	/* storage takes 32 MiB */

struct sample {
	uint32_t duration, size;
	int32_t composition;	/* presentation - decoding time */
	bool key;
};

struct fragment {
	unsigned char *buf;	/* room for the head, then the samples */
	size_t n, cap;
	uint32_t samples;
	struct sample sample[FRAGMENT_SAMPLES_MAX];
};

void fragment_init(struct fragment *f);
void fragment_wipe(struct fragment *f);

/* Is there room for one more picture of n bytes? */
bool fragment_has_room(const struct fragment *f, size_t n);

/* Append one picture; its bytes are copied. ERR_TOO_LARGE, ERR_NO_MEMORY. */
must_check enum err fragment_put(struct fragment *f, const void *p, size_t n,
    uint32_t duration, int32_t composition, bool key);

/*
 * Write the head in front of the samples. number: from 1, within the segment;
 * base: decoding time of the first sample since the segment's start. The
 * result is borrowed from f until fragment_init() or fragment_wipe().
 */
void fragment_seal(struct fragment *f, uint32_t number, uint64_t base,
    const unsigned char **ret_p, size_t *ret_n);

/* Empty it; keeps its memory. */
void fragment_clear(struct fragment *f);

#endif
