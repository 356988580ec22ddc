/*
 * cosign.h - what witnesses say about the checkpoints of logs (C2SP
 * tlog-cosignature, cosignature/v1), and the keys of both as text (vkeys of
 * signed-note). Pure.
 */
#ifndef SAQTA_COSIGN_H
#define SAQTA_COSIGN_H

#include "storage/note.h"

/* name+hash+base64(kind || key) */
#define VKEY_TEXT (NOTE_NAME_MAX + 1 + 8 + 1 + B64_LEN(1 + KEY_BYTES))

struct vkey {
	char name[NOTE_NAME_MAX + 1];
	unsigned char kind; /* NOTE_ED25519, NOTE_COSIGNATURE */
	unsigned char key[KEY_BYTES];
};

/* ERR_FORMAT, also where the hash is not that of the key; other kinds. */
must_check enum err vkey_parse(const char *s, struct vkey *ret);
void vkey_format(const struct vkey *k, char out[VKEY_TEXT]);

#define COSIGN_BYTES (8 + SIGN_BYTES) /* u64 time || signature */
#define COSIGN_LINE_MAX (NOTE_NAME_MAX + 120)

/*
 * Cosign the signed text of a checkpoint, as of time_s (POSIX seconds, not
 * negative): out gets one signature line with its newline, and a NUL.
 */
void cosign_line(const void *text, size_t text_n, const struct vkey *witness,
    const unsigned char seed[KEY_BYTES], int64_t time_s,
    char out[COSIGN_LINE_MAX]);

/* When it says that it was made; -1 where that is no time. */
int64_t cosign_time_s(const unsigned char cosignature[COSIGN_BYTES]);

/* Does the cosignature fit text and key? ret_time_s is what it says. */
must_check enum err cosign_check(const void *text, size_t text_n,
    const unsigned char key[KEY_BYTES],
    const unsigned char cosignature[COSIGN_BYTES], int64_t *ret_time_s);

/*
 * The newest cosignature by this witness in a note. ERR_NO_KEY where there is
 * none; ERR_INTEGRITY where one does not fit; as note_next().
 */
must_check enum err cosign_find(const void *note, size_t n,
    const struct vkey *witness, unsigned char ret[COSIGN_BYTES],
    int64_t *ret_time_s);

#endif
