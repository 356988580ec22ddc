/* Packets as in RFC 3550, 5.1 and 6.4.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/rtp.h"

#define PAYLOAD 96
#define GOT_MAX 256

static struct {
	uint16_t seq;
	bool lost, turned;
} got[GOT_MAX];
static int got_n;
static int64_t now = NS_PER_SEC;

static enum err take(void *arg, const struct rtp_packet *p)
{
	(void)arg;
	assert_in_range(got_n, 0, GOT_MAX - 1);
	got[got_n].seq = p->seq;
	got[got_n].turned = p->turned;
	got[got_n++].lost = p->lost;
	return OK;
}

static struct rtp_order *begin(bool hold)
{
	got_n = 0;
	return rtp_new(hold, PAYLOAD, (struct rtp_sink){.emit = take});
}

static void put_as(struct rtp_order *o, unsigned seq, uint32_t source,
    unsigned payload)
{
	unsigned char p[14] = {0x80, (unsigned char)payload,
	    (unsigned char)(seq >> 8), (unsigned char)seq, 0, 0, 0, 1,
	    (unsigned char)(source >> 24), (unsigned char)(source >> 16),
	    (unsigned char)(source >> 8), (unsigned char)source, 0x41, 0x9a};

	assert_int_equal(rtp_put(o, p, sizeof(p), (struct mono){now}), OK);
}

static void put(struct rtp_order *o, unsigned seq)
{
	put_as(o, seq & 0xffff, 7, PAYLOAD);
}

/* What came out, as numbers; a lost one is negative. */
static void expect(const int *want, int n)
{
	assert_int_equal(got_n, n);
	for (int i = 0; i < n; i++) {
		assert_int_equal(got[i].seq, abs(want[i]) & 0xffff);
		assert_int_equal(got[i].lost, want[i] < 0);
	}
	got_n = 0;
}

#define EXPECT(...)                        \
	expect((const int[]){__VA_ARGS__}, \
	    (int)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)))

static void B9_packets_out_of_order_are_put_right_and_doubles_dropped(void *
	*state)
{
	struct rtp_order *o = begin(true);
	static const unsigned in[] = {65533, 65535, 65534, 65534, 65536 + 1,
	    65536, 65533, 65536 + 4, 65536 + 3, 65536 + 2};

	(void)state;
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		put(o, in[i]);
	EXPECT(65533, 65534, 65535, 65536, 65537, 65538, 65539, 65540);
	assert_int_equal(rtp_missing(o), 0);
	rtp_free(o);
}

static void B9_what_never_comes_is_waited_for_a_tenth_of_a_second(void **state)
{
	struct rtp_order *o = begin(true);

	(void)state;
	put(o, 1);
	put(o, 4);
	put(o, 5);
	assert_int_equal(rtp_tick(o, (struct mono){now + RTP_HOLD_NS}), OK);
	EXPECT(1);
	assert_int_equal(rtp_tick(o, (struct mono){now + RTP_HOLD_NS + 1}), OK);
	EXPECT(-4, 5);
	assert_int_equal(rtp_missing(o), 2);
	put(o, 2);	/* too late */
	put(o, 6);
	EXPECT(6);
	rtp_free(o);
}

static void B9_a_long_hole_holds_a_bounded_number_of_packets(void **state)
{
	struct rtp_order *o = begin(true);

	(void)state;
	put(o, 1);
	for (unsigned i = 3; i < 3 + RTP_HELD; i++)
		put(o, i);
	assert_in_range(got_n, 2, RTP_HELD + 1);
	assert_true(got[1].lost);
	assert_int_equal(got[1].seq, 3);
	rtp_free(o);
}

static void B9_over_tcp_nothing_is_waited_for(void **state)
{
	struct rtp_order *o = begin(false);

	(void)state;
	put(o, 1);
	put(o, 2);
	put(o, 5);
	EXPECT(1, 2, -5);
	put(o, 40000);	/* the camera began anew */
	EXPECT(-40000);
	rtp_free(o);
}

