/*
 * age_writer.h - an age file of any length, written forward: what goes to the
 * disk is ciphertext only (P1).
 */
#ifndef SAQTA_AGE_WRITER_H
#define SAQTA_AGE_WRITER_H

#include "storage/age.h"

struct age_writer {
	int fd;			/* borrowed */
	enum err err;		/* sticky */
	unsigned char key[KEY_BYTES];
	uint64_t chunk, off;
	size_t n;		/* bytes that wait for their chunk to fill */
	unsigned char plain[AGE_CHUNK], sealed[AGE_CHUNK_SEALED];
};

/*
 * Begin at the start of an empty file, under a fresh file key that is wrapped
 * to n recipients. Blocks, as all here; w is to be wiped by crypt_wipe().
 */
must_check enum err age_writer_begin(struct age_writer *w, int fd,
    const struct age_recipient *to, size_t n);
must_check enum err age_writer_put(struct age_writer *w, const void *p,
    size_t n);
/* Write the last chunk: synced when OK. */
must_check enum err age_writer_end(struct age_writer *w);

#endif
