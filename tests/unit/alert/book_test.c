#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "alert/book.h"

#define BOTH (TO_MAIL | TO_HOOK)

static const struct incident down = {.kind = "camera-down",
    .of = "cam1",
    .detail = "no-answer",
    .since = "2026-11-22T14:15:07+05:00",
    .n = -1,
    .critical = true};
static const struct incident full = {.kind = "disk-full-soon", .n = 12};

static struct book book;

static int empty(void **state)
{
	(void)state;
	book = (struct book){0};
	return 0;
}

static void an_incident_is_told_when_it_opens_and_when_it_is_over(void **state)
{
	(void)state;
	assert_int_equal(book_update(&book, &down, 1, BOTH, 100), 1);
	assert_int_equal(book_update(&book, &down, 1, BOTH, 101), 0);
	assert_int_equal(book.queue_n, 1);
	assert_int_equal(book.queue[0].event, EVENT_OPENED);
	assert_int_equal(book_update(&book, NULL, 0, BOTH, 102), 1);
	assert_int_equal(book.queue[1].event, EVENT_CLOSED);
	assert_string_equal(book.queue[1].i.of, "cam1");
	assert_int_equal(book_update(&book, NULL, 0, BOTH, 103), 0);
}

static void another_cause_or_number_is_the_same_incident(void **state)
{
	struct incident i = down;

	(void)state;
	assert_int_equal(book_update(&book, &i, 1, BOTH, 100), 1);
	snprintf(i.detail, sizeof(i.detail), "network");
	i.n = 7;
	assert_int_equal(book_update(&book, &i, 1, BOTH, 101), 0);
	snprintf(i.of, sizeof(i.of), "cam2");
	assert_int_equal(book_update(&book, &i, 1, BOTH, 102), 2);
}

static void while_nobody_answers_nothing_is_over(void **state)
{
	static const struct incident away = {.kind = "saqta-away", .n = -1};

	(void)state;
	assert_int_equal(book_update(&book, &down, 1, BOTH, 100), 1);
	assert_int_equal(book_add(&book, &away, BOTH, 101), 1);
	assert_int_equal(book_add(&book, &away, BOTH, 102), 0);
	assert_int_equal(book.queue_n, 2);
	assert_int_equal(book.queue[1].event, EVENT_OPENED);
	/* it answers again, and the camera is still down */
	assert_int_equal(book_update(&book, &down, 1, BOTH, 103), 1);
	assert_int_equal(book.queue[2].event, EVENT_CLOSED);
	assert_string_equal(book.queue[2].i.kind, "saqta-away");
	assert_int_equal(book.open_n, 1);
}

static void a_message_stays_until_each_way_has_taken_it(void **state)
{
	(void)state;
	book_update(&book, &down, 1, BOTH, 100);
	assert_false(book_sent(&book, 0, TO_MAIL));
	assert_int_equal(book.queue_n, 1);
	assert_int_equal(book.queue[0].to, TO_HOOK);
	assert_true(book_sent(&book, 0, TO_HOOK));
	assert_int_equal(book.queue_n, 0);
}

static void a_day_has_one_report(void **state)
{
	(void)state;
	book_digest(&book, 20000, TO_MAIL, 100);
	book_digest(&book, 20000, TO_MAIL, 200);
	assert_int_equal(book.queue_n, 1);
	book_digest(&book, 20001, TO_MAIL, 300);
	assert_int_equal(book.queue_n, 2);
}

static void a_full_queue_gives_up_the_oldest(void **state)
{
	(void)state;
	for (int64_t day = 1; day <= QUEUE_MAX + 3; day++)
		book_digest(&book, day, TO_MAIL, day);
	assert_int_equal(book.queue_n, QUEUE_MAX);
	assert_int_equal(book.queue[0].at, 4);
	assert_int_equal(book.queue[QUEUE_MAX - 1].id, QUEUE_MAX + 3);
}

static void what_was_written_is_read_again(void **state)
{
	static struct book got;
	struct incident both[] = {down, full};
	char dir[] = "/tmp/saqta-book-XXXXXX", path[64];

	(void)state;
	snprintf(both[1].detail, sizeof(both[1].detail), "a\tb\nc");
	book_update(&book, both, 2, BOTH, 1795000000);
	book_digest(&book, 20000, TO_MAIL, 1795000001);
	assert_false(book_sent(&book, 0, TO_MAIL));
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/book", dir);
	assert_int_equal(book_read(path, &got), ERR_NOT_FOUND);
	assert_int_equal(book_write(path, &book), OK);
	assert_false(book.changed);
	assert_int_equal(book_read(path, &got), OK);
	assert_int_equal(got.open_n, 2);
	assert_memory_equal(&got.open[0].critical, &down.critical, 1);
	assert_string_equal(got.open[0].since, down.since);
	assert_string_equal(got.open[1].detail, "a b c");
	assert_int_equal(got.open[1].n, 12);
	assert_int_equal(got.queue_n, 3);
	assert_int_equal(got.queue[0].to, TO_HOOK);
	assert_int_equal(got.queue[2].event, EVENT_DIGEST);
	assert_int_equal(got.last_id, 3);
	assert_int_equal(got.digest_day, 20000);
	assert_int_equal(book_update(&got, both, 2, BOTH, 1795000002), 0);
	unlink(path);
	rmdir(dir);
}

static void a_file_that_is_no_book_is_an_error_and_an_empty_book(void **state)
{
	static const char *const bad[] = {"", "nonsense\n",
	    "saqta alerts v1\t1\n", "saqta alerts v1\t1\t2\nopen\t1\n",
	    "saqta alerts v1\t1\t2\n"
	    "tell\t1\t9\t3\t100\tk\to\td\ts\t1\t0\n",
	    "saqta alerts v1\t1\t2\n"
	    "tell\t1\t1\t3\tx\tk\to\td\ts\t1\t0\n",
	    "saqta alerts v1\t1\t2\n"
	    "open\t0\t0\t0\t0\tk\to\td\ts\t1\t0\tmore\n"};
	char path[] = "/tmp/saqta-book-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FILE *f = fopen(path, "w");

		fputs(bad[i], f);
		fclose(f);
		book.open_n = 5;
		assert_int_equal(book_read(path, &book), ERR_FORMAT);
		assert_int_equal(book.open_n, 0);
		assert_int_equal(book.queue_n, 0);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		an_incident_is_told_when_it_opens_and_when_it_is_over, empty),
	    cmocka_unit_test_setup(another_cause_or_number_is_the_same_incident,
		empty),
	    cmocka_unit_test_setup(while_nobody_answers_nothing_is_over, empty),
	    cmocka_unit_test_setup(a_message_stays_until_each_way_has_taken_it,
		empty),
	    cmocka_unit_test_setup(a_day_has_one_report, empty),
	    cmocka_unit_test_setup(a_full_queue_gives_up_the_oldest, empty),
	    cmocka_unit_test_setup(what_was_written_is_read_again, empty),
	    cmocka_unit_test_setup(
		a_file_that_is_no_book_is_an_error_and_an_empty_book, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
