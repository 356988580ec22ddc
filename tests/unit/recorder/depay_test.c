/* Packets laid out by hand from RFC 6184, 5.7-5.8, and RFC 7798, 4.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/depay.h"

static struct unit got[8];
static int got_n;

static enum err take(void *arg, struct unit *u)
{
	(void)arg;
	assert_in_range(got_n, 0, 7);
	got[got_n++] = *u;
	return OK;
}

static struct depay *begin(enum codec codec)
{
	got_n = 0;
	return depay_new(codec, (struct unit_sink){.emit = take});
}

static void end(struct depay *d)
{
	assert_int_equal(depay_end(d), OK);
	depay_free(d);
}

static void wipe(void)
{
	for (int i = 0; i < got_n; i++)
		free(got[i].data);
	got_n = 0;
}

#define PUT(d, time, marker, lost, bytes) \
	put(d, time, marker, lost, bytes, sizeof(bytes) - 1)

static void put(struct depay *d, uint32_t time, bool marker, bool lost,
    const char *p, size_t n)
{
	struct rtp_packet r = {.time = time,
	    .marker = marker,
	    .lost = lost,
	    .data = (const unsigned char *)p,
	    .n = n};

	assert_int_equal(depay_put(d, &r), OK);
}

#define IS(u, bytes)                                                     \
	do {                                                             \
		assert_int_equal((u).n, sizeof(bytes) - 1);              \
		assert_memory_equal((u).data, bytes, sizeof(bytes) - 1); \
	} while (0)

static void single_aggregated_and_fragmented_units_make_one_picture(void *
	*state)
{
	struct depay *d = begin(CODEC_H264);

	(void)state;
	PUT(d, 1, false, false, "\x78\0\2\x67\1\0\2\x68\2");	/* STAP-A */
	PUT(d, 1, false, false, "\x06\5\1");			/* SEI */
	PUT(d, 1, false, false, "\x7c\x85\x88zz");		/* FU-A */
	PUT(d, 1, false, false, "\x7c\x05yy");
	PUT(d, 1, true, false, "\x7c\x45xx");
	PUT(d, 2, true, false, "\x41\x9a");
	end(d);
	assert_int_equal(got_n, 2);
	IS(got[0],
	    "\0\0\0\2\x67\1\0\0\0\2\x68\2\0\0\0\3\x06\5\1"
	    "\0\0\0\x08\x65\x88zzyyxx");
	assert_true(got[0].key);
	assert_false(got[0].damaged);
	IS(got[1], "\0\0\0\2\x41\x9a");
	assert_false(got[1].key);
	wipe();
}

static void H265_units_keep_both_bytes_of_their_header(void **state)
{
	struct depay *d = begin(CODEC_H265);

	(void)state;
	PUT(d, 1, false, false, "\x60\1\0\3\x40\1v\0\3\x42\1s\0\3\x44\1p");
	PUT(d, 1, false, false,
	    "\x62\1\x93\x80"
	    "a");
	PUT(d, 1, true, false,
	    "\x62\1\x53"
	    "b");
	end(d);
	assert_int_equal(got_n, 1);
	IS(got[0],
	    "\0\0\0\3\x40\1v\0\0\0\3\x42\1s\0\0\0\3\x44\1p"
	    "\0\0\0\5\x26\1\x80"
	    "ab");
	assert_true(got[0].key);
	wipe();
}

static void C3_a_unit_with_a_lost_piece_is_dropped_and_flagged(void **state)
{
	struct depay *d = begin(CODEC_H264);

	(void)state;
	PUT(d, 1, false, false,
	    "\x65\x88"
	    "a");
	PUT(d, 1, false, false, "\x7c\x85\x08z");
	PUT(d, 1, true, true, "\x7c\x45x");
	PUT(d, 2, true, false, "\x41\x9a");
	PUT(d, 3, true, false, "\x7c\x81z");	/* its end never comes */
	PUT(d, 4, true, false, "\x41\x9a");
	end(d);
	assert_int_equal(got_n, 3);
	IS(got[0],
	    "\0\0\0\3\x65\x88"
	    "a");
	assert_true(got[0].damaged);
	assert_false(got[1].damaged);
	assert_int_equal(got[2].time, 4);
	wipe();
}

static void C3_annex_b_inside_a_unit_is_split(void **state)
{
	struct depay *d = begin(CODEC_H264);

	(void)state;
	PUT(d, 1, true, false, "\0\0\0\1\x67\1\0\0\1\x68\2\0\0\1\x65\x88");
	end(d);
	assert_int_equal(got_n, 1);
	IS(got[0], "\0\0\0\2\x67\1\0\0\0\2\x68\2\0\0\0\2\x65\x88");
	wipe();
}

