#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/storage/ej_journal.h"

/* An event whose reference is the number of the line, where it was read. */
static const char rules[] =
    "stamp ^(?<day>1)(?<month>1)(?<year>26)(?<hour>1)(?<minute>2)\n"
    "event kind=other "
    "^[\xd0\x96\xd2\x9b\xd0\xb6]+ (?<reference>\\w+)$\n";

static struct read *text(const char *encoding, const char *p, size_t n)
{
	char all[8192] = "112612\n";
	size_t head = strlen(all);

	memcpy(all + head, p, n);
	return journal_read(rules, strlen(rules), encoding, "0417", all,
	    head + n, 64);
}

static void each_encoding_is_read_as_what_it_is(void **state)
{
	(void)state;
	assert_int_equal(text("utf-8", "\xd0\x96 a1\n", 6)->n, 1);
	assert_int_equal(text("", "\xd2\x9b a1\n", 6)->n, 1);	/* Kazakh */
	assert_int_equal(text("cp1251", "\xc6 a1\n", 5)->n, 1);
	assert_int_equal(text("cp866", "\x86 a1\n", 5)->n, 1);
	assert_int_equal(text("CP866", "\x86 a1", 4)->n, 1);	/* no LF */
	assert_int_equal(text("cp866", "\xc6 a1\n", 5)->n, 0);
}

static void a_line_of_another_encoding_is_told_and_passed_over(void **state)
{
	const struct read *r = text("utf-8", "\xc6 a1\n\xd0\x96 a2\n", 11);

	(void)state;
	assert_int_equal(r->n, 1);
	assert_string_equal(r->t[0].reference, "a2");
	assert_int_equal(r->said_n, 1);
	assert_string_equal(r->said[0],
	    "2 it is not of this encoding, and was passed over");
}

static void what_is_no_text_or_too_long_is_told(void **state)
{
	static char p[6000];
	const struct read *r;

	(void)state;
	memset(p, 'x', sizeof(p));
	memcpy(p + 4500, "\n\0z\n\xd0\x96 a3\n", 10);
	r = text("utf-8", p, 4510);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->said_n, 2);
	assert_string_equal(r->said[0],
	    "2 it is longer than 4096 bytes, and was passed over");
	assert_string_equal(r->said[1], "3 it is no text, and was passed over");
}

static void what_printers_are_told_is_blank(void **state)
{
	static const char p[] = "\x1b[020t\x1b(1\xd0\x96 a1\x0c\r\n";
	static const char own[] = "stamp ^(?<day>1)(?<month>1)(?<year>26)"
				  "(?<hour>1)(?<minute>2)\n"
				  "event kind=other ^ +\\w a1$\n";
	char all[64] = "112612\n";

	(void)state;
	strcat(all, p);
	assert_int_equal(journal_read(own, strlen(own), "", "0417", all,
			     strlen(all), 64)
			     ->n,
	    1);
}

static void only_three_encodings_are_known(void **state)
{
	struct ej_sink sink = {read_event, read_complaint, NULL};
	struct ej_text *t;

	(void)state;
	assert_int_equal(ej_text_new("utf-16", NULL, &sink, &t), ERR_NOT_FOUND);
	assert_int_equal(ej_text_new("../x", NULL, &sink, &t), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_encoding_is_read_as_what_it_is),
	    cmocka_unit_test(
		a_line_of_another_encoding_is_told_and_passed_over),
	    cmocka_unit_test(what_is_no_text_or_too_long_is_told),
	    cmocka_unit_test(what_printers_are_told_is_blank),
	    cmocka_unit_test(only_three_encodings_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
