/* handle_export.c: packages go after their days, and with what made them. */
#include "tests/unit/storage/keeper_conn.h"

static int begin(void **state)
{
	if (keeper_begin(state, PEER_CONTROL))
		return 1;
	return mkdirat(k.data_fd, "exports", 0700);
}

static void touch(const char *path)
{
	int fd = openat(k.data_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static bool is_there(const char *path)
{
	return !faccessat(k.data_fd, path, F_OK, 0);
}

static void row(const char *id, enum export_state state, int64_t ends_ns)
{
	struct export_row x = {
	    .request = "REQ-2026-00001", .state = state, .ends_ns = ends_ns};

	strcpy(x.id, id);
	assert_int_equal(index_export_put(k.ix, &x), OK);
}

static enum export_state state_of(const char *id)
{
	struct export_row x;

	assert_int_equal(index_export_find(k.ix, id, &x), OK);
	return x.state;
}

static unsigned erased(void)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	unsigned count = 0;
	size_t n;

	for (uint64_t i = 0; i < ledger_size(k.ledger); i++) {
		assert_int_equal(ledger_get(k.ledger, i, buf, &n), OK);
		assert_int_equal(entry_parse(buf, n, &v), OK);
		count += v.type == ENTRY_EXPORT_ERASED;
	}
	return count;
}

static void P3_what_was_left_of_a_package_goes_at_the_start(void **state)
{
	(void)state;
	touch("exports/EXP-2026-00001.age");
	row("EXP-2026-00001", EXPORT_READY, INT64_MAX);
	touch("exports/EXP-2026-00002.age"); /* its row went with the power */
	touch("exports/EXP-2026-00003.age");
	row("EXP-2026-00003", EXPORT_PREPARING, 0);
	touch("exports/EXP-2026-00004.age");
	row("EXP-2026-00004", EXPORT_FAILED, 0);
	touch("exports/of-root.age");
	k.rebuild = (struct rebuild *)&k;
	assert_int_equal(export_start(&k), OK);
	assert_true(is_there("exports/EXP-2026-00002.age"));
	k.rebuild = NULL;
	assert_int_equal(export_start(&k), OK);
	assert_true(is_there("exports/EXP-2026-00001.age"));
	assert_false(is_there("exports/EXP-2026-00002.age"));
	assert_false(is_there("exports/EXP-2026-00003.age"));
	assert_false(is_there("exports/EXP-2026-00004.age"));
	assert_true(is_there("exports/of-root.age"));
	assert_int_equal(state_of("EXP-2026-00003"), EXPORT_FAILED);
}

static void P3_a_file_that_does_not_go_is_not_called_erased(void **state)
{
	(void)state;
	/* a folder is not unlinked, whoever asks */
	assert_int_equal(mkdirat(k.data_fd, "exports/EXP-2026-00001.age", 0700),
	    0);
	row("EXP-2026-00001", EXPORT_READY, k.now.ns);
	touch("exports/EXP-2026-00002.age");
	row("EXP-2026-00002", EXPORT_READY, k.now.ns);
	export_tick(&k);
	assert_int_equal(state_of("EXP-2026-00001"), EXPORT_READY);
	assert_int_equal(state_of("EXP-2026-00002"), EXPORT_ERASED);
	assert_false(is_there("exports/EXP-2026-00002.age"));
	assert_int_equal(erased(), 2);
	/* its next try is an hour later: each has an entry */
	k.mono.ns += 10 * NS_PER_SEC;
	export_tick(&k);
	assert_int_equal(erased(), 2);
	assert_int_equal(unlinkat(k.data_fd, "exports/EXP-2026-00001.age",
			     AT_REMOVEDIR),
	    0);
	k.mono.ns += 3600 * NS_PER_SEC;
	export_tick(&k);
	assert_int_equal(state_of("EXP-2026-00001"), EXPORT_ERASED);
	assert_int_equal(erased(), 3);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, keeper_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P3_what_was_left_of_a_package_goes_at_the_start),
	    TEST(P3_a_file_that_does_not_go_is_not_called_erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
