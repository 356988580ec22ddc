/*
 * cookie.h - the session cookie and the tokens in it.
 *
 * The name begins with __Host-, so that a browser takes it only over HTTPS,
 * for this host alone and for the whole path (RFC 6265bis, 4.1.3.2).
 *
 * Pure, but for token_new().
 */
#ifndef SAQTA_WEB_COOKIE_H
#define SAQTA_WEB_COOKIE_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/err.h"

#define COOKIE_NAME "__Host-saqta"
#define TOKEN_CHARS 43		/* 32 bytes in base64url without padding */

struct token {
	char s[TOKEN_CHARS + 1];
};

/* 32 bytes of getrandom() as base64url (RFC 4648, section 5). */
must_check enum err token_new(struct token *ret);

/* Equal, in a time that does not depend on where they differ. */
bool token_is(const struct token *a, const struct token *b);

/* Take s (NULL is legal); ERR_INVALID where it is not 43 of base64url. */
must_check enum err token_parse(const char *s, size_t n, struct token *ret);

/*
 * Find the session's token in a Cookie header (NULL is legal). ERR_NOT_FOUND
 * where there is none, or more than one, or a malformed one: a second cookie
 * of that name was planted by somebody.
 */
must_check enum err cookie_find(const char *header, struct token *ret);

#endif
