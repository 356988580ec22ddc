/* spawn.c: readers end. */
#include "tests/unit/storage/keeper_conn.h"

#include <signal.h>
#include <sys/wait.h>

#include "storage/spawn.h"

static int begin(void **state)
{
	return keeper_begin(state, PEER_READER);
}

static struct reader *reader(void)
{
	struct reader *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->client = -1;
	r->conn = conn;
	conn->reader = r;
	k.readers = r;
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (!r->pid)
		for (;;)
			pause();
	return r;
}

/* As where another index or epoch begins: nobody asked for its end. */
static void what_an_ended_reader_still_sent_is_not_read(void **state)
{
	struct reader *r = reader();
	pid_t pid = r->pid;
	struct wire w;
	int status;

	(void)state;
	wire_begin(&w, MSG_REFUSAL, 1);
	assert_int_equal(wire_send(other_end, &w, -1), OK);
	reader_end(&k, r);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_null(k.readers);
	assert_true(conn->closing);
	assert_null(conn->reader);
	conn_reap(&k);
	assert_null(k.conns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		what_an_ended_reader_still_sent_is_not_read, begin, keeper_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
