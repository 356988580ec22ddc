/*
 * footage.h - what the journals on disk say about one segment, read only.
 */
#ifndef SAQTA_FOOTAGE_H
#define SAQTA_FOOTAGE_H

#include "storage/age.h"
#include "storage/index.h"
#include "storage/journal.h"

struct footage {
	struct segment_row row;
	struct journal_record begin;
	struct journal_record *fragments;	/* those that count */
	size_t n;
	struct journal_record tail;	/* of a cut one; else its type is 0 */
	int64_t end_ns;		/* end of the last one that counts */
	int64_t received_ns;	/* end of the last one in the journal */
	bool cut;		/* the file ends without a last chunk */
};

/*
 * Read the records of a segment, checking their chain from the record before.
 * Of a segment that is still open only those fragments count whose payload
 * ends within the whole chunks on disk: its tail is being written.
 *
 *   ret  on success to be freed by footage_free()
 *
 * ERR_NOT_FOUND where journal or file is missing; ERR_AWAY where their volume
 * is; ERR_INTEGRITY where they do not say what the index says; ERR_DISK. Blocks.
 */
must_check enum err footage_read(int data_fd, const struct segment_row *row,
    struct footage *ret);
void footage_free(struct footage *f);

/* Only its begin record. As footage_read(). */
must_check enum err footage_begin(int data_fd, const struct segment_row *row,
    struct journal_record *ret);

/* Open the segment's age file, with its tail; as age_file_open(), _tail(). */
must_check enum err footage_open(int data_fd, const struct footage *f,
    const unsigned char file_key[AGE_FILE_KEY], struct age_file **ret);

/*
 * Open the header of the segment's file with an identity.
 * As age_header_open(); ERR_NOT_FOUND, ERR_AWAY, ERR_DISK.
 */
must_check enum err footage_file_key(int data_fd,
    const struct segment_row *row, const struct age_identity *id,
    unsigned char ret_file_key[AGE_FILE_KEY]);

#endif
