#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/api/pan.h"

/*
 * Test numbers that the schemes publish for their gateways: Visa, Mastercard,
 * American Express, Discover, JCB, Diners, UnionPay of 19.
 */
static const char *const published[] = {"4111111111111111", "4012888888881881",
    "4222222222222", "5555555555554444", "2223003122003222", "378282246310005",
    "6011111111111117", "3530111333300000", "30569309025904",
    "6205500000000000004"};

static const char *cut(const char *text, unsigned *ret)
{
	static char buf[512];

	snprintf(buf, sizeof(buf), "%s", text);
	*ret = pan_cut(buf, strlen(buf));
	assert_int_equal(strlen(buf), strlen(text));
	return buf;
}

static void becomes(const char *text, unsigned cards, const char *result)
{
	unsigned n;

	assert_string_equal(cut(text, &n), result);
	assert_int_equal(n, cards);
}

static void stays(const char *text)
{
	becomes(text, 0, text);
	assert_false(pan_has(text, strlen(text)));
}

static void of_a_full_number_six_and_four_digits_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		const char *p = published[i];
		size_t n = strlen(p);
		char text[96], want[96], middle[24] = "";
		unsigned cards;

		memset(middle, '*', n - 10);
		snprintf(text, sizeof(text), "CARD %s, OK", p);
		snprintf(want, sizeof(want), "CARD %.6s%s%s, OK", p, middle,
		    p + n - 4);
		assert_true(pan_has(text, strlen(text)));
		assert_string_equal(cut(text, &cards), want);
		assert_int_equal(cards, 1);
	}
}

static void numbers_are_found_as_cards_show_them(void **state)
{
	(void)state;
	becomes("4111 1111 1111 1111", 1, "4111 11** **** 1111");
	becomes("4111-1111-1111-1111.", 1, "4111-11**-****-1111.");
	becomes("4111.1111.1111.1111", 1, "4111.11**.****.1111");
	becomes("3782 822463 10005", 1, "3782 82**** *0005");
	becomes("6205 5000 0000 0000 004", 1, "6205 50** **** ***0 004");
	becomes("4111\xc2\xa0"
		"1111\xc2\xa0"
		"1111\xc2\xa0"
		"1111",
	    1,
	    "4111\xc2\xa0"
	    "11**\xc2\xa0"
	    "****\xc2\xa0"
	    "1111");
	becomes("4111\xa0"
		"1111\xff"
		"1111\xa0"
		"1111",
	    1,
	    "4111\xa0"
	    "11**\xff"
	    "****\xa0"
	    "1111");
	becomes("a4111111111111111b 5555555555554444", 2,
	    "a411111******1111b 555555******4444");
	/* what stands before it is no part of it */
	becomes("7312 4111 1111 1111 1111", 1, "7312 4111 11** **** 1111");
}

static void what_stands_on_track_2_goes_with_it(void **state)
{
	(void)state;
	becomes(";4111111111111111=28121010000012300000?", 1,
	    ";411111******1111=********************?");
	becomes("4111111111111111D28121015432", 1,
	    "411111******1111D***********");
}

static void a_number_inside_a_longer_run_is_found(void **state)
{
	(void)state;
	/* ISO 8583 puts the length before it */
	becomes("164111111111111111", 1, "16411111******1111");
	becomes("00000000004111111111111111000000", 1,
	    "0000000000411111******1111000000");
}

static void what_is_no_full_number_stays(void **state)
{
	(void)state;
	stays("");
	stays("4111111111111112");	/* Luhn */
	stays("411111******1111");
	stays("411111XXXXXX1111");
	stays("20261122141507");	/* a moment that passes Luhn or not */
	for (unsigned i = 0; i < 60; i++) {
		char moment[24];

		snprintf(moment, sizeof(moment), "202611221415%02u", i);
		stays(moment);
		snprintf(moment, sizeof(moment), "202611221415%02u320", i);
		stays(moment);
	}
	stays("632714150001");	/* a reference number: 12 digits */
	stays("1234 5678 9012");
	stays("50000 1234567 12");
	becomes("99999999999999999999", 0, "99999999999999999999");
}

static void a_text_too_long_to_be_asked_about_counts_as_one(void **state)
{
	static char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_true(pan_has(text, sizeof(text)));
	assert_false(pan_has(text, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_a_full_number_six_and_four_digits_stay),
	    cmocka_unit_test(numbers_are_found_as_cards_show_them),
	    cmocka_unit_test(what_stands_on_track_2_goes_with_it),
	    cmocka_unit_test(a_number_inside_a_longer_run_is_found),
	    cmocka_unit_test(what_is_no_full_number_stays),
	    cmocka_unit_test(a_text_too_long_to_be_asked_about_counts_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
