/*
 * From packets to what storage receives: order, pictures, clock, sets, cut and
 * feed together, with crafted packets and an injected clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorder/cut.h"
#include "recorder/rtp.h"
#include "recorder/stream.h"
#include "recorder/video.h"
#include "storage/api/wire.h"
#include "tests/unit/recorder/pictures.h"

#define START (1000 * NS_PER_SEC)
#define WALL (INT64_C(1700000000) * NS_PER_SEC)
#define FRAME 3600
#define FRAME_NS (40 * NS_PER_MS)
#define SEGMENTS 4096
#define SEGMENT_MS 4000

/* What storage received. */
static struct seen {
	int64_t start, end, camera;
	uint16_t width;
	unsigned fragments, key, damaged;
	size_t bytes;
	int cause;		/* -1: not ended */
} seen[SEGMENTS];
static int seen_n;
static unsigned char *all;	/* every fragment, one after the other */
static size_t all_n;

static int peer;
static struct feed *feed;
static struct stream *stream;
static struct depay *depay;
static struct rtp_order *order;
static int64_t now, wall;	/* ns since START; wall clock - monotonic */
static uint32_t time_;
static uint16_t seq;
static bool lose;		/* the next packet */

static enum err on_packet(void *arg, const struct rtp_packet *p)
{
	return depay_put(arg, p);
}

static int set_up(void **state)
{
	int pair[2], big = 8 << 20;

	(void)state;
	video_preload();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	peer = pair[1];
	feed = feed_new(pair[0]);
	stream = stream_new(CODEC_H264, feed, SEGMENT_MS, 1000);
	depay = depay_new(CODEC_H264,
	    (struct unit_sink){.emit = stream_unit, .arg = stream});
	order = rtp_new(false, 96,
	    (struct rtp_sink){.emit = on_packet, .arg = depay});
	now = 0;
	wall = WALL - START;
	time_ = 0xffffffffu - 20 * FRAME;	/* B1: it wraps at once */
	seq = 65530;
	seen_n = 0;
	all_n = 0;
	lose = false;
	return !feed || !stream || !depay || !order;
}

static int tear_down(void **state)
{
	(void)state;
	rtp_free(order);
	depay_free(depay);
	stream_free(stream);
	feed_free(feed);
	close(peer);
	free(all);
	all = NULL;
	return 0;
}

static void take_begin(struct wire *w)
{
	struct seen *g = &seen[seen_n];
	struct wire a;

	assert_in_range(seen_n, 0, SEGMENTS - 1);
	*g = (struct seen){.cause = -1, .start = wire_get_i64(w)};
	seen_n++;
	(void)wire_get_i64(w);
	(void)wire_get_u32(w);
	(void)wire_get_u32(w);
	(void)wire_get_u8(w);
	g->camera = wire_get_i64(w);
	g->width = wire_get_u16(w);
	(void)wire_get_u16(w);
	assert_int_equal(wire_end(w), OK);
	wire_begin(&a, MSG_SEGMENT_BEGIN_IS, w->id);
	wire_put_u64(&a, (uint64_t)seen_n);
	wire_put_i64(&a, g->start + SEGMENT_MS * NS_PER_MS);
	assert_int_equal(wire_send(peer, &a, -1), OK);
}

static void take_fragment(struct wire *w)
{
	struct seen *g = &seen[seen_n - 1];
	int64_t start = wire_get_i64(w), duration = wire_get_i64(w);
	uint32_t flags;
	unsigned char *more;
	const void *p;
	size_t n;

	(void)wire_get_i64(w);
	flags = wire_get_u32(w);
	assert_int_equal(wire_end(w), OK);
	assert_true(g->cause < 0);
	/* Within a segment nothing is missing between two fragments. */
	assert_int_equal(start, g->fragments ? g->end : g->start);
	g->end = start + duration;
	g->fragments++;
	g->key += flags & FRAGMENT_KEY;
	g->damaged += !!(flags & FRAGMENT_DAMAGED);
	assert_int_equal(bulk_map(w->fd, WIRE_BULK_MAX, &p, &n), OK);
	g->bytes += n;
	more = realloc(all, all_n + n);
	assert_non_null(more);
	all = more;
	memcpy(all + all_n, p, n);
	all_n += n;
	bulk_unmap(p, n);
}

