#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "storage/ej_rules.h"

static struct ej_rules *fine(const char *text)
{
	struct ej_rules *r = NULL;
	char why[256] = "";

	if (ej_rules_parse(text, strlen(text), &r, why, sizeof(why)))
		fail_msg("%s", why);
	return r;
}

static void refused(const char *text, const char *want)
{
	struct ej_rules *r = NULL;
	char why[256] = "";

	assert_int_equal(ej_rules_parse(text, strlen(text), &r, why,
			     sizeof(why)),
	    ERR_CONFIG);
	if (!strstr(why, want))
		fail_msg("\"%s\" does not say \"%s\"", why, want);
}

static void a_rule_that_is_wrong_is_named_by_its_line(void **state)
{
	(void)state;
	refused("# fine\n\nbegin x\n", "line 3: there is no such rule");
	refused("start\n", "line 1: the expression is missing");
	refused("start (\n", "line 1: missing closing parenthesis");
	refused("start (?<colour>x)\n", "line 1: there is no such field");
	refused("field kind=robbery x\n", "the field has no such value");
	refused("value kind robbery x\n", "the field has no such value");
	refused("format xml\n", "format is lines or csv");
	refused("separator ab\n", "one character");
	refused("column time\n", "the text is missing");
	refused("field a=b\n", "there is no such field");
}

static void groups_and_set_fields_are_found(void **state)
{
	struct ej_rules *r = fine("field kind=deposit cash=taken "
				  "(?<hour>\\d\\d)h (?<check_method>\\w+)\n");
	struct ej_found f;

	(void)state;
	assert_int_equal(ej_rules_count(r), 1);
	assert_int_equal(ej_rules_act(r, 0), EJ_FIELD);
	assert_false(ej_rules_match(r, 0, "12 x", 4, &f));
	assert_true(ej_rules_match(r, 0, "at 12h mobile", 13, &f));
	assert_memory_equal(f.field[EJ_HOUR].at, "12", f.field[EJ_HOUR].n);
	assert_int_equal(f.field[EJ_CHECK_METHOD].n, 6);
	assert_memory_equal(f.field[EJ_KIND].at, "deposit", 7);
	assert_memory_equal(f.field[EJ_CASH].at, "taken", 5);
	assert_null(f.field[EJ_AMOUNT].at);
	ej_rules_free(r);
}

static void a_rule_that_would_take_too_long_does_not_match(void **state)
{
	struct ej_rules *r = fine("start ^(a+)+$\n");
	char line[4000];
	struct timespec from, to;
	struct ej_found f;

	(void)state;
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = 'b';
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_false(ej_rules_match(r, 0, line, sizeof(line), &f));
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_in_range(to.tv_sec - from.tv_sec, 0, 5);
	ej_rules_free(r);
}

static void columns_and_values_have_names(void **state)
{
	struct ej_rules *r = fine("format csv\nseparator tab\nencoding cp1251\n"
				  "currency USD\n"
				  "column amount Sum of it\n"
				  "value kind withdrawal Cash out\n");
	enum ej_name f;

	(void)state;
	assert_true(ej_rules_csv(r));
	assert_int_equal(ej_rules_separator(r), '\t');
	assert_string_equal(ej_rules_encoding(r), "cp1251");
	assert_string_equal(ej_rules_currency(r), "USD");
	assert_int_equal(ej_rules_column(r, "Sum of it", &f), OK);
	assert_int_equal(f, EJ_AMOUNT);
	assert_int_equal(ej_rules_column(r, "Sum", &f), ERR_NOT_FOUND);
	assert_string_equal(ej_rules_value(r, EJ_KIND, "Cash out"),
	    "withdrawal");
	assert_string_equal(ej_rules_value(r, EJ_KIND, "x"), "x");
	assert_string_equal(ej_rules_value(r, EJ_ATM, "Cash out"), "Cash out");
	ej_rules_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rule_that_is_wrong_is_named_by_its_line),
	    cmocka_unit_test(groups_and_set_fields_are_found),
	    cmocka_unit_test(a_rule_that_would_take_too_long_does_not_match),
	    cmocka_unit_test(columns_and_values_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
