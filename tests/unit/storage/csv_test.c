#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/csv.h"

static struct csv c;

static void begin(const char *s)
{
	csv_begin(&c, s, strlen(s));
}

static void check(unsigned line, size_t n, const char *last)
{
	assert_int_equal(csv_next(&c), OK);
	assert_int_equal(c.line, line);
	assert_int_equal(c.fields, n);
	assert_string_equal(c.field[n - 1], last);
}

static void records_are_those_of_rfc_4180(void **state)
{
	(void)state;
	begin("\xef\xbb\xbf"
	      "a,b,c\r\n1,\"x, \"\"y\"\"\nz\",\r\n\r\n7");
	check(1, 3, "c");
	check(2, 3, "");
	assert_string_equal(c.field[1], "x, \"y\"\nz");
	check(5, 1, "7");
	assert_int_equal(csv_next(&c), ERR_NOT_FOUND);
}

static void a_broken_record_does_not_take_the_next_along(void **state)
{
	(void)state;
	begin("a\"b,c\n\"x\"y,z\nfine,1\n\"open");
	assert_int_equal(csv_next(&c), ERR_FORMAT);
	assert_int_equal(csv_next(&c), ERR_FORMAT);
	check(3, 2, "1");
	assert_int_equal(csv_next(&c), ERR_FORMAT);
	assert_int_equal(csv_next(&c), ERR_NOT_FOUND);
}

static void too_many_and_too_long_are_refused(void **state)
{
	static char text[2 * CSV_RECORD_MAX];

	(void)state;
	memset(text, ',', CSV_FIELDS_MAX);
	strcpy(text + CSV_FIELDS_MAX, "\nok\n");
	begin(text);
	assert_int_equal(csv_next(&c), ERR_FORMAT);
	check(2, 1, "ok");
	memset(text, 'a', CSV_RECORD_MAX);
	strcpy(text + CSV_RECORD_MAX, "\nok");
	begin(text);
	assert_int_equal(csv_next(&c), ERR_FORMAT);
	check(2, 1, "ok");
}

static void another_separator_may_be_set(void **state)
{
	(void)state;
	begin("a;\"b;c\";1,5\n");
	c.separator = ';';
	check(1, 3, "1,5");
	assert_string_equal(c.field[1], "b;c");
}

static void formulas_are_made_harmless_and_come_back(void **state)
{
	static const char *const cells[] = {"=1+1", "+7", "-x", "@SUM(A1)",
	    "\tx", "plain", "it's", "'", "a\"b,c", ""};
	char text[512] = "";

	(void)state;
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(csv_put(text, sizeof(text), !i, cells[i]), OK);
	assert_null(strstr(text, "\"="));
	assert_non_null(strstr(text, "\"'=1+1\""));
	begin(text);
	assert_int_equal(csv_next(&c), OK);
	for (size_t i = 0; i < 10; i++)
		assert_string_equal(c.field[i], cells[i]);
	assert_int_equal(csv_put(text, 40, false, "x"), ERR_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_those_of_rfc_4180),
	    cmocka_unit_test(a_broken_record_does_not_take_the_next_along),
	    cmocka_unit_test(too_many_and_too_long_are_refused),
	    cmocka_unit_test(another_separator_may_be_set),
	    cmocka_unit_test(formulas_are_made_harmless_and_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
