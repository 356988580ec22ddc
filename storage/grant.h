/*
 * grant.h - the file keys of exactly the approved segments, wrapped to one
 * person (bytes in storage/DESIGN.md).
 */
#ifndef SAQTA_GRANT_H
#define SAQTA_GRANT_H

#include "storage/age.h"

#define GRANT_SEGMENTS_MAX 100000u

struct grant_item {
	char camera[33];
	uint64_t seq;
	struct age_wrap wrap;
};
struct grant {
	uint64_t person;
	size_t n;
	struct grant_item *items;	/* sorted by camera, seq */
};

void grant_init(struct grant *g, uint64_t person);
/* Wrap one segment's file key to the person and add it. */
must_check enum err grant_add(struct grant *g, const char *camera,
    uint64_t seq, const unsigned char file_key[AGE_FILE_KEY],
    const struct age_recipient *to);
/* ret is returned, to be freed by free(). */
must_check enum err grant_encode(struct grant *g, unsigned char **ret,
    size_t *ret_n);
must_check enum err grant_decode(const void *p, size_t n, struct grant *ret);
/* The file key of a segment; ERR_NOT_APPROVED where it is not in the grant. */
must_check enum err grant_find(const struct grant *g, const char *camera,
    uint64_t seq, const struct age_identity *id,
    unsigned char ret_file_key[AGE_FILE_KEY]);
void grant_wipe(struct grant *g);	/* frees items */

#endif
