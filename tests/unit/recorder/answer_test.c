#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/answer.h"

static void each_cause_of_a_camera_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(answer_error_name(CAUSE_PASSWORD), "password");
	assert_string_equal(answer_error_name(CAUSE_UNSUPPORTED),
	    "unsupported");
	assert_string_equal(answer_error_name(CAUSE_DISK_FULL), "internal");
	assert_string_equal(answer_error_name(CAUSE_MAX), "internal");
}

static void what_a_camera_says_cannot_break_the_json(void **state)
{
	char *s = answer_error("camera-error", "\"\\\n\x1b[31m", NULL);

	(void)state;
	assert_string_equal(s,
	    "{\"error\":\"camera-error\",\"message\":"
	    "\"\\\"\\\\\\n\\u001B[31m\",\"host\":null}");
	free(s);
	/* cut inside a character: the whole ones stay */
	s = answer_error("camera-error", "ab\xd0\x96\xd0", "answers");
	assert_string_equal(s,
	    "{\"error\":\"camera-error\",\"message\":\"ab\xd0\x96\","
	    "\"host\":\"answers\"}");
	free(s);
}

static void browsers_are_named_by_codec_and_profile(void **state)
{
	(void)state;
	assert_string_equal(answer_plays("h264", "High").firefox, "yes");
	assert_string_equal(answer_plays("h264", "High 10").chrome, "no");
	assert_string_equal(answer_plays("h264", "").chrome, "no");
	assert_string_equal(answer_plays("h265", "Main").chrome, "hardware");
	assert_string_equal(answer_plays("h265", "Main").firefox, "hardware");
	assert_string_equal(answer_plays("h265", "Rext").safari, "no");
}

static void what_was_not_measured_is_null(void **state)
{
	struct camera c;
	char *s;

	(void)state;
	memset(&c, 0, sizeof(c));
	strcpy(c.probed.codec, "h264");
	c.probed.frames = 1;
	c.probed.keys = 1;
	s = answer_probe(&c);
	assert_non_null(strstr(s, "\"fps\":null"));
	assert_non_null(strstr(s, "\"gop_s\":null"));
	assert_non_null(strstr(s, "\"clock_offset_ms\":null"));
	assert_non_null(strstr(s, "\"audio\":null"));
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_cause_of_a_camera_has_a_name),
	    cmocka_unit_test(what_a_camera_says_cannot_break_the_json),
	    cmocka_unit_test(browsers_are_named_by_codec_and_profile),
	    cmocka_unit_test(what_was_not_measured_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
