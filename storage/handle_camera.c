/*
 * handle_camera.c - an operator's work on cameras: add, switch, replace,
 * retire, move. Place, ATM, camera position and device are apart: footage and
 * its term belong to the position, and nothing here touches either (P2).
 */
#include <stdio.h>
#include <string.h>

#include "storage/keeper.h"

static void tell_recorder(struct keeper *k)
{
	struct wire w;

	if (!k->supervisor)
		return;
	wire_begin(&w, MSG_CAMERAS_CHANGED, 0);
	conn_send(k->supervisor, &w, -1);
}

static bool is_tls(const char *url)
{
	return !strncmp(url, "rtsps://", 8);
}

/* What a device needs to be reached; NULL, or why it is refused. */
static const char *get_device(struct wire *w, struct camera_row *r)
{
	const unsigned char *sealed;
	const char *host;

	wire_get_text(w, r->url, sizeof(r->url));
	r->transport = (enum transport)wire_get_u8(w);
	sealed = wire_get_bytes(w, &r->sealed_n);
	if (r->sealed_n > sizeof(r->sealed)) {
		r->sealed_n = 0;
		return "User and password together are too long.";
	}
	if (sealed)
		memcpy(r->sealed, sealed, r->sealed_n);
	host = is_tls(r->url)		   ? r->url + 8 :
	    !strncmp(r->url, "rtsp://", 7) ? r->url + 7 :
					     NULL;
	if (!host)
		return "A camera address begins with rtsp:// or rtsps://.";
	if (!*host || *host == '/' || strchr(host, '@'))
		return "Give the address without user and password: "
		       "rtsp://HOST[:PORT]/PATH. They are asked for apart.";
	if (r->transport > TRANSPORT_UDP)
		return "The transport is TCP or UDP.";
	if (is_tls(r->url) && r->transport != TRANSPORT_TCP)
		return "With rtsps:// the transport is TCP: over UDP the "
		       "pictures would come in clear.";
	return NULL;
}

/* The certificate that a camera with TLS must show, and no other has. */
static const char *get_certificate(struct wire *w, struct camera_row *r)
{
	unsigned char sum[FINGERPRINT_BYTES];
	const char *text = wire_get_str(w);

	r->certificate[0] = '\0';
	if (!is_tls(r->url))
		return *text ? "A certificate belongs to rtsps:// only." : NULL;
	if (fingerprint_parse(text, sum))
		return "rtsps:// needs the SHA-256 fingerprint of the camera's "
		       "certificate, as saqta camera probe shows it.";
	fingerprint_text(sum, r->certificate);
	return NULL;
}

static const char *get_camera(struct wire *w, struct camera_row *r,
    char device[NAME_MAX_BYTES])
{
	const char *why, *pin;

	wire_get_text(w, r->id, sizeof(r->id));
	wire_get_text(w, r->name, sizeof(r->name));
	wire_get_text(w, r->atm, sizeof(r->atm));
	wire_get_text(w, r->place, sizeof(r->place));
	why = get_device(w, r);
	wire_get_text(w, device, NAME_MAX_BYTES);
	pin = get_certificate(w, r);
	if (wire_end(w))
		return "The message is malformed.";
	if (!camera_id_ok(r->id))
		return "A camera id is 1 to 32 of a-z, 0-9 and -, and does "
		       "not begin with -.";
	return why ? why : pin;
}

/* An ATM stands at one place: a camera takes it, or tells it first. */
static const char *take_place(struct keeper *k, struct camera_row *r)
{
	struct stood_row now;

	if (!*r->atm)
		return "An ATM is needed.";
	if (index_stood_now(k->ix, STOOD_PLACE, r->atm, &now) || !*now.value)
		return NULL;
	if (*r->place && strcmp(r->place, now.value))
		return "That ATM stands at another place: move it with "
		       "saqta atm move, or leave the place out.";
	snprintf(r->place, sizeof(r->place), "%.*s", (int)sizeof(r->place) - 1,
	    now.value);
	return NULL;
}

