#include "tests/unit/storage/ledger_dir.h"

#include "storage/export.h"

/* The proof of entries 3 and 7 as the package has it, to be freed by free(). */
static char *proof(struct ledger *l)
{
	uint64_t entries[] = {7, 3};
	struct export x = {.own = l, .entries = {.p = entries, .n = 2}};
	struct proof_out out;
	char *text;

	assert_int_equal(export_proof(&x, &out), OK);
	text = strndup((char *)out.p, out.n);
	free(out.p);
	assert_non_null(text);
	return text;
}

static void P10_a_package_carries_the_witnessed_checkpoint(void **state)
{
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	char *text;

	(void)state;
	put(l, 10);
	assert_int_equal(ledger_checkpoint(l), OK);
	text = proof(l);
	assert_null(strstr(text, WITNESS));
	free(text);
	witness(fd);
	put(l, 10);
	assert_int_equal(ledger_checkpoint(l), OK);
	text = proof(l);
	assert_non_null(strstr(text, WITNESS));
	assert_non_null(strstr(text, ORIGIN "\n10\n"));
	free(text);
	close(fd);
	ledger_close(l);
}

static void a_witness_that_does_not_answer_holds_nothing_up(void **state)
{
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	char *text;

	(void)state;
	put(l, 7);
	assert_int_equal(ledger_checkpoint(l), OK);
	witness(fd);
	put(l, 1);
	assert_int_equal(ledger_checkpoint(l), OK);
	text = proof(l);
	assert_null(strstr(text, WITNESS));
	assert_non_null(strstr(text, ORIGIN "\n8\n"));
	free(text);
	close(fd);
	ledger_close(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P10_a_package_carries_the_witnessed_checkpoint),
	    TEST(a_witness_that_does_not_answer_holds_nothing_up),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
