/* age_file.c - random access to an age file on disk (storage/age.h). */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/age.h"
#include "storage/disk.h"

#define NO_CHUNK UINT64_MAX

struct age_file {
	int fd;
	bool cut;
	unsigned char key[KEY_BYTES];
	uint64_t payload;	/* where chunk 0 stands */
	uint64_t chunks;
	size_t last_sealed;	/* bytes of the last chunk with its tag */
	uint64_t held;		/* the chunk in plain, or NO_CHUNK */
	struct age_file *tail;	/* what goes on after the chunks, or NULL */
	unsigned char plain[AGE_CHUNK];
	unsigned char sealed[AGE_CHUNK_SEALED];
};

static size_t sealed_size(const struct age_file *f, uint64_t i)
{
	return i == f->chunks - 1 ? f->last_sealed : AGE_CHUNK_SEALED;
}

/* Read chunk i and open it into out, which has room for all of it. */
must_check static enum err read_chunk(struct age_file *f, uint64_t i,
    unsigned char *out)
{
	size_t n = sealed_size(f, i);
	bool last = i == f->chunks - 1;
	enum err err =
	    disk_pread(f->fd, f->sealed, n, f->payload + i * AGE_CHUNK_SEALED);

	if (err)
		return err;
	err = age_chunk_open(f->key, i, last && !f->cut, f->sealed, n, out);
	/* A writer may have died right after a last chunk that was full. */
	if (err && last && f->cut)
		err = age_chunk_open(f->key, i, true, f->sealed, n, out);
	return err;
}

/* Have chunk i in f->plain. */
must_check static enum err hold(struct age_file *f, uint64_t i)
{
	enum err err;

	if (f->held == i)
		return OK;
	f->held = NO_CHUNK;
	err = read_chunk(f, i, f->plain);
	if (!err)
		f->held = i;
	return err;
}

/* Why the last chunk does not open: the file was cut there, or changed. */
static enum err why_not_last(struct age_file *f)
{
	uint64_t i = f->chunks - 1;

	return f->last_sealed == AGE_CHUNK_SEALED &&
		age_chunk_open(f->key, i, false, f->sealed, AGE_CHUNK_SEALED,
		    f->plain) == OK ?
	    ERR_TRUNCATED :
	    ERR_INTEGRITY;
}

must_check static enum err measure(struct age_file *f, uint64_t file_size)
{
	uint64_t n, rest;
	enum err err;

	if (file_size < f->payload)
		return ERR_TRUNCATED;
	n = file_size - f->payload;
	rest = n % AGE_CHUNK_SEALED;
	f->chunks = n / AGE_CHUNK_SEALED;
	f->last_sealed = AGE_CHUNK_SEALED;
	if (f->cut)
		return OK;
	if (rest) {
		f->chunks++;
		f->last_sealed = rest;
	}
	/* Shorter than a tag, or empty though it is not the only one. */
	if (f->chunks == 0 || f->last_sealed < AEAD_TAG ||
	    (f->last_sealed == AEAD_TAG && f->chunks > 1))
		return ERR_TRUNCATED;
	err = hold(f, f->chunks - 1);
	return err == ERR_INTEGRITY ? why_not_last(f) : err;
}

must_check static enum err read_header(struct age_file *f,
    const unsigned char file_key[AGE_FILE_KEY], uint64_t file_size)
{
	size_t n = file_size < AGE_HEADER_MAX ? file_size : AGE_HEADER_MAX;
	unsigned char nonce[AGE_NONCE];
	size_t header;
	enum err err;

	err = disk_pread(f->fd, f->sealed, n, 0);
	if (!err)
		err = age_header_check(f->sealed, n, file_key, &header);
	if (!err)
		err = disk_pread(f->fd, nonce, sizeof(nonce), header);
	if (err)
		return err;
	age_payload_key(file_key, nonce, f->key);
	f->payload = header + AGE_NONCE;
	return OK;
}

enum err age_file_open(int fd, const unsigned char file_key[AGE_FILE_KEY],
    bool cut, struct age_file **ret)
{
	struct age_file *f = calloc(1, sizeof(*f));
	struct stat st;
	enum err err;

	if (!f) {
		close(fd);
		return ERR_NO_MEMORY;
	}
	f->fd = fd;
	f->cut = cut;
	f->held = NO_CHUNK;
	err = fstat(fd, &st) == 0 ? OK : ERR_DISK;
	if (!err)
		err = read_header(f, file_key, (uint64_t)st.st_size);
	if (!err)
		err = measure(f, (uint64_t)st.st_size);
	if (err)
		age_file_close(f);
	else
		*ret = f;
	return err;
}

/* Plain bytes of the file itself. */
static uint64_t own_size(const struct age_file *f)
{
	return f->chunks ?
	    (f->chunks - 1) * AGE_CHUNK + f->last_sealed - AEAD_TAG :
	    0;
}

enum err age_file_tail(struct age_file *f, int fd,
    const unsigned char file_key[AGE_FILE_KEY], uint64_t at)
{
	struct age_file *tail;
	enum err err = age_file_open(fd, file_key, false, &tail);

	if (err)
		return err;
	if (!f->cut || f->tail || own_size(f) != at || tail->chunks != 1) {
		age_file_close(tail);
		return ERR_INTEGRITY;
	}
	f->tail = tail;
	return OK;
}

uint64_t age_file_size(const struct age_file *f)
{
	return own_size(f) + (f->tail ? own_size(f->tail) : 0);
}

enum err age_file_read(struct age_file *f, uint64_t off, void *p, size_t n)
{
	uint64_t size = age_file_size(f), own = own_size(f);
	unsigned char *out = p;

	if (off > size || n > size - off)
		return ERR_TRUNCATED;
	while (n) {
		size_t at = off % AGE_CHUNK;
		size_t part = AGE_CHUNK - at < n ? AGE_CHUNK - at : n;
		enum err err;

		if (off >= own)	/* own is whole chunks: none spans both */
			return age_file_read(f->tail, off - own, out, n);
		if (part == AGE_CHUNK && f->held != off / AGE_CHUNK) {
			err = read_chunk(f, off / AGE_CHUNK, out);
		} else {
			err = hold(f, off / AGE_CHUNK);
			if (!err)
				memcpy(out, f->plain + at, part);
		}
		if (err)
			return err;
		out += part;
		off += part;
		n -= part;
	}
	return OK;
}

void age_file_close(struct age_file *f)
{
	if (!f)
		return;
	age_file_close(f->tail);
	close(f->fd);
	crypt_wipe(f, sizeof(*f));
	free(f);
}
