#include "web/bearer.h"

#include <string.h>
#include <strings.h>

#include "web/bucket.h"
#include "web/people.h"
#include "web/reply.h"
#include "web/stats.h"

/* HTTP's thread alone passes the gate. */
static struct buckets calls = {
    .burst = 200, .per_s = 20, .all_burst = 400, .all_per_s = 40};

/* What stands behind "Bearer " in the request; NULL: nothing does. */
static const char *text_of(struct http *x)
{
	static const char scheme[] = "Bearer ";
	const char *h = http_header(x, "Authorization");

	return h && strncasecmp(h, scheme, sizeof(scheme) - 1) == 0 ?
	    h + sizeof(scheme) - 1 :
	    NULL;
}

bool bearer_passes(struct http *x)
{
	const char *text = text_of(x);

	if (!text || !*text || strlen(text) > WIRE_STR_MAX) {
		reply_header(x, "WWW-Authenticate", "Bearer");
		reply_problem(x, ERR_TOKEN, NULL, NULL);
		return false;
	}
	if (bucket_take(&calls, x->address, mono_now()))
		return true;
	reply_header(x, "Retry-After", "2");
	reply_problem(x, ERR_RATE, NULL, NULL);
	return false;
}

void bearer_begin(struct http *x, struct wire *w, enum msg type)
{
	wire_begin(w, (uint16_t)type, 0);
	wire_put_str(w, text_of(x));
	wire_put_str(w, x->address);
}

void bearer_ask(struct http *x, struct wire *w, uint16_t answer,
    void (*next)(struct http *))
{
	struct peer *p = people_peer();

	http_ask(x, p, w, answer, next);
	peer_put(p);
}

void bearer_failed(struct http *x)
{
	if (x->err == ERR_TOKEN)
		reply_header(x, "WWW-Authenticate",
		    "Bearer error=\"invalid_token\"");
	if (x->err == ERR_DENIED)
		reply_header(x, "WWW-Authenticate",
		    "Bearer error=\"insufficient_scope\"");
	if (x->err == ERR_RATE || x->err == ERR_LOCKED)
		reply_header(x, "Retry-After", "2");
	reply_failed(x);
}

static void health(struct http *x)
{
	if (x->err != OK)
		bearer_failed(x);
	else
		reply_bulk(x, "application/json", WIRE_BULK_MAX);
}

static void metrics(struct http *x)
{
	const void *p = NULL;
	char *text = NULL;
	size_t n = 0;

	if (x->err != OK) {
		bearer_failed(x);
		return;
	}
	if (!bulk_map(x->in.fd, WIRE_BULK_MAX, &p, &n)) {
		text = stats_text(p, n);
		bulk_unmap(p, n);
	}
	x->reply.type =
	    text ? "text/plain; version=0.0.4; charset=utf-8" : NULL;
	reply_json(x, 200, text);
}

static void ask_health(struct http *x, enum msg type,
    void (*next)(struct http *))
{
	struct wire w;

	if (!http_query_only(x, NULL, 0)) {
		reply_problem(x, ERR_INVALID, "this takes no parameters", NULL);
		return;
	}
	bearer_begin(x, &w, type);
	bearer_ask(x, &w, (uint16_t)(type + 1), next);
}

void bearer_health(struct http *x)
{
	ask_health(x, MSG_STATUS, health);
}

void bearer_metrics(struct http *x)
{
	ask_health(x, MSG_METRICS, metrics);
}
