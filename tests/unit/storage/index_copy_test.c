#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/index.h"

static char dir[] = "/tmp/saqta-copy-XXXXXX";
static char copies[64], other[64];

static int set_up(void **state)
{
	char cmd[160];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(copies, sizeof(copies), "%s/copies", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(cmd, sizeof(cmd), "mkdir %s %s", copies, other);
	return system(cmd);
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void person(struct index *ix, uint64_t id, const char *name)
{
	struct person_row p = {.id = id,
	    .role = ROLE_CUSTODIAN,
	    .sealed = "secret",
	    .sealed_n = 6};

	snprintf(p.user, sizeof(p.user), "user%d", (int)id);
	snprintf(p.name, sizeof(p.name), "%s", name);
	assert_int_equal(index_person_put(ix, &p), OK);
}

static void what_footage_does_not_hold_comes_back_from_the_copy(void **state)
{
	static const unsigned char salt[32] = {7};
	struct camera_row c = {.id = "cam1", .url = "rtsp://x/", .next_seq = 9};
	struct segment_row s = {.camera = "cam1", .seq = 8};
	char text[TEXT_MAX];
	struct person_row p;
	struct index *ix;

	(void)state;
	assert_int_equal(index_open(dir, false, &ix), OK);
	person(ix, 1, "Aigul");
	assert_int_equal(index_camera_put(ix, &c), OK);
	assert_int_equal(index_segment_put(ix, &s), OK);
	assert_int_equal(index_text_put(ix, 4, 49, salt, "why"), OK);
	assert_int_equal(index_copy(dir, copies), OK);
	index_close(ix);

	assert_int_equal(index_open(other, false, &ix), OK);
	assert_int_equal(index_restore(ix, copies), OK);
	assert_int_equal(index_person_find(ix, 1, &p), OK);
	assert_string_equal(p.name, "Aigul");
	assert_int_equal(p.sealed_n, 6);
	assert_int_equal(index_camera_find(ix, "cam1", &c), OK);
	assert_string_equal(c.url, "rtsp://x/");
	assert_int_equal(index_text_find(ix, 4, 49, text), OK);
	/* segments are made anew from ledger and journals */
	assert_int_equal(index_segment_find(ix, "cam1", 8, &s), ERR_NOT_FOUND);
	index_close(ix);
}

static void the_copy_follows_changes_and_erasures(void **state)
{
	char cmd[160], text[TEXT_MAX];
	struct person_row p;
	struct index *ix;

	(void)state;
	assert_int_equal(index_open(dir, false, &ix), OK);
	person(ix, 1, "Aigul S.");
	person(ix, 2, "Bolat");
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm %s/index.db*", other);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(index_copy(dir, copies), OK);
	assert_int_equal(index_open(other, false, &ix), OK);
	assert_int_equal(index_restore(ix, copies), OK);
	assert_int_equal(index_person_find(ix, 1, &p), OK);
	assert_string_equal(p.name, "Aigul S.");
	assert_int_equal(index_person_find(ix, 2, &p), OK);
	assert_int_equal(index_text_find(ix, 4, 49, text), OK);
	index_close(ix);
}

static void an_older_index_does_not_replace_a_copy_that_knows_more(void **state)
{
	int64_t entries = 0;
	struct index *ix;

	(void)state;
	assert_int_equal(index_copy_entries(copies, &entries), OK);
	assert_int_equal(entries, -1);
	assert_int_equal(index_open(dir, false, &ix), OK);
	assert_int_equal(index_setting_put(ix, INDEX_ENTRIES, "500", 3), OK);
	assert_int_equal(index_copy(dir, copies), OK);
	assert_int_equal(index_setting_put(ix, INDEX_ENTRIES, "499", 3), OK);
	assert_int_equal(index_copy(dir, copies), ERR_EXISTS);
	index_close(ix);
	assert_int_equal(index_copy_entries(copies, &entries), OK);
	assert_int_equal(entries, 500);
}

static void damage_is_found_in_index_and_copy(void **state)
{
	char path[96];
	int64_t n;
	int fd;

	(void)state;
	assert_int_equal(index_verify(dir, NULL), OK);
	snprintf(path, sizeof(path), "%s/index.db", dir);
	fd = open(path, O_RDWR);
	for (int i = 1; i < 12; i++)
		assert_int_equal(pwrite(fd, "garbage", 7, 4096 * i), 7);
	close(fd);
	assert_int_equal(index_verify(dir, NULL), ERR_INTEGRITY);
	snprintf(path, sizeof(path), "%s/index-copy.db", copies);
	fd = open(path, O_RDWR);
	for (int i = 1; i < 6; i++)
		assert_int_equal(pwrite(fd, "garbage", 7, 4096 * i), 7);
	close(fd);
	assert_int_equal(index_copy_entries(copies, &n), ERR_INTEGRITY);
	assert_int_equal(index_copy_entries("/nonexistent", &n), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		what_footage_does_not_hold_comes_back_from_the_copy),
	    cmocka_unit_test(the_copy_follows_changes_and_erasures),
	    cmocka_unit_test(
		an_older_index_does_not_replace_a_copy_that_knows_more),
	    cmocka_unit_test(damage_is_found_in_index_and_copy),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
