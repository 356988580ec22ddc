/*
 * reader_person.c - making people, and their record as text: lines of
 * "key SP value", bytes in base64.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/guess.h"
#include "storage/session.h"

#define RECORD_MAX 2048

enum err person_record_encode(const struct person_row *p, char **ret,
    size_t *ret_n)
{
	char sign_key[B64_LEN(KEY_BYTES)], signature[B64_LEN(SIGN_BYTES)];
	char sealed[B64_LEN(SEALED_SEED_MAX)];
	char *text = malloc(RECORD_MAX);
	int n;

	if (!text)
		return ERR_NO_MEMORY;
	b64_encode(p->sign_key, KEY_BYTES, true, sign_key);
	b64_encode(p->signature, SIGN_BYTES, true, signature);
	b64_encode(p->sealed, p->sealed_n, true, sealed);
	n = snprintf(text, RECORD_MAX,
	    "id %llu\nuser %s\nname %s\nrole %d\ncreated %lld\n"
	    "recipient %s\nsign-key %s\nsigner %llu\nsignature %s\n"
	    "sealed %s\nfirst %d\n",
	    (unsigned long long)p->id, p->user, p->name, (int)p->role,
	    (long long)p->created_ns, p->recipient, sign_key,
	    (unsigned long long)p->signer, signature, sealed, p->first);
	if (n < 0 || n >= RECORD_MAX || strchr(p->name, '\n')) {
		free(text);
		return ERR_INVALID;
	}
	*ret = text;
	*ret_n = (size_t)n;
	return OK;
}

/* The line "key SP value" at *p; NULL where another stands there. */
static const char *take(const char **p, const char *end, const char *key,
    size_t *ret_n)
{
	const char *line = *p, *lf = memchr(line, '\n', (size_t)(end - line));
	size_t n = strlen(key);

	if (!lf || (size_t)(lf - line) <= n || memcmp(line, key, n) != 0 ||
	    line[n] != ' ')
		return NULL;
	*p = lf + 1;
	*ret_n = (size_t)(lf - line) - n - 1;
	return line + n + 1;
}

static bool take_text(const char **p, const char *end, const char *key,
    char *ret, size_t room)
{
	size_t n;
	const char *s = take(p, end, key, &n);

	if (!s || n >= room || memchr(s, '\0', n))
		return false;
	memcpy(ret, s, n);
	ret[n] = '\0';
	return true;
}

static bool take_number(const char **p, const char *end, const char *key,
    uint64_t *ret)
{
	char text[24], *rest;

	if (!take_text(p, end, key, text, sizeof(text)) || text[0] < '0' ||
	    text[0] > '9')
		return false;
	*ret = strtoull(text, &rest, 10);
	return !*rest;
}

static bool take_bytes(const char **p, const char *end, const char *key,
    void *ret, size_t room, size_t *ret_n)
{
	size_t n;
	const char *s = take(p, end, key, &n);

	return s && !b64_decode(s, n, true, ret, room, ret_n);
}

enum err person_record_decode(const char *p, size_t n, struct person_row *ret)
{
	const char *end = p + n;
	struct person_row r = {0};
	uint64_t role, created, first;
	size_t key_n, signature_n;

	if (!take_number(&p, end, "id", &r.id) ||
	    !take_text(&p, end, "user", r.user, sizeof(r.user)) ||
	    !take_text(&p, end, "name", r.name, sizeof(r.name)) ||
	    !take_number(&p, end, "role", &role) ||
	    !take_number(&p, end, "created", &created) ||
	    !take_text(&p, end, "recipient", r.recipient,
		sizeof(r.recipient)) ||
	    !take_bytes(&p, end, "sign-key", r.sign_key, KEY_BYTES, &key_n) ||
	    !take_number(&p, end, "signer", &r.signer) ||
	    !take_bytes(&p, end, "signature", r.signature, SIGN_BYTES,
		&signature_n) ||
	    !take_bytes(&p, end, "sealed", r.sealed, SEALED_SEED_MAX,
		&r.sealed_n) ||
	    !take_number(&p, end, "first", &first))
		return ERR_FORMAT;
	if (p != end || key_n != KEY_BYTES || signature_n != SIGN_BYTES ||
	    role < ROLE_OPERATOR || role > ROLE_CUSTODIAN ||
	    created > INT64_MAX || first > 1)
		return ERR_FORMAT;
	r.first = first;
	r.role = (enum role)role;
	r.created_ns = (int64_t)created;
	*ret = r;
	return OK;
}

enum err person_number(struct session *s, uint64_t *ret)
{
	struct wire w;
	enum err err;

	keeper_begin(s, &w, MSG_NEXT_PERSON);
	err = keeper_call(s, &w, -1);
	if (err)
		return err;
	*ret = wire_get_u64(&w);
	return wire_end(&w);
}

