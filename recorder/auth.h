/*
 * auth.h - the Authorization header for what a camera challenges: Digest with
 * MD5, SHA-256 and their -sess forms (RFC 2617, RFC 7616), else Basic.
 *
 * Lives in the supervisor, which alone has passwords: a child passes the
 * challenge on and gets the header back. Pure but for its counter; hashes are
 * libavutil's. Basic hides nothing: it is used only where nothing else is
 * offered, and then child and network see the password.
 */
#ifndef SAQTA_AUTH_H
#define SAQTA_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/err.h"

#define AUTH_TEXT_MAX 256

enum auth_scheme { AUTH_NONE, AUTH_BASIC, AUTH_MD5, AUTH_SHA256 };

struct auth {
	enum auth_scheme scheme;
	bool sess, qop, stale;
	char realm[AUTH_TEXT_MAX], nonce[AUTH_TEXT_MAX], opaque[AUTH_TEXT_MAX];
	char algorithm[16];	/* as the camera wrote it, "" = not written */
	unsigned count;		/* nc: uses of this nonce */
};

/*
 * Take the strongest of the challenges (the values of WWW-Authenticate, LF
 * after each). ERR_UNSUPPORTED where there is none that we can answer.
 */
must_check enum err auth_challenge(const char *lines, struct auth *ret);

/*
 * Write the value of the Authorization header into buf. cnonce is fresh random
 * text. ERR_NOT_FOUND before any challenge; ERR_TOO_LARGE.
 */
must_check enum err auth_answer(struct auth *a, const char *user,
    const char *password, const char *method, const char *uri,
    const char *cnonce, char *buf, size_t max);

/*
 * The PasswordDigest of a WS-Security UsernameToken (profile 1.0, 3.1):
 * Base64(SHA-1(nonce + created + password)), and the nonce in Base64.
 * ERR_TOO_LARGE, ERR_NO_MEMORY.
 */
must_check enum err auth_token(const char *nonce, const char *created,
    const char *password, char *digest64, size_t digest_max, char *nonce64,
    size_t nonce_max);

#endif
