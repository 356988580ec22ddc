#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "storage/factor.h"

/* RFC 6238, appendix B (SHA-1): the last six of its eight digits. */
static const unsigned char secret[] = "12345678901234567890";
static const struct {
	int64_t at_s;
	const char *code;
} vectors[] = {{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"},
    {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

#define N (sizeof(vectors) / sizeof(vectors[0]))

/* The instant itself, or some seconds away from it. */
static enum err check(size_t i, int64_t away_s, uint64_t *ret_step)
{
	struct utc t = {vectors[i].at_s + away_s};

	if (t.ns > INT64_MAX / NS_PER_SEC)
		return ERR_TOO_LARGE; /* beyond 2262 */
	t.ns *= NS_PER_SEC;
	return factor_check(secret, vectors[i].code, t, ret_step);
}

static void codes_are_those_of_RFC_6238(void **state)
{
	uint64_t step;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		if (vectors[i].at_s > INT64_MAX / NS_PER_SEC)
			continue;
		assert_int_equal(check(i, 0, &step), OK);
		assert_int_equal(step, vectors[i].at_s / 30);
	}
}

static void a_telephone_may_be_one_step_wrong_and_not_two(void **state)
{
	uint64_t step = 7;

	(void)state;
	assert_int_equal(check(3, 30, &step), OK);
	assert_int_equal(step, 1234567890 / 30);
	assert_int_equal(check(3, -30, &step), OK);
	assert_int_equal(step, 1234567890 / 30);
	step = 7;
	assert_int_equal(check(3, 60, &step), ERR_FACTOR);
	assert_int_equal(check(3, -60, &step), ERR_FACTOR);
	assert_int_equal(step, 7);
}

static void anything_but_six_digits_is_no_code(void **state)
{
	static const char *const odd[] = {"", "28708", "2870822", "94287082",
	    " 287082", "28708a", "-28708", "28708\n"};
	uint64_t step;

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		assert_int_equal(factor_check(secret, odd[i],
				     (struct utc){59 * NS_PER_SEC}, &step),
		    ERR_FACTOR);
	assert_int_equal(factor_check(secret, "287082", (struct utc){-1},
			     &step),
	    ERR_FACTOR);
}

static void the_uri_carries_the_secret_in_base32(void **state)
{
	char uri[FACTOR_URI];
	unsigned char back[FACTOR_BYTES];

	(void)state;
	assert_int_equal(factor_uri(secret, "Abay 12", "aigul", uri), OK);
	/* RFC 4648 base32 of the ASCII digits, by coreutils' base32 */
	assert_string_equal(uri,
	    "otpauth://totp/Saqta%20Abay%2012:aigul"
	    "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Saqta%20Abay%"
	    "2012");
	assert_int_equal(factor_of_uri(uri, back), OK);
	assert_memory_equal(back, secret, sizeof(back));
	assert_int_equal(factor_of_uri("otpauth://totp/a:b?secret=AB", back),
	    ERR_FORMAT);
	assert_int_equal(factor_uri(secret, "\xd2\x9a", "u", uri), OK);
	assert_non_null(strstr(uri, "%D2%9A:u?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_are_those_of_RFC_6238),
	    cmocka_unit_test(a_telephone_may_be_one_step_wrong_and_not_two),
	    cmocka_unit_test(anything_but_six_digits_is_no_code),
	    cmocka_unit_test(the_uri_carries_the_secret_in_base32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
