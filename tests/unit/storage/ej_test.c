#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/storage/ej_journal.h"

static char *file_text(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "r");
	char *p = malloc(1 << 20);

	assert_non_null(f);
	assert_non_null(p);
	*ret_n = fread(p, 1, 1 << 20, f);
	fclose(f);
	return p;
}

/* A shipped style on a journal of tests/journals (make.py). */
static struct read *style(const char *name, const char *atm, size_t piece)
{
	char path[128];
	size_t n, rules_n;
	char *p, *rules;
	struct read *r;

	snprintf(path, sizeof(path), "storage/journals/%s.conf", name);
	rules = file_text(path, &rules_n);
	snprintf(path, sizeof(path), "tests/journals/%s.txt", name);
	p = file_text(path, &n);
	r = journal_read(rules, rules_n, "", atm, p, n, piece);
	free(p);
	free(rules);
	return r;
}

static struct read *own(const char *rules, const char *text)
{
	return journal_read(rules, strlen(rules), "", "0417", text,
	    strlen(text), 7);
}

/* In Almaty on 22 November 2026 (UTC+5). */
static int64_t at(const char *time)
{
	char text[40];
	struct utc t;

	snprintf(text, sizeof(text), "2026-11-22T%s+05:00", time);
	assert_int_equal(utc_parse(text, &t), OK);
	return t.ns;
}

static void a_journal_in_the_style_of_ncr_is_read(void **state)
{
	const struct read *r = style("ncr", "0417", 100000);
	const struct transaction *t = r->t;

	(void)state;
	assert_int_equal(r->said_n, 0);
	assert_int_equal(r->n, 7);
	assert_int_equal(r->cards, 2);
	assert_int_equal(t[0].kind, TRANSACTION_CARD_IN);
	assert_int_equal(t[1].kind, TRANSACTION_CARD_TAKEN);
	assert_string_equal(t[1].last4, "4821");
	assert_int_equal(t[2].kind, TRANSACTION_WITHDRAWAL);
	assert_string_equal(t[2].atm, "0417");
	assert_int_equal(t[2].time_ns, at("14:14:50"));
	assert_int_equal(t[2].cash, CASH_TAKEN);
	assert_int_equal(t[2].cash_ns, at("14:15:07"));
	assert_int_equal(t[2].amount, 5000000);
	assert_string_equal(t[2].currency, "KZT");
	assert_string_equal(t[2].bin, "440012");
	assert_string_equal(t[2].last4, "4821");
	assert_string_equal(t[2].reference, "632714150001");
	assert_int_equal(t[2].result, RESULT_APPROVED);
	assert_int_equal(t[2].check_method, METHOD_DATABASE);
	assert_int_equal(t[2].check_result, CHECK_PASSED);
	assert_string_equal(t[2].check_reference, "GB-7741");
	assert_int_equal(t[4].kind, TRANSACTION_CARD_RETAINED);
	assert_string_equal(t[4].bin, "516949");
	assert_int_equal(t[5].result, RESULT_DECLINED);
	assert_int_equal(t[5].amount, 60000000);
	assert_int_equal(t[5].time_ns, at("14:15:50"));
	assert_int_equal(t[6].kind, TRANSACTION_SAFE_OPEN);
	assert_int_equal(t[6].time_ns, at("14:24:50"));
}

static void one_in_the_style_of_diebold_is_read(void **state)
{
	const struct read *r = style("diebold", "", 100000);
	const struct transaction *t = r->t;

	(void)state;
	assert_int_equal(r->said_n, 1);	/* out of service: whose? */
	assert_int_equal(r->n, 1);
	assert_int_equal(t[0].kind, TRANSACTION_WITHDRAWAL);
	assert_string_equal(t[0].atm, "0417");
	assert_int_equal(t[0].cash, CASH_RETRACTED);
	assert_int_equal(t[0].cash_ns, at("14:15:39"));
	assert_int_equal(t[0].amount, 5000000);
	assert_string_equal(t[0].reference, "7312");
	assert_int_equal(t[0].result, RESULT_APPROVED);
	r = style("diebold", "0417", 100000);
	assert_int_equal(r->said_n, 0);
	assert_int_equal(r->t[1].kind, TRANSACTION_OUT_OF_SERVICE);
}

static void one_in_the_style_of_wincor_and_grg_is_read(void **state)
{
	const struct read *r = style("wincor", "0417", 100000);
	const struct transaction *t = r->t;

	(void)state;
	assert_int_equal(r->said_n, 0);
	assert_int_equal(r->n, 3);
	assert_int_equal(r->cards, 1);
	assert_int_equal(t[2].kind, TRANSACTION_LOAD);
	assert_int_equal(t[2].amount, 75000000);
	assert_string_equal(t[2].currency, "KZT");	/* 398 */
	assert_string_equal(t[2].last4, "0004");
	assert_int_equal(t[2].check_method, METHOD_BIOMETRIC);
	assert_int_equal(t[2].check_result, CHECK_FAILED);
	assert_string_equal(t[2].check_reference, "99-1");
	assert_string_equal(t[2].reference, "88123");
	assert_int_equal(t[2].result, RESULT_APPROVED);
}

