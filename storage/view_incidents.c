/*
 * view_incidents.c - what is wrong now, in one list: for whoever watches over
 * the appliance from outside. The causes are the status' own numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/align.h"
#include "storage/host.h"
#include "storage/people.h"
#include "storage/view_json.h"
#include "storage/view_transaction.h"

#define DOWN_NS (60 * NS_PER_SEC)	/* a camera that comes back is none */
#define DAY_NS (24 * 3600 * NS_PER_SEC)
#define WAITING_MAX 64 /* requests that are told */
#define WITNESS_LATE_S 3600
#define DISK_DAYS 30
#define WORN_PERCENT 89	/* of a disk's rated life */
#define DISK_DAYS_CRITICAL 7

/* Sticky: NULL where memory was short. */
struct incidents {
	const struct view *v;
	json_t *array;
};

/* of: a camera, volume or request; since_ns 0 and n < 0: not known. */
static void add(struct incidents *x, bool critical, const char *kind,
    const char *of, int64_t since_ns, json_int_t n, const char *detail)
{
	json_t *o = json_pack("{s:s, s:s?, s:s, s:o, s:o, s:s?}", "kind", kind,
	    "of", of, "severity", critical ? "critical" : "warning", "since",
	    json_time_or_null(since_ns), "n",
	    n < 0 ? json_null() : json_integer(n), "detail", detail);

	if (!x->array || json_array_append_new(x->array, o) < 0) {
		json_decref(x->array);
		x->array = NULL;
	}
}

static const json_t *at(const json_t *status, const char *object,
    const char *key)
{
	return json_object_get(json_object_get(status, object), key);
}

static void add_count(struct incidents *x, bool critical, const char *kind,
    const json_t *n)
{
	if (json_integer_value(n) > 0)
		add(x, critical, kind, NULL, 0, json_integer_value(n), NULL);
}

static void disks(struct incidents *x, const json_t *status)
{
	const json_t *days = at(status, "forecast", "days_left"), *v;
	const char *state = json_string_value(at(status, "storage", "state"));
	char number[16];
	size_t i;

	if (!strcmp(state, "full"))
		add(x, true, "disk-full", NULL, 0, -1, NULL);
	else if (json_is_integer(days) && json_integer_value(days) < DISK_DAYS)
		add(x, json_integer_value(days) < DISK_DAYS_CRITICAL,
		    "disk-full-soon", NULL, 0, json_integer_value(days), NULL);
	json_array_foreach(at(status, "storage", "volumes"), i, v)
	{
		snprintf(number, sizeof(number), "%lld",
		    (long long)json_integer_value(json_object_get(v,
			"number")));
		if (!strcmp(json_string_value(json_object_get(v, "state")),
			"away"))
			add(x, true, "volume-away", number, 0, -1,
			    json_string_value(json_object_get(v, "path")));
	}
	json_array_foreach(at(status, "storage", "faults"), i, v)
	{
		snprintf(number, sizeof(number), "%lld",
		    (long long)json_integer_value(json_object_get(v,
			"volume")));
		add(x, true, "disk-errors", number, 0, -1,
		    json_string_value(json_object_get(v, "what")));
	}
	add_count(x, true, "footage-lost", at(status, "storage", "lost"));
}

static bool above(const json_t *o, const char *key, json_int_t n)
{
	return json_integer_value(json_object_get(o, key)) > n;
}

/* What root's timer found; of a past that is long over nothing is said. */
static void machine(struct incidents *x, const json_t *status)
{
	const json_t *h = json_object_get(status, "host"), *o;
	size_t i;

	if (!json_is_object(h))
		return;
	if (above(h, "age_s", HOST_OLD_S)) {
		add(x, false, "host-silent", NULL, 0, -1, NULL);
		return;
	}
	if (json_is_false(at(h, "clock", "synchronised")))
		add(x, false, "clock-free", NULL, 0, -1,
		    json_string_value(at(h, "clock", "source")));
	json_array_foreach(json_object_get(h, "arrays"), i, o)
	{
		const char *name =
		    json_string_value(json_object_get(o, "name"));

		if (above(o, "missing", 0) ||
		    json_is_false(json_object_get(o, "active")))
			add(x, true, "array-degraded", name, 0,
			    json_integer_value(json_object_get(o, "missing")),
			    NULL);
	}
	json_array_foreach(json_object_get(h, "disks"), i, o)
	{
		const char *name =
		    json_string_value(json_object_get(o, "name"));
		const char *model =
		    json_string_value(json_object_get(o, "model"));

		if (json_is_false(json_object_get(o, "healthy")))
			add(x, true, "disk-failing", name, 0, -1, model);
		else if (above(o, "pending", 0) ||
		    above(o, "worn_percent", WORN_PERCENT))
			add(x, false, "disk-worn", name, 0, -1, model);
	}
}

static void log_of(struct incidents *x, const json_t *status)
{
	const json_t *age = at(status, "witness", "age_s");

	if (!json_is_true(at(status, "ledger", "confirmed")))
		add(x, true, "ledger-unconfirmed", NULL, 0, -1, NULL);
	if (json_is_object(at(status, "witness", "alarm")))
		add(x, true, "witness-refused", NULL, 0, -1,
		    json_string_value(json_object_get(at(status, "witness",
							  "alarm"),
			"who")));
	if (json_is_object(at(status, "witness", "log_alarm")))
		add(x, true, "log-refused", NULL, 0, -1,
		    json_string_value(json_object_get(at(status, "witness",
							  "log_alarm"),
			"who")));
	if (json_integer_value(at(status, "witness", "witnesses")) > 0 &&
	    (!json_is_integer(age) || json_integer_value(age) > WITNESS_LATE_S))
		add(x, false, "witness-late", NULL, 0, -1, NULL);
}

