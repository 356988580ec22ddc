#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "storage/token.h"

static struct mono at(int64_t s)
{
	return (struct mono){s * NS_PER_SEC};
}

static void a_token_is_new_each_time_and_hashes_to_what_is_kept(void **state)
{
	char a[TOKEN_TEXT], b[TOKEN_TEXT];
	unsigned char kept[HASH_BYTES], other[HASH_BYTES], hash[HASH_BYTES];

	(void)state;
	token_make(a, kept);
	token_make(b, other);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), TOKEN_TEXT - 1);
	assert_int_equal(token_hash(a, hash), OK);
	assert_memory_equal(hash, kept, sizeof(hash));
	assert_memory_not_equal(hash, other, sizeof(hash));
}

/* echo -n saqta_AAA...A | sha256sum, of 43 letters A */
static void the_hash_is_sha_256_of_the_text(void **state)
{
	static const char text[] =
	    "saqta_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	unsigned char hash[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];

	(void)state;
	assert_int_equal(token_hash(text, hash), OK);
	hex_encode(hash, sizeof(hash), hex);
	assert_string_equal(hex,
	    "8e9777abe5b09235ef5076998bc8c99dfc8e4f76291d1e053419778168d631aa");
}

static void what_has_not_the_form_of_a_token_is_none(void **state)
{
	static const char *const wrong[] = {"", "saqta_",
	    "saqta_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "saqta_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "sagta_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "saqta_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
	    "saqta_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+"};
	unsigned char hash[HASH_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(token_hash(wrong[i], hash), ERR_TOKEN);
}

static void scopes_are_words_with_one_space_between(void **state)
{
	static const char *const wrong[] = {"", " ", "health", "health:read ",
	    " health:read", "health:read  transactions:write",
	    "health:read health:read", "health:read,transactions:write"};
	char text[TOKEN_SCOPE_TEXT];
	unsigned all = 0;

	(void)state;
	assert_int_equal(token_scopes_parse("health:read", &all), OK);
	assert_int_equal(all, SCOPE_HEALTH_READ);
	assert_int_equal(token_scopes_parse("transactions:write health:read",
			     &all),
	    OK);
	assert_int_equal(all, SCOPE_HEALTH_READ | SCOPE_TRANSACTIONS_WRITE);
	assert_string_equal(token_scopes_format(all, text),
	    "health:read transactions:write");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(token_scopes_parse(wrong[i], &all),
		    ERR_INVALID);
}

static void a_token_is_used_so_often_at_once_and_so_often_a_second(void **state)
{
	struct token_rate r = {0};

	(void)state;
	for (int i = 0; i < TOKEN_BURST; i++)
		assert_true(token_take(&r, at(1000)));
	assert_false(token_take(&r, at(1000)));
	/* what was refused did not count */
	for (int i = 0; i < 3 * TOKEN_PER_S; i++)
		assert_true(token_take(&r, at(1003)));
	assert_false(token_take(&r, at(1003)));
	/* and an hour's rest gives no more than the first burst */
	for (int i = 0; i < TOKEN_BURST; i++)
		assert_true(token_take(&r, at(5000)));
	assert_false(token_take(&r, at(5000)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_token_is_new_each_time_and_hashes_to_what_is_kept),
	    cmocka_unit_test(the_hash_is_sha_256_of_the_text),
	    cmocka_unit_test(what_has_not_the_form_of_a_token_is_none),
	    cmocka_unit_test(scopes_are_words_with_one_space_between),
	    cmocka_unit_test(
		a_token_is_used_so_often_at_once_and_so_often_a_second),
	};

	if (crypt_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
