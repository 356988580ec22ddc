/* The oracle asks due_may() of each segment; due_gather() asks sums of days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/due.h"

#define HOUR (INT64_C(3600) * NS_PER_SEC)
#define DAYS 4
#define A_DAY 6
#define NOW (INT64_C(1795338907) * NS_PER_SEC)
#define BOTH ((struct utc){NOW + 100 * HOUR})

static const char *const cameras[] = {"cam-1", "cam-2", "cam-3"};

static char data[] = "/tmp/saqta-due-XXXXXX";
static struct index *ix;
static struct segment_row rows[3 * DAYS * A_DAY];
static size_t rows_n;
static struct hold hold[3];
static struct holds holds = {.h = hold};

static int set_up(void **state)
{
	(void)state;
	return utc_site("Asia/Almaty") || !mkdtemp(data) ||
	    index_open(data, false, &ix);
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", data);
	return system(cmd);
}

static int64_t between(int64_t from, int64_t to)
{
	return from + random() % (to - from);
}

/* Most days have one term, some a longer one for a segment; some are open. */
static void put_day(const char *camera, int n, uint64_t *seq)
{
	int64_t begin = NOW + 24 * n * HOUR, retain = BOTH.ns;
	bool mixed = !between(0, 3), open = !between(0, 8);

	retain += between(-60, 20) * HOUR;
	for (int i = 0; i < A_DAY; i++) {
		struct segment_row *r = &rows[rows_n++];

		*r = (struct segment_row){.seq = ++*seq,
		    .start_ns = begin + i * HOUR / 2,
		    .end_ns = begin + (i + 1) * HOUR / 2,
		    .bytes = (uint64_t)between(1, 1000),
		    .state = SEGMENT_SEALED,
		    .retain_ns = retain};
		if (mixed)
			r->retain_ns += between(0, 2) * 24 * HOUR;
		if (open && i == A_DAY - 1)
			r->state = SEGMENT_OPEN;
		if (!between(0, 30))
			r->retain_ns = 0;
		if (!between(0, 50))
			r->state = SEGMENT_LOST;
		snprintf(r->camera, sizeof(r->camera), "%s", camera);
		day_format(utc_local_day((struct utc){begin}), r->day,
		    sizeof(r->day));
		assert_int_equal(index_segment_put(ix, r), OK);
	}
}

/* As a vouched clock does it: what was promised moves. */
static void move_some(void)
{
	for (size_t i = 0; i < rows_n; i++) {
		if (between(0, 40))
			continue;
		rows[i].retain_ns += 48 * HOUR;
		assert_int_equal(index_segment_put(ix, &rows[i]), OK);
	}
}

static void place_holds(void)
{
	holds.n = (size_t)between(0, 4);
	for (size_t i = 0; i < holds.n; i++) {
		int64_t from = NOW + between(-10, 24 * DAYS) * HOUR / 4;

		hold[i] = (struct hold){.from_ns = from,
		    .to_ns = between(0, 3) ? from + between(1, 200) * HOUR / 4 :
					     HOLD_OPEN_END};
		snprintf(hold[i].cameras, sizeof(hold[i].cameras), "%s",
		    cameras[between(0, 3)]);
	}
}

