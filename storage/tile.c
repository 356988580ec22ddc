#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/entry.h"
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

enum err tile_write(int dir, int level, uint64_t n, const void *p, size_t len)
{
	char path[TILE_PATH_MAX], *name;
	enum err e;

	tile_path(level, n, path);
	name = strrchr(path, '/');
	*name++ = '\0';
	e = disk_mkdirs(dir, path);
	return e ? e : disk_replace(dir, path, name, p, len);
}

enum err tile_read(int dir, int level, uint64_t n,
    unsigned char ret[TILE_BYTES])
{
	char path[TILE_PATH_MAX];
	unsigned char *p;
	size_t got;
	enum err e;

	tile_path(level, n, path);
	e = disk_read_all(dir, path, TILE_BYTES, &p, &got);
	if (e)
		return e == ERR_TOO_LARGE ? ERR_INTEGRITY : e;
	if (got == TILE_BYTES)
		memcpy(ret, p, TILE_BYTES);
	else
		e = ERR_INTEGRITY;
	free(p);
	return e;
}

enum err tile_entry(const void *p, size_t n, unsigned k,
    const unsigned char **ret, size_t *ret_n)
{
	const unsigned char *b = p;
	size_t at = 0, len = 0;

	for (unsigned i = 0; i <= k; i++) {
		at += len;
		if (n - at < 2)
			return ERR_INTEGRITY;
		len = (size_t)be_get(b + at, 2);
		at += 2;
		if (len > ENTRY_MAX || n - at < len)
			return ERR_INTEGRITY;
	}
	*ret = b + at;
	*ret_n = len;
	return OK;
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

			if (e == ERR_NO_MEMORY || e == ERR_DISK || e == ERR_SYS)
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

	memcpy(tile, leaves, TILE_BYTES);
	for (int level = 0; level < TILE_LEVELS; level++) {
		unsigned char(*row)[HASH_BYTES];
		enum err e;

		e = tile_write(dir, level, n, tile, TILE_BYTES);
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

			if (e == ERR_NO_MEMORY || e == ERR_DISK || e == ERR_SYS)
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
