#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/tile.h"

void tile_path(int level, uint64_t n, char out[TILE_PATH_MAX])
{
	char group[8][8];
	int k = 0, at;

	snprintf(group[k++], sizeof(group[0]), "%03u", (unsigned)(n % 1000));
	for (n /= 1000; n && k < 8; n /= 1000)
		snprintf(group[k++], sizeof(group[0]), "x%03u",
		    (unsigned)(n % 1000));
	if (level == TILE_ENTRIES)
		at = snprintf(out, TILE_PATH_MAX, "tile/entries");
	else
		at = snprintf(out, TILE_PATH_MAX, "tile/%d", level);
	while (k-- > 0)
		at += snprintf(out + at, TILE_PATH_MAX - (size_t)at, "/%s",
		    group[k]);
}

static enum err disk_err(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
		return ERR_DISK_FULL;
	case ENOENT:
		return ERR_NOT_FOUND;
	case ENOMEM:
		return ERR_NO_MEMORY;
	case EMFILE:
	case ENFILE:
		return ERR_BUSY;
	default:
		return ERR_DISK;
	}
}

enum err file_read(int dir, const char *path, size_t max, unsigned char **ret,
    size_t *ret_n)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	unsigned char *p = NULL;
	size_t at = 0, cap;
	enum err e = OK;
	struct stat st;

	if (fd < 0)
		return disk_err(errno);
	if (fstat(fd, &st)) {
		e = ERR_DISK;
		goto out;
	}
	if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		e = ERR_TOO_LARGE;
		goto out;
	}
	cap = (size_t)st.st_size;
	p = malloc(cap ? cap : 1);
	if (!p) {
		e = ERR_NO_MEMORY;
		goto out;
	}
	while (at < cap) {
		ssize_t n = pread(fd, p + at, cap - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			e = ERR_DISK;
			goto out;
		}
		if (n == 0)
			break;
		at += (size_t)n;
	}
	*ret = p;
	*ret_n = at;
	p = NULL;
out:
	free(p);
	close(fd);
	return e;
}

static enum err sync_dir_of(int dir, const char *path)
{
	char parent[TILE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	enum err e = OK;
	int fd;

	if (slash)
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path),
		    path);
	fd = openat(dir, slash ? parent : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_DISK;
	if (fsync(fd))
		e = ERR_DISK;
	close(fd);
	return e;
}

/*
 * Make the directories above path. A directory that was already there is
 * synced by whoever made it; one that we make is synced into its parent.
 */
static enum err make_parents(int dir, const char *path)
{
	char part[TILE_PATH_MAX];

	for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(s - path), path);
		if (!mkdirat(dir, part, 0700)) {
			enum err e = sync_dir_of(dir, part);

			if (e)
				return e;
		} else if (errno != EEXIST) {
			return disk_err(errno);
		}
	}
	return OK;
}

static enum err write_all(int fd, const unsigned char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return disk_err(errno);
		p += done;
		n -= (size_t)done;
	}
	return OK;
}

