#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/onvif.h"

static enum err take(enum onvif_ask ask, const char *s, struct onvif_device *d)
{
	return onvif_answer(ask, s, strlen(s), d, 0);
}

static void texts_in_questions_are_escaped(void **state)
{
	struct onvif_token t = {.user = "a<b&c",
	    .digest = "D",
	    .nonce = "N",
	    .created = "2026-11-22T09:15:07Z"};
	char buf[4096];

	(void)state;
	assert_int_equal(onvif_request(ONVIF_URI, "p<1>", &t, buf, sizeof(buf)),
	    OK);
	assert_non_null(strstr(buf, "<Username>a&lt;b&amp;c</Username>"));
	assert_non_null(strstr(buf, "<ProfileToken>p&lt;1&gt;</ProfileToken>"));
	assert_int_equal(onvif_request(ONVIF_CLOCK, NULL, NULL, buf, 64),
	    ERR_TOO_LARGE);
}

static void a_document_type_is_refused(void **state)
{
	struct onvif_device d = {0};

	(void)state;
	assert_int_equal(take(ONVIF_DEVICE,
			     "<!DOCTYPE a><a><Model>x</Model></a>", &d),
	    ERR_FORMAT);
	assert_int_equal(take(ONVIF_DEVICE,
			     "<!DOCTYPE a [<!ENTITY e 'x'>]><a><Model>&e;"
			     "</Model></a>",
			     &d),
	    ERR_FORMAT);
	assert_string_equal(d.model, "");
}

static void depth_and_length_have_limits(void **state)
{
	static char buf[300 << 10];
	struct onvif_device d = {0};

	(void)state;
	for (size_t i = 0; i < 33; i++) {
		memcpy(buf + 3 * i, "<a>", 3);
		memcpy(buf + 99 + 4 * i, "</a>", 4);
	}
	assert_int_equal(onvif_answer(ONVIF_DEVICE, buf, 231, &d, 0),
	    ERR_FORMAT);
	assert_int_equal(onvif_answer(ONVIF_DEVICE, buf + 3, 224, &d, 0), OK);
	memset(buf, ' ', sizeof(buf));
	memcpy(buf, "<a>", 3);
	memcpy(buf + sizeof(buf) - 4, "</a>", 4);
	assert_int_equal(onvif_answer(ONVIF_DEVICE, buf, sizeof(buf), &d, 0),
	    ERR_FORMAT);
}

static void long_texts_are_cut_between_characters(void **state)
{
	struct onvif_device d = {0};
	char doc[512] = "<a><Model>";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(doc, "\xd0\x96");
	strcat(doc, "</Model></a>");
	assert_int_equal(take(ONVIF_DEVICE, doc, &d), OK);
	assert_int_equal(strlen(d.model), 62);
}

static void faults_are_told_apart(void **state)
{
	struct onvif_device d = {0};

	(void)state;
	assert_int_equal(take(ONVIF_DEVICE,
			     "<E><Fault><Code><Value>ter:NotAuthorized"
			     "</Value></Code></Fault></E>",
			     &d),
	    ERR_PASSWORD);
	assert_int_equal(take(ONVIF_DEVICE,
			     "<E><Fault><Code><Value>ter:ActionNotSupported"
			     "</Value></Code></Fault></E>",
			     &d),
	    ERR_UNSUPPORTED);
}

static void a_date_that_is_none_is_no_clock(void **state)
{
	static const char doc[] =
	    "<E><UTCDateTime><Time><Hour>9</Hour><Minute>15</Minute>"
	    "<Second>7</Second></Time><Date><Year>%s</Year><Month>11</Month>"
	    "<Day>22</Day></Date></UTCDateTime></E>";
	struct onvif_device d = {0};
	char buf[512], text[32];

	(void)state;
	snprintf(buf, sizeof(buf), doc, "2026");
	assert_int_equal(take(ONVIF_CLOCK, buf, &d), OK);
	onvif_time(d.clock_s, text);
	assert_string_equal(text, "2026-11-22T09:15:07Z");
	d.clock_s = 0;
	snprintf(buf, sizeof(buf), doc, "-5");
	assert_int_equal(take(ONVIF_CLOCK, buf, &d), OK);
	assert_int_equal(d.clock_s, 0);
}

static void more_profiles_than_are_kept_change_none(void **state)
{
	struct onvif_device d = {0};
	char doc[2048] = "<E>";

	(void)state;
	for (int i = 0; i < 6; i++)
		sprintf(doc + strlen(doc),
		    "<Profiles token=\"t%d\"><Name>n%d</Name></Profiles>", i,
		    i);
	strcat(doc, "</E>");
	assert_int_equal(take(ONVIF_PROFILES, doc, &d), OK);
	assert_int_equal(d.profiles, 4);
	assert_string_equal(d.profile[3].name, "n3");
}

static void a_search_answer_needs_an_http_address(void **state)
{
	static const char match[] =
	    "<E><ProbeMatch><XAddrs>%s</XAddrs></ProbeMatch></E>";
	struct onvif_found f;
	char doc[256];

	(void)state;
	sprintf(doc, match, "https://10.0.0.5/x http://10.0.0.5/y");
	assert_int_equal(onvif_probe_match(doc, strlen(doc), &f), OK);
	assert_string_equal(f.xaddr, "http://10.0.0.5/y");
	sprintf(doc, match, "https://10.0.0.5/x");
	assert_int_equal(onvif_probe_match(doc, strlen(doc), &f), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_in_questions_are_escaped),
	    cmocka_unit_test(a_document_type_is_refused),
	    cmocka_unit_test(depth_and_length_have_limits),
	    cmocka_unit_test(long_texts_are_cut_between_characters),
	    cmocka_unit_test(faults_are_told_apart),
	    cmocka_unit_test(a_date_that_is_none_is_no_clock),
	    cmocka_unit_test(more_profiles_than_are_kept_change_none),
	    cmocka_unit_test(a_search_answer_needs_an_http_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
