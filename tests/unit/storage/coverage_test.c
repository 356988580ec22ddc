/* The oracle looks at each 10 ms alone; coverage.c never does. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/coverage.h"
#include "storage/journal.h"
#include "storage/site.h"

#define CELL (10 * NS_PER_MS)
#define CELLS 20000
#define START INT64_C(1795338907000000000)
#define AT(cell) (START + (int64_t)(cell)*CELL)

static char dir[] = "/tmp/saqta-coverage-XXXXXX";
static struct index *ix;
static int data_fd = -1;
static struct camera_row camera = {
    .id = "cam1", .enabled = true, .added_ns = AT(1000)};

struct interval {
	int from, to; /* cells */
	enum cause cause;
	uint32_t flags;
	bool open;
	int begin, end; /* of the segment that it is a part of */
	uint64_t seq;
};
static struct interval segments[128], gaps[64];
static size_t segments_n, gaps_n;

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || index_open(dir, false, &ix))
		return -1;
	data_fd = open(dir, O_RDONLY | O_DIRECTORY);
	return data_fd < 0 || index_camera_put(ix, &camera);
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	index_close(ix);
	close(data_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void put_flagged(uint64_t seq, int from, int to, uint32_t flags)
{
	struct segment_row s = {.camera = "cam1",
	    .seq = seq,
	    .day = "2026-11-22",
	    .start_ns = AT(from),
	    .end_ns = AT(to),
	    .state = SEGMENT_SEALED,
	    .flags = flags | FRAGMENT_KEY,
	    .entry = 1};

	assert_int_equal(index_segment_put(ix, &s), OK);
	segments[segments_n++] = (struct interval){
	    from, to, CAUSE_NONE, flags, false, from, to, seq};
}

static void put_segment(uint64_t seq, int from, int to)
{
	put_flagged(seq, from, to, 0);
}

static void write_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

/*
 * One that is being written: its journal alone says how far it goes, and which
 * of its fragments, 100 cells each, are damaged.
 */
static void put_open(uint64_t seq, int from, int n, unsigned damaged)
{
	struct segment_row s = {.camera = "cam1",
	    .seq = seq,
	    .day = "2026-11-22",
	    .start_ns = AT(from),
	    .end_ns = AT(from),
	    .state = SEGMENT_OPEN,
	    .entry = -1};
	struct journal_record r = {
	    .type = JOURNAL_BEGIN, .seq = seq, .start_ns = AT(from)};
	unsigned char bytes[16 * JOURNAL_RECORD], chain[HASH_BYTES];
	char path[128], name[64];

	journal_chain_start("cam1", "2026-11-22", chain);
	for (int i = 0; i <= n; i++) {
		journal_encode(&r, chain, bytes + i * JOURNAL_RECORD);
		memcpy(chain, r.chain, sizeof(chain));
		r = (struct journal_record){.type = JOURNAL_FRAGMENT,
		    .seq = seq,
		    .index = (uint32_t)i,
		    .start_ns = AT(from + 100 * i),
		    .duration_ns = 100 * CELL,
		    .flags = damaged >> i & 1 ? FRAGMENT_DAMAGED : 0};
		if (i < n)
			segments[segments_n++] = (struct interval){
			    from + 100 * i, from + 100 * (i + 1), CAUSE_NONE,
			    r.flags, true, from, from + 100 * n, seq};
	}
	path_journal("cam1", "2026-11-22", name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	write_file(path, bytes, (size_t)(n + 1) * JOURNAL_RECORD);
	path_segment("cam1", "2026-11-22", AT(from), seq, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	write_file(path, "", 0);
	assert_int_equal(index_segment_put(ix, &s), OK);
}

static void put_gap(int from, int to, enum cause cause)
{
	struct gap_row g = {.camera = "cam1",
	    .from_ns = AT(from),
	    .to_ns = to < CELLS ? AT(to) : INT64_MAX,
	    .cause = cause,
	    .noticed_ns = AT(from)};

	for (size_t i = 0; i < gaps_n; i++) /* the table's primary key */
		if (gaps[i].from == from)
			return;
	assert_int_equal(index_gap_put(ix, &g), OK);
	gaps[gaps_n++] = (struct interval){from, to, cause, 0, false, 0, 0, 0};
}

static void clear(void)
{
	char cmd[128];

	segments_n = gaps_n = 0;
	index_close(ix);
	snprintf(cmd, sizeof(cmd),
	    "rm -rf %s/* && mkdir -p %s/footage/cam1/2026/11/22", dir, dir);
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

/* The one that began last says why, "clock step" only where it is alone. */
static int rank(const struct interval *gap)
{
	return gap->from + (gap->cause == CAUSE_CLOCK_STEP ? 0 : CELLS);
}

static const struct interval *oracle_gap(int cell)
{
	const struct interval *best = NULL;

	for (size_t i = 0; i < gaps_n; i++)
		if (gaps[i].from <= cell && cell < gaps[i].to &&
		    (!best || rank(&gaps[i]) > rank(best)))
			best = &gaps[i];
	return best;
}

/*
 * The flags of all that cover a cell; an overlap where two do, and not only in
 * a join.
 */
static uint32_t oracle_flags(int cell)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < segments_n; i++) {
		const struct interval *a = &segments[i];

		if (cell < a->from || cell >= a->to)
			continue;
		flags |= a->flags;
		for (size_t k = 0; k < i; k++) {
			const struct interval *b = &segments[k];
			int from = a->begin > b->begin ? a->begin : b->begin;
			int to = a->end < b->end ? a->end : b->end;

			if (from <= cell && cell < to && to - from > 10 &&
			    a->seq != b->seq)
				flags |= FRAGMENT_OVERLAP;
		}
	}
	return flags;
}

static bool oracle_covered(int cell)
{
	for (size_t i = 0; i < segments_n; i++)
		if (segments[i].from <= cell && cell < segments[i].to)
			return true;
	return false;
}

static void check_span(const struct span *s, const char cells[CELLS], int now)
{
	for (int c = (int)((s->from_ns - START) / CELL); AT(c) < s->to_ns;
	     c++) {
		const struct interval *g = oracle_gap(c);

		assert_int_equal(s->recorded, cells[c]);
		if (s->recorded && oracle_covered(c))
			assert_int_equal(s->flags, oracle_flags(c));
		if (s->recorded)
			continue;
		assert_int_equal(s->flags, 0);
		if (g)
			assert_int_equal(s->cause, g->cause);
		else if (c >= now)
			assert_int_equal(s->cause, CAUSE_CLOCK_STEP);
		else if (AT(c) < camera.added_ns)
			assert_int_equal(s->cause, CAUSE_NOT_YET);
		else
			assert_int_not_equal(s->cause, CAUSE_NONE);
	}
}

static void check(int from, int to, int now)
{
	struct utc utc_now = {AT(now)};
	char cells[CELLS];
	struct coverage c;
	int64_t at = AT(from), sum = 0, until;

	oracle_recorded(cells);
	assert_int_equal(coverage_until(ix, &camera, AT(from), AT(to), utc_now,
			     &until),
	    OK);
	assert_true(until <= AT(to) && (until >= AT(now) || until == AT(to)));
	assert_int_equal(coverage_of(ix, data_fd, &camera, AT(from), until,
			     utc_now, &c),
	    OK);
	for (size_t i = 0; i < c.n; i++) {
		assert_int_equal(c.spans[i].from_ns, at);
		assert_true(c.spans[i].to_ns > at);
		at = c.spans[i].to_ns;
		check_span(&c.spans[i], cells, now);
		sum += c.spans[i].to_ns - c.spans[i].from_ns;
	}
	assert_int_equal(at, until > AT(from) ? until : AT(from));
	assert_int_equal(c.recorded_ns + c.gap_ns, sum);
	coverage_free(&c);
}

static int between(int from, int to)
{
	return from + (int)(random() % (to - from));
}

/* Of what was put some is erased, some is lost, some turns out to end earlier. */
static void lose_some(void)
{
	for (size_t i = 0; i < segments_n;) {
		struct interval *p = &segments[i];
		struct segment_row s;
		int what = between(0, 24);

		if (p->open || what > 2) {
			i++;
			continue;
		}
		assert_int_equal(index_segment_find(ix, "cam1", p->seq, &s),
		    OK);
		if (what == 2) {
			p->to = p->end = between(p->from, p->to) + 1;
			s.end_ns = AT(p->to);
			assert_int_equal(index_segment_put(ix, &s), OK);
			i++;
			continue;
		}
		if (what)
			assert_int_equal(index_segment_erase(ix, "cam1",
					     p->seq),
			    OK);
		else
			assert_int_equal(index_segment_lost(ix, &s, AT(1)), OK);
		if (!what && gaps_n < 64)
			gaps[gaps_n++] = (struct interval){
			    p->from, p->to, CAUSE_LOST, 0, false, 0, 0, 0};
		*p = segments[--segments_n];
	}
}

/*
 * What a camera leaves behind: segments one after another, exact, with a join,
 * a hole or an overlap, flagged or not; gaps anywhere, open ones too; now and
 * then the clock is set, back or forth; perhaps one segment is being written.
 */
static void make_history(void)
{
	static const uint32_t flags[] = {
	    0, 0, 0, FRAGMENT_UNTRUSTED, FRAGMENT_OVERLAP};
	int at = between(0, 3000);
	uint64_t seq = 1;

	clear();
	for (; seq < 30 && at < CELLS - 700; seq++) {
		int n = between(1, 600);
		uint32_t f = flags[between(0, 5)];

		put_flagged(seq, at, at + n, f & FRAGMENT_UNTRUSTED);
		at += n + between(0, 4) * between(-3, 40);
		if (!between(0, 8))
			at += between(-4000, 4000);
		at = at < 0 ? 0 : at;
	}
	if (between(0, 2))
		lose_some();
	if (between(0, 2) && at < CELLS - 2200)
		put_open(seq, at, between(1, 15), (unsigned)random());
	for (int i = between(0, 20); i; i--) {
		int from = between(0, CELLS - 1000);

		put_gap(from, between(0, 10) ? from + between(1, 1000) : CELLS,
		    between(0, 5) ? (enum cause)between(1, 12) :
				    CAUSE_CLOCK_STEP);
	}
}

static void P7_spans_join_without_hole_and_say_one_cause(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 40; round++) {
		make_history();
		for (int i = 0; i < 20; i++) {
			int from = between(0, CELLS - 1);

			check(from, between(from + 1, CELLS), CELLS - 1);
		}
		check(0, CELLS - 1, CELLS - 1);
		for (int i = 0; i < 5; i++)
			if (!segments_n || !segments[segments_n - 1].open)
				check(0, CELLS - 1, between(1, CELLS));
	}
}

/* As a program of schema 7 left it: without runs, and what came later. */
static void make_runs_anew(void)
{
	char command[512];

	index_close(ix);
	snprintf(command, sizeof(command),
	    "/usr/bin/python3 -c 'import sqlite3; "
	    "sqlite3.connect(\"%s/index.db\").executescript(\"DELETE FROM "
	    "run; DELETE FROM camera_day; "
	    "ALTER TABLE export DROP COLUMN lost; "
	    "ALTER TABLE export DROP COLUMN why; "
	    "ALTER TABLE request DROP COLUMN reason_code; "
	    "ALTER TABLE request DROP COLUMN until_ns; "
	    "PRAGMA user_version = 7\")'",
	    dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(index_open(dir, false, &ix), OK);
}

static void P7_an_older_index_says_the_same(void **state)
{
	(void)state;
	srandom(8);
	for (int round = 0; round < 10; round++) {
		make_history();
		make_runs_anew();
		check(0, CELLS - 1, CELLS - 1);
		for (int i = 0; i < 5; i++) {
			int from = between(0, CELLS - 1);

			check(from, between(from + 1, CELLS), CELLS - 1);
		}
	}
}

static void P7_an_overlap_of_segments_is_kept_and_flagged(void **state)
{
	struct coverage c;

	(void)state;
	clear();
	put_segment(1, 1000, 4000);
	put_segment(2, 3000, 5000); /* the clock was set back by 10 s */
	put_segment(3, 5000, 6000);
	assert_int_equal(coverage_of(ix, -1, &camera, AT(1000), AT(6000),
			     (struct utc){AT(9000)}, &c),
	    OK);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.spans[0].flags, 0);
	assert_int_equal(c.spans[1].from_ns, AT(3000));
	assert_int_equal(c.spans[1].to_ns, AT(4000));
	assert_int_equal(c.spans[1].flags, FRAGMENT_OVERLAP);
	assert_int_equal(c.spans[2].flags, 0);
	coverage_free(&c);
}

static void P7_only_the_damaged_seconds_of_a_segment_are_flagged(void **state)
{
	struct coverage c;

	(void)state;
	clear();
	put_open(1, 1000, 5, 1u << 2);
	assert_int_equal(coverage_of(ix, data_fd, &camera, AT(1000), AT(1500),
			     (struct utc){AT(1500)}, &c),
	    OK);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.spans[1].from_ns, AT(1200));
	assert_int_equal(c.spans[1].to_ns, AT(1300));
	assert_int_equal(c.spans[1].flags, FRAGMENT_DAMAGED);
	coverage_free(&c);
}

