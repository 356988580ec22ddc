/* What a detail of storage's is called in the three languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "alert/json.h"

static const char *const languages[] = {"en", "ru", "kk"};

static int open_texts(void **state)
{
	return texts_open("alert/text.json", (struct texts **)state) != OK;
}

static int close_texts(void **state)
{
	texts_close(*state);
	return 0;
}

static const char *said(void **state, const char *language, const char *kind,
    const char *detail)
{
	static char s[512];
	struct incident i = {.n = -1};

	snprintf(i.kind, sizeof(i.kind), "%s", kind);
	snprintf(i.detail, sizeof(i.detail), "%s", detail);
	return texts_sentence(*state, language, &i, s, sizeof(s));
}

static void a_clock_without_a_source_has_none_not_an_unknown_cause(void **state)
{
	assert_string_equal(said(state, "en", "clock-free", "none"),
	    "The clock is not synchronised (source: none)");
	assert_string_equal(said(state, "en", "clock-free", ""),
	    "The clock is not synchronised (source: unknown)");
	assert_string_equal(said(state, "en", "clock-free", "ntp.bank.example"),
	    "The clock is not synchronised (source: ntp.bank.example)");
}

static void a_camera_is_down_by_its_cause(void **state)
{
	assert_string_equal(said(state, "en", "camera-down", "password"),
	    "Camera  is not recording: camera refused user or password");
}

/* fault_name() and err_name() of storage: codes, which no person reads. */
static void no_code_of_a_disk_is_left_in_a_sentence(void **state)
{
	static const char *const codes[][2] = {{"disk-errors", "write"},
	    {"disk-errors", "sync"}, {"disk-errors", "read"},
	    {"disk-errors", "ledger"}, {"erasure-failed", "integrity"},
	    {"erasure-failed", "disk"}, {"erasure-failed", "volume-away"}};
	char code[64];

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		for (size_t l = 0; l < 3; l++) {
			const char *s =
			    said(state, languages[l], codes[i][0], codes[i][1]);

			snprintf(code, sizeof(code), "(%s)", codes[i][1]);
			assert_null(strstr(s, code));
			snprintf(code, sizeof(code), ": %s", codes[i][1]);
			assert_true(strlen(s) < strlen(code) ||
			    strcmp(s + strlen(s) - strlen(code), code));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_clock_without_a_source_has_none_not_an_unknown_cause),
	    cmocka_unit_test(a_camera_is_down_by_its_cause),
	    cmocka_unit_test(no_code_of_a_disk_is_left_in_a_sentence),
	};

	return cmocka_run_group_tests(tests, open_texts, close_texts);
}
