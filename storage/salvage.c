#include "storage/salvage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/age.h"
#include "storage/disk.h"
#include "storage/site.h"

#define BLOCK (64u << 10)
#define SLOT_MAX (1u << 20) /* bytes; a slot has 64 KiB and a header */

void salvage_forget(int dir_fd, const char *camera, const char *day)
{
	char path[96];
	DIR *d =
	    disk_opendir(dir_fd, path_day(camera, day, path, sizeof(path)));
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		uint64_t size;
		int fd;

		if (disk_open_read(dirfd(d), e->d_name, &fd, &size))
			continue; /* a folder's own name */
		disk_forget(fd);
		close(fd);
	}
	closedir(d);
}

enum err salvage_hash(int fd, uint64_t from, uint64_t to,
    unsigned char ret[HASH_BYTES])
{
	unsigned char buf[BLOCK];
	struct sha256 h;

	sha256_init(&h);
	while (from < to) {
		size_t n = to - from < BLOCK ? (size_t)(to - from) : BLOCK;
		enum err err = disk_pread(fd, buf, n, from);

		if (err)
			return err;
		sha256_put(&h, buf, n);
		from += n;
	}
	sha256_end(&h, ret);
	return OK;
}

/* Does the file hold the bytes that the record claims? */
static bool bytes_fit(int fd, const struct journal_record *r)
{
	unsigned char hash[HASH_BYTES];

	return !salvage_hash(fd, r->cipher_from, r->cipher_to, hash) &&
	    crypt_equal(hash, r->cipher, HASH_BYTES);
}

static bool tail_fits(const struct salvage *s, const struct journal_record *r)
{
	char path[160];
	uint64_t size;
	bool fits;
	int fd;

	if (disk_open_read(s->dir_fd,
		path_tail(s->camera, s->day, s->r->start_ns, s->r->seq, path,
		    sizeof(path)),
		&fd, &size))
		return false;
	fits = size == r->cipher_to && bytes_fit(fd, r);
	close(fd);
	return fits;
}

size_t salvage_fit(const struct salvage *s, int fd)
{
	size_t n = 0;

	while (n < s->n &&
	    (s->r[n].type == JOURNAL_TAIL ? tail_fits(s, &s->r[n]) :
					    bytes_fit(fd, &s->r[n])))
		n++;
	return n;
}

/* A slot's bytes: a record that follows one of the segment's, then its file. */
static bool is_tail(const struct salvage *s, const unsigned char *p, size_t n,
    uint64_t plain, struct journal_record *ret)
{
	unsigned char hash[HASH_BYTES];
	struct journal_record r;
	size_t i = s->n;

	if (n < JOURNAL_RECORD)
		return false;
	while (i && journal_decode(p, s->r[i - 1].chain, &r))
		i--;
	if (!i || r.type != JOURNAL_TAIL || r.seq != s->r->seq ||
	    r.index != i - 1 || r.plain_off != plain || r.cipher_from ||
	    r.cipher_to > n - JOURNAL_RECORD ||
	    r.plain_off + r.plain_len !=
		s->r[i - 1].plain_off + s->r[i - 1].plain_len)
		return false;
	sha256(p + JOURNAL_RECORD, (size_t)r.cipher_to, hash);
	*ret = r;
	return crypt_equal(hash, r.cipher, HASH_BYTES);
}

static enum err keep(const struct salvage *s, const unsigned char *p,
    const struct journal_record *r)
{
	char dir[96], path[160];

	path_tail(s->camera, s->day, s->r->start_ns, s->r->seq, path,
	    sizeof(path));
	return disk_replace(s->dir_fd,
	    path_day(s->camera, s->day, dir, sizeof(dir)),
	    strrchr(path, '/') + 1, p + JOURNAL_RECORD, (size_t)r->cipher_to);
}

enum err salvage_tail(const struct salvage *s, uint64_t plain,
    struct journal_record *ret)
{
	unsigned char *best = NULL, *p;
	struct journal_record r, found = {0};
	char path[160];
	size_t n;
	enum err err;

	for (unsigned slot = 0; slot < 2; slot++) {
		path_slot(s->camera, s->day, s->r->start_ns, s->r->seq, slot,
		    path, sizeof(path));
		/* one that cannot be read is none */
		if (disk_read_all(s->dir_fd, path, SLOT_MAX, &p, &n))
			continue;
		if (is_tail(s, p, n, plain, &r) &&
		    r.plain_len > found.plain_len) {
			free(best);
			best = p;
			found = r;
		} else {
			free(p);
		}
	}
	if (!best)
		return ERR_NOT_FOUND;
	err = keep(s, best, &found);
	free(best);
	if (!err)
		*ret = found;
	return err;
}

bool salvage_is_slot(const char *name)
{
	size_t n = strlen(name);

	return n > 6 &&
	    (!strcmp(name + n - 6, ".tail0") ||
		!strcmp(name + n - 6, ".tail1"));
}

/* The number in "<start>-<seq>.mp4.age" and its like; 0: it is none. */
static uint64_t seq_of(const char *name)
{
	const char *p = strchr(name, '-');
	char *end;
	uint64_t seq;

	if (!p || p[1] < '0' || p[1] > '9')
		return 0;
	seq = strtoull(p + 1, &end, 10);
	return !strncmp(end, ".mp4.age", 8) || !strncmp(end, ".tail", 5) ? seq :
									   0;
}

void salvage_sweep(int dir_fd, const char *camera, const char *day,
    uint64_t next)
{
	char path[96];
	DIR *d =
	    disk_opendir(dir_fd, path_day(camera, day, path, sizeof(path)));
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (salvage_is_slot(e->d_name) || seq_of(e->d_name) >= next)
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}
