/*
 * ledger.h - the journal of the box: an RFC 6962 log in C2SP tlog-tiles.
 *
 * ledger_put() gives an entry its number at once; it is durable only after
 * ledger_commit(), which syncs once for all entries put since the last one
 * (group commit). An answer that depends on an entry waits for the commit.
 */
#ifndef SAQTA_LEDGER_H
#define SAQTA_LEDGER_H

#include "storage/entry.h"
#include "storage/merkle.h"
#include "storage/note.h"

struct ledger;

/*
 * Make ledger/ with a fresh log key; origin is the log's name without spaces,
 * such as "saqta.example/almaty-12". ERR_EXISTS.
 */
must_check enum err ledger_create(int data_fd, const char *origin,
    unsigned char ret_log_public[KEY_BYTES]);

/*
 * Open for appending: cuts a torn, never answered tail (ret_cut_bytes), checks
 * tail and tiles against the checkpoint.
 *
 * ERR_INTEGRITY where entries or tiles do not fit the checkpoint or entries
 * below it are missing; ERR_BUSY where another process has it open (flock).
 */
must_check enum err ledger_open(int data_fd, struct ledger **ret,
    size_t *ret_cut_bytes);
/* Read only: no lock, no cut; sees what is on disk now. */
must_check enum err ledger_open_readonly(int data_fd, struct ledger **ret);
/*
 * Read only whatever entries there are in data/<name>, a former ledger; nothing
 * is held against a checkpoint. ERR_INTEGRITY where tail or tiles are missing.
 */
must_check enum err ledger_open_as_is(int data_fd, const char *name,
    struct ledger **ret);
void ledger_close(struct ledger *l); /* NULL is legal; no commit */

must_check enum err ledger_put(struct ledger *l, const struct entry *e,
    uint64_t *ret_index);
bool ledger_dirty(const struct ledger *l);
/*
 * ERR_DISK after a failed write or sync: then every later put fails too.
 * ERR_DISK_FULL: nothing is lost, a later commit may succeed. Blocks.
 */
must_check enum err ledger_commit(struct ledger *l);
/*
 * Sign and write the checkpoint of what is committed. Without the log's key
 * nothing is written, and that is OK. Blocks.
 */
must_check enum err ledger_checkpoint(struct ledger *l);

uint64_t ledger_size(const struct ledger *l); /* committed entries */
void ledger_root(const struct ledger *l, unsigned char ret[HASH_BYTES]);
/* The size that the checkpoint covers which was read at open or made since. */
uint64_t ledger_checkpoint_size(const struct ledger *l);
/* Entries that stand in tiles; the others are in the tail. */
uint64_t ledger_tiled(const struct ledger *l);
/*
 * Read entry i into buf; ERR_NOT_FOUND beyond the end. A read-only ledger
 * looks at the disk again where i is beyond what it knew.
 */
must_check enum err ledger_get(struct ledger *l, uint64_t i,
    unsigned char buf[ENTRY_MAX], size_t *ret_n);

/* --- ledger_prove.c --- */
/*
 * The inclusion proof of entry `index` in the tree of the first `size` entries
 * (merkle.h). ERR_RANGE where there are not as many; ERR_INTEGRITY where a
 * tile is missing. Reads at most two tiles a level.
 */
must_check enum err ledger_path(const struct ledger *l, uint64_t index,
    uint64_t size, unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES],
    size_t *ret_n);
/*
 * The proof that the first `old` entries are the beginning of the first `size`
 * (merkle.h). As ledger_path().
 */
must_check enum err ledger_growth(const struct ledger *l, uint64_t old,
    uint64_t size, unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES],
    size_t *ret_n);
/* The root of the first `size` entries. As ledger_path(). */
must_check enum err ledger_root_at(const struct ledger *l, uint64_t size,
    unsigned char ret[HASH_BYTES]);
/*
 * The checkpoint as it stands on disk now, with every signature it carries; a
 * read-only ledger then knows all entries that it covers.
 */
must_check enum err ledger_note(struct ledger *l, char ret_note[NOTE_MAX + 1],
    size_t *ret_n, struct checkpoint *ret);
/*
 * How many entries the checkpoint on disk covers now, beside a writer too; a
 * read-only ledger then knows them all. What ledger_checkpoint_size() said where
 * none can be read.
 */
uint64_t ledger_signed(struct ledger *l);
/*
 * The newest checkpoint that a witness has cosigned, with its lines.
 * ERR_NOT_FOUND where none has yet; ERR_INTEGRITY.
 */
must_check enum err ledger_witnessed(struct ledger *l,
    char ret_note[NOTE_MAX + 1], size_t *ret_n, struct checkpoint *ret);
/* The entries by which the log's key changed: at most `max`, ascending. */
size_t ledger_key_changes(const struct ledger *l, uint64_t *ret, size_t max);

#endif
