/*
 * http.h - one request and its answer; the only door to libmicrohttpd.
 *
 * A handler runs on HTTP's thread when the whole request is there and has
 * passed the gate (gate.h). It either fills x->reply, or asks storage by
 * http_ask() and goes on in `next` when the answer is there; the connection is
 * suspended meanwhile, and no thread waits.
 */
#ifndef SAQTA_WEB_HTTP_H
#define SAQTA_WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "storage/api/config.h"
#include "storage/api/utc.h"
#include "web/call.h"
#include "web/forwarded.h"
#include "web/route.h"
#include "web/session.h"

#define BODY_MAX (64u << 10)	/* bytes of a body that a handler gets */
#define DRAIN_MAX (1u << 20)	/* read and thrown away, to answer politely */
#define PATH_MAX_WEB 200
#define HEADERS_MAX 8

/* A source of the bytes of a long answer; see http_wait(). */
struct stream {
	/*
	 * Copy at most max bytes from offset pos to buf. Returns their number;
	 * 0 after http_wait(); -1 ends the connection, as the answer cannot be
	 * completed.
	 */
	ssize_t (*read)(struct stream *s, uint64_t pos, char *buf, size_t max);
	void (*free)(struct stream *s);
};

struct reply {
	unsigned status;	/* 0: no answer yet */
	const char *type;	/* media type; NULL where there is no body */
	const char *cache;	/* Cache-Control; NULL = no-store */
	const void *p;		/* n bytes, freed by free(arg), or static */
	size_t n;
	void (*free)(void *arg);
	void *arg;
	struct stream *stream;	/* instead of p; given */
	uint64_t stream_n;
	struct {
		const char *name;
		char value[256];
	} header[HEADERS_MAX];
	unsigned header_n;
};

struct MHD_Connection;
struct once;

#define ETAG_DIGITS 16

struct http {
	const struct route *route;
	enum method method;
	struct args args;
	char path[PATH_MAX_WEB + 1]; /* "" where it has bytes that no path
					of ours has */
	char *body;		/* NUL behind body_n bytes, or NULL */
	size_t body_n;
	struct session *session; /* NULL where nobody is signed in */
	char match[ETAG_DIGITS + 1]; /* of If-Match; "": none */
	struct once *once;	/* what its Idempotency-Key stands for */
	char address[FORWARDED_TEXT];	/* of the client */
	/* The answer of storage, for `next`. */
	enum err err;
	struct wire in;		/* in.fd is closed with the request */
	/* What the handler left for later steps of its own. */
	void *keep;
	void (*keep_free)(void *);
	struct reply reply;
	/* Kept by http.c. */
	struct MHD_Connection *c;
	struct call call;
	void (*next)(struct http *x);
	size_t drained;
	bool seen, ran;
	struct mono began;
};

must_check enum err http_open(const struct config *cfg, const char *key_pem,
    const char *cert_pem);
/* After call_stop(). Ends all connections. */
void http_close(void);

const char *http_header(struct http *x, const char *name); /* NULL: none */
/* The decoded value of a query parameter; NULL where there is none. */
const char *http_query(struct http *x, const char *name);
/* Whether the query has only the n names given, each at most once. */
bool http_query_only(struct http *x, const char *const *names, size_t n);

/*
 * Ask w on p (borrowed), an answer of type `answer`; then next runs on HTTP's
 * thread with x->err and, where there is one, x->in.
 */
void http_ask(struct http *x, struct peer *p, struct wire *w, uint16_t answer,
    void (*next)(struct http *x));

/*
 * From a stream's read(): suspend until http_go_on(c), which any thread may
 * call exactly once, even before read() returns 0.
 */
void http_wait(struct MHD_Connection *c);
void http_go_on(struct MHD_Connection *c);

#endif
