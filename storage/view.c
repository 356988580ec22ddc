#include "storage/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/aim.h"
#include "storage/bytes.h"
#include "storage/epoch.h"
#include "storage/etag.h"
#include "storage/footage.h"
#include "storage/view_json.h"
#include "storage/zone.h"

#define SEGMENT_NS_DEFAULT (60 * NS_PER_SEC)
#define PROOF_GRACE_NS (60 * NS_PER_SEC)
#define EXACT_MAX (INT64_C(1) << 53) /* above it a double rounds */

/* As in storage/DESIGN.md, "Promises". */
static const struct {
	const char *number, *state;
} promises[] = {
    {"P1", "in-part"},
    {"P2", "kept"},
    {"P3", "kept"},
    {"P4", "kept"},
    {"P5", "kept"},
    {"P6", "kept"},
    {"P7", "kept"},
    {"P8", "kept"},
    {"P9", "kept"},
    {"P10", "kept"},
    {"P11", "kept"},
    {"P12", "kept"},
};

json_t *json_time(int64_t ns)
{
	char buf[40];

	return json_string(utc_rfc3339((struct utc){ns}, buf, sizeof(buf)));
}

json_t *json_time_or_null(int64_t ns)
{
	return ns ? json_time(ns) : json_null();
}

json_t *json_ns(int64_t ns)
{
	if (ns > -EXACT_MAX && ns < EXACT_MAX)
		return json_integer(ns);
	return json_sprintf("%lld", (long long)ns);
}

json_t *json_text(const void *p, size_t n)
{
	json_t *j = json_stringn(p, n);

	return j ? j : json_null();
}

enum err page_number(const struct page *page, uint64_t *ret)
{
	char *end = NULL;

	*ret = 0;
	if (!page || !*page->after)
		return OK;
	*ret = strtoull(page->after, &end, 10);
	return *end || !*ret ? ERR_INVALID : OK;
}

static uint64_t id_at(const json_t *array, size_t i)
{
	return (uint64_t)
	    json_integer_value(json_object_get(json_array_get(array, i), "id"));
}

enum err json_page(json_t *array, const struct page *page, json_t **ret_next)
{
	size_t n = json_array_size(array);
	bool up = n && id_at(array, 0) < id_at(array, n - 1);
	char next[24] = "";
	uint64_t after;
	enum err err = page_number(page, &after);

	if (err)
		return err;
	while (after && json_array_size(array) &&
	    (up ? id_at(array, 0) <= after : id_at(array, 0) >= after))
		json_array_remove(array, 0);
	n = json_array_size(array);
	if (page && page->limit >= 0 && n > (size_t)page->limit) {
		while (json_array_size(array) > (size_t)page->limit)
			json_array_remove(array, json_array_size(array) - 1);
		snprintf(next, sizeof(next), "%llu",
		    (unsigned long long)id_at(array, (size_t)page->limit - 1));
	}
	*ret_next = *next ? json_string(next) : json_null();
	return OK;
}

json_t *json_words(const char *s)
{
	json_t *a = json_array();

	while (*s) {
		size_t n = strcspn(s, " ");

		if (n && json_array_append_new(a, json_stringn(s, n)) < 0) {
			json_decref(a);
			return NULL;
		}
		s += n + (s[n] == ' ');
	}
	return a;
}

json_t *json_flags(uint32_t flags)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
	    {FRAGMENT_DAMAGED, "damaged"},
	    {FRAGMENT_UNTRUSTED, "clock-untrusted"},
	    {FRAGMENT_OVERLAP, "overlap"},
	    {SPAN_AWAY, "away"},
	};
	json_t *a = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit &&
		    json_array_append_new(a, json_string(names[i].name)) < 0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

enum err view_text(json_t *j, char **ret)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	if (!text)
		return ERR_NO_MEMORY;
	*ret = text;
	return OK;
}

json_t *view_person(const struct view *v, uint64_t person)
{
	struct person_row p;

	if (!person || index_person_find(v->ix, person, &p))
		return json_null();
	return json_text(p.name, strlen(p.name));
}

/* The longest of a camera's last segments: how often a proof may come. */
static enum err segment_ns(const struct view *v, const char *camera,
    int64_t *ret)
{
	struct segment_row s;
	enum err err = index_segment_last(v->ix, camera, &s);
	int64_t longest = SEGMENT_NS_DEFAULT;

	for (int i = 0; i < 3 && !err; i++) {
		if (s.end_ns - s.start_ns > longest)
			longest = s.end_ns - s.start_ns;
		err = index_segment_find(v->ix, camera, s.seq - 1, &s);
	}
	*ret = longest;
	return err == ERR_NOT_FOUND ? OK : err;
}

