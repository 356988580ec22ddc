/*
 * age_header.c: the text at the front. What must be refused is tested far more
 * widely by tests/vectors/10-age-testkit.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/identity.h"

#define HEADER_N(n) (70 + 98 * (n))

static struct age_identity ids[AGE_RECIPIENTS_MAX];
static struct age_recipient to[AGE_RECIPIENTS_MAX];
static unsigned char file_key[AGE_FILE_KEY], nonce[AGE_NONCE];
static unsigned char out[AGE_HEADER_MAX];

static int setup(void **state)
{
	(void)state;
	if (crypt_init())
		return -1;
	for (size_t i = 0; i < AGE_RECIPIENTS_MAX; i++) {
		identity_new(&ids[i]);
		identity_recipient(&ids[i], &to[i]);
	}
	crypt_random(file_key, sizeof(file_key));
	crypt_random(nonce, sizeof(nonce));
	return 0;
}

static size_t write_header(size_t n)
{
	size_t len;

	assert_int_equal(age_header_write(file_key, nonce, to, n, out, &len),
	    OK);
	return len;
}

static void a_header_has_70_bytes_and_98_for_each_recipient(void **state)
{
	size_t n;

	(void)state;
	for (size_t i = 1; i <= AGE_RECIPIENTS_MAX; i++) {
		assert_int_equal(write_header(i), HEADER_N(i) + AGE_NONCE);
		assert_int_equal(age_header_len(out, sizeof(out), &n), OK);
		assert_int_equal(n, HEADER_N(i));
		assert_memory_equal(out + n, nonce, AGE_NONCE);
	}
	assert_int_equal(age_header_write(file_key, nonce, to, 0, out, &n),
	    ERR_INVALID);
	assert_int_equal(age_header_write(file_key, nonce, to,
			     AGE_RECIPIENTS_MAX + 1, out, &n),
	    ERR_TOO_LARGE);
}

static void each_recipient_opens_it_and_nobody_else(void **state)
{
	unsigned char key[AGE_FILE_KEY];
	struct age_identity other;
	size_t len = write_header(5), n;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		memset(key, 0, sizeof(key));
		assert_int_equal(age_header_open(out, len, &ids[i], 1, key, &n),
		    OK);
		assert_memory_equal(key, file_key, sizeof(key));
		assert_int_equal(n, HEADER_N(5));
	}
	assert_int_equal(age_header_open(out, len, &ids[5], 1, key, &n),
	    ERR_NO_KEY);
	assert_int_equal(age_header_open(out, len, NULL, 0, key, &n),
	    ERR_NO_KEY);
	identity_new(&other);
	assert_int_equal(age_header_open(out, len, &other, 1, key, &n),
	    ERR_NO_KEY);
	assert_int_equal(age_header_open(out, len, &ids[4], 3, key, &n), OK);
}

static void every_changed_byte_is_noticed(void **state)
{
	unsigned char key[AGE_FILE_KEY];
	size_t len, n;

	(void)state;
	write_header(2);
	len = HEADER_N(2);
	for (size_t i = 0; i < len; i++)
		for (int bit = 0; bit < 8; bit++) {
			out[i] ^= (unsigned char)(1 << bit);
			assert_int_not_equal(age_header_open(out, len, ids, 2,
						 key, &n),
			    OK);
			assert_int_not_equal(age_header_check(out, len,
						 file_key, &n),
			    OK);
			out[i] ^= (unsigned char)(1 << bit);
		}
	assert_int_equal(age_header_check(out, len, file_key, &n), OK);
	assert_int_equal(n, len);
}

static void a_mac_of_another_file_key_does_not_fit(void **state)
{
	unsigned char other[AGE_FILE_KEY] = {0};
	size_t len = write_header(1), n;

	(void)state;
	assert_int_equal(age_header_check(out, len, other, &n), ERR_INTEGRITY);
}

static void a_header_that_is_not_there_yet_asks_for_more(void **state)
{
	size_t n;

	(void)state;
	write_header(3);
	for (size_t i = 0; i < HEADER_N(3); i++)
		assert_int_equal(age_header_len(out, i, &n), ERR_TRUNCATED);
	assert_int_equal(age_header_len("age-encryption.org/v2\n", 22, &n),
	    ERR_FORMAT);
	assert_int_equal(age_header_len("x", 1, &n), ERR_FORMAT);
}

static void a_header_above_the_limit_is_refused(void **state)
{
	static unsigned char large[2 * AGE_HEADER_MAX];
	size_t n,
	    at = (size_t)sprintf((char *)large, "age-encryption.org/v1\n");

	(void)state;
	memset(large + at, 'x', sizeof(large) - at);
	assert_int_equal(age_header_len(large, sizeof(large), &n),
	    ERR_TOO_LARGE);
	while (at + 8 < sizeof(large))
		at += (size_t)sprintf((char *)large + at, "-> x\n\n");
	assert_int_equal(age_header_len(large, sizeof(large), &n),
	    ERR_TOO_LARGE);
}

static void the_grammar_is_exact(void **state)
{
#define V "age-encryption.org/v1\n"
#define M "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
#define L64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	static const char *const good[] = {
	    V "-> x\n\n" M,
	    V "-> x y z\nAA\n" M,
	    V "-> x\n" L64 "\n" M,
	    V "-> x\n" L64 L64 "AAAA\n-> grease !\n\n" M,
	};
	static const char *const bad[] = {
	    V M,
	    V "-> x\n" M,
	    V "-> x\n" L64 M,
	    V "->  x\n\n" M,
	    V "-> x \n\n" M,
	    V "-> x  y\n\n" M,
	    V "-> \n\n" M,
	    V "->x\n\n" M,
	    V "-> x\r\n\n" M,
	    V "-> x\n\r\n" M,
	    V "-> \xc3\xa9\n\n" M,
	    V "-> x\n" L64 "\n\n" M,
	    V "-> x\nA\n" M,
	    V "-> x\nAA==\n" M,
	    V "-> x\nAB\n" M,
	    V "-> x\nAA \n" M,
	    V "-> x\nA" L64 "\n" M,
	    V "-> x\n\n---\n",
	    V "-> x\n\n--- \n",
	    V "-> x\n\n---  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
	    V "-> x\n\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
	    V "-> x\n\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n",
	    V "-> X25519\n\n" M,
	    V "-> X25519 AAAA\n\n" M,
	    V "-> scrypt a 1\n\n-> x\n\n" M,
	};
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(age_header_len(good[i], strlen(good[i]), &n),
		    OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(age_header_len(bad[i], strlen(bad[i]), &n),
		    ERR_FORMAT);
}

static void a_malformed_stanza_fails_the_header_though_another_fits(void *
	*state)
{
	static const char bad[] = "-> X25519 AAAA\n\n";
	unsigned char key[AGE_FILE_KEY], text[2 * AGE_HEADER_MAX];
	size_t n, at = HEADER_N(1) - 48, len = strlen(bad);

	(void)state;
	write_header(1);
	memcpy(text, out, at);
	memcpy(text + at, bad, len);
	memcpy(text + at + len, out + at, 48);
	assert_int_equal(age_header_open(text, HEADER_N(1) + len, ids, 1, key,
			     &n),
	    ERR_FORMAT);
}

static void a_wrap_opens_for_its_recipient_only(void **state)
{
	struct age_wrap w, same;
	unsigned char key[AGE_FILE_KEY];

	(void)state;
	assert_int_equal(age_wrap(file_key, &to[0], &w), OK);
	assert_int_equal(age_unwrap(&w, &ids[0], key), OK);
	assert_memory_equal(key, file_key, sizeof(key));
	assert_int_equal(age_unwrap(&w, &ids[1], key), ERR_NO_KEY);
	assert_int_equal(age_wrap(file_key, &to[0], &same), OK);
	assert_memory_not_equal(&w, &same, sizeof(w));
	memset(w.share, 0, sizeof(w.share));
	assert_int_equal(age_unwrap(&w, &ids[0], key), ERR_FORMAT);
}

static void a_recipient_of_small_order_is_refused(void **state)
{
	struct age_recipient zero = {{0}};
	struct age_wrap w;
	size_t n;

	(void)state;
	assert_int_equal(age_wrap(file_key, &zero, &w), ERR_INVALID);
	assert_int_equal(age_header_write(file_key, nonce, &zero, 1, out, &n),
	    ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_has_70_bytes_and_98_for_each_recipient),
	    cmocka_unit_test(each_recipient_opens_it_and_nobody_else),
	    cmocka_unit_test(every_changed_byte_is_noticed),
	    cmocka_unit_test(a_mac_of_another_file_key_does_not_fit),
	    cmocka_unit_test(a_header_that_is_not_there_yet_asks_for_more),
	    cmocka_unit_test(a_header_above_the_limit_is_refused),
	    cmocka_unit_test(the_grammar_is_exact),
	    cmocka_unit_test(
		a_malformed_stanza_fails_the_header_though_another_fits),
	    cmocka_unit_test(a_wrap_opens_for_its_recipient_only),
	    cmocka_unit_test(a_recipient_of_small_order_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
