#include <string.h>

#include "storage/merkle.h"

void merkle_leaf(const void *p, size_t n, unsigned char ret[HASH_BYTES])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, "\0", 1);
	sha256_put(&h, p, n);
	sha256_end(&h, ret);
}

void merkle_node(const unsigned char l[HASH_BYTES],
    const unsigned char r[HASH_BYTES], unsigned char ret[HASH_BYTES])
{
	unsigned char both[1 + 2 * HASH_BYTES] = {1};

	memcpy(both + 1, l, HASH_BYTES);
	memcpy(both + 1 + HASH_BYTES, r, HASH_BYTES);
	sha256(both, sizeof(both), ret);
}

void merkle_init(struct merkle *t)
{
	memset(t, 0, sizeof(*t));
}

/*
 * edge[k] is the root of the complete subtree of 2^k leaves that stands for
 * bit k of n: adding a leaf is adding one to a binary number.
 */
void merkle_put(struct merkle *t, const unsigned char leaf[HASH_BYTES])
{
	unsigned char acc[HASH_BYTES];
	unsigned k = 0;

	memcpy(acc, leaf, HASH_BYTES);
	for (; t->n >> k & 1; k++)
		merkle_node(t->edge[k], acc, acc);
	memcpy(t->edge[k], acc, HASH_BYTES);
	t->n++;
}

void merkle_root(const struct merkle *t, unsigned char ret[HASH_BYTES])
{
	unsigned char acc[HASH_BYTES];
	bool any = false;

	sha256("", 0, acc);
	for (unsigned k = 0; k < 64; k++) {
		if (!(t->n >> k & 1))
			continue;
		if (any)
			merkle_node(t->edge[k], acc, acc);
		else
			memcpy(acc, t->edge[k], HASH_BYTES);
		any = true;
	}
	memcpy(ret, acc, HASH_BYTES);
}
