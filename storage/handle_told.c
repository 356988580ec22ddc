/* handle_told.c - saqta-alert says whom it has told: entered, then answered. */
#include <string.h>

#include "storage/keeper.h"

#define KIND_LETTERS "abcdefghijklmnopqrstuvwxyz-"

/* A camera's own is found again at its gap; of the rest the entry is enough. */
static enum err enter_told(struct keeper *k, struct mark_row *m,
    const struct token_row *t, const char *whom)
{
	struct camera_row c;
	struct enter e;
	enum err err;

	enter_begin(k, &e, ENTRY_TOLD, 0);
	if (*m->camera)
		entry_put_text(&e.e, TAG_CAMERA, m->camera);
	entry_put_u64(&e.e, TAG_TOKEN, t->id);
	entry_put_i64(&e.e, TAG_AT, m->at_ns);
	enter_text(&e, TAG_NOTE, whom);
	entry_put_text(&e.e, TAG_INCIDENT, m->request);
	entry_put_u64(&e.e, TAG_OVER, m->kind == MARK_TOLD_OVER);
	err = enter_end(k, &e, &m->entry);
	if (!err && !index_camera_find(k->ix, m->camera, &c))
		err = index_mark_put(k->ix, m);
	return err;
}

void handle_alert_told(struct keeper *k, struct conn *c, struct wire *w)
{
	struct mark_row m = {.made_ns = k->now.ns};
	struct token_row t;
	char whom[TEXT_MAX];
	uint32_t id = w->id;
	enum err err = token_use(k, w, SCOPE_ALERTS_WRITE, &t);

	wire_get_text(w, m.request, sizeof(m.request));
	wire_get_text(w, m.camera, sizeof(m.camera));
	m.at_ns = wire_get_i64(w);
	m.kind = (enum mark_kind)wire_get_u8(w);
	wire_get_text(w, whom, sizeof(whom));
	if (!err)
		err = wire_end(w);
	if (!err && m.kind != MARK_TOLD && m.kind != MARK_TOLD_OVER)
		err = ERR_BAD_MESSAGE;
	if (!err &&
	    (!*m.request || !*whom ||
		strspn(m.request, KIND_LETTERS) != strlen(m.request)))
		err = ERR_INVALID;
	if (!err)
		err = enter_told(k, &m, &t, whom);
	if (err) {
		conn_error(c, id, err, token_say(err));
		return;
	}
	wire_begin(w, MSG_ALERT_TOLD_IS, id);
	wire_put_u64(w, m.entry);
	conn_send(c, w, -1);
}
