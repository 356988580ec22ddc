/*
 * keyring_table.h - the inside of a keyring, shared by keyring.c (what it
 * holds) and keyring_file.c (how it lies on disk).
 */
#ifndef SAQTA_KEYRING_TABLE_H
#define SAQTA_KEYRING_TABLE_H

#include "storage/keyring.h"
#include "storage/keyring_line.h"
#include "storage/volume.h"

/* Bytes of the keyring's text: above this nothing more is taken in. */
#define KEYRING_MAX (64u << 20)

struct keyring {
	int data_fd;
	struct age_identity kek;
	unsigned slot;		/* of the kek and the file (kek.h) */
	uint64_t generation;
	struct keyring_day **days;	/* sorted by camera, date */
	size_t days_n;
	struct keyring_grant **grants;	/* in the order they came */
	size_t grants_n;
	size_t bytes;		/* of the text, not less than it will be */
	bool copied[VOLUMES_MAX];	/* volume_at(i) has it as it is */
};

/* Take in a day or a grant: given, freed on failure. ERR_EXISTS. */
must_check enum err keyring_take_day(struct keyring *k, struct keyring_day *d);
must_check enum err keyring_take_grant(struct keyring *k,
    struct keyring_grant *g);

#endif
