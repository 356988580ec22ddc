#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/args.h"

static void a_pattern_takes_ids_and_numbers(void **state)
{
	struct args a;

	(void)state;
	assert_true(args_match("/media/%r/%c/%n/%n",
	    "/media/REQ-2026-00031/atm-0417-1/12/0", &a));
	assert_string_equal(a.request, "REQ-2026-00031");
	assert_string_equal(a.camera, "atm-0417-1");
	assert_int_equal(a.number_n, 2);
	assert_int_equal(a.number[0], 12);
	assert_int_equal(a.number[1], 0);
	assert_true(args_match("/media/%r/%c/run%n.mp4", "/media/R/c/run17.mp4",
	    &a));
	assert_int_equal(a.number[0], 17);
	assert_true(args_match("/watch/%*", "/watch/a/b", &a));
}

static void what_does_not_fit_whole_does_not_match(void **state)
{
	static const char *const pairs[][2] = {{"/a", "/a/"}, {"/a", "/"},
	    {"/a", ""}, {"/a/%n", "/a/"}, {"/a/%n", "/a/1x"},
	    {"/a/%n", "/a/01"}, {"/a/%n", "/a/-1"},
	    {"/a/%n", "/a/10000000000000000000"}, {"/a/%r", "/a/req"},
	    {"/a/%r", "/a/R/"}, {"/a/%r", "/a/R_1"}, {"/a/%c", "/a/-x"},
	    {"/a/%c", "/a/Cam"}, {"/watch/%*", "/watch/"},
	    {"/a/%c", "/a/ccccccccccccccccccccccccccccccccc"},
	    {"/a/%r", "/a/RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR"}};
	struct args a = {.number_n = 9};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_false(args_match(pairs[i][0], pairs[i][1], &a));
	assert_int_equal(a.number_n, 9);
}

static void a_camera_id_is_as_storage_defines_it(void **state)
{
	(void)state;
	assert_true(args_is_camera("0", 1));
	assert_true(args_is_camera("abcdefghijklmnopqrstuvwxyz012345", 32));
	assert_false(args_is_camera("abcdefghijklmnopqrstuvwxyz0123456", 33));
	assert_false(args_is_camera("", 0));
	assert_false(args_is_camera("a.b", 3));
	assert_false(args_is_camera("a\0b", 3));
}

static void a_path_has_nothing_to_decode_and_no_way_up(void **state)
{
	static const char *const bad[] = {"", "a", "/%2e", "/a b", "/..",
	    "/a/../b", "//a", "/a//b", "/a\\b", "/a?b", "/a;b", "/\xd0\xb0"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(args_is_path(bad[i], strlen(bad[i])));
	assert_false(args_is_path("/a\0b", 4));
	assert_true(args_is_path("/", 1));
	assert_true(args_is_path("/pages/find_1.min.js", 20));
	assert_true(args_is_path("/a.", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pattern_takes_ids_and_numbers),
	    cmocka_unit_test(what_does_not_fit_whole_does_not_match),
	    cmocka_unit_test(a_camera_id_is_as_storage_defines_it),
	    cmocka_unit_test(a_path_has_nothing_to_decode_and_no_way_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
