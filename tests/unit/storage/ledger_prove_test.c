#include "tests/unit/storage/ledger_dir.h"

/* Entry `index` is in the tree of the first `size`, whose root is made anew. */
static void is_proved(struct ledger *l, uint64_t index, uint64_t size)
{
	unsigned char path[MERKLE_PATH_MAX][HASH_BYTES], leaf[HASH_BYTES],
	    root[HASH_BYTES];
	struct merkle t;
	struct entry e;
	size_t n;

	merkle_init(&t);
	for (uint64_t i = 0; i < size; i++) {
		make_entry(&e, i);
		merkle_leaf(e.buf, e.len, leaf);
		merkle_put(&t, leaf);
	}
	merkle_root(&t, root);
	make_entry(&e, index);
	merkle_leaf(e.buf, e.len, leaf);
	assert_int_equal(ledger_path(l, index, size, path, &n), OK);
	assert_int_equal(merkle_path_check(index, size, leaf, path, n, root),
	    OK);
}

static void P10_every_entry_is_proved_from_tiles_and_tail(void **state)
{
	static const uint64_t sizes[] = {
	    1, 2, 255, 256, 257, 300, 511, 512, 513, 700};
	struct ledger *l = open_at(dir);

	(void)state;
	put(l, 700);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (uint64_t k = 0; k < sizes[i]; k += 1 + k / 3)
			is_proved(l, k, sizes[i]);
	is_proved(l, 699, 700);
	ledger_close(l);
}

/* The first `old` of `size` entries are its beginning. */
static void grows(struct ledger *l, uint64_t old, uint64_t size)
{
	unsigned char proof[MERKLE_PATH_MAX][HASH_BYTES], a[HASH_BYTES],
	    b[HASH_BYTES], leaf[HASH_BYTES], root[HASH_BYTES];
	struct merkle t;
	struct entry e;
	size_t n;

	merkle_init(&t);
	for (uint64_t i = 0; i < old; i++) {
		make_entry(&e, i);
		merkle_leaf(e.buf, e.len, leaf);
		merkle_put(&t, leaf);
	}
	merkle_root(&t, root);
	assert_int_equal(ledger_root_at(l, old, a), OK);
	assert_memory_equal(a, root, HASH_BYTES);
	assert_int_equal(ledger_root_at(l, size, b), OK);
	assert_int_equal(ledger_growth(l, old, size, proof, &n), OK);
	assert_int_equal(merkle_growth_check(old, a, size, b, proof, n), OK);
}

static void P10_growth_is_proved_from_tiles_and_tail(void **state)
{
	static const uint64_t sizes[] = {
	    0, 1, 2, 255, 256, 257, 300, 511, 512, 513, 699, 700};
	unsigned char proof[MERKLE_PATH_MAX][HASH_BYTES];
	struct ledger *l = open_at(dir);
	size_t n = sizeof(sizes) / sizeof(sizes[0]);

	(void)state;
	put(l, 700);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k <= i; k++)
			grows(l, sizes[k], sizes[i]);
	assert_int_equal(ledger_growth(l, 3, 701, proof, &n), ERR_RANGE);
	assert_int_equal(ledger_growth(l, 301, 300, proof, &n), ERR_RANGE);
	run("rm %s/ledger/tile/0/000", dir);
	assert_int_equal(ledger_growth(l, 3, 300, proof, &n), ERR_INTEGRITY);
	ledger_close(l);
}

static void P10_entries_that_are_not_there_are_not_proved(void **state)
{
	unsigned char path[MERKLE_PATH_MAX][HASH_BYTES];
	struct ledger *l = open_at(dir);
	size_t n;

	(void)state;
	put(l, 300);
	assert_int_equal(ledger_path(l, 300, 300, path, &n), ERR_RANGE);
	assert_int_equal(ledger_path(l, 0, 301, path, &n), ERR_RANGE);
	run("rm %s/ledger/tile/0/000", dir);
	assert_int_equal(ledger_path(l, 3, 300, path, &n), ERR_INTEGRITY);
	ledger_close(l);
}

static void P10_a_reader_proves_against_the_newest_checkpoint(void **state)
{
	unsigned char root[HASH_BYTES];
	char note[NOTE_MAX + 1];
	struct ledger *l = open_at(dir), *r;
	struct checkpoint c;
	size_t n, text_n;
	int fd = data_fd(dir);

	(void)state;
	put(l, 5);
	assert_int_equal(ledger_checkpoint(l), OK);
	assert_int_equal(ledger_open_readonly(fd, &r), OK);
	put(l, 600);
	assert_int_equal(ledger_checkpoint(l), OK);
	assert_int_equal(ledger_signed(r), 605);
	assert_int_equal(ledger_note(r, note, &n, &c), OK);
	assert_int_equal(c.size, 605);
	ledger_root(l, root);
	assert_memory_equal(c.root, root, HASH_BYTES);
	assert_int_equal(note_check(note, n, ORIGIN, log_key, &text_n), OK);
	is_proved(r, 604, 605);
	close(fd);
	ledger_close(r);
	ledger_close(l);
}

static void the_witnessed_checkpoint_is_told_where_there_is_one(void **state)
{
	char note[NOTE_MAX + 1];
	struct ledger *l = open_at(dir), *r;
	struct checkpoint c;
	int fd = data_fd(dir);
	size_t n;

	(void)state;
	put(l, 5);
	assert_int_equal(ledger_checkpoint(l), OK);
	assert_int_equal(ledger_open_readonly(fd, &r), OK);
	assert_int_equal(ledger_witnessed(r, note, &n, &c), ERR_NOT_FOUND);
	put(l, 300);
	assert_int_equal(ledger_checkpoint(l), OK);
	run("cp %s/ledger/checkpoint %s/ledger/witnessed", dir, dir);
	put(l, 300);
	assert_int_equal(ledger_checkpoint(l), OK);
	assert_int_equal(ledger_witnessed(r, note, &n, &c), OK);
	assert_int_equal(c.size, 305);
	is_proved(r, 304, 305);
	run("truncate -s 20 %s/ledger/witnessed", dir);
	assert_int_equal(ledger_witnessed(r, note, &n, &c), ERR_INTEGRITY);
	close(fd);
	ledger_close(r);
	ledger_close(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P10_every_entry_is_proved_from_tiles_and_tail),
	    TEST(P10_growth_is_proved_from_tiles_and_tail),
	    TEST(P10_entries_that_are_not_there_are_not_proved),
	    TEST(P10_a_reader_proves_against_the_newest_checkpoint),
	    TEST(the_witnessed_checkpoint_is_told_where_there_is_one),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
