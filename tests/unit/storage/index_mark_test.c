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

static char dir[] = "/tmp/saqta-mark-XXXXXX";
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
	unsigned n;
	struct mark_row mark[8];
	struct lease_row lease[8];
};

static enum err see_mark(const struct mark_row *m, void *arg)
{
	struct seen *s = arg;

	s->mark[s->n++] = *m;
	return OK;
}

static enum err see_lease(const struct lease_row *l, void *arg)
{
	struct seen *s = arg;

	s->lease[s->n++] = *l;
	return OK;
}

static void marks_of_a_request_come_in_the_order_of_their_entries(void **state)
{
	struct mark_row late = {.entry = 9,
	    .person = 3,
	    .kind = MARK_SNAPSHOT,
	    .request = "REQ-2026-00001",
	    .camera = "cam-1",
	    .made_ns = 100,
	    .at_ns = 50};
	struct mark_row soon = late, other = late;
	struct seen s = {0};

	(void)state;
	soon.entry = 4;
	soon.kind = MARK_NOTE;
	other.entry = 5;
	strcpy(other.request, "REQ-2026-00002");
	memset(late.sha256, 0x5a, sizeof(late.sha256));
	assert_int_equal(index_mark_put(ix, &late), OK);
	assert_int_equal(index_mark_put(ix, &soon), OK);
	assert_int_equal(index_mark_put(ix, &other), OK);
	assert_int_equal(index_marks(ix, "REQ-2026-00001", see_mark, &s), OK);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.mark[0].entry, 4);
	assert_int_equal(s.mark[0].kind, MARK_NOTE);
	assert_int_equal(s.mark[1].entry, 9);
	assert_int_equal(s.mark[1].kind, MARK_SNAPSHOT);
	assert_int_equal(s.mark[1].person, 3);
	assert_int_equal(s.mark[1].made_ns, 100);
	assert_int_equal(s.mark[1].at_ns, 50);
	assert_string_equal(s.mark[1].camera, "cam-1");
	assert_memory_equal(s.mark[1].sha256, late.sha256, sizeof(late.sha256));
}

static void an_entry_has_one_mark(void **state)
{
	struct mark_row m = {.entry = 9, .kind = MARK_NOTE};

	(void)state;
	assert_int_equal(index_mark_put(ix, &m), OK);
	assert_int_not_equal(index_mark_put(ix, &m), OK);
}

static void leases_that_touch_a_range_are_found_the_newest_first(void **state)
{
	static const struct {
		uint64_t entry;
		int64_t from_ns, to_ns;
	} rows[] = {{1, 0, 100}, {2, 100, 200}, {3, 150, 400}, {4, 300, 400}};
	struct seen s = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lease_row l = {.entry = rows[i].entry,
		    .from_ns = rows[i].from_ns,
		    .to_ns = rows[i].to_ns,
		    .kind = LEASE_VIEW};

		assert_int_equal(index_lease_put(ix, &l), OK);
	}
	assert_int_equal(index_lease_closed(ix, 2), OK);
	assert_int_equal(index_leases_within(ix, 100, 300, INT64_MAX, 9,
			     see_lease, &s),
	    OK);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.lease[0].entry, 3);
	assert_int_equal(s.lease[1].entry, 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_index, close_index)
	const struct CMUnitTest tests[] = {
	    TEST(marks_of_a_request_come_in_the_order_of_their_entries),
	    TEST(an_entry_has_one_mark),
	    TEST(leases_that_touch_a_range_are_found_the_newest_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
