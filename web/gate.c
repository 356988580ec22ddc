#include "web/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/bearer.h"
#include "web/json.h"
#include "web/once.h"
#include "web/page.h"
#include "web/people.h"
#include "web/reply.h"
#include "web/tls.h"

bool gate_is_own_site(const char *value, enum method m)
{
	if (!value || strcmp(value, "same-origin") == 0)
		return true;
	return strcmp(value, "none") == 0 &&
	    (m == METHOD_GET || m == METHOD_HEAD);
}

bool gate_is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t n = sizeof(json) - 1;

	if (!type || strncasecmp(type, json, n) != 0)
		return false;
	type += n;
	while (*type == ' ' || *type == '\t')
		type++;
	return *type == '\0' || *type == ';';
}

/* The session of the cookie; without one, or after its end, refused. */
static bool has_session(struct http *x)
{
	const char *cookie = http_header(x, "Cookie");
	bool quiet = (x->route->flags & ROUTE_QUIET) ||
	    http_header(x, "X-Saqta-Background");
	struct token t;

	if (cookie_find(cookie, &t) == OK)
		x->session = session_find(&t, quiet);
	if (x->session)
		return true;
	if (cookie)
		reply_header(x, "Set-Cookie",
		    COOKIE_NAME "=; Path=/; Max-Age=0;"
				" HttpOnly; Secure; SameSite=Strict");
	reply_problem(x, ERR_SIGNED_OUT, NULL, NULL);
	return false;
}

static bool has_csrf(struct http *x)
{
	const char *h = http_header(x, "X-Saqta-CSRF");
	struct token t;

	if (h && token_parse(h, strlen(h), &t) == OK &&
	    token_is(&t, &x->session->csrf))
		return true;
	reply_problem(x, ERR_DENIED,
	    "the header X-Saqta-CSRF must carry the session's token", NULL);
	return false;
}

static bool has_body(struct http *x)
{
	const char *n = http_header(x, "Content-Length");

	return http_header(x, "Transfer-Encoding") ||
	    (n && strcmp(n, "0") != 0);
}

/* One strong tag of ours; any other value fits nothing that there is. */
static bool has_condition(struct http *x)
{
	const char *s = http_header(x, "If-Match");
	size_t n = s ? strlen(s) : 0;

	if (!s || strcmp(s, "*") == 0)
		return true;
	if (!(x->route->flags & ROUTE_MATCH)) {
		reply_problem(x, ERR_INVALID, "this takes no If-Match", NULL);
		return false;
	}
	if (n != ETAG_DIGITS + 2 || s[0] != '"' || s[n - 1] != '"' ||
	    strspn(s + 1, "0123456789abcdef") != ETAG_DIGITS) {
		reply_problem(x, ERR_CHANGED, NULL, NULL);
		return false;
	}
	memcpy(x->match, s + 1, ETAG_DIGITS);
	return true;
}

static bool has_route(struct http *x)
{
	char allow[64];

	switch (route_find(x->method, x->path, &x->route, &x->args, allow,
	    sizeof(allow))) {
	case OK:
		return true;
	case ERR_METHOD:
		reply_header(x, "Allow", "%s", allow);
		reply_problem(x, ERR_METHOD, NULL, NULL);
		return false;
	default:
		page_missing(x);
		return false;
	}
}

void gate_headers(struct http *x)
{
	bool writes;

	if (!has_route(x))
		return;
	writes = x->method != METHOD_GET && x->method != METHOD_HEAD;
	if (!(x->route->flags & ROUTE_PAGE) &&
	    !gate_is_own_site(http_header(x, "Sec-Fetch-Site"), x->method)) {
		reply_problem(x, ERR_DENIED,
		    "this request comes from another site", NULL);
		return;
	}
	if (x->route->need == NEED_SESSION && !has_session(x))
		return;
	if (!x->session && !(x->route->flags & (ROUTE_PAGE | ROUTE_SETUP)) &&
	    people_setup() == SETUP_CODE) {
		reply_problem(x, ERR_SETUP, NULL, NULL);
		return;
	}
	if (x->route->need == NEED_TOKEN && !bearer_passes(x))
		return;
	/* no other page can make a browser send a token */
	if (writes && x->route->need != NEED_TOKEN &&
	    !(x->route->flags & ROUTE_NO_CSRF) && !has_csrf(x))
		return;
	if (writes && !has_condition(x))
		return;
	if (writes && !(x->route->flags & ROUTE_TEXT) && has_body(x) &&
	    !gate_is_json(http_header(x, "Content-Type")))
		reply_problem_as(x, 415, ERR_FORMAT,
		    "the body must be application/json", NULL);
}

