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
	bool given_up;			/* ... for ever */
	bool has_cipher;		/* of the ledger */
	unsigned char cipher[HASH_BYTES];
	enum err err;			/* result: OK, ERR_NOT_FOUND (missing),
					   ERR_TRUNCATED, ERR_INTEGRITY
					   (changed), ERR_DISK, ERR_AWAY;
					   ERR_UNAVAILABLE: nothing of its
					   volume can be read */
};
struct scrub {
	bool bytes;			/* read all, not only the size */
	size_t n;
	struct scrub_row rows[SCRUB_ROWS];
};

/* Where one of the two passes stands; kept in the index. */
struct scrub_pass {
	int64_t begun_ns;	/* 0: the next one begins when it is due */
	int64_t last_ns;	/* when the last whole one began */
	int64_t done_ns;	/* ... and was through; 0: never */
	char camera[CAMERA_ID_MAX + 1];
	uint64_t seq;
	uint64_t looked;	/* segments, since it began */
};
/* Files and their sizes; all their bytes. */
#define SCRUB_SIZES "scrub-sizes"
#define SCRUB_BYTES "scrub-bytes"
/* All zero where there is none. */
struct scrub_pass scrub_pass_get(struct index *ix, bool bytes);

/* Look at each row. Blocks. */
void scrub_run(struct scrub *job);

#endif
