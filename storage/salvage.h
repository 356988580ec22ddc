/*
 * salvage.h - what is there of a segment that broke off (P8): its bytes
 * against its records, and its tail. Needs no key.
 */
#ifndef SAQTA_SALVAGE_H
#define SAQTA_SALVAGE_H

#include "storage/journal.h"

/* A segment as the journal has it; all borrowed. */
struct salvage {
	int dir_fd; /* its volume */
	const char *camera, *day;
	const struct journal_record *r;	/* from its begin record on */
	size_t n;
};

/*
 * Look at the disk, not at what the page cache kept of a write that failed: of
 * all files of the day. To be called where the volume reported errors.
 */
void salvage_forget(int dir_fd, const char *camera, const char *day);

/* SHA-256 of the bytes [from, to) of fd. ERR_TRUNCATED, ERR_DISK. Blocks. */
must_check enum err salvage_hash(int fd, uint64_t from, uint64_t to,
    unsigned char ret[HASH_BYTES]);

/*
 * The number of records, from the begin record on, that the segment's file
 * (fd), and the kept tail, bear out. Blocks.
 */
size_t salvage_fit(const struct salvage *s, int fd);

/*
 * Find the longest tail that goes on after `plain` bytes (the whole chunks) and
 * follows one of the records, and keep it under its lasting name, durable when
 * OK.
 *
 *   ret  its record, to be encoded again behind the journal's last one
 *
 * ERR_NOT_FOUND where no slot holds such a tail; ERR_DISK_FULL, ERR_DISK,
 * ERR_NO_MEMORY. Blocks.
 */
must_check enum err salvage_tail(const struct salvage *s, uint64_t plain,
    struct journal_record *ret);

/* Is it the name of a slot? */
bool salvage_is_slot(const char *name);
/*
 * Remove all slots of a day, and what a segment left whose begin record is not
 * on the disk and whose number, at least `next`, will be given again: only when
 * each of the day's segments is ended.
 */
void salvage_sweep(int dir_fd, const char *camera, const char *day,
    uint64_t next);

#endif
