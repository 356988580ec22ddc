/*
 * gate.h - what every request must pass before a handler sees it.
 *
 * In this order: the path is one of ours, the method fits, the request does
 * not come from another site (Sec-Fetch-Site, W3C Fetch Metadata), a session
 * where one is needed, or a token of another program (bearer.h), the CSRF token
 * on each write of a session, a body that is JSON and not too long.
 *
 * A request with the header X-Saqta-Background is one that a page makes by
 * itself, by a timer: it does not keep an idle session alive.
 */
#ifndef SAQTA_WEB_GATE_H
#define SAQTA_WEB_GATE_H

#include "web/http.h"

/* Check x, whose headers are there. Refused: fills x->reply. */
void gate_headers(struct http *x);

/*
 * The body is there, too: is this asked for the first time, or without an
 * Idempotency-Key? Else x->reply is filled, with the first answer again where
 * there is one (once.h). Then gate_answered() is called with the answer of the
 * handler, or gate_broken() where nobody got one.
 */
bool gate_once(struct http *x);
void gate_answered(struct http *x);
void gate_broken(struct http *x);

/*
 * Whether a value of Sec-Fetch-Site (NULL: an old browser, or no browser) may
 * have an answer that is not a page. "none" is what a person typed or a
 * download that a browser resumed: allowed for reading only.
 */
bool gate_is_own_site(const char *value, enum method m);

/* Whether this Content-Type (NULL is legal) is application/json. */
bool gate_is_json(const char *type);

#endif
