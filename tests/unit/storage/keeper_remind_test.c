/* keeper_remind.c: who is to decide is reminded each day. */
#include "tests/unit/storage/keeper_conn.h"

#include "storage/bytes.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

static int begin(void **state)
{
	struct request_row q = {.id = "REQ-2026-00001",
	    .requester = 2,
	    .state = REQUEST_SUBMITTED,
	    .created_ns = KEEPER_NOW};

	return keeper_begin(state, PEER_CONTROL) || index_request_put(k.ix, &q);
}

static unsigned reminders(void)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	unsigned count = 0;
	size_t n;

	assert_int_equal(ledger_commit(k.ledger), OK);
	for (uint64_t i = 0; i < ledger_size(k.ledger); i++) {
		assert_int_equal(ledger_get(k.ledger, i, buf, &n), OK);
		assert_int_equal(entry_parse(buf, n, &v), OK);
		count += v.type == ENTRY_REMINDED;
	}
	return count;
}

static void each_day_has_one(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 4; day++) {
		for (int i = 0; i < 3; i++) {
			remind_tick(&k);
			assert_int_equal(reminders(), day);
		}
		k.now.ns += DAY_NS;
	}
}

/* A machine that began with its clock years ahead. */
static void a_clock_that_was_far_ahead_ends_them_not(void **state)
{
	(void)state;
	k.now.ns += 3650 * DAY_NS;
	remind_tick(&k);
	assert_int_equal(reminders(), 1);
	k.now.ns = KEEPER_NOW + DAY_NS / 2;
	remind_tick(&k);
	assert_int_equal(reminders(), 1);
	k.now.ns += DAY_NS;
	remind_tick(&k);
	assert_int_equal(reminders(), 2);
}

static void a_day_that_is_lived_twice_has_one(void **state)
{
	(void)state;
	remind_tick(&k);
	k.now.ns += DAY_NS;
	remind_tick(&k);
	k.now.ns -= NS_PER_SEC;
	remind_tick(&k);
	k.now.ns += 2 * NS_PER_SEC;
	remind_tick(&k);
	assert_int_equal(reminders(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_day_has_one, begin,
		keeper_end),
	    cmocka_unit_test_setup_teardown(
		a_clock_that_was_far_ahead_ends_them_not, begin, keeper_end),
	    cmocka_unit_test_setup_teardown(a_day_that_is_lived_twice_has_one,
		begin, keeper_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
