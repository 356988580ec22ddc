/*
 * reader_hold.c - holds, and the acts of a person at the tool (READER_ACT). The
 * keeper decides; here is proved who it is.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/session.h"
#include "storage/view_retention.h"

enum err session_holds(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	struct page page;
	char *text = NULL;
	enum err err;

	get_page(w, &page);
	err = wire_end(w);
	if (!err)
		err = view_holds(&v, &page, &text);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}

/* Take the fields of MSG_HOLD_PLACE over into a message to the keeper. */
static enum err copy_placing(struct session *s, struct wire *w,
    struct wire *to_keeper)
{
	char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1];
	char reason[TEXT_MAX], case_no[NAME_MAX_BYTES];
	int64_t review;
	size_t n;
	enum err err;

	s->about.from_ns = wire_get_i64(w);
	s->about.to_ns = wire_get_i64(w);
	review = wire_get_i64(w);
	get_text(w, reason, sizeof(reason));
	get_text(w, case_no, sizeof(case_no));
	n = get_cameras(w, cameras);
	err = wire_end(w);
	if (err)
		return err;
	keeper_begin(s, to_keeper, MSG_HOLD_PLACE);
	wire_put_i64(to_keeper, s->about.from_ns);
	wire_put_i64(to_keeper, s->about.to_ns);
	wire_put_i64(to_keeper, review);
	wire_put_str(to_keeper, reason);
	wire_put_str(to_keeper, case_no);
	put_cameras(to_keeper, cameras, n);
	return OK;
}

enum err session_hold_place(struct session *s, struct wire *w)
{
	struct wire to_keeper, answer;
	enum err err = copy_placing(s, w, &to_keeper);

	if (!err)
		err = keeper_relay(s, &to_keeper);
	if (err)
		return err;
	wire_begin(&answer, MSG_HOLD_PLACE_IS, w->id);
	wire_put_u64(&answer, wire_get_u64(&to_keeper));
	err = wire_end(&to_keeper);
	return err ? err : wire_send(s->client, &answer, -1);
}

enum err session_custodian(struct session *s, const char *credential,
    struct age_identity *ret)
{
	struct secret secret;
	enum err err = index_person_find(s->ix, s->me.id, &s->me);

	if (!err && (s->me.ended_ns || s->me.role != ROLE_CUSTODIAN))
		err = ERR_DENIED;
	if (!err)
		err = session_open_me(s, credential, &secret);
	if (!err)
		seed_identity(secret.seed, ret);
	crypt_wipe(&secret, sizeof(secret));
	return err;
}

enum err session_hold_release(struct session *s, struct wire *w)
{
	char reason[TEXT_MAX], credential[CREDENTIAL_MAX + 1];
	uint64_t hold = wire_get_u64(w);
	struct wire to_keeper, answer;
	struct age_identity id = {0};
	enum err err;

	get_text(w, reason, sizeof(reason));
	get_text(w, credential, sizeof(credential));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = session_custodian(s, credential, &id);
	crypt_wipe(credential, sizeof(credential));
	if (err)
		return err;
	keeper_begin(s, &to_keeper, MSG_HOLD_RELEASE);
	wire_put_u64(&to_keeper, hold);
	wire_put_str(&to_keeper, reason);
	err = keeper_relay(s, &to_keeper);
	if (!err) {
		wire_begin(&answer, MSG_OK, w->id);
		err = wire_send(s->client, &answer, -1);
		session_rewrap(s, &id);
	}
	crypt_wipe(&id, sizeof(id));
	return err;
}

/* The keeper answers the tool itself; its refusal is passed on below. */
static enum err act(struct session *s, struct wire *w)
{
	struct wire to_keeper;
	char reason[TEXT_MAX], camera[CAMERA_ID_MAX + 1];
	int64_t number;
	enum err err;

	wire_get_str(w); /* who acts, and his credential: checked */
	wire_get_str(w);
	if (w->type == MSG_HOLD_PLACE) {
		err = copy_placing(s, w, &to_keeper);
	} else if (w->type == MSG_AIM_OPEN) {
		get_text(w, camera, sizeof(camera));
		get_text(w, reason, sizeof(reason));
		err = wire_end(w);
		keeper_begin(s, &to_keeper, MSG_AIM_OPEN);
		wire_put_str(&to_keeper, camera);
		wire_put_str(&to_keeper, reason);
	} else if (w->type == MSG_TOKEN_NEW || w->type == MSG_TOKEN_END) {
		err = token_to_keeper(s, w, &to_keeper);
	} else {
		number = wire_get_i64(w);
		get_text(w, reason, sizeof(reason));
		err = wire_end(w);
		keeper_begin(s, &to_keeper, w->type);
		wire_put_i64(&to_keeper, number);
		wire_put_str(&to_keeper, reason);
	}
	return err ? err : keeper_relay(s, &to_keeper);
}

enum err session_act(struct session *s)
{
	struct wire w;
	enum err err = wire_recv(s->keeper, &w);

	if (err)
		return err;
	switch (w.type) {
	case MSG_USER_ADD:
	case MSG_RECOVER:
	case MSG_SIGN:
		return session_add_person(s, &w);
	case MSG_HOLD_PLACE:
	case MSG_HOLD_RELEASE:
	case MSG_CLOCK_VOUCH:
	case MSG_AIM_OPEN:
	case MSG_TOKEN_NEW:
	case MSG_TOKEN_END:
		err = s->job == READER_ACT ? act(s, &w) : ERR_DENIED;
		break;
	default:
		err = ERR_BAD_MESSAGE;
	}
	crypt_wipe(s->seed, sizeof(s->seed));
	crypt_wipe(w.buf, w.len);
	if (!err)
		return OK;
	wire_begin(&w, MSG_ERROR, w.id);
	wire_put_u16(&w, (uint16_t)err);
	wire_put_str(&w, s->about.say);
	return wire_send(s->keeper, &w, -1);
}
