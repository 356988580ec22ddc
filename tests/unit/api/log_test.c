/* What a line of the log is of: a field of the journal's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "storage/api/log.h"

static struct {
	char text[80], field[16], of[LOG_OF_MAX];
	int priority;
	bool takes;
} seen;

static bool take(int priority, const char *program, const char *text,
    const char *field, const char *of)
{
	assert_string_equal(program, "saqta-test");
	seen.priority = priority;
	strncpy(seen.text, text, sizeof(seen.text) - 1);
	strncpy(seen.field, field ? field : "", sizeof(seen.field) - 1);
	strncpy(seen.of, of, sizeof(seen.of) - 1);
	return seen.takes;
}

static void a_line_of_a_camera_or_volume_says_so(void **state)
{
	static const struct {
		const char *text, *field, *of;
	} lines[] = {
	    {"camera atm0417-face: a gap begins: network", "SAQTA_CAMERA",
		"atm0417-face"},
	    {"camera cam1, 2026-11-22: 4 segments were erased", "SAQTA_CAMERA",
		"cam1"},
	    {"ALARM: camera cam1: segment 7 is missing", "SAQTA_CAMERA",
		"cam1"},
	    {"volume 1 at /srv/saqta/1 is away", "SAQTA_VOLUME", "1"},
	    {"volume 12: the keyring was not copied", "SAQTA_VOLUME", "12"},
	};
	char of[LOG_OF_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_string_equal(log_of(lines[i].text, of), lines[i].field);
		assert_string_equal(of, lines[i].of);
	}
}

static void other_lines_are_of_nothing(void **state)
{
	static const char *const lines[] = {"", "camera ", "camera : x",
	    "camera Cam1: x", "camera cam1", "cameras cam1: x",
	    "a camera cam1: x", "volumes", "volume \n1",
	    "camera 01234567890123456789012345678901234567890: x"};
	char of[LOG_OF_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_null(log_of(lines[i], of));
}

static void lines_go_through_the_journal_with_their_field(void **state)
{
	(void)state;
	log_name("saqta-test");
	log_journal(take);
	seen.takes = true;
	log_warn("camera %s: a gap\nbegins", "cam1");
	assert_int_equal(seen.priority, 4);
	assert_string_equal(seen.text, "camera cam1: a gap begins");
	assert_string_equal(seen.field, "SAQTA_CAMERA");
	assert_string_equal(seen.of, "cam1");
	log_info("ready");
	assert_string_equal(seen.field, "");
	log_journal(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_of_a_camera_or_volume_says_so),
	    cmocka_unit_test(other_lines_are_of_nothing),
	    cmocka_unit_test(lines_go_through_the_journal_with_their_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
