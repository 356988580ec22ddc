#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/zone.h"

/* One filled triangle: 0,0 1000,0 500,1000. */
static const unsigned char triangle[] = {
    1, 2, 3, 0, 0, 0, 0, 0x03, 0xe8, 0, 0, 0x01, 0xf4, 0x03, 0xe8};

static void zones_are_read_as_their_header_says(void **state)
{
	struct zones z;

	(void)state;
	assert_int_equal(zones_parse(triangle, sizeof(triangle), &z), OK);
	assert_int_equal(z.n, 1);
	assert_int_equal(z.of[0].kind, ZONE_FILL);
	assert_int_equal(z.of[0].n, 3);
	assert_int_equal(z.of[0].at[1].x, 1000);
	assert_int_equal(z.of[0].at[2].x, 500);
	assert_int_equal(z.of[0].at[2].y, 1000);
	assert_int_equal(zones_parse("", 1, &z), OK);
	assert_int_equal(z.n, 0);
}

static void what_is_cut_or_goes_on_is_refused(void **state)
{
	unsigned char longer[sizeof(triangle) + 1] = {0};
	struct zones z = {.n = 7};

	(void)state;
	for (size_t n = 0; n < sizeof(triangle); n++)
		assert_int_equal(zones_parse(triangle, n, &z), ERR_INVALID);
	memcpy(longer, triangle, sizeof(triangle));
	assert_int_equal(zones_parse(longer, sizeof(longer), &z), ERR_INVALID);
	assert_int_equal(z.n, 7);
}

static void limits_are_exact(void **state)
{
	static const struct {
		size_t at;
		unsigned char is;
	} bad[] = {{0, ZONES_MAX + 1}, {1, 0}, {1, ZONE_KIND_MAX},
	    {2, ZONE_CORNERS_MIN - 1}, {2, ZONE_CORNERS_MAX + 1}, {8, 0xe9},
	    {14, 0xe9}};
	unsigned char most[ZONES_BYTES_MAX] = {ZONES_MAX};
	struct zones z;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned char b[sizeof(triangle)];

		memcpy(b, triangle, sizeof(b));
		b[bad[i].at] = bad[i].is;
		assert_int_equal(zones_parse(b, sizeof(b), &z), ERR_INVALID);
	}
	for (size_t i = 0; i < ZONES_MAX; i++) {
		most[1 + i * (2 + 4 * ZONE_CORNERS_MAX)] = ZONE_BLUR;
		most[2 + i * (2 + 4 * ZONE_CORNERS_MAX)] = ZONE_CORNERS_MAX;
	}
	assert_int_equal(zones_parse(most, sizeof(most), &z), OK);
	assert_int_equal(z.n, ZONES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zones_are_read_as_their_header_says),
	    cmocka_unit_test(what_is_cut_or_goes_on_is_refused),
	    cmocka_unit_test(limits_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
