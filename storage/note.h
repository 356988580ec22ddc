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

#define NOTE_MAX 8192		/* bytes of a whole note that we accept */
#define NOTE_NAME_MAX 160	/* bytes of a key's name or of an origin */
#define NOTE_KEY_ID 4
#define CHECKPOINT_MAX 1024	/* bytes of a checkpoint that we write */

/* SHA-256(name || LF || 1 || public key)[:4] */
void note_key_id(const char *name, const unsigned char public_key[KEY_BYTES],
    unsigned char ret[NOTE_KEY_ID]);

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

struct checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	unsigned char root[HASH_BYTES];
};

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
