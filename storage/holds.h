/*
 * holds.h - what keeps footage beyond its term, or makes a term longer (P4).
 *
 * Holds are a fold over the ledger: each entry that places, ends or releases
 * one is applied as it is entered. The file `holds` is only a copy with the
 * number of entries that it stands for; what came since is read from the
 * ledger, and without the file all of it. The index has no part in it.
 */
#ifndef SAQTA_HOLDS_H
#define SAQTA_HOLDS_H

#include "storage/index.h"
#include "storage/ledger.h"

#define HOLDS_PERSON_MAX 200	/* placed by one person and not released */
/* The hold of a request that was refused, closed or has ended is let go. */
#define HOLD_AFTER_NS (INT64_C(30) * 86400 * NS_PER_SEC)
#define HOLD_OPEN_END INT64_MAX	/* to_ns: until it is released */

struct hold {
	uint64_t id;		/* of the request's entry, or of its own */
	uint64_t entry;		/* "hold placed" */
	uint64_t owner;		/* the person who placed it */
	int64_t placed_ns, from_ns, to_ns;
	int64_t review_ns;	/* look at it again then; 0: no date */
	int64_t ends_ns;	/* let go then; 0: nobody said */
	char request[REQUEST_ID_MAX];	/* ""; else it belongs to that */
	char cameras[CAMERAS_MAX * (CAMERA_ID_MAX + 1)];
};

/* A camera whose term was made longer. */
struct longer {
	char camera[CAMERA_ID_MAX + 1];
	unsigned days;
};

struct holds {
	struct hold *h;
	size_t n;
	struct longer *longer;
	size_t longer_n;
	uint64_t through;	/* entries that were applied */
	char log[2 * HASH_BYTES + 1];	/* leaf hash of the log's entry 0 */
	bool changed;		/* since it was saved */
};

void holds_free(struct holds *h);

/*
 * Apply entry number i, any entry. ERR_NO_MEMORY: then nothing may be erased.
 * ERR_FORMAT: a hold without cameras or window.
 */
must_check enum err holds_apply(struct holds *h, uint64_t i,
    const struct entry_view *v);

/*
 * Load the copy and apply what the ledger has beyond it; a missing or damaged
 * copy, or one that knows more than the ledger has, is not believed: all is
 * read from the ledger. Blocks.
 *
 *   ret_former  what a copy says that belongs to another log: to be entered
 *               anew, as a new epoch has begun (epoch.h); else empty. NULL: not
 *               wanted
 */
must_check enum err holds_load(int data_fd, struct ledger *l,
    struct holds *ret, struct holds *ret_former);
/* Read the copy alone, as it stands. ERR_NOT_FOUND, ERR_FORMAT. */
must_check enum err holds_read(int data_fd, struct holds *ret);
/* Write the copy; the ledger's entries below h->through are committed. */
must_check enum err holds_save(int data_fd, const struct holds *h);

/* Is one of the camera's instants in [from, to] held? Pure. */
bool holds_cover(const struct holds *h, const char *camera, int64_t from_ns,
    int64_t to_ns);
/* Does any hold reach back to that moment, or before it? Pure. */
bool holds_reach(const struct holds *h, int64_t to_ns);
/* Does one hold keep all of them? Pure. */
bool holds_cover_all(const struct holds *h, const char *camera,
    int64_t from_ns, int64_t to_ns);
/* Borrowed; NULL. */
const struct hold *holds_find(const struct holds *h, uint64_t id);
/* Extra days of the camera's term by entry. */
unsigned holds_longer(const struct holds *h, const char *camera);

#endif
