/*
 * ledger_dir.h - a ledger in a directory of its own for each test, made of
 * entries that say their number.
 */
#ifndef SAQTA_TEST_LEDGER_DIR_H
#define SAQTA_TEST_LEDGER_DIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/cosign.h"
#include "storage/disk.h"
#include "storage/ledger.h"
#include "storage/merkle.h"
#include "tests/unit/storage/faults.h"

#define ORIGIN "saqta.example/test-1"
#define WITNESS "w.example/head-office"

static char dir[32];
static unsigned char log_key[KEY_BYTES];

static inline void run(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static inline void run(const char *fmt, ...)
{
	char cmd[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static inline int data_fd(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Entry i of every test: the first names the key, the others their number. */
static inline void make_entry(struct entry *e, uint64_t i)
{
	if (i == 0) {
		entry_begin(e, ENTRY_LOG_BEGINS, (struct utc){1}, 0);
		entry_put_text(e, TAG_ORIGIN, ORIGIN);
		entry_put_bytes(e, TAG_LOG_KEY, log_key, KEY_BYTES);
	} else {
		entry_begin(e, ENTRY_SIGN_OUT, (struct utc){(int64_t)i}, i);
	}
	assert_int_equal(entry_end(e), OK);
}

static inline void put(struct ledger *l, uint64_t n)
{
	uint64_t first = ledger_size(l), index;
	struct entry e;

	for (uint64_t i = 0; i < n; i++) {
		make_entry(&e, first + i);
		assert_int_equal(ledger_put(l, &e, &index), OK);
		assert_int_equal(index, first + i);
	}
	assert_int_equal(ledger_commit(l), OK);
}

/* ledger/witnessed: the checkpoint of now with a line of a witness. */
static inline void witness(int fd)
{
	static const unsigned char seed[KEY_BYTES] = {4};
	struct vkey k = {.name = WITNESS, .kind = NOTE_COSIGNATURE};
	char note[2 * NOTE_MAX];
	size_t n, text_n;

	sign_public(seed, k.key);
	assert_int_equal(disk_read(fd, "ledger/checkpoint", note, NOTE_MAX, &n),
	    OK);
	assert_int_equal(note_text(note, n, &text_n), OK);
	cosign_line(note, text_n, &k, seed, 1795339600, note + n);
	assert_int_equal(disk_replace(fd, "ledger", "witnessed", note,
			     strlen(note)),
	    OK);
}

static inline struct ledger *open_at(const char *path)
{
	struct ledger *l;
	size_t cut;
	int fd = data_fd(path);

	assert_int_equal(ledger_open(fd, &l, &cut), OK);
	close(fd);
	return l;
}

static inline enum err try_open(const char *path, size_t *ret_cut)
{
	struct ledger *l;
	int fd = data_fd(path);
	enum err e = ledger_open(fd, &l, ret_cut);

	close(fd);
	if (!e)
		ledger_close(l);
	return e;
}

/* Every entry is the one that was put, and the root is theirs. */
static inline void check_all(struct ledger *l)
{
	unsigned char buf[ENTRY_MAX], leaf[HASH_BYTES], a[HASH_BYTES],
	    b[HASH_BYTES];
	struct merkle t;
	struct entry e;
	size_t n;

	merkle_init(&t);
	for (uint64_t i = 0; i < ledger_size(l); i++) {
		make_entry(&e, i);
		assert_int_equal(ledger_get(l, i, buf, &n), OK);
		assert_int_equal(n, e.len);
		assert_memory_equal(buf, e.buf, n);
		merkle_leaf(buf, n, leaf);
		merkle_put(&t, leaf);
	}
	assert_int_equal(ledger_get(l, ledger_size(l), buf, &n),
	    ERR_NOT_FOUND);
	merkle_root(&t, a);
	ledger_root(l, b);
	assert_memory_equal(a, b, HASH_BYTES);
}

static inline int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(dir, "/tmp/ledger-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	fd = data_fd(dir);
	assert_int_equal(ledger_create(fd, ORIGIN, log_key), OK);
	close(fd);
	faults.left = -1;
	faults.fail_sync = -1;
	faults.fail_write = 0;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	run("rm -rf %s %s.2", dir, dir);
	return 0;
}

#endif
