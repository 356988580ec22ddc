/*
 * fingerprint.h - the SHA-256 of a certificate, as people read and write it.
 */
#ifndef SAQTA_FINGERPRINT_H
#define SAQTA_FINGERPRINT_H

#include "storage/api/err.h"

#define FINGERPRINT_BYTES 32
#define FINGERPRINT_TEXT (3 * FINGERPRINT_BYTES) /* "AB:CD:...", NUL too */

/*
 * Parse 64 hex digits in either case, in pairs with a colon between each or
 * without any. ERR_INVALID where it is not that.
 */
must_check enum err fingerprint_parse(const char *text,
    unsigned char ret[FINGERPRINT_BYTES]);

/* Capitals with colons, as browsers, openssl and cameras' pages show it. */
void fingerprint_text(const unsigned char sum[FINGERPRINT_BYTES],
    char ret[FINGERPRINT_TEXT]);

#endif