enum err file_replace(int dir, const char *path, const void *p, size_t n,
    unsigned mode, int *ret_fd)
{
	char tmp[TILE_PATH_MAX + 8];
	enum err e;
	int fd;

	e = make_parents(dir, path);
	if (e)
		return e;
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	fd = openat(dir, tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return disk_err(errno);
	e = write_all(fd, p, n);
	if (e)
		goto out;
	if (fsync(fd) || renameat(dir, tmp, dir, path)) {
		e = ERR_DISK;
		goto out;
	}
	e = sync_dir_of(dir, path);
	if (!e && ret_fd) {
		*ret_fd = fd;
		return OK;
	}
out:
	close(fd);
	if (e)
		unlinkat(dir, tmp, 0);
	return e;
}

enum err tile_read(int dir, int level, uint64_t n,
    unsigned char ret[TILE_BYTES])
{
	char path[TILE_PATH_MAX];
	unsigned char *p;
	size_t got;
	enum err e;

	tile_path(level, n, path);
	e = file_read(dir, path, TILE_BYTES, &p, &got);
	if (e)
		return e == ERR_TOO_LARGE ? ERR_INTEGRITY : e;
	if (got == TILE_BYTES)
		memcpy(ret, p, TILE_BYTES);
	else
		e = ERR_INTEGRITY;
	free(p);
	return e;
}

static void tile_root(const unsigned char tile[TILE_BYTES],
    unsigned char ret[HASH_BYTES])
{
	struct merkle t;

	merkle_init(&t);
	for (size_t i = 0; i < TILE_N; i++)
		merkle_put(&t, tile + i * HASH_BYTES);
	merkle_root(&t, ret);
}

/* Full tiles at a level, where there are `tiles` at level 0. */
static uint64_t tiles_at(uint64_t tiles, int level)
{
	return tiles >> (8 * level);
}

enum err tile_edge_load(int dir, uint64_t tiles, struct tile_edge *ret,
    char ret_bad[TILE_PATH_MAX])
{
	unsigned char tile[TILE_BYTES];

	memset(ret, 0, sizeof(*ret));
	ret->tiles = tiles;
	for (int level = 1; level < TILE_LEVELS; level++) {
		uint64_t below = tiles_at(tiles, level - 1);

		for (uint64_t i = below & ~UINT64_C(255); i < below; i++) {
			enum err e = tile_read(dir, level - 1, i, tile);

			if (e == ERR_NO_MEMORY || e == ERR_DISK)
				return e;
			if (e) {
				tile_path(level - 1, i, ret_bad);
				return ERR_INTEGRITY;
			}
			tile_root(tile, ret->hash[level][i % TILE_N]);
		}
	}
	return OK;
}

enum err tile_edge_put(int dir, struct tile_edge *edge,
    const unsigned char leaves[TILE_BYTES])
{
	unsigned char tile[TILE_BYTES];
	uint64_t n = edge->tiles;
	char path[TILE_PATH_MAX];

	memcpy(tile, leaves, TILE_BYTES);
	for (int level = 0; level < TILE_LEVELS; level++) {
		unsigned char (*row)[HASH_BYTES];
		enum err e;

		tile_path(level, n, path);
		e = file_replace(dir, path, tile, TILE_BYTES, 0600, NULL);
		if (e)
			return e;
		if (level + 1 == TILE_LEVELS)
			break;
		/* row[255] is free, so writing it early changes nothing. */
		row = edge->hash[level + 1];
		tile_root(tile, row[n % TILE_N]);
		if (n % TILE_N != TILE_N - 1)
			break;
		memcpy(tile, row, TILE_BYTES);
		n /= TILE_N;
	}
	edge->tiles++;
	return OK;
}

enum err tile_tree(int dir, const struct tile_edge *edge, uint64_t size,
    struct merkle *ret, char ret_bad[TILE_PATH_MAX])
{
	unsigned char tile[TILE_BYTES];

	merkle_init(ret);
	for (int level = 0; level < TILE_LEVELS; level++) {
		uint64_t n = size >> (8 * level), i = n / TILE_N;
		const unsigned char *row = tile;
		struct merkle t;

		if (n % TILE_N == 0)
			continue;
		if (i < tiles_at(edge->tiles, level)) {
			enum err e = tile_read(dir, level, i, tile);

			if (e == ERR_NO_MEMORY || e == ERR_DISK)
				return e;
			if (e) {
				tile_path(level, i, ret_bad);
				return ERR_INTEGRITY;
			}
		} else {
			row = edge->hash[level][0];
		}
		merkle_init(&t);
		for (uint64_t k = 0; k < n % TILE_N; k++)
			merkle_put(&t, row + k * HASH_BYTES);
		memcpy(ret->edge[8 * level], t.edge, 8 * sizeof(t.edge[0]));
	}
	ret->n = size;
	return OK;
}
