#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/json.h"

static void begin(struct json *j, const char *text)
{
	assert_int_equal(json_begin(j, text, strlen(text)), OK);
}

static void what_is_not_one_object_is_refused(void **state)
{
	static const char *const texts[] = {"", "[]", "1", "{", "{} x",
	    "{\"a\":1,\"a\":2}", "{a:1}", "{\"a\":\"\\u0000\"}",
	    "{\"a\":\"\xff\"}"};
	struct json j;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(json_begin(&j, texts[i], strlen(texts[i])),
		    ERR_BAD_MESSAGE);
		assert_int_not_equal(strlen(j.detail), 0);
		json_wipe(&j);
	}
	assert_int_equal(json_begin(&j, NULL, 0), ERR_BAD_MESSAGE);
	json_wipe(&j);
}

static void a_refusal_points_at_its_member(void **state)
{
	struct json_cameras c;
	struct json j;

	(void)state;
	begin(&j, "{\"s\":\"ab\",\"c\":[\"cam-1\",7]}");
	assert_string_equal(json_get_str(&j, "s", 1, 2), "ab");
	json_get_cameras(&j, "c", &c);
	assert_string_equal(json_get_str(&j, "missing", 0, 9), "");
	assert_int_equal(json_end(&j), ERR_INVALID);
	assert_string_equal(j.pointer, "/c/1");
	json_wipe(&j);

	begin(&j, "{\"s\":\"abc\"}");
	assert_string_equal(json_get_str(&j, "s", 1, 2), "");
	assert_int_equal(json_end(&j), ERR_INVALID);
	assert_string_equal(j.pointer, "/s");
	json_wipe(&j);
}

static void an_unknown_member_is_refused_with_its_escaped_name(void **state)
{
	struct json j;

	(void)state;
	begin(&j, "{\"s\":\"a\",\"x/~y\":1}");
	json_get_str(&j, "s", 1, 2);
	assert_int_equal(json_end(&j), ERR_INVALID);
	assert_string_equal(j.pointer, "/x~1~0y");
	json_wipe(&j);
}

/* 2026-11-22T09:15:07.32Z is 1795338907.32 (date -d). */
static void a_time_needs_its_offset(void **state)
{
	static const char *const bad[] = {"{\"t\":\"2026-11-22T14:15:07\"}",
	    "{\"t\":1795338907}", "{\"t\":\"\"}", "{\"t\":\"yesterday\"}"};
	struct json j;

	(void)state;
	begin(&j, "{\"t\":\"2026-11-22T14:15:07.320+05:00\"}");
	assert_true(json_get_time(&j, "t") == INT64_C(1795338907320000000));
	assert_int_equal(json_end(&j), OK);
	json_wipe(&j);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(&j, bad[i]);
		assert_true(json_get_time(&j, "t") == 0);
		assert_int_equal(json_end(&j), ERR_INVALID);
		assert_string_equal(j.pointer, "/t");
		json_wipe(&j);
	}
}

static void texts_are_JSON_whatever_stands_in_them(void **state)
{
	char *s = json_text("{s:s, s:s*}", "a", "\"\n\x01", "b", NULL);

	(void)state;
	assert_string_equal(s, "{\"a\":\"\\\"\\n\\u0001\"}");
	free(s);
}

static void what_is_secret_in_a_body_is_left_out(void **state)
{
	static const char *const same[] = {
	    "{\"a\":1,\"password\":\"x\",\"code\":\"123456\",\"b\":[2]}",
	    "{ \"b\": [2], \"code\": \"654321\", \"a\": 1 }"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *s = json_unsecret(same[i], strlen(same[i]));

		assert_string_equal(s, "{\"a\":1,\"b\":[2]}");
		free(s);
	}
	assert_null(json_unsecret("[]", 2));
	assert_null(json_unsecret(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_one_object_is_refused),
	    cmocka_unit_test(a_refusal_points_at_its_member),
	    cmocka_unit_test(
		an_unknown_member_is_refused_with_its_escaped_name),
	    cmocka_unit_test(a_time_needs_its_offset),
	    cmocka_unit_test(texts_are_JSON_whatever_stands_in_them),
	    cmocka_unit_test(what_is_secret_in_a_body_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
