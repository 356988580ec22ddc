#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/cookie.h"

#define A43 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_"
#define B43 "BBCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_"
#define C COOKIE_NAME "="

static void the_token_is_found_among_other_cookies(void **state)
{
	static const char *const headers[] = {C A43, "a=b; " C A43,
	    C A43 "; a=b", "x__Host-saqta=1;" C A43 " ;b", ";; " C A43 ";",
	    COOKIE_NAME "2=x; " C A43, COOKIE_NAME "; " C A43};
	struct token t;

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		memset(&t, 0, sizeof(t));
		assert_int_equal(cookie_find(headers[i], &t), OK);
		assert_string_equal(t.s, A43);
	}
}

static void none_two_or_a_malformed_one_is_none(void **state)
{
	static const char *const headers[] = {NULL, "", "a=b", C, C "short",
	    C A43 "x", C A43 "; " C B43, C A43 "; " C A43,
	    C "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno+/", C "\"" A43 "\"",
	    "__host-saqta=" A43, C A43 "; " C};
	struct token t;

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		assert_int_equal(cookie_find(headers[i], &t), ERR_NOT_FOUND);
}

static void tokens_are_equal_only_in_every_character(void **state)
{
	struct token a, b;

	(void)state;
	assert_int_equal(token_parse(A43, TOKEN_CHARS, &a), OK);
	for (size_t i = 0; i < TOKEN_CHARS; i++) {
		b = a;
		assert_true(token_is(&a, &b));
		b.s[i] ^= 1;
		assert_false(token_is(&a, &b));
	}
}

static void new_tokens_differ_and_parse(void **state)
{
	unsigned char used[256] = {0};
	struct token a, b, c;
	size_t kinds = 0;

	(void)state;
	for (int i = 0; i < 64; i++) {
		assert_int_equal(token_new(&a), OK);
		assert_int_equal(token_new(&b), OK);
		assert_false(token_is(&a, &b));
		assert_int_equal(token_parse(a.s, strlen(a.s), &c), OK);
		for (size_t k = 0; k < TOKEN_CHARS; k++)
			used[(unsigned char)a.s[k]] = 1;
	}
	for (size_t k = 0; k < sizeof(used); k++)
		kinds += used[k];
	assert_int_equal(kinds, 64);
}

static void a_token_is_43_characters_of_base64url(void **state)
{
	struct token t;

	(void)state;
	assert_int_equal(token_parse(NULL, 0, &t), ERR_INVALID);
	assert_int_equal(token_parse(A43, 42, &t), ERR_INVALID);
	assert_int_equal(token_parse("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				     "no\0-_",
			     TOKEN_CHARS, &t),
	    ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_token_is_found_among_other_cookies),
	    cmocka_unit_test(none_two_or_a_malformed_one_is_none),
	    cmocka_unit_test(tokens_are_equal_only_in_every_character),
	    cmocka_unit_test(new_tokens_differ_and_parse),
	    cmocka_unit_test(a_token_is_43_characters_of_base64url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
