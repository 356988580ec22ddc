/*
 * secret.h - the recorder's own key, and what is sealed to it (libsodium; no
 * other file of the recorder includes it).
 */
#ifndef SAQTA_SECRET_H
#define SAQTA_SECRET_H

#include <stddef.h>

#include "storage/api/err.h"

#define SECRET_KEY_BYTES 32
#define SECRET_TEXT_MAX 256

struct secret_key {
	unsigned char public[SECRET_KEY_BYTES];
	unsigned char private[SECRET_KEY_BYTES];
};

struct credentials {
	char user[SECRET_TEXT_MAX];
	char password[SECRET_TEXT_MAX];
};

/*
 * Read recorder.key in the directory dir, or make it (mode 0600, synced).
 * ERR_SYS; ERR_FORMAT when the file is something else.
 */
must_check enum err secret_key_open(const char *dir, struct secret_key *ret);

/*
 * Open a box (crypto_box_seal) of "user\0password". An empty box is empty
 * credentials. ERR_INTEGRITY when it is not for this key.
 */
must_check enum err secret_open(const struct secret_key *k, const void *box,
    size_t n, struct credentials *ret);

/* Fresh random text of n - 1 hex digits. */
void secret_text(char *buf, size_t n);

void secret_wipe(void *p, size_t n);

#endif
