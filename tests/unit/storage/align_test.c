#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/align.h"
#include "storage/index.h"

#define S NS_PER_SEC
#define NOON (INT64_C(1800000000) * S)

/* ATM 0417: 7 s behind, from noon on a minute; 0533: not measured. */
static struct alignment pieces[] = {
    {.entry = 5,
	.atm = "0417",
	.from_ns = NOON - 86400 * S,
	.offset_ms = 7000,
	.uncertainty_ms = 500,
	.samples = 3},
    {.entry = 9,
	.atm = "0417",
	.from_ns = NOON,
	.made_ns = NOON + 60 * S,
	.offset_ms = 67000,
	.uncertainty_ms = 1000,
	.samples = 1,
	.jump_ms = 60000},
};
static const struct alignments clocks = {pieces, 2};

static void a_piece_holds_from_its_moment_to_that_of_the_next(void **state)
{
	struct aligned at = align_at(&clocks, "0417", NOON - 1);

	(void)state;
	assert_int_equal(at.ns, NOON - 1 + 7 * S);
	assert_int_equal(at.uncertainty_ns, S / 2);
	at = align_at(&clocks, "ATM 417", NOON);
	assert_int_equal(at.ns, NOON + 67 * S);
	assert_int_equal(at.by->entry, 9);
}

static void what_nobody_measured_may_be_a_minute_off(void **state)
{
	struct aligned at = align_at(&clocks, "0533", NOON);

	(void)state;
	assert_null(at.by);
	assert_int_equal(at.ns, NOON);
	assert_int_equal(at.uncertainty_ns, 60 * S);
	at = align_at(&clocks, "0417", NOON - 2 * 86400 * S);
	assert_null(at.by);
}

static void of_two_that_begin_together_the_later_entry_holds(void **state)
{
	struct alignment two[] = {pieces[1], pieces[1]};
	struct alignments a = {two, 2};

	(void)state;
	two[1].entry = 11;
	two[1].offset_ms = 3;
	assert_int_equal(align_find(&a, "0417", NOON)->offset_ms, 3);
}

static void a_search_reaches_as_far_as_offset_and_uncertainty(void **state)
{
	int64_t from, to;

	(void)state;
	align_reach(&clocks, "0417", NOON, NOON + 10 * S, &from, &to);
	assert_int_equal(from, NOON - 68 * S);
	assert_int_equal(to, NOON + 70 * S);
	align_reach(&clocks, "0533", NOON, NOON + 10 * S, &from, &to);
	assert_int_equal(from, NOON - 60 * S);
	align_reach(&clocks, "", 0, NOON, &from, &to);
	assert_int_equal(from, 0);
}

static void what_may_be_within_is_within(void **state)
{
	(void)state;
	/* journal noon is video noon + 67 s, give or take one */
	assert_true(align_is_within(&clocks, "0417", NOON, NOON + 68 * S,
	    NOON + 70 * S));
	assert_false(align_is_within(&clocks, "0417", NOON, NOON + 69 * S,
	    NOON + 70 * S));
	assert_true(align_is_within(&clocks, "0417", NOON, NOON + 60 * S,
	    NOON + 66 * S + 1));
	assert_false(align_is_within(&clocks, "0417", NOON, NOON + 60 * S,
	    NOON + 66 * S));
	assert_true(align_is_within(&clocks, "0533", NOON, NOON + 60 * S,
	    NOON + 61 * S));
}

static void a_request_is_two_minutes_before_to_three_after_and_wider(void *
	*state)
{
	struct transaction t = {
	    .atm = "0417", .time_ns = NOON, .cash_ns = NOON + 15 * S};
	int64_t from, to;

	(void)state;
	transaction_span(&clocks, &t, &from, &to);
	assert_int_equal(from, NOON + (67 - 1 - 120) * S);
	assert_int_equal(to, NOON + (15 + 67 + 1 + 180) * S);
	strcpy(t.atm, "0533");
	t.cash_ns = 0;
	transaction_span(&clocks, &t, &from, &to);
	assert_int_equal(from, NOON - 180 * S);
	assert_int_equal(to, NOON + 240 * S);
}

