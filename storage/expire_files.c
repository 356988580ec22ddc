#include "storage/expire_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/age.h"
#include "storage/journal.h"
#include "storage/disk.h"
#include "storage/site.h"
#include "storage/volume.h"

#define PATH 400
#define BLANK_BYTES (AGE_HEADER_MAX + AGE_NONCE)

/* The number in "<start>-<seq>.mp4.age" and its like; 0 where there is none. */
static uint64_t seq_of(const char *name)
{
	const char *p = strchr(name, '-');
	char *end;
	uint64_t seq;

	if (!p || p[1] < '0' || p[1] > '9')
		return 0;
	seq = strtoull(p + 1, &end, 10);
	return *end == '.' ? seq : 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool is_among(uint64_t seq, const uint64_t *seqs, size_t n)
{
	return seq && n && bsearch(&seq, seqs, n, sizeof(seq), compare);
}

/* The directory of the i-th volume; -1 while it is away. i = 0 always is. */
static int volume_of(int data_fd, unsigned i)
{
	return i ? volume_at(i)->fd : data_fd;
}

static unsigned volumes(void)
{
	return volumes_count() ? volumes_count() : 1;
}

/*
 * Can the file hold footage? An age file of less than a chunk, or a slot of a
 * tail without more than its record, cannot; all that a cut segment has may be
 * in its tail.
 */
static bool may_hold_footage(const char *name, off_t size)
{
	if (strstr(name, ".tail.age"))
		return true;
	if (strstr(name, ".tail"))
		return size > JOURNAL_RECORD;
	return size >= AGE_CHUNK_SEALED;
}

static enum err other_on(int at, const char *path, const uint64_t *seqs,
    size_t n, bool *ret)
{
	struct dirent *e;
	struct stat st;
	DIR *d = disk_opendir(at, path);
	enum err err;

	if (!d)
		return errno == ENOENT ? OK : ERR_DISK;
	while (!(err = disk_next(d, &e))) {
		uint64_t seq = seq_of(e->d_name);

		if (!seq || is_among(seq, seqs, n))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			err = ERR_DISK;
			break;
		}
		if (may_hold_footage(e->d_name, st.st_size))
			*ret = true;
	}
	closedir(d);
	return err == ERR_GONE ? OK : err;
}

enum err expire_files_other(int data_fd, const char *camera, const char *day,
    const uint64_t *seqs, size_t n, bool *ret)
{
	char dir[96];
	bool other = false;
	enum err err = OK;

	path_day(camera, day, dir, sizeof(dir));
	for (unsigned i = 0; i < volumes() && !err; i++)
		if (volume_of(data_fd, i) >= 0)
			err = other_on(volume_of(data_fd, i), dir, seqs, n,
			    &other);
	*ret = other;
	return err;
}

struct erase {
	int at;			/* the volume */
	const char *dir;
	const uint64_t *seqs;
	size_t n;
};

static enum err blank(const struct erase *x, const char *path)
{
	return disk_blank(x->at, path, BLANK_BYTES);
}

static enum err drop(const struct erase *x, const char *path)
{
	return disk_unlink(x->at, path);
}

static enum err each_file(const struct erase *x,
    enum err (*fn)(const struct erase *, const char *path))
{
	char path[PATH];
	struct dirent *e;
	DIR *d = disk_opendir(x->at, x->dir);
	enum err err = OK;

	if (!d)
		return errno == ENOENT ? OK : ERR_DISK;
	while (!err && !(err = disk_next(d, &e))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    (x->seqs && !is_among(seq_of(e->d_name), x->seqs, x->n)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", x->dir, e->d_name);
		err = fn(x, path);
	}
	closedir(d);
	return err == ERR_GONE ? OK : err;
}

static enum err erase_on(const struct erase *x, bool is_blank)
{
	enum err err = OK;

	if (is_blank)
		err = each_file(x, blank);
	if (!err && is_blank)
		err = disk_sync_volume(x->at);
	if (!err)
		err = each_file(x, drop);
	if (!err)
		err = disk_sync_dir(x->at, x->dir);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err expire_files_erase(int data_fd, const char *camera, const char *day,
    const uint64_t *seqs, size_t n, bool is_blank)
{
	char dir[96];
	struct erase x = {.dir = path_day(camera, day, dir, sizeof(dir)),
	    .seqs = seqs,
	    .n = n};
	enum err err = OK;

	for (unsigned i = 0; n && i < volumes() && !err; i++) {
		x.at = volume_of(data_fd, i);
		if (x.at >= 0)
			err = erase_on(&x, is_blank);
	}
	return err;
}

/* A journal is plain: its bytes must not stay in free blocks (P3). */
static enum err blank_plain(const struct erase *x, const char *path)
{
	size_t n = strlen(path);

	if (n > 4 && !strcmp(path + n - 4, ".age"))
		return OK;
	return disk_blank(x->at, path, UINT64_MAX);
}

static enum err day_on(int at, const char *camera, const char *day)
{
	char dir[96];
	struct erase x = {
	    .at = at, .dir = path_day(camera, day, dir, sizeof(dir))};
	enum err err = each_file(&x, blank_plain);

	if (!err)
		err = disk_sync_volume(at);
	if (!err)
		err = each_file(&x, drop);
	/* the folders of day, month and year; each where it is empty */
	for (int level = 0; level < 3 && !err; level++) {
		err = disk_rmdir(at, dir);
		*strrchr(dir, '/') = '\0';
		if (!err)
			err = disk_sync_dir(at, dir);
		if (err == ERR_NOT_FOUND)
			err = OK;
	}
	return err == ERR_EXISTS ? OK : err;
}

enum err expire_files_day(int data_fd, const char *camera, const char *day)
{
	enum err err = OK;

	for (unsigned i = 0; i < volumes() && !err; i++)
		if (volume_of(data_fd, i) >= 0)
			err = day_on(volume_of(data_fd, i), camera, day);
	return err;
}
