#include "web/setup.h"

#include <stdio.h>
#include <string.h>

#include "storage/api/fingerprint.h"
#include "web/http.h"
#include "web/json.h"
#include "web/people.h"
#include "web/reply.h"

#define CODE_MAX 32
#define USER_MIN 2
#define USER_MAX 32
#define NAME_MAX_WEB 120
#define PASSWORD_MIN 10
#define PASSWORD_MAX 256
#define CAMERAS_PLANNED 1000
#define KBIT_MAX 200000

static char shown[FINGERPRINT_TEXT];

void setup_certificate(const char *fingerprint)
{
	snprintf(shown, sizeof(shown), "%s", fingerprint);
}

const char *setup_fingerprint(void)
{
	return shown;
}

const char *setup_name(enum setup_state s)
{
	return s == SETUP_CODE ? "code" : s == SETUP_STEPS ? "steps" : "over";
}

static void put_code(struct http *x, struct json *j, struct wire *w)
{
	wire_put_str(w, json_get_str(j, "code", 1, CODE_MAX));
	wire_put_str(w, x->address);
}

/* Ask p, where the body was right; wipe what it was. */
static void ask(struct http *x, struct json *j, struct peer *p, struct wire *w,
    uint16_t answer, void (*next)(struct http *))
{
	enum err err = json_end(j);

	if (err == OK && w->err == OK)
		http_ask(x, p, w, answer, next);
	else
		reply_problem(x, err ? err : ERR_TOO_LARGE, j->detail,
		    j->pointer);
	explicit_bzero(w, sizeof(*w));
	json_wipe(j);
}

void setup_code(struct http *x)
{
	struct peer *p = people_peer();
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_SETUP_CODE, 0);
	put_code(x, &j, &w);
	ask(x, &j, p, &w, MSG_OK, reply_done);
	peer_put(p);
}

static void made(struct http *x)
{
	uint64_t person;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	person = wire_get_u64(&x->in);
	wire_get_str(&x->in);
	if (wire_end(&x->in) != OK) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	people_set_up(SETUP_STEPS);
	reply_json(x, 201, json_text("{s:I}", "person", (long long)person));
}

void setup_operator(struct http *x)
{
	struct peer *p = people_peer();
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_SETUP_OPERATOR, 0);
	put_code(x, &j, &w);
	wire_put_str(&w, json_get_str(&j, "user", USER_MIN, USER_MAX));
	wire_put_str(&w, json_get_str(&j, "name", 1, NAME_MAX_WEB));
	wire_put_str(&w,
	    json_get_str(&j, "password", PASSWORD_MIN, PASSWORD_MAX));
	ask(x, &j, p, &w, MSG_SETUP_OPERATOR_IS, made);
	peer_put(p);
}

void setup_capacity(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_CAPACITY_ACCEPT, 0);
	wire_put_str(&w, json_get_str(&j, "reason", 3, WIRE_STR_MAX));
	wire_put_u32(&w, json_get_count(&j, "cameras", CAMERAS_PLANNED));
	wire_put_u32(&w, json_get_count(&j, "kbit_s", KBIT_MAX));
	ask(x, &j, x->session->peer, &w, MSG_OK, reply_done);
}

static void finished(struct http *x)
{
	if (x->err == OK)
		people_set_up(SETUP_OVER);
	reply_done(x);
}

void setup_finish(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_SETUP_FINISH, 0);
	wire_put_str(&w, json_get_str(&j, "reason", 0, WIRE_STR_MAX));
	ask(x, &j, x->session->peer, &w, MSG_OK, finished);
}
