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

/* The largest power of two below n, as its exponent; n > 1. */
static unsigned split(uint64_t n)
{
	return 63u - (unsigned)__builtin_clzll(n - 1);
}

/* From the right: the smallest complete subtree first, each left one joined. */
enum err merkle_range(const struct merkle_source *s, uint64_t from, uint64_t to,
    unsigned char ret[HASH_BYTES])
{
	unsigned char acc[HASH_BYTES], left[HASH_BYTES];
	uint64_t n = to - from;
	bool any = false;

	for (unsigned k = 0; k < 64 && n >> k; k++) {
		enum err e;

		if (!(n >> k & 1))
			continue;
		to -= UINT64_C(1) << k;
		e = s->subtree(s->arg, k, to >> k, left);
		if (e)
			return e;
		if (any)
			merkle_node(left, acc, acc);
		else
			memcpy(acc, left, HASH_BYTES);
		any = true;
	}
	memcpy(ret, acc, HASH_BYTES);
	return OK;
}

/*
 * Down from the root; each step notes the half that the leaf is not in. What
 * is noted first stands last in the path.
 */
enum err merkle_path(const struct merkle_source *s, uint64_t index,
    uint64_t size, unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES],
    size_t *ret_n)
{
	unsigned char down[MERKLE_PATH_MAX][HASH_BYTES];
	uint64_t from = 0, to = size;
	size_t n = 0;

	if (index >= size)
		return ERR_RANGE;
	while (to - from > 1) {
		uint64_t mid = from + (UINT64_C(1) << split(to - from));
		bool left = index < mid;
		enum err e = merkle_range(s, left ? mid : from, left ? to : mid,
		    down[n]);

		if (e)
			return e;
		n++;
		*(left ? &to : &from) = mid;
	}
	for (size_t i = 0; i < n; i++)
		memcpy(ret[i], down[n - 1 - i], HASH_BYTES);
	*ret_n = n;
	return OK;
}

/* RFC 9162, section 2.1.3.2: fn and sn are there called so. */
enum err merkle_path_check(uint64_t index, uint64_t size,
    const unsigned char leaf[HASH_BYTES], unsigned char (*path)[HASH_BYTES],
    size_t n, const unsigned char root[HASH_BYTES])
{
	unsigned char acc[HASH_BYTES];
	uint64_t fn = index, sn = size - 1;

	if (index >= size)
		return ERR_RANGE;
	memcpy(acc, leaf, HASH_BYTES);
	for (size_t i = 0; i < n; i++) {
		if (!sn)
			return ERR_INTEGRITY;
		if (fn & 1 || fn == sn) {
			merkle_node(path[i], acc, acc);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(acc, path[i], acc);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn || !crypt_equal(acc, root, HASH_BYTES))
		return ERR_INTEGRITY;
	return OK;
}

/*
 * Down from the root to the old tree's last leaf: where the old tree ends in
 * the right half, the left half is whole in both trees, else the right half is
 * new. What remains is a subtree of the old tree, which is named unless it is
 * all of it.
 */
enum err merkle_growth(const struct merkle_source *s, uint64_t old,
    uint64_t size, unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES],
    size_t *ret_n)
{
	unsigned char down[MERKLE_PATH_MAX][HASH_BYTES];
	uint64_t from = 0, to = size;
	size_t n = 0;
	enum err e = old > size ? ERR_RANGE : OK;

	*ret_n = 0;
	if (e || !old || old == size)
		return e;
	while (!e && to != old) {
		uint64_t mid = from + (UINT64_C(1) << split(to - from));
		bool left = old <= mid;

		e = merkle_range(s, left ? mid : from, left ? to : mid,
		    down[n++]);
		*(left ? &to : &from) = mid;
	}
	if (!e && from)
		e = merkle_range(s, from, to, down[n++]);
	if (e)
		return e;
	for (size_t i = 0; i < n; i++)
		memcpy(ret[i], down[n - 1 - i], HASH_BYTES);
	*ret_n = n;
	return OK;
}

/* RFC 9162, section 2.1.4.2: fn, sn, fr and sr are there called so. */
enum err merkle_growth_check(uint64_t old,
    const unsigned char old_root[HASH_BYTES], uint64_t size,
    const unsigned char root[HASH_BYTES], unsigned char (*proof)[HASH_BYTES],
    size_t n)
{
	unsigned char fr[HASH_BYTES], sr[HASH_BYTES];
	uint64_t fn = old - 1, sn = size - 1;
	size_t i = 0;

	if (old > size)
		return ERR_RANGE;
	if (!old)
		return n ? ERR_INTEGRITY : OK;
	if (old == size)
		return !n && crypt_equal(old_root, root, HASH_BYTES) ?
		    OK :
		    ERR_INTEGRITY;
	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	/* a power of two: the proof begins with the old root itself */
	if (old & (old - 1)) {
		if (!n)
			return ERR_INTEGRITY;
		memcpy(fr, proof[i++], HASH_BYTES);
	} else {
		memcpy(fr, old_root, HASH_BYTES);
	}
	memcpy(sr, fr, HASH_BYTES);
	for (; i < n; i++) {
		if (!sn)
			return ERR_INTEGRITY;
		if (fn & 1 || fn == sn) {
			merkle_node(proof[i], fr, fr);
			merkle_node(proof[i], sr, sr);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(sr, proof[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn || !crypt_equal(fr, old_root, HASH_BYTES) ||
	    !crypt_equal(sr, root, HASH_BYTES))
		return ERR_INTEGRITY;
	return OK;
}
