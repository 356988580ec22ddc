/* The dialogue of RFC 2326 with cameras that are careless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/session.h"

#define URL "rtsp://10.0.0.5/live"
#define LIMIT (2 * NS_PER_SEC)

static struct session s;
static char asked[128];	/* the last challenge that was passed on */
static int signed_n;
static int64_t now;

static enum err authorize(void *arg, const char *challenge, const char *method,
    const char *uri, char *buf, size_t max)
{
	(void)arg;
	(void)uri;
	snprintf(asked, sizeof(asked), "%s", challenge);
	snprintf(buf, max, "Digest %s %d", method, ++signed_n);
	return OK;
}

static void begin(void)
{
	now = NS_PER_SEC;
	signed_n = 0;
	asked[0] = '\0';
	assert_int_equal(session_begin(&s, URL, TRANSPORT_TCP, 0,
			     (struct session_guard){.authorize = authorize},
			     (struct mono){now}),
	    OK);
}

/* What is to be sent begins like this; then it has been sent. */
static void expect(const char *request)
{
	s.out[s.out_n] = '\0';
	if (strncmp(s.out, request, strlen(request)))
		fail_msg("\"%s\" instead of \"%s\"", s.out, request);
	s.out_n = 0;
}

static enum err answer(const char *text)
{
	char buf[2048];
	struct rtsp_item it;

	snprintf(buf, sizeof(buf), "RTSP/1.0 %s\r\n\r\n", text);
	assert_int_equal(rtsp_next((unsigned char *)buf, strlen(buf), &it), OK);
	assert_int_equal(it.kind, RTSP_ANSWER);
	return session_answer(&s, &it.answer, (struct mono){now});
}

static enum err describe(const char *headers, const char *sdp)
{
	char buf[2048];
	struct rtsp_item it;

	snprintf(buf, sizeof(buf),
	    "RTSP/1.0 200 OK\r\n%sContent-Length: %zu\r\n\r\n%s", headers,
	    strlen(sdp), sdp);
	assert_int_equal(rtsp_next((unsigned char *)buf, strlen(buf), &it), OK);
	return session_answer(&s, &it.answer, (struct mono){now});
}

#define SDP                                                                \
	"v=0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" \
	"a=control:track1\r\n"

/* Up to pictures, with this answer to OPTIONS and SETUP. */
static void play(const char *options, const char *setup)
{
	begin();
	expect("OPTIONS " URL " RTSP/1.0\r\n");
	assert_int_equal(answer(options), OK);
	expect("DESCRIBE " URL " RTSP/1.0\r\n");
	assert_int_equal(describe("", SDP), OK);
	expect("SETUP " URL "/track1 RTSP/1.0\r\n");
	assert_int_equal(answer(setup), OK);
	expect("PLAY " URL " RTSP/1.0\r\n");
	assert_int_equal(answer("200 OK\r\nRTP-Info: url=ftp://elsewhere;seq=9;"
				"rtptime=4294967295"),
	    OK);
	assert_int_equal(s.state, SESSION_PLAYING);
}

static void pass(int64_t ns)
{
	now += ns;
	assert_int_equal(session_tick(&s, (struct mono){now}, LIMIT), OK);
}

#define SETUP_20                              \
	"200 OK\r\nSession: 7;timeout=20\r\n" \
	"Transport: RTP/AVP/TCP;interleaved=0-1"
#define PUBLIC "200 OK\r\nPublic: DESCRIBE, GET_PARAMETER"

