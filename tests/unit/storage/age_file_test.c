/* age_file.c: random access, sealed or cut. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/identity.h"

#define MAX (5 * AGE_CHUNK)

static struct age_identity id;
static struct age_recipient to;
static unsigned char *plain, *sealed, file_key[AGE_FILE_KEY];
static size_t sealed_n, header_n;

static int setup(void **state)
{
	(void)state;
	plain = malloc(MAX);
	if (crypt_init() || !plain)
		return -1;
	identity_new(&id);
	identity_recipient(&id, &to);
	crypt_random(plain, MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(plain);
	return 0;
}

static void seal(size_t n)
{
	assert_int_equal(age_encrypt(plain, n, &to, 1, &sealed, &sealed_n), OK);
	assert_int_equal(age_header_open(sealed, sealed_n, &id, 1, file_key,
			     &header_n),
	    OK);
}

/* A file without a name that holds n bytes of what was sealed. */
static int file_of(size_t n)
{
	char path[] = "/tmp/saqta-age-file-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, sealed, n), n);
	return fd;
}

static struct age_file *open_file(size_t n, bool cut)
{
	struct age_file *f = NULL;

	assert_int_equal(age_file_open(file_of(n), file_key, cut, &f), OK);
	return f;
}

static enum err open_error(size_t n, bool cut)
{
	struct age_file *f = NULL;

	return age_file_open(file_of(n), file_key, cut, &f);
}

static void reads_anywhere_equal_the_plain_bytes(void **state)
{
	static unsigned char got[MAX];
	const size_t sizes[] = {0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1,
	    3 * AGE_CHUNK, 3 * AGE_CHUNK + 7};

	(void)state;
	srandom(1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t n = sizes[i];
		struct age_file *f;

		seal(n);
		f = open_file(sealed_n, false);
		assert_int_equal(age_file_size(f), n);
		assert_int_equal(age_file_read(f, 0, got, n), OK);
		assert_memory_equal(got, plain, n);
		for (int round = 0; round < 200; round++) {
			size_t off = (size_t)random() % (n + 1);
			size_t len = (size_t)random() % (n - off + 1);

			memset(got, 0, len);
			assert_int_equal(age_file_read(f, off, got, len), OK);
			assert_memory_equal(got, plain + off, len);
		}
		assert_int_equal(age_file_read(f, n, got, 1), ERR_TRUNCATED);
		assert_int_equal(age_file_read(f, n + 1, got, 0),
		    ERR_TRUNCATED);
		assert_int_equal(age_file_read(f, UINT64_MAX, got, 2),
		    ERR_TRUNCATED);
		age_file_close(f);
		free(sealed);
	}
}

static void a_sealed_file_that_was_cut_does_not_open_as_whole(void **state)
{
	(void)state;
	seal(3 * AGE_CHUNK);
	assert_int_equal(open_error(sealed_n - AGE_CHUNK_SEALED, false),
	    ERR_TRUNCATED);
	assert_int_equal(open_error(header_n + AGE_NONCE, false),
	    ERR_TRUNCATED);
	assert_int_equal(open_error(header_n + 3, false), ERR_TRUNCATED);
	assert_int_equal(open_error(10, false), ERR_TRUNCATED);
	assert_int_equal(open_error(0, false), ERR_TRUNCATED);
	assert_int_equal(open_error(sealed_n - 1, false), ERR_INTEGRITY);
	assert_int_equal(open_error(sealed_n - AGE_CHUNK_SEALED + 16, false),
	    ERR_TRUNCATED);
	assert_int_equal(open_error(sealed_n - AGE_CHUNK_SEALED + 5, false),
	    ERR_TRUNCATED);
	free(sealed);
}

static void P8_a_cut_file_gives_every_whole_chunk(void **state)
{
	static unsigned char got[MAX];

	(void)state;
	seal(3 * AGE_CHUNK + 100);
	for (size_t whole = 0; whole <= 3; whole++)
		for (size_t rest = 0; rest < 200; rest += 29) {
			size_t n = header_n + AGE_NONCE +
			    whole * AGE_CHUNK_SEALED + rest;
			struct age_file *f;

			if (n > sealed_n)
				continue;
			f = open_file(n, true);
			assert_int_equal(age_file_size(f), whole * AGE_CHUNK);
			assert_int_equal(age_file_read(f, 0, got,
					     whole * AGE_CHUNK),
			    OK);
			assert_memory_equal(got, plain, whole * AGE_CHUNK);
			assert_int_equal(age_file_read(f, whole * AGE_CHUNK,
					     got, 1),
			    ERR_TRUNCATED);
			age_file_close(f);
		}
	free(sealed);
}

static void a_full_last_chunk_is_read_though_the_file_counts_as_cut(void *
	*state)
{
	unsigned char got[10];
	struct age_file *f;

	(void)state;
	seal(2 * AGE_CHUNK);
	f = open_file(sealed_n, true);
	assert_int_equal(age_file_size(f), 2 * AGE_CHUNK);
	assert_int_equal(age_file_read(f, 2 * AGE_CHUNK - 10, got, sizeof(got)),
	    OK);
	assert_memory_equal(got, plain + 2 * AGE_CHUNK - 10, sizeof(got));
	age_file_close(f);
	free(sealed);
}

