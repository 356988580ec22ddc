/* The oracle looks at each 10 ms alone; coverage.c never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/coverage.h"

#define CELL (10 * NS_PER_MS)
#define CELLS 20000
#define START INT64_C(1795338907000000000)
#define AT(cell) (START + (int64_t)(cell)*CELL)

static char dir[] = "/tmp/saqta-coverage-XXXXXX";
static struct index *ix;
static struct camera_row camera = {
    .id = "cam1", .enabled = true, .added_ns = AT(1000)};

struct interval {
	int from, to; /* cells */
	enum cause cause;
};
static struct interval segments[64], gaps[64];
static size_t segments_n, gaps_n;

static int set_up(void **state)
{
	(void)state;
	return !mkdtemp(dir) || index_open(dir, false, &ix) ||
	    index_camera_put(ix, &camera);
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void put_segment(uint64_t seq, int from, int to)
{
	struct segment_row s = {.camera = "cam1",
	    .seq = seq,
	    .day = "2026-11-22",
	    .start_ns = AT(from),
	    .end_ns = AT(to),
	    .state = SEGMENT_SEALED,
	    .entry = 1};

	assert_int_equal(index_segment_put(ix, &s), OK);
	segments[segments_n++] = (struct interval){from, to, CAUSE_NONE};
}

static void put_gap(int from, int to, enum cause cause)
{
	struct gap_row g = {.camera = "cam1",
	    .from_ns = AT(from),
	    .to_ns = AT(to),
	    .cause = cause,
	    .noticed_ns = AT(from)};

	assert_int_equal(index_gap_put(ix, &g), OK);
	gaps[gaps_n++] = (struct interval){from, to, cause};
}

static void clear(void)
{
	char cmd[64];

	segments_n = gaps_n = 0;
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -f %s/*", dir);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(index_open(dir, false, &ix), OK);
	assert_int_equal(index_camera_put(ix, &camera), OK);
}

/* 0: gap; 1: recorded. Joins of up to 100 ms (10 cells) are recorded. */
static void oracle_recorded(char cells[CELLS])
{
	int last = -1000;

	memset(cells, 0, CELLS);
	for (size_t i = 0; i < segments_n; i++)
		for (int c = segments[i].from; c < segments[i].to; c++)
			cells[c] = 1;
	for (int c = 0; c < CELLS; c++) {
		if (!cells[c])
			continue;
		if (c - last > 1 && c - last - 1 <= 10)
			memset(cells + last + 1, 1, (size_t)(c - last - 1));
		last = c;
	}
}

static const struct interval *oracle_gap(int cell)
{
	const struct interval *best = NULL;

	for (size_t i = 0; i < gaps_n; i++)
		if (gaps[i].from <= cell && cell < gaps[i].to &&
		    (!best || gaps[i].from < best->from))
			best = &gaps[i];
	return best;
}

static void check_span(const struct span *s, const char cells[CELLS])
{
	for (int c = (int)((s->from_ns - START) / CELL); AT(c) < s->to_ns;
	     c++) {
		const struct interval *g = oracle_gap(c);

		assert_int_equal(s->recorded, cells[c]);
		if (s->recorded)
			continue;
		if (g)
			assert_int_equal(s->cause, g->cause);
		else if (AT(c) < camera.added_ns)
			assert_int_equal(s->cause, CAUSE_NOT_YET);
		else
			assert_int_not_equal(s->cause, CAUSE_NONE);
	}
}

static void check(int from, int to, int now)
{
	char cells[CELLS];
	struct coverage c;
	int64_t at = AT(from), sum = 0;

	oracle_recorded(cells);
	assert_int_equal(coverage_of(ix, -1, &camera, AT(from), AT(to),
			     (struct utc){AT(now)}, &c),
	    OK);
	for (size_t i = 0; i < c.n; i++) {
		assert_int_equal(c.spans[i].from_ns, at);
		assert_true(c.spans[i].to_ns > at);
		at = c.spans[i].to_ns;
		check_span(&c.spans[i], cells);
		sum += c.spans[i].to_ns - c.spans[i].from_ns;
	}
	to = to < now ? to : now;
	assert_int_equal(at, AT(to > from ? to : from));
	assert_int_equal(c.recorded_ns + c.gap_ns, sum);
	coverage_free(&c);
}

static int between(int from, int to)
{
	return from + (int)(random() % (to - from));
}

static void P7_spans_join_without_hole_and_say_one_cause(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 60; round++) {
		int at = between(0, 3000);

		clear();
		for (uint64_t seq = 1; seq < 30 && at < CELLS - 700; seq++) {
			int n = between(1, 600);

			put_segment(seq, at, at + n);
			/* overlap, exact, small join, hole */
			at += n + between(0, 4) * between(-3, 40);
			at = at > 0 ? at : 0;
		}
		for (int i = between(0, 20); i; i--) {
			int from = between(0, CELLS - 1000);

			put_gap(from, from + between(1, 1000),
			    (enum cause)between(1, 12));
		}
		for (int i = 0; i < 20; i++) {
			int from = between(0, CELLS - 1);

			check(from, between(from + 1, CELLS), CELLS);
		}
		check(0, CELLS, between(1, CELLS));
	}
}

static void P7_what_lies_before_the_camera_is_not_yet(void **state)
{
	struct coverage c;

	(void)state;
	clear();
	put_segment(1, 1100, 2000);
	assert_int_equal(coverage_of(ix, -1, &camera, AT(500), AT(1500),
			     (struct utc){AT(9000)}, &c),
	    OK);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.spans[0].cause, CAUSE_NOT_YET);
	assert_int_equal(c.spans[0].to_ns, camera.added_ns);
	assert_int_equal(c.spans[1].cause, CAUSE_RECORDER_FAILED);
	assert_true(c.spans[2].recorded);
	coverage_free(&c);
}