/* What now stands where, beside the rows of cameras. */
static enum err put_stood(struct keeper *k, const struct camera_row *r,
    const char *device)
{
	struct stood_row now;
	enum err err = index_stood_begin(k->ix, STOOD_DEVICE, r->id, k->now.ns,
	    r->url, device);

	if (!err)
		err = index_stood_begin(k->ix, STOOD_ATM, r->id, k->now.ns,
		    r->atm, "");
	if (!err &&
	    (index_stood_now(k->ix, STOOD_PLACE, r->atm, &now) ||
		strcmp(now.value, r->place)))
		err = index_stood_begin(k->ix, STOOD_PLACE, r->atm, k->now.ns,
		    r->place, "");
	return err;
}

/* Whom the recorder is to trust is entered: P5 for the way of the pictures. */
static void put_certificate(struct enter *x, const struct camera_row *r)
{
	if (*r->certificate)
		entry_put_text(&x->e, TAG_CERTIFICATE, r->certificate);
}

static enum err enter_camera(struct keeper *k, const struct camera_row *r,
    const char *device, uint64_t person, uint64_t *ret_entry)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_CAMERA_ADDED, person);
	entry_put_text(&x.e, TAG_CAMERA, r->id);
	enter_text(&x, TAG_ATM, r->atm);
	enter_text(&x, TAG_PLACE, r->place);
	if (*device)
		enter_text(&x, TAG_DEVICE, device);
	put_certificate(&x, r);
	return enter_end(k, &x, ret_entry);
}

/* Of one that a rebuild found in the ledger alone, id and number stand. */
static enum err take_bare(struct keeper *k, struct camera_row *r)
{
	struct camera_row old;
	int64_t retired = 0;
	enum err err = index_camera_find(k->ix, r->id, &old);

	if (!err)
		err = index_retired(k->ix, r->id, &retired);
	if (err)
		return err;
	if (*old.url || retired)
		return ERR_EXISTS;
	r->added_ns = old.added_ns;
	r->next_seq = old.next_seq;
	return OK;
}

void handle_camera_add(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera_row r = {.enabled = true,
	    .next_seq = 1,
	    .state = CAMERA_CONNECTING,
	    .cause = CAUSE_CONNECTING};
	char device[NAME_MAX_BYTES], full[320];
	struct camera *m;
	uint32_t id = w->id;
	uint64_t entry = 0;
	const char *why = get_camera(w, &r, device);
	enum err err;

	if (!why)
		why = take_place(k, &r);
	err = !may_onboard(c) ? ERR_DENIED : why ? ERR_INVALID : OK;
	r.added_ns = r.since_ns = k->now.ns;
	m = err ? NULL : camera_find(k, r.id);
	if (m)
		err = take_bare(k, &r);
	else if (!err && capacity_refuses(k, full, sizeof(full))) {
		err = ERR_INVALID;
		why = full;
	}
	if (!err)
		err = index_camera_put(k->ix, &r);
	if (!err)
		err = put_stood(k, &r, device);
	if (!err)
		err = enter_camera(k, &r, device, who_asks(c), &entry);
	if (!err && !m)
		err = camera_load(k, r.id, &m);
	if (err) {
		conn_error(c, id, err, err == ERR_INVALID ? why : NULL);
		return;
	}
	camera_gap(k, m, CAUSE_CONNECTING);
	aim_begin(k, m, entry);
	tell_recorder(k);
	conn_ok(c, id);
}

/* A camera that is to be changed: known, and not retired. */
static enum err find_active(struct keeper *k, struct conn *c, const char *id,
    struct camera **ret, struct camera_row *ret_row, const char **ret_why)
{
	int64_t retired = 0;
	enum err err;

	if (!may_onboard(c))
		return ERR_DENIED;
	*ret = camera_find(k, id);
	if (!*ret)
		return ERR_NOT_FOUND;
	err = index_camera_find(k->ix, id, ret_row);
	if (!err)
		err = index_retired(k->ix, id, &retired);
	if (err || !retired)
		return err;
	*ret_why = "That camera was retired; its history stays as it is.";
	return ERR_INVALID;
}

