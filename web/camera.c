#include "web/camera.h"

#include <string.h>

#include "storage/api/fingerprint.h"
#include "web/json.h"
#include "web/reply.h"
#include "web/seal.h"

#define URL_MAX 511
#define NAME_MAX_BYTES 127
#define CERTIFICATE_MAX (FINGERPRINT_TEXT - 1)
#define ANSWER_MAX (256u << 10)

static void ask(struct http *x, struct wire *w, uint16_t answer,
    void (*next)(struct http *))
{
	http_ask(x, x->session->peer, w, answer, next);
}

/*
 * What a body with a login becomes needs the recorder's key first. So the
 * first step asks for that; the body waits, and is read in the second, which
 * seals the login before anything else happens to it.
 */
static void with_key(struct http *x, void (*next)(struct http *))
{
	struct wire w;

	wire_begin(&w, MSG_RECORDER_KEY, 0);
	ask(x, &w, MSG_RECORDER_KEY_IS, next);
}

static uint8_t get_transport(struct json *j)
{
	const char *s = json_get_str(j, "transport", 1, 8);

	if (strcmp(s, "udp") == 0)
		return TRANSPORT_UDP;
	if (strcmp(s, "tcp") != 0)
		json_refuse(j, "transport", "tcp or udp");
	return TRANSPORT_TCP;
}

/* user and password of the body, sealed, as the next field of w. */
static void put_login(struct http *x, struct json *j, struct wire *w)
{
	unsigned char key[SEAL_KEY_BYTES] = {0}, box[SEAL_MAX];
	const char *user = json_get_str(j, "user", 0, SEAL_USER_MAX);
	const char *password =
	    json_get_str(j, "password", 0, SEAL_PASSWORD_MAX);
	size_t n = 0;
	const void *p = wire_get_bytes(&x->in, &n);

	if (j->err != OK)
		return;
	if (wire_end(&x->in) != OK || n != sizeof(key)) {
		j->err = ERR_INTERNAL;
		return;
	}
	memcpy(key, p, sizeof(key));
	j->err = seal_login(key, user, password, box, &n);
	if (j->err == OK)
		wire_put_bytes(w, box, n);
}

/* Storage says what a fingerprint is; without TLS there is none. */
static void put_certificate(struct json *j, struct wire *w)
{
	const char *s = json_find_str(j, "certificate", CERTIFICATE_MAX);

	wire_put_str(w, s ? s : "");
}

static void end_body(struct http *x, struct json *j, struct wire *w,
    uint16_t answer, void (*next)(struct http *))
{
	enum err err = json_end(j);

	if (err == OK && w->err != OK)
		reply_problem(x, ERR_TOO_LARGE, NULL, NULL);
	else if (err == OK)
		ask(x, w, answer, next);
	else
		reply_problem(x, err, j->detail, j->pointer);
	json_wipe(j);
}

static void looked(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_bulk(x, "application/json", ANSWER_MAX);
}

static void probe_now(struct http *x)
{
	struct json j;
	struct wire w;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_LOOK, 0);
	wire_put_u8(&w, LOOK_PROBE);
	wire_put_str(&w, json_get_str(&j, "url", 1, URL_MAX));
	wire_put_u8(&w, get_transport(&j));
	put_login(x, &j, &w);
	end_body(x, &j, &w, MSG_LOOK_IS, looked);
}

void camera_probe(struct http *x)
{
	with_key(x, probe_now);
}

static void onvif_now(struct http *x)
{
	struct json j;
	struct wire w;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_LOOK, 0);
	wire_put_u8(&w, LOOK_ONVIF);
	wire_put_str(&w, json_get_str(&j, "address", 1, 255));
	wire_put_u8(&w, TRANSPORT_TCP);
	put_login(x, &j, &w);
	end_body(x, &j, &w, MSG_LOOK_IS, looked);
}

void camera_onvif(struct http *x)
{
	with_key(x, onvif_now);
}

void camera_discover(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_LOOK, 0);
	wire_put_u8(&w, LOOK_DISCOVER);
	wire_put_str(&w, json_get_str(&j, "target", 0, 48));
	wire_put_u8(&w, TRANSPORT_TCP);
	wire_put_bytes(&w, "", 0);
	end_body(x, &j, &w, MSG_LOOK_IS, looked);
}

static void added(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_json(x, 201, json_text("{s:b}", "added", 1));
}

static void add_now(struct http *x)
{
	struct json j;
	struct wire w;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_CAMERA_ADD, 0);
	wire_put_str(&w, json_get_str(&j, "id", 1, CAMERA_ID_MAX));
	wire_put_str(&w, json_get_str(&j, "name", 1, NAME_MAX_BYTES));
	wire_put_str(&w, json_get_str(&j, "atm", 1, NAME_MAX_BYTES));
	wire_put_str(&w, json_get_str(&j, "place", 0, NAME_MAX_BYTES));
	wire_put_str(&w, json_get_str(&j, "url", 1, URL_MAX));
	wire_put_u8(&w, get_transport(&j));
	put_login(x, &j, &w);
	wire_put_str(&w, json_get_str(&j, "device", 0, NAME_MAX_BYTES));
	put_certificate(&j, &w);
	end_body(x, &j, &w, MSG_OK, added);
}

void camera_add(struct http *x)
{
	with_key(x, add_now);
}

static void done(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_json(x, 200, json_text("{s:s}", "id", x->args.camera));
}

