#include "web/api.h"

#include <stdio.h>
#include <string.h>

#include "web/json.h"
#include "web/list.h"
#include "web/reply.h"

#define TIME_TEXT_MAX 40
#define REASON_MAX WIRE_STR_MAX
#define CASE_MAX 120
#define CODE_MAX 16
#define LEDGER_COUNT_MAX 200
#define N(a) (sizeof(a) / sizeof(a[0]))

/* Storage's JSON goes through as it is: web adds nothing and reads nothing. */
static void pass_json(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_bulk(x, "application/json", WIRE_BULK_MAX);
}

static void ask(struct http *x, struct wire *w, uint16_t answer,
    void (*next)(struct http *))
{
	http_ask(x, x->session->peer, w, answer, next);
}

/* A reading without parameters: the answer is a document. */
static void get(struct http *x, uint16_t type)
{
	struct wire w;

	if (!http_query_only(x, NULL, 0)) {
		reply_problem(x, ERR_INVALID, "this takes no parameters", NULL);
		return;
	}
	wire_begin(&w, type, 0);
	ask(x, &w, (uint16_t)(type + 1), pass_json);
}

void api_cameras(struct http *x)
{
	get(x, MSG_CAMERAS);
}

void api_requests(struct http *x)
{
	list_ask(x, MSG_REQUESTS);
}

void api_exports(struct http *x)
{
	list_ask(x, MSG_EXPORTS);
}

void api_status(struct http *x)
{
	get(x, MSG_STATUS);
}

/* A time of the query; false where it was refused. */
static bool query_time(struct http *x, const char *name, struct utc *ret)
{
	const char *s = http_query(x, name);
	char pointer[16];

	if (s && utc_parse(s, ret) == OK)
		return true;
	snprintf(pointer, sizeof(pointer), "/%s", name);
	reply_problem(x, ERR_INVALID, ARGS_TIME_RULE " (+ is %2B in a query)",
	    pointer);
	return false;
}

void api_coverage(struct http *x)
{
	static const char *const names[] = {"camera", "from", "to"};
	const char *camera = http_query(x, "camera");
	struct utc from, to;
	struct wire w;

	if (!http_query_only(x, names, N(names))) {
		reply_problem(x, ERR_INVALID,
		    "the parameters are camera, "
		    "from and to, each once",
		    NULL);
		return;
	}
	if (camera && *camera && !args_is_camera(camera, strlen(camera))) {
		reply_problem(x, ERR_INVALID,
		    "the id of a camera, or none "
		    "for all",
		    "/camera");
		return;
	}
	if (!query_time(x, "from", &from) || !query_time(x, "to", &to))
		return;
	if (to.ns <= from.ns) {
		reply_problem(x, ERR_INVALID, "must be later than from", "/to");
		return;
	}
	wire_begin(&w, MSG_COVERAGE, 0);
	wire_put_str(&w, camera ? camera : "");
	wire_put_i64(&w, from.ns);
	wire_put_i64(&w, to.ns);
	ask(x, &w, MSG_COVERAGE_IS, pass_json);
}

/* A number of the query, `otherwise` where there is none. */
static bool query_number(struct http *x, const char *name, uint64_t most,
    uint64_t otherwise, uint64_t *ret)
{
	const char *s = http_query(x, name);
	char pointer[16];
	uint64_t v = otherwise;

	if (!s || (args_is_number(s, strlen(s), &v) && v <= most)) {
		*ret = v;
		return true;
	}
	snprintf(pointer, sizeof(pointer), "/%s", name);
	reply_problem(x, ERR_INVALID, "a whole number within its limits",
	    pointer);
	return false;
}

void api_ledger(struct http *x)
{
	static const char *const names[] = {"first", "count"};
	uint64_t first, count;
	struct wire w;

	if (!http_query_only(x, names, N(names))) {
		reply_problem(x, ERR_INVALID,
		    "the parameters are first and "
		    "count, each once",
		    NULL);
		return;
	}
	if (!query_number(x, "first", INT64_MAX, 0, &first) ||
	    !query_number(x, "count", LEDGER_COUNT_MAX, 100, &count))
		return;
	wire_begin(&w, MSG_LEDGER, 0);
	wire_put_u64(&w, first);
	wire_put_u32(&w, (uint32_t)count);
	ask(x, &w, MSG_LEDGER_IS, pass_json);
}

/* from and to of a body, in order. */
static void get_span(struct json *j, int64_t *ret_from, int64_t *ret_to)
{
	*ret_from = json_get_time(j, "from");
	*ret_to = json_get_time(j, "to");
	if (j->err == OK && *ret_to <= *ret_from)
		json_refuse(j, "to", "must be later than from");
}

static void put_cameras(struct wire *w, const struct json_cameras *c)
{
	wire_put_u8(w, (uint8_t)c->n);
	for (unsigned i = 0; i < c->n; i++)
		wire_put_str(w, c->id[i]);
}

static void created(struct http *x)
{
	const char *id;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	id = wire_get_str(&x->in);
	if (wire_end(&x->in) != OK || !args_is_request(id, strlen(id))) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	reply_header(x, "Location", "/requests/%s", id);
	reply_json(x, 201, json_text("{s:s}", "id", id));
}

/* Ask w where the body was right, else say what was not. */
static void end_body(struct http *x, struct json *j, struct wire *w,
    uint16_t answer, void (*next)(struct http *))
{
	enum err err = json_end(j);

	if (err == OK && w->err != OK)
		reply_problem(x, ERR_TOO_LARGE,
		    "reason, case and cameras are too long together", NULL);
	else if (err == OK)
		ask(x, w, answer, next);
	else
		reply_problem(x, err, j->detail, j->pointer);
	explicit_bzero(w, sizeof(*w));
	json_wipe(j);
}

