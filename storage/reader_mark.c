/* reader_mark.c - notes, snapshots and the story of a request. */
#include <stdlib.h>
#include <string.h>

#include "storage/session.h"

/* The keeper knows the grant; it is asked again there (P6). */
enum err session_mark(struct session *s, struct wire *w)
{
	struct wire to_keeper, answer;
	char text[TEXT_MAX];
	const void *hash;
	uint8_t kind;
	size_t n;
	enum err err;

	get_text(w, s->about.request, sizeof(s->about.request));
	get_text(w, s->about.camera, sizeof(s->about.camera));
	s->about.from_ns = s->about.to_ns = wire_get_i64(w);
	kind = wire_get_u8(w);
	get_text(w, text, sizeof(text));
	hash = wire_get_bytes(w, &n);
	err = wire_end(w);
	if (err)
		return err;
	keeper_begin(s, &to_keeper, MSG_MARK);
	wire_put_str(&to_keeper, s->about.request);
	wire_put_str(&to_keeper, s->about.camera);
	wire_put_i64(&to_keeper, s->about.from_ns);
	wire_put_u8(&to_keeper, kind);
	wire_put_str(&to_keeper, text);
	wire_put_bytes(&to_keeper, hash, n);
	err = keeper_relay(s, &to_keeper);
	if (err)
		return err;
	wire_begin(&answer, MSG_MARK_IS, w->id);
	wire_put_u64(&answer, wire_get_u64(&to_keeper));
	err = wire_end(&to_keeper);
	return err ? err : wire_send(s->client, &answer, -1);
}

enum err session_story(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	struct page page;
	char *text = NULL;
	enum err err;

	get_text(w, s->about.request, sizeof(s->about.request));
	get_page(w, &page);
	err = wire_end(w);
	if (!err)
		err = view_story(&v, s->about.request, &page, &text);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}