static void A4_an_old_session_in_a_new_connection_is_ignored(void **state)
{
	struct rtp_order *o = begin(false);

	(void)state;
	put_as(o, 700, 0xaaaa, PAYLOAD);	/* the old one is first */
	EXPECT(700);
	put_as(o, 10, 0xbbbb, PAYLOAD);
	assert_true(got[0].turned);
	EXPECT(10);
	for (unsigned i = 1; i < 50; i++) {
		put_as(o, 700 + i, 0xaaaa, PAYLOAD);
		put_as(o, 10 + i, 0xbbbb, PAYLOAD);
		EXPECT((int)(10 + i));
	}
	assert_true(rtp_is_source(o, 0xbbbb));
	assert_false(rtp_is_source(o, 0xaaaa));
	/* The newer falls silent: the one that is left is better than none. */
	now += 3 * NS_PER_SEC;
	put_as(o, 800, 0xaaaa, PAYLOAD);
	assert_true(got[0].turned);
	EXPECT(800);
	rtp_free(o);
}

static void C6_audio_on_the_channel_of_the_video_is_dropped(void **state)
{
	struct rtp_order *o = begin(false);

	(void)state;
	put(o, 1);
	put_as(o, 900, 99, 0);
	put_as(o, 901, 7, 97);
	put(o, 2);
	EXPECT(1, 2);
	rtp_free(o);
}

static void what_is_no_rtp_is_dropped(void **state)
{
	static const unsigned char bad[][16] = {
	    {0x40, 96}, /* version 1 */
	    {0x8f, 96}, /* 15 sources that are not there */
	    {0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
	    {0xa0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200},
	};
	struct rtp_order *o = begin(true);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t n = 0; n <= 16; n++)
			assert_int_equal(rtp_put(o, bad[i], n,
					     (struct mono){now}),
			    OK);
	assert_int_equal(got_n, 0);
	rtp_free(o);
}

/* A sender report of source 7: 2024-01-01 00:00:00.5, RTP time 90000. */
static const unsigned char report[28] = {0x80, 200, 0, 6, 0, 0, 0, 7, 0xe9,
    0x3c, 0x7f, 0, 0x80, 0, 0, 0, 0, 1, 0x5f, 0x90};

static void B8_a_sender_report_says_whose_clock_it_is(void **state)
{
	struct utc camera;
	uint32_t source, time;

	(void)state;
	assert_true(rtcp_sender_report(report, sizeof(report), &source, &camera,
	    &time));
	assert_int_equal(source, 7);
	assert_int_equal(time, 90000);
	/* date -u -d 2024-01-01 +%s */
	assert_int_equal(camera.ns,
	    INT64_C(1704067200) * NS_PER_SEC + NS_PER_SEC / 2);
}

static void B8_a_report_before_1970_or_cut_is_none(void **state)
{
	unsigned char p[28];
	struct utc camera;
	uint32_t source, time;

	(void)state;
	for (size_t n = 0; n < 20; n++)
		assert_false(rtcp_sender_report(report, n, &source, &camera,
		    &time));
	memcpy(p, report, sizeof(p));
	/* 2208988800 s after 1900: 1970 to the second */
	memcpy(p + 8, "\x83\xaa\x7e\x80", 4);
	assert_false(rtcp_sender_report(p, sizeof(p), &source, &camera, &time));
	memset(p + 8, 0, 4);
	assert_false(rtcp_sender_report(p, sizeof(p), &source, &camera, &time));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		B9_packets_out_of_order_are_put_right_and_doubles_dropped),
	    cmocka_unit_test(
		B9_what_never_comes_is_waited_for_a_tenth_of_a_second),
	    cmocka_unit_test(B9_a_long_hole_holds_a_bounded_number_of_packets),
	    cmocka_unit_test(B9_over_tcp_nothing_is_waited_for),
	    cmocka_unit_test(A4_an_old_session_in_a_new_connection_is_ignored),
	    cmocka_unit_test(C6_audio_on_the_channel_of_the_video_is_dropped),
	    cmocka_unit_test(what_is_no_rtp_is_dropped),
	    cmocka_unit_test(B8_a_sender_report_says_whose_clock_it_is),
	    cmocka_unit_test(B8_a_report_before_1970_or_cut_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
