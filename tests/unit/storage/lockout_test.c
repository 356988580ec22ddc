#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "storage/lockout.h"

static struct lockout l;

static struct mono at(int64_t s)
{
	return (struct mono){s * NS_PER_SEC};
}

static int64_t left_s(const char *user, int64_t now_s)
{
	return lockout_left_ns(&l, LOCKOUT_USER, user, at(now_s)) / NS_PER_SEC;
}

static void failed(const char *user, unsigned times, int64_t now_s)
{
	for (unsigned i = 0; i < times; i++)
		lockout_failed(&l, LOCKOUT_USER, user, at(now_s));
}

static int empty(void **state)
{
	(void)state;
	l = (struct lockout){0};
	return 0;
}

static void each_failure_beyond_the_free_ones_doubles_the_wait(void **state)
{
	(void)state;
	assert_int_equal(left_s("aigul", 100), 0);
	failed("aigul", LOCKOUT_FREE_USER, 100);
	assert_int_equal(left_s("aigul", 100), 0);
	failed("aigul", 1, 100);
	assert_int_equal(left_s("aigul", 100), 1);
	failed("aigul", 3, 100);
	assert_int_equal(left_s("aigul", 100), 8);
	assert_int_equal(left_s("aigul", 107), 1);
	assert_int_equal(left_s("aigul", 108), 0);
	/* others are not concerned, nor is an address of the same text */
	assert_int_equal(left_s("marat", 100), 0);
	assert_int_equal(lockout_left_ns(&l, LOCKOUT_ADDRESS, "aigul", at(100)),
	    0);
}

static void nobody_waits_longer_than_a_quarter_of_an_hour(void **state)
{
	(void)state;
	failed("aigul", 5000, 100);
	assert_int_equal(left_s("aigul", 100), 900);
	assert_int_equal(left_s("aigul", 1000), 0);
}

static void success_and_an_hour_forgive(void **state)
{
	(void)state;
	failed("aigul", 6, 100);
	lockout_passed(&l, LOCKOUT_USER, "aigul");
	assert_int_equal(left_s("aigul", 100), 0);
	failed("aigul", 6, 100);
	failed("aigul", 1, 100 + 3601);
	assert_int_equal(left_s("aigul", 100 + 3601), 0);
}

static void a_flood_of_names_displaces_the_oldest_only(void **state)
{
	char name[16];

	(void)state;
	failed("aigul", 5, 100);
	for (int i = 0; i < LOCKOUT_ROOM - 1; i++) {
		snprintf(name, sizeof(name), "user%d", i);
		failed(name, 5, 101);
	}
	assert_int_equal(left_s("aigul", 100), 2);
	failed("one-more", 5, 102);
	assert_int_equal(left_s("aigul", 100), 0);
	assert_int_equal(left_s("user0", 101), 2);
	assert_int_equal(left_s("one-more", 102), 2);
}

static void without_a_name_nobody_waits(void **state)
{
	(void)state;
	failed("", 100, 1);
	assert_int_equal(left_s("", 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		each_failure_beyond_the_free_ones_doubles_the_wait, empty),
	    cmocka_unit_test_setup(
		nobody_waits_longer_than_a_quarter_of_an_hour, empty),
	    cmocka_unit_test_setup(success_and_an_hour_forgive, empty),
	    cmocka_unit_test_setup(a_flood_of_names_displaces_the_oldest_only,
		empty),
	    cmocka_unit_test_setup(without_a_name_nobody_waits, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