/* Not because a socket is open: because a picture was read back (P9). */
enum err view_recording(const struct view *v, const struct camera_row *c,
    int64_t proved_ns, bool *ret)
{
	int64_t length;
	enum err err = segment_ns(v, c->id, &length);

	if (!err)
		*ret = c->enabled && c->state == CAMERA_STREAMING &&
		    proved_ns &&
		    v->now.ns - proved_ns <= 3 * length + PROOF_GRACE_NS &&
		    proved_ns - v->now.ns <= PROOF_GRACE_NS;
	return err;
}

static const char *state_name(const struct camera_row *c, bool recording)
{
	if (!c->enabled || c->state == CAMERA_OFF)
		return "off";
	if (c->state == CAMERA_CONNECTING)
		return "connecting";
	if (c->state == CAMERA_DOWN)
		return "down";
	return recording ? "recording" : "streaming";
}

struct history {
	const struct view *v;
	json_t *list;
	const char *name; /* what a row's value is called */
	bool devices, urls;
};

static json_t *valid(const struct stood_row *r)
{
	return json_pack("{s:o, s:o}", "from", json_time(r->from_ns), "to",
	    r->to_ns == INT64_MAX ? json_null() : json_time(r->to_ns));
}

static enum err add_valid(const struct stood_row *r, void *arg)
{
	struct history *h = arg;
	json_t *o = valid(r);

	if (h->devices)
		json_object_set_new(o, "device",
		    json_text(r->detail, strlen(r->detail)));
	if (!h->devices || h->urls)
		json_object_set_new(o, h->name,
		    json_text(r->value, strlen(r->value)));
	return json_array_append_new(h->list, o) < 0 ? ERR_NO_MEMORY : OK;
}

/* After the list is whole: one statement serves both, never nested. */
static enum err add_places(const struct view *v, json_t *atm)
{
	struct history places = {.v = v, .name = "place", .list = json_array()};
	const char *name = json_string_value(json_object_get(atm, "atm"));
	enum err err = index_stood(v->ix, STOOD_PLACE, name ? name : "",
	    add_valid, &places);

	return json_object_set_new(atm, "places", places.list) < 0 ?
	    ERR_NO_MEMORY :
	    err;
}

/* What stood where when: footage of then is found by where it was then. */
static enum err add_history(const struct view *v, const char *id,
    bool as_operator, json_t *o)
{
	struct history devices = {.v = v,
	    .name = "url",
	    .devices = true,
	    .urls = as_operator,
	    .list = json_array()};
	struct history atms = {.v = v, .name = "atm", .list = json_array()};
	struct camera_row row;
	char etag[ETAG_TEXT];
	int64_t retired = 0;
	enum err err =
	    index_stood(v->ix, STOOD_DEVICE, id, add_valid, &devices);

	if (!err)
		err = index_stood(v->ix, STOOD_ATM, id, add_valid, &atms);
	for (size_t i = 0; !err && i < json_array_size(atms.list); i++)
		err = add_places(v, json_array_get(atms.list, i));
	if (!err)
		err = index_retired(v->ix, id, &retired);
	if (!err)
		err = index_camera_find(v->ix, id, &row);
	if (!err)
		err = etag_camera(v->ix, &row, etag);
	json_object_set_new(o, "etag", json_string(err ? "" : etag));
	json_object_set_new(o, "retired", json_time_or_null(retired));
	json_object_set_new(o, "devices", devices.list);
	json_object_set_new(o, "atms", atms.list);
	return err;
}

/*
 * How far its clock is ahead of ours: what its last sender reports said when
 * one of its last two segments began; the first of a connection has none.
 */
static json_t *clock_offset(const struct view *v, const char *camera)
{
	struct journal_record r;
	struct segment_row s;
	enum err err = index_segment_last(v->ix, camera, &s);

	for (int i = 0; i < 2 && !err; i++) {
		if (!footage_begin(v->data_fd, &s, &r) && r.camera_clock_ns)
			return json_integer((r.camera_clock_ns - r.start_ns) /
			    NS_PER_MS);
		err = index_segment_find(v->ix, camera, s.seq - 1, &s);
	}
	return json_null();
}

static const struct {
	enum alarm kind;
	const char *name;
} kinds[] = {
    {ALARM_NO_SEGMENT, "no-segment"},
    {ALARM_BLACK, "black"},
    {ALARM_COVERED, "covered"},
    {ALARM_FROZEN, "frozen"},
    {ALARM_DEFOCUSED, "defocused"},
    {ALARM_MOVED, "moved"},
};

