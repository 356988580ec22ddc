/* Numbers of sets by ITU-T H.264, 7.3.2.1 and 7.3.2.2: Exp-Golomb codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/sets.h"

#define SPS_A "\x67\x42\xc0\x0a\xda\x11"
#define SPS_B "\x67\x42\xc0\x0a\xda\x25"
#define SPS_1 "\x67\x42\xc0\x0a\x40\x11"	/* number 1: 010 */
#define PPS_0 "\x68\xce\x0f\xc8"
#define PPS_0B "\x68\xce\x0f\xc9"
#define PPS_1 "\x68\x4e\x0f\xc8"		/* number 1 */

#define PUT(s, nal) \
	sets_put(s, CODEC_H264, (const unsigned char *)(nal), sizeof(nal) - 1)
#define IS(s, bytes)                                                   \
	do {                                                           \
		assert_int_equal((s)->n, sizeof(bytes) - 1);           \
		assert_memory_equal((s)->p, bytes, sizeof(bytes) - 1); \
	} while (0)

static void C2_a_set_replaces_the_one_of_its_kind_and_number(void **state)
{
	struct sets s = {.n = 0};

	(void)state;
	PUT(&s, PPS_1);
	PUT(&s, PPS_0);
	PUT(&s, SPS_A);
	IS(&s, "\0\0\0\6" SPS_A "\0\0\0\4" PPS_0 "\0\0\0\4" PPS_1);
	PUT(&s, PPS_0B);
	PUT(&s, SPS_B);
	IS(&s, "\0\0\0\6" SPS_B "\0\0\0\4" PPS_0B "\0\0\0\4" PPS_1);
	PUT(&s, SPS_1);
	IS(&s,
	    "\0\0\0\6" SPS_B "\0\0\0\6" SPS_1 "\0\0\0\4" PPS_0B
	    "\0\0\0\4" PPS_1);
}

static bool take(struct sets *s, const char *bytes, size_t n)
{
	unsigned char copy[256];
	struct unit u = {.data = copy, .n = n};

	memcpy(copy, bytes, n);
	return sets_take(s, CODEC_H264, &u);
}

#define TAKE(s, bytes) take(s, bytes, sizeof(bytes) - 1)

static void C1_a_picture_with_its_own_sets_forgets_those_of_the_sdp(void *
	*state)
{
	struct sets s = {.n = 0};

	(void)state;
	PUT(&s, SPS_1);
	PUT(&s, PPS_1);
	assert_true(TAKE(&s,
	    "\0\0\0\6" SPS_A "\0\0\0\4" PPS_0 "\0\0\0\2\x65\x88"));
	IS(&s, "\0\0\0\6" SPS_A "\0\0\0\4" PPS_0);
	assert_false(TAKE(&s,
	    "\0\0\0\6" SPS_A "\0\0\0\4" PPS_0 "\0\0\0\2\x65\x88"));
	assert_false(TAKE(&s, "\0\0\0\2\x41\x9a"));
	/* One alone, in the middle, changes that one only. */
	assert_true(TAKE(&s, "\0\0\0\4" PPS_0B "\0\0\0\2\x41\x9a"));
	IS(&s, "\0\0\0\6" SPS_A "\0\0\0\4" PPS_0B);
}

static void C1_garbage_and_floods_of_sets_stay_within_the_limit(void **state)
{
	unsigned char nal[1200];
	struct sets s = {.n = 0};

	(void)state;
	memset(nal, 0xff, sizeof(nal));
	nal[0] = 0x68;
	for (unsigned i = 0; i < 200; i++) {
		/* numbers 0 .. 126 in 15 bits each */
		unsigned v = i % 127 + 128;

		nal[1] = (unsigned char)(v >> 7);
		nal[2] = (unsigned char)(v << 1);
		sets_put(&s, CODEC_H264, nal, 1 + i * 6);
		assert_in_range(s.n, 0, SETS_MAX);
	}
	PUT(&s, "\x65\x88");
	PUT(&s, "\x67");
	assert_false(sets_have_sequence(&s, CODEC_H264));
	PUT(&s, SPS_A);
	assert_true(sets_have_sequence(&s, CODEC_H264));
	assert_false(TAKE(&s, "\xff\xff\xff\xff\x67\x42\x00\x0a\x80"));
}

static void H265_sets_are_three_kinds(void **state)
{
	static const unsigned char in[] =
	    "\0\0\0\4\x44\1\xc1\1\0\0\0\4\x42\1\1\1\0\0\0\4\x40\1\x0c\1";
	struct sets s = {.n = 0};
	struct unit u = {
	    .data = (unsigned char *)(uintptr_t)in, .n = sizeof(in) - 1};

	(void)state;
	assert_true(sets_take(&s, CODEC_H265, &u));
	IS(&s, "\0\0\0\4\x40\1\x0c\1\0\0\0\4\x42\1\1\1\0\0\0\4\x44\1\xc1\1");
	assert_true(sets_have_sequence(&s, CODEC_H265));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(C2_a_set_replaces_the_one_of_its_kind_and_number),
	    cmocka_unit_test(
		C1_a_picture_with_its_own_sets_forgets_those_of_the_sdp),
	    cmocka_unit_test(
		C1_garbage_and_floods_of_sets_stay_within_the_limit),
	    cmocka_unit_test(H265_sets_are_three_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
