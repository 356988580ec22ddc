/*
 * book.h - what was wrong when we last looked, and what is still to be told.
 *
 * One message when an incident opens, one when it is over. What could not be
 * sent stays in the queue, also over a restart: the book is a file, replaced
 * whole. Pure but for book_read() and book_write().
 */
#ifndef SAQTA_ALERT_BOOK_H
#define SAQTA_ALERT_BOOK_H

#include <stdint.h>

#include "alert/incident.h"
#include "storage/api/err.h"

#define QUEUE_MAX 512	/* messages; then the oldest is given up */

enum event { EVENT_OPENED = 1, EVENT_CLOSED = 2, EVENT_DIGEST = 3 };

/* Where a message is still to go, as bits. */
enum { TO_MAIL = 1, TO_HOOK = 2 };

struct message {
	uint64_t id;		/* never twice */
	enum event event;
	unsigned to;		/* TO_* that have not taken it yet */
	int64_t at;		/* Unix seconds */
	struct incident i;	/* none of a digest */
};

struct book {
	struct incident open[INCIDENTS_MAX];
	size_t open_n;
	struct message queue[QUEUE_MAX];
	size_t queue_n;
	uint64_t last_id;
	int64_t digest_day;	/* of the last one: days since 1970, local */
	bool changed;		/* since it was written */
};

/*
 * What is wrong now, n incidents; `to` is where messages go. Returns how many
 * messages at the end of the queue are new.
 */
size_t book_update(struct book *b, const struct incident *now, size_t n,
    unsigned to, int64_t at);
/*
 * One incident of our own beside those that are open: while nobody answers,
 * nothing is known to be over. Returns as book_update().
 */
size_t book_add(struct book *b, const struct incident *own, unsigned to,
    int64_t at);
/* Queue the report of a day, once. */
void book_digest(struct book *b, int64_t day, unsigned to, int64_t at);
/* The queue's message i has reached one of TO_*; true where it is gone. */
bool book_sent(struct book *b, size_t i, unsigned to);

/* ERR_NOT_FOUND: there is none yet; ERR_FORMAT: then the book is empty. */
must_check enum err book_read(const char *path, struct book *ret);
must_check enum err book_write(const char *path, struct book *b);

#endif
