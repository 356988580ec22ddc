/*
 * seal.h - a camera's user and password, sealed to the recorder at once (only
 * libsodium): neither storage nor any message between processes has them.
 */
#ifndef SAQTA_WEB_SEAL_H
#define SAQTA_WEB_SEAL_H

#include <stddef.h>

#include "storage/api/err.h"

#define SEAL_KEY_BYTES 32
#define SEAL_USER_MAX 100
#define SEAL_PASSWORD_MAX 128
#define SEAL_MAX (SEAL_USER_MAX + 1 + SEAL_PASSWORD_MAX + 48)

/*
 * "user NUL password" as an anonymous box for key (X25519, XSalsa20-Poly1305).
 * Both empty: nothing, *ret_n = 0. ERR_INVALID: too long; ERR_INTERNAL.
 */
must_check enum err seal_login(const unsigned char key[SEAL_KEY_BYTES],
    const char *user, const char *password, unsigned char ret[SEAL_MAX],
    size_t *ret_n);

#endif
