#include "tests/unit/storage/ledger_dir.h"
#include "storage/tile.h"

static void making_it_twice_is_refused(void **state)
{
	unsigned char key[KEY_BYTES];
	int fd = data_fd(dir);

	(void)state;
	assert_int_equal(ledger_create(fd, ORIGIN, key), ERR_EXISTS);
	close(fd);
}

static void a_second_writer_is_refused(void **state)
{
	struct ledger *l = open_at(dir);
	size_t cut;

	(void)state;
	assert_int_equal(try_open(dir, &cut), ERR_BUSY);
	ledger_close(l);
	assert_int_equal(try_open(dir, &cut), OK);
}

static void P10_entries_and_root_survive_every_roll_over(void **state)
{
	static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct ledger *l = open_at(dir);

		put(l, sizes[i] - ledger_size(l));
		check_all(l);
		assert_int_equal(ledger_checkpoint(l), OK);
		assert_int_equal(ledger_checkpoint_size(l), sizes[i]);
		ledger_close(l);
		l = open_at(dir);
		assert_int_equal(ledger_size(l), sizes[i]);
		check_all(l);
		ledger_close(l);
	}
}

static void P5_a_group_of_entries_costs_one_write_and_one_sync(void **state)
{
	struct ledger *l = open_at(dir);
	unsigned datasyncs, syncs, writes;

	(void)state;
	put(l, 1);
	datasyncs = faults.datasyncs;
	syncs = faults.syncs;
	writes = faults.writes;
	put(l, 50);
	assert_int_equal(faults.datasyncs - datasyncs, 1);
	assert_int_equal(faults.syncs - syncs, 1);
	assert_int_equal(faults.writes - writes, 1);
	assert_int_equal(ledger_commit(l), OK);	/* nothing to do: no sync */
	assert_int_equal(faults.syncs - syncs, 1);
	ledger_close(l);
}

static void P5_what_is_not_committed_is_not_there(void **state)
{
	unsigned char buf[ENTRY_MAX];
	struct ledger *l = open_at(dir);
	struct entry e;
	uint64_t i;
	size_t n;

	(void)state;
	put(l, 3);
	make_entry(&e, 3);
	assert_int_equal(ledger_put(l, &e, &i), OK);
	assert_int_equal(i, 3);
	assert_true(ledger_dirty(l));
	assert_int_equal(ledger_size(l), 3);
	assert_int_equal(ledger_get(l, 3, buf, &n), ERR_NOT_FOUND);
	ledger_close(l);
	l = open_at(dir);
	assert_int_equal(ledger_size(l), 3);
	check_all(l);
	ledger_close(l);
}

static void P5_a_failed_sync_is_never_tried_again(void **state)
{
	struct ledger *l = open_at(dir);
	struct entry e;
	unsigned syncs;
	uint64_t i;

	(void)state;
	put(l, 3);
	make_entry(&e, 3);
	assert_int_equal(ledger_put(l, &e, &i), OK);
	faults.fail_sync = 0;
	assert_int_equal(ledger_commit(l), ERR_DISK);
	syncs = faults.syncs;
	assert_int_equal(ledger_commit(l), ERR_DISK);
	assert_int_equal(ledger_checkpoint(l), ERR_DISK);
	assert_int_equal(ledger_put(l, &e, &i), ERR_DISK);
	assert_int_equal(faults.syncs, syncs);
	assert_int_equal(ledger_size(l), 3);
	ledger_close(l);
}

static void P11_a_full_disk_loses_no_entry(void **state)
{
	struct ledger *l = open_at(dir);
	struct entry e;
	uint64_t i;

	(void)state;
	put(l, 3);
	make_entry(&e, 3);
	assert_int_equal(ledger_put(l, &e, &i), OK);
	faults.fail_write = ENOSPC;
	assert_int_equal(ledger_commit(l), ERR_DISK_FULL);
	assert_true(ledger_dirty(l));
	faults.fail_write = 0;
	assert_int_equal(ledger_commit(l), OK);
	assert_int_equal(ledger_size(l), 4);
	check_all(l);
	ledger_close(l);
}

static void P8_a_torn_last_entry_is_cut_off(void **state)
{
	struct ledger *l = open_at(dir);
	char path[128], path2[128];
	struct stat a, b;
	size_t cut;

	(void)state;
	put(l, 5);
	assert_int_equal(ledger_checkpoint(l), OK);
	snprintf(path, sizeof(path), "%s/ledger/tail", dir);
	assert_int_equal(stat(path, &a), 0);
	put(l, 1);
	ledger_close(l);
	assert_int_equal(stat(path, &b), 0);
	run("cp -a %s %s.2", dir, dir);
	snprintf(path2, sizeof(path2), "%s.2/ledger/tail", dir);
	for (off_t size = a.st_size; size < b.st_size; size++) {
		char copy[80];

		snprintf(copy, sizeof(copy), "%s.2", dir);
		run("cp %s %s", path, path2);
		assert_int_equal(truncate(path2, size), 0);
		assert_int_equal(try_open(copy, &cut), OK);
		assert_int_equal(cut, size - a.st_size);
		l = open_at(copy);	/* the cut is on the disk */
		assert_int_equal(ledger_size(l), 5);
		put(l, 2);
		check_all(l);
		ledger_close(l);
		assert_int_equal(try_open(copy, &cut), OK);
		assert_int_equal(cut, 0);
	}
}

