#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/api/wire.h"

static int pair[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int tear_down(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void fields_arrive_as_they_were_put(void **state)
{
	struct wire w;
	size_t n;

	(void)state;
	wire_begin(&w, MSG_MOVIE, 7);
	wire_put_u8(&w, 200);
	wire_put_u16(&w, 60000);
	wire_put_u32(&w, 4000000000u);
	wire_put_i64(&w, -5);
	wire_put_str(&w, "\xd2\x9a\xd0\xb0\xd0\xb7");
	wire_put_bytes(&w, "\0\1", 2);
	wire_put_str(&w, "");
	assert_int_equal(wire_send(pair[0], &w, -1), OK);
	assert_int_equal(wire_recv(pair[1], &w), OK);
	assert_int_equal(w.type, MSG_MOVIE);
	assert_int_equal(w.id, 7);
	assert_int_equal(w.fd, -1);
	assert_int_equal(wire_get_u8(&w), 200);
	assert_int_equal(wire_get_u16(&w), 60000);
	assert_int_equal(wire_get_u32(&w), 4000000000u);
	assert_int_equal(wire_get_i64(&w), -5);
	assert_string_equal(wire_get_str(&w), "\xd2\x9a\xd0\xb0\xd0\xb7");
	assert_memory_equal(wire_get_bytes(&w, &n), "\0\1", 2);
	assert_int_equal(n, 2);
	assert_string_equal(wire_get_str(&w), "");
	assert_int_equal(wire_end(&w), OK);
}

static void errors_are_sticky_and_what_is_left_over_is_one(void **state)
{
	struct wire w;

	(void)state;
	wire_begin(&w, 2, 0);
	wire_put_u16(&w, 1);
	wire_put_u8(&w, 9);
	assert_int_equal(wire_send(pair[0], &w, -1), OK);
	assert_int_equal(wire_recv(pair[1], &w), OK);
	assert_int_equal(wire_get_u16(&w), 1);
	assert_int_equal(wire_end(&w), ERR_BAD_MESSAGE);
	assert_int_equal(wire_get_u32(&w), 0);
	assert_int_equal(wire_get_u8(&w), 0);
	assert_string_equal(wire_get_str(&w), "");
	assert_int_equal(wire_end(&w), ERR_BAD_MESSAGE);
}

static void more_than_the_limit_is_not_sent(void **state)
{
	static char big[WIRE_MAX + 2];
	struct wire w;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	wire_begin(&w, 2, 0);
	wire_put_str(&w, big);
	assert_int_equal(wire_send(pair[0], &w, -1), ERR_TOO_LARGE);
	wire_begin(&w, 2, 0);
	for (int i = 0; i < 600; i++)
		wire_put_u64(&w, 1);
	assert_int_equal(wire_send(pair[0], &w, -1), ERR_TOO_LARGE);
}

static enum err send_text(const void *p, size_t n)
{
	struct wire w;

	wire_begin(&w, 2, 0);
	wire_put_bytes(&w, p, n);
	assert_int_equal(wire_send(pair[0], &w, -1), OK);
	assert_int_equal(wire_recv(pair[1], &w), OK);
	wire_get_str(&w);
	return wire_end(&w);
}

static void a_string_is_utf_8_without_nul(void **state)
{
	(void)state;
	assert_int_equal(send_text("\xe2\x82\xb8", 3), OK);
	assert_int_equal(send_text("\xf0\x9f\x98\x80", 4), OK);
	assert_int_equal(send_text("a\0b", 3), ERR_BAD_MESSAGE);
	assert_int_equal(send_text("\xff", 1), ERR_BAD_MESSAGE);
	assert_int_equal(send_text("\xc0\x80", 2), ERR_BAD_MESSAGE);
	assert_int_equal(send_text("\xe0\x80\x80", 3), ERR_BAD_MESSAGE);
	assert_int_equal(send_text("\xed\xa0\x80", 3), ERR_BAD_MESSAGE);
	assert_int_equal(send_text("\xf4\x90\x80\x80", 4), ERR_BAD_MESSAGE);
	assert_int_equal(send_text("\xe2\x82", 2), ERR_BAD_MESSAGE);
}

/* A password in what was wrapped may not stand twice in the buffer. */
static void what_was_wrapped_leaves_nothing_behind_its_end(void **state)
{
	struct wire inner, w;

	(void)state;
	wire_begin(&inner, 3, 0);
	wire_put_str(&inner, "correct horse battery");
	wire_begin(&w, 2, 0);
	wire_put_str(&w, "sixteen letters.");
	wire_put_wire(&w, &inner);
	assert_non_null(memmem(w.buf, w.len, "battery", 7));
	assert_string_equal(wire_get_str(&w), "sixteen letters.");
	assert_int_equal(wire_unwrap(&w), OK);
	assert_int_equal(w.type, 3);
	assert_string_equal(wire_get_str(&w), "correct horse battery");
	assert_int_equal(wire_end(&w), OK);
	assert_null(memmem(w.buf + w.len, WIRE_MAX - w.len, "battery", 7));
}

static void a_message_that_is_too_long_or_short_is_malformed(void **state)
{
	static char big[WIRE_MAX + 1] = {0, 1};
	struct wire w;

	(void)state;
	assert_int_equal(send(pair[0], big, sizeof(big), 0), sizeof(big));
	assert_int_equal(wire_recv(pair[1], &w), ERR_BAD_MESSAGE);
	assert_int_equal(send(pair[0], big, 3, 0), 3);
	assert_int_equal(wire_recv(pair[1], &w), ERR_BAD_MESSAGE);
	big[1] = 2;	/* another version */
	assert_int_equal(send(pair[0], big, 8, 0), 8);
	assert_int_equal(wire_recv(pair[1], &w), ERR_BAD_MESSAGE);
	close(pair[0]);
	assert_int_equal(wire_recv(pair[1], &w), ERR_GONE);
	pair[0] = dup(pair[1]);
}

static void a_second_descriptor_is_malformed_and_all_are_closed(void **state)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(2 * sizeof(int))];
	} c = {0};
	unsigned char head[8] = {0, 1, 0, 2, 0, 0, 0, 0};
	struct iovec iov = {head, sizeof(head)};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &c,
	    .msg_controllen = sizeof(c.buf)};
	int fds[2] = {pair[0], pair[0]}, before = count_fds();
	struct wire w;

	(void)state;
	c.h.cmsg_level = SOL_SOCKET;
	c.h.cmsg_type = SCM_RIGHTS;
	c.h.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&c.h), fds, sizeof(fds));
	assert_int_equal(sendmsg(pair[0], &m, 0), sizeof(head));
	assert_int_equal(wire_recv(pair[1], &w), ERR_BAD_MESSAGE);
	assert_int_equal(w.fd, -1);
	assert_int_equal(count_fds(), before);
}

