#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/index.h"

static char dir[] = "/tmp/saqta-place-XXXXXX";
static struct index *ix;

static int open_index(void **state)
{
	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	return !mkdtemp(dir) || index_open(dir, false, &ix);
}

static int close_index(void **state)
{
	char command[128];

	(void)state;
	index_close(ix);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

struct seen {
	int n;
	struct stood_row row[8];
};

static enum err see(const struct stood_row *r, void *arg)
{
	struct seen *s = arg;

	s->row[s->n++] = *r;
	return OK;
}

static void what_stood_there_ends_where_the_next_begins(void **state)
{
	struct seen s = {0};
	struct stood_row now;

	(void)state;
	assert_int_equal(index_stood_now(ix, STOOD_PLACE, "0417", &now),
	    ERR_NOT_FOUND);
	assert_int_equal(index_stood_begin(ix, STOOD_PLACE, "0417", 100,
			     "Abay 12", ""),
	    OK);
	assert_int_equal(index_stood_begin(ix, STOOD_PLACE, "0417", 200,
			     "Satpaev 3", ""),
	    OK);
	assert_int_equal(index_stood(ix, STOOD_PLACE, "0417", see, &s), OK);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.row[0].to_ns, 200);
	assert_string_equal(s.row[0].value, "Abay 12");
	assert_int_equal(s.row[1].from_ns, 200);
	assert_true(s.row[1].to_ns == INT64_MAX);
	assert_int_equal(index_stood_now(ix, STOOD_PLACE, "0417", &now), OK);
	assert_string_equal(now.value, "Satpaev 3");
}

static void kinds_and_keys_are_apart(void **state)
{
	struct stood_row now;

	(void)state;
	assert_int_equal(index_stood_begin(ix, STOOD_ATM, "cam-1", 1, "0417",
			     ""),
	    OK);
	assert_int_equal(index_stood_begin(ix, STOOD_DEVICE, "cam-1", 1,
			     "rtsp://h/1", "Maker"),
	    OK);
	assert_int_equal(index_stood_end(ix, STOOD_DEVICE, "cam-1", 5), OK);
	assert_int_equal(index_stood_now(ix, STOOD_ATM, "cam-1", &now), OK);
	assert_int_equal(index_stood_now(ix, STOOD_DEVICE, "cam-1", &now),
	    ERR_NOT_FOUND);
}

static void retired_is_who_has_no_device_any_more(void **state)
{
	int64_t when = -1;

	(void)state;
	assert_int_equal(index_retired(ix, "cam-1", &when), OK);
	assert_int_equal(when, 0);
	assert_int_equal(index_stood_begin(ix, STOOD_DEVICE, "cam-1", 1, "a",
			     ""),
	    OK);
	assert_int_equal(index_stood_begin(ix, STOOD_DEVICE, "cam-1", 7, "b",
			     ""),
	    OK);
	assert_int_equal(index_retired(ix, "cam-1", &when), OK);
	assert_int_equal(when, 0);
	assert_int_equal(index_stood_end(ix, STOOD_DEVICE, "cam-1", 9), OK);
	assert_int_equal(index_retired(ix, "cam-1", &when), OK);
	assert_int_equal(when, 9);
}

/* As a program of schema 2 left it: with cameras, without their history. */
static void an_older_index_begins_its_history_with_what_is(void **state)
{
	struct camera_row c = {.id = "cam-1",
	    .atm = "0417",
	    .place = "Abay 12",
	    .url = "rtsp://h/1",
	    .added_ns = 42};
	struct stood_row now;
	char command[512];

	(void)state;
	assert_int_equal(index_camera_put(ix, &c), OK);
	index_close(ix);
	snprintf(command, sizeof(command),
	    "/usr/bin/python3 -c 'import sqlite3; "
	    "sqlite3.connect(\"%s/index.db\").executescript(\"DROP TABLE "
	    "stood; ALTER TABLE camera DROP COLUMN certificate; "
	    "ALTER TABLE export DROP COLUMN lost; "
	    "ALTER TABLE export DROP COLUMN why; "
	    "ALTER TABLE request DROP COLUMN reason_code; "
	    "ALTER TABLE request DROP COLUMN until_ns; "
	    "PRAGMA user_version = 2\")'",
	    dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(index_open(dir, false, &ix), OK);
	assert_int_equal(index_stood_now(ix, STOOD_DEVICE, "cam-1", &now), OK);
	assert_int_equal(now.from_ns, 42);
	assert_string_equal(now.value, "rtsp://h/1");
	assert_int_equal(index_stood_now(ix, STOOD_PLACE, "0417", &now), OK);
	assert_string_equal(now.value, "Abay 12");
	assert_int_equal(index_camera_find(ix, "cam-1", &c), OK);
	assert_string_equal(c.certificate, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		what_stood_there_ends_where_the_next_begins, open_index,
		close_index),
	    cmocka_unit_test_setup_teardown(kinds_and_keys_are_apart,
		open_index, close_index),
	    cmocka_unit_test_setup_teardown(
		retired_is_who_has_no_device_any_more, open_index, close_index),
	    cmocka_unit_test_setup_teardown(
		an_older_index_begins_its_history_with_what_is, open_index,
		close_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
