/*
 * depay.h - RTP payloads to whole pictures: H.264 (RFC 6184: single NAL unit,
 * STAP-A, FU-A) and H.265 (RFC 7798: single, AP, FU).
 *
 * NAL units come out byte for byte as the camera sent them, SEI included, each
 * behind its length (u32, as MP4 stores them). Where a camera put Annex B into
 * one, the start codes go. A NAL unit with a piece missing is dropped and the
 * picture marked damaged; a picture without any slice is never given out, its
 * other NAL units go to the picture that follows.
 */
#ifndef SAQTA_DEPAY_H
#define SAQTA_DEPAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/codec.h"
#include "recorder/rtp.h"

#define PICTURE_MAX (24u << 20)		/* bytes of one picture */

/* One picture in decoding order ("access unit"). */
struct unit {
	unsigned char *data;	/* u32 length, NAL unit, ... */
	size_t n;
	uint32_t time;		/* RTP time stamp */
	struct mono arrival;	/* of its first packet */
	bool key;		/* decoding can begin here */
	bool damaged;		/* packets were lost in it or before it */
	bool turned;		/* the first of another source: its own time */
};

/* Who takes the pictures; unit->data is given: free() it. */
struct unit_sink {
	enum err (*emit)(void *arg, struct unit *u);
	void *arg;
};

struct depay;

/* NULL: no memory. Freed by depay_free(). */
struct depay *depay_new(enum codec codec, struct unit_sink sink);
void depay_free(struct depay *d);

/*
 * Take one packet in order. A picture is given out when the next one begins.
 * ERR_TOO_LARGE above PICTURE_MAX; ERR_NO_MEMORY; an error of the sink.
 */
must_check enum err depay_put(struct depay *d, const struct rtp_packet *p);

/* The stream ends: give out the last picture. */
must_check enum err depay_end(struct depay *d);

#endif
