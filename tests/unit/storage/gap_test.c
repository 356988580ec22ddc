/*
 * A camera's life against a diary that knows each second: recording, gaps with
 * their causes, a clock that is set back and forth. Coverage must say what the
 * diary says, and invent nothing.
 */
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
#include "storage/keeper.h"

#define START INT64_C(1795338907000000000)
#define AT(second) (START + (int64_t)(second)*NS_PER_SEC)
#define SECONDS 12000
#define MIDDLE 6000

static char dir[] = "/tmp/saqta-gap-XXXXXX";
static struct keeper k;
static struct camera *m;
static uint64_t seq;
/* The diary, by wall clock: was a second recorded; which causes it had. */
static bool recorded[SECONDS];
static uint32_t causes[SECONDS];
static int wall; /* the second that is now */
static int steps; /* nanoseconds: no two epochs share an instant */

static void forget(void)
{
	struct camera_row row = {
	    .id = "cam1", .enabled = true, .added_ns = AT(MIDDLE)};
	unsigned char key[KEY_BYTES];
	char cmd[64];
	size_t cut;

	free(m);
	index_close(k.ix);
	ledger_close(k.ledger);
	close(k.data_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s/*", dir);
	assert_int_equal(system(cmd), 0);
	k = (struct keeper){.now = {AT(MIDDLE)}, .mono = {NS_PER_SEC}};
	k.data_fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(index_open(dir, false, &k.ix), OK);
	assert_int_equal(ledger_create(k.data_fd, "saqta.example/t", key), OK);
	assert_int_equal(ledger_open(k.data_fd, &k.ledger, &cut), OK);
	wall_init(&k.clock, 1, k.now, k.mono);
	assert_int_equal(index_camera_put(k.ix, &row), OK);
	assert_int_equal(camera_load(&k, "cam1", &m), OK);
	m->load_end_ns = m->far_end_ns;
	memset(recorded, 0, sizeof(recorded));
	memset(causes, 0, sizeof(causes));
	wall = MIDDLE;
	steps = 0;
	seq = 0;
}

static int set_up(void **state)
{
	(void)state;
	k.data_fd = -1;
	return crypt_init() || !mkdtemp(dir) ? -1 : 0;
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	free(m);
	index_close(k.ix);
	ledger_close(k.ledger);
	close(k.data_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static int64_t tick(int seconds, int step)
{
	k.mono.ns += seconds * NS_PER_SEC;
	wall += seconds + step;
	steps += step != 0;
	k.now.ns = AT(wall) + steps;
	return wall_take(&k.clock, k.now, k.mono, CLOCK_FREE);
}

static void record(int seconds)
{
	struct segment_row s = {.camera = "cam1",
	    .seq = ++seq,
	    .day = "2026-11-22",
	    .start_ns = k.now.ns,
	    .end_ns = k.now.ns + seconds * NS_PER_SEC,
	    .state = SEGMENT_SEALED,
	    .entry = 1};

	for (int i = 0; i < seconds; i++)
		recorded[wall + i] = true;
	assert_int_equal(tick(seconds, 0), 0);
	assert_int_equal(index_segment_put(k.ix, &s), OK);
	camera_received(&k, m, &k.clock.at[0], s.start_ns, s.end_ns);
}

static enum cause open_cause(void)
{
	struct gap_row g;

	return index_gap_open(k.ix, "cam1", &g) ? CAUSE_NONE : g.cause;
}

/* Nothing for some seconds; noticed only after `late` of them. */
static void miss(enum cause cause, int late, int more)
{
	enum cause before = open_cause();
	int from = wall;

	tick(late, 0);
	camera_gap(&k, m, cause);
	for (int i = from; i < wall; i++)
		causes[i] |= 1u << (before ? before : open_cause());
	from = wall;
	tick(more, 0);
	for (int i = from; i < wall; i++)
		causes[i] |= 1u << open_cause();
}

static void step(int seconds)
{
	if (!seconds || wall + seconds < 100 || wall + seconds > SECONDS - 2000)
		return;
	assert_int_equal(tick(0, seconds), seconds * NS_PER_SEC + 1);
	camera_stepped(&k, m);
}

/* What coverage says of one second must stand in the diary. */
static void compare(const struct span *s, int at)
{
	if (s->recorded != recorded[at])
		fail_msg("second %d: recorded %d, diary %d", at, s->recorded,
		    recorded[at]);
	if (s->recorded)
		return;
	assert_int_not_equal(s->cause, CAUSE_RECORDER_FAILED); /* = no row */
	if (causes[at] && !(causes[at] >> s->cause & 1))
		fail_msg("second %d: cause %d, diary %#x", at, s->cause,
		    causes[at]);
	if (!causes[at])
		assert_int_equal(s->cause, CAUSE_CLOCK_STEP);
}

static void check(int from, int to)
{
	struct camera_row row;
	struct coverage c;
	int64_t at = AT(from);

	assert_int_equal(index_camera_find(k.ix, "cam1", &row), OK);
	row.added_ns = 0;
	assert_int_equal(coverage_of(k.ix, k.data_fd, &row, AT(from), AT(to),
			     k.now, &c),
	    OK);
	for (size_t i = 0; i < c.n; i++) {
		assert_int_equal(c.spans[i].from_ns, at);
		for (int64_t t = at + NS_PER_MS; t < c.spans[i].to_ns;
		     t += NS_PER_SEC)
			compare(&c.spans[i], (int)((t - START) / NS_PER_SEC));
		at = c.spans[i].to_ns;
	}
	assert_int_equal(at, AT(to));
	assert_int_equal(c.recorded_ns + c.gap_ns, AT(to) - AT(from));
	coverage_free(&c);
}

static int between(int from, int to)
{
	return from + (int)(random() % (to - from));
}

static void P7_coverage_and_diary_agree_through_clock_steps(void **state)
{
	(void)state;
	srandom(27);
	for (int round = 0; round < 20; round++) {
		int lowest = MIDDLE;

		forget();
		for (int i = 0; i < 60 && wall < SECONDS - 300; i++) {
			if (between(0, 2))
				record(between(1, 60));
			if (between(0, 3))
				miss((enum cause)between(1, 11), between(0, 5),
				    between(0, 60));
			if (!between(0, 5))
				step(between(0, 2) ? between(-600, 600) :
						     between(-5, 5));
			lowest = wall < lowest ? wall : lowest;
		}
		record(1);
		check(MIDDLE < wall ? MIDDLE : lowest, wall);
	}
}

static void P7_an_open_gap_goes_on_after_a_clock_step(void **state)
{
	(void)state;
	forget();
	record(100);
	miss(CAUSE_NO_ANSWER, 2, 10);
	step(-50);
	assert_int_equal(open_cause(), CAUSE_NO_ANSWER);
	tick(20, 0);
	record(10);
	assert_int_equal(open_cause(), CAUSE_NONE);
	step(500);
	record(10);
	assert_int_equal(m->last_end_ns, k.now.ns);
}

static void P7_the_operators_switch_is_the_cause_while_off(void **state)
{
	struct camera_row row;

	(void)state;
	forget();
	record(10);
	miss(CAUSE_NETWORK, 0, 10);
	assert_int_equal(index_camera_find(k.ix, "cam1", &row), OK);
	row.enabled = false;
	assert_int_equal(index_camera_put(k.ix, &row), OK);
	miss(CAUSE_SWITCHED_OFF, 0, 10);
	assert_int_equal(open_cause(), CAUSE_SWITCHED_OFF);
	miss(CAUSE_RECORDER_STOPPED, 0, 10);
	assert_int_equal(open_cause(), CAUSE_SWITCHED_OFF);
	row.enabled = true;
	assert_int_equal(index_camera_put(k.ix, &row), OK);
	miss(CAUSE_CONNECTING, 0, 10);
	assert_int_equal(open_cause(), CAUSE_CONNECTING);
	check(MIDDLE, wall);
}

static void P7_a_cause_of_the_box_gives_way_to_the_cameras(void **state)
{
	(void)state;
	forget();
	record(10);
	miss(CAUSE_STORAGE_AWAY, 0, 5);
	miss(CAUSE_CONNECTING, 0, 5);
	assert_int_equal(open_cause(), CAUSE_STORAGE_AWAY);
	miss(CAUSE_NO_ANSWER, 0, 5);
	assert_int_equal(open_cause(), CAUSE_NO_ANSWER);
	miss(CAUSE_NETWORK, 0, 5); /* the first one stays */
	assert_int_equal(open_cause(), CAUSE_NO_ANSWER);
	check(MIDDLE, wall);
}

static enum err last_cause(const struct gap_row *g, void *arg)
{
	*(enum cause *)arg = g->cause;
	return OK;
}

/* A gap is split once: silence, then the word that an operator acts on. */
static void P7_silence_gives_way_to_a_refusal_and_not_back(void **state)
{
	static const enum cause silent[] = {CAUSE_NETWORK, CAUSE_NO_ANSWER};
	static const enum cause refusals[] = {
	    CAUSE_PASSWORD, CAUSE_CERTIFICATE};

	(void)state;
	for (int i = 0; i < 4; i++) {
		forget();
		record(10);
		miss(silent[i / 2], 0, 5);
		miss(CAUSE_CAMERA_ERROR, 0, 5);
		assert_int_equal(open_cause(), silent[i / 2]);
		miss(refusals[i % 2], 0, 5);
		assert_int_equal(open_cause(), refusals[i % 2]);
		miss(silent[i / 2], 0, 5);
		assert_int_equal(open_cause(), refusals[i % 2]);
		record(10);
		check(MIDDLE, wall);
	}
}

static void P7_an_unspoken_hole_is_the_streams_or_the_childs(void **state)
{
	enum cause cause = CAUSE_NONE;

	(void)state;
	forget();
	record(10);
	assert_int_equal(tick(2, 0), 0);
	record(10);
	assert_int_equal(index_gaps(k.ix, "cam1", AT(0), AT(SECONDS),
			     last_cause, &cause),
	    OK);
	assert_int_equal(cause, CAUSE_STREAM_ERROR);
	m->silent_since_ns = k.mono.ns; /* it vanished, another one came */
	assert_int_equal(tick(2, 0), 0);
	record(10);
	assert_int_equal(index_gaps(k.ix, "cam1", AT(0), AT(SECONDS),
			     last_cause, &cause),
	    OK);
	assert_int_equal(cause, CAUSE_RECORDER_FAILED);
}

/* Boot with the clock in 1970 (here: 3000 s behind), then it is set right. */
static void P7_machine_off_ends_at_the_start_by_a_wrong_clock(void **state)
{
	struct wall *e = &k.clock;
	struct coverage c;
	struct camera_row row;

	(void)state;
	forget();
	record(100);
	/* off for 500 s, then 60 s of life in the wrong time */
	m->load_end_ns = m->last_end_ns;
	wall = MIDDLE - 3000;
	k.now.ns = AT(wall);
	k.mono.ns = 10 * NS_PER_SEC;
	wall_init(e, 2, k.now, k.mono);
	e->at[0].boot = true;
	m->epoch = 2;
	camera_gap_since(&k, m, CAUSE_MACHINE_OFF, m->load_end_ns);
	tick(10, 0);
	record(40);
	step(3000 + 100 + 500 + 10);
	record(5);
	assert_int_equal(index_camera_find(k.ix, "cam1", &row), OK);
	assert_int_equal(coverage_of(k.ix, k.data_fd, &row, AT(MIDDLE),
			     AT(wall), k.now, &c),
	    OK);
	assert_int_equal(c.n, 4);
	assert_true(c.spans[0].recorded);
	assert_int_equal(c.spans[1].cause, CAUSE_MACHINE_OFF);
	assert_int_equal(c.spans[1].to_ns - c.spans[1].from_ns,
	    500 * NS_PER_SEC + 1);
	assert_int_equal(c.spans[2].cause, CAUSE_CLOCK_STEP);
	assert_true(c.spans[3].recorded);
	coverage_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P7_coverage_and_diary_agree_through_clock_steps),
	    cmocka_unit_test(P7_an_open_gap_goes_on_after_a_clock_step),
	    cmocka_unit_test(P7_the_operators_switch_is_the_cause_while_off),
	    cmocka_unit_test(P7_a_cause_of_the_box_gives_way_to_the_cameras),
	    cmocka_unit_test(P7_silence_gives_way_to_a_refusal_and_not_back),
	    cmocka_unit_test(P7_an_unspoken_hole_is_the_streams_or_the_childs),
	    cmocka_unit_test(P7_machine_off_ends_at_the_start_by_a_wrong_clock),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
