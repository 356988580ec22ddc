/*
 * reader_people.c - a custodian makes, renews and ends people, an operator
 * operators.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/qr.h"
#include "storage/session.h"

#define REASON_MIN 3
#define ONE_TIME 20 /* "xxxx-xxxx-xxxx-xxxx" and NUL: 80 bits */

enum err session_people(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	struct page page;
	char *text = NULL;
	enum err err;

	get_page(w, &page);
	err = wire_end(w);
	if (!err)
		err = view_people(&v, &page, &text);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}

/* Letters and digits that nobody takes for one another. */
static void one_time(char ret[ONE_TIME])
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	unsigned char r[16];
	char *p = ret;

	_Static_assert(sizeof(letters) == 33, "32 letters");
	crypt_random(r, sizeof(r));
	for (size_t i = 0; i < sizeof(r); i++) {
		if (i && i % 4 == 0)
			*p++ = '-';
		*p++ = letters[r[i] & 31];
	}
	*p = '\0';
	crypt_wipe(r, sizeof(r));
}

enum err session_actor(struct session *s, enum role role, char *credential,
    struct secret *ret)
{
	enum err err = index_person_find(s->ix, s->me.id, &s->me);

	if (!err &&
	    (s->me.ended_ns ||
		(s->me.role != ROLE_CUSTODIAN && s->me.role != role)))
		err = ERR_DENIED;
	if (!err && s->me.role == ROLE_CUSTODIAN)
		err = person_check(s->ix, &s->me, &s->roots);
	if (!err)
		err = session_open_me(s, credential, ret);
	crypt_wipe(credential, CREDENTIAL_MAX + 1);
	return err;
}

enum err session_taker(struct session *s, char *credential)
{
	struct secret secret;
	enum err err = index_person_find(s->ix, s->me.id, &s->me);

	if (!err && !person_has_factor(&s->me))
		return ERR_NO_FACTOR;
	if (!err)
		err = session_actor(s, ROLE_AUDITOR, credential, &secret);
	crypt_wipe(&secret, sizeof(secret));
	return err;
}

static enum err tell(struct session *s, const struct wire *asked,
    uint64_t person, const char *password, const char *uri)
{
	char *rows = NULL;
	struct wire w;
	size_t n = 0;
	int fd = -1;
	enum err err = *uri ? qr_rows(uri, &rows, &n) : OK;

	if (!err && rows)
		err = bulk_from(rows, n, &fd);
	if (!err) {
		wire_begin(&w, (uint16_t)(asked->type + 1), asked->id);
		wire_put_u64(&w, person);
		wire_put_str(&w, password);
		wire_put_str(&w, uri);
		err = wire_send(s->client, &w, fd);
		crypt_wipe(w.buf, sizeof(w.buf));
	}
	if (fd >= 0)
		close(fd);
	if (rows)
		crypt_wipe(rows, n);
	free(rows);
	return err;
}

/* p has its number, names and role. */
static enum err renew(struct session *s, const struct wire *asked,
    struct person_row *p, char *credential)
{
	char password[ONE_TIME], uri[FACTOR_URI] = "";
	struct secret secret;
	enum err err = session_actor(s, p->role, credential, &secret);

	if (err)
		return err;
	p->first = true;
	one_time(password);
	err = person_renew(s, p, password, secret.seed, uri);
	if (!err && s->me.role == ROLE_CUSTODIAN)
		session_rewrap_seed(s, secret.seed);
	crypt_wipe(&secret, sizeof(secret));
	if (!err)
		err = tell(s, asked, p->id, password, uri);
	crypt_wipe(password, sizeof(password));
	crypt_wipe(uri, sizeof(uri));
	return err;
}

enum err session_person_new(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1];
	struct person_row p = {0}, other;
	enum err err;

	get_text(w, p.user, sizeof(p.user));
	get_text(w, p.name, sizeof(p.name));
	p.role = (enum role)wire_get_u8(w);
	get_text(w, credential, sizeof(credential));
	p.deputy = wire_get_u8(w);
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err &&
	    (!user_name_ok(p.user) || !*p.name || p.role < ROLE_OPERATOR ||
		p.role > ROLE_CUSTODIAN ||
		(p.deputy && p.role != ROLE_CUSTODIAN)))
		err = ERR_INVALID;
	if (!err && !index_person_by_user(s->ix, p.user, &other))
		err = ERR_EXISTS;
	if (!err)
		err = person_number(s, &p.id);
	return err ? err : renew(s, w, &p, credential);
}

/* New keys: what was granted to the old ones is lost and asked for anew. */
enum err session_person_reset(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1];
	uint64_t id = wire_get_u64(w);
	struct person_row p;
	enum err err;

	get_text(w, credential, sizeof(credential));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = index_person_find(s->ix, id, &p);
	if (!err && p.ended_ns)
		err = ERR_NOT_FOUND;
	/* his signatures would lose their key: end him and make another */
	if (!err && p.role == ROLE_CUSTODIAN)
		err = ERR_DENIED;
	return err ? err : renew(s, w, &p, credential);
}

enum err session_person_end(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1], reason[TEXT_MAX];
	uint64_t id = wire_get_u64(w);
	struct person_row p = {0};
	struct secret secret;
	struct wire to_keeper;
	enum err err;

	get_text(w, reason, sizeof(reason));
	get_text(w, credential, sizeof(credential));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err && strlen(reason) < REASON_MIN)
		err = ERR_INVALID;
	if (!err)
		err = index_person_find(s->ix, id, &p);
	if (!err)
		err = session_actor(s, p.role, credential, &secret);
	if (err)
		return err;
	keeper_begin(s, &to_keeper, MSG_PERSON_ENDED);
	wire_put_u64(&to_keeper, id);
	wire_put_str(&to_keeper, reason);
	err = keeper_relay(s, &to_keeper);
	if (!err && s->me.role == ROLE_CUSTODIAN)
		session_rewrap_seed(s, secret.seed);
	crypt_wipe(&secret, sizeof(secret));
	if (err)
		return err;
	wire_begin(&to_keeper, MSG_OK, w->id);
	return wire_send(s->client, &to_keeper, -1);
}

/* Where a custodian sits changes no key of his: only who is reminded first. */
enum err session_deputy(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1];
	uint64_t id = wire_get_u64(w);
	uint8_t deputy = wire_get_u8(w);
	struct secret secret;
	struct wire to_keeper;
	enum err err;

	get_text(w, credential, sizeof(credential));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = session_actor(s, ROLE_CUSTODIAN, credential, &secret);
	if (err)
		return err;
	keeper_begin(s, &to_keeper, MSG_DEPUTY);
	wire_put_u64(&to_keeper, id);
	wire_put_u8(&to_keeper, deputy);
	err = keeper_relay(s, &to_keeper);
	if (!err)
		session_rewrap_seed(s, secret.seed);
	crypt_wipe(&secret, sizeof(secret));
	if (err)
		return err;
	wire_begin(&to_keeper, MSG_OK, w->id);
	return wire_send(s->client, &to_keeper, -1);
}
