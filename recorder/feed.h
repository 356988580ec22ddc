/*
 * feed.h - the camera's connection to storage: a bounded queue of messages
 * with their sealed memfds, and storage's own requests.
 *
 * While storage is slow the queue grows to FEED_BYTES_MAX or FEED_ITEMS_MAX;
 * then the open segment is given up (CAUSE_STORAGE_AWAY) and nothing more is
 * taken until the queue is empty. The oldest messages are never dropped: what
 * storage sees has no hole that it is not told of.
 */
#ifndef SAQTA_FEED_H
#define SAQTA_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/scene.h"
#include "storage/api/messages.h"
#include "storage/api/utc.h"

#define FEED_BYTES_MAX (32u << 20)
#define FEED_ITEMS_MAX 40 /* each holds a descriptor, a child has 64 */

struct feed_segment {
	struct utc start;
	struct mono arrival;
	uint32_t epoch;
	enum clock_state clock_state;
	struct utc camera;	/* 0: the camera does not say */
	uint16_t width, height;
};

struct feed;

/* sock (given) is a connection after MSG_HELLO_CAMERA. NULL: no memory. */
struct feed *feed_new(int sock);
void feed_free(struct feed *f);

int feed_socket(const struct feed *f);
bool feed_wants_write(const struct feed *f);
/*
 * What is queued waits though the socket is writable: the descriptors that
 * other cameras' children sent were not received yet, and the kernel counts
 * them for all of one user. feed_write() again in a while.
 */
bool feed_is_crowded(const struct feed *f);

/* Is the queue too full to begin with anything? */
bool feed_is_full(const struct feed *f);

/*
 * The three messages of a segment. p, n is borrowed: the init part, or moof +
 * mdat. They are queued, then sent as far as storage takes them.
 *
 * OK; ERR_BUSY from feed_fragment() when the queue is full: the caller ends
 * the segment with CAUSE_STORAGE_AWAY, which is always queued; ERR_GONE when
 * storage went away; ERR_SYS, ERR_NO_MEMORY.
 */
must_check enum err feed_begin(struct feed *f, const struct feed_segment *s,
    const void *p, size_t n);
must_check enum err feed_fragment(struct feed *f, struct utc start,
    int64_t duration_ns, struct mono arrival, uint32_t flags, const void *p,
    size_t n);
must_check enum err feed_end(struct feed *f, enum cause cause);

/* The socket is writable, or it was crowded: send what is queued. */
must_check enum err feed_write(struct feed *f);

/* What storage says. */
struct feed_event {
	enum {
		FEED_NOTHING,
		FEED_CUT,
		FEED_PICTURE,
		FEED_AIM,
		FEED_REFUSED
	} what;
	struct utc cut;		/* FEED_CUT: for the newest segment only */
	uint64_t seq;		/* FEED_PICTURE */
	uint32_t id;
	int fd;			/* FEED_PICTURE, FEED_AIM: given to the caller */
	enum err err;		/* FEED_REFUSED: why */
};

/* The socket is readable: receive one message. ERR_GONE, ERR_BAD_MESSAGE. */
must_check enum err feed_read(struct feed *f, struct feed_event *ret);

/* Answer FEED_PICTURE; seq and id are the event's. */
must_check enum err feed_picture(struct feed *f, uint64_t seq, uint32_t id,
    bool decoded, uint16_t width, uint16_t height);

/* Answer FEED_AIM; p, n is a JPEG, borrowed; NULL where there is none. */
must_check enum err feed_aim(struct feed *f, uint32_t id, const void *p,
    size_t n);

/* Before it, where the picture was decoded: what it looks like. */
must_check enum err feed_scene(struct feed *f, uint64_t seq,
    const struct scene *s);

/* Send what is queued, waiting at most ms; for an orderly stop. */
void feed_drain(struct feed *f, int ms);

#endif