static void bulk_is_accepted_only_where_it_is_sealed(void **state)
{
	const void *p;
	size_t n;
	int fd;

	(void)state;
	assert_int_equal(bulk_from("footage", 7, &fd), OK);
	assert_int_equal(bulk_map(fd, 7, &p, &n), OK);
	assert_int_equal(n, 7);
	assert_memory_equal(p, "footage", 7);
	bulk_unmap(p, n);
	assert_int_equal(bulk_map(fd, 6, &p, &n), ERR_BAD_MESSAGE);
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
	fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(fd, "footage", 7), 7);
	assert_int_equal(bulk_map(fd, 7, &p, &n), ERR_BAD_MESSAGE);
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(bulk_map(fd, 7, &p, &n), ERR_BAD_MESSAGE);
	close(fd);
}

static void a_window_is_memory_of_a_size_that_stays(void **state)
{
	const void *p;
	int fd;

	(void)state;
	assert_int_equal(window_open(7, &fd, &p), OK);
	assert_int_equal(window_check(fd, 7), OK);
	assert_int_equal(window_check(fd, 8), ERR_BAD_MESSAGE);
	assert_int_equal(window_put(fd, 0, "foot", 4), OK);
	assert_int_equal(window_put(fd, 4, "age", 3), OK);
	assert_memory_equal(p, "footage", 7);
	assert_int_equal(window_put(fd, 6, "es", 2), ERR_SYS);
	assert_int_equal(ftruncate(fd, 0), -1);
	bulk_unmap(p, 7);
	close(fd);
	fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(fd, "footage", 7), 7);
	assert_int_equal(window_check(fd, 7), ERR_BAD_MESSAGE);
	close(fd);
	assert_int_equal(bulk_from("footage", 7, &fd), OK);
	assert_int_equal(window_check(fd, 7), ERR_BAD_MESSAGE);
	close(fd);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(window_check(fd, 0), ERR_BAD_MESSAGE);
	close(fd);
	assert_int_equal(window_check(-1, 0), ERR_BAD_MESSAGE);
}

static void a_call_takes_the_answer_with_its_number(void **state)
{
	struct wire w;

	(void)state;
	wire_begin(&w, MSG_OK, 8);	/* a late answer to another call */
	assert_int_equal(wire_send(pair[1], &w, -1), OK);
	wire_begin(&w, MSG_ERROR, 9);
	wire_put_u16(&w, ERR_SELF_APPROVAL);
	wire_put_str(&w, "Ask another.");
	assert_int_equal(wire_send(pair[1], &w, -1), OK);
	wire_begin(&w, MSG_DECIDE, 9);
	assert_int_equal(wire_call(pair[0], &w, -1, 1000), ERR_SELF_APPROVAL);
	assert_string_equal(wire_get_str(&w), "Ask another.");
	wire_begin(&w, MSG_DECIDE, 10);
	assert_int_equal(wire_call(pair[0], &w, -1, 10), ERR_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(fields_arrive_as_they_were_put,
		set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		errors_are_sticky_and_what_is_left_over_is_one, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(more_than_the_limit_is_not_sent,
		set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_string_is_utf_8_without_nul,
		set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		what_was_wrapped_leaves_nothing_behind_its_end, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		a_message_that_is_too_long_or_short_is_malformed, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		a_second_descriptor_is_malformed_and_all_are_closed, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		bulk_is_accepted_only_where_it_is_sealed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_window_is_memory_of_a_size_that_stays, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_call_takes_the_answer_with_its_number, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
