/*
 * session.h - who is signed in: a token in a cookie, a socket to his reader.
 *
 * A session ends at sign-out, after idle_s without a request, after
 * SESSION_HOURS_MAX whatever happens, or when its socket ends; then its token
 * is nothing. All functions may be called from any thread.
 */
#ifndef SAQTA_WEB_SESSION_H
#define SAQTA_WEB_SESSION_H

#include <stdbool.h>

#include "storage/api/messages.h"
#include "web/call.h"
#include "web/cookie.h"

#define SESSIONS_MAX 256
#define SESSIONS_PER_PERSON 16	/* one more ends his oldest */
#define SESSION_HOURS_MAX 12

struct session {
	struct token token, csrf;
	uint64_t person;
	char user[WIRE_STR_MAX + 1];
	enum role role;
	bool first;		/* has to choose a password first */
	struct peer *peer;
	struct mono born, last;	/* kept by session.c */
	unsigned refs;
	bool ended;
};

/*
 * Begin a session on the socket fd (given, also on failure: closed).
 * ERR_BUSY where there are SESSIONS_MAX. Returned with a reference, to be put
 * by session_put().
 */
must_check enum err session_open(int fd, uint64_t person, const char *user,
    enum role role, struct session **ret);

/*
 * The session of that token, with a reference; NULL where there is none. Its
 * idle time begins anew unless `quiet`. Takes the same time for each token.
 */
struct session *session_find(const struct token *t, bool quiet);
struct session *session_get(struct session *s);	/* one more; returned */
void session_put(struct session *s);	/* NULL is legal */

/* End it: the token is nothing at once, the socket closes soon. */
void session_end(struct session *s);

/* End those that are idle for idle_s or too old. */
void session_sweep(struct mono now, int idle_s);

const char *role_name(enum role r);	/* "auditor"; NULL where unknown */

#endif
