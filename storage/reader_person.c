/*
 * reader_person.c - making people, and their record as text: lines of
 * "key SP value", bytes in base64, then for a custodian "wraps" on a line of
 * its own and lines of keyring_add_wraps().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/keyring_line.h"
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

enum err person_record_decode(const char *p, size_t n, struct person_row *ret,
    const char **ret_wraps, size_t *ret_wraps_n)
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
	if (key_n != KEY_BYTES || signature_n != SIGN_BYTES ||
	    role < ROLE_OPERATOR || role > ROLE_CUSTODIAN ||
	    created > INT64_MAX || first > 1)
		return ERR_FORMAT;
	r.first = first;
	r.role = (enum role)role;
	r.created_ns = (int64_t)created;
	*ret_wraps = NULL;
	*ret_wraps_n = 0;
	if (p != end) {
		if (end - p < 6 || memcmp(p, "wraps\n", 6) != 0)
			return ERR_FORMAT;
		*ret_wraps = p + 6;
		*ret_wraps_n = (size_t)(end - p) - 6;
	}
	*ret = r;
	return OK;
}

/* Text that grows. */
struct text {
	char *p;
	size_t n, room;
};

static enum err append(struct text *t, const char *p, size_t n)
{
	if (n > t->room - t->n) {
		size_t want = 2 * (t->n + n);
		char *bigger = realloc(t->p, want);

		if (!bigger)
			return ERR_NO_MEMORY;
		t->p = bigger;
		t->room = want;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	return OK;
}

/* One day's identity, wrapped to the new custodian as a line. */
static enum err wrap_line(const struct keyring_day *d,
    const struct age_identity *id, const struct age_recipient *to,
    struct text *out)
{
	struct age_identity day;
	char text[IDENTITY_TEXT + 1], *b64 = NULL, head[64];
	unsigned char *sealed = NULL;
	size_t n = 0;
	enum err err = ERR_NO_KEY;

	for (size_t i = 0; i < d->wraps_n && err == ERR_NO_KEY; i++)
		err = day_open(d->wraps[i], strlen(d->wraps[i]), id, &day);
	if (err)
		return err;
	identity_format(&day, text);
	text[IDENTITY_TEXT - 1] = '\n';
	err = age_encrypt(text, IDENTITY_TEXT, to, 1, &sealed, &n);
	crypt_wipe(text, sizeof(text));
	crypt_wipe(&day, sizeof(day));
	if (!err) {
		b64 = malloc(B64_LEN(n));
		err = b64 ? OK : ERR_NO_MEMORY;
	}
	if (!err) {
		b64_encode(sealed, n, true, b64);
		snprintf(head, sizeof(head), "%s %s ", d->camera, d->date);
		err = append(out, head, strlen(head));
	}
	if (!err)
		err = append(out, b64, strlen(b64));
	if (!err)
		err = append(out, "\n", 1);
	free(b64);
	free(sealed);
	return err;
}

static enum err wrap_days(const char *p, size_t n,
    const struct age_identity *id, const struct age_recipient *to,
    struct text *out)
{
	enum err err = append(out, "wraps\n", 6);

	while (n && !err) {
		const char *end = memchr(p, '\n', n);
		size_t line = end ? (size_t)(end - p) : n;
		struct keyring_line l = {0};

		if (line)
			err = keyring_line_parse(p, line, &l);
		if (!err && l.day)
			err = wrap_line(l.day, id, to, out);
		keyring_day_free(l.day);
		keyring_grant_free(l.grant);
		line += end != NULL;
		p += line;
		n -= line;
	}
	return err;
}

/* A new custodian can open what was recorded before his time, too. */
static enum err wrap_all(struct session *s, const struct person_row *p,
    const unsigned char seed[KEY_BYTES], struct text *out)
{
	struct age_identity id;
	struct age_recipient to;
	const void *lines = NULL;
	struct wire w;
	size_t n = 0;
	enum err err = recipient_parse(p->recipient, &to);

	if (err)
		return err;
	keeper_begin(s, &w, MSG_DAY_KEYS_ALL);
	err = keeper_call(s, &w, -1);
	if (!err)
		err = wire_end(&w);
	if (!err)
		err = bulk_map(w.fd, WIRE_BULK_MAX, &lines, &n);
	if (!err) {
		seed_identity(seed, &id);
		err = wrap_days(lines, n, &id, &to, out);
		crypt_wipe(&id, sizeof(id));
	}
	bulk_unmap(lines, n);
	if (w.fd >= 0)
		close(w.fd);
	return err;
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
    const unsigned char seed[KEY_BYTES], const char *uri)
{
	struct text out = {0};
	char *record = NULL;
	struct wire w;
	size_t n = 0;
	int fd = -1;
	enum err err = person_record_encode(p, &record, &n);

	if (!err)
		err = append(&out, record, n);
	if (!err && p->role == ROLE_CUSTODIAN)
		err = wrap_all(s, p, seed, &out);
	if (!err)
		err = bulk_from(out.p, out.n, &fd);
	if (!err) {
		keeper_begin(s, &w, MSG_PERSON_PUT);
		wire_put_str(&w, uri);
		err = keeper_call(s, &w, fd);
	}
	if (fd >= 0)
		close(fd);
	free(out.p);
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
	if (s->job != READER_OPERATOR && p->role != ROLE_OPERATOR)
		person_sign(p, s->me.id, seed);
	return put_person(s, p, seed, ret_uri);
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
	crypt_wipe(s->seed, sizeof(s->seed));
	wire_begin(w, MSG_SIGN_IS, w->id);
	wire_put_bytes(w, signature, sizeof(signature));
	return wire_send(s->keeper, w, -1);
}

enum err session_add_person(struct session *s, struct wire *w)
{
	struct person_row p = {0};
	char password[PASSWORD_MAX + 1];
	uint32_t id = w->id;
	enum err err;

	if (w->type == MSG_SIGN)
		return sign_act(s, w);
	wire_get_str(w); /* who acts, and his credential: checked */
	wire_get_str(w);
	get_text(w, p.user, sizeof(p.user));
	get_text(w, p.name, sizeof(p.name));
	p.role = (enum role)wire_get_u8(w);
	get_text(w, password, sizeof(password));
	err = wire_end(w);
	if (w->fd >= 0)
		close(w->fd);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = make(s, &p, password);
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
