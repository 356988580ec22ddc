#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "web/once.h"

static struct mono at(int64_t s)
{
	return (struct mono){s * NS_PER_SEC};
}

static enum once_is begin(unsigned key, int body, int64_t s, struct once **ret)
{
	unsigned char k[ONCE_HASH] = {
	    (unsigned char)key, (unsigned char)(key >> 8)};
	unsigned char b[ONCE_HASH] = {(unsigned char)body};

	return once_begin(k, b, at(s), ret);
}

static void what_was_done_is_answered_again_and_not_done_again(void **state)
{
	struct once *o, *again;

	(void)state;
	assert_int_equal(begin(1, 1, 0, &o), ONCE_NEW);
	assert_int_equal(begin(1, 1, 0, &again), ONCE_BUSY);
	once_done(o, 201, "/requests/R", "{}", 2);
	assert_int_equal(begin(1, 1, 10, &again), ONCE_AGAIN);
	assert_int_equal(again->status, 201);
	assert_string_equal(again->location, "/requests/R");
	assert_int_equal(again->n, 2);
	assert_memory_equal(again->text, "{}", 2);
}

static void a_key_is_for_one_body(void **state)
{
	struct once *o;

	(void)state;
	assert_int_equal(begin(2, 1, 0, &o), ONCE_NEW);
	assert_int_equal(begin(2, 2, 0, &o), ONCE_OTHER);
}

static void what_was_refused_may_be_asked_again(void **state)
{
	struct once *o;

	(void)state;
	assert_int_equal(begin(3, 1, 0, &o), ONCE_NEW);
	once_forget(o);
	assert_int_equal(begin(3, 2, 0, &o), ONCE_NEW);
}

static void what_broke_off_is_not_done_a_second_time(void **state)
{
	struct once *o;

	(void)state;
	assert_int_equal(begin(4, 1, 0, &o), ONCE_NEW);
	once_broke(o);
	assert_int_equal(begin(4, 1, 0, &o), ONCE_UNKNOWN);
	/* nor where its answer has no room */
	assert_int_equal(begin(5, 1, 0, &o), ONCE_NEW);
	once_done(o, 200, "", NULL, ONCE_TEXT_MAX + 1);
	assert_int_equal(begin(5, 1, 0, &o), ONCE_UNKNOWN);
}

static void after_an_hour_a_key_is_as_good_as_new(void **state)
{
	struct once *o;

	(void)state;
	assert_int_equal(begin(6, 1, 100, &o), ONCE_NEW);
	once_done(o, 204, "", NULL, 0);
	assert_int_equal(begin(6, 1, 3700, &o), ONCE_AGAIN);
	assert_int_equal(begin(6, 2, 3701, &o), ONCE_NEW);
}

static void the_oldest_makes_room_but_nothing_that_runs(void **state)
{
	struct once *o;

	(void)state;
	for (unsigned i = 0; i < ONCE_MAX - 3; i++) {
		/* three of the tests before still run */
		assert_int_equal(begin(1000 + i, 1, 10000 + i, &o), ONCE_NEW);
		if (i < 2)
			once_done(o, 200, "", NULL, 0);
	}
	assert_int_equal(begin(2000, 1, 11000, &o), ONCE_NEW);
	/* the second is still known, the first was the oldest */
	assert_int_equal(begin(1001, 1, 11000, &o), ONCE_AGAIN);
	assert_int_equal(begin(1000, 2, 11000, &o), ONCE_NEW);
	assert_int_equal(begin(3000, 1, 11000, &o), ONCE_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		what_was_done_is_answered_again_and_not_done_again),
	    cmocka_unit_test(a_key_is_for_one_body),
	    cmocka_unit_test(what_was_refused_may_be_asked_again),
	    cmocka_unit_test(what_broke_off_is_not_done_a_second_time),
	    cmocka_unit_test(after_an_hour_a_key_is_as_good_as_new),
	    cmocka_unit_test(the_oldest_makes_room_but_nothing_that_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
