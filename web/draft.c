#include "web/draft.h"

#include <stdint.h>
#include <string.h>

#include "storage/api/messages.h"
#include "web/json.h"
#include "web/list.h"
#include "web/reply.h"

#define REASON_MAX WIRE_STR_MAX
#define CASE_MAX 120
#define CODE_MAX 16

void draft_list(struct http *x)
{
	struct wire w;

	if (!http_query_only(x, NULL, 0)) {
		reply_problem(x, ERR_INVALID, "this takes no parameters", NULL);
		return;
	}
	wire_begin(&w, MSG_DRAFTS, 0);
	http_ask(x, x->session->peer, &w, MSG_DRAFTS_IS, list_told);
}

static void saved(struct http *x)
{
	const char *etag;
	uint64_t draft;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	draft = wire_get_u64(&x->in);
	etag = wire_get_str(&x->in);
	if (wire_end(&x->in) != OK || !reply_etag(x, etag)) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	if (!x->args.number_n)
		reply_header(x, "Location", "/find?draft=%llu",
		    (unsigned long long)draft);
	reply_json(x, x->args.number_n ? 200 : 201,
	    json_text("{s:I, s:s}", "id", (long long)draft, "etag", etag));
}

/* What is not said is 0, or "". */
static int64_t find_time(struct json *j, const char *name)
{
	return json_has(j, name) ? json_get_time(j, name) : 0;
}

static const char *find_text(struct json *j, const char *name, size_t max)
{
	const char *s = json_find_str(j, name, max);

	return s ? s : "";
}

static uint8_t find_right(struct json *j)
{
	const char *s = json_find_str(j, "right", CODE_MAX);

	if (s && strcmp(s, "view") != 0 && strcmp(s, "export") != 0)
		json_refuse(j, "right", "view or export");
	return !s ? 0 : *s == 'v' ? RIGHT_VIEW : RIGHT_EXPORT;
}

static const char *find_code(struct json *j)
{
	static const char *const codes[] = {"other", "dispute", "cash", "fraud",
	    "attack", "authority", "audit"};
	const char *s = find_text(j, "reason_code", CODE_MAX);

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (!*s || strcmp(s, codes[i]) == 0)
			return s;
	json_refuse(j, "reason_code", "one of the closed list");
	return "";
}

void draft_save(struct http *x)
{
	struct json_cameras cameras = {0};
	struct json j;
	struct wire w;
	enum err err;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_DRAFT_PUT, 0);
	wire_put_u64(&w, x->args.number_n ? x->args.number[0] : 0);
	wire_put_i64(&w, find_time(&j, "from"));
	wire_put_i64(&w, find_time(&j, "to"));
	wire_put_str(&w, find_text(&j, "reason", REASON_MAX));
	wire_put_str(&w, find_text(&j, "case", CASE_MAX));
	if (json_has(&j, "cameras"))
		json_get_cameras(&j, "cameras", &cameras);
	wire_put_u8(&w, (uint8_t)cameras.n);
	for (unsigned i = 0; i < cameras.n; i++)
		wire_put_str(&w, cameras.id[i]);
	wire_put_u8(&w, find_right(&j));
	wire_put_str(&w, find_code(&j));
	wire_put_i64(&w, find_time(&j, "until"));
	wire_put_str(&w, find_text(&j, "longer", REASON_MAX));
	err = json_end(&j);
	if (err == OK && w.err != OK)
		reply_problem(x, ERR_TOO_LARGE,
		    "reason, case and cameras are too long together", NULL);
	else if (err == OK)
		http_ask(x, x->session->peer, &w, MSG_DRAFT_PUT_IS, saved);
	else
		reply_problem(x, err, j.detail, j.pointer);
	explicit_bzero(&w, sizeof(w));
	json_wipe(&j);
}

void draft_discard(struct http *x)
{
	struct json j;
	struct wire w;
	enum err err;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_DRAFT_DROP, 0);
	wire_put_u64(&w, x->args.number[0]);
	err = json_end(&j);
	if (err == OK)
		http_ask(x, x->session->peer, &w, MSG_OK, reply_done);
	else
		reply_problem(x, err, j.detail, j.pointer);
	json_wipe(&j);
}
