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
static const struct holds none;

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
	assert_int_equal(forecast_gather(ix, &none, (struct utc){NOW + DAY_NS},
			     TB, 0, &f),
	    OK);
	assert_int_equal(f.cameras, 1);
	assert_int_equal(f.measured, 1);
	/* 7.5 MB a minute, and what is beside it */
	assert_in_range(f.rate, 125000, 126000);
	assert_int_equal(f.footage_bytes, 3 * 7500000);
	assert_int_equal(f.due_bytes[10] + f.due_bytes[11], 3 * 7500000);
	/* one more is like those that are there */
	assert_int_equal(forecast_gather(ix, &none, (struct utc){NOW + DAY_NS},
			     TB, 1, &f),
	    OK);
	assert_in_range(f.rate, 250000, 252000);
}

/* Of the footage above: two segments of the 22nd, one of the 23rd. */
static void bytes_that_holds_keep_make_no_room(void **state)
{
	struct hold h[] = {{.cameras = "cam10 cam1",
			       .from_ns = NOW + 60 * NS_PER_SEC,
			       .to_ns = NOW + 120 * NS_PER_SEC},
	    {.cameras = "cam1",
		.from_ns = NOW + DAY_NS / 2,
		.to_ns = NOW + 2 * DAY_NS,
		.ends_ns = NOW + 40 * DAY_NS},
	    {.cameras = "cam10", .to_ns = HOLD_OPEN_END}};
	struct holds holds = {.h = h, .n = 3};
	struct utc now = {NOW + DAY_NS};

	(void)state;
	assert_int_equal(forecast_gather(ix, &holds, now, TB, 0, &f), OK);
	/* a minute of the first day without an end, the second day until 40 */
	assert_int_equal(f.held_bytes, 2 * 7500000);
	assert_int_equal(f.footage_bytes, 3 * 7500000);
	assert_int_equal(f.beyond_bytes, 0);
	assert_int_equal(f.due_bytes[10], 7500000);
	assert_int_equal(f.due_bytes[11], 0);
	assert_int_equal(f.due_bytes[39], 7500000);
	assert_int_equal(f.held_rate, 0);
	/* beyond the term, and what is recorded from now on */
	now.ns += 20 * DAY_NS;
	h[2] = (struct hold){.cameras = "cam1", .to_ns = HOLD_OPEN_END};
	assert_int_equal(forecast_gather(ix, &holds, now, TB, 0, &f), OK);
	assert_int_equal(f.held_bytes, 3 * 7500000);
	assert_int_equal(f.beyond_bytes, 3 * 7500000);
	assert_int_equal(f.held_rate, f.rate);
	for (int i = 0; i < FORECAST_DAYS; i++)
		assert_int_equal(f.due_bytes[i], 0);
}

static void what_is_held_without_an_end_fills_the_disk(void **state)
{
	const uint64_t a_day = UINT64_C(125000) * 86400;

	(void)state;
	f = (struct forecast){.rate = 125000, .held_rate = 125000};
	f.free_bytes = a_day * (FORECAST_TERM_DAYS + 20);
	forecast_run(&f);
	assert_int_equal(f.days_left, FORECAST_TERM_DAYS + 20);
	f.beyond_bytes = a_day * 30;
	forecast_run(&f);
	assert_int_equal(f.need_bytes, a_day * (FORECAST_TERM_DAYS + 30));
}

static void a_rate_that_has_grown_goes_on_growing_for_a_while(void **state)
{
	struct camera_row c = {.id = "cam2", .enabled = true};
	struct utc now = {NOW + 60 * DAY_NS};
	struct segment_row r = {.camera = "cam2", .state = SEGMENT_SEALED};
	struct forecast other;

	(void)state;
	assert_int_equal(forecast_gather(ix, &none, now, TB, 0, &other), OK);
	assert_int_equal(other.growth, 0);
	assert_int_equal(index_camera_put(ix, &c), OK);
	/* a day and more each: 100,000 bytes a second, then 117,000 */
	for (uint64_t i = 0; i < 4; i++) {
		r.seq = i + 1;
		r.start_ns = now.ns -
		    (i < 2 ? 20 - (int64_t)i : 5 - (int64_t)i) * DAY_NS;
		r.end_ns = r.start_ns + DAY_NS;
		r.bytes = 86400 * (i < 2 ? UINT64_C(100000) : UINT64_C(117000));
		r.retain_ns = now.ns + 100 * DAY_NS;
		day_format(utc_local_day((struct utc){r.start_ns}), r.day,
		    sizeof(r.day));
		assert_int_equal(index_segment_put(ix, &r), OK);
	}
	assert_int_equal(forecast_gather(ix, &none, now, TB, 0, &f), OK);
	assert_int_equal(f.growth, 1000);
	/* not for ever: 17 days of it, as far as was looked back */
	f = (struct forecast){.rate = 100000, .growth = 1000};
	f.free_bytes = UINT64_C(86400) * (17 * 100000 + 136 * 1000);
	f.free_bytes += UINT64_C(86400) * 117000 * 3;
	forecast_run(&f);
	assert_int_equal(f.days_left, 20);
	assert_int_equal(f.need_bytes,
	    UINT64_C(117000) * 86400 * FORECAST_TERM_DAYS);
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
	    cmocka_unit_test(bytes_that_holds_keep_make_no_room),
	    cmocka_unit_test(what_is_held_without_an_end_fills_the_disk),
	    cmocka_unit_test(a_rate_that_has_grown_goes_on_growing_for_a_while),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
