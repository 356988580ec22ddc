/*
 * stream.h - pictures of one camera to fragments and segments: clock, order,
 * cut, fragment and feed put together.
 */
#ifndef SAQTA_STREAM_H
#define SAQTA_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder/depay.h"
#include "recorder/feed.h"

/* What a probe wants to know; measured as the pictures pass. */
struct stream_stats {
	uint32_t frames;
	uint64_t bytes;
	int64_t first_pts, last_pts;	/* 1/90000 s */
	uint32_t keys;
	int64_t first_key, last_key;	/* pts */
	uint16_t width, height;
	char profile[32];
	struct utc camera;		/* its clock at ... */
	struct utc camera_at;		/* ... this moment of ours; 0 = unknown */
	uint32_t damaged; /* pictures with something missing */
	uint32_t slips, forced; /* times: see clock.h, order.h */
};

struct stream;

/*
 * A stream that goes to feed (borrowed; NULL: nowhere, only measured). NULL:
 * no memory. Freed by stream_free().
 */
struct stream *stream_new(enum codec codec, struct feed *feed,
    uint32_t segment_ms, uint32_t fragment_ms);
void stream_free(struct stream *s);

/* Parameter sets from the SDP: u16 length, NAL unit, ... Garbage is ignored. */
void stream_sets(struct stream *s, const unsigned char *p, size_t n);

/*
 * A picture (unit->data is given). ERR_GONE: storage went away; ERR_FORMAT:
 * this is no video; ERR_NO_MEMORY, ERR_SYS. For depay's struct unit_sink.
 */
must_check enum err stream_unit(void *s, struct unit *u);

/* Time passes: call it at least twice a second. */
must_check enum err stream_tick(struct stream *s, struct utc utc,
    struct mono mono);

/* Storage named the next cut. */
void stream_cut(struct stream *s, struct utc at);

/* A sender report came: the camera's clock at an RTP time stamp. */
void stream_camera_clock(struct stream *s, struct utc camera, uint32_t time,
    struct utc now);

/* The stream ends; the open segment is ended with this cause. */
must_check enum err stream_end(struct stream *s, enum cause cause);

/* Storage refused the open segment: go on with the next key frame. */
void stream_refused(struct stream *s);

/* Does the stream come slower than it was sent? See clock_behind(). */
bool stream_is_behind(const struct stream *s, struct mono now);

/* Since when no picture could be recorded for want of a key frame; 0 = no. */
struct mono stream_waits_since(const struct stream *s);

const struct stream_stats *stream_stats(const struct stream *s);

#endif
