#include "tests/unit/storage/keeper_conn.h"

#include "storage/rebuild.h"

static struct reader who;
static struct rebuild anew; /* runs */

static int begin(void **state)
{
	struct person_row p = {.id = 8,
	    .user = "second",
	    .role = ROLE_CUSTODIAN,
	    .recipient = "age1"};

	if (keeper_begin(state, PEER_READER))
		return 1;
	who = (struct reader){.person = 7,
	    .signed_in = true,
	    .role = ROLE_CUSTODIAN,
	    .conn = conn};
	conn->reader = &who;
	return index_person_put(k.ix, &p) ? 1 : 0;
}

static int end(void **state)
{
	conn->reader = NULL;
	k.rebuild = NULL;
	return keeper_end(state);
}

/* What is answered where person 8 is to be one, or no longer. */
static enum err deputy(bool is)
{
	struct wire w;

	wire_begin(&w, MSG_DEPUTY, 1);
	wire_put_u64(&w, 8);
	wire_put_u8(&w, is);
	as_come(&w);
	handle_deputy(&k, conn, &w);
	answer(&w);
	assert_int_equal(ledger_commit(k.ledger), OK);
	return w.type == MSG_OK ? OK : (enum err)wire_get_u16(&w);
}

static bool is_deputy(void)
{
	struct person_row p;

	assert_int_equal(index_person_find(k.ix, 8, &p), OK);
	return p.deputy;
}

static void a_custodian_becomes_a_deputy_and_ceases_to_be_one(void **state)
{
	struct entry_view v;

	(void)state;
	assert_int_equal(deputy(true), OK);
	assert_true(is_deputy());
	assert_true(find(ENTRY_DEPUTY, &v));
	assert_int_equal(v.person, 7);
	assert_int_equal(deputy(false), OK);
	assert_false(is_deputy());
}

/* A worker may be about to put what an older entry says. */
static void nobody_becomes_one_while_the_index_is_made_anew(void **state)
{
	struct entry_view v;

	(void)state;
	k.rebuild = &anew;
	assert_int_equal(deputy(true), ERR_REBUILDING);
	assert_false(is_deputy());
	assert_false(find(ENTRY_DEPUTY, &v));
	k.rebuild = NULL;
	assert_int_equal(deputy(true), OK);
	assert_true(is_deputy());
	k.rebuild = &anew;
	assert_int_equal(deputy(false), ERR_REBUILDING);
	assert_true(is_deputy());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_custodian_becomes_a_deputy_and_ceases_to_be_one),
	    TEST(nobody_becomes_one_while_the_index_is_made_anew),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
