#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/setup.h"

static const struct utc now = {1764154800 * NS_PER_SEC};

static struct setup fresh(char code[SETUP_CODE_TEXT])
{
	struct setup s = {.wrong = 7};

	setup_code_make(&s, now, code);
	return s;
}

static void a_code_is_new_each_time_and_is_not_kept(void **state)
{
	char a[SETUP_CODE_TEXT], b[SETUP_CODE_TEXT];
	struct setup s = fresh(a);

	(void)state;
	fresh(b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), SETUP_CODE_TEXT - 1);
	assert_int_equal(s.state, SETUP_CODE);
	assert_int_equal(s.wrong, 0);
	assert_null(memmem(&s, sizeof(s), a, 4));
}

static void it_is_taken_as_people_type_it(void **state)
{
	char code[SETUP_CODE_TEXT], typed[64] = " ", *at = typed + 1;
	struct setup s = fresh(code);

	(void)state;
	assert_int_equal(setup_code_check(&s, now, code), OK);
	for (const char *p = code; *p; p++) {
		*at++ = (char)(*p == '0' ? 'o' :
			*p == '1'	 ? 'l' :
			*p == '-'	 ? ' ' :
					   tolower((unsigned char)*p));
		*at = '\0';
	}
	assert_int_equal(setup_code_check(&s, now, typed), OK);
}

static void any_other_text_is_not_it(void **state)
{
	static const char *const wrong[] = {"", "-", "0000-0000-0000",
	    "UUUU-UUUU-UUUU", "0000-0000-00000", "0000-0000-000",
	    "\xd0\xb0\xd0\xb0"};
	char code[SETUP_CODE_TEXT];
	struct setup s = fresh(code);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(setup_code_check(&s, now, wrong[i]),
		    ERR_SETUP_CODE);
	code[0] = code[0] == '7' ? '8' : '7';
	assert_int_equal(setup_code_check(&s, now, code), ERR_SETUP_CODE);
}

static void a_code_ends_with_its_day_its_tries_and_its_use(void **state)
{
	char code[SETUP_CODE_TEXT];
	struct utc last = {now.ns + SETUP_CODE_NS - 1}, over = {last.ns + 1};
	struct setup s = fresh(code), used = s, none = {.state = SETUP_CODE};

	(void)state;
	assert_int_equal(setup_code_check(&s, last, code), OK);
	assert_int_equal(setup_code_check(&s, over, code), ERR_SETUP_ENDED);
	s.wrong = SETUP_TRIES;
	assert_int_equal(setup_code_check(&s, now, code), ERR_SETUP_ENDED);
	used.state = SETUP_STEPS;
	assert_int_equal(setup_code_check(&used, now, code), ERR_SETUP_ENDED);
	none.ends_ns = over.ns;
	assert_int_equal(setup_code_check(&none, now, code), ERR_SETUP_ENDED);
}

static void it_is_kept_in_the_index_and_missing_means_over(void **state)
{
	char dir[] = "/tmp/saqta-setup-XXXXXX", command[80];
	char code[SETUP_CODE_TEXT];
	struct setup s = fresh(code), read = s;
	struct index *ix = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(index_open(dir, false, &ix), OK);
	assert_int_equal(setup_get(ix, &read), OK);
	assert_int_equal(read.state, SETUP_OVER);
	s.wrong = 3;
	assert_int_equal(setup_put(ix, &s), OK);
	assert_int_equal(setup_get(ix, &read), OK);
	assert_int_equal(read.state, SETUP_CODE);
	assert_int_equal(read.wrong, 3);
	assert_int_equal(setup_code_check(&read, now, code), OK);
	assert_int_equal(index_setting_put(ix, "setup", "x", 1), OK);
	assert_int_equal(setup_get(ix, &read), ERR_FORMAT);
	index_close(ix);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_code_is_new_each_time_and_is_not_kept),
	    cmocka_unit_test(it_is_taken_as_people_type_it),
	    cmocka_unit_test(any_other_text_is_not_it),
	    cmocka_unit_test(a_code_ends_with_its_day_its_tries_and_its_use),
	    cmocka_unit_test(it_is_kept_in_the_index_and_missing_means_over),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