static enum err put_person(struct session *s, const struct person_row *p,
    const char *uri)
{
	char *record = NULL;
	struct wire w;
	size_t n = 0;
	int fd = -1;
	enum err err = person_record_encode(p, &record, &n);

	if (!err)
		err = bulk_from(record, n, &fd);
	if (!err) {
		keeper_begin(s, &w, MSG_PERSON_PUT);
		wire_put_str(&w, uri);
		wire_put_u8(&w, p->deputy);
		err = keeper_call(s, &w, fd);
	}
	if (fd >= 0)
		close(fd);
	free(record);
	return err;
}

static enum err make(struct session *s, struct person_row *p,
    const char *password)
{
	char uri[FACTOR_URI];
	enum err err;

	if ((p->role == ROLE_OPERATOR) != (s->job == READER_OPERATOR))
		return ERR_DENIED;
	if (s->job == READER_ACT && s->me.role != ROLE_CUSTODIAN)
		return ERR_DENIED;
	if (password_ok(password) && guess_is_soon(password, p->user, p->name))
		return ERR_COMMON;
	err = person_number(s, &p->id);
	if (!err)
		err = person_renew(s, p, password, s->seed, uri);
	crypt_wipe(uri, sizeof(uri));
	return err;
}

enum err person_renew(struct session *s, struct person_row *p,
    const char *password, const unsigned char seed[KEY_BYTES],
    char ret_uri[FACTOR_URI])
{
	struct age_identity paper;
	struct secret secret;
	enum err err;

	p->created_ns = session_now(s).ns;
	err = person_make(p, password, &secret);
	*ret_uri = '\0';
	if (!err && secret.has_factor)
		err = factor_uri(secret.factor, s->site, p->user, ret_uri);
	crypt_wipe(&secret, sizeof(secret));
	if (err)
		return err;
	if (s->job == READER_RECOVER) {
		memcpy(paper.key, seed, KEY_BYTES);
		person_sign_paper(p, &paper);
		crypt_wipe(&paper, sizeof(paper));
	} else if (s->job != READER_OPERATOR && p->role != ROLE_OPERATOR) {
		person_sign(p, s->me.id, seed);
	}
	return put_person(s, p, ret_uri);
}

/* With whatever this reader has open. */
static void wrap_days_anew(struct session *s)
{
	struct age_identity paper;

	if (s->job == READER_ACT)
		session_rewrap_seed(s, s->seed);
	if (s->job != READER_RECOVER)
		return;
	memcpy(paper.key, s->seed, KEY_BYTES);
	session_rewrap(s, &paper);
	crypt_wipe(&paper, sizeof(paper));
}

/* A custodian's signature under an act; nothing else is ever signed so. */
static enum err sign_act(struct session *s, struct wire *w)
{
	unsigned char text[ACT_MAX], signature[SIGN_BYTES], seed[KEY_BYTES];
	size_t n = 0, text_n;
	const void *p = wire_get_bytes(w, &n);
	enum err err = wire_end(w);

	if (!err)
		err = act_text(p, n, text, &text_n);
	if (!err && (s->job != READER_ACT || s->me.role != ROLE_CUSTODIAN))
		err = ERR_DENIED;
	if (err)
		return err;
	seed_sign_seed(s->seed, seed);
	sign(seed, text, text_n, signature);
	crypt_wipe(seed, sizeof(seed));
	wire_begin(w, MSG_SIGN_IS, w->id);
	wire_put_bytes(w, signature, sizeof(signature));
	err = wire_send(s->keeper, w, -1);
	if (!err)
		wrap_days_anew(s);
	crypt_wipe(s->seed, sizeof(s->seed));
	return err;
}

enum err session_add_person(struct session *s, struct wire *w)
{
	struct person_row p = {0};
	char password[PASSWORD_MAX + 1];
	uint32_t id = w->id;
	bool recover;
	enum err err;

	if (w->type == MSG_SIGN)
		return sign_act(s, w);
	recover = w->type == MSG_RECOVER;
	wire_get_str(w); /* who acts, and his credential: checked */
	if (!recover)
		wire_get_str(w);
	get_text(w, p.user, sizeof(p.user));
	get_text(w, p.name, sizeof(p.name));
	p.role = recover ? ROLE_CUSTODIAN : (enum role)wire_get_u8(w);
	get_text(w, password, sizeof(password));
	if (!recover && wire_more(w))
		p.deputy = wire_get_u8(w);
	err = wire_end(w);
	if (!err && recover != (s->job == READER_RECOVER))
		err = ERR_DENIED;
	if (w->fd >= 0)
		close(w->fd);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = make(s, &p, password);
	if (!err)
		wrap_days_anew(s);
	crypt_wipe(password, sizeof(password));
	crypt_wipe(s->seed, sizeof(s->seed));
	if (err) {
		wire_begin(w, MSG_ERROR, id);
		wire_put_u16(w, (uint16_t)err);
		wire_put_str(w, "");
		return wire_send(s->keeper, w, -1);
	}
	return OK;
}
