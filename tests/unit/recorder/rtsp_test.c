/* Messages as in RFC 2326, SDP as in RFC 6184 and RFC 7798. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/rtsp.h"

static struct rtsp_item next(const char *s, size_t n)
{
	struct rtsp_item it;

	assert_int_equal(rtsp_next((const unsigned char *)s, n, &it), OK);
	return it;
}

static void a_url_is_taken_apart_and_carries_no_password(void **state)
{
	struct rtsp_url u;

	(void)state;
	assert_int_equal(rtsp_url_parse("rtsp://10.0.0.5/a/b?c=d", &u), OK);
	assert_string_equal(u.host, "10.0.0.5");
	assert_int_equal(u.port, 554);
	assert_int_equal(rtsp_url_parse("rtsp://[fe80::1]:8554/x", &u), OK);
	assert_string_equal(u.host, "fe80::1");
	assert_int_equal(u.port, 8554);
	assert_int_equal(rtsp_url_parse("rtsp://h:8554", &u), OK);
	assert_int_equal(rtsp_url_parse("rtsp://u:p@h/x", &u), ERR_DENIED);
	assert_int_equal(rtsp_url_parse("rtsp://h/x@y", &u), OK);
	assert_int_equal(rtsp_url_parse("http://h/", &u), ERR_INVALID);
	assert_int_equal(rtsp_url_parse("rtsp:///x", &u), ERR_INVALID);
	assert_int_equal(rtsp_url_parse("rtsp://h:0/", &u), ERR_INVALID);
	assert_int_equal(rtsp_url_parse("rtsp://h:70000/", &u), ERR_INVALID);
	assert_int_equal(rtsp_url_parse("rtsp://h:8x/", &u), ERR_INVALID);
	assert_int_equal(rtsp_url_parse("rtsp://h/a b", &u), ERR_INVALID);
	assert_int_equal(rtsp_url_parse("rtsp://h/\r\nX: y", &u), ERR_INVALID);
}

/* Ports of IANA's registry: rtsp 554, rtsps 322. */
static void A7_rtsps_is_tls_and_has_a_port_of_its_own(void **state)
{
	struct rtsp_url u;

	(void)state;
	assert_int_equal(rtsp_url_parse("rtsp://h/x", &u), OK);
	assert_false(u.tls);
	assert_int_equal(rtsp_url_parse("rtsps://10.0.0.5/a/b?c=d", &u), OK);
	assert_true(u.tls);
	assert_string_equal(u.host, "10.0.0.5");
	assert_int_equal(u.port, 322);
	assert_string_equal(u.text, "rtsps://10.0.0.5/a/b?c=d");
	assert_int_equal(rtsp_url_parse("RTSPS://h:8322/x", &u), OK);
	assert_int_equal(u.port, 8322);
	assert_int_equal(rtsp_url_parse("rtsps://u:p@h/x", &u), ERR_DENIED);
	assert_int_equal(rtsp_url_parse("rtspss://h/", &u), ERR_INVALID);
	assert_int_equal(rtsp_url_parse("rtsps:///x", &u), ERR_INVALID);
}

static void an_answer_waits_for_its_whole_body(void **state)
{
	static const char s[] =
	    "RTSP/1.0 200 OK\r\nCSeq: 312\r\n"
	    "Content-Base: rtsp://h/x/ \r\nSession: abc ;timeout=20\r\n"
	    "Public: DESCRIBE, GET_PARAMETER\r\nContent-Length: "
	    "5\r\n\r\nhello$";
	struct rtsp_item it;

	(void)state;
	for (size_t n = 0; n + 2 < sizeof(s) - 1; n++)
		assert_int_equal(next(s, n).kind, RTSP_MORE);
	it = next(s, sizeof(s) - 1);
	assert_int_equal(it.kind, RTSP_ANSWER);
	assert_int_equal(it.consumed, sizeof(s) - 2);
	assert_int_equal(it.answer.status, 200);
	assert_int_equal(it.answer.cseq, 312);
	assert_string_equal(it.answer.base, "rtsp://h/x/");
	assert_string_equal(it.answer.session, "abc");
	assert_int_equal(it.answer.timeout_s, 20);
	assert_true(it.answer.get_parameter);
	assert_int_equal(it.answer.body_n, 5);
	assert_memory_equal(it.answer.body, "hello", 5);
}

static void every_challenge_is_kept(void **state)
{
	static const char s[] = "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n"
				"WWW-Authenticate: Basic realm=\"a\"\r\n"
				"www-authenticate: Digest realm=\"b\"\r\n\r\n";
	struct rtsp_item it = next(s, sizeof(s) - 1);

	(void)state;
	assert_int_equal(it.answer.status, 401);
	assert_string_equal(it.answer.challenge,
	    "Basic realm=\"a\"\nDigest realm=\"b\"\n");
}

static void A5_data_and_line_ends_between_messages_are_told_apart(void **state)
{
	static const char s[] = "\r\n$\1\0\3abcRTSP/1.0 200 OK\r\n\r\n";
	struct rtsp_item it = next(s, sizeof(s) - 1);

	(void)state;
	assert_int_equal(it.kind, RTSP_SKIP);
	assert_int_equal(it.consumed, 2);
	it = next(s + 2, sizeof(s) - 3);
	assert_int_equal(it.kind, RTSP_DATA);
	assert_int_equal(it.channel, 1);
	assert_int_equal(it.data_n, 3);
	assert_int_equal(it.consumed, 7);
	assert_int_equal(next(s + 9, sizeof(s) - 10).kind, RTSP_ANSWER);
}