static void P7_the_future_is_neither_recorded_nor_a_gap(void **state)
{
	struct coverage c;

	(void)state;
	clear();
	put_segment(1, 1100, 2000);
	assert_int_equal(coverage_of(ix, -1, &camera, AT(1200), AT(5000),
			     (struct utc){AT(1800)}, &c),
	    OK);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.recorded_ns, 600 * CELL);
	assert_int_equal(c.gap_ns, 0);
	coverage_free(&c);
	assert_int_equal(coverage_of(ix, -1, &camera, AT(1900), AT(5000),
			     (struct utc){AT(1800)}, &c),
	    OK);
	assert_int_equal(c.n, 0);
}

static void P7_an_open_gap_goes_on_until_now(void **state)
{
	struct gap_row g = {.camera = "cam1",
	    .from_ns = AT(2000),
	    .to_ns = INT64_MAX,
	    .cause = CAUSE_NO_ANSWER,
	    .noticed_ns = AT(2100)};
	struct coverage c;

	(void)state;
	clear();
	put_segment(1, 1100, 2000);
	assert_int_equal(index_gap_put(ix, &g), OK);
	assert_int_equal(coverage_of(ix, -1, &camera, AT(1500), AT(9000),
			     (struct utc){AT(3000)}, &c),
	    OK);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.spans[1].cause, CAUSE_NO_ANSWER);
	assert_true(c.spans[1].open);
	assert_int_equal(c.spans[1].to_ns, AT(3000));
	assert_int_equal(c.spans[1].noticed_ns, AT(2100));
	coverage_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P7_spans_join_without_hole_and_say_one_cause),
	    cmocka_unit_test(P7_what_lies_before_the_camera_is_not_yet),
	    cmocka_unit_test(P7_the_future_is_neither_recorded_nor_a_gap),
	    cmocka_unit_test(P7_an_open_gap_goes_on_until_now),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
