/*
 * tail.h - the tail of the ledger in memory: the entries past the last full
 * tile, as an image of the file ledger/tail (storage/DESIGN.md). Pure.
 */
#ifndef SAQTA_TAIL_H
#define SAQTA_TAIL_H

#include "storage/entry.h"
#include "storage/merkle.h"

#define TAIL_HEAD 22		/* "saqta tail v1\n", u64 index */
#define TAIL_MAX (64u << 20)	/* bytes that we accept to read */

struct tail_slot {
	size_t off;		/* of the entry's bytes in buf */
	size_t n;
	unsigned char leaf[HASH_BYTES];
};
struct tail {
	uint64_t first;		/* index of slots[0] in the ledger */
	unsigned char *buf;	/* the file */
	size_t len, cap;
	struct tail_slot *slots;
	size_t n, slots_cap;
};

/* An empty tail that begins with entry `first`; to be freed by tail_free(). */
must_check enum err tail_new(uint64_t first, struct tail *ret);

/*
 * From a file's bytes: all records up to the first that is not whole or not
 * right; ret_cut_bytes counts what stands behind them. ERR_FORMAT where the
 * header is not one.
 */
must_check enum err tail_parse(const void *p, size_t n, struct tail *ret,
    size_t *ret_cut_bytes);

must_check enum err tail_put(struct tail *t, const void *entry, size_t n);

/* A new tail without the first k entries of t; k <= t->n. */
must_check enum err tail_rest(const struct tail *t, size_t k,
    struct tail *ret);

/* Where the image ends after the first k entries. */
size_t tail_end(const struct tail *t, size_t k);

void tail_free(struct tail *t);

#endif
