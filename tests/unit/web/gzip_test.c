#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/gzip.h"

static void gzip_is_sent_to_who_takes_it_alone(void **state)
{
	static const char *const yes[] = {"gzip", "GZIP", "br, gzip",
	    "gzip, deflate, br, zstd", "gzip;q=0.5", "br;q=0, gzip ; q=1",
	    ",, gzip"};
	static const char *const no[] = {NULL, "", "identity", "br", "gzip;q=0",
	    "gzip; q=0.0", "gzipped", "x-gzip", "*", "q=gzip", "deflate;gzip"};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(gzip_taken(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(gzip_taken(no[i]));
}

static void text_becomes_smaller_and_noise_does_not(void **state)
{
	static unsigned char text[5000];
	uint32_t x = 1;
	size_t n = 0;
	unsigned char *p;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)("saqta "[i % 6]);
	p = gzip_text(text, sizeof(text), GZIP_FAST, &n);
	assert_non_null(p);
	assert_true(n < 200);
	assert_memory_equal(p, "\x1f\x8b", 2);
	free(p);
	assert_null(gzip_text(text, 100, GZIP_BEST, &n));
	for (size_t i = 0; i < sizeof(text); i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (unsigned char)(x >> 24);
	}
	assert_null(gzip_text(text, sizeof(text), GZIP_BEST, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gzip_is_sent_to_who_takes_it_alone),
	    cmocka_unit_test(text_becomes_smaller_and_noise_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
