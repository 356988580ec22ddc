#include "web/list.h"

#include <string.h>

#include "web/reply.h"
#include "web/tls.h"

#define TAG_BYTES 16

bool list_page(struct http *x, struct wire *w)
{
	static const char *const names[] = {"after", "limit"};
	const char *after = http_query(x, "after");
	const char *limit = http_query(x, "limit");
	uint64_t n = LIST_LIMIT;

	if (!http_query_only(x, names, 2))
		reply_problem(x, ERR_INVALID,
		    "the parameters are after and limit, each once", NULL);
	else if (after && !args_is_request(after, strlen(after)))
		reply_problem(x, ERR_INVALID,
		    "what the page before gave as \"next\"", "/after");
	else if (limit &&
	    (!args_is_number(limit, strlen(limit), &n) || !n || n > PAGE_MAX))
		reply_problem(x, ERR_INVALID, "a number from 1 to 500",
		    "/limit");
	if (x->reply.status)
		return false;
	wire_put_str(w, after ? after : "");
	wire_put_u16(w, (uint16_t)n);
	return true;
}

void list_ask(struct http *x, uint16_t type)
{
	struct wire w;

	wire_begin(&w, type, 0);
	if (list_page(x, &w))
		http_ask(x, x->session->peer, &w, (uint16_t)(type + 1),
		    list_told);
}

/* A strong tag of the answer's bytes, as it is quoted; false: none. */
static bool tag(const struct reply *r, char ret[2 * TAG_BYTES + 3])
{
	unsigned char sum[32];
	char *at = ret;

	if (tls_sha256(r->p, r->n, sum) != OK)
		return false;
	*at++ = '"';
	for (size_t i = 0; i < TAG_BYTES; i++) {
		*at++ = "0123456789abcdef"[sum[i] >> 4];
		*at++ = "0123456789abcdef"[sum[i] & 15];
	}
	*at++ = '"';
	*at = '\0';
	return true;
}

void list_told(struct http *x)
{
	const char *have = http_header(x, "If-None-Match");
	struct reply *r = &x->reply;
	char etag[2 * TAG_BYTES + 3];

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	reply_bulk(x, "application/json", WIRE_BULK_MAX);
	if (r->status != 200 || !tag(r, etag))
		return;
	reply_header(x, "ETag", "%s", etag);
	if (!have || !strstr(have, etag))
		return;
	r->free(r->arg);
	r->free = NULL;
	r->p = NULL;
	r->n = 0;
	r->type = NULL;
	r->status = 304;
}
