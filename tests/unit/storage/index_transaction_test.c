#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/index_transaction.h"

#define HOUR (INT64_C(3600) * NS_PER_SEC)
#define BEGIN (INT64_C(1795000000) * NS_PER_SEC)

static char dir[64];
static struct index *ix;

static int fresh(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/saqta-txn-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(transactions_open(dir, false, &ix), OK);
	return 0;
}

static int gone(void **state)
{
	static const char *const names[] = {"", "-wal", "-shm"};
	char path[128];

	(void)state;
	index_close(ix);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/transactions.db%s", dir,
		    names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static struct transaction one(unsigned i)
{
	struct transaction t = {.kind = TRANSACTION_WITHDRAWAL,
	    .currency = "KZT",
	    .bin = "440012",
	    .result = RESULT_APPROVED};

	snprintf(t.atm, sizeof(t.atm), "%04u", i % 3);
	t.time_ns = BEGIN + i * HOUR;
	t.amount = (int64_t)(i % 10 + 1) * 100000;
	snprintf(t.last4, sizeof(t.last4), "%04u", i % 50);
	snprintf(t.reference, sizeof(t.reference), "R%u", i);
	return t;
}

/* n of them, an hour apart. */
static void fill(unsigned n)
{
	struct transaction *t = calloc(n, sizeof(*t));
	size_t known = 9;

	for (unsigned i = 0; i < n; i++)
		t[i] = one(i);
	assert_int_equal(transactions_put(ix, t, n, &known), OK);
	assert_int_equal(known, 0);
	free(t);
}

static struct transaction_row rows[TRANSACTIONS_PAGE];

static size_t find(struct transaction_query q)
{
	size_t n = 0;
	int64_t back;

	q.to_ns = q.to_ns ? q.to_ns : INT64_MAX;
	q.most = q.most ? q.most : TRANSACTION_AMOUNT_MAX;
	assert_int_equal(transactions_search(ix, &q, rows, &n, &back), OK);
	return n;
}

static void an_event_stands_once_however_often_it_is_put(void **state)
{
	struct transaction t[3] = {one(1), one(2), one(1)};
	size_t known = 0;
	uint64_t n = 0;

	(void)state;
	assert_int_equal(transactions_put(ix, t, 3, &known), OK);
	assert_int_equal(known, 1);
	t[1].time_ns++;	/* another moment is another event */
	assert_int_equal(transactions_put(ix, t, 3, &known), OK);
	assert_int_equal(known, 2);
	assert_int_equal(transactions_count(ix, &n), OK);
	assert_int_equal(n, 3);
}

static void each_filter_finds_what_it_says_the_newest_first(void **state)
{
	(void)state;
	fill(40);
	assert_int_equal(find((struct transaction_query){.kind = 0}), 40);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(rows[i].t.time_ns, BEGIN + (39 - i) * HOUR);
	assert_int_equal(find((struct transaction_query){.atm = "0001"}), 13);
	assert_int_equal(find((struct transaction_query){.last4 = "0007"}), 1);
	assert_int_equal(find((struct transaction_query){.reference = "R7"}),
	    1);
	assert_string_equal(rows[0].t.reference, "R7");
	assert_int_equal(find((struct transaction_query){
			     .least = 500000, .most = 500000}),
	    4);
	assert_int_equal(find((struct transaction_query){.least = 900000}), 8);
	assert_int_equal(find((struct transaction_query){
			     .least = 200000, .most = 300000, .atm = "0001"}),
	    3);
	assert_int_equal(find((struct transaction_query){
			     .from_ns = BEGIN + 2 * HOUR,
			     .to_ns = BEGIN + 5 * HOUR}),
	    3);
	assert_int_equal(find((struct transaction_query){
			     .result = RESULT_DECLINED}),
	    0);
	assert_int_equal(find((struct transaction_query){
			     .kind = TRANSACTION_DOOR_OPEN}),
	    0);
	assert_int_equal(find((struct transaction_query){.bin = "440012"}), 40);
	assert_int_equal(find((struct transaction_query){.bin = "440013"}), 0);
}

static void unchecked_is_money_without_a_passed_check(void **state)
{
	struct transaction t[4] = {one(0), one(1), one(2), one(3)};
	size_t known;

	(void)state;
	t[1].check_result = CHECK_PASSED;
	t[2].check_result = CHECK_FAILED;
	t[3].kind = TRANSACTION_DOOR_OPEN;
	assert_int_equal(transactions_put(ix, t, 4, &known), OK);
	assert_int_equal(find((struct transaction_query){.unchecked = true}),
	    2);
	assert_string_equal(rows[0].t.reference, "R2");
}

static void pages_follow_one_another_without_hole_or_overlap(void **state)
{
	struct transaction_query q = {
	    .to_ns = INT64_MAX, .most = TRANSACTION_AMOUNT_MAX};
	unsigned seen = 0;
	int64_t back;
	size_t n;

	(void)state;
	fill(130);
	do {
		assert_int_equal(transactions_search(ix, &q, rows, &n, &back),
		    OK);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(rows[i].t.time_ns,
			    BEGIN + (129 - seen - i) * HOUR);
		seen += (unsigned)n;
		q.last_ns = rows[n ? n - 1 : 0].t.time_ns;
		q.last_id = rows[n ? n - 1 : 0].id;
	} while (n == TRANSACTIONS_PAGE);
	assert_int_equal(seen, 130);
	assert_int_equal(back, 0);
}

static bool is_of_atm_2(const struct transaction *t, const void *arg)
{
	(void)arg;
	return !strcmp(t->atm, "0002");
}

static void what_does_not_count_fills_no_page(void **state)
{
	struct transaction_query q = {.counts = is_of_atm_2};
	size_t n;

	(void)state;
	fill(300);
	n = find(q);
	assert_int_equal(n, TRANSACTIONS_PAGE);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(rows[i].t.atm, "0002");
	q.least = 200000;	/* by amount: none is sorted out twice */
	q.most = 400000;
	assert_int_equal(find(q), 30);
	q.to_ns = BEGIN + 2 * HOUR;
	assert_int_equal(find(q), 0);
}

static void what_is_rare_is_found_by_its_own_index(void **state)
{
	struct transaction t[3] = {one(400), one(401), one(402)};
	size_t known;

	(void)state;
	fill(300);
	t[0].kind = TRANSACTION_SAFE_OPEN;
	t[1].result = RESULT_FAILED;
	t[2].result = RESULT_DECLINED;
	assert_int_equal(transactions_put(ix, t, 3, &known), OK);
	assert_int_equal(find((struct transaction_query){
			     .kind = TRANSACTION_SAFE_OPEN}),
	    1);
	assert_int_equal(find((struct transaction_query){
			     .result = RESULT_FAILED}),
	    1);
	assert_int_equal(find((struct transaction_query){
			     .result = RESULT_DECLINED, .least = 10000000}),
	    0);
}

static void a_file_of_the_first_schema_is_brought_up(void **state)
{
	char command[300];

	(void)state;
	fill(40);
	index_close(ix);
	ix = NULL;
	snprintf(command, sizeof(command),
	    "python3 -c 'import sqlite3; d = sqlite3.connect(\"%s/"
	    "transactions.db\"); d.executescript(\"DROP INDEX txn_kind; "
	    "DROP INDEX txn_result; PRAGMA user_version = 1\")'",
	    dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(transactions_open(dir, true, &ix), ERR_INVALID);
	assert_int_equal(transactions_open(dir, false, &ix), OK);
	assert_int_equal(find((struct transaction_query){.last4 = "0007"}), 1);
	assert_int_equal(find((struct transaction_query){
			     .kind = TRANSACTION_DOOR_OPEN}),
	    0);
}

static void the_oldest_are_gone_through_and_dropped(void **state)
{
	static struct transaction_row old[10];
	int64_t ids[10];
	uint64_t left;
	size_t n;

	(void)state;
	fill(30);
	assert_int_equal(transactions_oldest(ix, 0, 0, BEGIN + 15 * HOUR, old,
			     10, &n),
	    OK);
	assert_int_equal(n, 10);
	assert_int_equal(old[9].t.time_ns, BEGIN + 9 * HOUR);
	for (size_t i = 0; i < n; i++)
		ids[i] = old[i].id;
	assert_int_equal(transactions_oldest(ix, old[9].t.time_ns, old[9].id,
			     BEGIN + 15 * HOUR, old, 10, &n),
	    OK);
	assert_int_equal(n, 5);
	assert_int_equal(transactions_drop(ix, ids, 10), OK);
	assert_int_equal(transactions_count(ix, &left), OK);
	assert_int_equal(left, 20);
}

static void use(const char *last4, const char *atm, int64_t at, int64_t amount)
{
	struct transaction t = {.kind = TRANSACTION_LOAD,
	    .time_ns = BEGIN + at,
	    .amount = amount,
	    .currency = "KZT",
	    .bin = "440012"};
	size_t known;

	strcpy(t.last4, last4);
	strcpy(t.atm, atm);
	assert_int_equal(transactions_put(ix, &t, 1, &known), OK);
	assert_int_equal(known, 0);
}

static void repeated_use_is_by_card_and_told_with_count_and_times(void **state)
{
	static struct transaction_repeat r[TRANSACTIONS_PAGE];
	const int64_t under = 50000000, minute = 60 * NS_PER_SEC;
	size_t n = 0;

	(void)state;
	use("1111", "A", 0, 100);
	use("1111", "B", 59 * minute, 100);	/* within an hour */
	use("2222", "A", 0, 100);
	use("2222", "B", 61 * minute, 100);	/* not */
	use("3333", "A", 0, 100);
	use("3333", "A", minute, 100);		/* one ATM */
	for (int i = 0; i < 3; i++) {
		use("4444", "A", (600 + i) * minute, under - 1);
		use("5555", "A", (600 + i) * minute, under);	/* not under */
		use("6666", "A", (600 + i) * minute, under - under / 10 - 1);
	}
	assert_int_equal(transactions_repeated(ix, LIST_SEVERAL_ATMS, BEGIN,
			     BEGIN + 24 * HOUR, under, r, &n),
	    OK);
	assert_int_equal(n, 1);
	assert_string_equal(r[0].last4, "1111");
	assert_string_equal(r[0].bin, "440012");
	assert_int_equal(r[0].count, 2);
	assert_int_equal(r[0].atms, 2);
	assert_int_equal(r[0].first_ns, BEGIN);
	assert_int_equal(r[0].last_ns, BEGIN + 59 * minute);
	assert_int_equal(transactions_repeated(ix, LIST_UNDER, BEGIN,
			     BEGIN + 24 * HOUR, under, r, &n),
	    OK);
	assert_int_equal(n, 1);
	assert_string_equal(r[0].last4, "4444");
	assert_int_equal(r[0].sum, 3 * (under - 1));
	assert_int_equal(transactions_repeated(ix, LIST_UNDER, BEGIN,
			     BEGIN + 8 * 24 * HOUR, under, r, &n),
	    ERR_INVALID);
}

static void a_file_that_is_no_database_is_said(void **state)
{
	char path[128], junk[8192];
	struct index *other;
	FILE *f;

	(void)state;
	memset(junk, 'x', sizeof(junk));
	index_close(ix);
	ix = NULL;
	snprintf(path, sizeof(path), "%s/transactions.db", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(junk, 1, sizeof(junk), f);
	fclose(f);
	assert_int_equal(transactions_open(dir, false, &other), ERR_INTEGRITY);
	unlink(path);
	assert_int_equal(transactions_open(dir, true, &other), ERR_NOT_FOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_event_stands_once_however_often_it_is_put),
	    TEST(each_filter_finds_what_it_says_the_newest_first),
	    TEST(unchecked_is_money_without_a_passed_check),
	    TEST(pages_follow_one_another_without_hole_or_overlap),
	    TEST(what_does_not_count_fills_no_page),
	    TEST(what_is_rare_is_found_by_its_own_index),
	    TEST(a_file_of_the_first_schema_is_brought_up),
	    TEST(the_oldest_are_gone_through_and_dropped),
	    TEST(repeated_use_is_by_card_and_told_with_count_and_times),
	    TEST(a_file_that_is_no_database_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
