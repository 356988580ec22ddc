#include "storage/ledger_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/epoch.h"
#include "storage/ledger_state.h"

#define TILES_A_CALL 512

enum err ledger_copy_note(int dir_fd, char ret_note[NOTE_MAX + 1],
    size_t *ret_n, struct checkpoint *ret)
{
	size_t n;
	enum err e =
	    disk_read(dir_fd, "ledger/checkpoint", ret_note, NOTE_MAX, &n);

	if (e)
		return e == ERR_TOO_LARGE ? ERR_FORMAT : e;
	ret_note[n] = '\0';
	*ret_n = n;
	return checkpoint_parse(ret_note, n, ret);
}

static enum err copy_file(int from, const char *path, int to, size_t max)
{
	unsigned char *p;
	size_t n;
	enum err e = disk_read_all(from, path, max, &p, &n);

	if (e)
		return e;
	e = disk_replace(to, ".", path, p, n);
	free(p);
	return e;
}

static enum err copy_tile(int from, int to, int level, uint64_t n)
{
	char path[TILE_PATH_MAX];
	unsigned char *p;
	size_t len;
	enum err e;

	tile_path(level, n, path);
	if (!faccessat(to, path, F_OK, 0))
		return OK;
	e = disk_read_all(from, path, BUNDLE_MAX, &p, &len);
	if (e)
		return e;
	e = tile_write(to, level, n, p, len);
	free(p);
	return e;
}

/* Entry tile i, and each tile of hashes that is full with it. */
static enum err copy_tiles(int from, int to, uint64_t i)
{
	enum err e = copy_tile(from, to, TILE_ENTRIES, i);

	for (int level = 0; !e && level < TILE_LEVELS; level++) {
		e = copy_tile(from, to, level, i);
		if (i % TILE_N != TILE_N - 1)
			break;
		i /= TILE_N;
	}
	return e;
}

/*
 * Make way for this log: the copy of an earlier epoch stands aside, that of
 * another site or one that is ahead stays.
 */
static enum err make_way(int dir_fd, const char *origin,
    const struct checkpoint *c)
{
	struct checkpoint have;
	char note[NOTE_MAX + 1], name[32];
	unsigned epoch, of_copy;
	size_t n;
	enum err e = ledger_copy_note(dir_fd, note, &n, &have);

	if (e == ERR_NOT_FOUND)
		return OK;
	if (e)
		return e == ERR_FORMAT ? ERR_INTEGRITY : e;
	if (!strcmp(have.origin, c->origin))
		return have.size > c->size ? ERR_INTEGRITY : OK;
	if (epoch_of_origin(origin, have.origin, &of_copy) ||
	    epoch_of_origin(origin, c->origin, &epoch) || of_copy >= epoch)
		return ERR_INTEGRITY;
	snprintf(name, sizeof(name), "ledger.%u", of_copy);
	if (renameat(dir_fd, "ledger", dir_fd, name))
		return ERR_DISK;
	return disk_sync_dir(dir_fd, ".");
}

static enum err copy_all(int from, int to, uint64_t *tiles)
{
	unsigned char *tail = NULL;
	uint64_t full = 0;
	size_t n = 0;
	enum err e = disk_read_all(from, "tail", TAIL_MAX, &tail, &n);

	if (!e && n >= TAIL_HEAD)
		full = be_get(tail + TAIL_HEAD - 8, 8) / TILE_N;
	for (unsigned k = 0; !e && *tiles < full && k < TILES_A_CALL; k++) {
		e = copy_tiles(from, to, *tiles);
		*tiles += !e;
	}
	if (!e && *tiles == full)
		e = disk_replace(to, ".", "tail", tail, n);
	free(tail);
	return e;
}

enum err ledger_copy(int data_fd, int dir_fd, const char *origin,
    uint64_t *tiles)
{
	static const char *const beside[] = {"rotated", "witnessed"};
	struct checkpoint c;
	char note[NOTE_MAX + 1];
	int from = -1, to = -1;
	size_t n;
	enum err e = ledger_copy_note(data_fd, note, &n, &c);

	if (!e)
		e = make_way(dir_fd, origin, &c);
	if (!e)
		e = disk_mkdirs(dir_fd, "ledger");
	if (e)
		return e;
	from = openat(data_fd, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(dir_fd, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	e = from < 0 || to < 0 ? ERR_DISK : copy_all(from, to, tiles);
	for (size_t i = 0; !e && i < 2; i++) {
		e = copy_file(from, beside[i], to, NOTE_MAX);
		if (e == ERR_NOT_FOUND)
			e = OK;
	}
	/* last: it vouches for what was read before it */
	if (!e)
		e = disk_replace(to, ".", "checkpoint", note, n);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return e;
}