static void a_message_without_end_is_too_large(void **state)
{
	static unsigned char big[RTSP_MESSAGE_MAX + 100];
	struct rtsp_item it;

	(void)state;
	memset(big, 'A', sizeof(big));
	memcpy(big, "RTSP/1.0 200 OK\r\nX: ", 20);
	assert_int_equal(rtsp_next(big, sizeof(big), &it), ERR_TOO_LARGE);
}

static struct rtsp_sdp sdp(const char *s, const char *base)
{
	struct rtsp_sdp r;

	rtsp_sdp_parse(s, strlen(s), base, &r);
	return r;
}

static void A6_the_video_is_found_among_audio_and_metadata(void **state)
{
	struct rtsp_sdp r =
	    sdp("v=0\r\ns=x\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\n"
		"m=application 0 RTP/AVP 107\r\n"
		"a=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:track3\r\n"
		"m=video 0 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
		"a=fmtp:97 packetization-mode=1;"
		"sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==\r\n"
		"a=control:track2\r\n"
		"m=video 0 RTP/AVP 98\r\na=rtpmap:98 H265/90000\r\n",
		"rtsp://h/x");
	/* The sets are the example of RFC 6184, 8.2.1. */
	static const unsigned char want[] = {0, 9, 0x67, 0x42, 0x00, 0x0a, 0x96,
	    0x53, 0x05, 0x89, 0x88, 0, 4, 0x68, 0xc9, 0x63, 0x88};

	(void)state;
	assert_int_equal(r.codec, CODEC_H264);
	assert_int_equal(r.payload, 97);
	assert_string_equal(r.control, "rtsp://h/x/track2");
	assert_string_equal(r.audio, "audio");
	assert_int_equal(r.sets_n, sizeof(want));
	assert_memory_equal(r.sets, want, sizeof(want));
}

static void a_control_is_resolved_against_the_base(void **state)
{
	static const char fmt[] = "m=video 0 RTP/AVP 96\r\n"
				  "a=rtpmap:96 H265/90000\r\na=control:%s\r\n";
	static const char *const is[][3] = {
	    {"*", "rtsp://h/x", "rtsp://h/x"},
	    {"t1", "rtsp://h/x/", "rtsp://h/x/t1"},
	    {"/t1", "rtsp://h/x/", "rtsp://h/x/t1"},
	    {"rtsp://h/y/t1", "rtsp://h/x/", "rtsp://h/y/t1"},
	    {"t1  ", "rtsp://h/x", "rtsp://h/x/t1"},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		struct rtsp_sdp r;

		snprintf(text, sizeof(text), fmt, is[i][0]);
		r = sdp(text, is[i][1]);
		assert_int_equal(r.codec, CODEC_H265);
		assert_string_equal(r.control, is[i][2]);
	}
}

static void C1_garbage_for_parameter_sets_is_no_fault(void **state)
{
	struct rtsp_sdp r = sdp("m=video 0 RTP/AVP 96\r\n"
				"a=rtpmap:96 H264/90000\r\n"
				"a=fmtp:96 sprop-parameter-sets=,,%%%,\r\n",
	    "rtsp://h/");

	(void)state;
	assert_int_equal(r.codec, CODEC_H264);
	assert_int_equal(r.sets_n, 0);
}

static void what_is_not_recorded_is_named(void **state)
{
	struct rtsp_sdp r = sdp("m=video 0 RTP/AVP 26\r\n", "rtsp://h/");

	(void)state;
	assert_int_equal(r.codec, CODEC_NONE);
	assert_string_equal(r.video, "JPEG");
	r = sdp("m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", "x");
	assert_string_equal(r.video, "");
	assert_string_equal(r.audio, "PCMU");
}

static void the_channels_are_those_that_the_camera_chose(void **state)
{
	struct rtsp_transport t;

	(void)state;
	assert_int_equal(
	    rtsp_transport_parse("RTP/AVP/TCP;unicast;interleaved=2-3", &t),
	    OK);
	assert_true(t.interleaved);
	assert_int_equal(t.rtp_channel, 2);
	assert_int_equal(t.rtcp_channel, 3);
	assert_int_equal(rtsp_transport_parse("RTP/AVP;unicast;client_port="
					      "4588-4589;server_port="
					      "6256-6257",
			     &t),
	    OK);
	assert_false(t.interleaved);
	assert_int_equal(t.server_rtp, 6256);
	assert_int_equal(rtsp_transport_parse("interleaved=300-301", &t),
	    ERR_FORMAT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_url_is_taken_apart_and_carries_no_password),
	    cmocka_unit_test(A7_rtsps_is_tls_and_has_a_port_of_its_own),
	    cmocka_unit_test(an_answer_waits_for_its_whole_body),
	    cmocka_unit_test(every_challenge_is_kept),
	    cmocka_unit_test(
		A5_data_and_line_ends_between_messages_are_told_apart),
	    cmocka_unit_test(a_message_without_end_is_too_large),
	    cmocka_unit_test(A6_the_video_is_found_among_audio_and_metadata),
	    cmocka_unit_test(a_control_is_resolved_against_the_base),
	    cmocka_unit_test(C1_garbage_for_parameter_sets_is_no_fault),
	    cmocka_unit_test(what_is_not_recorded_is_named),
	    cmocka_unit_test(the_channels_are_those_that_the_camera_chose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