static void C3_annex_b_is_split_wherever_it_stands(void **state)
{
	static const char want[] = "\0\0\0\3\x67\1\7\0\0\0\2\x68\2\0\0\0\4"
				   "\x65\x88zz";

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct depay *d = begin(CODEC_H264);

		if (i == 0) {	/* behind the first NAL unit, zeros between */
			PUT(d, 1, true, false,
			    "\x67\1\7\0\0\0\0\1\x68\2\0\0\1\x65\x88zz\0\0");
		} else if (i == 1) {	/* inside STAP-A */
			PUT(d, 1, true, false,
			    "\x78\0\x0a\0\0\1\x67\1\7\0\0\1\x68"
			    "\0\2\x68\2\0\4\x65\x88zz");
		} else if (i == 2) {	/* inside FU-A, across its pieces */
			PUT(d, 1, false, false, "\x7c\x87\1\7\0");
			PUT(d, 1, false, false, "\x7c\x07\0\0\1\x68\2\0");
			PUT(d, 1, true, false, "\x7c\x47\0\1\x65\x88zz");
		} else {	/* only where a start code ends a NAL unit */
			PUT(d, 1, false, false, "\0\0\0\1\x67\1\7\0\0\0");
			PUT(d, 1, false, false, "\0\0\1\x68\2");
			PUT(d, 1, true, false, "\0\0\1\x65\x88zz");
		}
		end(d);
		assert_int_equal(got_n, 1);
		IS(got[0], want);
		assert_true(got[0].key);
		wipe();
	}
}

static void C3_what_no_mode_allows_is_damage_and_no_unit(void **state)
{
	struct depay *d = begin(CODEC_H264);

	(void)state;
	PUT(d, 1, false, false, "\x41\x9a");
	PUT(d, 1, true, false, "\x79\0\0\0\2\x41\x9a");	/* STAP-B */
	PUT(d, 2, true, false, "\x41\x9a");
	PUT(d, 3, true, false, "\x78\0\x50\x41\x9a");	/* cut short */
	PUT(d, 3, true, false, "\x41\x9a");
	end(d);
	assert_int_equal(got_n, 3);
	IS(got[0], "\0\0\0\2\x41\x9a");
	assert_true(got[0].damaged);
	assert_false(got[1].damaged);
	assert_true(got[2].damaged);
	wipe();
}

static void C5_a_suffix_behind_the_marker_stays_with_its_picture(void **state)
{
	struct depay *d = begin(CODEC_H265);

	(void)state;
	PUT(d, 1, false, false, "\x4e\1\5\1p");		/* prefix SEI */
	PUT(d, 1, true, false, "\x26\1\x80y");
	PUT(d, 1, false, false, "\x50\1\x84\2s\x80");	/* suffix SEI */
	PUT(d, 2, true, false, "\x02\1\x80z");
	end(d);
	assert_int_equal(got_n, 2);
	IS(got[0],
	    "\0\0\0\5\x4e\1\5\1p\0\0\0\4\x26\1\x80y"
	    "\0\0\0\6\x50\1\x84\2s\x80");
	IS(got[1], "\0\0\0\4\x02\1\x80z");
	wipe();
}

static void C3_markers_on_sei_and_on_each_slice_split_no_picture(void **state)
{
	struct depay *d = begin(CODEC_H264);

	(void)state;
	PUT(d, 1, true, false, "\x06\5\1");
	PUT(d, 1, true, false,
	    "\x65\x88"
	    "a"); /* first slice */
	PUT(d, 1, true, false,
	    "\x65\x08"
	    "b"); /* second slice */
	PUT(d, 2, true, false, "\x41\x9a");
	end(d);
	assert_int_equal(got_n, 2);
	IS(got[0],
	    "\0\0\0\3\x06\5\1\0\0\0\3\x65\x88"
	    "a"
	    "\0\0\0\3\x65\x08"
	    "b");
	wipe();
}

static void B4_two_pictures_with_one_stamp_stay_two(void **state)
{
	struct depay *d = begin(CODEC_H264);

	(void)state;
	PUT(d, 1, true, false,
	    "\x65\x88"
	    "a");
	PUT(d, 1, true, false,
	    "\x41\x9a"
	    "b");
	end(d);
	assert_int_equal(got_n, 2);
	wipe();
}

static void parameter_sets_sent_alone_go_to_the_next_picture(void **state)
{
	struct depay *d = begin(CODEC_H264);

	(void)state;
	PUT(d, 1, true, false, "\x67\1");
	PUT(d, 2, true, false, "\x68\2");
	PUT(d, 3, true, false, "\x65\x88");
	end(d);
	assert_int_equal(got_n, 1);
	assert_int_equal(got[0].time, 3);
	IS(got[0], "\0\0\0\2\x67\1\0\0\0\2\x68\2\0\0\0\2\x65\x88");
	wipe();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		single_aggregated_and_fragmented_units_make_one_picture),
	    cmocka_unit_test(H265_units_keep_both_bytes_of_their_header),
	    cmocka_unit_test(
		C3_a_unit_with_a_lost_piece_is_dropped_and_flagged),
	    cmocka_unit_test(C3_annex_b_inside_a_unit_is_split),
	    cmocka_unit_test(C3_annex_b_is_split_wherever_it_stands),
	    cmocka_unit_test(C3_what_no_mode_allows_is_damage_and_no_unit),
	    cmocka_unit_test(
		C5_a_suffix_behind_the_marker_stays_with_its_picture),
	    cmocka_unit_test(
		C3_markers_on_sei_and_on_each_slice_split_no_picture),
	    cmocka_unit_test(B4_two_pictures_with_one_stamp_stay_two),
	    cmocka_unit_test(parameter_sets_sent_alone_go_to_the_next_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
