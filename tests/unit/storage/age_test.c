/* age.c: the payload, and small files at once; Debian's age is the judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/identity.h"

static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, AGE_CHUNK - 1, AGE_CHUNK,
    AGE_CHUNK + 1, 2 * AGE_CHUNK - 1, 2 * AGE_CHUNK, 2 * AGE_CHUNK + 1,
    3 * AGE_CHUNK, 1000000};
#define SIZES (sizeof(sizes) / sizeof(*sizes))
#define MAX 1000000

static struct age_identity ids[3];
static struct age_recipient to[3];
static unsigned char *plain;
static char dir[64], key_path[96], file_path[96];

static void put_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	char text[IDENTITY_TEXT];

	(void)state;
	strcpy(dir, "/tmp/saqta-age-XXXXXX");
	if (crypt_init() || !mkdtemp(dir) || !(plain = malloc(MAX)))
		return -1;
	snprintf(key_path, sizeof(key_path), "%s/key", dir);
	snprintf(file_path, sizeof(file_path), "%s/file", dir);
	for (size_t i = 0; i < 3; i++) {
		identity_new(&ids[i]);
		identity_recipient(&ids[i], &to[i]);
	}
	identity_format(&ids[1], text);
	put_file(key_path, text, strlen(text));
	crypt_random(plain, MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(plain);
	unlink(key_path);
	unlink(file_path);
	return rmdir(dir);
}

/* What a shell command prints, at most max bytes; -1 where it fails. */
static ssize_t printed(const char *command, unsigned char *out, size_t max)
{
	FILE *f = popen(command, "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, max, f);
	return pclose(f) == 0 ? (ssize_t)n : -1;
}

static bool no_age(void)
{
	return system("age --version >/dev/null 2>&1") != 0;
}

static void age_opens_what_we_write(void **state)
{
	unsigned char *out = malloc(MAX + 1), *sealed;
	char command[256];
	size_t n;

	(void)state;
	if (no_age()) {
		free(out);
		skip();
	}
	snprintf(command, sizeof(command), "age -d -i %s %s", key_path,
	    file_path);
	for (size_t i = 0; i < SIZES; i++) {
		assert_int_equal(age_encrypt(plain, sizes[i], to, 3, &sealed,
				     &n),
		    OK);
		put_file(file_path, sealed, n);
		free(sealed);
		assert_int_equal(printed(command, out, MAX + 1), sizes[i]);
		assert_memory_equal(out, plain, sizes[i]);
	}
	free(out);
}

static void we_open_what_age_writes(void **state)
{
	unsigned char *sealed = malloc(2 * MAX), *out;
	char command[256], text[RECIPIENT_TEXT];
	size_t n;

	(void)state;
	if (no_age()) {
		free(sealed);
		skip();
	}
	recipient_format(&to[1], text);
	snprintf(command, sizeof(command), "age -r %s <%s", text, file_path);
	for (size_t i = 0; i < SIZES; i++) {
		ssize_t got;

		put_file(file_path, plain, sizes[i]);
		got = printed(command, sealed, 2 * MAX);
		assert_true(got > 0);
		assert_int_equal(age_decrypt(sealed, (size_t)got, ids, 3, &out,
				     &n),
		    OK);
		assert_int_equal(n, sizes[i]);
		assert_memory_equal(out, plain, n);
		free(out);
	}
	free(sealed);
}

static void what_is_encrypted_is_decrypted(void **state)
{
	unsigned char *sealed, *out;
	size_t n, back;

	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		assert_int_equal(age_encrypt(plain, sizes[i], to, 1, &sealed,
				     &n),
		    OK);
		assert_int_equal(age_decrypt(sealed, n, ids, 1, &out, &back),
		    OK);
		assert_int_equal(back, sizes[i]);
		assert_memory_equal(out, plain, back);
		free(out);
		assert_int_equal(age_decrypt(sealed, n, &ids[1], 1, &out,
				     &back),
		    ERR_NO_KEY);
		free(sealed);
	}
}