static void a_list_of_the_host_is_read_and_its_broken_lines_told(void **state)
{
	const struct read *r = style("csv", "", 100000);

	(void)state;
	assert_int_equal(r->n, 1);
	assert_int_equal(r->cards, 2);
	assert_int_equal(r->t[0].kind, TRANSACTION_WITHDRAWAL);
	assert_int_equal(r->t[0].amount, 2000000);
	assert_int_equal(r->t[0].time_ns, at("14:14:50"));
	assert_string_equal(r->t[0].last4, "4821");
	assert_int_equal(r->said_n, 3);
	assert_string_equal(r->said[0], "3 the amount is none");
	assert_string_equal(r->said[1],
	    "4 its quotes are wrong, or it is too long");
	assert_string_equal(r->said[2], "5 there is no date and time");
}

static void it_does_not_matter_in_what_pieces_a_file_comes(void **state)
{
	static const char *const names[] = {"ncr", "diebold", "wincor", "csv"};
	static struct read whole;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t piece = 1; piece < 9; piece += 3) {
			whole = *style(names[i], "0417", 100000);
			assert_memory_equal(style(names[i], "0417", piece),
			    &whole, sizeof(whole));
		}
}

static const char rules[] =
    "stamp ^(?<day>\\d\\d)\\.(?<month>\\d\\d)\\.(?<year>\\d\\d)\n"
    "stamp (?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)\n"
    "zero-time no\n"
    "start BEGIN\nend END\n"
    "field kind=withdrawal CASH (?<amount>\\S+)\n"
    "field REF (?<reference>\\S+)\n"
    "event kind=door-open DOOR\n";

static void a_time_of_day_alone_goes_on_at_midnight(void **state)
{
	const struct read *r = own(rules,
	    "21.11.26\n23:59:58 DOOR\n"
	    "00:00:03 DOOR\n");

	(void)state;
	assert_int_equal(r->n, 2);
	assert_int_equal(r->t[0].time_ns, at("00:00:00") - 2 * NS_PER_SEC);
	assert_int_equal(r->t[1].time_ns, at("00:00:03"));
	assert_int_equal(r->said_n, 0);
}

static void a_clock_that_goes_back_is_told_and_its_events_are_kept(void **state)
{
	const struct read *r = own(rules,
	    "22.11.26\n14:00:00 DOOR\n"
	    "13:58:30 DOOR\n13:58:29 DOOR\n");

	(void)state;
	assert_int_equal(r->n, 3);
	assert_int_equal(r->counts.backward, 1);
	assert_int_equal(r->said_n, 1);
	assert_string_equal(r->said[0],
	    "3 the journal's clock goes back by 90 s here");
}

static void a_date_without_a_time_of_day_makes_no_event(void **state)
{
	const struct read *r = own(rules, "DOOR\n22.11.26\nDOOR\n");

	(void)state;
	assert_int_equal(r->n, 0);
	assert_int_equal(r->counts.broken, 2);
	assert_string_equal(r->said[0], "1 there is no date and time");
	r = own(rules, "31.02.26\n10:00:00 DOOR\n");
	assert_int_equal(r->n, 0);
}

static void a_transaction_without_an_end_is_taken_as_it_is(void **state)
{
	const struct read *r = own(rules,
	    "22.11.26\n14:00:00 BEGIN\nCASH 5000\n"
	    "14:01:00 BEGIN\nCASH 6000\n");

	(void)state;
	assert_int_equal(r->n, 2);
	assert_int_equal(r->t[0].amount, 500000);
	assert_int_equal(r->t[1].amount, 600000);
	assert_int_equal(r->said_n, 2);
	assert_non_null(strstr(r->said[0], "2 the transaction that begins"));
}

static void a_broken_one_does_not_take_the_next_along(void **state)
{
	const struct read *r = own(rules,
	    "22.11.26\n14:00:00 BEGIN\nCASH 5O\nEND\n"
	    "14:01:00 BEGIN\nCASH 60\nREF a<script>\nEND\n"
	    "14:02:00 BEGIN\nnothing that we know\nEND\n"
	    "14:03:00 BEGIN\nCASH 70\nEND\n");

	(void)state;
	assert_int_equal(r->n, 1);
	assert_int_equal(r->t[0].amount, 7000);
	assert_int_equal(r->counts.broken, 2);
	assert_int_equal(r->counts.without, 1);
	assert_string_equal(r->said[0], "2 the amount is none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_journal_in_the_style_of_ncr_is_read),
	    cmocka_unit_test(one_in_the_style_of_diebold_is_read),
	    cmocka_unit_test(one_in_the_style_of_wincor_and_grg_is_read),
	    cmocka_unit_test(
		a_list_of_the_host_is_read_and_its_broken_lines_told),
	    cmocka_unit_test(it_does_not_matter_in_what_pieces_a_file_comes),
	    cmocka_unit_test(a_time_of_day_alone_goes_on_at_midnight),
	    cmocka_unit_test(
		a_clock_that_goes_back_is_told_and_its_events_are_kept),
	    cmocka_unit_test(a_date_without_a_time_of_day_makes_no_event),
	    cmocka_unit_test(a_transaction_without_an_end_is_taken_as_it_is),
	    cmocka_unit_test(a_broken_one_does_not_take_the_next_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
