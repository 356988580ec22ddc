/*
 * An age file: the header and all chunks, from memory and at random from a
 * descriptor. An odd first byte puts a good header in front, so that what
 * follows is taken as nonce and chunks.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storage/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct age_identity id;
static unsigned char file_key[AGE_FILE_KEY], good[AGE_HEADER_MAX];
static size_t good_n;

static void begin(void)
{
	const unsigned char nonce[AGE_NONCE] = {0};
	struct age_recipient to;

	if (crypt_init() ||
	    identity_parse("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZG"
			   "FPYYSJZGFPYYSJZGFPQ4EGAEX",
		&id))
		abort();
	identity_recipient(&id, &to);
	if (age_header_write(file_key, nonce, &to, 1, good, &good_n))
		abort();
	good_n -= AGE_NONCE;
}

static void read_file(const void *p, size_t n, bool cut)
{
	unsigned char buf[64];
	struct age_file *f;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	if (age_file_open(fd, file_key, cut, &f))
		return;
	if (!age_file_read(f, age_file_size(f) / 2, buf, sizeof(buf)) &&
	    age_file_size(f) / 2 + sizeof(buf) > age_file_size(f))
		abort();
	age_file_close(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	unsigned char key[AGE_FILE_KEY], *out, *all;
	size_t header, opened, out_n, front;

	if (!good_n)
		begin();
	if (n < 1)
		return 0;
	front = p[0] & 1 ? good_n : 0;
	all = malloc(front + n);
	if (!all)
		return 0;
	memcpy(all, good, front);
	memcpy(all + front, p + 1, n - 1);
	n = front + n - 1;
	if (!age_header_open(all, n, &id, 1, key, &opened) &&
	    (age_header_len(all, n, &header) || header != opened || opened > n))
		abort();
	if (!age_decrypt(all, n, &id, 1, &out, &out_n)) {
		if (out_n > n)
			abort();
		free(out);
	}
	read_file(all, n, p[0] & 2);
	free(all);
	return 0;
}
