#include "web/account.h"

#include <string.h>

#include "web/json.h"
#include "web/list.h"
#include "web/reply.h"

#define PASSWORD_MIN 10
#define PASSWORD_MAX 256
#define CODE_DIGITS 6
#define USER_MAX 32
#define NAME_MAX_WEB 120
#define REASON_MAX WIRE_STR_MAX
#define QR_MAX (64u << 10)
#define SCOPE_MAX 63

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

static void password_set(struct http *x)
{
	if (x->err == OK)
		x->session->first = false;
	reply_done(x);
}

void account_password(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_PASSWORD_SET, 0);
	json_put_credential(&j, &w);
	wire_put_str(&w, json_get_str(&j, "new", PASSWORD_MIN, PASSWORD_MAX));
	end_body(x, &j, &w, MSG_OK, password_set);
}

/* The QR code of an otpauth URI, "" without one; freed by bulk_unmap(). */
static enum err map_code(struct http *x, const void **ret, size_t *ret_n)
{
	*ret = NULL;
	*ret_n = 0;
	return x->in.fd < 0 ? OK : bulk_map(x->in.fd, QR_MAX, ret, ret_n);
}

static void shown(struct http *x)
{
	const char *uri;
	const void *rows;
	size_t n;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	uri = wire_get_str(&x->in);
	if (wire_end(&x->in) != OK || map_code(x, &rows, &n) != OK) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	reply_json(x, 200,
	    json_text("{s:s, s:s#}", "uri", uri, "qr", n ? rows : "", (int)n));
	bulk_unmap(rows, n);
}

void account_factor_new(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_FACTOR_NEW, 0);
	end_body(x, &j, &w, MSG_FACTOR_NEW_IS, shown);
}

void account_factor_set(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_FACTOR_SET, 0);
	json_put_credential(&j, &w);
	wire_put_str(&w,
	    json_get_str(&j, "new_code", CODE_DIGITS, CODE_DIGITS));
	end_body(x, &j, &w, MSG_OK, reply_done);
}

static void bulk(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_bulk(x, "application/json", WIRE_BULK_MAX);
}

void account_people(struct http *x)
{
	list_ask(x, MSG_PEOPLE);
}

void account_sessions(struct http *x)
{
	struct wire w;

	if (!http_query_only(x, NULL, 0)) {
		reply_problem(x, ERR_INVALID, "this takes no parameters", NULL);
		return;
	}
	wire_begin(&w, MSG_SESSIONS, 0);
	ask(x, &w, MSG_SESSIONS_IS, bulk);
}

void account_session_end(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_SESSION_END, 0);
	wire_put_u64(&w, x->args.number[0]);
	/* with a body: another person's, who needs one's own password */
	if (json_has(&j, "password"))
		json_put_credential(&j, &w);
	end_body(x, &j, &w, MSG_OK, reply_done);
}

/* A person with a new one-time password, told once. */
static void made(struct http *x)
{
	const char *password, *uri;
	const void *rows;
	uint64_t person;
	size_t n;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	person = wire_get_u64(&x->in);
	password = wire_get_str(&x->in);
	uri = wire_get_str(&x->in);
	if (wire_end(&x->in) != OK || map_code(x, &rows, &n) != OK) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	reply_json(x, 201,
	    json_text("{s:I, s:s, s:s, s:s#}", "person", (long long)person,
		"password", password, "uri", uri, "qr", n ? rows : "", (int)n));
	bulk_unmap(rows, n);
}

static uint8_t get_role(struct json *j)
{
	const char *s = json_get_str(j, "role", 1, 16);

	for (unsigned r = ROLE_OPERATOR; r <= ROLE_CUSTODIAN; r++)
		if (strcmp(s, role_name((enum role)r)) == 0)
			return (uint8_t)r;
	json_refuse(j, "role", "operator, auditor or custodian");
	return 0;
}

void account_person_new(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_PERSON_NEW, 0);
	wire_put_str(&w, json_get_str(&j, "user", 2, USER_MAX));
	wire_put_str(&w, json_get_str(&j, "name", 1, NAME_MAX_WEB));
	wire_put_u8(&w, get_role(&j));
	json_put_credential(&j, &w);
	wire_put_u8(&w, json_has(&j, "deputy") && json_get_bool(&j, "deputy"));
	end_body(x, &j, &w, MSG_PERSON_NEW_IS, made);
}

void account_person_reset(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_PERSON_RESET, 0);
	wire_put_u64(&w, x->args.number[0]);
	json_put_credential(&j, &w);
	end_body(x, &j, &w, MSG_PERSON_RESET_IS, made);
}

void account_person_end(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_PERSON_END, 0);
	wire_put_u64(&w, x->args.number[0]);
	wire_put_str(&w, json_get_str(&j, "reason", 3, REASON_MAX));
	json_put_credential(&j, &w);
	end_body(x, &j, &w, MSG_OK, reply_done);
}

void account_deputy(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_DEPUTY, 0);
	wire_put_u64(&w, x->args.number[0]);
	wire_put_u8(&w, json_get_bool(&j, "deputy"));
	json_put_credential(&j, &w);
	end_body(x, &j, &w, MSG_OK, reply_done);
}

/* --- tokens of other programs --- */

void account_tokens(struct http *x)
{
	list_ask(x, MSG_TOKENS);
}

static void token_made(struct http *x)
{
	const char *text;
	uint64_t token;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	token = wire_get_u64(&x->in);
	text = wire_get_str(&x->in);
	if (wire_end(&x->in) != OK)
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
	else
		reply_json(x, 201,
		    json_text("{s:I, s:s}", "id", (long long)token, "token",
			text));
}

void account_token_new(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_TOKEN_NEW, 0);
	json_put_credential(&j, &w);
	wire_put_str(&w, json_get_str(&j, "name", 1, NAME_MAX_WEB));
	wire_put_str(&w, json_get_str(&j, "scope", 1, SCOPE_MAX));
	wire_put_i64(&w, json_get_time(&j, "ends"));
	end_body(x, &j, &w, MSG_TOKEN_NEW_IS, token_made);
}

void account_token_end(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_TOKEN_END, 0);
	json_put_credential(&j, &w);
	wire_put_u64(&w, x->args.number[0]);
	wire_put_str(&w, json_get_str(&j, "reason", 3, REASON_MAX));
	end_body(x, &j, &w, MSG_OK, reply_done);
}
