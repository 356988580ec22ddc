#include "storage/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "storage/age_writer.h"

struct pack {
	struct archive *zip;
	struct archive_entry *entry;
	enum err err; /* sticky; of the write below libarchive: age's */
	struct sha256 hash; /* of the ZIP */
	uint64_t bytes; /* of the ZIP */
	bool ended;
	uint64_t left; /* of the file at hand */
	struct age_writer age;
};

static la_ssize_t put_zip(struct archive *a, void *arg, const void *bytes,
    size_t n)
{
	struct pack *p = arg;

	(void)a;
	p->err = age_writer_put(&p->age, bytes, n);
	if (p->err)
		return -1;
	sha256_put(&p->hash, bytes, n);
	p->bytes += n;
	return (la_ssize_t)n;
}

/* What libarchive says no to is memory, or what put_zip() met. */
static enum err result(struct pack *p, int rc)
{
	if (rc >= ARCHIVE_WARN)
		return OK;
	if (!p->err)
		p->err = ERR_NO_MEMORY;
	return p->err;
}

static enum err open_zip(struct pack *p)
{
	p->zip = archive_write_new();
	p->entry = archive_entry_new();
	if (!p->zip || !p->entry)
		return ERR_NO_MEMORY;
	/* no padding: the file ends where the ZIP ends */
	if (archive_write_set_format_zip(p->zip) < ARCHIVE_WARN ||
	    archive_write_zip_set_compression_store(p->zip) < ARCHIVE_WARN ||
	    archive_write_set_bytes_per_block(p->zip, 0) < ARCHIVE_WARN ||
	    archive_write_set_bytes_in_last_block(p->zip, 1) < ARCHIVE_WARN)
		return ERR_UNSUPPORTED;
	return result(p, archive_write_open(p->zip, p, NULL, put_zip, NULL));
}

enum err pack_begin(int fd, const struct age_recipient *to, struct pack **ret)
{
	struct pack *p = calloc(1, sizeof(*p));
	enum err e;

	if (!p)
		return ERR_NO_MEMORY;
	sha256_init(&p->hash);
	e = age_writer_begin(&p->age, fd, to, 1);
	if (!e)
		e = open_zip(p);
	if (e) {
		pack_free(p);
		return e;
	}
	*ret = p;
	return OK;
}

enum err pack_file(struct pack *p, const char *name, uint64_t size,
    int64_t mtime_s)
{
	struct archive_entry *e = archive_entry_clear(p->entry);

	if (p->err || p->left || p->ended)
		return p->err ? p->err : ERR_INTERNAL;
	archive_entry_set_pathname(e, name);
	archive_entry_set_size(e, (la_int64_t)size);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, (time_t)mtime_s, 0);
	p->left = size;
	return result(p, archive_write_header(p->zip, e));
}

enum err pack_put(struct pack *p, const void *bytes, size_t n)
{
	if (p->err || n > p->left)
		return p->err ? p->err : ERR_INTERNAL;
	if (!n)
		return OK;
	p->left -= n;
	return result(p,
	    archive_write_data(p->zip, bytes, n) == (la_ssize_t)n ?
		ARCHIVE_OK :
		ARCHIVE_FATAL);
}

uint64_t pack_at(const struct pack *p)
{
	return p->bytes;
}

enum err pack_end(struct pack *p, uint64_t *ret_bytes,
    unsigned char ret_sha256[HASH_BYTES])
{
	enum err e;

	if (p->err || p->left || p->ended)
		return p->err ? p->err : ERR_INTERNAL;
	e = result(p, archive_write_close(p->zip));
	if (e)
		return e;
	p->ended = true;
	sha256_end(&p->hash, ret_sha256);
	*ret_bytes = p->bytes;
	return OK;
}

enum err pack_close(struct pack *p, const void *bytes, size_t n)
{
	enum err e =
	    p->ended ? age_writer_put(&p->age, bytes, n) : ERR_INTERNAL;

	return e ? e : age_writer_end(&p->age);
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	/* a close that was not asked for may write no more */
	if (!p->err && !p->ended)
		p->err = ERR_GONE;
	archive_entry_free(p->entry);
	if (p->zip)
		archive_write_free(p->zip);
	crypt_wipe(p, sizeof(*p));
	free(p);
}
