/*
 * identity.h - age keys as text (Bech32, BIP 173) and the paper key.
 */
#ifndef SAQTA_IDENTITY_H
#define SAQTA_IDENTITY_H

#include "storage/age.h"

#define RECIPIENT_TEXT 63	/* "age1..." and NUL */
#define IDENTITY_TEXT 75	/* "AGE-SECRET-KEY-1..." and NUL */
#define HALF_TEXT 128		/* one half of a paper key in groups, and NUL */
#define IDENTITY_HALF_LINES 4	/* lines of a half */

void identity_new(struct age_identity *ret);
void identity_recipient(const struct age_identity *id,
    struct age_recipient *ret);

void recipient_format(const struct age_recipient *r, char out[RECIPIENT_TEXT]);
must_check enum err recipient_parse(const char *s, struct age_recipient *ret);
void identity_format(const struct age_identity *id, char out[IDENTITY_TEXT]);
/* ERR_FORMAT; lower case, mixed case, a wrong checksum are refused. */
must_check enum err identity_parse(const char *s, struct age_identity *ret);

/* The two halves of a paper key (storage/DESIGN.md), and back. */
void identity_split(const struct age_identity *id, char ret_a[HALF_TEXT],
    char ret_b[HALF_TEXT]);
/* Do the letters of one line (1-4) fit its check? */
bool identity_half_line_ok(const char *s, int line);
/*
 * Spaces, line ends and case do not matter. ERR_FORMAT with the wrong line (1-4
 * in a, 5-8 in b); ERR_INVALID where a and b are the same half, line 0.
 */
must_check enum err identity_join(const char *a, const char *b,
    struct age_identity *ret, int *ret_bad_line);

/* What a person's seed yields (storage/DESIGN.md, "People"). */
void seed_identity(const unsigned char seed[KEY_BYTES],
    struct age_identity *ret);
void seed_sign_seed(const unsigned char seed[KEY_BYTES],
    unsigned char ret[KEY_BYTES]);
/* The Ed25519 seed with which the paper key signs who comes after all are lost. */
#define PAPER_KEYS_MAX 8	/* paper keys of a site, one after the other */
void paper_sign_seed(const struct age_identity *paper,
    unsigned char ret[KEY_BYTES]);

#endif
