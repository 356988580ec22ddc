/* fault.c: alarms of disks, and the clock. */
#include "tests/unit/storage/keeper_conn.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

static int begin(void **state)
{
	return keeper_begin(state, PEER_CONTROL) ||
	    volumes_open(k.data_fd, dir, ORIGIN, true);
}

static int end(void **state)
{
	volumes_close();
	return keeper_end(state);
}

static void a_day_without_errors_ends_an_alarm(void **state)
{
	(void)state;
	disk_fault(&k, 0, FAULT_READ);
	faults_tick(&k);
	assert_true(disk_faulty(&k, 0));
	k.now.ns += DAY_NS;
	faults_tick(&k);
	assert_true(disk_faulty(&k, 0));
	k.now.ns += 1;
	faults_tick(&k);
	assert_false(disk_faulty(&k, 0));
}

/* A machine that began with its clock years ahead. */
static void so_it_does_where_the_clock_was_set_back_since(void **state)
{
	(void)state;
	k.now.ns += 3650 * DAY_NS;
	disk_fault(&k, 0, FAULT_READ);
	faults_tick(&k);
	k.now.ns = KEEPER_NOW;
	faults_tick(&k);
	assert_true(disk_faulty(&k, 0));
	k.now.ns += DAY_NS + 1;
	faults_tick(&k);
	assert_false(disk_faulty(&k, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_day_without_errors_ends_an_alarm,
		begin, end),
	    cmocka_unit_test_setup_teardown(
		so_it_does_where_the_clock_was_set_back_since, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