static void finish(struct keeper *k, struct conn *c, uint32_t id, enum err err,
    const char *why)
{
	if (err) {
		conn_error(c, id, err, why);
		return;
	}
	tell_recorder(k);
	conn_ok(c, id);
}

void handle_camera_enable(struct keeper *k, struct conn *c, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1];
	const char *why = NULL;
	struct camera *m;
	struct camera_row row;
	struct enter x;
	bool enabled;
	enum err err;

	wire_get_text(w, id, sizeof(id));
	enabled = wire_get_u8(w) == 1;
	err = wire_end(w);
	if (!err)
		err = find_active(k, c, id, &m, &row, &why);
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
	if (!err && !m->segment)
		camera_gap(k, m,
		    enabled ? CAUSE_CONNECTING : CAUSE_SWITCHED_OFF);
	finish(k, c, w->id, err, why);
}

/* The old device sends no more; what it sent is sealed as it is. */
static void part_from(struct keeper *k, struct camera *m, enum cause cause)
{
	camera_end_segment(k, m);
	camera_gap(k, m, cause);
	if (!m->conn)
		return;
	m->conn->camera = NULL;
	m->conn->closing = true;
	m->conn = NULL;
}

/* What follows from the entry that a device was replaced. */
static enum err commission(struct keeper *k, struct camera *m, bool is_new,
    uint64_t entry)
{
	if (!is_new)
		return OK;
	aim_begin(k, m, entry);
	return keypad_anew(k, m);
}

void handle_camera_replace(struct keeper *k, struct conn *c, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1], device[NAME_MAX_BYTES];
	struct camera_row row, new = {0};
	const char *why, *pin, *retired = NULL;
	struct stood_row old = {0};
	struct camera *m;
	struct enter x;
	uint64_t entry = 0;
	bool is_new = false;
	enum err err;

	wire_get_text(w, id, sizeof(id));
	wire_get_text(w, device, sizeof(device));
	why = get_device(w, &new);
	pin = get_certificate(w, &new);
	if (!why)
		why = pin;
	err = wire_end(w);
	if (!err)
		err = find_active(k, c, id, &m, &row, &retired);
	if (!err && why)
		err = ERR_INVALID;
	if (err) {
		finish(k, c, w->id, err, retired ? retired : why);
		return;
	}
	is_new = index_stood_now(k->ix, STOOD_DEVICE, id, &old) ||
	    aim_is_new_device(row.url, old.detail, new.url, device);
	part_from(k, m, CAUSE_CONNECTING);
	memcpy(row.url, new.url, sizeof(row.url));
	memcpy(row.sealed, new.sealed, sizeof(row.sealed));
	row.sealed_n = new.sealed_n;
	memcpy(row.certificate, new.certificate, sizeof(row.certificate));
	row.transport = new.transport;
	err = index_camera_put(k->ix, &row);
	if (!err)
		err = index_stood_begin(k->ix, STOOD_DEVICE, id, k->now.ns,
		    row.url, device);
	if (!err)
		err = scene_anew(k, m);
	if (!err) {
		enter_begin(k, &x, ENTRY_DEVICE, who_asks(c));
		entry_put_text(&x.e, TAG_CAMERA, id);
		enter_text(&x, TAG_DEVICE, device);
		put_certificate(&x, &row);
		err = enter_end(k, &x, &entry);
	}
	if (!err)
		err = commission(k, m, is_new, entry);
	finish(k, c, w->id, err, NULL);
}

