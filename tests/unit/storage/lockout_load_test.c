#include "tests/unit/storage/keeper_conn.h"

static struct lockout l;

static int begin(void **state)
{
	struct person_row p = {.id = 8,
	    .user = "oleg",
	    .role = ROLE_OPERATOR,
	    .recipient = "age1"};

	l = (struct lockout){0};
	return keeper_begin(state, PEER_PEOPLE) || index_person_put(k.ix, &p);
}

/* As handle_people.c enters it, so long ago; the texts may be lost. */
static void refused(uint64_t person, const char *user, unsigned times,
    int64_t ago_s, bool texts)
{
	static const unsigned char salt[COMMITMENT_SALT];
	struct entry e;
	uint64_t i;

	for (unsigned n = 0; n < times; n++) {
		entry_begin(&e, ENTRY_SIGN_IN_REFUSED,
		    (struct utc){k.now.ns - ago_s * NS_PER_SEC}, 0);
		entry_put_u64(&e, TAG_PERSON, person);
		assert_int_equal(entry_end(&e), OK);
		assert_int_equal(ledger_put(k.ledger, &e, &i), OK);
		if (!texts)
			continue;
		assert_int_equal(index_text_put(k.ix, i, TAG_NAME, salt, user),
		    OK);
		assert_int_equal(index_text_put(k.ix, i, TAG_ADDRESS, salt,
				     "10.0.0.9"),
		    OK);
	}
	assert_int_equal(ledger_commit(k.ledger), OK);
}

static int64_t left_s(enum lockout_kind kind, const char *name)
{
	return lockout_left_ns(&l, kind, name, k.mono) / NS_PER_SEC;
}

static void load(void)
{
	lockout_load(&l, k.ledger, k.ix, k.now, k.mono);
}

static void who_failed_before_storage_started_anew_waits_on(void **state)
{
	(void)state;
	refused(8, "oleg", 8, 5, true);
	refused(0, "nobody", 8, 5, true);
	load();
	assert_int_equal(left_s(LOCKOUT_USER, "oleg"), 11);	/* of 16 s */
	assert_int_equal(left_s(LOCKOUT_USER, "nobody"), 11);
	assert_int_equal(left_s(LOCKOUT_ADDRESS, "10.0.0.9"), 27); /* of 32 */
	assert_int_equal(left_s(LOCKOUT_USER, "marat"), 0);
}

static void a_power_cut_that_took_the_texts_forgives_nobody(void **state)
{
	(void)state;
	refused(8, "oleg", 8, 5, false);
	load();
	assert_int_equal(left_s(LOCKOUT_USER, "oleg"), 11);
}

static void success_and_an_hour_forgive_as_before(void **state)
{
	struct entry e;
	uint64_t i;

	(void)state;
	refused(0, "nobody", 20, 3700, true);
	refused(8, "oleg", 20, 5, true);
	entry_begin(&e, ENTRY_SIGN_IN, k.now, 8);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(ledger_put(k.ledger, &e, &i), OK);
	assert_int_equal(ledger_commit(k.ledger), OK);
	load();
	assert_int_equal(left_s(LOCKOUT_USER, "nobody"), 0);
	assert_int_equal(left_s(LOCKOUT_USER, "oleg"), 0);
	/* but not the address */
	assert_true(left_s(LOCKOUT_ADDRESS, "10.0.0.9") > 0);
}

static void a_clock_that_was_set_back_forgives_nobody(void **state)
{
	(void)state;
	refused(8, "oleg", 20, -7200, true);
	load();
	assert_int_equal(left_s(LOCKOUT_USER, "oleg"), 900);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, keeper_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(who_failed_before_storage_started_anew_waits_on),
	    TEST(a_power_cut_that_took_the_texts_forgives_nobody),
	    TEST(success_and_an_hour_forgive_as_before),
	    TEST(a_clock_that_was_set_back_forgives_nobody),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
