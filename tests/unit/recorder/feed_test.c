#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorder/feed.h"
#include "storage/api/wire.h"

static int peer;
static struct feed *feed;

static int set_up(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	peer = pair[1];
	feed = feed_new(pair[0]);
	return !feed;
}

static int tear_down(void **state)
{
	(void)state;
	feed_free(feed);
	if (peer >= 0)
		close(peer);
	return 0;
}

static void expect(uint16_t type, struct wire *w)
{
	assert_int_equal(wire_recv(peer, w), OK);
	assert_int_equal(w->type, type);
}

static void a_fragment_travels_sealed_with_its_times(void **state)
{
	struct wire w;
	const void *p;
	size_t n;

	(void)state;
	assert_int_equal(feed_fragment(feed, (struct utc){5}, 7,
			     (struct mono){9}, FRAGMENT_KEY, "abc", 3),
	    OK);
	expect(MSG_FRAGMENT, &w);
	assert_int_equal(wire_get_i64(&w), 5);
	assert_int_equal(wire_get_i64(&w), 7);
	assert_int_equal(wire_get_i64(&w), 9);
	assert_int_equal(wire_get_u32(&w), FRAGMENT_KEY);
	assert_int_equal(wire_end(&w), OK);
	assert_int_equal(bulk_map(w.fd, 100, &p, &n), OK);
	assert_int_equal(n, 3);
	assert_memory_equal(p, "abc", 3);
	bulk_unmap(p, n);
	close(w.fd);
}

static void a_full_queue_is_busy_and_loses_nothing_that_it_took(void **state)
{
	static unsigned char mega[1 << 20];
	struct wire w;
	int took = 0, came = 0;

	(void)state;
	while (feed_fragment(feed, (struct utc){took}, 1, (struct mono){0}, 0,
		   mega, sizeof(mega)) == OK)
		assert_in_range(++took, 1, 1000);
	assert_true(feed_is_full(feed));
	assert_int_equal(feed_end(feed, CAUSE_STORAGE_AWAY), OK);
	while (came < took) {
		expect(MSG_FRAGMENT, &w);
		assert_int_equal(wire_get_i64(&w), came++);
		close(w.fd);
		assert_int_equal(feed_write(feed), OK);
	}
	expect(MSG_SEGMENT_END, &w);
	assert_int_equal(wire_get_u8(&w), CAUSE_STORAGE_AWAY);
	assert_false(feed_wants_write(feed));
	assert_false(feed_is_full(feed));
}

static void only_the_newest_segments_cut_counts(void **state)
{
	struct feed_segment s = {.width = 1};
	struct feed_event e;
	struct wire w[2], answer;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(feed_begin(feed, &s, "i", 1), OK);
		expect(MSG_SEGMENT_BEGIN, &w[i]);
		close(w[i].fd);
	}
	for (int i = 0; i < 2; i++) {
		wire_begin(&answer, MSG_SEGMENT_BEGIN_IS, w[i].id);
		wire_put_u64(&answer, 1);
		wire_put_i64(&answer, 77);
		assert_int_equal(wire_send(peer, &answer, -1), OK);
		assert_int_equal(feed_read(feed, &e), OK);
		assert_int_equal(e.what, i ? FEED_CUT : FEED_NOTHING);
	}
	assert_int_equal(e.cut.ns, 77);
}

static void many_small_fragments_do_not_use_up_the_descriptors(void **state)
{
	enum err err = OK;
	int took = 0;

	(void)state;
	/* Nobody reads: what the socket does not take waits in the queue. */
	for (; !err && took < 1000; took++)
		err = feed_fragment(feed, (struct utc){0}, 1, (struct mono){0},
		    0, "x", 1);
	assert_int_equal(err, ERR_BUSY);
	assert_true(took < 1000);
	assert_int_equal(feed_end(feed, CAUSE_STORAGE_AWAY), OK);
}

