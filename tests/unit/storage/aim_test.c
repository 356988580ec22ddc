#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/aim.h"

#define START (500 * NS_PER_SEC)
#define MINUTE (60 * NS_PER_SEC)

static struct mono at(int64_t ns)
{
	return (struct mono){START + ns};
}

static void P6_who_never_hung_up_a_camera_does_not_look(void **state)
{
	struct aim a = {0};

	(void)state;
	assert_false(aim_is_open(&a, at(0)));
	assert_false(aim_is_open(&a, (struct mono){0}));
}

static void P6_a_look_ends_after_ten_minutes_to_the_nanosecond(void **state)
{
	struct aim a = {0};

	(void)state;
	aim_open(&a, at(0), 600, 17);
	assert_int_equal(a.because, 17);
	assert_true(aim_is_open(&a, at(0)));
	assert_true(aim_is_open(&a, at(10 * MINUTE - 1)));
	assert_false(aim_is_open(&a, at(10 * MINUTE)));
	aim_close(&a);
	assert_false(aim_is_open(&a, at(0)));
}

static void P6_no_configuration_makes_it_longer(void **state)
{
	struct aim a = {0};

	(void)state;
	aim_open(&a, at(0), 86400, 1);
	assert_false(aim_is_open(&a, at(10 * MINUTE)));
	aim_open(&a, at(0), 5, 1);
	assert_false(aim_is_open(&a, at(5 * NS_PER_SEC)));
}

static void P6_a_camera_replaced_by_itself_is_no_new_device(void **state)
{
	static const char url[] = "rtsp://10.0.0.5:554/live/1";

	(void)state;
	assert_false(aim_is_new_device(url, "M1 s/n 17", url, "M1 s/n 17"));
	/* another path, port or case of the host is the same device */
	assert_false(aim_is_new_device(url, "", "rtsp://10.0.0.5/x?y=1", ""));
	assert_false(aim_is_new_device("rtsp://CAM.bank/a", "",
	    "rtsp://cam.bank:8554", ""));
	assert_false(aim_is_new_device("rtsp://[fd00::5]/a", "",
	    "rtsp://[fd00::5]:554/b", ""));
}

static void another_host_or_description_is_a_new_device(void **state)
{
	(void)state;
	assert_true(aim_is_new_device("rtsp://10.0.0.5/a", "M1",
	    "rtsp://10.0.0.6/a", "M1"));
	assert_true(aim_is_new_device("rtsp://10.0.0.5/a", "M1 s/n 17",
	    "rtsp://10.0.0.5/a", "M1 s/n 18"));
	assert_true(aim_is_new_device("rtsp://[fd00::5]/a", "",
	    "rtsp://[fd00::6]/a", ""));
	assert_true(aim_is_new_device("", "", "rtsp://10.0.0.5/a", "M1"));
}

/* The markers are those of ITU-T T.81, table B.1. */
static void only_what_begins_and_ends_as_a_jpeg_is_one(void **state)
{
	static const unsigned char jpeg[] = {
	    0xff, 0xd8, 0xff, 0xdb, 0, 0xff, 0xd9};
	static const char html[] = "<script>alert(1)</script>";

	(void)state;
	assert_true(aim_is_jpeg(jpeg, sizeof(jpeg)));
	assert_false(aim_is_jpeg(jpeg, sizeof(jpeg) - 1));
	assert_false(aim_is_jpeg(jpeg + 1, sizeof(jpeg) - 1));
	assert_false(aim_is_jpeg(jpeg, 4));
	assert_false(aim_is_jpeg(jpeg, 0));
	assert_false(aim_is_jpeg(html, sizeof(html)));
}

static void the_keypad_is_in_one_of_three_places_or_nobody_said(void **state)
{
	(void)state;
	assert_int_equal(keypad_of("outside"), KEYPAD_OUTSIDE);
	assert_int_equal(keypad_of("masked"), KEYPAD_MASKED);
	assert_int_equal(keypad_of("visible"), KEYPAD_VISIBLE);
	assert_int_equal(keypad_of("unknown"), KEYPAD_UNKNOWN);
	assert_int_equal(keypad_of(""), KEYPAD_UNKNOWN);
	assert_string_equal(keypad_name(KEYPAD_MASKED), "masked");
	assert_string_equal(keypad_name(KEYPAD_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P6_who_never_hung_up_a_camera_does_not_look),
	    cmocka_unit_test(
		P6_a_look_ends_after_ten_minutes_to_the_nanosecond),
	    cmocka_unit_test(P6_no_configuration_makes_it_longer),
	    cmocka_unit_test(P6_a_camera_replaced_by_itself_is_no_new_device),
	    cmocka_unit_test(another_host_or_description_is_a_new_device),
	    cmocka_unit_test(only_what_begins_and_ends_as_a_jpeg_is_one),
	    cmocka_unit_test(
		the_keypad_is_in_one_of_three_places_or_nobody_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
