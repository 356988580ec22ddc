/*
 * writer.c - the age writer and the random reader of storage, for tests.
 *
 *   writer seal RECIPIENT...        seals standard input
 *   writer again IDENTITY           opens an age file and writes the same file
 *   writer again -p PASSPHRASE      again from its header, nonce and plain
 *   writer random IDENTITY          reads it at 1000 places and from end to
 *                                   end, and compares
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storage/identity.h"

#define INPUT_MAX ((size_t)32 << 20)
#define PLACES 1000
#define MOST (3 * (size_t)AGE_CHUNK)	/* bytes of a read */

struct opened {
	unsigned char file_key[AGE_FILE_KEY], key[KEY_BYTES];
	size_t payload;		/* where it stands */
	unsigned char *plain;
	size_t n;
};

static int fail(const char *what, enum err err)
{
	fprintf(stderr, "writer: %s: %s\n", what, err_text(err));
	return 1;
}

static int print(const unsigned char *p, size_t n)
{
	return fwrite(p, 1, n, stdout) == n && fflush(stdout) == 0 ? 0 : 1;
}

static int seal(int argc, char **argv, const unsigned char *in, size_t n)
{
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	unsigned char *out;
	size_t to_n = 0;
	enum err err = argc > AGE_RECIPIENTS_MAX ? ERR_TOO_LARGE : OK;
	int status;

	for (int i = 0; !err && i < argc; i++)
		err = recipient_parse(argv[i], &to[to_n++]);
	if (!err)
		err = age_encrypt(in, n, to, to_n, &out, &n);
	if (err)
		return fail("seal", err);
	status = print(out, n);
	free(out);
	return status;
}

/* From front to end, chunk by chunk. */
static enum err sequential(struct opened *o, const unsigned char *in, size_t n)
{
	size_t at = o->payload;
	enum err err = OK;

	o->plain = malloc(n);
	if (!o->plain)
		return ERR_NO_MEMORY;
	for (uint64_t i = 0; !err && at < n; i++) {
		size_t part =
		    n - at < AGE_CHUNK_SEALED ? n - at : AGE_CHUNK_SEALED;

		err = age_chunk_open(o->key, i, at + part == n, in + at, part,
		    o->plain + o->n);
		o->n += part - AEAD_TAG;
		at += part;
	}
	return err;
}

static enum err unlock(struct opened *o, int argc, char **argv,
    const unsigned char *in, size_t n)
{
	struct age_identity id;
	enum err err;

	memset(o, 0, sizeof(*o));
	if (argc == 2 && !strcmp(argv[0], "-p"))
		err = age_header_open_passphrase(in, n, argv[1],
		    strlen(argv[1]), o->file_key, &o->payload);
	else if (argc == 1 && !(err = identity_parse(argv[0], &id)))
		err = age_header_open(in, n, &id, 1, o->file_key, &o->payload);
	else
		err = ERR_INVALID;
	if (err)
		return err;
	age_payload_key(o->file_key, in + o->payload, o->key);
	o->payload += AGE_NONCE;
	return sequential(o, in, n);
}

static int again(const struct opened *o, const unsigned char *in)
{
	unsigned char sealed[AGE_CHUNK_SEALED];
	size_t at = 0;
	int status = print(in, o->payload);

	for (uint64_t i = 0; !status; i++) {
		size_t n = o->n - at < AGE_CHUNK ? o->n - at : AGE_CHUNK;
		bool last = at + n == o->n;

		age_chunk_seal(o->key, i, last, o->plain + at, n, sealed);
		status = print(sealed, n + AEAD_TAG);
		at += n;
		if (last)
			break;
	}
	return status;
}

static size_t below(size_t n)
{
	uint32_t r;

	crypt_random(&r, sizeof(r));
	return n ? r % n : 0;
}

static int random_reads(const struct opened *o, const unsigned char *in,
    size_t n)
{
	int fd = memfd_create("age", MFD_CLOEXEC), status = 0;
	unsigned char *got = malloc(o->n + 1);
	struct age_file *f;
	enum err err;

	if (!got || fd < 0 || write(fd, in, n) != (ssize_t)n)
		return fail("start", ERR_SYS);
	err = age_file_open(fd, o->file_key, false, &f);
	if (err)
		return fail("open", err);
	if (age_file_size(f) != o->n)
		status = fail("size", ERR_INTEGRITY);
	for (int i = 0; !status && i < PLACES; i++) {
		size_t at = below(o->n + 1), rest = o->n - at;
		size_t part = below((rest < MOST ? rest : MOST) + 1);

		err = age_file_read(f, at, got, part);
		if (err || memcmp(got, o->plain + at, part) != 0)
			status = fail("read", err ? err : ERR_INTEGRITY);
	}
	if (!status && age_file_read(f, o->n, got, 1) != ERR_TRUNCATED)
		status = fail("read after the end", ERR_INTEGRITY);
	age_file_close(f);
	free(got);
	return status;
}

int main(int argc, char **argv)
{
	unsigned char *in = malloc(INPUT_MAX);
	struct opened o = {0};
	size_t n;
	enum err err;
	int status = 2;

	if (argc < 3 || !in || crypt_init())
		return 2;
	n = fread(in, 1, INPUT_MAX, stdin);
	if (!strcmp(argv[1], "seal")) {
		status = seal(argc - 2, argv + 2, in, n);
		free(in);
		return status;
	}
	err = unlock(&o, argc - 2, argv + 2, in, n);
	if (err)
		status = fail("open", err);
	else if (!strcmp(argv[1], "again"))
		status = again(&o, in);
	else if (!strcmp(argv[1], "random"))
		status = random_reads(&o, in, n);
	free(o.plain);
	free(in);
	return status;
}
