#include "web/hold.h"

#include <stdint.h>
#include <string.h>

#include "storage/api/messages.h"
#include "web/json.h"
#include "web/list.h"
#include "web/reply.h"

#define REASON_MAX WIRE_STR_MAX
#define CASE_MAX 120
#define TIME_MAX_BYTES 40

static void ask(struct http *x, struct wire *w, uint16_t answer,
    void (*next)(struct http *))
{
	http_ask(x, x->session->peer, w, answer, next);
}

/* Ask w where the body was right, else say what was not. */
static void end_body(struct http *x, struct json *j, struct wire *w,
    uint16_t answer, void (*next)(struct http *))
{
	enum err err = json_end(j);

	if (err == OK && w->err != OK)
		reply_problem(x, ERR_TOO_LARGE, "too long together", NULL);
	else if (err == OK)
		ask(x, w, answer, next);
	else
		reply_problem(x, err, j->detail, j->pointer);
	explicit_bzero(w, sizeof(*w));
	json_wipe(j);
}

void hold_list(struct http *x)
{
	list_ask(x, MSG_HOLDS);
}

/* An instant that may be left empty; then `absent`. */
static int64_t get_time(struct json *j, const char *name, int64_t absent)
{
	const char *s = json_get_str(j, name, 0, TIME_MAX_BYTES);
	struct utc t = {absent};

	if (j->err == OK && *s && utc_parse(s, &t) != OK)
		json_refuse(j, name, "a time with its offset, or nothing");
	return t.ns;
}

static void placed(struct http *x)
{
	uint64_t hold;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	hold = wire_get_u64(&x->in);
	if (wire_end(&x->in) != OK)
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
	else
		reply_json(x, 201, json_text("{s:I}", "id", (long long)hold));
}

void hold_place(struct http *x)
{
	struct json_cameras cameras;
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	json_get_cameras(&j, "cameras", &cameras);
	wire_begin(&w, MSG_HOLD_PLACE, 0);
	wire_put_i64(&w, json_get_time(&j, "from"));
	wire_put_i64(&w, get_time(&j, "to", INT64_MAX));
	wire_put_i64(&w, get_time(&j, "review", 0));
	wire_put_str(&w, json_get_str(&j, "reason", 3, REASON_MAX));
	wire_put_str(&w, json_get_str(&j, "case", 1, CASE_MAX));
	wire_put_u8(&w, (uint8_t)cameras.n);
	for (unsigned i = 0; i < cameras.n; i++)
		wire_put_str(&w, cameras.id[i]);
	end_body(x, &j, &w, MSG_HOLD_PLACE_IS, placed);
}

static void released(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_json(x, 200, json_text("{}"));
}

void hold_release(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_HOLD_RELEASE, 0);
	wire_put_u64(&w, x->args.number[0]);
	wire_put_str(&w, json_get_str(&j, "reason", 3, REASON_MAX));
	json_put_credential(&j, &w);
	end_body(x, &j, &w, MSG_OK, released);
}
