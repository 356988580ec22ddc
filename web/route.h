/*
 * route.h - all that web answers: one table, the attack surface.
 *
 * Which role may do what is storage's word and not repeated here: storage
 * enters every refusal in the ledger (P5), and a refusal by web would be none.
 * Web itself refuses what has no session, comes from another site, or lacks
 * the CSRF token (gate.h).
 */
#ifndef SAQTA_WEB_ROUTE_H
#define SAQTA_WEB_ROUTE_H

#include <stddef.h>

#include "storage/api/err.h"
#include "web/args.h"

struct http;

enum method {
	METHOD_OTHER = 0,
	METHOD_GET = 1,		/* and HEAD, which sends no body */
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_DELETE = 8,
};

enum need {
	NEED_NOTHING,		/* before sign-in */
	NEED_SESSION,
	NEED_TOKEN,		/* of another program (bearer.h); no session */
};

#define ROUTE_PAGE 1u		/* may be opened from another site */
#define ROUTE_QUIET 2u		/* does not keep an idle session alive */
#define ROUTE_NO_CSRF 4u	/* a write without a session: sign-in */
#define ROUTE_ONCE 16u		/* takes an Idempotency-Key (once.h) */
#define ROUTE_SETUP 32u		/* answers while set-up waits for its code */
#define ROUTE_MATCH 64u		/* takes If-Match: the thing in its path */
#define ROUTE_TEXT 8u		/* its body is not JSON */

struct route {
	enum method method;
	const char *pattern;	/* args.h */
	enum need need;
	unsigned flags;
	void (*handler)(struct http *x);
};

/*
 * Find what answers method and path. ERR_NOT_FOUND; ERR_METHOD with the
 * methods that are, in ret_allow ("GET, HEAD").
 */
must_check enum err route_find(enum method method, const char *path,
    const struct route **ret, struct args *ret_args, char *ret_allow,
    size_t allow_n);

enum method method_of(const char *name);

#endif
