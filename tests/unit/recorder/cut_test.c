#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recorder/cut.h"

#define FRAME 3600
#define FRAME_NS (40 * NS_PER_MS)

static size_t bytes;	/* of the open fragment */

/* Picture i of a stream with a key frame every gop pictures. */
static enum cut_where put(struct cut *c, int i, int gop, bool new_sets)
{
	return cut_next(c, (struct utc){i * FRAME_NS}, (int64_t)i * FRAME,
	    FRAME, gop && i % gop == 0, new_sets, bytes);
}

static void nothing_begins_before_a_key_frame(void **state)
{
	struct cut c;

	(void)state;
	cut_init(&c, 60000, 1000);
	for (int i = 1; i < 25; i++)
		assert_int_equal(put(&c, i, 25, false), CUT_DROP);
	assert_int_equal(put(&c, 25, 25, false), CUT_SEGMENT);
}

static void a_segment_begins_at_the_first_key_frame_at_or_after_the_cut(void *
	*state)
{
	struct cut c;

	(void)state;
	cut_init(&c, 60000, 1000);
	assert_int_equal(put(&c, 0, 25, false), CUT_SEGMENT);
	cut_at(&c, (struct utc){50 * FRAME_NS});
	for (int i = 1; i < 50; i++)
		assert_int_not_equal(put(&c, i, 25, false), CUT_SEGMENT);
	assert_int_equal(put(&c, 50, 25, false), CUT_SEGMENT);
	cut_at(&c, (struct utc){76 * FRAME_NS});
	for (int i = 51; i < 100; i++)
		assert_int_not_equal(put(&c, i, 25, false), CUT_SEGMENT);
	assert_int_equal(put(&c, 100, 25, false), CUT_SEGMENT);
}

static void C2_new_parameter_sets_begin_a_segment_at_their_key_frame(void *
	*state)
{
	struct cut c;

	(void)state;
	cut_init(&c, 60000, 1000);
	assert_int_equal(put(&c, 0, 25, false), CUT_SEGMENT);
	assert_int_not_equal(put(&c, 1, 25, true), CUT_SEGMENT);
	assert_int_equal(put(&c, 25, 25, true), CUT_SEGMENT);
}

static void C4_what_waits_for_a_key_frame_begins_without_one(void **state)
{
	struct cut c;
	int i = 1;

	(void)state;
	cut_init(&c, 60000, 1000);
	while (i < 1000 && put(&c, i, 0, false) == CUT_DROP)
		i++;
	assert_int_equal(i, 1 + CUT_PATIENCE_NS / FRAME_NS);
	/* Likewise after a segment has ended, from then on. */
	cut_end(&c);
	assert_int_equal(put(&c, 1000, 0, false), CUT_DROP);
	assert_int_equal(put(&c, 1249, 0, false), CUT_DROP);
	assert_int_equal(put(&c, 1250, 0, false), CUT_SEGMENT);
}

static void C2_sets_that_flap_end_ever_longer_segments(void **state)
{
	struct cut c;
	int segments = 0, at = 0, first = 0;

	(void)state;
	cut_init(&c, 60000, 1000);
	for (int i = 0; i < 25 * 3600; i++) {
		if (put(&c, i, 25, true) != CUT_SEGMENT)
			continue;
		if (++segments == 2)
			first = i - at;
		at = i;
	}
	assert_int_equal(first, 25);	/* the first change counts at once */
	assert_in_range(segments, 60, 70);
	/* Once they rest, a change counts at once again. */
	for (int i = 25 * 3600; i < 25 * 7200; i++)
		(void)put(&c, i, 25, false);
	assert_int_equal(c.calm_ns, 0);
}

static void C4_without_key_frames_segments_still_end(void **state)
{
	struct cut c;
	int segments = 0;

	(void)state;
	cut_init(&c, 1000, 1000);
	for (int i = 0; i < 25 * 60; i++)
		segments += put(&c, i, 100000, false) == CUT_SEGMENT;
	assert_in_range(segments, 10, 13);
}

/* Longest fragment in pictures, and how many key frames begin none. */
static void run(int gop, int *ret_longest, int *ret_hidden)
{
	struct cut c;
	int from = 0;

	*ret_longest = *ret_hidden = 0;
	cut_init(&c, 60000, 1000);
	for (int i = 0; i < 1000; i++) {
		enum cut_where w = put(&c, i, gop, false);

		if (w == CUT_NOT) {
			*ret_hidden += i % gop == 0;
			continue;
		}
		if (i && i - from > *ret_longest)
			*ret_longest = i - from;
		from = i;
	}
}

static void a_large_fragment_lasts_half_of_that(void **state)
{
	static const struct {
		size_t bytes;
		int longest;
	} cases[] = {{0, 25}, {CUT_LARGE - 1, 25}, {CUT_LARGE, 13}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int longest, hidden;

		bytes = cases[i].bytes;
		run(250, &longest, &hidden);
		assert_int_equal(longest, cases[i].longest);
		assert_int_equal(hidden, 0);
	}
	bytes = 0;
}

static void a_fragment_lasts_at_most_fragment_ms(void **state)
{
	int longest, hidden;

	(void)state;
	for (int gop = 1; gop < 200; gop++) {
		run(gop, &longest, &hidden);
		assert_in_range(longest, 1, 25);
		/* Players seek to fragments: a GOP of half a second or more
		 * is never inside one. */
		if (gop >= 13)
			assert_int_equal(hidden, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_begins_before_a_key_frame),
	    cmocka_unit_test(
		a_segment_begins_at_the_first_key_frame_at_or_after_the_cut),
	    cmocka_unit_test(
		C2_new_parameter_sets_begin_a_segment_at_their_key_frame),
	    cmocka_unit_test(C4_what_waits_for_a_key_frame_begins_without_one),
	    cmocka_unit_test(C2_sets_that_flap_end_ever_longer_segments),
	    cmocka_unit_test(C4_without_key_frames_segments_still_end),
	    cmocka_unit_test(a_fragment_lasts_at_most_fragment_ms),
	    cmocka_unit_test(a_large_fragment_lasts_half_of_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
