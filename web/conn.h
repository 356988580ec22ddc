/*
 * conn.h - how long a connection may take (slow clients).
 *
 * libmicrohttpd closes what is silent; a client that sends one byte now and
 * then is not. So each connection has a deadline for what it does just now:
 * its headers, its body, taking its answer.
 */
#ifndef SAQTA_WEB_CONN_H
#define SAQTA_WEB_CONN_H

#include "storage/api/utc.h"

#define CONN_HEADERS_S 20	/* from the connect, TLS included */
#define CONN_BODY_S 30
#define CONN_REST_S 75		/* between requests, and the next headers */
#define CONN_ANSWER_S 300	/* an answer that is no stream */
#define CONN_FOREVER 0		/* somebody else sees to its end */

struct conn;

/*
 * A connection on the socket fd (borrowed), with CONN_HEADERS_S; NULL without
 * memory. conn_free() before the socket is closed, so that the sweep never
 * shuts a number that means another socket by then.
 */
struct conn *conn_new(int fd);
void conn_free(struct conn *c);		/* NULL is legal */

/* From now on it has that many seconds. c NULL is legal. */
void conn_limit(struct conn *c, int seconds);

/* Shut the sockets whose deadline has passed. Any thread. */
void conn_sweep(struct mono now);

#endif