static void A1_a_new_nonce_in_the_middle_is_answered(void **state)
{
	(void)state;
	begin();
	assert_int_equal(answer("401 No\r\nWWW-Authenticate: Digest n1"), OK);
	assert_string_equal(asked, "Digest n1\n");
	assert_int_equal(answer("200 OK"), OK);
	/* Each request is challenged anew: that is no wrong password. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(answer("401 No\r\nWWW-Authenticate: Digest "
					"n2"),
		    OK);
		assert_string_equal(asked, "Digest n2\n");
		assert_int_equal(i == 0 ? describe("", SDP) :
			i == 1		? answer(SETUP_20) :
					  answer("200 OK"),
		    OK);
	}
	assert_int_equal(s.state, SESSION_PLAYING);
}

static void A1_a_password_refused_twice_is_wrong(void **state)
{
	(void)state;
	begin();
	assert_int_equal(answer("401 No\r\nWWW-Authenticate: Digest n1"), OK);
	assert_int_equal(answer("401 No\r\nWWW-Authenticate: Digest n1"),
	    ERR_AUTH);
	assert_int_equal(s.cause, CAUSE_PASSWORD);
}

static void A1_a_401_on_a_keep_alive_drops_nothing(void **state)
{
	(void)state;
	play(PUBLIC, SETUP_20);
	pass(7 * NS_PER_SEC);
	expect("GET_PARAMETER ");
	assert_int_equal(answer("401 No\r\nWWW-Authenticate: Digest n9"), OK);
	assert_string_equal(asked, "Digest n9\n");
	expect("GET_PARAMETER ");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(answer("401 No\r\nWWW-Authenticate: "
					"Digest n9"),
		    OK);
		pass(7 * NS_PER_SEC);
	}
	assert_int_equal(s.state, SESSION_PLAYING);
}

static void A2_the_keep_alive_comes_thrice_in_the_cameras_time(void **state)
{
	(void)state;
	play(PUBLIC, SETUP_20);
	pass(6 * NS_PER_SEC);
	assert_int_equal(s.out_n, 0);
	pass(1 * NS_PER_SEC);
	expect("GET_PARAMETER ");
	play(PUBLIC, "200 OK\r\nSession: 7\r\nTransport: interleaved=0-1");
	pass(19 * NS_PER_SEC);
	assert_int_equal(s.out_n, 0);
	pass(1 * NS_PER_SEC);
	expect("GET_PARAMETER ");
}

static void A2_a_camera_that_wants_options_gets_them(void **state)
{
	static const char *const refusals[] = {
	    "405 Method Not Allowed", "454 Session Not Found", NULL};

	(void)state;
	play("200 OK", SETUP_20);
	pass(7 * NS_PER_SEC);
	expect("OPTIONS ");
	for (int i = 0; i < 3; i++) {
		play(PUBLIC, SETUP_20);
		pass(7 * NS_PER_SEC);
		expect("GET_PARAMETER ");
		/* Refused, or never answered. */
		if (refusals[i])
			assert_int_equal(answer(refusals[i]), OK);
		pass(7 * NS_PER_SEC);
		expect("OPTIONS ");
		assert_int_equal(s.state, SESSION_PLAYING);
	}
}

static void A2_keep_alives_that_are_not_taken_do_not_pile_up(void **state)
{
	(void)state;
	play(PUBLIC, SETUP_20);
	for (int i = 0; i < 1000; i++)
		pass(7 * NS_PER_SEC);
	assert_in_range(s.out_n, 1, 400);
}

static void A3_bases_and_controls_that_are_none_lead_to_the_track(void **state)
{
	static const struct {
		const char *headers, *control, *want;
	} is[] = {
	    {"", "track1", "SETUP " URL "/track1 "},
	    {"Content-Base: 10.0.0.5/live/\r\n", "track1",
		"SETUP " URL "/track1 "},
	    {"Content-Base: rtsp://10.0.0.5/live/  \r\n", "track1  ",
		"SETUP " URL "/track1 "},
	    {"Content-Base: \r\n", "", "SETUP " URL " "},
	    {"Content-Location: rtsp://10.0.0.5/x\r\n", "*",
		"SETUP rtsp://10.0.0.5/x "},
	    {"", "rtsp://10.0.0.5:554/t?a=b&c",
		"SETUP rtsp://10.0.0.5:554/"
		"t?a=b&c "},
	    {"", "/trackID=1", "SETUP " URL "/trackID=1 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		char sdp[512];

		begin();
		s.out_n = 0;
		assert_int_equal(answer("200 OK"), OK);
		s.out_n = 0;
		/* No o= line either. */
		snprintf(sdp, sizeof(sdp),
		    "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000 \n"
		    "a=control:%s\n",
		    is[i].control);
		assert_int_equal(describe(is[i].headers, sdp), OK);
		expect(is[i].want);
	}
}

static void A7_a_request_without_an_answer_costs_a_bounded_time(void **state)
{
	(void)state;
	begin();
	pass(LIMIT - 1);
	assert_int_equal(session_tick(&s, (struct mono){now + 1}, LIMIT),
	    ERR_TIMEOUT);
	assert_int_equal(s.cause, CAUSE_NO_ANSWER);
	assert_string_equal(s.detail, "the camera does not answer OPTIONS");
	begin();
	assert_int_equal(answer("200 OK"), OK);
	assert_int_equal(answer("503 Service Unavailable"), ERR_FORMAT);
	assert_int_equal(s.cause, CAUSE_CAMERA_ERROR);
	assert_string_equal(s.detail,
	    "RTSP 503 Service Unavailable (DESCRIBE)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(A1_a_new_nonce_in_the_middle_is_answered),
	    cmocka_unit_test(A1_a_password_refused_twice_is_wrong),
	    cmocka_unit_test(A1_a_401_on_a_keep_alive_drops_nothing),
	    cmocka_unit_test(
		A2_the_keep_alive_comes_thrice_in_the_cameras_time),
	    cmocka_unit_test(A2_a_camera_that_wants_options_gets_them),
	    cmocka_unit_test(A2_keep_alives_that_are_not_taken_do_not_pile_up),
	    cmocka_unit_test(
		A3_bases_and_controls_that_are_none_lead_to_the_track),
	    cmocka_unit_test(
		A7_a_request_without_an_answer_costs_a_bounded_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
