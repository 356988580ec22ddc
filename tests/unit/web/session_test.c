#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/session.h"

#define IDLE_S 900

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(call_open(), OK);
	return 0;
}

/* Dropping the peers ends their sessions. */
static int tear_down(void **state)
{
	(void)state;
	call_stop();
	call_close();
	return 0;
}

/* A session of that person; storage's end of its socket. */
static int open_one(uint64_t person, struct session **ret)
{
	int s[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	assert_int_equal(session_open(s[0], person, "user", ROLE_AUDITOR, ret),
	    OK);
	return s[1];
}

static bool is_there(const struct token *t)
{
	struct session *s = session_find(t, true);

	session_put(s);
	return s != NULL;
}

static void a_session_is_found_by_its_token_alone(void **state)
{
	struct session *a, *b, *found;
	int fa = open_one(1, &a), fb = open_one(2, &b);
	struct token t = a->token;

	(void)state;
	found = session_find(&t, false);
	assert_ptr_equal(found, a);
	session_put(found);
	t.s[42] = t.s[42] == 'A' ? 'B' : 'A';
	assert_false(is_there(&t));
	assert_false(is_there(&a->csrf));
	session_put(a);
	session_put(b);
	close(fa);
	close(fb);
}

static void an_ended_session_is_nothing_at_once(void **state)
{
	struct session *s;
	int fd = open_one(1, &s);
	char c;

	(void)state;
	session_end(s);
	assert_false(is_there(&s->token));
	assert_int_equal(call_turn(100), OK);
	assert_int_equal(recv(fd, &c, 1, 0), 0);
	session_put(s);
	close(fd);
}

static void a_dead_socket_ends_its_session(void **state)
{
	struct session *s;
	int fd = open_one(1, &s);

	(void)state;
	close(fd);
	assert_int_equal(call_turn(100), OK);
	assert_false(is_there(&s->token));
	session_put(s);
}

static void idle_and_old_sessions_end(void **state)
{
	struct session *s;
	int fd = open_one(1, &s);
	struct mono later = s->last;

	(void)state;
	later.ns += IDLE_S * NS_PER_SEC;
	session_sweep(later, IDLE_S);
	assert_true(is_there(&s->token));
	later.ns++;
	session_sweep(later, IDLE_S);
	assert_false(is_there(&s->token));
	session_put(s);
	close(fd);

	fd = open_one(1, &s);
	later = s->born;
	later.ns += SESSION_HOURS_MAX * 3600 * NS_PER_SEC + 1;
	s->last = later;
	session_sweep(later, IDLE_S);
	assert_false(is_there(&s->token));
	session_put(s);
	close(fd);
}

static void one_too_many_of_a_person_ends_his_oldest(void **state)
{
	struct session *s[SESSIONS_PER_PERSON + 1], *other;
	int fd[SESSIONS_PER_PERSON + 1], f = open_one(2, &other);

	(void)state;
	for (int i = 0; i <= SESSIONS_PER_PERSON; i++)
		fd[i] = open_one(1, &s[i]);
	assert_false(is_there(&s[0]->token));
	assert_true(is_there(&s[1]->token));
	assert_true(is_there(&s[SESSIONS_PER_PERSON]->token));
	assert_true(is_there(&other->token));
	for (int i = 0; i <= SESSIONS_PER_PERSON; i++) {
		session_put(s[i]);
		close(fd[i]);
	}
	session_put(other);
	close(f);
}

static void a_full_house_is_busy(void **state)
{
	struct session *s;
	int fd[SESSIONS_MAX], more[2];

	(void)state;
	for (unsigned i = 0; i < SESSIONS_MAX; i++) {
		fd[i] = open_one(i + 1, &s);
		session_put(s);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, more), 0);
	assert_int_equal(session_open(more[0], 999, "u", ROLE_AUDITOR, &s),
	    ERR_BUSY);
	close(more[1]);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		close(fd[i]);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		assert_int_equal(call_turn(0), OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_session_is_found_by_its_token_alone),
	    TEST(an_ended_session_is_nothing_at_once),
	    TEST(a_dead_socket_ends_its_session),
	    TEST(idle_and_old_sessions_end),
	    TEST(one_too_many_of_a_person_ends_his_oldest),
	    TEST(a_full_house_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
