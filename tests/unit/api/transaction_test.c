#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/api/transaction.h"

static const struct transaction whole = {.atm = "0417",
    .time_ns = INT64_C(1795338907000000000),
    .cash_ns = INT64_C(1795338912000000000),
    .kind = TRANSACTION_WITHDRAWAL,
    .amount = 5000000,
    .currency = "KZT",
    .result = RESULT_APPROVED,
    .bin = "440012",
    .last4 = "4821",
    .reference = "632714150001",
    .cash = CASH_TAKEN,
    .check_method = METHOD_DATABASE,
    .check_result = CHECK_PASSED,
    .check_reference = "GB-7741"};

static const char line[] =
    "0417\t1795338907000000000\t1795338912000000000\t4\t5000000\tKZT\t1\t"
    "440012\t4821\t632714150001\t2\t1\t1\tGB-7741\n";

static void a_line_is_the_fields_in_their_order(void **state)
{
	char buf[TRANSACTION_LINE_MAX + 1];
	struct transaction t;

	(void)state;
	assert_int_equal(transaction_put(&whole, buf), strlen(line));
	assert_string_equal(buf, line);
	assert_int_equal(transaction_get(line, strlen(line) - 1, &t), OK);
	transaction_put(&t, buf);
	assert_string_equal(buf, line);
}

static void the_longest_one_fits(void **state)
{
	char buf[TRANSACTION_LINE_MAX + 1];
	char again[TRANSACTION_LINE_MAX + 1];
	struct transaction t = whole, back;
	size_t n;

	(void)state;
	memset(t.atm, 'a', sizeof(t.atm) - 1);
	memset(t.reference, 'b', sizeof(t.reference) - 1);
	memset(t.check_reference, 'c', sizeof(t.check_reference) - 1);
	t.amount = TRANSACTION_AMOUNT_MAX;
	n = transaction_put(&t, buf);
	assert_int_equal(strlen(buf), n);
	assert_int_equal(transaction_get(buf, n - 1, &back), OK);
	transaction_put(&back, again);
	assert_string_equal(again, buf);
}

static void refused(const char *text)
{
	struct transaction t;

	assert_int_equal(transaction_get(text, strlen(text), &t), ERR_FORMAT);
}

static void a_line_that_breaks_the_form_is_refused(void **state)
{
	char buf[TRANSACTION_LINE_MAX + 1];
	struct transaction t;

	(void)state;
	for (size_t n = 0; n < strlen(line) - 9; n++)
		assert_int_equal(transaction_get(line, n, &t), ERR_FORMAT);
	refused("0417\t-1\t0\t4\t0\t\t0\t\t\t\t0\t0\t0\t");
	refused("0417\t1x\t0\t4\t0\t\t0\t\t\t\t0\t0\t0\t");
	refused("0417\t1\t0\t11\t0\t\t0\t\t\t\t0\t0\t0\t");
	refused("0417\t1\t0\t4\t0\tkzt\t0\t\t\t\t0\t0\t0\t");
	refused("0417\t1\t0\t4\t0\t\t0\t4400120\t\t\t0\t0\t0\t");
	refused("0417\t1\t0\t4\t0\t\t0\t\t48211\t\t0\t0\t0\t");
	refused("0417\t1\t0\t4\t0\t\t0\t\t\ta<b\t0\t0\t0\t");
	refused("0417\t1\t0\t4\t0\t\t0\t\t\t=1+1\t0\t0\t0\t");
	refused("0417\t1\t0\t4\t0\t\t0\t\t\t\t0\t0\t0\t\t");
	memcpy(buf, line, sizeof(line));
	buf[3] = '\0';
	assert_int_equal(transaction_get(buf, strlen(line) - 1, &t),
	    ERR_FORMAT);
}

static void no_text_may_hold_a_full_card_number(void **state)
{
	struct transaction t = whole;
	const char *why = NULL;

	(void)state;
	assert_int_equal(transaction_check(&t, &why), OK);
	strcpy(t.reference, "4111111111111111");
	assert_int_equal(transaction_check(&t, &why), ERR_INVALID);
	assert_non_null(why);
	t = whole;
	strcpy(t.check_reference, "x4111 1111 1111 1111");
	assert_int_equal(transaction_check(&t, &why), ERR_INVALID);
	t = whole;
	strcpy(t.atm, "4111111111111111");
	assert_int_equal(transaction_check(&t, &why), ERR_INVALID);
}

static void amounts_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		int64_t amount;
	} fine[] = {{"50000", 5000000}, {"50,000.00", 5000000},
	    {"50 000,00", 5000000}, {"50 000", 5000000}, {"50.000", 5000000},
	    {"1,5", 150}, {"0.07", 7}, {" 12 ", 1200},
	    {"1'000'000.5", 100000050},
	    {"50\xc2\xa0"
	     "000",
		5000000}};
	static const char *const wrong[] = {
	    "", " ", "abc", "5O000", "-5", "1e5", "99999999999999999999"};
	int64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		assert_int_equal(amount_parse(fine[i].text,
				     strlen(fine[i].text), &v),
		    OK);
		assert_int_equal(v, fine[i].amount);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(amount_parse(wrong[i], strlen(wrong[i]), &v),
		    ERR_INVALID);
}

static void amounts_are_written_with_two_places(void **state)
{
	char buf[24];

	(void)state;
	assert_string_equal(amount_format(5000000, buf, sizeof(buf)),
	    "50000.00");
	assert_string_equal(amount_format(7, buf, sizeof(buf)), "0.07");
}

static void an_atm_has_several_names(void **state)
{
	(void)state;
	assert_true(atm_same("0417", "417"));
	assert_true(atm_same("ATM 0417", "0417"));
	assert_true(atm_same("atm-417", "ATM#0417"));
	assert_true(atm_same("000", "000"));
	assert_false(atm_same("0417", "4170"));
	assert_false(atm_same("0", "00"));
	assert_false(atm_same("ATM", "0"));
}

static void words_are_found_and_named(void **state)
{
	unsigned v = 0;

	(void)state;
	assert_int_equal(transaction_find(WORDS_KIND, "Withdrawal", &v), OK);
	assert_int_equal(v, TRANSACTION_WITHDRAWAL);
	assert_string_equal(transaction_word(WORDS_KIND, v), "withdrawal");
	assert_string_equal(transaction_word(WORDS_KIND, 99), "");
	assert_int_equal(transaction_find(WORDS_CASH, "", &v), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_the_fields_in_their_order),
	    cmocka_unit_test(the_longest_one_fits),
	    cmocka_unit_test(a_line_that_breaks_the_form_is_refused),
	    cmocka_unit_test(no_text_may_hold_a_full_card_number),
	    cmocka_unit_test(amounts_are_read_as_people_write_them),
	    cmocka_unit_test(amounts_are_written_with_two_places),
	    cmocka_unit_test(an_atm_has_several_names),
	    cmocka_unit_test(words_are_found_and_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
