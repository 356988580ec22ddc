/*
 * note.h - signed notes and log checkpoints (C2SP signed-note and
 * tlog-checkpoint), Ed25519 only. Pure.
 *
 * A note is text that ends in a newline, an empty line, and signature lines
 * `<em dash> name base64(key id (4) || signature (64))`.
 */
#ifndef SAQTA_NOTE_H
#define SAQTA_NOTE_H

#include "storage/crypt.h"

#define NOTE_MAX 8192 /* bytes of a whole note that we accept */
#define NOTE_NAME_MAX 160 /* bytes of a key's name or of an origin */
#define NOTE_KEY_ID 4
#define CHECKPOINT_MAX 1024 /* bytes of a checkpoint that we write */

#define NOTE_ED25519 1 /* kinds of keys: a log's */
#define NOTE_COSIGNATURE 4 /* a witness's (tlog-cosignature) */
#define NOTE_SIGNATURE_MAX 80 /* bytes of the longest one that we read */

/* SHA-256(name || LF || kind || public key)[:4] */
void note_key_id_of(const char *name, unsigned char kind,
    const unsigned char public_key[KEY_BYTES], unsigned char ret[NOTE_KEY_ID]);
/* The same for NOTE_ED25519. */
void note_key_id(const char *name, const unsigned char public_key[KEY_BYTES],
    unsigned char ret[NOTE_KEY_ID]);

/* Not empty, not longer than NOTE_NAME_MAX, no space, control byte or '+'. */
bool note_name_ok(const char *s, size_t n);

/*
 * Sign text, which ends in a newline; out gets text, empty line, one signature
 * line and a NUL. ERR_INVALID for a name that is empty, too long or has a
 * space, a control character or '+'; ERR_TOO_LARGE where out is too small.
 */
must_check enum err note_sign(const char *text, const char *name,
    const unsigned char seed[KEY_BYTES], char *out, size_t out_max,
    size_t *ret_n);

/*
 * Find a signature by this key in the note and check it. Signatures by other
 * keys are ignored, as the specification wants. ret_text_n counts the signed
 * text, from p.
 *
 * OK; ERR_FORMAT, ERR_TOO_LARGE; ERR_NO_KEY where this key did not sign;
 * ERR_INTEGRITY where its signature does not fit.
 */
must_check enum err note_check(const void *p, size_t n, const char *name,
    const unsigned char public_key[KEY_BYTES], size_t *ret_text_n);

/* The bytes of the signed text of a note; ERR_FORMAT, ERR_TOO_LARGE. */
must_check enum err note_text(const void *p, size_t n, size_t *ret_text_n);

struct note_signature {
	const char *name; /* borrowed from the note */
	size_t name_n;
	unsigned char bytes[NOTE_SIGNATURE_MAX]; /* key id, signature */
	size_t n; /* more than there is room for: not ours */
};

/*
 * The signature line at *pos, which is text_n + 1 at first, and moves on.
 * ERR_NOT_FOUND at the end; ERR_FORMAT.
 */
must_check enum err note_next(const void *p, size_t n, size_t *pos,
    struct note_signature *ret);
/* Is it by a key of this name, id and size? */
bool note_signature_is(const struct note_signature *s, const char *name,
    const unsigned char id[NOTE_KEY_ID], size_t n);

struct checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	unsigned char root[HASH_BYTES];
};

/* Decimal digits without sign or leading zero, at most 19; ERR_FORMAT. */
must_check enum err note_number(const char *s, size_t n, uint64_t *ret);

/* Sign c with its origin as the key's name; out has CHECKPOINT_MAX bytes. */
must_check enum err checkpoint_sign(const struct checkpoint *c,
    const unsigned char seed[KEY_BYTES], char out[CHECKPOINT_MAX],
    size_t *ret_n);

/*
 * Read origin, size and root from the note at p; extension lines are skipped.
 * The signature is not checked: call note_check() with what must have signed.
 */
must_check enum err checkpoint_parse(const void *p, size_t n,
    struct checkpoint *ret);

#endif
