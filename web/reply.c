#include "web/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/gzip.h"
#include "web/json.h"

void reply_header(struct http *x, const char *name, const char *fmt, ...)
{
	struct reply *r = &x->reply;
	char *value;
	va_list ap;

	if (r->header_n >= HEADERS_MAX)
		return;
	value = r->header[r->header_n].value;
	va_start(ap, fmt);
	vsnprintf(value, sizeof(r->header[0].value), fmt, ap);
	va_end(ap);
	for (const char *p = value; *p; p++)
		if (*p < ' ' || *p > '~')
			return;
	r->header[r->header_n++].name = name;
}

bool reply_etag(struct http *x, const char *etag)
{
	size_t n = strlen(etag);

	if (n < 1 || n > 128)
		return false;
	for (size_t i = 0; i < n; i++)
		if (etag[i] < '!' || etag[i] > '~' || etag[i] == '"')
			return false;
	reply_header(x, "ETag", "\"%s\"", etag);
	return true;
}

/* An answer may hold a token or a password that somebody is told once (P1). */
static void text_free(void *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

void reply_json(struct http *x, unsigned status, char *text)
{
	if (!text) {
		x->reply.status = 500;
		return;
	}
	x->reply.status = status;
	if (!x->reply.type)
		x->reply.type = "application/json";
	x->reply.p = text;
	x->reply.n = strlen(text);
	x->reply.free = text_free;
	x->reply.arg = text;
}

void reply_problem_as(struct http *x, unsigned status, enum err err,
    const char *detail, const char *pointer)
{
	char type[64];
	char *text;

	snprintf(type, sizeof(type), "urn:saqta:problem:%s", err_name(err));
	text = json_text("{s:s, s:s, s:i, s:s*, s:s*}", "type", type, "title",
	    err_text(err), "status", (int)status, "detail",
	    detail && *detail ? detail : NULL, "pointer",
	    pointer && *pointer ? pointer : NULL);
	x->reply.type = "application/problem+json";
	if (err == ERR_BUSY || err == ERR_UNAVAILABLE)
		reply_header(x, "Retry-After", "2");
	reply_json(x, status, text);
}

void reply_problem(struct http *x, enum err err, const char *detail,
    const char *pointer)
{
	reply_problem_as(x, (unsigned)err_http(err), err, detail, pointer);
}

void reply_failed(struct http *x)
{
	const char *say = "";

	/* MSG_ERROR stands at its sentence; an answer that broke its form,
	 * or none at all, has nothing to say. */
	if (x->in.type == MSG_ERROR && x->in.err == OK)
		say = wire_get_str(&x->in);
	reply_problem(x, x->err, say, NULL);
}

void reply_done(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		x->reply.status = 204;
}

struct bulk {
	const void *p;
	size_t n;
};

static void bulk_free(void *arg)
{
	struct bulk *b = arg;

	bulk_unmap(b->p, b->n);
	free(b);
}

static void squeeze(struct http *x)
{
	size_t n;
	void *p = gzip_text(x->reply.p, x->reply.n, GZIP_FAST, &n);

	if (!p)
		return;
	x->reply.free(x->reply.arg);
	x->reply.p = x->reply.arg = p;
	x->reply.n = n;
	x->reply.free = free;
	reply_header(x, "Content-Encoding", "gzip");
}

void reply_bulk(struct http *x, const char *type, size_t max)
{
	struct bulk *b = malloc(sizeof(*b));
	enum err err =
	    b ? bulk_map(x->in.fd, max, &b->p, &b->n) : ERR_NO_MEMORY;

	if (err != OK) {
		free(b);
		x->reply.header_n = 0;
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	x->reply.status = 200;
	x->reply.type = type;
	x->reply.p = b->p;
	x->reply.n = b->n;
	x->reply.free = bulk_free;
	x->reply.arg = b;
	if (strcmp(type, "application/json") == 0 &&
	    gzip_taken(http_header(x, "Accept-Encoding")))
		squeeze(x);
}
