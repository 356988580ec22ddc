/*
 * epoch.h - a ledger that was torn, lost, set back or exchanged (P2).
 *
 * The box goes on recording: it keeps what stands there as ledger.<n> and
 * begins another log beside it, whose entry 0 names what is known of the former
 * one. Nothing is erased until a custodian confirms that (saqta ledger
 * confirm).
 */
#ifndef SAQTA_EPOCH_H
#define SAQTA_EPOCH_H

#include "storage/index.h"
#include "storage/ledger_keys.h"
#include "storage/volume.h"

struct keeper;

/* A file in data: the ledger was restored, and may lack its last entries. */
#define EPOCH_RESTORED "restored"

/* What is known of a ledger that cannot be gone on with. */
struct former {
	enum err why; /* ERR_NOT_FOUND lost, ERR_TRUNCATED set back,
				   ERR_INTEGRITY torn or exchanged */
	bool has_size, has_root, has_key;
	struct checkpoint c; /* the newest known one */
	unsigned c_epoch; /* of it */
	unsigned char key[KEY_BYTES];
	uint64_t found; /* entries that are still there */
	bool has_kept;
	struct checkpoint kept; /* that is still there and holds */
	unsigned last; /* the greatest epoch that is known */
};

/*
 * Open k's ledger (data_fd, site, index and clock are there), holding it
 * against the copies; where it cannot be gone on with, begin a new epoch.
 * ERR_BUSY, ERR_SYS, ERR_NO_MEMORY; ERR_DISK where nothing can be written.
 */
must_check enum err epoch_open(struct keeper *k);

/* Leave k's ledger (NULL is legal) as ledger.<n> and begin the next epoch. */
must_check enum err epoch_begin(struct keeper *k, struct former *f);

/*
 * Where a witness has seen another history, or more: begin the next epoch, as
 * soon as no copy is under way. k->ledger is NULL where that failed half way.
 */
void epoch_change(struct keeper *k);

/* Is this log the first one, or confirmed by a custodian? */
bool epoch_confirmed(struct index *ix, struct ledger *l);

/* The epoch in a log's origin; ERR_NOT_FOUND: not of this site. Pure. */
must_check enum err epoch_of_origin(const char *site, const char *origin,
    unsigned *ret);

/* The greatest n of data/ledger.<n>; 0: there is none. */
must_check enum err epoch_last(int data_fd, unsigned *ret);

/*
 * Copies: after a checkpoint a worker's thread brings them up to it, and
 * epoch_copied() takes what came of that.
 */
#define COPIES_MAX VOLUMES_MAX	/* place 0: ledger_copy; i: volume i */
struct copying {
	bool busy;
	int data_fd;
	const char *origin;
	int dir[COPIES_MAX];	/* -1: none there; its own descriptors */
	uint64_t tiles[COPIES_MAX];
	enum err err[COPIES_MAX], said[COPIES_MAX];
};
void epoch_copy(struct keeper *k);
void epoch_run_copy(void *copying);
void epoch_copied(struct keeper *k);

#endif
