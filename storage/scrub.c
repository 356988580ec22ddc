#include "storage/scrub.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/journal.h"
#include "storage/site.h"

#define PIECE (256u << 10)

struct scrub_pass scrub_pass_get(struct index *ix, bool bytes)
{
	struct scrub_pass p = {0};
	size_t n = 0;

	if (index_setting_find(ix, bytes ? SCRUB_BYTES : SCRUB_SIZES, &p,
		sizeof(p), &n) ||
	    n != sizeof(p))
		memset(&p, 0, sizeof(p));
	return p;
}

/* The bytes of a record's range, hashed; they must be what it says. */
static enum err check_range(int fd, const struct journal_record *r,
    unsigned char *buf)
{
	unsigned char hash[HASH_BYTES];
	uint64_t at = r->cipher_from;
	struct sha256 h;

	sha256_init(&h);
	while (at < r->cipher_to) {
		size_t n = r->cipher_to - at < PIECE ?
		    (size_t)(r->cipher_to - at) :
		    PIECE;
		enum err err = disk_pread(fd, buf, n, at);

		if (err)
			return err;
		sha256_put(&h, buf, n);
		at += n;
	}
	sha256_end(&h, hash);
	return crypt_equal(hash, r->cipher, HASH_BYTES) ? OK : ERR_INTEGRITY;
}

/* The tail of a cut segment is a file of its own, from 0. */
static enum err check_tail(const struct scrub_row *s,
    const struct journal_record *t, unsigned char *buf)
{
	struct journal_record r = *t;
	uint64_t size;
	char path[160];
	int fd;
	enum err err = disk_open_read(s->dir,
	    path_tail(s->row.camera, s->row.day, t->start_ns, t->seq, path,
		sizeof(path)),
	    &fd, &size);

	if (err)
		return err;
	r.cipher_from = 0;
	err = size == t->cipher_to ? check_range(fd, &r, buf) : ERR_INTEGRITY;
	close(fd);
	return err;
}

/*
 * Record by record: their chain from the first one on, the file's bytes, and
 * all together what the ledger has.
 */
static enum err check_bytes(const struct scrub_row *s, int fd, int journal,
    unsigned char *buf)
{
	unsigned char bytes[JOURNAL_RECORD], chain[HASH_BYTES];
	uint64_t at = s->row.record;
	struct journal_record r = {0};
	struct sha256 all;
	enum err err = OK;

	journal_chain_start(s->row.camera, s->row.day, chain);
	if (at)
		err = disk_pread(journal, chain, HASH_BYTES,
		    at * JOURNAL_RECORD - HASH_BYTES);
	sha256_init(&all);
	while (!err && r.type != JOURNAL_SEAL && r.type != JOURNAL_CUT) {
		err = disk_pread(journal, bytes, sizeof(bytes),
		    at++ * JOURNAL_RECORD);
		if (!err && journal_decode(bytes, chain, &r))
			err = ERR_INTEGRITY;
		if (!err && r.seq != s->row.seq)
			err = ERR_INTEGRITY;
		if (!err)
			err = r.type == JOURNAL_TAIL ? check_tail(s, &r, buf) :
						       check_range(fd, &r, buf);
		memcpy(chain, r.chain, HASH_BYTES);
		sha256_put(&all, r.cipher, HASH_BYTES);
	}
	sha256_end(&all, chain);
	if (!err && s->has_cipher && !crypt_equal(chain, s->cipher, HASH_BYTES))
		err = ERR_INTEGRITY;
	return err;
}

/*
 * Does the volume give nothing at all? Then a file that it does not give is not
 * lost: its name may still be in memory when the disk is gone.
 */
static bool is_silent(int dir)
{
	unsigned char mark[1];
	uint64_t size;
	int fd;
	enum err err = disk_open_read(dir, "volume", &fd, &size);

	if (err)
		return err == ERR_DISK;
	disk_forget(fd);
	err = disk_pread(fd, mark, sizeof(mark), 0);
	close(fd);
	return err == ERR_DISK;
}

static enum err look(const struct scrub_row *s, bool all, unsigned char *buf)
{
	const struct segment_row *r = &s->row;
	uint64_t size = 0, journal_size = 0;
	int fd = -1, journal = -1;
	char path[160];
	enum err err;

	if (s->dir < 0)
		return s->given_up ? ERR_NOT_FOUND : ERR_AWAY;
	err = disk_open_read(s->dir,
	    path_segment(r->camera, r->day, r->start_ns, r->seq, path,
		sizeof(path)),
	    &fd, &size);
	if (!err && size < r->bytes)
		err = ERR_TRUNCATED;
	else if (!err && size > r->bytes && r->state == SEGMENT_SEALED)
		err = ERR_INTEGRITY;
	if (!err && all)
		err = disk_open_read(s->dir,
		    path_journal(r->camera, r->day, path, sizeof(path)),
		    &journal, &journal_size);
	if (!err && all)
		err = check_bytes(s, fd, journal, buf);
	if (fd >= 0)
		close(fd);
	if (journal >= 0)
		close(journal);
	return err == ERR_DISK && is_silent(s->dir) ? ERR_UNAVAILABLE : err;
}

void scrub_run(struct scrub *job)
{
	unsigned char *buf = malloc(PIECE);

	for (size_t i = 0; i < job->n; i++)
		job->rows[i].err =
		    buf ? look(&job->rows[i], job->bytes, buf) : ERR_NO_MEMORY;
	free(buf);
}
