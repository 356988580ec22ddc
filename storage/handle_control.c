/* handle_control.c - the saqta tool: cameras, state, coverage. */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/view.h"

static struct view view_of(struct keeper *k)
{
	return (struct view){.ix = k->ix,
	    .ledger = k->ledger,
	    .data_fd = k->data_fd,
	    .site = k->conf.site_name,
	    .zone = k->site.zone,
	    .demo = k->conf.demo,
	    .reserve_bytes = (uint64_t)k->conf.reserve_mb << 20,
	    .now = k->now,
	    .role = ROLE_OPERATOR};
}

static void answer(struct conn *c, uint32_t id, uint16_t type, enum err err,
    char *json)
{
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_json(c, type, id, json);
}

void handle_cameras(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = view_of(k);
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_cameras(&v, &json);
	answer(c, w->id, MSG_CAMERAS_IS, err, json);
}

void handle_status(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = view_of(k);
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_status(&v, &json);
	answer(c, w->id, MSG_STATUS_IS, err, json);
}

void handle_coverage(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = view_of(k);
	char camera[CAMERA_ID_MAX + 1], *json = NULL;
	int64_t from, to;
	enum err err;

	wire_get_text(w, camera, sizeof(camera));
	from = wire_get_i64(w);
	to = wire_get_i64(w);
	err = wire_end(w);
	if (!err)
		err = view_coverage(&v, camera, from, to, &json);
	answer(c, w->id, MSG_COVERAGE_IS, err, json);
}

void handle_recorder_key(struct keeper *k, struct conn *c, struct wire *w)
{
	static const unsigned char none[KEY_BYTES];
	uint32_t id = w->id;

	if (!may_onboard(c)) {
		conn_error(c, id, ERR_DENIED, NULL);
		return;
	}
	if (!memcmp(k->recorder_key, none, KEY_BYTES)) {
		conn_error(c, id, ERR_UNAVAILABLE,
		    "The recorder has not introduced itself yet: start "
		    "saqta-recorder first.");
		return;
	}
	wire_begin(w, MSG_RECORDER_KEY_IS, id);
	wire_put_bytes(w, k->recorder_key, KEY_BYTES);
	conn_send(c, w, -1);
}

static void tell_recorder(struct keeper *k)
{
	struct wire w;

	if (!k->supervisor)
		return;
	wire_begin(&w, MSG_CAMERAS_CHANGED, 0);
	conn_send(k->supervisor, &w, -1);
}

static const char *get_camera(struct wire *w, struct camera_row *r)
{
	const unsigned char *sealed;
	const char *host;

	wire_get_text(w, r->id, sizeof(r->id));
	wire_get_text(w, r->name, sizeof(r->name));
	wire_get_text(w, r->atm, sizeof(r->atm));
	wire_get_text(w, r->place, sizeof(r->place));
	wire_get_text(w, r->url, sizeof(r->url));
	r->transport = (enum transport)wire_get_u8(w);
	sealed = wire_get_bytes(w, &r->sealed_n);
	if (wire_end(w))
		return "The message is malformed.";
	if (r->sealed_n > sizeof(r->sealed))
		return "User and password together are too long.";
	memcpy(r->sealed, sealed, r->sealed_n);
	if (!camera_id_ok(r->id))
		return "A camera id is 1 to 32 of a-z, 0-9 and -, and does "
		       "not begin with -.";
	if (strncmp(r->url, "rtsp://", 7))
		return "A camera address begins with rtsp://.";
	host = r->url + 7;
	if (!*host || *host == '/' || strchr(host, '@'))
		return "Give the address without user and password: "
		       "rtsp://HOST[:PORT]/PATH. They are asked for apart.";
	if (r->transport > TRANSPORT_UDP)
		return "The transport is TCP or UDP.";
	return NULL;
}

static enum err enter_camera(struct keeper *k, const struct camera_row *r,
    uint64_t person)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_CAMERA_ADDED, person);
	entry_put_text(&x.e, TAG_CAMERA, r->id);
	enter_text(&x, TAG_ATM, r->atm);
	enter_text(&x, TAG_PLACE, r->place);
	return enter_end(k, &x, NULL);
}

void handle_camera_add(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera_row r = {.enabled = true,
	    .next_seq = 1,
	    .state = CAMERA_CONNECTING,
	    .cause = CAUSE_CONNECTING};
	struct camera *m;
	uint32_t id = w->id;
	const char *why = get_camera(w, &r);
	enum err err = why ? ERR_INVALID : OK;

	if (!may_onboard(c))
		err = ERR_DENIED;
	if (!err && camera_find(k, r.id))
		err = ERR_EXISTS;
	r.added_ns = r.since_ns = k->now.ns;
	if (!err)
		err = index_camera_put(k->ix, &r);
	if (!err)
		err = enter_camera(k, &r, who_asks(c));
	if (!err)
		err = camera_load(k, r.id, &m);
	if (err) {
		conn_error(c, id, err, why);
		return;
	}
	camera_gap(k, m, CAUSE_CONNECTING);
	tell_recorder(k);
	conn_ok(c, id);
}

void handle_camera_enable(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = camera_find(k, wire_get_str(w));
	bool enabled = wire_get_u8(w) == 1;
	struct camera_row row;
	struct enter x;
	enum err err = wire_end(w);

	if (!err && !may_onboard(c))
		err = ERR_DENIED;
	if (!err && !m)
		err = ERR_NOT_FOUND;
	if (!err)
		err = index_camera_find(k->ix, m->id, &row);
	if (!err) {
		row.enabled = enabled;
		err = index_camera_put(k->ix, &row);
	}
	if (!err) {
		enter_begin(k, &x, ENTRY_CAMERA_SWITCHED, who_asks(c));
		entry_put_text(&x.e, TAG_CAMERA, m->id);
		entry_put_u64(&x.e, TAG_ENABLED, enabled);
		err = enter_end(k, &x, NULL);
	}
	if (err) {
		conn_error(c, w->id, err, NULL);
		return;
	}
	tell_recorder(k);
	conn_ok(c, w->id);
}
