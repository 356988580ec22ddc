#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "recorder/clock.h"

#define START (1000 * NS_PER_SEC)
#define WALL (INT64_C(1700000000) * NS_PER_SEC)
#define FRAME_NS (40 * NS_PER_MS)

static struct mono mono(int64_t ns)
{
	return (struct mono){START + ns};
}

static struct clock fresh(void)
{
	struct clock c;

	clock_init(&c);
	clock_wall(&c, (struct utc){WALL}, mono(0));
	return c;
}

/* Off from the truth, in ns, of the picture at pts shown at true_ns. */
static int64_t off(const struct clock *c, int64_t pts, int64_t true_ns)
{
	return clock_utc(c, pts).ns - (WALL + true_ns);
}

static void B1_the_wrap_of_32_bits_is_seamless(void **state)
{
	struct clock c = fresh();
	int64_t pts = -1, last = -3600;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(clock_take(&c, 0xffffffffu - 90000 + 3600 * i,
		    mono(i * FRAME_NS), &pts));
		assert_int_equal(pts, last + 3600);
		last = pts;
	}
}

static void B3_one_absurd_stamp_is_replaced_three_are_a_new_run(void **state)
{
	struct clock c = fresh();
	int64_t pts;

	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t t = i == 20 ? 900000000u : 3600 * i;

		assert_true(clock_take(&c, t, mono(i * FRAME_NS), &pts));
		assert_int_equal(pts, 3600 * i);
	}
	for (uint32_t i = 50; i < 52; i++)
		assert_true(clock_take(&c, 900000000u + 3600 * i,
		    mono(i * FRAME_NS), &pts));
	assert_false(clock_take(&c, 900000000u + 3600 * 52, mono(52 * FRAME_NS),
	    &pts));
	assert_int_equal(pts, 0);
}

static void B2_a_small_step_back_is_a_B_picture(void **state)
{
	struct clock c = fresh();
	int64_t pts;

	(void)state;
	assert_true(clock_take(&c, 10800, mono(0), &pts));
	assert_true(clock_take(&c, 3600, mono(FRAME_NS), &pts));
	assert_int_equal(pts, -7200);
}

static void B7_a_burst_at_the_start_is_dated_back(void **state)
{
	struct clock c = fresh();
	int64_t pts = 0;

	(void)state;
	/* 5 s of pictures at once, the last of which is now. */
	for (uint32_t i = 0; i < 125; i++)
		assert_true(clock_take(&c, 3600 * i, mono(i * NS_PER_MS),
		    &pts));
	assert_false(clock_settled(&c, mono(NS_PER_SEC / 2)));
	assert_true(clock_settled(&c, mono(NS_PER_SEC)));
	assert_true(llabs(off(&c, pts, 124 * NS_PER_MS)) < NS_PER_MS);
}

static void late_packets_move_nothing(void **state)
{
	struct clock c = fresh();
	int64_t pts = 0;

	(void)state;
	for (uint32_t i = 0; i < 25 * 120; i++) {
		/* Every packet late, by up to 300 ms, but each tenth. */
		int64_t late = i % 10 ? (i * 7919 % 300) * NS_PER_MS : 0;

		assert_true(clock_take(&c, 3600 * i, mono(i * FRAME_NS + late),
		    &pts));
	}
	assert_true(llabs(off(&c, pts, 2999 * FRAME_NS)) < NS_PER_MS);
}

/* Run for seconds with a camera that is ppm off; the worst error at the end. */
static int64_t drift(int ppm, int seconds, bool *ret_trusted)
{
	struct clock c = fresh();
	int64_t pts = 0, worst = 0;

	for (int64_t i = 0; i < (int64_t)seconds * 25; i++) {
		int64_t now = i * FRAME_NS;
		int64_t media = now + now / 1000000 * ppm;
		uint32_t t = (uint32_t)(media / 100000 * 9);

		assert_true(clock_take(&c, t, mono(now), &pts));
		if (llabs(off(&c, pts, now)) > worst)
			worst = llabs(off(&c, pts, now));
	}
	*ret_trusted = c.trusted;
	return worst;
}

static void B6_drift_below_500_ppm_is_followed_for_a_day(void **state)
{
	static const int ppm[] = {20, -20, 200, -200, 450};
	bool trusted;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(drift(ppm[i], 86400, &trusted) < 100 * NS_PER_MS);
		assert_true(trusted);
	}
}

