#include "storage/age_writer.h"

#include <string.h>

#include "storage/disk.h"

enum err age_writer_begin(struct age_writer *w, int fd,
    const struct age_recipient *to, size_t n)
{
	unsigned char file_key[AGE_FILE_KEY], nonce[AGE_NONCE];
	unsigned char head[AGE_HEADER_MAX];
	size_t head_n;

	memset(w, 0, sizeof(*w));
	w->fd = fd;
	crypt_random(file_key, sizeof(file_key));
	crypt_random(nonce, sizeof(nonce));
	w->err = age_header_write(file_key, nonce, to, n, head, &head_n);
	age_payload_key(file_key, nonce, w->key);
	crypt_wipe(file_key, sizeof(file_key));
	if (!w->err) {
		w->err = disk_pwrite(fd, head, head_n, 0);
		w->off = head_n;
	}
	return w->err;
}

static enum err write_chunk(struct age_writer *w, bool last)
{
	age_chunk_seal(w->key, w->chunk++, last, w->plain, w->n, w->sealed);
	w->err = disk_pwrite(w->fd, w->sealed, w->n + AEAD_TAG, w->off);
	w->off += w->n + AEAD_TAG;
	w->n = 0;
	return w->err;
}

/* A full chunk is written when more follows: only then it is not the last. */
enum err age_writer_put(struct age_writer *w, const void *p, size_t n)
{
	const unsigned char *from = p;

	while (n && !w->err) {
		size_t m;

		if (w->n == AGE_CHUNK && write_chunk(w, false))
			break;
		m = AGE_CHUNK - w->n < n ? AGE_CHUNK - w->n : n;
		memcpy(w->plain + w->n, from, m);
		w->n += m;
		from += m;
		n -= m;
	}
	return w->err;
}

enum err age_writer_end(struct age_writer *w)
{
	if (!w->err)
		w->err = write_chunk(w, true);
	return w->err ? w->err : disk_sync(w->fd);
}
