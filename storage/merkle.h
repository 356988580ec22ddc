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

#endif
