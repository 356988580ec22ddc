/* conn.c: what a message had goes with it (P1). */
#include "tests/unit/storage/keeper_conn.h"

static unsigned wiped; /* messages */

/* libsodium's, which crypt_wipe() is. */
void sodium_memzero(void *const p, const size_t n)
{
	explicit_bzero(p, n);
	wiped += n == sizeof(struct wire);
}

static int begin(void **state)
{
	wiped = 0;
	return keeper_begin(state, PEER_CONTROL);
}

/* A reader that dies before it has taken the password it is started with. */
static void P1_what_a_closed_connection_was_to_get_is_wiped(void **state)
{
	(void)state;
	for (uint32_t id = 1; id <= 3; id++)
		conn_error(conn, id, ERR_DENIED, "a password");
	conn->closing = true;
	conn_reap(&k);
	assert_null(k.conns);
	assert_int_equal(wiped, 3);
}

/* Of the message of an act, which has a password, no copy stays. */
static void P1_an_act_that_begins_no_reader_leaves_no_password(void **state)
{
	struct reader starting[4] = {{.next = &starting[1]},
	    {.next = &starting[2]}, {.next = &starting[3]}, {.next = NULL}};
	struct wire w;

	(void)state;
	k.readers = starting; /* as many as may begin at a time */
	wire_begin(&w, MSG_HOLD_RELEASE, 1);
	wire_put_str(&w, "daniyar");
	wire_put_str(&w, "a password");
	as_come(&w);
	handle_person_act(&k, conn, &w);
	assert_int_equal(wiped, 1);
	wire_begin(&w, MSG_USER_ADD, 2);
	wire_put_str(&w, "daniyar");
	wire_put_str(&w, "a password");
	wire_put_str(&w, "marat");
	wire_put_str(&w, "Marat");
	wire_put_u8(&w, ROLE_AUDITOR);
	wire_put_str(&w, "");
	as_come(&w);
	handle_user_add(&k, conn, &w);
	assert_int_equal(wiped, 2);
	k.readers = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		P1_what_a_closed_connection_was_to_get_is_wiped, begin,
		keeper_end),
	    cmocka_unit_test_setup_teardown(
		P1_an_act_that_begins_no_reader_leaves_no_password, begin,
		keeper_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
