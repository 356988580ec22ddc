/* reader_ask.c - what needs no key: views, and what the keeper decides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/session.h"
#include "storage/setup.h"

static enum err send_view(struct session *s, const struct wire *asked,
    enum err err, char *text)
{
	if (!err)
		err = answer_bulk(s, asked, NULL, text, strlen(text));
	free(text);
	return err;
}

enum err session_site(struct session *s, struct wire *w)
{
	struct setup setup;
	struct wire answer;
	enum err err = wire_end(w);

	if (!err)
		err = setup_get(s->ix, &setup);
	if (err)
		return err;
	wire_begin(&answer, MSG_SITE_IS, w->id);
	wire_put_str(&answer, s->site);
	wire_put_str(&answer, s->zone);
	wire_put_u8(&answer, s->demo);
	wire_put_str(&answer, SAQTA_VERSION);
	wire_put_u8(&answer, (uint8_t)setup.state);
	return wire_send(s->client, &answer, -1);
}

enum err session_cameras(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	char *text = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_cameras(&v, &text);
	return send_view(s, w, err, text);
}

/* A view of one camera in a span of time. */
static enum err send_span(struct session *s, struct wire *w,
    enum err (*view)(const struct view *, const char *, int64_t, int64_t,
	char **))
{
	struct view v = session_view(s);
	char camera[CAMERA_ID_MAX + 1], *text = NULL;
	int64_t from, to;
	enum err err;

	get_text(w, camera, sizeof(camera));
	from = wire_get_i64(w);
	to = wire_get_i64(w);
	err = wire_end(w);
	if (!err)
		err = view(&v, camera, from, to, &text);
	return send_view(s, w, err, text);
}

enum err session_coverage(struct session *s, struct wire *w)
{
	return send_span(s, w, view_coverage);
}

/* Who was told that something is wrong with a camera. */
enum err session_told(struct session *s, struct wire *w)
{
	return send_span(s, w, view_told);
}

enum err session_requests(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	struct page page;
	char *text = NULL;
	enum err err;

	get_page(w, &page);
	err = wire_end(w);
	if (!err)
		err = view_requests(&v, &page, &text);
	return send_view(s, w, err, text);
}

/* One's own alone. */
enum err session_drafts(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	char *text = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_drafts(&v, &text);
	return send_view(s, w, err, text);
}

enum err session_ledger(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	uint64_t first = wire_get_u64(w);
	uint32_t count = wire_get_u32(w);
	char *text = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_ledger(&v, first, count, &text);
	return send_view(s, w, err, text);
}

enum err session_status(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	char *text = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_status(&v, &text);
	return send_view(s, w, err, text);
}

enum err keeper_relay(struct session *s, struct wire *w)
{
	enum err err = keeper_call(s, w, -1);

	if (err && w->type == MSG_ERROR)
		snprintf(s->about.say, sizeof(s->about.say), "%s",
		    wire_get_str(w));
	return err;
}

/* The keeper knows who this is, and checks. */
enum err session_request_new(struct session *s, struct wire *w)
{
	char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1];
	char reason[TEXT_MAX], case_no[NAME_MAX_BYTES];
	struct wire to_keeper, answer;
	char code[24] = "", longer[TEXT_MAX] = "";
	uint8_t right = RIGHT_VIEW;
	uint64_t draft = 0;
	int64_t until = 0;
	size_t n;
	enum err err;

	s->about.from_ns = wire_get_i64(w);
	s->about.to_ns = wire_get_i64(w);
	get_text(w, reason, sizeof(reason));
	get_text(w, case_no, sizeof(case_no));
	n = get_cameras(w, cameras);
	if (wire_more(w))
		right = wire_get_u8(w);
	if (wire_more(w)) {
		get_text(w, code, sizeof(code));
		until = wire_get_i64(w);
	}
	if (wire_more(w))
		get_text(w, longer, sizeof(longer));
	if (wire_more(w))
		draft = wire_get_u64(w);
	err = wire_end(w);
	if (err)
		return err;
	keeper_begin(s, &to_keeper, MSG_REQUEST_NEW);
	wire_put_i64(&to_keeper, s->about.from_ns);
	wire_put_i64(&to_keeper, s->about.to_ns);
	wire_put_str(&to_keeper, reason);
	wire_put_str(&to_keeper, case_no);
	put_cameras(&to_keeper, cameras, n);
	wire_put_u8(&to_keeper, right);
	wire_put_str(&to_keeper, code);
	wire_put_i64(&to_keeper, until);
	wire_put_str(&to_keeper, longer);
	wire_put_u64(&to_keeper, draft);
	err = keeper_relay(s, &to_keeper);
	if (err)
		return err;
	wire_begin(&answer, MSG_REQUEST_NEW_IS, w->id);
	wire_put_str(&answer, wire_get_str(&to_keeper));
	err = wire_end(&to_keeper);
	return err ? err : wire_send(s->client, &answer, -1);
}

enum err session_revoke(struct session *s, struct wire *w)
{
	char reason[TEXT_MAX];
	struct wire to_keeper, answer;
	enum err err;

	get_text(w, s->about.request, sizeof(s->about.request));
	get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (err)
		return err;
	keeper_begin(s, &to_keeper, MSG_REVOKE);
	wire_put_str(&to_keeper, s->about.request);
	wire_put_str(&to_keeper, reason);
	err = keeper_relay(s, &to_keeper);
	if (err)
		return err;
	if (!strcmp(s->about.request, s->access.request))
		access_drop(s);
	wire_begin(&answer, MSG_OK, w->id);
	return wire_send(s->client, &answer, -1);
}

enum err session_sign_out(struct session *s, struct wire *w)
{
	struct wire answer;
	enum err err = wire_end(w);

	if (err)
		return err;
	access_drop(s);
	s->signed_out = true;
	wire_begin(&answer, MSG_OK, w->id);
	return wire_send(s->client, &answer, -1);
}
