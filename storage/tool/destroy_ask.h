/*
 * destroy_ask.h - may a site be destroyed? Asked before anything is changed:
 * what makes a sweep wait makes this wait, and one segment within its term, or
 * held, or unknown, is enough to refuse (P2, P4, P12).
 */
#ifndef SAQTA_DESTROY_ASK_H
#define SAQTA_DESTROY_ASK_H

#include "storage/api/config.h"
#include "storage/holds.h"
#include "storage/ledger.h"
#include "storage/note.h"
#include "storage/site.h"

#define DESTROY_DEPTH 8

struct box {
	struct config conf;
	struct site site;
	int data_fd;
	bool begun, without_missing;
	struct index *ix;
	struct ledger *ledger;
	struct holds holds;
	struct utc both; /* what both clocks have passed */
	uint64_t segments, bytes;
	int64_t last_ns; /* the latest term */
	uint64_t disagree; /* segments whose entry says something else */
	size_t unknown; /* files that the index does not know */
	char checkpoint[NOTE_MAX + 1];
	size_t keys, files;
};

/* Say what is wrong, and why; false. */
bool destroy_fail(const char *what, const char *why);
bool destroy_failed(const char *what, enum err err);

/* May it go? Says why not. */
bool destroy_may(struct box *b);

/* fn for each file below a directory; descriptors are closed again. */
must_check enum err destroy_walk(int at, const char *name, int depth,
    enum err (*fn)(int dir, const char *name, void *arg), void *arg);

#endif
