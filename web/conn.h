/*
 * conn.h - how long a connection may take (slow clients).
 *
 * libmicrohttpd closes what is silent; a client that sends one byte now and
 * then is not. So each connection has a deadline for what it does just now:
 * its headers, its body, taking its answer. It is included by http.c alone,
 * and is the second file that knows libmicrohttpd: http.c would be too long.
 */
#ifndef SAQTA_WEB_CONN_H
#define SAQTA_WEB_CONN_H

#include <microhttpd.h>
#include <stdbool.h>

#include "storage/api/utc.h"

#define CONN_HEADERS_S 20	/* from the connect, TLS included */
#define CONN_BODY_S 30
#define CONN_REST_S 75		/* between requests, and the next headers */
#define CONN_ANSWER_S 300	/* an answer that is no stream */

/* AEAD with forward secrecy only; AES-GCM first, as CPUs do it in hardware. */
#define CONN_TLS_PRIORITIES \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:" \
	"+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-KX-ALL:" \
	"+ECDHE-ECDSA:+ECDHE-RSA:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

/* MHD_OPTION_NOTIFY_CONNECTION */
void conn_notify(void *cls, struct MHD_Connection *c, void **socket_cls,
    enum MHD_ConnectionNotificationCode code);

void conn_reads_body(struct MHD_Connection *c);
void conn_works(struct MHD_Connection *c); /* the request is whole */
/* A stream has no deadline: it ends when no byte moves for SILENT_S. */
void conn_answers(struct MHD_Connection *c, bool stream);
void conn_rests(struct MHD_Connection *c);

/* Shut the sockets whose deadline has passed. Any thread. */
void conn_sweep(struct mono now);

#endif