/* An instant that may be absent: then 0. */
static int64_t find_time(struct json *j, const char *name)
{
	return json_has(j, name) ? json_get_time(j, name) : 0;
}

/* "right" is optional: to view is what is asked for else. */
static uint8_t get_right(struct json *j)
{
	const char *s = json_find_str(j, "right", 16);

	if (!s || strcmp(s, "view") == 0)
		return RIGHT_VIEW;
	if (strcmp(s, "export") != 0)
		json_refuse(j, "right", "view or export");
	return RIGHT_EXPORT;
}

void api_request_new(struct http *x)
{
	struct json_cameras cameras;
	struct json j;
	struct wire w;
	int64_t from, to;
	const char *code, *longer;

	x->err = json_begin(&j, x->body, x->body_n);
	json_get_cameras(&j, "cameras", &cameras);
	get_span(&j, &from, &to);
	wire_begin(&w, MSG_REQUEST_NEW, 0);
	wire_put_i64(&w, from);
	wire_put_i64(&w, to);
	wire_put_str(&w, json_get_str(&j, "reason", 1, REASON_MAX));
	wire_put_str(&w, json_get_str(&j, "case", 1, CASE_MAX));
	put_cameras(&w, &cameras);
	wire_put_u8(&w, get_right(&j));
	code = json_find_str(&j, "reason_code", CODE_MAX);
	wire_put_str(&w, code ? code : "");
	wire_put_i64(&w, find_time(&j, "until"));
	longer = json_find_str(&j, "longer", REASON_MAX);
	/* and three minutes for an ATM's clock and the act, as storage */
	if (to - from > (REQUEST_SHORT_S + 180) * NS_PER_SEC &&
	    (!longer || !*longer))
		json_refuse(&j, "longer",
		    "a reason of its own, for more than five minutes and what "
		    "an ATM's clock may be off");
	wire_put_str(&w, longer ? longer : "");
	if (x->args.number_n) /* it was a draft (draft.h) */
		wire_put_u64(&w, x->args.number[0]);
	end_body(x, &j, &w, MSG_REQUEST_NEW_IS, created);
}

/* An act that storage answers by MSG_OK. */
static void done(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_json(x, 200, json_text("{s:s}", "id", x->args.request));
}

static uint8_t get_verdict(struct json *j)
{
	const char *s = json_get_str(j, "verdict", 1, 16);

	if (strcmp(s, "approve") == 0)
		return VERDICT_APPROVE;
	if (strcmp(s, "refuse") != 0)
		json_refuse(j, "verdict", "approve or refuse");
	return VERDICT_REFUSE;
}

void api_decide(struct http *x)
{
	struct json_cameras cameras;
	struct json j;
	struct wire w;
	int64_t from, to;
	uint8_t verdict;

	x->err = json_begin(&j, x->body, x->body_n);
	verdict = get_verdict(&j);
	wire_begin(&w, MSG_DECIDE, 0);
	wire_put_str(&w, x->args.request);
	wire_put_u8(&w, verdict);
	json_get_cameras(&j, "cameras", &cameras);
	get_span(&j, &from, &to);
	wire_put_i64(&w, from);
	wire_put_i64(&w, to);
	wire_put_str(&w,
	    json_get_str(&j, "reason", verdict == VERDICT_REFUSE ? 1 : 0,
		REASON_MAX));
	json_put_credential(&j, &w);
	put_cameras(&w, &cameras);
	wire_put_i64(&w, find_time(&j, "until"));
	end_body(x, &j, &w, MSG_OK, done);
}

void api_ledger_verify(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_LEDGER_VERIFY, 0);
	wire_put_u8(&w, json_get_bool(&j, "anew") ? 1 : 0);
	end_body(x, &j, &w, MSG_LEDGER_VERIFY_IS, pass_json);
}

void api_revoke(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_REVOKE, 0);
	wire_put_str(&w, x->args.request);
	wire_put_str(&w, json_get_str(&j, "reason", 1, REASON_MAX));
	end_body(x, &j, &w, MSG_OK, done);
}

static void about_request(struct http *x, uint16_t type, uint16_t answer,
    void (*next)(struct http *))
{
	struct wire w;

	wire_begin(&w, type, 0);
	wire_put_str(&w, x->args.request);
	ask(x, &w, answer, next);
}

void api_play(struct http *x)
{
	about_request(x, MSG_PLAY, MSG_PLAY_IS, pass_json);
}

void api_stop(struct http *x)
{
	about_request(x, MSG_STOP_WATCHING, MSG_OK, done);
}

static void export_begun(struct http *x)
{
	const char *id;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	id = wire_get_str(&x->in);
	if (wire_end(&x->in) != OK || !args_is_request(id, strlen(id))) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	reply_header(x, "Location", "/media/exports/%s", id);
	reply_json(x, 202, json_text("{s:s}", "id", id));
}

/* Without from, to and cameras: of all that was granted. */
void api_export_new(struct http *x)
{
	struct json_cameras cameras;
	struct json j;
	struct wire w;
	int64_t from, to;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_EXPORT_NEW, 0);
	wire_put_str(&w, x->args.request);
	json_put_credential(&j, &w);
	if (json_find_str(&j, "from", TIME_TEXT_MAX)) {
		get_span(&j, &from, &to);
		json_get_cameras(&j, "cameras", &cameras);
		wire_put_i64(&w, from);
		wire_put_i64(&w, to);
		put_cameras(&w, &cameras);
	}
	end_body(x, &j, &w, MSG_EXPORT_NEW_IS, export_begun);
}
