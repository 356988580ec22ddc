/*
 * bearer.h - calls of other programs, which bring a token (RFC 6750) instead of
 * a session.
 *
 * A route with NEED_TOKEN gets past the gate with any token that has the form
 * of one; whether it is known, not ended and of the right scope is storage's
 * word, with each message: web keeps nothing of it. A token is looked at on
 * such routes alone, so it opens no other.
 */
#ifndef SAQTA_WEB_BEARER_H
#define SAQTA_WEB_BEARER_H

#include "storage/api/messages.h"
#include "web/http.h"

/*
 * The gate: is there a token, and does this address not call too often? Else
 * it is refused: 401 with WWW-Authenticate, 429 with Retry-After.
 */
bool bearer_passes(struct http *x);

/*
 * Begin a message to storage that the token vouches for: its first fields are
 * the token and the client's address (token_use() in storage/keeper.h). More
 * may be put, and a descriptor, before bearer_ask().
 */
void bearer_begin(struct http *x, struct wire *w, enum msg type);
void bearer_ask(struct http *x, struct wire *w, uint16_t answer,
    void (*next)(struct http *x));
/* reply_failed() with what RFC 6750 wants beside it. */
void bearer_failed(struct http *x);

/* GET /api/v1/health; scope health:read. */
void bearer_health(struct http *x);
/* The numbers of it, in the text of Prometheus. */
void bearer_metrics(struct http *x);

#endif
