/*
 * video.h - what a stream is, and the init part that says so (libavcodec's
 * parser, libavformat's mov muxer).
 */
#ifndef SAQTA_VIDEO_H
#define SAQTA_VIDEO_H

#include <stddef.h>
#include <stdint.h>

#include "recorder/depay.h"

struct video {
	uint16_t width, height;
	int reorder;		/* pictures shown later than decoded */
	char profile[32];	/* such as "High", "" when unknown */
};

/*
 * Look at the key frame u and the parameter sets (as in struct sets) that
 * it needs. The init part, ftyp and moov with avc1 or hvc1 and the sets in
 * avcC or hvcC, is returned in *ret_init, to be freed by video_free().
 *
 * ERR_FORMAT: it does not parse, or has no size; ERR_NO_MEMORY.
 */
must_check enum err video_init_part(enum codec codec,
    const unsigned char *sets, size_t sets_n, const struct unit *u,
    struct video *ret, unsigned char **ret_init, size_t *ret_n);
void video_free(unsigned char *init);

/*
 * Load what libav builds at first use, so that children share it; and limit
 * each of its allocations to 64 MiB.
 */
void video_preload(void);

#endif
