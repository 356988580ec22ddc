/*
 * token.h - tokens with which other programs ask (RFC 6750, "Bearer"): their
 * text, their scopes, how often one may be used. The keeper keeps a hash; the
 * token itself is told once, to who made it.
 */
#ifndef SAQTA_TOKEN_H
#define SAQTA_TOKEN_H

#include <stdbool.h>

#include "storage/api/err.h"
#include "storage/api/messages.h"
#include "storage/api/utc.h"
#include "storage/crypt.h"

#define TOKEN_TEXT 50		/* "saqta_", 43 letters, NUL */
#define TOKEN_SCOPE_TEXT 64
#define TOKENS_MAX 64		/* that are good at one time */
#define TOKEN_DAYS_MAX 366
#define TOKEN_BURST 200		/* calls at once */
#define TOKEN_PER_S 10		/* and in the long run */

/* "saqta_" and base64url of 32 random bytes, and what is kept of it. */
void token_make(char ret[TOKEN_TEXT], unsigned char ret_hash[HASH_BYTES]);

/*
 * SHA-256 of a token as it came. 256 random bits need no slower one, and who
 * looks a hash up learns nothing of others by the time it takes. ERR_TOKEN
 * where it has not the form of one.
 */
must_check enum err token_hash(const char *text,
    unsigned char ret[HASH_BYTES]);

/*
 * Scopes as words with one space between (RFC 6749, 3.3), in the order of enum
 * scope, to bits and back. ERR_INVALID for an unknown word, one that stands
 * twice, or none.
 */
must_check enum err token_scopes_parse(const char *s, unsigned *ret);
char *token_scopes_format(unsigned scopes, char ret[TOKEN_SCOPE_TEXT]);

/* How often one token was used lately; zeroed is fresh. */
struct token_rate {
	uint64_t token;
	double used;
	int64_t at_ns;		/* monotonic */
	int64_t noted_ns;	/* wall clock: its last use as the index has it */
};
/* May it be used now? Then it counts. Pure. */
bool token_take(struct token_rate *r, struct mono now);

#endif
