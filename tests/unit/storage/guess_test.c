#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "storage/guess.h"
#include "storage/people.h"

static bool soon(const char *s)
{
	return guess_is_soon(s, "aigul", "Aigul Sarsenova");
}

/* Of ten and more characters, from the top of lists of leaked ones. */
static void common_passwords_are_guessed_soon(void **state)
{
	static const char *const common[] = {"1234567890", "qwertyuiop",
	    "password12", "Password123", "password123!", "football12",
	    "1q2w3e4r5t", "iloveyou12", "basketball", "sunshine12",
	    "aaaaaaaaaaaa", "abcdefghij", "princess12", "liverpool1",
	    "1234512345", "qwerty123456", "superman12", "0987654321",
	    "Qazwsxedc123", "Summer2026!", "15.03.1987", "passwordpassword"};

	(void)state;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (!soon(common[i]))
			fail_msg("%s", common[i]);
}

static void words_of_the_site_and_ones_own_names_count_as_known(void **state)
{
	static const char *const known[] = {"saqta-bank-2026", "Saqta12345",
	    "custodian1", "aigul-sarsenova", "Sarsenova2026", "AigulAigul1"};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!soon(known[i]))
			fail_msg("%s", known[i]);
	assert_true(guess_is_soon("marat-2026-marat", "marat", "M"));
	assert_true(guess_is_soon("\u041e\u0441\u043f\u0430\u043d\u043e\u0432"
				  "\u04302026",
	    "zh",
	    "\u0416\u0430\u043d\u043d\u0430 "
	    "\u041e\u0441\u043f\u0430\u043d\u043e\u0432\u0430"));
}

static void cyrillic_is_taken_as_the_keys_that_are_pressed(void **state)
{
	(void)state;
	assert_true(soon("\u0439\u0446\u0443\u043a\u0435\u043d\u0433\u0448"
			 "\u0449\u0437"));
	assert_true(soon("\u041f\u0430\u0440\u043e\u043b\u044c1234"));
	assert_true(soon("\u043f\u0430\u0440\u043e\u043b\u044c"));
	assert_false(soon("\u0442\u04b1\u043b\u043f\u0430\u0440, "
			  "\u049b\u044b\u043c\u044b\u0437 "
			  "\u0436\u04d9\u043d\u0435 7 "
			  "\u0436\u04b1\u043b\u0434\u044b\u0437"));
}

static void others_are_not(void **state)
{
	static char longest[PASSWORD_MAX + 1];

	(void)state;
	assert_false(soon("correct horse battery"));
	assert_false(soon("kX8vq2LmPw"));
	assert_false(soon("eleven grey mountains"));
	for (int i = 0; i < PASSWORD_MAX; i++)
		longest[i] = (char)('!' + i * 37 % 90);
	assert_false(soon(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(common_passwords_are_guessed_soon),
	    cmocka_unit_test(
		words_of_the_site_and_ones_own_names_count_as_known),
	    cmocka_unit_test(cyrillic_is_taken_as_the_keys_that_are_pressed),
	    cmocka_unit_test(others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
