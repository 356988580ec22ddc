/* reader_token.c - an operator or custodian makes and ends tokens. */
#include <stdlib.h>
#include <string.h>

#include "storage/session.h"
#include "storage/token.h"

enum err session_tokens(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	struct page page;
	char *text = NULL;
	enum err err;

	get_page(w, &page);
	err = wire_end(w);
	if (!err)
		err = view_tokens(&v, &page, &text);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}

enum err token_to_keeper(struct session *s, struct wire *w, struct wire *ret)
{
	char name[NAME_MAX_BYTES], text[TEXT_MAX];
	bool makes = w->type == MSG_TOKEN_NEW;
	uint64_t number = 0;
	enum err err;

	if (makes)
		get_text(w, name, sizeof(name));
	else
		number = wire_get_u64(w);
	get_text(w, text, sizeof(text));
	if (makes)
		number = (uint64_t)wire_get_i64(w);
	err = wire_end(w);
	if (err)
		return err;
	keeper_begin(s, ret, (enum msg)w->type);
	if (makes)
		wire_put_str(ret, name);
	else
		wire_put_u64(ret, number);
	wire_put_str(ret, text);
	if (makes)
		wire_put_i64(ret, (int64_t)number);
	return OK;
}

enum err session_token(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1], text[TOKEN_TEXT] = "";
	struct wire to_keeper, answer;
	struct secret secret;
	uint64_t token = 0;
	enum err err;

	get_text(w, credential, sizeof(credential));
	err = token_to_keeper(s, w, &to_keeper);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = session_actor(s, ROLE_OPERATOR, credential, &secret);
	crypt_wipe(&secret, sizeof(secret));
	crypt_wipe(credential, sizeof(credential));
	if (!err)
		err = keeper_relay(s, &to_keeper);
	if (!err && w->type == MSG_TOKEN_NEW) {
		token = wire_get_u64(&to_keeper);
		get_text(&to_keeper, text, sizeof(text));
		err = wire_end(&to_keeper);
	}
	if (err)
		return err;
	wire_begin(&answer, *text ? MSG_TOKEN_NEW_IS : MSG_OK, w->id);
	if (*text) {
		wire_put_u64(&answer, token);
		wire_put_str(&answer, text);
	}
	err = wire_send(s->client, &answer, -1);
	crypt_wipe(text, sizeof(text));
	crypt_wipe(answer.buf, sizeof(answer.buf));
	crypt_wipe(to_keeper.buf, sizeof(to_keeper.buf));
	return err;
}
