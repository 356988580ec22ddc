#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "recorder/order.h"

static struct frame got[256];
static int got_n;

static enum err take(void *arg, struct frame *f)
{
	(void)arg;
	got[got_n++] = *f;
	return OK;
}

static void run(const int64_t *pts, int n, int depth)
{
	struct order o;
	struct unit u = {.data = NULL};

	got_n = 0;
	order_init(&o, (struct frame_sink){.emit = take});
	order_depth(&o, depth);
	for (int i = 0; i < n; i++)
		assert_int_equal(order_put(&o, &u, pts[i]), OK);
	assert_int_equal(order_end(&o), OK);
	assert_int_equal(got_n, n);
}

/* Whatever comes in: rising, and each is the one before plus its duration. */
static void check(const int64_t *pts)
{
	for (int i = 0; i < got_n; i++) {
		assert_int_equal(got[i].pts, pts[i]);
		assert_true(got[i].duration > 0);
		if (i)
			assert_int_equal(got[i].dts,
			    got[i - 1].dts + got[i - 1].duration);
	}
}

static void without_reordering_both_times_are_the_same(void **state)
{
	static const int64_t pts[] = {0, 3600, 7200, 10800};

	(void)state;
	run(pts, 4, 0);
	check(pts);
	for (int i = 0; i < 4; i++)
		assert_int_equal(got[i].dts, pts[i]);
	assert_int_equal(got[3].duration, 3600);
}

static void decoding_times_are_presentation_times_sorted(void **state)
{
	/* I P b b P b b, one per 3600 */
	static const int64_t pts[] = {
	    0, 10800, 3600, 7200, 21600, 14400, 18000};

	(void)state;
	run(pts, 7, 1);
	check(pts);
	for (int i = 0; i < 7; i++)
		assert_int_equal(got[i].dts, 3600 * i);
}

static void an_unknown_reordering_is_learned(void **state)
{
	int64_t pts[60];

	(void)state;
	for (int i = 0; i < 60; i++)
		pts[i] = i % 3 == 1 ? 3600 * (i + 2) : 3600 * (i - 1);
	pts[0] = 0;
	run(pts, 60, 0);
	check(pts);
	for (int i = 30; i < 60; i++)
		assert_true(llabs(got[i].dts - 3600 * i) <= 2 * 3600);
}

static void B4_absurd_times_still_rise(void **state)
{
	int64_t pts[200];

	(void)state;
	srand(1);
	for (int i = 0; i < 200; i++)
		pts[i] = i % 7 ? rand() % 100000 : pts[i ? i - 1 : 0];
	pts[0] = 0;
	run(pts, 200, 2);
	check(pts);
}

static void C7_what_is_looked_ahead_is_bounded_in_bytes(void **state)
{
	struct order o;
	size_t most = 0;

	(void)state;
	got_n = 0;
	order_init(&o, (struct frame_sink){.emit = take});
	order_depth(&o, ORDER_DEPTH_MAX);
	for (int i = 0; i < 60; i++) {
		struct unit u = {.data = NULL, .n = PICTURE_MAX};

		assert_int_equal(order_put(&o, &u, 3600 * i), OK);
		if (o.bytes > most)
			most = o.bytes;
	}
	assert_true(most <= ORDER_BYTES_MAX);
	assert_int_equal(order_end(&o), OK);
	assert_int_equal(got_n, 60);
	assert_int_equal(o.bytes, 0);
}

static void B9_a_picture_that_stands_for_lost_ones_is_damaged(void **state)
{
	struct order o;
	static const int at[] = {0, 1, 2, 10, 11};

	(void)state;
	got_n = 0;
	order_init(&o, (struct frame_sink){.emit = take});
	for (int i = 0; i < 5; i++) {
		struct unit u = {.data = NULL, .damaged = i == 3};

		assert_int_equal(order_put(&o, &u, 3600 * at[i]), OK);
	}
	assert_int_equal(order_end(&o), OK);
	assert_false(got[1].unit.damaged);
	assert_int_equal(got[2].duration, 8 * 3600);
	assert_true(got[2].unit.damaged);
	assert_true(got[3].unit.damaged);
	assert_false(got[4].unit.damaged);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_reordering_both_times_are_the_same),
	    cmocka_unit_test(decoding_times_are_presentation_times_sorted),
	    cmocka_unit_test(an_unknown_reordering_is_learned),
	    cmocka_unit_test(B9_a_picture_that_stands_for_lost_ones_is_damaged),
	    cmocka_unit_test(B4_absurd_times_still_rise),
	    cmocka_unit_test(C7_what_is_looked_ahead_is_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