/* Storage's side: note what came, name the next cut. */
static void receive(void)
{
	for (;;) {
		struct feed_event e;
		struct wire w;
		char c;

		assert_int_equal(feed_write(feed), OK);
		if (recv(peer, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
			break;
		assert_int_equal(wire_recv(peer, &w), OK);
		if (w.type == MSG_SEGMENT_BEGIN)
			take_begin(&w);
		else if (w.type == MSG_FRAGMENT)
			take_fragment(&w);
		else if (w.type == MSG_SEGMENT_END)
			seen[seen_n - 1].cause = wire_get_u8(&w);
		if (w.fd >= 0)
			close(w.fd);
		if (w.type == MSG_SEGMENT_BEGIN) {
			assert_int_equal(feed_read(feed, &e), OK);
			if (e.what == FEED_CUT)	/* not one that is old news */
				stream_cut(stream, e.cut);
		}
	}
}

static void tick(void)
{
	struct mono m = {START + now};

	assert_int_equal(stream_tick(stream, (struct utc){m.ns + wall}, m), OK);
	receive();
}

static void packet(const void *p, size_t n, bool marker)
{
	static unsigned char buf[65536];
	const unsigned char head[12] = {0x80,
	    (unsigned char)(96 | (marker ? 0x80 : 0)),
	    (unsigned char)(seq >> 8), (unsigned char)seq,
	    (unsigned char)(time_ >> 24), (unsigned char)(time_ >> 16),
	    (unsigned char)(time_ >> 8), (unsigned char)time_, 0, 0, 0, 1};

	seq++;
	if (lose) {
		lose = false;
		return;
	}
	memcpy(buf, head, sizeof(head));
	memcpy(buf + sizeof(head), p, n);
	assert_int_equal(rtp_put(order, buf, sizeof(head) + n,
			     (struct mono){START + now}),
	    OK);
}

#define NAL(bytes, marker) packet(bytes, sizeof(bytes) - 1, marker)

/* Time passes by one picture. */
static void next(void)
{
	time_ += FRAME;
	now += FRAME_NS;
	if (now / FRAME_NS % 5 == 0)
		tick();
}

static void key_a(void)
{
	NAL(SPS_A, false);
	NAL(PPS, false);
	NAL(IDR_A, true);
	next();
}

static void key_b(void)
{
	NAL(SPS_B, false);
	NAL(PPS, false);
	NAL(IDR_B, true);
	next();
}

static void others(int n)
{
	while (n--) {
		NAL(P_A, true);
		next();
	}
}

static void end(void)
{
	assert_int_equal(depay_end(depay), OK);
	assert_int_equal(stream_end(stream, CAUSE_RECORDER_STOPPED), OK);
	receive();
}

static void B1_B7_a_burst_at_the_start_is_one_run(void **state)
{
	(void)state;
	tick();
	/* 5 s out of the camera's own buffer, at once, and across the wrap. */
	for (int i = 0; i < 125; i++) {
		if (i % 25) {
			NAL(P_A, true);
		} else {
			NAL(SPS_A, false);
			NAL(PPS, false);
			NAL(IDR_A, true);
		}
		time_ += FRAME;
	}
	for (int i = 0; i < 8; i++) {
		key_a();
		others(24);
	}
	end();
	for (int i = 0; i < seen_n; i++) {
		assert_int_equal(seen[i].cause,
		    i + 1 < seen_n ? CAUSE_NONE : CAUSE_RECORDER_STOPPED);
		if (i)
			assert_int_equal(seen[i].start, seen[i - 1].end);
	}
	/* 13 s of pictures, of which the last is now. */
	assert_true(llabs(seen[seen_n - 1].end - (START + now + wall)) <
	    100 * NS_PER_MS);
	assert_true(llabs(seen[0].start - (WALL - 5 * NS_PER_SEC)) <
	    100 * NS_PER_MS);
}

static void B3_a_jump_inflates_no_segment(void **state)
{
	int64_t length = 0;

	(void)state;
	tick();
	for (int i = 0; i < 8; i++) {
		key_a();
		others(10);
		if (i == 3) {	/* one picture stamped 9 h away */
			time_ += 9u * 3600 * 90000;
			NAL(P_A, true);
			time_ -= 9u * 3600 * 90000;
			next();
		} else {
			others(1);
		}
		others(13);
	}
	end();
	for (int i = 0; i < seen_n; i++) {
		assert_true(seen[i].end - seen[i].start < 6 * NS_PER_SEC);
		length += seen[i].end - seen[i].start;
		assert_int_equal(seen[i].cause,
		    i + 1 < seen_n ? CAUSE_NONE : CAUSE_RECORDER_STOPPED);
	}
	assert_true(llabs(length - 8 * NS_PER_SEC) < 100 * NS_PER_MS);
	assert_int_equal(stream_stats(stream)->slips, 1);
}

static void B2_another_timeline_is_a_new_run_with_its_cause(void **state)
{
	(void)state;
	tick();
	for (int i = 0; i < 3; i++) {
		key_a();
		others(24);
	}
	time_ -= 20u * 90000;
	for (int i = 0; i < 3; i++) {
		key_a();
		others(24);
	}
	end();
	assert_int_equal(seen_n, 2);
	assert_int_equal(seen[0].cause, CAUSE_STREAM_ERROR);
	/* It goes on at the next key frame; neither overlaps. */
	assert_true(seen[1].start >= seen[0].end);
	assert_true(seen[1].start - seen[0].end < 1100 * NS_PER_MS);
	assert_true(llabs(seen[1].end - (START + now + wall)) <
	    100 * NS_PER_MS);
}

static void B4_doubled_and_missing_stamps_rise_and_are_counted(void **state)
{
	(void)state;
	tick();
	for (int i = 0; i < 50; i++) {
		uint32_t before = time_;

		key_a();
		if (i % 5 == 4)
			time_ = before;	/* the next bears it again */
	}
	end();
	assert_int_equal(stream_stats(stream)->frames, 50);
	assert_true(stream_stats(stream)->forced > 0);
}

static void B8_a_report_of_long_ago_is_no_clock(void **state)
{
	(void)state;
	tick();
	stream_camera_clock(stream, (struct utc){WALL - 86400 * NS_PER_SEC},
	    time_, (struct utc){WALL});
	key_a();
	others(125);
	for (int i = 0; i < 3; i++) {
		key_a();
		others(24);
	}
	/* Two hours without another. The host's time never was in doubt. */
	for (int i = 0; i < 2 * 400; i++) {
		time_ += 9 * 90000;
		now += 9 * NS_PER_SEC;
		NAL(IDR_A, true);
		tick();
	}
	end();
	assert_true(llabs(seen[0].camera -
			(seen[0].start - 86400 * NS_PER_SEC)) < NS_PER_SEC);
	assert_int_equal(seen[seen_n - 1].camera, 0);
	assert_true(llabs(seen[seen_n - 1].start - (START + now + wall)) <
	    20 * NS_PER_SEC);
}

static void P7_B9_what_follows_a_lost_packet_is_damaged_up_to_the_next_key(void
	**state)
{
	(void)state;
	tick();
	for (int i = 0; i < 3; i++) {
		key_a();
		others(5);
		lose = i == 1;
		others(44);
	}
	end();
	assert_int_equal(seen_n, 2);
	/* 2 s GOPs in fragments of 1 s: the second GOP is in doubt, all of it. */
	assert_int_equal(seen[0].fragments, 4);
	assert_int_equal(seen[0].damaged, 2);
	assert_int_equal(seen[1].fragments, 2);
	assert_int_equal(seen[1].damaged, 0);
	/* the one after the loss, and the one that stands still meanwhile */
	assert_int_equal(stream_stats(stream)->damaged, 2);
}

static void C1_without_sets_nothing_begins_until_they_come(void **state)
{
	(void)state;
	tick();
	/* What the SDP said is garbage. */
	stream_sets(stream,
	    (const unsigned char *)"\0\4\x67\xff\xff\xff\0\1\x68"
				   "\xff",
	    10);
	for (int i = 0; i < 3; i++) {
		NAL(IDR_A, true);
		next();
		others(24);
	}
	assert_int_equal(seen_n, 0);
	key_a();
	others(24);
	end();
	assert_int_equal(seen_n, 1);
	assert_int_equal(seen[0].width, 64);
}

static void C1_sets_that_came_once_stand_in_every_segment(void **state)
{
	(void)state;
	tick();
	/* Only once, alone, each in a packet that ends nothing. */
	NAL(SPS_A, true);
	NAL(PPS, true);
	for (int i = 0; i < 12; i++) {
		NAL(IDR_A, true);
		next();
		others(24);
	}
	end();
	assert_int_equal(seen_n, 3);
	for (int i = 0; i < seen_n; i++)
		assert_int_equal(seen[i].width, 64);
}

static void C2_new_sets_at_a_key_frame_begin_a_segment(void **state)
{
	(void)state;
	tick();
	key_a();
	others(24);
	key_b();
	NAL(P_B, true);
	next();
	end();
	assert_int_equal(seen_n, 2);
	assert_int_equal(seen[0].cause, CAUSE_NONE);
	assert_int_equal(seen[0].width, 64);
	assert_int_equal(seen[1].width, 32);
	assert_int_equal(seen[1].start, seen[0].end);
}

static void C2_new_sets_between_key_frames_count_from_the_next_one(void **state)
{
	(void)state;
	tick();
	key_a();
	others(5);
	NAL(SPS_B, false);	/* too early: P_A still belongs to A */
	NAL(PPS, false);
	others(5);
	NAL(IDR_B, true);	/* and it is not repeated here */
	next();
	NAL(P_B, true);
	next();
	end();
	assert_int_equal(seen_n, 2);
	assert_int_equal(seen[0].width, 64);
	assert_int_equal(seen[1].width, 32);
	assert_int_equal(stream_stats(stream)->frames, 13);
}

static void C2_sets_that_flap_make_a_bounded_number_of_files(void **state)
{
	int pictures = 0;

	(void)state;
	tick();
	for (int i = 0; i < 400; i++, pictures += 13) {	/* each 0.52 s */
		if (i % 2)
			key_b();
		else
			key_a();
		for (int k = 0; k < 12; k++) {
			if (i % 2)
				NAL(P_B, true);
			else
				NAL(P_A, true);
			next();
		}
	}
	end();
	/* 208 s in segments of 4 s are 52; every change would be 400. */
	assert_in_range(seen_n, 52, 4 * 52);
	assert_int_equal(stream_stats(stream)->frames, pictures);
	for (int i = 1; i < seen_n; i++)
		assert_int_equal(seen[i].start, seen[i - 1].end);
}

static void C4_a_gop_of_a_minute_rolls_at_its_key_frames(void **state)
{
	(void)state;
	tick();
	for (int i = 0; i < 4; i++) {
		key_a();
		others(374);	/* 15 s; the cap is 20 */
	}
	end();
	assert_int_equal(seen_n, 4);
	for (int i = 0; i < seen_n; i++)
		assert_int_equal(seen[i].key, 1);
}

static void C4_without_key_frames_it_records_and_rolls_by_time(void **state)
{
	(void)state;
	tick();
	NAL(SPS_A, false);
	NAL(PPS, false);
	others(25 * 60);	/* never an IDR */
	end();
	/* It waits 10 s, then 50 s are cut each 20 s. */
	assert_int_equal(seen_n, 3);
	assert_true(llabs(seen[0].start - (WALL + CUT_PATIENCE_NS)) <
	    200 * NS_PER_MS);
	assert_int_equal(seen[0].key, 0);
	assert_int_equal(seen[0].damaged, seen[0].fragments);
	assert_true(llabs(seen[2].end - (START + now + wall)) <
	    100 * NS_PER_MS);
}

static void C5_user_data_is_kept_to_the_byte(void **state)
{
	/* Any bytes, an emulation prevention byte among them. */
	static const char sei[] =
	    "\x06\x05\x18\x00\x00\x03\x01\xff\x24\xc6\xfe saqta \x00\x00\x03"
	    "\x03\x7f\x80";
	static const char want[] =
	    "\0\0\0\x18\x06\x05\x18\x00\x00\x03\x01\xff\x24\xc6\xfe saqta \x00"
	    "\x00\x03\x03\x7f\x80"
	    "\0\0\0\x06" P_A;
	int found = 0;

	(void)state;
	assert_int_equal(sizeof(sei) - 1, 0x18);
	tick();
	for (int i = 0; i < 4; i++) {
		key_a();
		for (int k = 0; k < 24; k++) {
			NAL(sei, k % 2);	/* a marker on it or not */
			others(1);
		}
	}
	end();
	for (unsigned char *p = all; p; found++) {
		p = memmem(p, all_n - (size_t)(p - all), want,
		    sizeof(want) - 1);
		if (!p)
			break;
		p++;
	}
	assert_int_equal(found, 4 * 24);
}

/* A picture of n bytes in fragments of 60000. */
static void big(size_t n, bool key)
{
	static unsigned char part[60002];

	memset(part, 0x55, sizeof(part));
	if (key) {
		NAL(SPS_A, false);
		NAL(PPS, false);
	}
	for (size_t at = 0; at < n; at += 60000) {
		part[0] = key ? 0x7c : 0x5c;
		part[1] = (unsigned char)((at ? 0 : 0x80) |
		    (at + 60000 >= n ? 0x40 : 0) | (key ? 5 : 1));
		/* The first bytes of a slice, so that a parser sees one. */
		memcpy(part + 2, &(key ? IDR_A : P_A)[1], 5);
		packet(part, at + 60000 >= n ? n - at + 2 : 60002,
		    at + 60000 >= n);
	}
	next();
}

static void C7_an_idr_of_ten_megabytes_is_recorded(void **state)
{
	(void)state;
	tick();
	for (int i = 0; i < 4; i++) {
		big(10 << 20, true);
		for (int k = 0; k < 24; k++)
			big(100000, false);
	}
	end();
	assert_int_equal(stream_stats(stream)->frames, 100);
	assert_true(all_n > 4 * (10u << 20) + 96 * 100000);
	assert_int_equal(stream_stats(stream)->damaged, 0);
}

static void C7_pictures_of_one_byte_are_recorded(void **state)
{
	(void)state;
	tick();
	key_a();
	for (int i = 0; i < 5000; i++) {	/* 1000 a second */
		NAL("\x41\x9a", true);
		time_ += 90;
		now += NS_PER_MS;
		if (i % 100 == 0)
			tick();
	}
	end();
	assert_int_equal(stream_stats(stream)->frames, 5001);
	assert_in_range(seen_n, 1, 2);
}

static void C7_a_picture_above_the_limit_ends_the_stream(void **state)
{
	static unsigned char part[60002];
	struct rtp_packet p = {.data = part, .n = sizeof(part)};
	enum err err = OK;
	size_t at = 0;

	(void)state;
	part[0] = 0x7c;
	part[1] = 0x85;
	for (; !err && at < 2 * PICTURE_MAX; at += 60000) {
		err = depay_put(depay, &p);
		part[1] = 5;
	}
	assert_int_equal(err, ERR_TOO_LARGE);
	assert_true(at <= PICTURE_MAX + 60000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
	    T(B1_B7_a_burst_at_the_start_is_one_run),
	    T(B2_another_timeline_is_a_new_run_with_its_cause),
	    T(B3_a_jump_inflates_no_segment),
	    T(B4_doubled_and_missing_stamps_rise_and_are_counted),
	    T(B8_a_report_of_long_ago_is_no_clock),
	    T(P7_B9_what_follows_a_lost_packet_is_damaged_up_to_the_next_key),
	    T(C1_without_sets_nothing_begins_until_they_come),
	    T(C1_sets_that_came_once_stand_in_every_segment),
	    T(C2_new_sets_at_a_key_frame_begin_a_segment),
	    T(C2_new_sets_between_key_frames_count_from_the_next_one),
	    T(C2_sets_that_flap_make_a_bounded_number_of_files),
	    T(C4_a_gop_of_a_minute_rolls_at_its_key_frames),
	    T(C4_without_key_frames_it_records_and_rolls_by_time),
	    T(C5_user_data_is_kept_to_the_byte),
	    T(C7_an_idr_of_ten_megabytes_is_recorded),
	    T(C7_pictures_of_one_byte_are_recorded),
	    T(C7_a_picture_above_the_limit_ends_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
