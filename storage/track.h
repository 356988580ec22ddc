/*
 * track.h - the samples of a plain MP4 as movie.c lays it out: ftyp, moov, one
 * mdat that holds the samples one after another and nothing else. The bytes
 * may be hostile: every input has a limit.
 */
#ifndef SAQTA_TRACK_H
#define SAQTA_TRACK_H

#include "storage/mp4.h"

#define TRACK_MOOV_MAX (128u << 20) /* bytes of ftyp and moov */
#define TRACK_SAMPLES_MAX 2000000u

struct track_sample {
	uint32_t duration;
	int32_t composition;
	uint32_t size;
	bool sync;
};
struct track {
	unsigned char *moov; /* init borrows from it */
	struct mp4_init init; /* codec, config, timescale */
	uint32_t n;
	struct track_sample *samples;
	uint64_t media_off; /* of the first sample, in the file */
};

/*
 * Read the file of `size` bytes that stands at `at` in fd.
 *
 *   ret  on success to be freed by track_free()
 *
 * ERR_FORMAT where it is not laid out so; ERR_TOO_LARGE, ERR_UNSUPPORTED,
 * ERR_NO_MEMORY, ERR_DISK.
 */
must_check enum err track_read(int fd, uint64_t at, uint64_t size,
    struct track *ret);
void track_free(struct track *t);

#endif
