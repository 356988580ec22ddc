/*
 * merkle.h - RFC 6962 section 2.1 trees over SHA-256. Pure.
 */
#ifndef SAQTA_MERKLE_H
#define SAQTA_MERKLE_H

#include "storage/crypt.h"

void merkle_leaf(const void *p, size_t n, unsigned char ret[HASH_BYTES]);
void merkle_node(const unsigned char l[HASH_BYTES],
    const unsigned char r[HASH_BYTES], unsigned char ret[HASH_BYTES]);

/* A growing tree: the right edge only, at most 64 hashes. */
struct merkle {
	uint64_t n;
	unsigned char edge[64][HASH_BYTES];
};
void merkle_init(struct merkle *t);
void merkle_put(struct merkle *t, const unsigned char leaf[HASH_BYTES]);
void merkle_root(const struct merkle *t, unsigned char ret[HASH_BYTES]);

/*
 * Inclusion proofs (RFC 6962, section 2.1.1). A path holds at most
 * MERKLE_PATH_MAX hashes, from the leaf upwards.
 */
#define MERKLE_PATH_MAX 64

/*
 * Where the hashes of complete subtrees come from: that of the leaves
 * [index << level, (index + 1) << level). level 0 is a leaf hash.
 */
struct merkle_source {
	enum err (*subtree)(void *arg, unsigned level, uint64_t index,
	    unsigned char ret[HASH_BYTES]);
	void *arg;
};

/*
 * The tree head over the leaves [from, to) of a larger tree; from is a
 * multiple of the smallest power of two that is not below to - from, as it is
 * for every subtree that a proof names, and from < to. As the source.
 */
must_check enum err merkle_range(const struct merkle_source *s, uint64_t from,
    uint64_t to, unsigned char ret[HASH_BYTES]);

/* The path of leaf `index` in the tree of `size` leaves. ERR_RANGE where the
 * tree has no such leaf; as the source. */
must_check enum err merkle_path(const struct merkle_source *s, uint64_t index,
    uint64_t size, unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES],
    size_t *ret_n);

/*
 * Does this path of n hashes lead from the leaf hash to the root? ERR_RANGE
 * where the tree has no such leaf; ERR_INTEGRITY where the path has another
 * length than it must have, or leads elsewhere.
 */
must_check enum err merkle_path_check(uint64_t index, uint64_t size,
    const unsigned char leaf[HASH_BYTES], unsigned char (*path)[HASH_BYTES],
    size_t n, const unsigned char root[HASH_BYTES]);

/*
 * Consistency proofs (RFC 6962, section 2.1.2): that the tree of `old` leaves
 * is the beginning of that of `size`. Empty where old is 0 or size.
 * ERR_RANGE where old > size; as the source.
 */
must_check enum err merkle_growth(const struct merkle_source *s, uint64_t old,
    uint64_t size, unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES],
    size_t *ret_n);

/*
 * Does this proof of n hashes lead from the old root to the new one? With old
 * 0 nothing is compared, and the proof must be empty. ERR_RANGE where old >
 * size; ERR_INTEGRITY where the proof has another length than it must have, or
 * leads elsewhere.
 */
must_check enum err merkle_growth_check(uint64_t old,
    const unsigned char old_root[HASH_BYTES], uint64_t size,
    const unsigned char root[HASH_BYTES], unsigned char (*proof)[HASH_BYTES],
    size_t n);

#endif
