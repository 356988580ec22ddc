/*
 * once.h - what was done under an Idempotency-Key
 * (draft-ietf-httpapi-idempotency-key-header), for who asks again because the
 * answer did not reach him.
 *
 * HTTP's thread alone uses the table. It is bounded, and forgotten when web
 * starts again.
 */
#ifndef SAQTA_WEB_ONCE_H
#define SAQTA_WEB_ONCE_H

#include <stddef.h>

#include "storage/api/utc.h"

#define ONCE_MAX 256
#define ONCE_KEY_MAX 64		/* bytes of a key */
#define ONCE_HASH 32
#define ONCE_TEXT_MAX 1024	/* bytes of an answer */
#define ONCE_NS (3600 * NS_PER_SEC) /* that it is remembered */

struct once {
	enum { ONCE_FREE, ONCE_RUNS, ONCE_DONE, ONCE_BROKEN } state;
	unsigned char key[ONCE_HASH];	/* of person, path and key */
	unsigned char body[ONCE_HASH];	/* of what it says, without secrets */
	int64_t at_ns;
	unsigned status;
	char location[96];		/* "" without one */
	char text[ONCE_TEXT_MAX];	/* JSON */
	size_t n;
};

enum once_is {
	ONCE_NEW,	/* do it; *ret is to be ended */
	ONCE_AGAIN,	/* it was done: *ret has its answer */
	ONCE_OTHER,	/* the key was used for something else */
	ONCE_BUSY,	/* it is being done */
	ONCE_UNKNOWN,	/* it broke off, and may have been done */
	ONCE_FULL,	/* ONCE_MAX are being done */
};
enum once_is once_begin(const unsigned char key[ONCE_HASH],
    const unsigned char body[ONCE_HASH], struct mono now, struct once **ret);

/* It was done; an answer that is too long is one that nobody gets again. */
void once_done(struct once *o, unsigned status, const char *location,
    const void *text, size_t n);
/* It was refused, or not begun: the key is as good as new. */
void once_forget(struct once *o);
/* Nobody was there for its answer. */
void once_broke(struct once *o);

#endif