static void make_history(void)
{
	char cmd[64];
	uint64_t seq = 0;

	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -f %s/*", data);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(index_open(data, false, &ix), OK);
	assert_int_equal(index_begin(ix), OK);
	rows_n = 0;
	for (size_t c = 0; c < 3; c++)
		for (int n = 0; n < DAYS; n++)
			put_day(cameras[c], n, &seq);
	move_some();
	place_holds();
	assert_int_equal(index_commit(ix), OK);
}

/* One camera-day, each of its segments asked. */
static struct due_day ask_each(const char *camera, const char *day)
{
	struct due_day d = {.since_ns = INT64_MAX, .from_ns = INT64_MAX};

	for (size_t i = 0; i < rows_n; i++) {
		const struct segment_row *r = &rows[i];

		if (strcmp(r->camera, camera) || strcmp(r->day, day))
			continue;
		if (!due_may(r, &holds, BOTH)) {
			d.left++;
			d.held += r->state != SEGMENT_OPEN && r->retain_ns &&
			    r->retain_ns <= BOTH.ns;
			continue;
		}
		d.segments++;
		d.bytes += r->bytes;
		if (r->retain_ns < d.since_ns)
			d.since_ns = r->retain_ns;
		if (r->start_ns < d.from_ns)
			d.from_ns = r->start_ns;
		if (r->end_ns > d.to_ns)
			d.to_ns = r->end_ns;
	}
	return d;
}

static uint64_t count_due(uint64_t *ret_overdue)
{
	uint64_t n = 0;

	*ret_overdue = 0;
	for (size_t i = 0; i < rows_n; i++) {
		if (!due_may(&rows[i], &holds, BOTH))
			continue;
		n++;
		*ret_overdue += BOTH.ns - rows[i].retain_ns > DUE_LATE_NS;
	}
	return n;
}

static void P2_the_sums_of_days_say_what_asking_each_segment_says(void **state)
{
	(void)state;
	srandom(11);
	for (int round = 0; round < 20; round++) {
		uint64_t sum = 0, overdue;
		struct due due;

		make_history();
		assert_int_equal(due_gather(ix, &holds, BOTH, &due), OK);
		for (size_t i = 0; i < due.n; i++) {
			const struct due_day *d = &due.days[i];
			struct due_day want = ask_each(d->camera, d->day);

			assert_int_equal(d->segments, want.segments);
			assert_int_equal(d->held, want.held);
			assert_int_equal(d->bytes, want.bytes);
			sum += d->segments;
			if (!d->segments)
				continue;
			assert_int_equal(d->since_ns, want.since_ns);
			assert_int_equal(d->from_ns, want.from_ns);
			assert_true(d->to_ns >= want.to_ns);
		}
		assert_int_equal(sum, count_due(&overdue));
		assert_int_equal(due.segments, sum);
		assert_int_equal(due.overdue, overdue);
		due_free(&due);
	}
}

/* expire.c asks this right before a day's key is destroyed. */
static void P2_a_day_is_due_as_a_whole_only_where_each_of_it_is(void **state)
{
	int whole = 0;

	(void)state;
	srandom(12);
	for (int round = 0; round < 20; round++) {
		make_history();
		for (size_t i = 0; i < rows_n; i++) {
			const struct segment_row *r = &rows[i];
			struct day_row d;
			int64_t from, to;

			if (r->state == SEGMENT_OPEN)
				continue;
			assert_int_equal(index_day_find(ix, r->camera, r->day,
					     &d),
			    OK);
			if (index_day_bounds(ix, &d, &from, &to) ||
			    !due_whole(&d, &holds, BOTH, from, to))
				continue;
			whole++;
			assert_true(due_may(r, &holds, BOTH));
		}
	}
	assert_true(whole > 40);
}

static enum err count_one(const struct segment_row *s, void *arg)
{
	(void)s;
	++*(unsigned *)arg;
	return OK;
}

/* Almaty's clocks went back by an hour for good on 1 March 2024. */
static void P3_a_day_has_its_segments_though_the_law_moved_its_zone(void *
	*state)
{
	static const struct day d = {2026, 11, 22};
	int64_t begin = utc_day_start(d).ns, from, to;
	struct segment_row r = {.camera = "cam-4",
	    .state = SEGMENT_SEALED,
	    .retain_ns = NOW,
	    .bytes = 1};
	struct day_row sums;
	struct due due;
	unsigned n = 0;

	(void)state;
	make_history();
	holds.n = 0;
	for (int64_t hour = -1; hour < 23; hour++) {
		r.seq++;
		r.start_ns = begin + hour * HOUR;
		r.end_ns = r.start_ns + HOUR;
		strcpy(r.day, "2026-11-22");
		assert_int_equal(index_segment_put(ix, &r), OK);
	}
	assert_int_equal(index_segments_of_day(ix, "cam-4", r.day, 0,
			     UINT32_MAX, count_one, &n),
	    OK);
	assert_int_equal(n, 24);
	assert_int_equal(index_day_find(ix, "cam-4", r.day, &sums), OK);
	assert_int_equal(index_day_bounds(ix, &sums, &from, &to), OK);
	assert_int_equal(from, begin - HOUR);
	assert_int_equal(due_gather(ix, &holds, BOTH, &due), OK);
	n = 0;
	for (size_t i = 0; i < due.n; i++)
		if (!strcmp(due.days[i].camera, "cam-4"))
			n += (unsigned)due.days[i].segments;
	assert_int_equal(n, 24);
	due_free(&due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P2_the_sums_of_days_say_what_asking_each_segment_says),
	    cmocka_unit_test(
		P2_a_day_is_due_as_a_whole_only_where_each_of_it_is),
	    cmocka_unit_test(
		P3_a_day_has_its_segments_though_the_law_moved_its_zone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