static void enable(struct http *x, uint8_t on)
{
	struct wire w;

	wire_begin(&w, MSG_CAMERA_ENABLE, 0);
	wire_put_str(&w, x->args.camera);
	wire_put_u8(&w, on);
	ask(x, &w, MSG_OK, done);
}

void camera_enable(struct http *x)
{
	enable(x, 1);
}

void camera_disable(struct http *x)
{
	enable(x, 0);
}

static void replace_now(struct http *x)
{
	struct json j;
	struct wire w;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_CAMERA_REPLACE, 0);
	wire_put_str(&w, x->args.camera);
	wire_put_str(&w, json_get_str(&j, "device", 0, NAME_MAX_BYTES));
	wire_put_str(&w, json_get_str(&j, "url", 1, URL_MAX));
	wire_put_u8(&w, get_transport(&j));
	put_login(x, &j, &w);
	put_certificate(&j, &w);
	end_body(x, &j, &w, MSG_OK, done);
}

void camera_replace(struct http *x)
{
	with_key(x, replace_now);
}

/* An act on the camera of the path and one text of the body. */
static void tell(struct http *x, uint16_t type, const char *member, size_t max)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, type, 0);
	wire_put_str(&w, x->args.camera);
	wire_put_str(&w, json_get_str(&j, member, 1, max));
	end_body(x, &j, &w, MSG_OK, done);
}

void camera_retire(struct http *x)
{
	tell(x, MSG_CAMERA_RETIRE, "reason", WIRE_STR_MAX - 1);
}

void camera_move(struct http *x)
{
	tell(x, MSG_CAMERA_MOVE, "atm", NAME_MAX_BYTES);
}

void camera_atm_move(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_ATM_MOVE, 0);
	wire_put_str(&w, json_get_str(&j, "atm", 1, NAME_MAX_BYTES));
	wire_put_str(&w, json_get_str(&j, "place", 1, NAME_MAX_BYTES));
	end_body(x, &j, &w, MSG_OK, done);
}

/* --- the aiming picture --- */

static void pictured(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_bulk(x, "image/jpeg", AIM_BYTES_MAX);
}

/* A look is an act, entered: no GET, which a page elsewhere could cause. */
void camera_picture(struct http *x)
{
	struct wire w;

	wire_begin(&w, MSG_AIM, 0);
	wire_put_str(&w, x->args.camera);
	ask(x, &w, MSG_AIM_IS, pictured);
}

void camera_aim_open(struct http *x)
{
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_AIM_OPEN, 0);
	wire_put_str(&w, x->args.camera);
	wire_put_str(&w, json_get_str(&j, "reason", 3, WIRE_STR_MAX - 1));
	json_put_credential(&j, &w);
	end_body(x, &j, &w, MSG_OK, done);
	explicit_bzero(&w, sizeof(w));
}

void camera_keypad(struct http *x)
{
	static const char *const names[KEYPAD_MAX] = {
	    [KEYPAD_OUTSIDE] = "outside",
	    [KEYPAD_MASKED] = "masked",
	    [KEYPAD_VISIBLE] = "visible",
	};
	uint8_t keypad = KEYPAD_UNKNOWN;
	const char *said;
	struct json j;
	struct wire w;

	x->err = json_begin(&j, x->body, x->body_n);
	said = json_get_str(&j, "keypad", 1, 8);
	for (unsigned i = KEYPAD_OUTSIDE; i < KEYPAD_MAX; i++)
		if (strcmp(said, names[i]) == 0)
			keypad = (uint8_t)i;
	if (keypad == KEYPAD_UNKNOWN)
		json_refuse(&j, "keypad", "outside, masked or visible");
	wire_begin(&w, MSG_KEYPAD, 0);
	wire_put_str(&w, x->args.camera);
	wire_put_u8(&w, keypad);
	end_body(x, &j, &w, MSG_OK, done);
}

/* --- what views of a camera cover --- */

#define ZONES "zones"
#define CORNERS "corners"

static uint16_t get_place(struct json *j, const char *name)
{
	int64_t v = json_get_number(j, name);

	if (v > ZONE_SCALE)
		json_refuse(j, name, "0 to 1000, per mille of the picture");
	return v > ZONE_SCALE ? 0 : (uint16_t)v;
}

static void put_zone(struct json *j, struct wire *w)
{
	const char *kind = json_get_str(j, "kind", 1, 4);
	bool fill = strcmp(kind, "fill") == 0;
	size_t n =
	    json_get_list(j, CORNERS, ZONE_CORNERS_MIN, ZONE_CORNERS_MAX);

	if (!fill && strcmp(kind, "blur") != 0)
		json_refuse(j, "kind", "blur or fill");
	wire_put_u8(w, fill ? ZONE_FILL : ZONE_BLUR);
	wire_put_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		struct json at;

		if (!json_item(j, CORNERS, i, &at))
			break;
		wire_put_u16(w, get_place(&at, "x"));
		wire_put_u16(w, get_place(&at, "y"));
		json_item_end(j, CORNERS, i, &at);
	}
}

void camera_zones(struct http *x)
{
	struct json j;
	struct wire w;
	size_t n;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_ZONES, 0);
	wire_put_str(&w, x->args.camera);
	n = json_get_list(&j, ZONES, 0, ZONES_MAX);
	wire_put_u8(&w, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		struct json zone;

		if (!json_item(&j, ZONES, i, &zone))
			break;
		put_zone(&zone, &w);
		json_item_end(&j, ZONES, i, &zone);
	}
	end_body(x, &j, &w, MSG_OK, done);
}
