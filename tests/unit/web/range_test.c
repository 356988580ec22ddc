#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/range.h"

static void check(const char *value, uint64_t size, uint64_t from, uint64_t n)
{
	struct range r;

	assert_int_equal(range_parse(value, size, &r), OK);
	assert_true(r.partial);
	assert_int_equal(r.from, from);
	assert_int_equal(r.n, n);
}

static void check_whole(const char *value)
{
	struct range r;

	assert_int_equal(range_parse(value, 10000, &r), OK);
	assert_false(r.partial);
	assert_int_equal(r.from, 0);
	assert_int_equal(r.n, 10000);
}

/* RFC 9110, 14.1.2, for a representation of 10000 bytes. */
static void the_examples_of_rfc_9110(void **state)
{
	(void)state;
	check("bytes=0-499", 10000, 0, 500);
	check("bytes=500-999", 10000, 500, 500);
	check("bytes=-500", 10000, 9500, 500);
	check("bytes=9500-", 10000, 9500, 500);
	check("bytes=0-0", 10000, 0, 1);
	check_whole("bytes=0-0,-1");
	check_whole("bytes= 0-999, 4500-5499, -1000");
	check_whole("bytes=500-600,601-999");
}

static void what_reaches_beyond_the_end_is_cut(void **state)
{
	(void)state;
	check("bytes=9999-", 10000, 9999, 1);
	check("bytes=0-10000", 10000, 0, 10000);
	check("bytes=5-18446744073709551615", 10000, 5, 9995);
	check("bytes=5-99999999999999999999999", 10000, 5, 9995);
	check("bytes=-10001", 10000, 0, 10000);
	check("bytes=-99999999999999999999999", 10000, 0, 10000);
	check("bytes=0-", UINT64_MAX, 0, UINT64_MAX);
}

static void a_range_of_nothing_is_416(void **state)
{
	static const char *const values[] = {"bytes=10000-",
	    "bytes=10000-20000", "bytes=-0", "bytes=18446744073709551616-",
	    "bytes=18446744073709551615-"};
	struct range r = {.from = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(range_parse(values[i], 10000, &r), ERR_RANGE);
	assert_int_equal(range_parse("bytes=0-", 0, &r), ERR_RANGE);
	assert_int_equal(range_parse("bytes=-1", 0, &r), ERR_RANGE);
	assert_int_equal(r.from, 77);
}

static void a_malformed_range_is_refused(void **state)
{
	static const char *const values[] = {"bytes=", "bytes=,",
	    "bytes= ", "bytes=-", "bytes=a", "bytes=1", "bytes=1-a",
	    "bytes=+1-2", "bytes=2-1", "bytes=1--2", "bytes=--2", "bytes=1-2-3",
	    "bytes=1-2 3-4", "bytes=1-2,x", "bytes=1-2;", "bytes=0x1-0x2",
	    "bytes=1.0-2"};
	struct range r;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(range_parse(values[i], 10000, &r),
		    ERR_BAD_MESSAGE);
}

static void no_range_and_other_units_are_the_whole(void **state)
{
	(void)state;
	check_whole(NULL);
	check_whole("");
	check_whole("lines=1-2");
	check_whole("bytes");
	check_whole("bytes 0-1");
}

static void list_elements_may_be_empty_and_have_space(void **state)
{
	(void)state;
	check(" bytes=\t5-9 ", 10000, 5, 5);
	check("BYTES=,,5-9, ,", 10000, 5, 5);
}

static void if_range_counts_with_the_exact_tag_only(void **state)
{
	(void)state;
	assert_true(range_if(NULL, "\"a\""));
	assert_true(range_if("\"a\"", "\"a\""));
	assert_false(range_if("W/\"a\"", "\"a\""));
	assert_false(range_if("\"b\"", "\"a\""));
	assert_false(range_if("Sun, 22 Nov 2026 09:15:07 GMT", "\"a\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_examples_of_rfc_9110),
	    cmocka_unit_test(what_reaches_beyond_the_end_is_cut),
	    cmocka_unit_test(a_range_of_nothing_is_416),
	    cmocka_unit_test(a_malformed_range_is_refused),
	    cmocka_unit_test(no_range_and_other_units_are_the_whole),
	    cmocka_unit_test(list_elements_may_be_empty_and_have_space),
	    cmocka_unit_test(if_range_counts_with_the_exact_tag_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
