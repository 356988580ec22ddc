#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/rclock.h"
#include "storage/retain.h"

#define S(x) ((x)*NS_PER_SEC)
#define HOUR S(INT64_C(3600))
#define DAY (24 * HOUR)
#define START S(INT64_C(1795338907))

static struct rclock c;
static struct utc wall;
static struct mono mono;

static void begin(void)
{
	wall.ns = START;
	mono.ns = S(100);
	rclock_begin(&c, wall, mono, "a");
}

/* Time passes, and the wall clock shows it or something else. */
static void pass(int64_t ns, int64_t step)
{
	mono.ns += ns;
	wall.ns += ns + step;
	rclock_observe(&c, wall, mono, c.boot);
}

static void P12_it_follows_observed_time(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 200 * 24; i++)
		pass(HOUR, 0);
	assert_int_equal(c.now_ns, START + 200 * DAY);
	assert_true(rclock_trusts(&c, wall));
}

static void P12_a_step_of_the_wall_clock_moves_it_by_the_budget_at_most(void *
	*state)
{
	static const int64_t steps[] = {
	    HOUR, 5 * HOUR, DAY, 365 * DAY, 50 * 365 * DAY};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t want =
		    steps[i] < RCLOCK_BUDGET_NS ? steps[i] : RCLOCK_BUDGET_NS;

		begin();
		pass(0, steps[i]);
		assert_int_equal(c.now_ns, START + want);
		assert_int_equal(rclock_both(&c, wall).ns, START + want);
		pass(0, -steps[i]);
		assert_int_equal(c.now_ns, START + want);
	}
}

static void P12_a_step_back_or_to_1970_never_moves_it_back(void **state)
{
	(void)state;
	begin();
	pass(HOUR, -30 * DAY);
	assert_int_equal(c.now_ns, START + HOUR);
	wall.ns = S(5);
	pass(HOUR, 0);
	assert_int_equal(c.now_ns, START + 2 * HOUR);
	assert_false(rclock_trusts(&c, wall));
	assert_int_equal(rclock_both(&c, wall).ns, wall.ns);
}

/* Who steps the clock at each of a thousand reboots gains hours, not days. */
static void P12_repeated_reboots_with_a_stepped_clock_gain_less_than_a_day(void
	**state)
{
	char boot[RCLOCK_BOOT] = "boot-0";
	int64_t observed = 0;

	(void)state;
	begin();
	for (int i = 0; observed < RETAIN_DAYS_MIN * DAY; i++) {
		boot[5] = (char)('0' + i % 10);
		wall.ns += 30 * DAY;
		mono.ns = S(20);
		rclock_observe(&c, wall, mono, boot);
		pass(4 * HOUR, 30 * DAY);
		observed += 4 * HOUR;
	}
	assert_true(c.now_ns - START - observed < DAY);
	assert_true(c.now_ns - START >= observed);
}

static void P12_time_without_storage_counts_in_the_same_boot_only(void **state)
{
	(void)state;
	begin();
	mono.ns += 5 * DAY;
	rclock_observe(&c, wall, mono, "a");
	assert_int_equal(c.now_ns, START + 5 * DAY);
	mono.ns += 5 * DAY;
	rclock_observe(&c, wall, mono, "b");
	assert_int_equal(c.now_ns, START + 5 * DAY);
}

static void P12_a_monotonic_clock_that_goes_back_adds_nothing(void **state)
{
	(void)state;
	begin();
	mono.ns = S(1);
	rclock_observe(&c, (struct utc){START}, mono, "a");
	assert_int_equal(c.now_ns, START);
}

static void P12_a_box_that_was_off_for_an_hour_catches_up_by_itself(void *
	*state)
{
	(void)state;
	begin();
	pass(10 * DAY, 0);
	wall.ns += HOUR;
	mono.ns = S(30);
	rclock_observe(&c, wall, mono, "b");
	assert_int_equal(c.now_ns, wall.ns);
}