/* 600 ppm for a day, of which 100 are above what is corrected. */
static void B6_drift_beyond_it_is_flagged_and_bounded(void **state)
{
	(void)state;
	for (int ppm = -600; ppm <= 600; ppm += 1200) {
		struct clock c = fresh();
		int64_t pts = 0, worst = 0;
		int flagged = 0;

		for (int64_t i = 0; i < 86400; i++) {
			int64_t now = i * NS_PER_SEC;
			uint32_t t = (uint32_t)((now + now / 1000000 * ppm) /
			    100000 * 9);

			assert_true(clock_take(&c, t, mono(now), &pts));
			flagged += !c.trusted;
			if (llabs(off(&c, pts, now)) > worst)
				worst = llabs(off(&c, pts, now));
		}
		assert_true(flagged > 0);
		assert_true(worst < 1200 * NS_PER_MS);
	}
}

static void B5_slow_and_uneven_rates_are_no_fault(void **state)
{
	static const int64_t steps_ms[] = {1000, 33, 40, 66, 200, 5000};
	struct clock c = fresh();
	int64_t pts = 0, now = 0;

	(void)state;
	for (int i = 0; i < 6 * 600; i++) {
		/* Ten minutes of each, and all of them mixed. */
		now += steps_ms[i < 3600 / 2 ? i / 300 : i % 6] * NS_PER_MS;
		assert_true(clock_take(&c, (uint32_t)(now / 100000 * 9),
		    mono(now), &pts));
		assert_true(llabs(off(&c, pts, now)) < 2 * NS_PER_MS);
	}
	assert_true(c.trusted);
	assert_int_equal(c.slips, 0);
}

/* The rate at which pictures come, in percent of what they should. */
static int64_t behind_after(int percent, int seconds)
{
	struct clock c = fresh();
	int64_t pts;

	for (int64_t i = 0; i < seconds * INT64_C(25); i++) {
		int64_t now = i * FRAME_NS * 100 / percent;

		assert_true(clock_take(&c, (uint32_t)(3600 * i), mono(now),
		    &pts));
		if (clock_behind(&c, mono(now)))
			return now / NS_PER_SEC;
	}
	return -1;
}

static void B10_half_the_rate_is_noticed_and_21_of_25_is_not(void **state)
{
	struct clock c = fresh();
	int64_t pts, now;

	(void)state;
	assert_in_range(behind_after(50, 600), 10, 25);
	assert_int_equal(behind_after(84, 3600), -1);
	assert_int_equal(behind_after(100, 600), -1);
	/* A stall of 9 s whose pictures then come at once is none either. */
	for (int64_t i = 0; i < 25 * 60; i++) {
		now = i * FRAME_NS;
		if (i >= 250 && now < 19 * NS_PER_SEC)
			now = 19 * NS_PER_SEC + i * NS_PER_MS / 100;
		assert_true(clock_take(&c, (uint32_t)(3600 * i), mono(now),
		    &pts));
		assert_false(clock_behind(&c, mono(now)));
	}
}

static void B5_a_camera_that_says_25_and_sends_21_is_followed(void **state)
{
	bool trusted;

	(void)state;
	assert_true(drift(-160000, 600, &trusted) < 5 * NS_PER_SEC);
	assert_false(trusted);
}

static void a_step_of_the_wall_clock_is_a_new_epoch(void **state)
{
	struct clock c = fresh();
	int64_t pts;

	(void)state;
	assert_true(clock_take(&c, 0, mono(0), &pts));
	assert_false(clock_wall(&c, (struct utc){WALL + NS_PER_SEC},
	    mono(NS_PER_SEC)));
	assert_true(clock_wall(&c, (struct utc){WALL - 3600 * NS_PER_SEC},
	    mono(2 * NS_PER_SEC)));
	/* What runs keeps its times until the caller begins anew. */
	assert_int_equal(off(&c, 0, 0), 0);
	assert_int_equal(c.epoch, 0);
	clock_restart(&c);
	assert_true(clock_take(&c, 3600, mono(3 * NS_PER_SEC), &pts));
	assert_int_equal(c.epoch, 1);
	assert_int_equal(clock_utc(&c, 0).ns,
	    WALL - 3600 * NS_PER_SEC + NS_PER_SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(B1_the_wrap_of_32_bits_is_seamless),
	    cmocka_unit_test(
		B3_one_absurd_stamp_is_replaced_three_are_a_new_run),
	    cmocka_unit_test(B2_a_small_step_back_is_a_B_picture),
	    cmocka_unit_test(B7_a_burst_at_the_start_is_dated_back),
	    cmocka_unit_test(late_packets_move_nothing),
	    cmocka_unit_test(B6_drift_below_500_ppm_is_followed_for_a_day),
	    cmocka_unit_test(B6_drift_beyond_it_is_flagged_and_bounded),
	    cmocka_unit_test(B5_slow_and_uneven_rates_are_no_fault),
	    cmocka_unit_test(B10_half_the_rate_is_noticed_and_21_of_25_is_not),
	    cmocka_unit_test(B5_a_camera_that_says_25_and_sends_21_is_followed),
	    cmocka_unit_test(a_step_of_the_wall_clock_is_a_new_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
