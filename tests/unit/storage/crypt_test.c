/*
 * crypt.h at full cost (tests/run), against the vectors that its primitives were
 * published with.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/crypt.h"
#include "tests/unit/storage/bytes_text.h"

#define SUNSCREEN                                                              \
	"Ladies and Gentlemen of the class of '99: If I could offer you "      \
	"only one tip for the future, sunscreen would be it."

#define ALPHABET                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static void is_hex(const void *p, size_t n, const char *hex)
{
	char got[1024];

	assert_true(2 * n < sizeof(got));
	hex_encode(p, n, got);
	assert_string_equal(got, hex);
}

static void sha256_gives_the_digests_of_fips_180(void **state)
{
	unsigned char h[HASH_BYTES];
	struct sha256 s;

	(void)state;
	sha256("", 0, h);
	is_hex(h, sizeof(h),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256("abc", 3, h);
	is_hex(h, sizeof(h),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_init(&s);
	for (int i = 0; i < 1000000; i++)
		sha256_put(&s, "a", 1);
	sha256_put(&s, NULL, 0);
	sha256_end(&s, h);
	is_hex(h, sizeof(h),
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void hmac_gives_the_results_of_rfc_4231(void **state)
{
	static const char large[] =
	    "Test Using Larger Than Block-Size Key - Hash Key First";
	unsigned char h[HASH_BYTES], key[131], data[50];

	(void)state;
	memset(key, 0x0b, 20);
	hmac_sha256(key, 20, "Hi There", 8, h);
	is_hex(h, sizeof(h),
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, h);
	is_hex(h, sizeof(h),
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	memset(data, 0xdd, sizeof(data));
	hmac_sha256(key, 20, data, sizeof(data), h);
	is_hex(h, sizeof(h),
	    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	hmac_sha256(key, sizeof(key), large, strlen(large), h);
	is_hex(h, sizeof(h),
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hkdf_gives_the_first_block_of_rfc_5869(void **state)
{
	unsigned char ikm[80], salt[80], key[KEY_BYTES];
	char info[81] = "";

	(void)state;
	memset(ikm, 0x0b, 22);
	unhex("000102030405060708090a0b0c", salt);
	unhex("f0f1f2f3f4f5f6f7f8f9", (unsigned char *)info);
	hkdf_sha256(ikm, 22, salt, 13, info, key);
	is_hex(key, sizeof(key),
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	for (unsigned i = 0; i < 80; i++) {
		ikm[i] = (unsigned char)i;
		salt[i] = (unsigned char)(0x60 + i);
		info[i] = (char)(unsigned char)(0xb0 + i);
	}
	info[80] = '\0';
	hkdf_sha256(ikm, 80, salt, 80, info, key);
	is_hex(key, sizeof(key),
	    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
	memset(ikm, 0x0b, 22);
	hkdf_sha256(ikm, 22, NULL, 0, "", key);
	is_hex(key, sizeof(key),
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

/*
 * RFC 8439, 2.8.2, with key, nonce and text; its additional data is not used
 * here, so the tag is that of an independent Poly1305 (in Python, which gives
 * the RFC's tag where the additional data is).
 */
/* RFC 7914, 12: N = 16384, r = 8, p = 1; the first half of its 64 bytes. */
static void scrypt_gives_the_key_of_rfc_7914(void **state)
{
	unsigned char key[KEY_BYTES];
	char hex[2 * KEY_BYTES + 1];

	(void)state;
	assert_int_equal(scrypt_key("pleaseletmein", 13, "SodiumChloride", 14,
			     14, key),
	    OK);
	hex_encode(key, sizeof(key), hex);
	assert_string_equal(hex,
	    "7023bdcb3afd7348461c06cd81fd38eb"
	    "fda8fbba904f8e3ea9b543f6545da1f2");
}

static void scrypt_takes_one_gib_at_most(void **state)
{
	unsigned char key[KEY_BYTES];

	(void)state;
	assert_int_equal(scrypt_key("p", 1, "s", 1, SCRYPT_LOG_N_MAX + 1, key),
	    ERR_TOO_LARGE);
	assert_int_equal(scrypt_key("p", 1, "s", 1, 0, key), ERR_TOO_LARGE);
}