static void P7_footage_ahead_of_the_clock_is_shown(void **state)
{
	struct coverage c;
	int64_t until;

	(void)state;
	clear();
	put_segment(1, 5000, 6000);
	assert_int_equal(coverage_until(ix, &camera, AT(1000), AT(8000),
			     (struct utc){AT(2000)}, &until),
	    OK);
	assert_int_equal(until, AT(6000));
	assert_int_equal(coverage_of(ix, -1, &camera, AT(1500), until,
			     (struct utc){AT(2000)}, &c),
	    OK);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.spans[1].from_ns, AT(2000));
	assert_int_equal(c.spans[1].cause, CAUSE_CLOCK_STEP);
	assert_true(c.spans[2].recorded);
	coverage_free(&c);
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
	int64_t until;

	(void)state;
	clear();
	put_segment(1, 1100, 2000);
	assert_int_equal(coverage_until(ix, &camera, AT(1200), AT(5000),
			     (struct utc){AT(1800)}, &until),
	    OK);
	assert_int_equal(until, AT(2000)); /* it is recorded already */
	clear();
	put_segment(1, 1100, 1800);
	assert_int_equal(coverage_until(ix, &camera, AT(1200), AT(5000),
			     (struct utc){AT(1800)}, &until),
	    OK);
	assert_int_equal(coverage_of(ix, -1, &camera, AT(1200), until,
			     (struct utc){AT(1800)}, &c),
	    OK);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.recorded_ns, 600 * CELL);
	assert_int_equal(c.gap_ns, 0);
	coverage_free(&c);
	assert_int_equal(coverage_until(ix, &camera, AT(1900), AT(5000),
			     (struct utc){AT(1800)}, &until),
	    OK);
	assert_int_equal(until, AT(1900));
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
	assert_int_equal(coverage_of(ix, -1, &camera, AT(1500), AT(3000),
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
	    cmocka_unit_test(P7_an_older_index_says_the_same),
	    cmocka_unit_test(P7_an_overlap_of_segments_is_kept_and_flagged),
	    cmocka_unit_test(
		P7_only_the_damaged_seconds_of_a_segment_are_flagged),
	    cmocka_unit_test(P7_footage_ahead_of_the_clock_is_shown),
	    cmocka_unit_test(P7_what_lies_before_the_camera_is_not_yet),
	    cmocka_unit_test(P7_the_future_is_neither_recorded_nor_a_gap),
	    cmocka_unit_test(P7_an_open_gap_goes_on_until_now),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
