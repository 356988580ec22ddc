#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/auth.h"
#include "recorder/device.h"

static void check(const char *s, uint32_t first, uint32_t last)
{
	uint32_t a, b;

	assert_int_equal(device_range(s, &a, &b), OK);
	assert_int_equal(a, first);
	assert_int_equal(b, last);
}

static void ranges_have_at_most_256_addresses(void **state)
{
	static const char *const wrong[] = {"10.0.0.0/23", "10.0.0.0/33",
	    "10.0.0.9-8", "10.0.0.1-256", "10.0.0", "10.0.0.1-", "10.0.0.1/",
	    "10.0.0.1-2x", "a.b.c.d", "::1", "10.0.0.1 "};
	uint32_t a, b;

	(void)state;
	check("10.0.0.5", 0x0a000005, 0x0a000005);
	check("10.0.0.5-9", 0x0a000005, 0x0a000009);
	check("10.0.0.77/24", 0x0a000000, 0x0a0000ff);
	check("10.0.0.77/32", 0x0a00004d, 0x0a00004d);
	check("255.255.255.250-255", 0xfffffffa, 0xffffffff);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(device_range(wrong[i], &a, &b), ERR_INVALID);
}

/* The example of ONVIF's Application Programmer's Guide, 6.1.1.3. */
static void the_digest_is_that_of_the_guide(void **state)
{
	static const char nonce[] = "\x2c\xaa\x88\xe8\x6f\xc0\x8a\x42\x82\x42"
				    "\xb3\x74\xce\xa6\x45\x96";
	char digest[64], nonce64[64];

	(void)state;
	assert_int_equal(auth_token(nonce, "2010-09-16T07:50:45Z",
			     "userpassword", digest, sizeof(digest), nonce64,
			     sizeof(nonce64)),
	    OK);
	assert_string_equal(digest, "tuOSpGlFlIXsozq4HFNeeGeFLEI=");
	assert_string_equal(nonce64, "LKqI6G/AikKCQrN0zqZFlg==");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranges_have_at_most_256_addresses),
	    cmocka_unit_test(the_digest_is_that_of_the_guide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
