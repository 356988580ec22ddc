/* handle_mark.c - notes and snapshots of who watches: entered, then answered. */
#include <string.h>

#include "storage/keeper.h"

#define NOTE_MIN 1

/* Within what was granted, and a file only with the right to files. */
static enum err mark_ok(struct keeper *k, const struct reader *r,
    const struct mark_row *m, const char *text)
{
	struct request_row q;
	unsigned rights;
	enum err err = grant_good(k, r, m->request, &q);

	if (err)
		return err;
	if (!list_has(q.granted_cameras, m->camera) ||
	    m->at_ns < q.granted_from_ns - LEASE_ROUND_NS ||
	    m->at_ns > q.granted_to_ns + LEASE_ROUND_NS)
		return ERR_NOT_APPROVED;
	if (m->kind == MARK_NOTE)
		return strlen(text) < NOTE_MIN ? ERR_INVALID : OK;
	err = index_rights_find(k->ix, m->request, &rights);
	return !err && rights != RIGHT_EXPORT ? ERR_NOT_APPROVED : err;
}

static enum err enter_mark(struct keeper *k, struct mark_row *m,
    const char *text)
{
	struct enter e;
	enum err err;

	enter_begin(k, &e, m->kind == MARK_NOTE ? ENTRY_NOTE : ENTRY_SNAPSHOT,
	    m->person);
	entry_put_text(&e.e, TAG_CAMERA, m->camera);
	entry_put_text(&e.e, TAG_REQUEST, m->request);
	entry_put_i64(&e.e, TAG_AT, m->at_ns);
	if (m->kind == MARK_NOTE)
		enter_text(&e, TAG_NOTE, text);
	else
		entry_put_bytes(&e.e, TAG_PICTURE, m->sha256,
		    sizeof(m->sha256));
	err = enter_end(k, &e, &m->entry);
	return err ? err : index_mark_put(k->ix, m);
}

void handle_mark(struct keeper *k, struct conn *c, struct wire *w)
{
	struct mark_row m = {.person = c->reader->person, .made_ns = k->now.ns};
	char text[TEXT_MAX];
	const void *hash;
	size_t n;
	uint32_t id = w->id;
	enum err err;

	wire_get_text(w, m.request, sizeof(m.request));
	wire_get_text(w, m.camera, sizeof(m.camera));
	m.at_ns = wire_get_i64(w);
	m.kind = (enum mark_kind)wire_get_u8(w);
	wire_get_text(w, text, sizeof(text));
	hash = wire_get_bytes(w, &n);
	err = wire_end(w);
	if (!err &&
	    (m.kind == 0 || m.kind >= MARK_WATCHER_MAX ||
		n != (m.kind == MARK_SNAPSHOT ? sizeof(m.sha256) : 0)))
		err = ERR_BAD_MESSAGE;
	if (!err && n)
		memcpy(m.sha256, hash, n);
	if (!err)
		err = mark_ok(k, c->reader, &m, text);
	if (!err)
		err = enter_mark(k, &m, text);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, MSG_MARK_IS, id);
	wire_put_u64(w, m.entry);
	conn_send(c, w, -1);
}
