/* The ledger dies at every system call in turn (P8). */
#include "tests/unit/storage/ledger_dir.h"

#include <sys/wait.h>

/* The child that dies at the n-th call; tells what was answered for sure. */
static void victim(const char *path, long n, bool forget, int told)
{
	struct ledger *l;
	uint64_t size;

	faults_arm(path, n, forget);
	l = open_at(path);
	for (int i = 0; i < 2; i++) {
		put(l, 13);
		size = ledger_size(l);
		if (write(told, &size, sizeof(size)) != sizeof(size))
			_exit(96);
	}
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	_exit(0);
}

/* Die at every call of a roll-over in turn; nothing answered may be lost. */
static void die_everywhere(const char *path, bool forget)
{
	char copy[80];
	int status = -1;

	snprintf(copy, sizeof(copy), "%s.2", path);
	for (long n = 0; status; n++) {
		uint64_t size, answered = 0;
		struct ledger *l;
		int told[2];
		pid_t pid;

		run("rm -rf %s && cp -al %s %s && cp --remove-destination "
		    "%s/ledger/tail %s/ledger/tail",
		    copy, path, copy, path, copy);
		assert_int_equal(pipe(told), 0);
		pid = fork();
		if (!pid)
			victim(copy, n, forget, told[1]);
		close(told[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) == 42 || !status);
		while (read(told[0], &size, sizeof(size)) == sizeof(size))
			answered = size;
		close(told[0]);

		l = open_at(copy);
		assert_true(ledger_size(l) >= answered);
		put(l, 3);
		if (ledger_size(l) < 2000)
			check_all(l);
		assert_int_equal(ledger_checkpoint(l), OK);
		ledger_close(l);
		l = open_at(copy);
		ledger_close(l);
	}
}

static void P8_a_kill_at_any_call_of_a_roll_over_loses_nothing(void **state)
{
	struct ledger *l = open_at(dir);

	(void)state;
	put(l, 250);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	die_everywhere(dir, false);
}

static void P8_a_power_cut_at_any_call_of_a_roll_over_loses_nothing(void *
	*state)
{
	struct ledger *l = open_at(dir);

	(void)state;
	put(l, 250);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	die_everywhere(dir, true);
}

static void P8_a_power_cut_where_a_tile_of_tiles_fills_loses_nothing(void *
	*state)
{
	struct ledger *l = open_at(dir);

	(void)state;
	for (int i = 0; i < 64; i++)
		put(l, 1024);
	assert_int_equal(ledger_size(l), 65536);
	check_all(l);
	run("test -f %s/ledger/tile/1/000 && test ! -e %s/ledger/tile/1/001",
	    dir, dir);
	ledger_close(l);
	check_all(l = open_at(dir));
	ledger_close(l);
	run("rm -rf %s", dir);
	setup(NULL);
	l = open_at(dir);
	for (int i = 0; i < 63; i++)
		put(l, 1024);
	put(l, 1018);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	die_everywhere(dir, true);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(P8_a_kill_at_any_call_of_a_roll_over_loses_nothing),
	    TEST(P8_a_power_cut_at_any_call_of_a_roll_over_loses_nothing),
	    TEST(P8_a_power_cut_where_a_tile_of_tiles_fills_loses_nothing),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