static void a_file_that_is_not_whole_gives_nothing(void **state)
{
	unsigned char *sealed, *out = NULL;
	size_t n, back;

	(void)state;
	assert_int_equal(age_encrypt(plain, 2 * AGE_CHUNK, to, 1, &sealed, &n),
	    OK);
	for (size_t cut = 0; cut < n; cut += cut < 400 ? 1 : 4099)
		assert_int_not_equal(age_decrypt(sealed, cut, ids, 1, &out,
					 &back),
		    OK);
	assert_int_not_equal(age_decrypt(sealed, n - AGE_CHUNK_SEALED, ids, 1,
				 &out, &back),
	    OK);
	for (size_t at = 168; at < n; at += 8191) {
		sealed[at] ^= 4;
		assert_int_equal(age_decrypt(sealed, n, ids, 1, &out, &back),
		    ERR_INTEGRITY);
		sealed[at] ^= 4;
	}
	assert_null(out);
	free(sealed);
}

static void P1_sealed_bytes_show_nothing_of_the_plain_ones(void **state)
{
	unsigned char *sealed;
	size_t n;

	(void)state;
	memset(plain, 'A', AGE_CHUNK);
	assert_int_equal(age_encrypt(plain, AGE_CHUNK, to, 1, &sealed, &n), OK);
	assert_null(memmem(sealed, n, "AAAAAAAA", 8));
	free(sealed);
	crypt_random(plain, AGE_CHUNK);
}

static void P8_a_file_beside_another_has_its_key_and_a_nonce_of_its_own(void *
	*state)
{
	unsigned char file_key[AGE_FILE_KEY], a[400], b[400], *main_file, *out;
	size_t n, header_n, back;

	(void)state;
	assert_int_equal(age_encrypt(plain, 10, to, 1, &main_file, &n), OK);
	assert_int_equal(age_header_open(main_file, n, ids, 1, file_key,
			     &header_n),
	    OK);
	assert_int_equal(header_n, AGE_HEADER_ONE);
	n = header_n + AGE_NONCE + 100 + AEAD_TAG;
	age_seal_beside(file_key, main_file, header_n, plain, 100, a);
	age_seal_beside(file_key, main_file, header_n, plain, 100, b);
	assert_int_equal(age_decrypt(a, n, ids, 1, &out, &back), OK);
	assert_int_equal(back, 100);
	assert_memory_equal(out, plain, 100);
	assert_memory_equal(a, main_file, header_n);
	assert_memory_not_equal(a + header_n, main_file + header_n, AGE_NONCE);
	assert_memory_not_equal(a + header_n, b + header_n, AGE_NONCE);
	free(out);
	free(main_file);
}

static void a_chunk_opens_at_its_place_with_its_flag_only(void **state)
{
	unsigned char key[KEY_BYTES] = {9}, sealed[100 + AEAD_TAG], out[100];
	const uint64_t at[] = {0, 1, 255, 256, 65535, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		age_chunk_seal(key, at[i], false, plain, 100, sealed);
		for (size_t j = 0; j < 6; j++)
			assert_int_equal(age_chunk_open(key, at[j], false,
					     sealed, sizeof(sealed), out),
			    i == j ? OK : ERR_INTEGRITY);
		assert_int_equal(age_chunk_open(key, at[i], true, sealed,
				     sizeof(sealed), out),
		    ERR_INTEGRITY);
	}
	assert_int_equal(age_chunk_open(key, 0, true, plain,
			     AGE_CHUNK_SEALED + 1, out),
	    ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(age_opens_what_we_write),
	    cmocka_unit_test(we_open_what_age_writes),
	    cmocka_unit_test(what_is_encrypted_is_decrypted),
	    cmocka_unit_test(a_file_that_is_not_whole_gives_nothing),
	    cmocka_unit_test(P1_sealed_bytes_show_nothing_of_the_plain_ones),
	    cmocka_unit_test(
		P8_a_file_beside_another_has_its_key_and_a_nonce_of_its_own),
	    cmocka_unit_test(a_chunk_opens_at_its_place_with_its_flag_only),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
