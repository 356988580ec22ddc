/*
 * reply.h - the forms of an answer: problem (RFC 9457), JSON, bulk.
 */
#ifndef SAQTA_WEB_REPLY_H
#define SAQTA_WEB_REPLY_H

#include "web/http.h"

/* application/problem+json for err; detail and pointer may be NULL. */
void reply_problem(struct http *x, enum err err, const char *detail,
    const char *pointer);

/* The same with a status that err does not have (400, 415). */
void reply_problem_as(struct http *x, unsigned status, enum err err,
    const char *detail, const char *pointer);

/* The failure in x->err, with storage's sentence where it sent one. */
void reply_failed(struct http *x);
/* 204, or that. */
void reply_done(struct http *x);

/* A JSON text, freed here; NULL is answered as ERR_NO_MEMORY. */
void reply_json(struct http *x, unsigned status, char *text);

/* The sealed memfd in x->in.fd, at most max bytes. */
void reply_bulk(struct http *x, const char *type, size_t max);

/*
 * Add a header. A value with bytes outside printable ASCII is not sent, so
 * that no text of storage can begin a header of its own.
 */
void reply_header(struct http *x, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The strong tag `etag` of storage, quoted; false where it cannot be one. */
bool reply_etag(struct http *x, const char *etag);

#endif
