/* conn.c: what a message had goes with it (P1); how much is entered (P5). */
#include "tests/unit/storage/keeper_conn.h"

#include <fcntl.h>

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

#define HOUR (3600 * NS_PER_SEC)

static struct reader marat;

/* His session, with an hour to export. */
static int begin_session(void **state)
{
	struct request_row q = {.id = "REQ-2026-00001",
	    .requester = 3,
	    .state = REQUEST_APPROVED,
	    .granted_from_ns = KEEPER_NOW - 2 * HOUR,
	    .granted_to_ns = KEEPER_NOW - HOUR,
	    .granted_cameras = "cam1",
	    .ends_ns = KEEPER_NOW + HOUR};

	if (keeper_begin(state, PEER_READER))
		return 1;
	k.conf.copy_minutes = 6000;
	marat =
	    (struct reader){.person = 3, .role = ROLE_AUDITOR, .conn = conn};
	conn->reader = k.readers = &marat;
	return index_request_put(k.ix, &q) ||
	    index_rights_put(k.ix, q.id, RIGHT_EXPORT);
}

static int end_session(void **state)
{
	assert_null(marat.leases);
	k.readers = NULL;
	return keeper_end(state);
}

/* w: the answer. */
static void lease_open(struct wire *w, enum lease_kind kind, int seconds)
{
	wire_begin(w, MSG_LEASE_OPEN, 1);
	wire_put_str(w, "REQ-2026-00001");
	wire_put_str(w, "cam1");
	wire_put_i64(w, KEEPER_NOW - HOUR - 60 * NS_PER_SEC);
	wire_put_i64(w, KEEPER_NOW - HOUR - (60 - seconds) * NS_PER_SEC);
	wire_put_u8(w, (uint8_t)kind);
	as_come(w);
	dispatch(&k, conn, w);
	answer(w);
}

/* Opens and closes leases of so many seconds; how many until he waits. */
static unsigned leases(enum lease_kind kind, int seconds, unsigned n)
{
	struct wire w;

	for (unsigned i = 0; i < n; i++) {
		lease_open(&w, kind, seconds);
		assert_int_equal(w.type, MSG_LEASE_OPEN_IS);
		wire_begin(&w, MSG_LEASE_CLOSE, 2);
		wire_put_u64(&w, marat.leases->row.entry);
		wire_put_u16(&w, 0);
		as_come(&w);
		dispatch(&k, conn, &w);
		answer(&w);
		assert_int_equal(w.type, MSG_OK);
		if (conn_waits(conn))
			return i + 1;
	}
	return n;
}

static void P5_who_watches_on_and_on_waits(void **state)
{
	(void)state;
	assert_int_equal(leases(LEASE_VIEW, 60, 300), 100);
}

/* Whole minutes that are copied have a limit of their own, parts have none. */
static void P5_who_copies_waits_for_parts_of_minutes_alone(void **state)
{
	(void)state;
	assert_int_equal(leases(LEASE_EXPORT, 60, 300), 300);
	assert_false(conn_waits(conn));
	assert_int_equal(leases(LEASE_DOWNLOAD, 59, 300), 100);
}

/* In all sessions together, and each minute once. */
static void P5_what_a_person_copies_in_a_day_is_bounded(void **state)
{
	struct reader other;
	struct wire w;

	(void)state;
	k.conf.copy_minutes = 40;
	other = marat;
	assert_int_equal(leases(LEASE_EXPORT, 60, 20), 20);
	conn->reader = k.readers = &other;
	marat.conn = NULL;
	other.leases = NULL;
	for (unsigned i = 0; i < 21; i++) {
		lease_open(&w, LEASE_DOWNLOAD, 60);
		assert_int_equal(w.type,
		    i < 20 ? MSG_LEASE_OPEN_IS : MSG_ERROR);
	}
	assert_int_equal(wire_get_u16(&w), ERR_QUOTA);
	while (other.leases) {
		struct lease *l = other.leases;

		other.leases = l->next;
		free(l);
	}
	k.readers = NULL;
}

/* A handler's answer is made where the message lay. */
static void P7_what_came_with_a_message_is_closed_after_it(void **state)
{
	struct wire w;
	int fd;

	(void)state;
	wire_begin(&w, MSG_NEXT_PERSON, 1);
	as_come(&w);
	assert_int_equal(bulk_from("an init", 7, &fd), OK);
	w.fd = fd;
	dispatch(&k, conn, &w);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	answer(&w);
	assert_int_equal(w.type, MSG_NEXT_PERSON_IS);
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
	    cmocka_unit_test_setup_teardown(P5_who_watches_on_and_on_waits,
		begin_session, end_session),
	    cmocka_unit_test_setup_teardown(
		P5_who_copies_waits_for_parts_of_minutes_alone, begin_session,
		end_session),
	    cmocka_unit_test_setup_teardown(
		P5_what_a_person_copies_in_a_day_is_bounded, begin_session,
		end_session),
	    cmocka_unit_test_setup_teardown(
		P7_what_came_with_a_message_is_closed_after_it, begin_session,
		end_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
