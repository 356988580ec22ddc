/*
 * tile.h - the tiles of the ledger on disk (C2SP tlog-tiles).
 *
 * Only full tiles are on disk: 256 entries in tile/entries/N, 256 hashes in
 * tile/<level>/N. A tile never changes; writing one again with the same bytes
 * is how a roll-over that was cut short is done again.
 */
#ifndef SAQTA_TILE_H
#define SAQTA_TILE_H

#include "storage/merkle.h"

#define TILE_N 256u
#define TILE_BYTES (TILE_N * HASH_BYTES)
#define TILE_LEVELS 7		/* 256^7 entries: more than i64 seconds */
#define TILE_ENTRIES (-1)	/* the "level" of entry tiles */
#define TILE_PATH_MAX 80

/* "tile/3/x001/x234/067"; out has TILE_PATH_MAX bytes. */
void tile_path(int level, uint64_t n, char out[TILE_PATH_MAX]);

/*
 * Write a tile below dir (ledger/): synced, with its name, when OK. What fails
 * with ERR_DISK_FULL, ERR_NO_MEMORY or ERR_SYS may be tried again. Blocks.
 */
must_check enum err tile_write(int dir, int level, uint64_t n, const void *p,
    size_t len);

/* Read exactly one full tile of hashes; ERR_NOT_FOUND, ERR_INTEGRITY (size). */
must_check enum err tile_read(int dir, int level, uint64_t n,
    unsigned char ret[TILE_BYTES]);

/*
 * Entry k of an entry tile's n bytes: `u16 length || entry`, 256 times.
 * ERR_INTEGRITY where it does not stand there whole. Pure.
 */
must_check enum err tile_entry(const void *p, size_t n, unsigned k,
    const unsigned char **ret, size_t *ret_n);

/*
 * The right edge of a tree of `tiles` full level-0 tiles: at each level the
 * hashes of the tile that is not full yet. hash[0] is not used.
 */
struct tile_edge {
	uint64_t tiles;
	unsigned char hash[TILE_LEVELS][TILE_N][HASH_BYTES];
};

/*
 * Read the edge from the tiles: at most 255 tiles a level.
 * ERR_INTEGRITY where a tile is missing or short; ret_bad names it.
 */
must_check enum err tile_edge_load(int dir, uint64_t tiles,
    struct tile_edge *ret, char ret_bad[TILE_PATH_MAX]);

/*
 * Append a level-0 tile of 256 leaf hashes: writes it and each higher tile
 * that it fills. On failure the edge is unchanged. Blocks.
 */
must_check enum err tile_edge_put(int dir, struct tile_edge *edge,
    const unsigned char leaves[TILE_BYTES]);

/*
 * The tree of the first `size` entries, size <= 256 * edge->tiles.
 * ERR_INTEGRITY as above. Reads at most one tile a level.
 */
must_check enum err tile_tree(int dir, const struct tile_edge *edge,
    uint64_t size, struct merkle *ret, char ret_bad[TILE_PATH_MAX]);

#endif
