/*
 * scrub.h - is a segment still there, as long as it was, and byte for byte what
 * was recorded? Without any key; for a worker: touches the job alone.
 */
#ifndef SAQTA_SCRUB_H
#define SAQTA_SCRUB_H

#include "storage/index.h"

#define SCRUB_ROWS 256

struct scrub_row {
	struct segment_row row;
	int dir;			/* its volume, borrowed; -1 away */
	bool has_cipher;		/* of the ledger */
	unsigned char cipher[HASH_BYTES];
	enum err err;			/* result: OK, ERR_NOT_FOUND (missing),
					   ERR_TRUNCATED, ERR_INTEGRITY
					   (changed), ERR_DISK, ERR_AWAY */
};
struct scrub {
	bool bytes;			/* read all, not only the size */
	size_t n;
	struct scrub_row rows[SCRUB_ROWS];
};

/* Look at each row. Blocks. */
void scrub_run(struct scrub *job);

#endif
