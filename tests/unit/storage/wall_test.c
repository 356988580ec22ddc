#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/wall.h"

#define START INT64_C(1795338907000000000)
#define HOUR (3600 * NS_PER_SEC)

static struct wall e;

static int64_t take(int64_t offset_ns, int64_t mono_s, enum clock_state state)
{
	struct mono mono = {mono_s * NS_PER_SEC};

	return wall_take(&e, (struct utc){mono.ns + offset_ns}, mono, state);
}

static void begin(void)
{
	wall_init(&e, 7, (struct utc){START + NS_PER_SEC},
	    (struct mono){NS_PER_SEC});
}

static void P7_a_step_begins_a_new_epoch(void **state)
{
	(void)state;
	begin();
	assert_int_equal(take(START, 2, CLOCK_FREE), 0);
	assert_int_equal(take(START - HOUR, 3, CLOCK_FREE), -HOUR);
	assert_int_equal(e.at[0].number, 8);
	assert_int_equal(e.at[1].number, 7);
	assert_int_equal(e.at[1].offset_ns, START);
	assert_int_equal(take(START - HOUR, 4, CLOCK_FREE), 0);
}

static void P7_a_leap_second_is_a_step_and_slewing_is_none(void **state)
{
	(void)state;
	begin();
	for (int s = 2; s < 100; s++) /* 500 ppm, and a jump that is small */
		assert_int_equal(take(START + s * 500000 +
					 (s > 50) * 499 * NS_PER_MS,
				     s, CLOCK_SYNCED),
		    0);
	assert_int_equal(e.at[0].number, 7);
	begin();
	assert_int_equal(take(START - NS_PER_SEC, 2, CLOCK_SYNCED),
	    -NS_PER_SEC);
	assert_int_equal(e.at[0].number, 8);
}

static void a_clock_is_trusted_for_a_day_after_its_sync(void **state)
{
	(void)state;
	begin();
	assert_false(wall_trusted(&e, (struct mono){NS_PER_SEC}));
	take(START, 2, CLOCK_FREE);
	assert_false(wall_trusted(&e, (struct mono){2 * NS_PER_SEC}));
	take(START, 3, CLOCK_SYNCED);
	take(START, 86403, CLOCK_FREE);
	assert_true(wall_trusted(&e, (struct mono){86403 * NS_PER_SEC}));
	take(START, 86404, CLOCK_FREE);
	assert_false(wall_trusted(&e, (struct mono){86404 * NS_PER_SEC}));
}

static void a_step_ends_trust_until_it_is_synchronised_again(void **state)
{
	(void)state;
	begin();
	take(START, 3, CLOCK_SYNCED);
	take(START + 50 * 365 * 24 * HOUR, 4, CLOCK_FREE);
	assert_false(wall_trusted(&e, (struct mono){4 * NS_PER_SEC}));
	take(START + 50 * 365 * 24 * HOUR, 5, CLOCK_SYNCED);
	assert_true(wall_trusted(&e, (struct mono){5 * NS_PER_SEC}));
}

static void a_time_belongs_to_the_epoch_that_it_fits_best(void **state)
{
	struct mono soon = {100 * NS_PER_SEC}, late = {700 * NS_PER_SEC};

	(void)state;
	begin();
	take(START - HOUR, 90, CLOCK_FREE);
	assert_int_equal(wall_find(&e, START - NS_PER_SEC, soon)->number, 7);
	assert_int_equal(wall_find(&e, START - HOUR + NS_PER_SEC, soon)->number,
	    8);
	/* ten minutes after the step nobody counts in the old one any more */
	assert_int_equal(wall_find(&e, START, late)->number, 8);
}

static void an_epoch_is_found_by_its_number(void **state)
{
	(void)state;
	begin();
	for (int i = 1; i < 6; i++)
		take(START + i * HOUR, 10 * i, CLOCK_FREE);
	assert_int_equal(wall_number(&e, 12)->number, 12);
	assert_int_equal(wall_number(&e, 10)->number, 10);
	assert_int_equal(wall_number(&e, 7)->number, 9); /* the oldest */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P7_a_step_begins_a_new_epoch),
	    cmocka_unit_test(P7_a_leap_second_is_a_step_and_slewing_is_none),
	    cmocka_unit_test(a_clock_is_trusted_for_a_day_after_its_sync),
	    cmocka_unit_test(a_step_ends_trust_until_it_is_synchronised_again),
	    cmocka_unit_test(a_time_belongs_to_the_epoch_that_it_fits_best),
	    cmocka_unit_test(an_epoch_is_found_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