void handle_camera_retire(struct keeper *k, struct conn *c, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1], reason[TEXT_MAX];
	const char *why = NULL;
	struct camera_row row;
	struct camera *m;
	struct enter x;
	enum err err;

	wire_get_text(w, id, sizeof(id));
	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err)
		err = find_active(k, c, id, &m, &row, &why);
	if (!err && !*reason) {
		why = "A reason is needed.";
		err = ERR_INVALID;
	}
	if (err) {
		finish(k, c, w->id, err, why);
		return;
	}
	part_from(k, m, CAUSE_SWITCHED_OFF);
	aim_end(k, m);
	row.enabled = false;
	memset(row.sealed, 0, sizeof(row.sealed));
	row.sealed_n = 0;	/* nobody needs its password any more */
	err = index_camera_put(k->ix, &row);
	if (!err)
		err = index_stood_end(k->ix, STOOD_DEVICE, id, k->now.ns);
	if (!err)
		err = index_stood_end(k->ix, STOOD_ATM, id, k->now.ns);
	if (!err) {
		enter_begin(k, &x, ENTRY_RETIRED, who_asks(c));
		entry_put_text(&x.e, TAG_CAMERA, id);
		enter_text(&x, TAG_REASON, reason);
		err = enter_end(k, &x, NULL);
	}
	finish(k, c, w->id, err, NULL);
}

void handle_camera_move(struct keeper *k, struct conn *c, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1], atm[NAME_MAX_BYTES];
	const char *why = NULL;
	struct camera_row row;
	struct stood_row place;
	struct camera *m;
	struct enter x;
	enum err err;

	wire_get_text(w, id, sizeof(id));
	wire_get_text(w, atm, sizeof(atm));
	err = wire_end(w);
	if (!err)
		err = find_active(k, c, id, &m, &row, &why);
	if (!err && index_stood_now(k->ix, STOOD_PLACE, atm, &place)) {
		why = "That ATM is not known: name its place with "
		      "saqta atm move first.";
		err = ERR_INVALID;
	}
	if (!err) {
		memcpy(row.atm, atm, sizeof(row.atm));
		snprintf(row.place, sizeof(row.place), "%.*s",
		    (int)sizeof(row.place) - 1, place.value);
		err = index_camera_put(k->ix, &row);
	}
	if (!err)
		err =
		    index_stood_begin(k->ix, STOOD_ATM, id, k->now.ns, atm, "");
	if (!err) {
		enter_begin(k, &x, ENTRY_CAMERA_MOVED, who_asks(c));
		entry_put_text(&x.e, TAG_CAMERA, id);
		enter_text(&x, TAG_ATM, atm);
		err = enter_end(k, &x, NULL);
	}
	finish(k, c, w->id, err, why);
}

/* The cameras of an ATM go with it; those that were retired stay behind. */
static enum err take_along(struct keeper *k, const char *atm, const char *place)
{
	struct camera_row row = {0};
	int64_t retired;
	enum err err;

	while (!(err = index_camera_next(k->ix, row.id, &row))) {
		if (strcmp(row.atm, atm) ||
		    index_retired(k->ix, row.id, &retired) || retired)
			continue;
		snprintf(row.place, sizeof(row.place), "%s", place);
		err = index_camera_put(k->ix, &row);
		if (err)
			return err;
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

void handle_atm_move(struct keeper *k, struct conn *c, struct wire *w)
{
	char atm[NAME_MAX_BYTES], place[NAME_MAX_BYTES];
	struct enter x;
	enum err err;

	wire_get_text(w, atm, sizeof(atm));
	wire_get_text(w, place, sizeof(place));
	err = wire_end(w);
	if (!err && !may_onboard(c))
		err = ERR_DENIED;
	if (!err && (!*atm || !*place))
		err = ERR_INVALID;
	if (!err)
		err = index_stood_begin(k->ix, STOOD_PLACE, atm, k->now.ns,
		    place, "");
	if (!err)
		err = take_along(k, atm, place);
	if (!err) {
		enter_begin(k, &x, ENTRY_ATM_MOVED, who_asks(c));
		enter_text(&x, TAG_ATM, atm);
		enter_text(&x, TAG_PLACE, place);
		err = enter_end(k, &x, NULL);
	}
	finish(k, c, w->id, err, NULL);
}
