/*
 * factor.h - the second factor: time-based one-time codes (TOTP, RFC 6238) with
 * SHA-1, 30 s and six digits, which is what authenticator programs take. The
 * only file that includes <liboath/oath.h> is factor.c.
 */
#ifndef SAQTA_FACTOR_H
#define SAQTA_FACTOR_H

#include "storage/api/err.h"
#include "storage/api/utc.h"

#define FACTOR_BYTES 20 /* of the shared secret (RFC 4226, 4) */
#define FACTOR_DIGITS 6
#define FACTOR_STEP_S 30
#define FACTOR_URI 256 /* an otpauth URI, and NUL */

/*
 * Is code the one of now, of the step before or of the step after (clocks of
 * telephones differ)? ERR_FACTOR where not; *ret_step counts from 1970.
 */
must_check enum err factor_check(const unsigned char factor[FACTOR_BYTES],
    const char *code, struct utc now, uint64_t *ret_step);

/*
 * What an authenticator scans: otpauth://totp/SITE:USER?secret=...
 * (Key URI Format). Characters of the site's name beyond [A-Za-z0-9._-] are
 * escaped. ERR_TOO_LARGE.
 */
must_check enum err factor_uri(const unsigned char factor[FACTOR_BYTES],
    const char *site, const char *user, char ret[FACTOR_URI]);
/* The secret of such a URI. ERR_FORMAT. */
must_check enum err factor_of_uri(const char *uri,
    unsigned char ret[FACTOR_BYTES]);

#endif