static void P8_a_last_entry_of_torn_bytes_is_cut_off(void **state)
{
	struct ledger *l = open_at(dir);
	char path[128];
	struct stat a, b;
	size_t cut;

	(void)state;
	put(l, 5);
	assert_int_equal(ledger_checkpoint(l), OK);
	snprintf(path, sizeof(path), "%s/ledger/tail", dir);
	assert_int_equal(stat(path, &a), 0);
	put(l, 1);
	ledger_close(l);
	assert_int_equal(stat(path, &b), 0);
	/* its length arrived on the disk, its bytes did not */
	run("printf '\\000\\000\\000\\000' | dd of=%s bs=1 seek=%lld "
	    "conv=notrunc status=none",
	    path, (long long)b.st_size - 4);
	assert_int_equal(try_open(dir, &cut), OK);
	assert_int_equal(cut, b.st_size - a.st_size);
	l = open_at(dir);
	assert_int_equal(ledger_size(l), 5);
	ledger_close(l);
}

static void P10_entries_below_the_checkpoint_may_not_be_missing(void **state)
{
	struct ledger *l = open_at(dir);
	char path[128];
	size_t cut;

	(void)state;
	put(l, 5);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	snprintf(path, sizeof(path), "%s/ledger/tail", dir);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(try_open(dir, &cut), ERR_INTEGRITY);
}

static void flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	unsigned char c;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 0x40;
	assert_int_equal(syscall(SYS_pwrite64, fd, &c, 1, at), 1);
	close(fd);
}

/* The ledger is refused, or at least the entry it is about. */
static void is_noticed(const char *path)
{
	unsigned char buf[ENTRY_MAX];
	int fd = data_fd(path);
	struct ledger *l;
	enum err e = ledger_open_readonly(fd, &l);
	size_t n;

	close(fd);
	if (e) {
		assert_int_equal(e, ERR_INTEGRITY);
		return;
	}
	for (uint64_t i = 0; !e && i < ledger_size(l); i++)
		e = ledger_get(l, i, buf, &n);
	ledger_close(l);
	assert_int_equal(e, ERR_INTEGRITY);
}

static void P10_no_changed_byte_of_the_ledger_goes_unnoticed(void **state)
{
	static const char *const files[] = {"tail", "checkpoint", "tile/0/000",
	    "tile/0/001", "tile/entries/000", "tile/entries/001"};
	struct ledger *l = open_at(dir);

	(void)state;
	put(l, 515);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[128];
		struct stat st;

		snprintf(path, sizeof(path), "%s/ledger/%s", dir, files[i]);
		assert_int_equal(stat(path, &st), 0);
		for (off_t at = 0;
		     at<st.st_size; at += st.st_size> 1000 ? 257 : 1) {
			flip(path, at);
			is_noticed(dir);
			flip(path, at);
		}
	}
	ledger_close(open_at(dir));
}

static void P10_a_missing_tile_is_named_and_refused(void **state)
{
	struct ledger *l = open_at(dir);
	size_t cut;

	(void)state;
	put(l, 300);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	run("rm %s/ledger/tile/0/000", dir);
	assert_int_equal(try_open(dir, &cut), ERR_INTEGRITY);
}

/* Recording must not end because a key is lost: entries still go in. */
static void P10_without_the_log_s_key_nothing_is_signed(void **state)
{
	struct ledger *l = open_at(dir);
	char path[128];

	(void)state;
	put(l, 3);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	snprintf(path, sizeof(path), "%s/ledger/log.key", dir);
	for (int lost = 0; lost < 2; lost++) {
		if (lost)
			run("rm %s", path);
		else
			flip(path, 3);
		l = open_at(dir);
		put(l, 2);
		assert_int_equal(ledger_checkpoint(l), OK);
		assert_int_equal(ledger_checkpoint_size(l), 3);
		ledger_close(l);
	}
}

static void a_reader_beside_the_writer_sees_what_is_committed(void **state)
{
	unsigned char buf[ENTRY_MAX];
	struct ledger *l = open_at(dir), *r;
	struct entry e;
	uint64_t i;
	int fd = data_fd(dir);
	size_t n;

	(void)state;
	put(l, 10);
	assert_int_equal(ledger_open_readonly(fd, &r), OK);
	assert_int_equal(ledger_size(r), 10);
	put(l, 600);
	assert_int_equal(ledger_get(r, 609, buf, &n), OK);
	assert_int_equal(ledger_size(r), 610);
	check_all(r);
	make_entry(&e, 1);
	assert_int_equal(ledger_put(r, &e, &i), ERR_DISK);
	ledger_close(r);
	ledger_close(l);
	close(fd);
}

/* From the specification: 1234067 is x001/x234/067. */
static void tile_paths_are_those_of_the_specification(void **state)
{
	char path[TILE_PATH_MAX];

	(void)state;
	tile_path(0, 1234067, path);
	assert_string_equal(path, "tile/0/x001/x234/067");
	tile_path(2, 0, path);
	assert_string_equal(path, "tile/2/000");
	tile_path(TILE_ENTRIES, 1000, path);
	assert_string_equal(path, "tile/entries/x001/000");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tile_paths_are_those_of_the_specification),
	    TEST(making_it_twice_is_refused),
	    TEST(a_second_writer_is_refused),
	    TEST(P10_entries_and_root_survive_every_roll_over),
	    TEST(P5_a_group_of_entries_costs_one_write_and_one_sync),
	    TEST(P5_what_is_not_committed_is_not_there),
	    TEST(P5_a_failed_sync_is_never_tried_again),
	    TEST(P11_a_full_disk_loses_no_entry),
	    TEST(P8_a_torn_last_entry_is_cut_off),
	    TEST(P8_a_last_entry_of_torn_bytes_is_cut_off),
	    TEST(P10_entries_below_the_checkpoint_may_not_be_missing),
	    TEST(P10_no_changed_byte_of_the_ledger_goes_unnoticed),
	    TEST(P10_a_missing_tile_is_named_and_refused),
	    TEST(P10_without_the_log_s_key_nothing_is_signed),
	    TEST(a_reader_beside_the_writer_sees_what_is_committed),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