const char *alarm_name(uint64_t kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((uint64_t)kinds[i].kind == kind)
			return kinds[i].name;
	return "unknown";
}

static json_t *alarms(const struct view *v, const char *camera)
{
	json_t *a = json_array();
	int64_t since;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!index_alarm_find(v->ix, camera, kinds[i].kind, &since) &&
		    json_array_append_new(a,
			json_pack("{s:s, s:o}", "kind", kinds[i].name, "since",
			    json_time(since))) < 0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

/*
 * Until when an operator may look through it, where its keypad is, and what
 * views of it cover.
 */
static enum err add_aim(const struct view *v, const char *camera, json_t *o)
{
	unsigned char until[8] = {0}, keypad = 0, zones[ZONES_BYTES_MAX];
	char name[CAMERA_ID_MAX + 8];
	int64_t ns = 0;
	size_t n;

	snprintf(name, sizeof(name), "aim %s", camera);
	if (!index_setting_find(v->ix, name, until, sizeof(until), &n) &&
	    n == sizeof(until))
		ns = (int64_t)be_get(until, sizeof(until));
	snprintf(name, sizeof(name), "keypad %s", camera);
	if (index_setting_find(v->ix, name, &keypad, 1, &n) || n != 1)
		keypad = 0;
	if (index_setting_find(v->ix, zones_name(camera, name), zones,
		sizeof(zones), &n))
		n = 0;
	if (json_object_set_new(o, "zones", json_zones(zones, n)) < 0 ||
	    json_object_set_new(o, "aim_until",
		json_time_or_null(ns > v->now.ns ? ns : 0)) < 0 ||
	    json_object_set_new(o, "keypad", json_string(keypad_name(keypad))) <
		0)
		return ERR_NO_MEMORY;
	return OK;
}

/* RFC 6381, of what was recorded last; null where nothing was. */
static json_t *codec_json(const struct view *v, const char *camera)
{
	char name[CAMERA_ID_MAX + 8], mime[64] = "";
	size_t n = 0;

	snprintf(name, sizeof(name), "codec %s", camera);
	if (index_setting_find(v->ix, name, mime, sizeof(mime) - 1, &n) ||
	    n >= sizeof(mime))
		return json_null();
	return json_text(mime, n);
}

static enum err one_camera(const struct view *v, const struct camera_row *c,
    json_t *array)
{
	bool as_operator = !v->person || v->role == ROLE_OPERATOR;
	int64_t first = 0, sealed = 0, proved = 0;
	bool recording = false;
	enum err err =
	    index_segment_times(v->ix, c->id, &first, &sealed, &proved);
	json_t *o;

	if (!err)
		err = view_recording(v, c, proved, &recording);
	if (err)
		return err;
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:o, s:s, "
		      "s:o, s:o, s:o, s:o, s:o, s:o}",
	    "id", c->id, "name", c->name, "atm", c->atm, "place", c->place,
	    "transport", c->transport == TRANSPORT_UDP ? "udp" : "tcp",
	    "enabled", c->enabled, "state", state_name(c, recording), "cause",
	    cause_name(c->cause), "since", json_time_or_null(c->since_ns),
	    "detail", as_operator ? c->detail : "", "last_sealed",
	    json_time_or_null(sealed), "last_proved", json_time_or_null(proved),
	    "recorded_from", json_time_or_null(first), "clock_offset_ms",
	    clock_offset(v, c->id), "alarms", alarms(v, c->id), "codec",
	    codec_json(v, c->id));
	if (o && as_operator &&
	    (json_object_set_new(o, "url", json_text(c->url, strlen(c->url))) <
		    0 ||
		json_object_set_new(o, "certificate",
		    *c->certificate ? json_string(c->certificate) :
				      json_null()) < 0))
		err = ERR_NO_MEMORY;
	if (o && !err)
		err = add_history(v, c->id, as_operator, o);
	if (o && !err)
		err = add_aim(v, c->id, o);
	return json_array_append_new(array, o) < 0 ? ERR_NO_MEMORY : err;
}

enum err view_cameras(const struct view *v, char **ret)
{
	struct camera_row c = {0};
	json_t *array = json_array();
	enum err err = OK;

	while (!err) {
		err = index_camera_next(v->ix, c.id, &c);
		if (!err)
			err = one_camera(v, &c, array);
	}
	if (err != ERR_NOT_FOUND) {
		json_decref(array);
		return err;
	}
	return view_text(json_pack("{s:o}", "cameras", array), ret);
}

enum err view_count(const struct view *v, struct view_count *n)
{
	struct camera_row c = {0};
	enum err err = OK;

