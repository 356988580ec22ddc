/*
 * segment.h - one segment being written: an age file and its journal records.
 *
 * Bytes go to the file in whole chunks only; the short last chunk is written
 * once, by segment_seal() (a chunk is never sealed twice under one nonce).
 * Until then segment_tail() keeps what is pending in files beside it.
 * Nothing here syncs: storage/seal.c does, for the whole volume.
 */
#ifndef SAQTA_SEGMENT_H
#define SAQTA_SEGMENT_H

#include "storage/age.h"
#include "storage/index.h"
#include "storage/journal.h"
#include "storage/mp4.h"

/* Where a journal ends. */
struct journal_head {
	char day[11];
	unsigned volume; /* its number; set by who loads it */
	uint64_t records;
	unsigned char chain[HASH_BYTES];
};

/* Of footage, at most, that a camera's child holds back before it sends it. */
#define FRAGMENT_MS 550

/* What P9 compares when it reads back. */
struct segment_piece {
	uint64_t off;
	uint32_t len;
	unsigned char content[HASH_BYTES];
};

struct segment {
	struct segment *next;		/* the keeper's lists */
	struct segment_row row;
	int fd, journal_fd;
	int dir_fd; /* its volume: slots, read back */
	unsigned char file_key[AGE_FILE_KEY], key[KEY_BYTES];
	unsigned char header[AGE_HEADER_ONE];
	int slot_fd[2];			/* of the tail, or -1 */
	unsigned slot;			/* written last */
	unsigned slot_durable;		/* covered by a sync: not touched */
	uint64_t tail_to;		/* payload bytes that it reaches to */
	int64_t pending_ns;	/* of the last fragment, where nothing else is
				   pending, too; or INT64_MAX */
	unsigned char *chunk;		/* plain bytes of the next chunk */
	size_t chunk_n;
	uint64_t chunks, file_off, plain_len;
	uint64_t hashed_to;		/* cipher bytes that records cover */
	struct sha256 piece, cipher;	/* since hashed_to; of all pieces */
	struct merkle tree;
	struct journal_head *head;	/* the camera's, borrowed */
	unsigned char *init;		/* its bytes */
	struct mp4_init mp4;
	uint32_t epoch, clock_state, samples;
	int64_t camera_clock_ns;
	struct segment_piece *pieces;	/* [0] is the init part */
	size_t pieces_n, pieces_room;
	size_t key_piece;	/* the first that begins with a key frame; 0 */
	bool sealed, synced;
	unsigned char root[HASH_BYTES], cipher_hash[HASH_BYTES];
	int proof_fd;			/* init + first fragment, re-read; -1 */
	enum err proof_err;
};

/*
 * Begin a segment: directories, file, header, begin record.
 *
 *   dir_fd   the directory of the volume that row names (borrowed)
 *   row      camera, seq, day, start_ns, volume stand; the rest is filled in
 *   to       the day's recipient
 *   init     n bytes, copied; was parsed into mp4 by the caller's call of
 *            mp4_init_parse() (borrowing is renewed here)
 *   head     the end of that day's journal; follows every append
 *
 * ERR_FORMAT, ERR_UNSUPPORTED (init), ERR_DISK_FULL, ERR_DISK, ERR_EXISTS.
 */
must_check enum err segment_begin(int dir_fd, const struct segment_row *row,
    const struct age_recipient *to, const void *init, size_t n, int64_t mono_ns,
    uint32_t epoch, uint32_t clock_state, int64_t camera_clock_ns,
    struct journal_head *head, struct segment **ret);

/*
 * Append one fragment (n bytes, borrowed) and its record. ERR_FORMAT,
 * ERR_TOO_LARGE and nothing written where the bytes are not one fragment;
 * ERR_DISK_FULL, ERR_DISK: the segment is broken, only segment_free() is left.
 */
must_check enum err segment_put(struct segment *s, const void *p, size_t n,
    int64_t start_ns, int64_t duration_ns, int64_t mono_ns, uint32_t flags);

/*
 * P8: write what is pending past the last whole chunk as a tail, into the slot
 * that no sync has covered, unless the last tail has it all. Call before a
 * sync, and segment_tail_synced() when it succeeded. ERR_DISK_FULL, ERR_DISK,
 * ERR_NO_MEMORY: the segment is broken.
 */
must_check enum err segment_tail(struct segment *s);
void segment_tail_synced(struct segment *s);
/* Remove the slots: only when the seal is durable. */
void segment_tail_drop(struct segment *s);

/* Write the last chunk and the seal record; row, root and cipher_hash stand. */
must_check enum err segment_seal(struct segment *s);

/*
 * Read the sealed file back from the disk, decrypt and compare every fragment
 * with its recorded hash (P9). Sets proof_err and, where OK, proof_fd. Runs in
 * a worker: touches only s.
 */
void segment_prove(struct segment *s);

void segment_free(struct segment *s);	/* wipes keys; NULL is legal */

/*
 * Load where the journal of camera and day ends on the volume dir_fd; an absent
 * one is empty.
 */
must_check enum err journal_head_load(int dir_fd, const char *camera,
    const char *day, struct journal_head *ret);

#endif