static void aead_gives_the_ciphertext_of_rfc_8439(void **state)
{
	unsigned char key[KEY_BYTES], nonce[AEAD_NONCE], out[256];
	unsigned char plain[256];
	size_t n = strlen(SUNSCREEN);

	(void)state;
	for (unsigned i = 0; i < KEY_BYTES; i++)
		key[i] = (unsigned char)(0x80 + i);
	unhex("070000004041424344454647", nonce);
	aead_seal(key, nonce, SUNSCREEN, n, out);
	is_hex(out, n + AEAD_TAG,
	    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
	    "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
	    "3ff4def08e4b7a9de576d26586cec64b6116"
	    "6a23a4681fd59456aea1d29f82477216");
	assert_int_equal(aead_open(key, nonce, out, n + AEAD_TAG, plain), OK);
	assert_memory_equal(plain, SUNSCREEN, n);
	for (size_t i = 0; i < n + AEAD_TAG; i++) {
		out[i] ^= 0x80;
		assert_int_equal(aead_open(key, nonce, out, n + AEAD_TAG,
				     plain),
		    ERR_INTEGRITY);
		out[i] ^= 0x80;
	}
	assert_int_equal(aead_open(key, nonce, out, AEAD_TAG - 1, plain),
	    ERR_INTEGRITY);
}

static void aead_works_in_place(void **state)
{
	unsigned char key[KEY_BYTES] = {1}, nonce[AEAD_NONCE] = {2};
	unsigned char buf[5 + AEAD_TAG] = "hello";

	(void)state;
	aead_seal(key, nonce, buf, 5, buf);
	assert_memory_not_equal(buf, "hello", 5);
	assert_int_equal(aead_open(key, nonce, buf, sizeof(buf), buf), OK);
	assert_memory_equal(buf, "hello", 5);
}