static void P12_forty_days_off_need_somebody_who_vouches(void **state)
{
	int64_t before;

	(void)state;
	begin();
	pass(10 * DAY, 0);
	wall.ns += 40 * DAY;
	mono.ns = S(30);
	rclock_observe(&c, wall, mono, "b");
	assert_false(rclock_trusts(&c, wall));
	pass(60 * DAY, 0);
	assert_false(rclock_trusts(&c, wall));
	before = c.now_ns;
	assert_int_equal(rclock_vouch(&c, wall), wall.ns - before);
	assert_true(rclock_trusts(&c, wall));
	assert_int_equal(c.now_ns, wall.ns);
}

/* Time stands still for the retention clock, as while the box is off. */
static void off(int64_t ns)
{
	wall.ns += ns;
	mono.ns = S(30);
	rclock_observe(&c, wall, mono, c.boot[0] == 'a' ? "b" : "a");
}

static void P12_witnesses_move_it_forward_as_far_as_they_signed(void **state)
{
	struct utc said;
	int64_t before;

	(void)state;
	begin();
	off(40 * DAY);
	before = c.now_ns;
	said.ns = wall.ns - S(90);
	assert_int_equal(rclock_witness(&c, wall, said), said.ns - before);
	assert_int_equal(c.now_ns, said.ns);
	assert_true(rclock_trusts(&c, wall));
	/* later than the wall clock says is not believed */
	begin();
	off(40 * DAY);
	said.ns = wall.ns + S(90);
	assert_true(rclock_witness(&c, wall, said) > 0);
	assert_int_equal(c.now_ns, wall.ns);
}

static void P12_witnesses_who_say_another_time_move_nothing(void **state)
{
	const int64_t away[] = {RCLOCK_AGREE_NS + S(1), 20 * DAY, -40 * DAY};

	(void)state;
	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
		struct rclock before;

		begin();
		off(40 * DAY);
		before = c;
		assert_int_equal(rclock_witness(&c, wall,
				     (struct utc){wall.ns + away[i]}),
		    0);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}

static void P12_witnesses_never_move_it_back(void **state)
{
	(void)state;
	begin();
	off(-40 * DAY);
	assert_int_equal(rclock_witness(&c, wall, wall), 0);
	assert_int_equal(c.now_ns, START);
}

static void P12_beyond_45_days_a_custodian_is_needed(void **state)
{
	(void)state;
	begin();
	off(46 * DAY);
	assert_int_equal(rclock_witness(&c, wall, wall), 0);
	assert_false(rclock_trusts(&c, wall));
}

/* All of them lie whenever it gets them something. */
static void P12_lying_witnesses_leave_a_term_of_108_days(void **state)
{
	int64_t observed = 0;

	(void)state;
	begin();
	while (c.now_ns - START < RETAIN_DAYS_MIN * DAY) {
		off(c.witness_ns);
		rclock_witness(&c, wall, wall);
		pass(HOUR, 0);
		observed += HOUR;
	}
	assert_true(observed > 108 * DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P12_it_follows_observed_time),
	    cmocka_unit_test(
		P12_a_step_of_the_wall_clock_moves_it_by_the_budget_at_most),
	    cmocka_unit_test(P12_a_step_back_or_to_1970_never_moves_it_back),
	    cmocka_unit_test(
		P12_repeated_reboots_with_a_stepped_clock_gain_less_than_a_day),
	    cmocka_unit_test(
		P12_time_without_storage_counts_in_the_same_boot_only),
	    cmocka_unit_test(P12_a_monotonic_clock_that_goes_back_adds_nothing),
	    cmocka_unit_test(
		P12_a_box_that_was_off_for_an_hour_catches_up_by_itself),
	    cmocka_unit_test(P12_forty_days_off_need_somebody_who_vouches),
	    cmocka_unit_test(
		P12_witnesses_move_it_forward_as_far_as_they_signed),
	    cmocka_unit_test(P12_witnesses_who_say_another_time_move_nothing),
	    cmocka_unit_test(P12_witnesses_never_move_it_back),
	    cmocka_unit_test(P12_beyond_45_days_a_custodian_is_needed),
	    cmocka_unit_test(P12_lying_witnesses_leave_a_term_of_108_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
