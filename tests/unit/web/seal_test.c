#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "web/seal.h"

static void only_the_recorders_key_opens_it(void **state)
{
	static const char want[] = "admin\0s3cret";
	unsigned char public[32], private[32], box[SEAL_MAX], out[SEAL_MAX];
	size_t n = 0;

	(void)state;
	assert_true(sodium_init() >= 0);
	crypto_box_keypair(public, private);
	assert_int_equal(seal_login(public, "admin", "s3cret", box, &n), OK);
	assert_int_equal(n, sizeof(want) - 1 + crypto_box_SEALBYTES);
	assert_null(memmem(box, n, "s3cret", 6));
	assert_int_equal(crypto_box_seal_open(out, box, n, public, private), 0);
	assert_memory_equal(out, want, sizeof(want) - 1);
	private[0] ^= 8;
	assert_int_not_equal(crypto_box_seal_open(out, box, n, public, private),
	    0);
}

static void no_login_is_nothing_to_seal(void **state)
{
	unsigned char key[SEAL_KEY_BYTES] = {9}, box[SEAL_MAX];
	size_t n = 7;

	(void)state;
	assert_int_equal(seal_login(key, "", "", box, &n), OK);
	assert_int_equal(n, 0);
}

static void what_is_too_long_is_refused(void **state)
{
	unsigned char key[SEAL_KEY_BYTES] = {9}, box[SEAL_MAX];
	char long_text[SEAL_PASSWORD_MAX + 2];
	size_t n;

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(seal_login(key, "u", long_text, box, &n), ERR_INVALID);
	assert_int_equal(seal_login(key, long_text, "p", box, &n), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_recorders_key_opens_it),
	    cmocka_unit_test(no_login_is_nothing_to_seal),
	    cmocka_unit_test(what_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
