#include "web/mark.h"

#include <stdint.h>
#include <string.h>

#include "storage/api/messages.h"
#include "web/args.h"
#include "web/bearer.h"
#include "web/json.h"
#include "web/list.h"
#include "web/reply.h"

#define NOTE_MAX 500
#define HASH_BYTES 32
#define KIND_MAX 23
#define OF_MAX 63
#define WHOM_MAX 300

static void entered(struct http *x)
{
	uint64_t entry;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	entry = wire_get_u64(&x->in);
	if (wire_end(&x->in) != OK)
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
	else
		reply_json(x, 201,
		    json_text("{s:I}", "entry", (long long)entry));
}

static void begin(struct http *x, struct json *j, struct wire *w,
    enum mark_kind kind)
{
	x->err = json_begin(j, x->body, x->body_n);
	wire_begin(w, MSG_MARK, 0);
	wire_put_str(w, x->args.request);
	wire_put_str(w, json_get_str(j, "camera", 1, CAMERA_ID_MAX));
	wire_put_i64(w, json_get_time(j, "at"));
	wire_put_u8(w, (uint8_t)kind);
}

static void end(struct http *x, struct json *j, struct wire *w)
{
	enum err err = json_end(j);

	if (err == OK)
		http_ask(x, x->session->peer, w, MSG_MARK_IS, entered);
	else
		reply_problem(x, err, j->detail, j->pointer);
	json_wipe(j);
}

void mark_note(struct http *x)
{
	struct json j;
	struct wire w;

	begin(x, &j, &w, MARK_NOTE);
	wire_put_str(&w, json_get_str(&j, "text", 1, NOTE_MAX));
	wire_put_bytes(&w, "", 0);
	end(x, &j, &w);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
				      -1;
}

static void get_hash(struct json *j, unsigned char ret[HASH_BYTES])
{
	const char *s =
	    json_get_str(j, "sha256", 2 * HASH_BYTES, 2 * HASH_BYTES);

	memset(ret, 0, HASH_BYTES);
	for (size_t i = 0; j->err == OK && i < 2 * HASH_BYTES; i++) {
		int d = digit(s[i]);

		if (d < 0)
			json_refuse(j, "sha256", "64 lower-case digits");
		else
			ret[i / 2] = (unsigned char)(ret[i / 2] << 4 | d);
	}
}

void mark_snapshot(struct http *x)
{
	unsigned char hash[HASH_BYTES];
	struct json j;
	struct wire w;

	begin(x, &j, &w, MARK_SNAPSHOT);
	get_hash(&j, hash);
	wire_put_str(&w, "");
	wire_put_bytes(&w, hash, sizeof(hash));
	end(x, &j, &w);
}

void mark_story(struct http *x)
{
	struct wire w;

	wire_begin(&w, MSG_STORY, 0);
	wire_put_str(&w, x->args.request);
	if (list_page(x, &w))
		http_ask(x, x->session->peer, &w, MSG_STORY_IS, list_told);
}

void mark_told(struct http *x)
{
	static const char *const names[] = {"camera", "from", "to"};
	const char *camera = http_query(x, "camera");
	const char *from = http_query(x, "from"), *to = http_query(x, "to");
	struct utc a, b;
	struct wire w;

	if (!http_query_only(x, names, sizeof(names) / sizeof(names[0])) ||
	    !camera || !args_is_camera(camera, strlen(camera)) || !from ||
	    utc_parse(from, &a) || !to || utc_parse(to, &b)) {
		reply_problem(x, ERR_INVALID,
		    "the parameters are the id of a camera, from and "
		    "to; " ARGS_TIME_RULE,
		    NULL);
		return;
	}
	wire_begin(&w, MSG_TOLD, 0);
	wire_put_str(&w, camera);
	wire_put_i64(&w, a.ns);
	wire_put_i64(&w, b.ns);
	http_ask(x, x->session->peer, &w, MSG_TOLD_IS, list_told);
}

static void told_entered(struct http *x)
{
	if (x->err != OK)
		bearer_failed(x);
	else
		entered(x);
}

static uint8_t get_event(struct json *j)
{
	const char *s = json_get_str(j, "event", 1, 16);

	if (strcmp(s, "over") == 0)
		return MARK_TOLD_OVER;
	if (strcmp(s, "opened") != 0)
		json_refuse(j, "event", "opened or over");
	return MARK_TOLD;
}

void mark_told_new(struct http *x)
{
	struct json j;
	struct wire w;
	enum err err;

	x->err = json_begin(&j, x->body, x->body_n);
	bearer_begin(x, &w, MSG_ALERT_TOLD);
	wire_put_str(&w, json_get_str(&j, "kind", 1, KIND_MAX));
	wire_put_str(&w, json_get_str(&j, "of", 0, OF_MAX));
	wire_put_i64(&w, json_get_time(&j, "since"));
	wire_put_u8(&w, get_event(&j));
	wire_put_str(&w, json_get_str(&j, "whom", 1, WHOM_MAX));
	err = json_end(&j);
	if (err == OK)
		bearer_ask(x, &w, MSG_ALERT_TOLD_IS, told_entered);
	else
		reply_problem(x, err, j.detail, j.pointer);
	explicit_bzero(&w, sizeof(w));
	json_wipe(&j);
}
