#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/forecast.h"

#define TB UINT64_C(1000000000000)
#define NOW INT64_C(1795338907000000000)	/* 2026-11-22 */
#define DAY_NS (86400 * NS_PER_SEC)

static char dir[] = "/tmp/saqta-forecast-XXXXXX";
static struct index *ix;
static struct forecast f;

static int set_up(void **state)
{
	(void)state;
	return utc_site("Asia/Almaty") || !mkdtemp(dir) ||
		index_open(dir, false, &ix) ?
	    -1 :
	    0;
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void P11_an_empty_disk_says_the_day_on_which_it_is_full(void **state)
{
	(void)state;
	/* 125,000 bytes a second are 10.8 GB a day: 100 days */
	f = (struct forecast){.free_bytes = 1080 * (TB / 1000), .rate = 125000};
	forecast_run(&f);
	assert_int_equal(f.days_left, 100);
	assert_true(f.need_bytes > f.capacity_bytes);
}

static void what_holds_six_months_holds_for_ever(void **state)
{
	(void)state;
	f = (struct forecast){.rate = 125000};
	f.free_bytes = UINT64_C(125000) * 86400 * (FORECAST_TERM_DAYS + 1);
	forecast_run(&f);
	assert_int_equal(f.days_left, -1);
	assert_true(f.need_bytes <= f.capacity_bytes);
	f.free_bytes -= UINT64_C(125000) * 86400 * 2;
	forecast_run(&f);
	assert_int_equal(f.days_left, FORECAST_TERM_DAYS - 1);
}

static void what_is_due_makes_room_on_its_day(void **state)
{
	(void)state;
	f = (struct forecast){
	    .rate = 125000, .free_bytes = 2 * UINT64_C(125000) * 86400};
	for (int i = 0; i < 10; i++)
		f.due_bytes[i] = UINT64_C(125000) * 86400;
	forecast_run(&f);
	assert_int_equal(f.days_left, 12);
}

static void segment(uint64_t seq, const char *day, uint64_t bytes,
    enum segment_state state, int64_t retain_days)
{
	struct segment_row r = {.camera = "cam1",
	    .seq = seq,
	    .start_ns = NOW + (int64_t)seq * 60 * NS_PER_SEC,
	    .end_ns = NOW + (int64_t)(seq + 1) * 60 * NS_PER_SEC,
	    .bytes = bytes,
	    .state = state,
	    .retain_ns = NOW + retain_days * DAY_NS};

	memcpy(r.day, day, 11);
	assert_int_equal(index_segment_put(ix, &r), OK);
}

static struct day_row sum;
static unsigned sums;

static enum err take(const struct day_row *d, void *arg)
{
	(void)arg;
	sum = *d;
	sums++;
	return OK;
}

static void sums_of_days_follow_every_change_of_segments(void **state)
{
	struct segment_row r;

	(void)state;
	segment(1, "2026-11-22", 7500000, SEGMENT_SEALED, 10);
	segment(2, "2026-11-22", 0, SEGMENT_OPEN, 0);
	assert_int_equal(index_days(ix, "cam1", "", take, NULL), OK);
	assert_int_equal(sums, 1);
	assert_int_equal(sum.segments, 1);
	segment(2, "2026-11-22", 7500000, SEGMENT_SEALED, 11);
	segment(3, "2026-11-23", 7500000, SEGMENT_SEALED, 12);
	/* read back: the same segment again */
	assert_int_equal(index_segment_find(ix, "cam1", 2, &r), OK);
	r.proof = PROOF_DECODED;
	assert_int_equal(index_segment_put(ix, &r), OK);
	sums = 0;
	assert_int_equal(index_days(ix, "", "2026-11-22", take, NULL), OK);
	assert_int_equal(sums, 2);
	sums = 0;
	assert_int_equal(index_days(ix, "cam1", "2026-11-23", take, NULL), OK);
	assert_int_equal(sums, 1);
	assert_int_equal(sum.bytes, 7500000);
	assert_int_equal(sum.recorded_ns, 60 * NS_PER_SEC);
	assert_true(sum.retain_ns >= NOW + 12 * DAY_NS);
}

static void the_rate_is_what_was_measured(void **state)
{
	struct camera_row c = {.id = "cam1", .enabled = true};

	(void)state;
	assert_int_equal(index_camera_put(ix, &c), OK);
	assert_int_equal(forecast_gather(ix, (struct utc){NOW + DAY_NS}, TB, 0,
			     &f),
	    OK);
	assert_int_equal(f.cameras, 1);
	assert_int_equal(f.measured, 1);
	/* 7.5 MB a minute, and what is beside it */
	assert_in_range(f.rate, 125000, 126000);
	assert_int_equal(f.footage_bytes, 3 * 7500000);
	assert_int_equal(f.due_bytes[10] + f.due_bytes[11], 3 * 7500000);
	/* one more is like those that are there */
	assert_int_equal(forecast_gather(ix, (struct utc){NOW + DAY_NS}, TB, 1,
			     &f),
	    OK);
	assert_in_range(f.rate, 250000, 252000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P11_an_empty_disk_says_the_day_on_which_it_is_full),
	    cmocka_unit_test(what_holds_six_months_holds_for_ever),
	    cmocka_unit_test(what_is_due_makes_room_on_its_day),
	    cmocka_unit_test(sums_of_days_follow_every_change_of_segments),
	    cmocka_unit_test(the_rate_is_what_was_measured),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
