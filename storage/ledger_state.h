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

#define LEDGER_CREDENTIAL "saqta-storage.log.key" /* 32 bytes, as log.key */
#define BUNDLE_MAX (TILE_N * (2u + ENTRY_MAX))	/* bytes of an entry tile */

#define KEYS_MAX 64			/* changes of the log's key */

/* A key signs the checkpoints of more than `from` entries, up to the next. */
struct log_key {
	uint64_t from;			/* entry that names it */
	unsigned char key[KEY_BYTES];
};

struct ledger {
	int dir;			/* ledger/ */
	int file;			/* ledger/tail; -1: read only */
	bool broken;			/* a sync failed: no more puts */
	unsigned char seed[KEY_BYTES];
	char origin[NOTE_NAME_MAX + 1];
	uint64_t checkpoint;		/* size that it covers */
	unsigned epoch;			/* 1, or as entry 0 says */
	bool keyless;			/* log.key is lost: nothing is signed */
	struct log_key keys[KEYS_MAX];
	unsigned keys_n;

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
 * Entry 0: key, origin, epoch; then the changes of the key that the file
 * `rotated` points at. Without entries there are no keys. ERR_INTEGRITY where
 * entry 0 names another origin.
 */
must_check enum err ledger_keys_load(struct ledger *l);
/* Who must have signed a checkpoint of that size; NULL: nobody is named. */
const unsigned char *ledger_key_for(const struct ledger *l, uint64_t size);

/*
 * Write every full 256 entries of the tail as tiles and shorten the tail. A
 * full disk only puts it off. ERR_DISK: the ledger is broken. Blocks.
 */
must_check enum err ledger_roll(struct ledger *l);

#endif
