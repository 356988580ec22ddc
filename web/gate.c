#include "web/gate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "web/bearer.h"
#include "web/page.h"
#include "web/reply.h"

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
	if (x->route->need == NEED_TOKEN && !bearer_passes(x))
		return;
	/* no other page can make a browser send a token */
	if (writes && x->route->need != NEED_TOKEN &&
	    !(x->route->flags & ROUTE_NO_CSRF) && !has_csrf(x))
		return;
	if (writes && !(x->route->flags & ROUTE_TEXT) && has_body(x) &&
	    !gate_is_json(http_header(x, "Content-Type")))
		reply_problem_as(x, 415, ERR_FORMAT,
		    "the body must be application/json", NULL);
}