static void erasing(struct incidents *x, const json_t *status)
{
	const char *alarm = json_string_value(at(status, "retention", "alarm"));

	if (!alarm)
		return;
	if (!strcmp(alarm, "clock"))
		add(x, true, "clock-untrusted", NULL, 0, -1, NULL);
	else if (!strcmp(alarm, "overdue"))
		add_count(x, true, "erasure-overdue",
		    at(status, "retention", "overdue"));
	else if (!strcmp(alarm, "throttled"))
		add_count(x, false, "erasure-throttled",
		    at(status, "retention", "throttled_days"));
	else
		add(x, true, "erasure-failed", NULL, 0, -1, alarm);
}

/* Not before a minute: most cameras that go come back by themselves. */
static enum err camera(struct incidents *x, const struct camera_row *c)
{
	int64_t first, sealed, proved = 0, since;
	bool recording = false, down;
	char kind[32];
	enum err err =
	    index_segment_times(x->v->ix, c->id, &first, &sealed, &proved);

	if (!err)
		err = view_recording(x->v, c, proved, &recording);
	if (err)
		return err;
	down = c->enabled && !recording && c->state != CAMERA_OFF &&
	    x->v->now.ns - c->since_ns > DOWN_NS;
	if (down)
		add(x, true, "camera-down", c->id, c->since_ns, -1,
		    cause_name(c->cause));
	for (enum alarm a = ALARM_NO_SEGMENT; a <= ALARM_MOVED; a++)
		if (!index_alarm_find(x->v->ix, c->id, a, &since)) {
			snprintf(kind, sizeof(kind), "camera-%s",
			    alarm_name(a));
			add(x, a == ALARM_NO_SEGMENT, kind, c->id, since, -1,
			    NULL);
		}
	return OK;
}

static enum err cameras(struct incidents *x)
{
	struct camera_row c = {0};
	int64_t retired;
	enum err err = OK;

	while (!err) {
		err = index_camera_next(x->v->ix, c.id, &c);
		if (!err)
			err = index_retired(x->v->ix, c.id, &retired);
		if (!err && !retired)
			err = camera(x, &c);
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

struct waiting {
	const struct view *v;
	struct {
		char id[REQUEST_ID_MAX];
		uint64_t requester;
		int64_t since_ns;
	} rows[WAITING_MAX];
	size_t n;
};

static enum err gather(const struct request_row *r, void *arg)
{
	struct waiting *x = arg;

	if (x->v->now.ns - r->created_ns <= DAY_NS || x->n == WAITING_MAX)
		return OK;
	memcpy(x->rows[x->n].id, r->id, sizeof(r->id));
	x->rows[x->n].requester = r->requester;
	x->rows[x->n++].since_ns = r->created_ns;
	return OK;
}

/* A journal's clock has jumped against the video's. */
static void clock_jumped(void *arg, const struct alignment *a)
{
	char by[32];

	snprintf(by, sizeof(by), "%+.1f", (double)a->jump_ms / 1e3);
	add(arg, false, "journal-clock", a->atm, a->made_ns, -1, by);
}

/* Told twice: to custodians, and when their deputies are reminded, to these. */
static enum err requests(struct incidents *x)
{
	struct waiting w = {.v = x->v};
	struct reminded whom;
	enum err err = index_requests_waiting(x->v->ix, gather, &w);

	for (size_t i = 0; i < w.n && !err; i++) {
		add(x, false, "request-waits", w.rows[i].id, w.rows[i].since_ns,
		    -1, NULL);
		err = people_to_remind(x->v->ix, w.rows[i].requester,
		    (x->v->now.ns - w.rows[i].since_ns) / DAY_NS, &whom);
		if (!err && whom.deputies)
			add(x, false, "request-waits-deputy", w.rows[i].id,
			    w.rows[i].since_ns, -1, NULL);
	}
	return err;
}

json_t *view_incidents(const struct view *v, const json_t *status)
{
	struct incidents x = {v, json_array()};

	/* not for auditors: whose request waits is no matter of theirs */
	if (v->person && v->role == ROLE_AUDITOR)
		return x.array;
	disks(&x, status);
	machine(&x, status);
	log_of(&x, status);
	erasing(&x, status);
	if (cameras(&x) || view_clock_alarms(v, clock_jumped, &x) ||
	    requests(&x)) {
		json_decref(x.array);
		return NULL;
	}
	return x.array;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

enum err view_each_incident(const struct view *v,
    void (*fn)(const char *kind, const char *of, bool critical, long long n,
	const char *detail, void *arg),
    void *arg)
{
	const json_t *o, *n;
	char *text = NULL;
	json_t *status;
	size_t i;
	enum err err = view_status(v, &text);

	if (err)
		return err;
	status = json_loads(text, 0, NULL);
	free(text);
	if (!status)
		return ERR_NO_MEMORY;
	json_array_foreach(json_object_get(status, "incidents"), i, o)
	{
		n = json_object_get(o, "n");
		fn(text_of(o, "kind"), text_of(o, "of"),
		    !strcmp(text_of(o, "severity"), "critical"),
		    json_is_integer(n) ? json_integer_value(n) : -1,
		    text_of(o, "detail"), arg);
	}
	json_decref(status);
	return OK;
}