static void storage_that_went_away_is_gone(void **state)
{
	struct feed_event e;

	(void)state;
	close(peer);
	peer = -1;
	assert_int_equal(feed_end(feed, CAUSE_NONE), ERR_GONE);
	assert_int_equal(feed_read(feed, &e), ERR_GONE);
}

static void an_aiming_picture_is_answered_by_the_question_s_number(void **state)
{
	struct feed_event e;
	struct wire w;
	const void *p;
	size_t n;
	int fd;

	(void)state;
	assert_int_equal(bulk_from("init and fragment", 17, &fd), OK);
	wire_begin(&w, MSG_AIM_PICTURE, 4711);
	assert_int_equal(wire_send(peer, &w, fd), OK);
	close(fd);
	assert_int_equal(feed_read(feed, &e), OK);
	assert_int_equal(e.what, FEED_AIM);
	assert_int_equal(e.id, 4711);
	assert_int_equal(bulk_map(e.fd, 100, &p, &n), OK);
	assert_memory_equal(p, "init and fragment", n);
	bulk_unmap(p, n);
	close(e.fd);
	assert_int_equal(feed_aim(feed, e.id, "a JPEG", 6), OK);
	expect(MSG_AIM_PICTURE_IS, &w);
	assert_int_equal(w.id, 4711);
	assert_int_equal(wire_end(&w), OK);
	assert_int_equal(bulk_map(w.fd, 100, &p, &n), OK);
	assert_int_equal(n, 6);
	assert_memory_equal(p, "a JPEG", 6);
	bulk_unmap(p, n);
	close(w.fd);
	/* none could be made: an answer without a descriptor */
	assert_int_equal(feed_aim(feed, 4712, NULL, 0), OK);
	expect(MSG_AIM_PICTURE_IS, &w);
	assert_int_equal(w.id, 4712);
	assert_int_equal(w.fd, -1);
	/* and a question without one is none */
	wire_begin(&w, MSG_AIM_PICTURE, 4713);
	assert_int_equal(wire_send(peer, &w, -1), OK);
	assert_int_equal(feed_read(feed, &e), ERR_BAD_MESSAGE);
}

/* What is not so; NULL: all is. In a process that may not pass the limit. */
static const char *beside_a_flood(void)
{
	struct rlimit few = {64, 64};
	enum err err = OK;
	struct wire w;
	int pair[2], n = 0;

	if (setrlimit(RLIMIT_NOFILE, &few) ||
	    (geteuid() == 0 && (setgid(65534) || setuid(65534))) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair))
		return "begun";
	for (; !err && n < 100; n++) {
		wire_begin(&w, MSG_FRAGMENT, 1);
		err = wire_send(pair[0], &w, pair[0]);
	}
	if (err != ERR_BUSY || n < 60)
		return "busy";
	if (feed_fragment(feed, (struct utc){5}, 1, (struct mono){0}, 0, "x",
		1) ||
	    !feed_wants_write(feed) || !feed_is_crowded(feed))
		return "crowded";
	feed_drain(feed, 100);
	if (!feed_wants_write(feed))
		return "waiting";
	while (wire_recv(pair[1], &w) == OK)
		close(w.fd);
	if (feed_write(feed) || feed_wants_write(feed) || feed_is_crowded(feed))
		return "written";
	if (wire_recv(peer, &w) || w.type != MSG_FRAGMENT || w.fd < 0)
		return "received";
	return NULL;
}

static void P7_another_child_s_descriptors_on_their_way_only_delay(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		const char *not_so = beside_a_flood();

		if (not_so)
			fprintf(stderr, "not %s\n", not_so);
		_exit(not_so != NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
	    T(a_fragment_travels_sealed_with_its_times),
	    T(a_full_queue_is_busy_and_loses_nothing_that_it_took),
	    T(only_the_newest_segments_cut_counts),
	    T(many_small_fragments_do_not_use_up_the_descriptors),
	    T(an_aiming_picture_is_answered_by_the_question_s_number),
	    T(storage_that_went_away_is_gone),
	    T(P7_another_child_s_descriptors_on_their_way_only_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