	*n = (struct view_count){0};
	while (!err) {
		int64_t first, sealed, proved;
		bool recording = false;

		err = index_camera_next(v->ix, c.id, &c);
		if (!err)
			err = index_segment_times(v->ix, c.id, &first, &sealed,
			    &proved);
		if (!err)
			err = view_recording(v, &c, proved, &recording);
		if (!err) {
			n->total++;
			n->enabled += c.enabled;
			n->recording += recording;
		}
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

/* The last entry "clock epoch" is not sought: the settings have its number. */
static json_t *clock_state(const struct view *v)
{
	static const char *const names[] = {
	    [CLOCK_UNKNOWN] = "unknown",
	    [CLOCK_SYNCED] = "synchronised",
	    [CLOCK_FREE] = "free",
	};
	uint32_t epoch = 0;
	size_t n = 0;

	if (index_setting_find(v->ix, "epoch", &epoch, sizeof(epoch), &n) ||
	    n != sizeof(epoch))
		epoch = 0;
	return json_pack("{s:s, s:I}", "state", names[utc_state()], "epoch",
	    (json_int_t)epoch);
}

static json_t *ledger_state(const struct view *v)
{
	unsigned char root[HASH_BYTES], buf[ENTRY_MAX];
	char hex[2 * HASH_BYTES + 1];
	uint64_t signed_n = ledger_signed(v->ledger);
	size_t n;

	/* asking beyond the end makes it look at the disk again */
	while (!ledger_get(v->ledger, ledger_size(v->ledger), buf, &n))
		;
	ledger_root(v->ledger, root);
	hex_encode(root, sizeof(root), hex);
	return json_pack("{s:I, s:s, s:I, s:i, s:b}", "size",
	    (json_int_t)ledger_size(v->ledger), "root", hex, "checkpoint",
	    (json_int_t)signed_n, "epoch", (int)ledger_epoch(v->ledger),
	    "confirmed", epoch_confirmed(v->ix, v->ledger));
}

static json_t *promise_states(void)
{
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++)
		if (json_object_set_new(o, promises[i].number,
			json_string(promises[i].state)) < 0) {
			json_decref(o);
			return NULL;
		}
	return o;
}

/* {"state":"whole"}, or how much of a rebuild is done. */
static json_t *index_state(const struct view *v)
{
	char percent[8] = "";
	size_t n = 0;

	if (index_setting_find(v->ix, INDEX_REBUILD, percent,
		sizeof(percent) - 1, &n))
		return json_pack("{s:s}", "state", "whole");
	percent[n] = '\0';
	return json_pack("{s:s, s:i}", "state", "rebuilding", "percent",
	    atoi(percent));
}

/* A number that the keeper keeps for people. */
static int counted(const struct view *v, const char *setting)
{
	uint32_t n = 0;
	size_t size;

	if (index_setting_find(v->ix, setting, &n, sizeof(n), &size))
		n = 0;
	return (int)n;
}

static const char *storage_state(const struct view_room *r)
{
	return r->full ? "full" : r->away ? "away" : "ok";
}

enum err view_status(const struct view *v, char **ret)
{
	struct view_room room;
	json_t *volumes, *j;
	struct view_count n = {0};
	enum err err = view_count(v, &n);

	if (err)
		return err;
	volumes = view_volumes(v, &room);
	j = json_pack("{s:s, s:s, s:s, s:b, s:o, s:{s:s, s:I, s:I, s:I, s:o, "
		      "s:i, s:i, s:o}, "
		      "s:o, s:o, s:{s:i, s:i, s:i}, s:o, s:o, s:o, s:o, "
		      "s:o, s:o, s:o}",
	    "version", SAQTA_VERSION, "site", v->site, "zone", v->zone, "demo",
	    v->demo, "now", json_time(v->now.ns), "storage", "state",
	    storage_state(&room), "free_bytes", (json_int_t)room.free_bytes,
	    "total_bytes", (json_int_t)room.total_bytes, "reserve_bytes",
	    (json_int_t)room.reserve_bytes, "volumes", volumes, "lost",
	    counted(v, SCRUB_LOST), "keys_waiting", counted(v, REWRAP_LEFT),
	    "faults", view_faults(v), "ledger", ledger_state(v), "witness",
	    view_witness_state(v), "cameras", "total", n.total, "enabled",
	    n.enabled, "recording", n.recording, "clock", clock_state(v),
	    "index", index_state(v), "forecast", view_forecast(v, &room),
	    "retention", view_retention(v), "host", view_host(v), "promises",
	    promise_states(), "setup", view_setup(v));
	if (j &&
	    json_object_set_new(j, "incidents", view_incidents(v, j)) < 0) {
		json_decref(j);
		j = NULL;
	}
	return view_text(j, ret);
}
