/*
 * mp4.h - the small part of ISO/IEC 14496-12 that Saqta's own recorder writes:
 * one video track, CMAF fragments of one moof and one mdat. Pure; every byte
 * comes from a process that may be hostile, so every input has a limit.
 */
#ifndef SAQTA_MP4_H
#define SAQTA_MP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/crypt.h"

#define MP4_INIT_MAX 65536u		/* bytes of an init part */
#define MP4_FRAGMENT_MAX (32u << 20)	/* bytes of a fragment */
#define MP4_SAMPLES_MAX 4096u		/* samples in a fragment */

/* An init part, borrowed from its bytes. */
struct mp4_init {
	char codec[5];			/* "avc1" or "hvc1" */
	uint32_t timescale;
	uint32_t track_id;
	uint16_t width, height;
	const unsigned char *config;	/* payload of avcC or hvcC */
	size_t config_n;
	const unsigned char *stsd;	/* the whole stsd box */
	size_t stsd_n;
	uint32_t default_duration, default_size, default_flags;	/* trex */
	char mime[64];	/* RFC 6381: "avc1.64001f", "hvc1.1.6.L93.B0" */
};

struct mp4_sample {
	uint32_t duration;
	int32_t composition;
	uint32_t size;
	bool sync;
	uint32_t offset;		/* of its bytes, in the fragment */
};

struct mp4_fragment {
	uint64_t base;			/* tfdt */
	uint64_t duration;		/* sum of the samples, timescale units */
	uint32_t n;
	struct mp4_sample *samples;	/* returned; freed by mp4_free() */
};

/* ERR_FORMAT, ERR_TOO_LARGE, ERR_UNSUPPORTED (no such codec). */
must_check enum err mp4_init_parse(const void *p, size_t n,
    struct mp4_init *ret);

/*
 * Parse one whole fragment of n bytes: an optional styp, one moof, one mdat,
 * nothing more; every sample lies inside the mdat.
 */
must_check enum err mp4_fragment_parse(const void *p, size_t n,
    const struct mp4_init *init, struct mp4_fragment *ret);
/*
 * Parse the moof alone (n bytes from the fragment's beginning hold at least
 * it); total is the fragment's length. ERR_TRUNCATED where n is too small.
 */
must_check enum err mp4_moof_parse(const void *p, size_t n, uint64_t total,
    const struct mp4_init *init, struct mp4_fragment *ret);
void mp4_free(struct mp4_fragment *f);

/* The sample hash of storage/DESIGN.md. p, n: the whole fragment. */
void mp4_sample_hash(const struct mp4_init *init,
    const struct mp4_fragment *f, const void *p,
    unsigned char ret[HASH_BYTES]);
/*
 * The same in pieces: what stands before the first of n samples, and what
 * stands before each sample's bytes, which the caller puts himself.
 */
void mp4_hash_begin(const struct mp4_init *init, uint32_t n,
    struct sha256 *h);
void mp4_hash_sample(struct sha256 *h, uint32_t duration, int32_t composition,
    bool sync, uint32_t size);

#endif
