#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/http.h"

static enum err parse(const char *s, bool ended, struct http_answer *a)
{
	static char buf[4096];

	strcpy(buf, s);
	return http_parse(buf, strlen(buf), ended, a);
}

static void an_answer_ends_as_rfc_9112_says(void **state)
{
	struct http_answer a;

	(void)state;
	assert_int_equal(
	    parse("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc", false, &a),
	    OK);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_n, 2);
	assert_int_equal(
	    parse("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", false, &a),
	    ERR_BUSY);
	assert_int_equal(
	    parse("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", true, &a),
	    ERR_FORMAT);
	assert_int_equal(parse("HTTP/1.0 401 No\r\n\r\nabc", false, &a),
	    ERR_BUSY);
	assert_int_equal(parse("HTTP/1.0 401 No\r\n\r\nabc", true, &a), OK);
	assert_int_equal(a.status, 401);
	assert_int_equal(a.body_n, 3);
}

static void chunks_are_joined(void **state)
{
	static const char head[] =
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct http_answer a;
	char buf[256];

	(void)state;
	strcat(strcpy(buf, head),
	    "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n");
	assert_int_equal(parse(buf, false, &a), OK);
	assert_int_equal(a.body_n, 13);
	assert_memory_equal(a.body, "abc0123456789", 13);
	strcat(strcpy(buf, head), "3\r\nabc\r\nA\r\n012");
	assert_int_equal(parse(buf, false, &a), ERR_BUSY);
	strcat(strcpy(buf, head), "3\r\nabcd\r\n0\r\n");
	assert_int_equal(parse(buf, false, &a), ERR_FORMAT);
	strcat(strcpy(buf, head), "ffffffff\r\nabc");
	assert_int_equal(parse(buf, false, &a), ERR_FORMAT);
}

static void what_is_no_http_is_refused(void **state)
{
	struct http_answer a;

	(void)state;
	assert_int_equal(parse("RTSP/1.0 200 OK\r\n\r\n", true, &a),
	    ERR_FORMAT);
	assert_int_equal(parse("HTTP/1.1 xyz\r\n\r\n", true, &a), ERR_FORMAT);
	assert_int_equal(parse("HTTP/1.1 200", true, &a), ERR_FORMAT);
}

static void addresses_are_taken_apart(void **state)
{
	char host[64], path[64];
	unsigned short port;

	(void)state;
	assert_int_equal(http_url_parse("http://10.0.0.5/onvif/media", host, 64,
			     &port, path, 64),
	    OK);
	assert_string_equal(host, "10.0.0.5");
	assert_int_equal(port, 80);
	assert_string_equal(path, "/onvif/media");
	assert_int_equal(http_url_parse("http://[fe80::1]:8080", host, 64,
			     &port, path, 64),
	    OK);
	assert_string_equal(host, "[fe80::1]");
	assert_int_equal(port, 8080);
	assert_string_equal(path, "/");
	assert_int_equal(http_url_parse("http://u:p@10.0.0.5/", host, 64, &port,
			     path, 64),
	    ERR_FORMAT);
	assert_int_equal(http_url_parse("http://10.0.0.5/a\r\nX: y", host, 64,
			     &port, path, 64),
	    ERR_FORMAT);
	assert_int_equal(http_url_parse("http://10.0.0.5:99999/", host, 64,
			     &port, path, 64),
	    ERR_FORMAT);
	assert_int_equal(http_url_parse("https://10.0.0.5/", host, 64, &port,
			     path, 64),
	    ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_ends_as_rfc_9112_says),
	    cmocka_unit_test(chunks_are_joined),
	    cmocka_unit_test(what_is_no_http_is_refused),
	    cmocka_unit_test(addresses_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