static bool is_key(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] < '!' || s[i] > '~')
			return false;
	return n >= 1 && n <= ONCE_KEY_MAX;
}

/* Whose key it is, of which act: another person's is another. */
static enum err key_hash(struct http *x, const char *key,
    unsigned char ret[ONCE_HASH])
{
	char text[64 + PATH_MAX_WEB + ONCE_KEY_MAX];
	int n = snprintf(text, sizeof(text), "%llu\n%s\n%s",
	    (unsigned long long)x->session->person, x->path, key);

	return tls_sha256(text, (size_t)n, ret);
}

/*
 * Of what the body says but for password and code, which could be guessed at
 * from a hash that is kept; who sends an act again may need a fresh code.
 */
static enum err body_hash(struct http *x, unsigned char ret[ONCE_HASH])
{
	char *text = json_unsecret(x->body, x->body_n);
	const char *s = text ? text : "";
	enum err err = tls_sha256(s, strlen(s), ret);

	free(text);
	return err;
}

static bool again(struct http *x, const struct once *o)
{
	char *text = o->n ? strndup(o->text, o->n) : NULL;

	if (*o->location)
		reply_header(x, "Location", "%s", o->location);
	reply_header(x, "Idempotency-Replayed", "true");
	if (o->n)
		reply_json(x, o->status, text);
	else
		x->reply.status = o->status;
	return false;
}

static bool refuse_once(struct http *x, enum once_is is)
{
	if (is == ONCE_FULL)
		reply_problem(x, ERR_BUSY, NULL, NULL);
	else
		reply_problem(x, ERR_KEY_USED,
		    is == ONCE_OTHER ? "it was used with another body" :
			is == ONCE_BUSY ?
				       "what it was used for is being done" :
				       "what it was used for broke off: look "
				       "whether it was done",
		    NULL);
	return false;
}

bool gate_once(struct http *x)
{
	const char *key = http_header(x, "Idempotency-Key");
	unsigned char id[ONCE_HASH], body[ONCE_HASH];
	struct once *o = NULL;
	enum once_is is;

	if (!key || x->method != METHOD_POST || !x->session)
		return true;
	if (!(x->route->flags & ROUTE_ONCE) || !is_key(key)) {
		reply_problem(x, ERR_INVALID,
		    is_key(key) ? "this act takes no Idempotency-Key" :
				  "an Idempotency-Key has 1 to 64 visible "
				  "characters of ASCII",
		    NULL);
		return false;
	}
	if (key_hash(x, key, id) != OK || body_hash(x, body) != OK) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return false;
	}
	is = once_begin(id, body, mono_now(), &o);
	if (is == ONCE_AGAIN)
		return again(x, o);
	if (is != ONCE_NEW)
		return refuse_once(x, is);
	x->once = o;
	return true;
}

/* Only what was done is remembered: a wrong code is put right and sent anew. */
void gate_answered(struct http *x)
{
	struct reply *r = &x->reply;
	const char *location = "";

	if (!x->once)
		return;
	for (unsigned i = 0; i < r->header_n; i++)
		if (strcmp(r->header[i].name, "Location") == 0)
			location = r->header[i].value;
	if (r->status >= 200 && r->status < 300 && !r->stream)
		once_done(x->once, r->status, location, r->p, r->n);
	else if (r->status < 500)
		once_forget(x->once);
	else
		once_broke(x->once);
	x->once = NULL;
}

void gate_broken(struct http *x)
{
	if (x->once)
		once_broke(x->once);
	x->once = NULL;
}
