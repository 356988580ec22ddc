/* reader_account.c - one's own password and second factor. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/guess.h"
#include "storage/qr.h"
#include "storage/session.h"

/* Seal the secret anew and have the keeper keep it. */
static enum err seal(struct session *s, const char *password,
    const struct secret *secret, enum account_change what)
{
	struct wire w;
	enum err err = person_seal(&s->me, password, secret);

	if (err)
		return err;
	keeper_begin(s, &w, MSG_PERSON_SEAL);
	wire_put_bytes(&w, s->me.sealed, s->me.sealed_n);
	wire_put_u8(&w, (uint8_t)what);
	err = keeper_call(s, &w, -1);
	return err ? err : index_person_find(s->ix, s->me.id, &s->me);
}

static enum err done(struct session *s, const struct wire *asked)
{
	struct wire w;

	wire_begin(&w, MSG_OK, asked->id);
	return wire_send(s->client, &w, -1);
}

/* What the index says of oneself now; ended people do nothing more. */
static enum err myself(struct session *s)
{
	enum err err = index_person_find(s->ix, s->me.id, &s->me);

	return !err && s->me.ended_ns ? ERR_DENIED : err;
}

enum err session_password_set(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1], password[PASSWORD_MAX + 1];
	struct secret secret;
	enum err err;

	get_text(w, credential, sizeof(credential));
	get_text(w, password, sizeof(password));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err && !password_ok(password))
		err = ERR_INVALID;
	if (!err)
		err = myself(s);
	if (!err && guess_is_soon(password, s->me.user, s->me.name))
		err = ERR_COMMON;
	if (!err)
		err = session_open_me(s, credential, &secret);
	/* a one-time password is not kept */
	if (!err && strlen(password) == strcspn(credential, "\n") &&
	    !strncmp(password, credential, strlen(password)))
		err = ERR_INVALID;
	if (!err)
		err = seal(s, password, &secret, ACCOUNT_PASSWORD);
	crypt_wipe(&secret, sizeof(secret));
	crypt_wipe(credential, sizeof(credential));
	crypt_wipe(password, sizeof(password));
	return err ? err : done(s, w);
}

enum err session_factor_new(struct session *s, struct wire *w)
{
	char uri[FACTOR_URI], *rows = NULL;
	size_t n = 0;
	enum err err = wire_end(w);

	if (err)
		return err;
	crypt_random(s->factor, sizeof(s->factor));
	s->factor_shown = true;
	err = factor_uri(s->factor, s->site, s->me.user, uri);
	if (!err)
		err = qr_rows(uri, &rows, &n);
	if (!err)
		err = answer_bulk(s, w, uri, rows, n);
	crypt_wipe(uri, sizeof(uri));
	if (rows)
		crypt_wipe(rows, n);
	free(rows);
	return err;
}

/* The code shows that the authenticator has the new secret. */
enum err session_factor_set(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1], code[FACTOR_DIGITS + 1];
	struct secret secret;
	uint64_t step;
	enum err err;

	get_text(w, credential, sizeof(credential));
	get_text(w, code, sizeof(code));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err && !s->factor_shown)
		err = ERR_INVALID;
	if (!err)
		err = factor_check(s->factor, code, session_now(s), &step);
	if (!err)
		err = myself(s);
	if (!err)
		err = session_open_me(s, credential, &secret);
	if (!err) {
		memcpy(secret.factor, s->factor, FACTOR_BYTES);
		secret.has_factor = true;
		credential[strcspn(credential, "\n")] = '\0';
		err = seal(s, credential, &secret, ACCOUNT_FACTOR);
	}
	if (!err) {
		crypt_wipe(s->factor, sizeof(s->factor));
		s->factor_shown = false;
	}
	crypt_wipe(&secret, sizeof(secret));
	crypt_wipe(credential, sizeof(credential));
	return err ? err : done(s, w);
}

/* One's own without more; another person's with one's own credential. */
enum err session_session_end(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1] = "";
	uint64_t session = wire_get_u64(w);
	struct wire to_keeper;
	struct secret secret;
	enum err err;

	if (wire_more(w))
		get_text(w, credential, sizeof(credential));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = myself(s);
	if (!err && *credential) {
		err = session_open_me(s, credential, &secret);
		crypt_wipe(&secret, sizeof(secret));
	}
	if (!err) {
		keeper_begin(s, &to_keeper, MSG_SESSION_END);
		wire_put_u64(&to_keeper, session);
		wire_put_u8(&to_keeper, *credential != '\0');
		err = keeper_relay(s, &to_keeper);
	}
	crypt_wipe(credential, sizeof(credential));
	return err ? err : done(s, w);
}