static void the_median_is_the_offset_and_the_furthest_the_uncertainty(void *
	*state)
{
	int64_t three[] = {3900, 3200, 3100}, four[] = {10, 40, 20, 30};
	int64_t one[] = {-3200}, offset, about;

	(void)state;
	align_measure(three, 3, &offset, &about);
	assert_int_equal(offset, 3200);
	assert_int_equal(about, 700);
	align_measure(four, 4, &offset, &about);
	assert_int_equal(offset, 25);
	assert_int_equal(about, ALIGN_LEAST_MS);
	align_measure(one, 1, &offset, &about);
	assert_int_equal(offset, -3200);
	assert_int_equal(about, ALIGN_FEW_MS);
}

static void a_jump_is_more_than_both_leave_open(void **state)
{
	(void)state;
	assert_int_equal(align_jump(&pieces[0], 8000, 500), 0);
	assert_int_equal(align_jump(&pieces[0], 8001, 500), 1001);
	assert_int_equal(align_jump(&pieces[0], 5000, 500), -2000);
	assert_int_equal(align_jump(NULL, 999999, 500), 0);
}

static void an_alarm_stands_until_the_clock_is_measured_anew_or_a_week(void *
	*state)
{
	struct alignment all[] = {pieces[0], pieces[1], pieces[1]};
	struct alignments a = {all, 2};
	struct utc now = {NOON + 3600 * S};

	(void)state;
	assert_ptr_equal(align_alarm(&a, "0417", now), &all[1]);
	assert_null(align_alarm(&a, "0533", now));
	now.ns = all[1].made_ns + ALIGN_ALARM_NS;
	assert_null(align_alarm(&a, "0417", now));
	now.ns = NOON + 3600 * S;
	all[2].entry = 12;
	all[2].jump_ms = 0;
	a.n = 3;
	assert_null(align_alarm(&a, "0417", now));
}

static void the_index_gives_back_what_was_put(void **state)
{
	char dir[] = "/tmp/saqta-align-XXXXXX", command[64];
	struct alignments a;
	struct index *ix;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(index_open(dir, false, &ix), OK);
	for (unsigned i = 0; i < 9; i++) {
		struct alignment one = pieces[i % 2];

		one.entry += 10 * i;
		one.from_ns -= i;
		one.person = i;
		assert_int_equal(index_alignment_put(ix, &one), OK);
		assert_int_not_equal(index_alignment_put(ix, &one), OK);
	}
	assert_int_equal(index_alignments(ix, &a), OK);
	assert_int_equal(a.n, 9);
	for (size_t i = 1; i < a.n; i++)
		assert_true(a.all[i - 1].from_ns < a.all[i].from_ns);
	assert_string_equal(a.all[8].atm, "0417");
	assert_int_equal(a.all[8].jump_ms, 60000);
	assert_int_equal(a.all[8].entry, 19);
	assert_int_equal(a.all[8].person, 1);
	free(a.all);
	index_close(ix);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_piece_holds_from_its_moment_to_that_of_the_next),
	    cmocka_unit_test(what_nobody_measured_may_be_a_minute_off),
	    cmocka_unit_test(of_two_that_begin_together_the_later_entry_holds),
	    cmocka_unit_test(a_search_reaches_as_far_as_offset_and_uncertainty),
	    cmocka_unit_test(what_may_be_within_is_within),
	    cmocka_unit_test(
		a_request_is_two_minutes_before_to_three_after_and_wider),
	    cmocka_unit_test(
		the_median_is_the_offset_and_the_furthest_the_uncertainty),
	    cmocka_unit_test(a_jump_is_more_than_both_leave_open),
	    cmocka_unit_test(
		an_alarm_stands_until_the_clock_is_measured_anew_or_a_week),
	    cmocka_unit_test(the_index_gives_back_what_was_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
