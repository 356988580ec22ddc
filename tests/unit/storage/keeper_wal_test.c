/*
 * The index's log while others read and commit: what was erased leaves it, and
 * the keeper waits for nobody.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/keeper_wal.h"

#define ROWS 60
/* SQLite alone would wait for five seconds, at each try. */
#define TURN_MS 2500
/* camera, number 2 and day of a segment's row, as they lie in a page */
#define ROW_2 "cam-gone\0022026-08-28"

static char dir[] = "/tmp/saqta-wal-XXXXXX";
static struct keeper k;
static uint64_t last;		/* number of the last row put */
static double worst_ms;		/* of a turn */

static void put(const char *camera, uint64_t seq)
{
	struct segment_row s = {.seq = seq,
	    .day = "2026-08-28",
	    .start_ns = (int64_t)seq * NS_PER_SEC,
	    .end_ns = (int64_t)(seq + 1) * NS_PER_SEC,
	    .state = SEGMENT_SEALED};

	snprintf(s.camera, sizeof(s.camera), "%s", camera);
	assert_int_equal(index_segment_put(k.ix, &s), OK);
}

static void open_it(void)
{
	assert_int_equal(index_open(dir, false, &k.ix), OK);
	index_wal_by_hand(k.ix);
	assert_int_equal(wal_start(&k), OK);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(k.conf.data, sizeof(k.conf.data), "%s", dir);
	k.mono = mono_now();
	open_it();
	return 0;
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	wal_stop(&k);
	index_close(k.ix);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

/* How often row 2 of the erased camera stands in a file of the index. */
static int found(const char *name, off_t *ret_size)
{
	static char buf[4 << 20];
	char path[128], *p = buf;
	ssize_t n;
	int fd, times = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, buf, sizeof(buf));
	assert_in_range(n, 0, sizeof(buf) - 1);
	close(fd);
	*ret_size = n;
	while ((p = memmem(p, (size_t)(buf + n - p), ROW_2, strlen(ROW_2)))) {
		p++;
		times++;
	}
	return times;
}

static void turn(void)
{
	struct pollfd p = {.fd = wal_fd(&k), .events = POLLIN};
	struct mono t;
	double ms;

	k.mono = t = mono_now();
	wal_turn(&k);
	ms = (double)(mono_now().ns - t.ns) / NS_PER_MS;
	worst_ms = ms > worst_ms ? ms : worst_ms;
	poll(&p, 1, 1);
}

/* The log is cut, or not yet after so long. */
static enum err turns(int ms, void (*beside)(void))
{
	int64_t until = mono_now().ns + ms * NS_PER_MS;

	while (wal_cut_state(&k) == ERR_BUSY && mono_now().ns < until) {
		if (beside)
			beside();
		turn();
	}
	return wal_cut_state(&k);
}

static void erase(void)
{
	uint64_t seqs[ROWS];
	size_t n = ROWS;

	for (uint64_t i = 0; i < ROWS; i++)
		put("cam-gone", i + 1);
	for (uint64_t i = 0; i < ROWS; i++)
		seqs[i] = i + 1;
	while (n)
		assert_int_equal(index_segments_erase(k.ix, "cam-gone", seqs,
				     &n),
		    OK);
}

static void nothing_is_left(void)
{
	off_t size;

	assert_int_equal(found("index.db-wal", &size), 0);
	assert_int_equal(size, 0);
	assert_int_equal(found("index.db", &size), 0);
}

static void P3_what_was_erased_is_in_no_log_and_in_no_free_page(void **state)
{
	off_t size;

	(void)state;
	assert_int_equal(turns(20000, NULL), OK);
	erase();
	assert_true(found("index.db-wal", &size) > 0);
	wal_cut(&k);
	assert_int_equal(turns(20000, NULL), OK);
	nothing_is_left();
}

static void P3_what_a_crash_left_in_the_log_goes_at_the_next_start(void **state)
{
	off_t size;

	(void)state;
	erase();
	wal_stop(&k);
	index_close(k.ix);	/* brings back and removes it */
	open_it();
	erase();		/* as if it had been found there */
	assert_true(found("index.db-wal", &size) > 0);
	assert_int_equal(turns(20000, NULL), OK);
	nothing_is_left();
}

static enum err while_one_reads(const struct segment_row *s, void *arg)
{
	(void)s;
	worst_ms = 0;
	wal_cut(&k);
	assert_int_equal(turns(400, NULL), ERR_BUSY);
	*(bool *)arg = true;
	return ERR_GONE; /* enough */
}

static void a_cut_waits_for_no_reader_and_comes_when_he_is_done(void **state)
{
	struct index *other = NULL;
	bool read = false;

	(void)state;
	erase();
	put("cam-1", ++last);
	assert_int_equal(index_open(dir, true, &other), OK);
	assert_int_equal(index_segments(other, "cam-1", 0, INT64_MAX,
			     while_one_reads, &read),
	    ERR_GONE);
	assert_true(read);
	assert_true(worst_ms < TURN_MS);
	assert_int_equal(turns(20000, NULL), OK);
	nothing_is_left();
	index_close(other);
}

static void commit(void)
{
	put("cam-1", ++last);
}

static void commits_meanwhile_do_not_keep_it_from_being_cut(void **state)
{
	off_t size;

	(void)state;
	erase();
	wal_cut(&k);
	assert_int_equal(turns(20000, commit), OK);
	assert_int_equal(found("index.db-wal", &size), 0);
	assert_int_equal(found("index.db", &size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P3_what_was_erased_is_in_no_log_and_in_no_free_page),
	    cmocka_unit_test(
		P3_what_a_crash_left_in_the_log_goes_at_the_next_start),
	    cmocka_unit_test(
		a_cut_waits_for_no_reader_and_comes_when_he_is_done),
	    cmocka_unit_test(commits_meanwhile_do_not_keep_it_from_being_cut),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