/* RFC 7748, 5.2: one pair, then k, u := X25519(k, u), k from k = u = 9. */
static void x25519_gives_the_results_of_rfc_7748(void **state)
{
	unsigned char k[KEY_BYTES], u[KEY_BYTES], out[KEY_BYTES];

	(void)state;
	unhex("a546e36bf0527c9d3b16154b82465edd"
	      "62144c0ac1fc5a18506a2244ba449ac4",
	    k);
	unhex("e6db6867583030db3594c1a424b15f7c"
	      "726624ec26b3353b10a903a6d0ab1c4c",
	    u);
	assert_int_equal(x25519(k, u, out), OK);
	is_hex(out, sizeof(out),
	    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	memset(k, 0, sizeof(k));
	k[0] = 9;
	x25519_base(k, out);
	is_hex(out, sizeof(out),
	    "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
	memcpy(u, k, sizeof(u));
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(x25519(k, u, out), OK);
		memcpy(u, k, sizeof(u));
		memcpy(k, out, sizeof(k));
	}
	is_hex(k, sizeof(k),
	    "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

static void x25519_refuses_points_of_small_order(void **state)
{
	static const char *const small[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	};
	unsigned char secret[KEY_BYTES] = {42}, point[KEY_BYTES];
	unsigned char out[KEY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(*small); i++) {
		unhex(small[i], point);
		assert_int_equal(x25519(secret, point, out), ERR_INTEGRITY);
	}
}

static void ed25519_gives_the_signatures_of_rfc_8032(void **state)
{
	unsigned char seed[KEY_BYTES], key[KEY_BYTES], sig[SIGN_BYTES];

	(void)state;
	unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f"
	      "60",
	    seed);
	sign_public(seed, key);
	is_hex(key, sizeof(key),
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
	sign(seed, "", 0, sig);
	is_hex(sig, sizeof(sig),
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
	assert_int_equal(sign_check(key, "", 0, sig), OK);
	assert_int_equal(sign_check(key, "x", 1, sig), ERR_INTEGRITY);
	sig[3] ^= 1;
	assert_int_equal(sign_check(key, "", 0, sig), ERR_INTEGRITY);
	unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6"
	      "fb",
	    seed);
	sign(seed, "\x72", 1, sig);
	is_hex(sig, sizeof(sig),
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

static void base64_gives_the_texts_of_rfc_4648(void **state)
{
	static const char *const text[] = {
	    "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
	char out[B64_LEN(6)];
	unsigned char back[6];
	size_t n;

	(void)state;
	for (size_t i = 0; i <= 6; i++) {
		size_t bare = strcspn(text[i], "=");

		assert_int_equal(b64_encode("foobar", i, true, out),
		    strlen(text[i]));
		assert_string_equal(out, text[i]);
		assert_int_equal(b64_decode(text[i], strlen(text[i]), true,
				     back, sizeof(back), &n),
		    OK);
		assert_int_equal(n, i);
		assert_memory_equal(back, "foobar", i);
		assert_int_equal(b64_encode("foobar", i, false, out), bare);
		assert_memory_equal(out, text[i], bare);
		assert_int_equal(b64_decode(text[i], bare, false, back,
				     sizeof(back), &n),
		    OK);
		assert_int_equal(n, i);
	}
}

static void base64_refuses_what_is_not_canonical(void **state)
{
	static const char *const padded[] = {"Zg", "Zg=", "Zh==", "Zm9=",
	    "Zg== ", " Zg==", "Z\ng==", "Zg==Zg==", "Zm9v=", "====", "A",
	    "Zm-_", "Zg==="};
	static const char *const bare[] = {
	    "Zg==", "Zh", "Zm9", "A", "AAAAA", "Zm9v\n", "Zm9v ", "AA=="};
	unsigned char out[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(padded) / sizeof(*padded); i++)
		assert_int_equal(b64_decode(padded[i], strlen(padded[i]), true,
				     out, sizeof(out), &n),
		    ERR_FORMAT);
	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++)
		assert_int_equal(b64_decode(bare[i], strlen(bare[i]), false,
				     out, sizeof(out), &n),
		    ERR_FORMAT);
	/* Each byte that is no letter of the alphabet. */
	for (int c = 0; c < 256; c++) {
		char text[5] = "Zm9v";

		text[1] = (char)c;
		if (!c || !strchr(ALPHABET, c))
			assert_int_equal(b64_decode(text, 4, true, out,
					     sizeof(out), &n),
			    ERR_FORMAT);
	}
	/* A NUL inside, and more than there is room for. */
	assert_int_equal(b64_decode("Zm9v\0", 5, true, out, sizeof(out), &n),
	    ERR_FORMAT);
	assert_int_equal(b64_decode("Zm9v", 4, true, out, 2, &n), ERR_FORMAT);
}

/*
 * Made from storage/DESIGN.md alone: Argon2id by Debian's argon2 (2 passes,
 * 64 KiB), XChaCha20-Poly1305 in Python, seed 00 01 .. 1f.
 */
#define SEALED                                                                 \
	"01000000020000004073616c7473616c7473616c7473616c746465666768696a6b6c" \
	"6d6e6f707172737475767778797a7b90d51d4827c39d0065dd17ec39d3be0da5fc8c" \
	"86abfd813f2ad0a8669d5d755d77cf1c36ed7647cfd3330add7bbb7e11"

static enum err open_secret(const char *password, const void *sealed, size_t n,
    unsigned char ret[SECRET_MAX], size_t *ret_n)
{
	return secret_unseal(password, strlen(password), sealed, n, ret, ret_n);
}

static void a_seed_sealed_elsewhere_opens(void **state)
{
	unsigned char sealed[SEALED_SEED_MAX], secret[SECRET_MAX];
	size_t got, n = unhex(SEALED, sealed);

	(void)state;
	assert_int_equal(open_secret("correct horse", sealed, n, secret, &got),
	    OK);
	for (unsigned i = 0; i < KEY_BYTES; i++)
		assert_int_equal(secret[i], i);
	assert_int_equal(open_secret("correct horsf", sealed, n, secret, &got),
	    ERR_PASSWORD);
	assert_int_equal(open_secret("", sealed, n, secret, &got),
	    ERR_PASSWORD);
}

static void a_changed_sealed_seed_never_opens(void **state)
{
	unsigned char sealed[SEALED_SEED_MAX], secret[SECRET_MAX];
	size_t got, n = unhex(SEALED, sealed);

	(void)state;
	/* Not the costs: 16777218 passes are refused, 3 take their time. */
	for (size_t i = 9; i < n; i++) {
		sealed[i] ^= 1;
		assert_int_equal(open_secret("correct horse", sealed, n, secret,
				     &got),
		    ERR_PASSWORD);
		sealed[i] ^= 1;
	}
	assert_int_equal(open_secret("correct horse", sealed, n - 1, secret,
			     &got),
	    ERR_PASSWORD);
	assert_int_equal(open_secret("correct horse", sealed, 0, secret, &got),
	    ERR_FORMAT);
}

static void costs_beyond_reason_are_refused_at_once(void **state)
{
	static const char *const head[] = {"00", "02", "0100000000",
	    "0100000011", "01ffffffff", "010000000100000007",
	    "010000000100100001", "0100000001ffffffff"};
	unsigned char sealed[SEALED_SEED_MAX], secret[SECRET_MAX];
	size_t got;

	(void)state;
	for (size_t i = 0; i < sizeof(head) / sizeof(*head); i++) {
		size_t n = unhex(SEALED, sealed);

		unhex(head[i], sealed);
		assert_int_equal(open_secret("correct horse", sealed, n, secret,
				     &got),
		    ERR_FORMAT);
	}
}

static void a_seed_is_sealed_with_argon2id_moderate(void **state)
{
	unsigned char sealed[SEALED_SEED_MAX], seed[KEY_BYTES] = {7};
	unsigned char back[SECRET_MAX];
	size_t n, back_n;

	(void)state;
	assert_int_equal(secret_seal("secret", 6, seed, KEY_BYTES, sealed, &n),
	    OK);
	assert_int_equal(n, 97);
	/* 3 passes over 256 MiB */
	is_hex(sealed, 9, "010000000300040000");
	assert_int_equal(open_secret("secret", sealed, n, back, &back_n), OK);
	assert_int_equal(back_n, KEY_BYTES);
	assert_memory_equal(seed, back, sizeof(seed));
	assert_int_equal(secret_seal("secret", 6, seed, SECRET_MAX + 1, sealed,
			     &n),
	    ERR_TOO_LARGE);
}

/* Is the mapping at p left out of core dumps? From /proc/self/smaps. */
static bool undumped(const volatile void *p)
{
	char line[256];
	bool here = false, ret = false;
	FILE *f = fopen("/proc/self/smaps", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *end;
		uintptr_t from = strtoull(line, &end, 16);

		if (*end == '-')
			here = from <= (uintptr_t)p &&
			    (uintptr_t)p < strtoull(end + 1, NULL, 16);
		else if (here && !strncmp(line, "VmFlags:", 8))
			ret = strstr(line, " dd") != NULL;
	}
	(void)fclose(f);
	return ret;
}

static void guarded_memory_is_zeroed_undumped_and_ends_at_a_wall(void **state)
{
	enum { N = 10000 };
	volatile unsigned char *p = crypt_guarded(N);
	int status;
	pid_t child;

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(p[i], 0);
	assert_true(undumped(p)); /* locked, too; ASan makes mlock() nothing */
	assert_false(undumped(&status));
	child = fork();
	if (!child) {
		(void)signal(SIGSEGV, SIG_DFL);
		(void)p[N];
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	crypt_guarded_free((void *)p);
	crypt_guarded_free(NULL);
}

static void equal_compares_all_bytes(void **state)
{
	(void)state;
	assert_true(crypt_equal("abc", "abc", 3));
	assert_false(crypt_equal("abc", "abd", 3));
	assert_true(crypt_equal("abc", "abd", 2));
	assert_true(crypt_equal("", "x", 0));
}

static void wipe_leaves_zeros(void **state)
{
	unsigned char p[4] = "abc";

	(void)state;
	crypt_wipe(p, sizeof(p));
	assert_memory_equal(p, "\0\0\0\0", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sha256_gives_the_digests_of_fips_180),
	    cmocka_unit_test(hmac_gives_the_results_of_rfc_4231),
	    cmocka_unit_test(hkdf_gives_the_first_block_of_rfc_5869),
	    cmocka_unit_test(scrypt_gives_the_key_of_rfc_7914),
	    cmocka_unit_test(scrypt_takes_one_gib_at_most),
	    cmocka_unit_test(aead_gives_the_ciphertext_of_rfc_8439),
	    cmocka_unit_test(aead_works_in_place),
	    cmocka_unit_test(x25519_gives_the_results_of_rfc_7748),
	    cmocka_unit_test(x25519_refuses_points_of_small_order),
	    cmocka_unit_test(ed25519_gives_the_signatures_of_rfc_8032),
	    cmocka_unit_test(base64_gives_the_texts_of_rfc_4648),
	    cmocka_unit_test(base64_refuses_what_is_not_canonical),
	    cmocka_unit_test(a_seed_sealed_elsewhere_opens),
	    cmocka_unit_test(a_changed_sealed_seed_never_opens),
	    cmocka_unit_test(costs_beyond_reason_are_refused_at_once),
	    cmocka_unit_test(a_seed_is_sealed_with_argon2id_moderate),
	    cmocka_unit_test(
		guarded_memory_is_zeroed_undumped_and_ends_at_a_wall),
	    cmocka_unit_test(equal_compares_all_bytes),
	    cmocka_unit_test(wipe_leaves_zeros),
	};

	if (crypt_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
