#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/api/messages.h"
#include "web/call.h"

static int theirs = -1;		/* storage's end */
static int deaths;
static struct peer *peer;

struct told {
	struct call call;
	int times;
	enum err err;
	char text[32];
};

static void done(struct call *c, enum err err, struct wire *w)
{
	struct told *t = (struct told *)c;

	t->times++;
	t->err = err;
	if (w)
		strncpy(t->text, wire_get_str(w), sizeof(t->text) - 1);
}

static void dead(void *arg)
{
	(void)arg;
	deaths++;
}

static int set_up(void **state)
{
	int s[2];

	(void)state;
	deaths = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	theirs = s[1];
	assert_int_equal(call_open(), OK);
	assert_int_equal(peer_open(s[0], ERR_SIGNED_OUT, dead, NULL, &peer),
	    OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	call_stop();
	peer_put(peer);
	call_close();
	close(theirs);
	return 0;
}

static enum err ask(struct told *t, int ms)
{
	struct wire w;

	memset(t, 0, sizeof(*t));
	t->call.done = done;
	t->call.answer = MSG_REQUEST_NEW_IS;
	wire_begin(&w, MSG_REQUEST_NEW, 0);
	return call_start(peer, &t->call, &w, ms);
}

static uint32_t heard(void)
{
	struct wire w;

	assert_int_equal(wire_recv(theirs, &w), OK);
	return w.id;
}

static void answer(uint16_t type, uint32_t id, const char *text)
{
	struct wire w;

	wire_begin(&w, type, id);
	if (type == MSG_ERROR)
		wire_put_u16(&w, ERR_DENIED);
	wire_put_str(&w, text);
	assert_int_equal(wire_send(theirs, &w, -1), OK);
	assert_int_equal(call_turn(100), OK);
}

static void answers_find_their_question_in_any_order(void **state)
{
	struct told a, b;
	uint32_t ia, ib;

	(void)state;
	assert_int_equal(ask(&a, 1000), OK);
	assert_int_equal(ask(&b, 1000), OK);
	ia = heard();
	ib = heard();
	answer(MSG_REQUEST_NEW_IS, ib, "second");
	answer(MSG_ERROR, ia, "because");
	assert_int_equal(a.err, ERR_DENIED);
	assert_string_equal(a.text, "because");
	assert_int_equal(b.err, OK);
	assert_string_equal(b.text, "second");
	assert_int_equal(a.times + b.times, 2);
}

static void a_question_ends_once_whatever_comes_later(void **state)
{
	struct told a;
	uint32_t id;

	(void)state;
	assert_int_equal(ask(&a, 1), OK);
	id = heard();
	usleep(3000);
	assert_int_equal(call_turn(10), OK);
	assert_int_equal(a.err, ERR_TIMEOUT);
	answer(MSG_REQUEST_NEW_IS, id, "late");
	answer(MSG_REQUEST_NEW_IS, 12345, "nobody's");
	assert_int_equal(a.times, 1);
	assert_int_equal(deaths, 0);
}

static void a_dead_socket_ends_all_its_questions(void **state)
{
	struct told a, b;

	(void)state;
	assert_int_equal(ask(&a, 1000), OK);
	assert_int_equal(ask(&b, 1000), OK);
	shutdown(theirs, SHUT_RDWR);
	for (int i = 0; i < 3; i++)
		assert_int_equal(call_turn(10), OK);
	assert_int_equal(a.err, ERR_SIGNED_OUT);
	assert_int_equal(b.err, ERR_SIGNED_OUT);
	assert_int_equal(deaths, 1);
	assert_int_equal(ask(&a, 1000), ERR_SIGNED_OUT);
	assert_int_equal(a.times, 0);
}

static void an_answer_of_another_type_costs_the_socket(void **state)
{
	struct told a;

	(void)state;
	assert_int_equal(ask(&a, 1000), OK);
	answer(MSG_LEDGER_IS, heard(), "x");
	assert_int_equal(a.err, ERR_INTERNAL);
	assert_int_equal(deaths, 1);
}

static void more_than_CALLS_MAX_are_busy(void **state)
{
	struct told t[CALLS_MAX], more;

	(void)state;
	for (int i = 0; i < CALLS_MAX; i++)
		assert_int_equal(ask(&t[i], 1000), OK);
	assert_int_equal(ask(&more, 1000), ERR_BUSY);
	answer(MSG_REQUEST_NEW_IS, heard(), "room");
	assert_int_equal(ask(&more, 1000), OK);
	call_stop();
	assert_int_equal(more.err, ERR_UNAVAILABLE);
	assert_int_equal(t[CALLS_MAX - 1].err, ERR_UNAVAILABLE);
}

static void ending_a_peer_is_heard_by_who_opened_it(void **state)
{
	(void)state;
	peer_end(peer);
	assert_int_equal(call_turn(100), OK);
	assert_int_equal(deaths, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(answers_find_their_question_in_any_order),
	    TEST(a_question_ends_once_whatever_comes_later),
	    TEST(a_dead_socket_ends_all_its_questions),
	    TEST(an_answer_of_another_type_costs_the_socket),
	    TEST(more_than_CALLS_MAX_are_busy),
	    TEST(ending_a_peer_is_heard_by_who_opened_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
