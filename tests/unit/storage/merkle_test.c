#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/merkle.h"

/*
 * The inputs and roots of Certificate Transparency's own tests
 * (certificate-transparency, merkletree; transparency-dev/merkle, testonly).
 */
static const struct {
	const char *data;
	size_t n;
	const char *root; /* of all inputs up to this one */
} vectors[] = {
    {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"\x00", 1,
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"\x10", 1,
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"\x20\x21", 2,
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"\x30\x31", 2,
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"\x40\x41\x42\x43", 4,
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8,
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void root_is(const struct merkle *t, const char *want)
{
	unsigned char root[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];

	merkle_root(t, root);
	hex_encode(root, sizeof(root), hex);
	assert_string_equal(hex, want);
}

static void P10_the_root_of_nothing_is_the_hash_of_nothing(void **state)
{
	struct merkle t;

	(void)state;
	merkle_init(&t);
	root_is(&t,
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
}

static void P10_roots_are_those_of_certificate_transparency(void **state)
{
	unsigned char leaf[HASH_BYTES];
	struct merkle t;

	(void)state;
	merkle_init(&t);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		merkle_leaf(vectors[i].data, vectors[i].n, leaf);
		merkle_put(&t, leaf);
		root_is(&t, vectors[i].root);
	}
}

/* RFC 6962, section 2.1, as it stands there: split at the largest power of 2. */
static void head(unsigned char (*leaf)[HASH_BYTES], size_t n,
    unsigned char ret[HASH_BYTES])
{
	unsigned char l[HASH_BYTES], r[HASH_BYTES];
	size_t k = 1;

	if (n == 1) {
		memcpy(ret, leaf[0], HASH_BYTES);
		return;
	}
	while (2 * k < n)
		k *= 2;
	head(leaf, k, l);
	head(leaf + k, n - k, r);
	merkle_node(l, r, ret);
}

static void a_growing_tree_has_the_root_of_the_definition(void **state)
{
	static unsigned char leaf[520][HASH_BYTES];
	unsigned char want[HASH_BYTES], have[HASH_BYTES];
	struct merkle t;

	(void)state;
	merkle_init(&t);
	for (size_t i = 0; i < 520; i++) {
		merkle_leaf(&i, sizeof(i), leaf[i]);
		merkle_put(&t, leaf[i]);
		merkle_root(&t, have);
		head(leaf, i + 1, want);
		assert_memory_equal(have, want, HASH_BYTES);
	}
}

/*
 * The inclusion proofs of transparency-dev/merkle (proof/verify_test.go), whose
 * leaves count from 1.
 */
static const struct {
	uint64_t leaf, size;
	size_t n;
	const char *path[3];
} paths[] = {
    {1, 1, 0, {NULL}},
    {1, 8, 3,
	{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e"
	    "4"}},
    {6, 8, 3,
	{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
	    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b"
	    "7"}},
    {3, 3, 1,
	{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {2, 5, 3,
	{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6"
	    "b"}},
};

/* Complete subtrees of an array of leaf hashes. */
static enum err subtree(void *arg, unsigned level, uint64_t index,
    unsigned char ret[HASH_BYTES])
{
	unsigned char(*leaf)[HASH_BYTES] = arg;

	head(leaf + (index << level), (size_t)1 << level, ret);
	return OK;
}

static void vector_leaves(unsigned char (*ret)[HASH_BYTES])
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		merkle_leaf(vectors[i].data, vectors[i].n, ret[i]);
}

static void P10_paths_are_those_of_certificate_transparency(void **state)
{
	unsigned char leaf[8][HASH_BYTES], path[MERKLE_PATH_MAX][HASH_BYTES];
	struct merkle_source s = {subtree, leaf};
	char hex[2 * HASH_BYTES + 1];

	(void)state;
	vector_leaves(leaf);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		size_t n;

		assert_int_equal(OK,
		    merkle_path(&s, paths[i].leaf - 1, paths[i].size, path,
			&n));
		assert_int_equal(n, paths[i].n);
		for (size_t k = 0; k < n; k++) {
			hex_encode(path[k], HASH_BYTES, hex);
			assert_string_equal(hex, paths[i].path[k]);
		}
	}
}

static void P10_a_path_proves_its_leaf_and_no_other(void **state)
{
	static unsigned char leaf[70][HASH_BYTES];
	unsigned char path[MERKLE_PATH_MAX][HASH_BYTES], root[HASH_BYTES];
	struct merkle_source s = {subtree, leaf};
	size_t n;

	(void)state;
	for (size_t i = 0; i < 70; i++)
		merkle_leaf(&i, sizeof(i), leaf[i]);
	for (uint64_t size = 1; size <= 70; size++) {
		head(leaf, size, root);
		for (uint64_t i = 0; i < size; i++) {
			assert_int_equal(OK,
			    merkle_path(&s, i, size, path, &n));
			for (uint64_t k = 0; k < size; k++)
				assert_int_equal(merkle_path_check(k, size,
						     leaf[i], path, n, root),
				    k == i ? OK : ERR_INTEGRITY);
			assert_int_equal(ERR_INTEGRITY,
			    merkle_path_check(i, size, leaf[(i + 1) % 70], path,
				n, root));
		}
	}
}

static void P10_a_changed_or_shortened_path_proves_nothing(void **state)
{
	unsigned char leaf[8][HASH_BYTES], path[MERKLE_PATH_MAX][HASH_BYTES];
	struct merkle_source s = {subtree, leaf};
	unsigned char root[HASH_BYTES];
	size_t n;

	(void)state;
	vector_leaves(leaf);
	head(leaf, 7, root);
	assert_int_equal(OK, merkle_path(&s, 4, 7, path, &n));
	for (size_t k = 0; k < n; k++) {
		path[k][31] ^= 1;
		assert_int_equal(ERR_INTEGRITY,
		    merkle_path_check(4, 7, leaf[4], path, n, root));
		path[k][31] ^= 1;
	}
	assert_int_equal(ERR_INTEGRITY,
	    merkle_path_check(4, 7, leaf[4], path, n - 1, root));
	assert_int_equal(ERR_INTEGRITY,
	    merkle_path_check(4, 7, leaf[4], path, n + 1, root));
	assert_int_equal(ERR_RANGE,
	    merkle_path_check(7, 7, leaf[4], path, n, root));
	assert_int_equal(ERR_RANGE, merkle_path(&s, 7, 7, path, &n));
	assert_int_equal(ERR_RANGE,
	    merkle_path_check(0, 0, leaf[0], path, 0, root));
}

/* Consistency proofs of transparency-dev/merkle (testdata/consistency). */
static const struct {
	uint64_t old, size;
	size_t n;
	const char *proof[3];
} growths[] = {
    {1, 8, 3,
	{"lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
	    "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
	    "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ="}},
    {6, 8, 3,
	{"DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
	    "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
	    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc="}},
    {2, 5, 2,
	{"Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
	    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms="}},
    {6, 7, 3,
	{"DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
	    "sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=",
	    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc="}},
};

static void P10_growth_proofs_are_those_of_certificate_transparency(void *
	*state)
{
	unsigned char leaf[8][HASH_BYTES], proof[MERKLE_PATH_MAX][HASH_BYTES];
	unsigned char before[HASH_BYTES], after[HASH_BYTES];
	struct merkle_source s = {subtree, leaf};
	char b64[B64_LEN(HASH_BYTES)];

	(void)state;
	vector_leaves(leaf);
	for (size_t i = 0; i < sizeof(growths) / sizeof(growths[0]); i++) {
		size_t n;

		assert_int_equal(OK,
		    merkle_growth(&s, growths[i].old, growths[i].size, proof,
			&n));
		assert_int_equal(n, growths[i].n);
		for (size_t k = 0; k < n; k++) {
			b64_encode(proof[k], HASH_BYTES, true, b64);
			assert_string_equal(b64, growths[i].proof[k]);
		}
		head(leaf, growths[i].old, before);
		head(leaf, growths[i].size, after);
		assert_int_equal(OK,
		    merkle_growth_check(growths[i].old, before, growths[i].size,
			after, proof, n));
	}
}

/* As wrong as the published cases: sizes, roots, order, length, bits. */
static void P10_a_wrong_growth_proof_proves_nothing(void **state)
{
	static unsigned char leaf[70][HASH_BYTES], roots[71][HASH_BYTES];
	unsigned char proof[MERKLE_PATH_MAX + 1][HASH_BYTES];
	struct merkle_source s = {subtree, leaf};
	size_t n;

	(void)state;
	for (size_t i = 0; i < 70; i++) {
		merkle_leaf(&i, sizeof(i), leaf[i]);
		head(leaf, i + 1, roots[i + 1]);
	}
	for (uint64_t size = 1; size <= 70; size++) {
		for (uint64_t old = 1; old <= size; old++) {
			unsigned char *a = roots[old], *b = roots[size];

			assert_int_equal(OK,
			    merkle_growth(&s, old, size, proof, &n));
			assert_int_equal(OK,
			    merkle_growth_check(old, a, size, b, proof, n));
			if (old < size)
				assert_int_not_equal(OK,
				    merkle_growth_check(old, b, size, a, proof,
					n));
			memset(proof[n], 0, HASH_BYTES);
			assert_int_not_equal(OK,
			    merkle_growth_check(old, a, size, b, proof, n + 1));
			if (!n)
				continue;
			assert_int_not_equal(OK,
			    merkle_growth_check(old, a, size, b, proof, n - 1));
			assert_int_not_equal(OK,
			    merkle_growth_check(old, a, size, b, proof + 1,
				n - 1));
			for (size_t k = 0; k < n; k++) {
				proof[k][k] ^= 16;
				assert_int_not_equal(OK,
				    merkle_growth_check(old, a, size, b, proof,
					n));
				proof[k][k] ^= 16;
			}
		}
	}
}

static void growth_from_nothing_is_proven_by_nothing(void **state)
{
	unsigned char leaf[8][HASH_BYTES], proof[MERKLE_PATH_MAX][HASH_BYTES];
	unsigned char root[HASH_BYTES];
	struct merkle_source s = {subtree, leaf};
	size_t n = 9;

	(void)state;
	vector_leaves(leaf);
	head(leaf, 8, root);
	assert_int_equal(merkle_growth(&s, 0, 8, proof, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(merkle_growth_check(0, root, 8, root, proof, 0), OK);
	assert_int_equal(merkle_growth_check(0, root, 8, root, proof, 1),
	    ERR_INTEGRITY);
	assert_int_equal(merkle_growth(&s, 9, 8, proof, &n), ERR_RANGE);
	assert_int_equal(merkle_growth_check(9, root, 8, root, proof, 0),
	    ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_the_root_of_nothing_is_the_hash_of_nothing),
	    cmocka_unit_test(P10_roots_are_those_of_certificate_transparency),
	    cmocka_unit_test(a_growing_tree_has_the_root_of_the_definition),
	    cmocka_unit_test(P10_paths_are_those_of_certificate_transparency),
	    cmocka_unit_test(P10_a_path_proves_its_leaf_and_no_other),
	    cmocka_unit_test(P10_a_changed_or_shortened_path_proves_nothing),
	    cmocka_unit_test(
		P10_growth_proofs_are_those_of_certificate_transparency),
	    cmocka_unit_test(P10_a_wrong_growth_proof_proves_nothing),
	    cmocka_unit_test(growth_from_nothing_is_proven_by_nothing),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
