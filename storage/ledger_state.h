/*
 * ledger_state.h - what ledger.c (writing) and ledger_open.c (reading) share.
 * For these two files only.
 */
#ifndef SAQTA_LEDGER_STATE_H
#define SAQTA_LEDGER_STATE_H

#include "storage/ledger.h"
#include "storage/note.h"
#include "storage/tail.h"
#include "storage/tile.h"

#define BUNDLE_MAX (TILE_N * (2u + ENTRY_MAX))	/* bytes of an entry tile */

struct ledger {
	int dir;			/* ledger/ */
	int file;			/* ledger/tail; -1: read only */
	bool broken;			/* a sync failed: no more puts */
	unsigned char seed[KEY_BYTES];
	char origin[NOTE_NAME_MAX + 1];
	uint64_t checkpoint;		/* size that it covers */

	struct tail tail;
	size_t committed;		/* entries of the tail on disk */
	struct merkle tree;		/* of what is committed */
	struct tile_edge *edge;

	uint64_t bundle_n;		/* the entry tile in memory */
	unsigned char *bundle;
	size_t bundle_len;
	unsigned char bundle_leaves[TILE_BYTES];
};

/*
 * Write every full 256 entries of the tail as tiles and shorten the tail. A
 * full disk only puts it off. ERR_DISK: the ledger is broken. Blocks.
 */
must_check enum err ledger_roll(struct ledger *l);

#endif
