#include "web/sign.h"

#include <string.h>

#include "web/json.h"
#include "web/people.h"
#include "web/reply.h"
#include "web/setup.h"

#define USER_MAX 64

void sign_healthz(struct http *x)
{
	struct site site;
	enum err err = people_site(&site);

	if (err != OK)
		reply_problem(x, err, NULL, NULL);
	else
		reply_json(x, 200, json_text("{s:s}", "status", "ok"));
}

void sign_site(struct http *x)
{
	char now[64];
	struct site site;
	enum err err = people_site(&site);

	if (err != OK) {
		reply_problem(x, err, NULL, NULL);
		return;
	}
	utc_rfc3339(utc_now(), now, sizeof(now));
	reply_json(x, 200,
	    json_text("{s:s, s:s, s:b, s:s, s:s, s:s}", "site", site.name,
		"zone", site.zone, "demo", (int)site.demo, "now", now, "setup",
		setup_name(site.setup), "certificate", setup_fingerprint()));
}

/* What a signed-in person is told of himself. */
static void reply_session(struct http *x, const struct session *s)
{
	struct site site;
	enum err err = people_site(&site);

	if (err != OK) {
		reply_problem(x, err, NULL, NULL);
		return;
	}
	reply_json(x, 200,
	    json_text("{s:I, s:s, s:s, s:b, s:s, s:s, s:s, s:b, s:s}", "person",
		(long long)s->person, "user", s->user, "role",
		role_name(s->role), "first", (int)s->first, "csrf", s->csrf.s,
		"site", site.name, "zone", site.zone, "demo", (int)site.demo,
		"version", SAQTA_VERSION));
}

/* The session that a browser had before this sign-in ends with it. */
static void end_former(struct http *x)
{
	struct session *s = NULL;
	struct token t;

	if (cookie_find(http_header(x, "Cookie"), &t) == OK)
		s = session_find(&t, true);
	if (s)
		session_end(s);
	session_put(s);
}

static void signed_in(struct http *x)
{
	char user[WIRE_STR_MAX + 1];
	uint64_t person;
	uint8_t role, first;
	int fd = x->in.fd;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	person = wire_get_u64(&x->in);
	strncpy(user, wire_get_str(&x->in), sizeof(user) - 1);
	user[sizeof(user) - 1] = '\0';
	role = wire_get_u8(&x->in);
	first = wire_get_u8(&x->in);
	if (wire_end(&x->in) != OK || fd < 0 || !role_name(role)) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	x->in.fd = -1;
	x->err = session_open(fd, person, user, role, &x->session);
	if (x->err != OK) {
		reply_problem(x, x->err, NULL, NULL);
		return;
	}
	x->session->first = first != 0;
	/* who signs in is past the code, whatever was heard before */
	if (people_setup() == SETUP_CODE)
		people_set_up(SETUP_OVER);
	end_former(x);
	reply_header(x, "Set-Cookie",
	    COOKIE_NAME "=%s; Path=/; HttpOnly; "
			"Secure; SameSite=Strict",
	    x->session->token.s);
	reply_session(x, x->session);
}

void sign_in(struct http *x)
{
	struct json j;
	struct wire w;
	struct peer *p;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_SIGN_IN, 0);
	wire_put_str(&w, json_get_str(&j, "user", 1, USER_MAX));
	json_put_credential(&j, &w);
	wire_put_str(&w, x->address);
	x->err = json_end(&j);
	if (x->err == OK) {
		p = people_peer();
		http_ask(x, p, &w, MSG_SIGN_IN_IS, signed_in);
		peer_put(p);
	} else {
		reply_problem(x, x->err, j.detail, j.pointer);
	}
	explicit_bzero(&w, sizeof(w));
	json_wipe(&j);
}

void sign_who(struct http *x)
{
	reply_session(x, x->session);
}

static void signed_out(struct http *x)
{
	/* Also where storage did not answer: the reader ends with its socket. */
	session_end(x->session);
	reply_header(x, "Set-Cookie",
	    COOKIE_NAME "=; Path=/; Max-Age=0; "
			"HttpOnly; Secure; SameSite=Strict");
	x->reply.status = 204;
}

void sign_out(struct http *x)
{
	struct wire w;

	wire_begin(&w, MSG_SIGN_OUT, 0);
	http_ask(x, x->session->peer, &w, MSG_OK, signed_out);
}