static void a_changed_chunk_is_refused_and_the_others_are_read(void **state)
{
	unsigned char got[100];
	struct age_file *f;

	(void)state;
	seal(3 * AGE_CHUNK);
	sealed[header_n + AGE_NONCE + AGE_CHUNK_SEALED + 77] ^= 1;
	f = open_file(sealed_n, false);
	assert_int_equal(age_file_read(f, 0, got, 100), OK);
	assert_int_equal(age_file_read(f, AGE_CHUNK + 5, got, 1),
	    ERR_INTEGRITY);
	assert_int_equal(age_file_read(f, AGE_CHUNK - 50, got, 100),
	    ERR_INTEGRITY);
	assert_int_equal(age_file_read(f, 2 * AGE_CHUNK, got, 100), OK);
	assert_memory_equal(got, plain + 2 * AGE_CHUNK, 100);
	age_file_close(f);
	free(sealed);
}

static void chunks_that_changed_places_are_refused(void **state)
{
	static unsigned char chunk[AGE_CHUNK_SEALED];
	unsigned char *first, got[1];
	struct age_file *f;

	(void)state;
	seal(3 * AGE_CHUNK);
	first = sealed + header_n + AGE_NONCE;
	memcpy(chunk, first, sizeof(chunk));
	memcpy(first, first + AGE_CHUNK_SEALED, sizeof(chunk));
	memcpy(first + AGE_CHUNK_SEALED, chunk, sizeof(chunk));
	f = open_file(sealed_n, false);
	assert_int_equal(age_file_read(f, 0, got, 1), ERR_INTEGRITY);
	assert_int_equal(age_file_read(f, AGE_CHUNK, got, 1), ERR_INTEGRITY);
	age_file_close(f);
	free(sealed);
}

static void another_file_key_does_not_open_it(void **state)
{
	(void)state;
	seal(10);
	file_key[0] ^= 1;
	assert_int_equal(open_error(sealed_n, false), ERR_INTEGRITY);
	free(sealed);
}

/* A descriptor of a tail with n plain bytes from off on. */
static int tail_of(size_t off, size_t n)
{
	static unsigned char out[1024 + AGE_CHUNK_SEALED];
	unsigned char *was = sealed;
	int fd;

	age_seal_beside(file_key, sealed, header_n, plain + off, n, out);
	sealed = out;
	fd = file_of(header_n + AGE_NONCE + n + AEAD_TAG);
	sealed = was;
	return fd;
}

static void P8_a_cut_file_is_read_on_in_its_tail(void **state)
{
	static unsigned char got[MAX];
	const size_t sizes[] = {1, 100, AGE_CHUNK};

	(void)state;
	for (size_t whole = 0; whole <= 2; whole++)
		for (size_t i = 0; i < 3; i++) {
			size_t at = whole * AGE_CHUNK, n = at + sizes[i];
			struct age_file *f;

			seal(4 * AGE_CHUNK);
			f = open_file(header_n + AGE_NONCE +
				whole * AGE_CHUNK_SEALED,
			    true);
			assert_int_equal(age_file_tail(f, tail_of(at, sizes[i]),
					     file_key, at),
			    OK);
			assert_int_equal(age_file_size(f), n);
			assert_int_equal(age_file_read(f, 0, got, n), OK);
			assert_memory_equal(got, plain, n);
			assert_int_equal(age_file_read(f, n - 1, got, 1), OK);
			assert_int_equal(*got, plain[n - 1]);
			assert_int_equal(age_file_read(f, n - 1, got, 2),
			    ERR_TRUNCATED);
			age_file_close(f);
			free(sealed);
		}
}

static void a_tail_that_does_not_belong_to_the_file_is_refused(void **state)
{
	struct age_file *f;
	int fd;

	(void)state;
	seal(3 * AGE_CHUNK);
	f = open_file(header_n + AGE_NONCE + AGE_CHUNK_SEALED, true);
	assert_int_equal(age_file_tail(f, tail_of(0, 9), file_key, 0),
	    ERR_INTEGRITY);
	assert_int_equal(age_file_tail(f, tail_of(0, 9), file_key,
			     2 * AGE_CHUNK),
	    ERR_INTEGRITY);
	assert_int_equal(age_file_tail(f, file_of(sealed_n), file_key,
			     AGE_CHUNK),
	    ERR_INTEGRITY); /* more than a chunk */
	fd = tail_of(0, 9);
	assert_int_equal(ftruncate(fd, (off_t)(header_n + AGE_NONCE + 20)), 0);
	assert_int_equal(age_file_tail(f, fd, file_key, AGE_CHUNK),
	    ERR_INTEGRITY);
	fd = tail_of(0, 9);
	file_key[0] ^= 1;
	assert_int_equal(age_file_tail(f, fd, file_key, AGE_CHUNK),
	    ERR_INTEGRITY);
	file_key[0] ^= 1;
	assert_int_equal(age_file_size(f), AGE_CHUNK);
	age_file_close(f);
	f = open_file(sealed_n, false); /* a sealed one has none */
	assert_int_equal(age_file_tail(f, tail_of(0, 9), file_key,
			     3 * AGE_CHUNK),
	    ERR_INTEGRITY);
	age_file_close(f);
	free(sealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_anywhere_equal_the_plain_bytes),
	    cmocka_unit_test(a_sealed_file_that_was_cut_does_not_open_as_whole),
	    cmocka_unit_test(P8_a_cut_file_gives_every_whole_chunk),
	    cmocka_unit_test(
		a_full_last_chunk_is_read_though_the_file_counts_as_cut),
	    cmocka_unit_test(
		a_changed_chunk_is_refused_and_the_others_are_read),
	    cmocka_unit_test(chunks_that_changed_places_are_refused),
	    cmocka_unit_test(another_file_key_does_not_open_it),
	    cmocka_unit_test(P8_a_cut_file_is_read_on_in_its_tail),
	    cmocka_unit_test(
		a_tail_that_does_not_belong_to_the_file_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
