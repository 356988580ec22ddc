/*
 * view_metrics.c - the numbers of the appliance in the text format 0.0.4 of
 * Prometheus: base units, and what is not known is absent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/array.h"
#include "storage/coverage.h"
#include "storage/holds.h"
#include "storage/scrub.h"
#include "storage/view_json.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define REQUEST_STATES_MAX 12
#define UNKNOWN (-1.0) /* of a sample: it is absent */

/* A camera that has a device, and its last 24 hours. */
struct camera_now {
	char id[CAMERA_ID_MAX + 1];
	bool enabled, up;
	int64_t first_ns, sealed_ns;
	uint64_t segments, bytes;
	struct view_traffic traffic;
	int64_t recorded_ns, gap_ns;
	int64_t gap_of_ns[CAUSE_MAX];
	unsigned gaps_of[CAUSE_MAX];
};

struct cameras_now {
	struct camera_now *c;
	size_t n, room;
};

static enum err add_bytes(const struct day_row *d, void *arg)
{
	struct camera_now *c = arg;

	c->segments += d->segments;
	c->bytes += d->bytes;
	return OK;
}

static void add_gaps(const struct coverage *of, struct camera_now *c)
{
	c->recorded_ns = of->recorded_ns;
	c->gap_ns = of->gap_ns;
	for (size_t i = 0; i < of->n; i++) {
		const struct span *s = &of->spans[i];

		if (s->recorded || s->cause >= CAUSE_MAX)
			continue;
		c->gap_of_ns[s->cause] += s->to_ns - s->from_ns;
		c->gaps_of[s->cause]++;
	}
}

static enum err one(const struct view *v, const struct camera_row *row,
    struct camera_now *c)
{
	struct coverage last = {0};
	int64_t proved = 0;
	enum err err = index_segment_times(v->ix, row->id, &c->first_ns,
	    &c->sealed_ns, &proved);

	snprintf(c->id, sizeof(c->id), "%s", row->id);
	c->enabled = row->enabled;
	if (!v->traffic(v->keeper, row->id, &c->traffic))
		c->traffic.over = NULL;
	if (!err)
		err = view_recording(v, row, proved, &c->up);
	if (!err)
		err = index_days(v->ix, row->id, "", add_bytes, c);
	if (!err)
		err = coverage_of(v->ix, v->data_fd, row, v->now.ns - DAY_NS,
		    v->now.ns, v->now, &last);
	if (!err)
		add_gaps(&last, c);
	coverage_free(&last);
	return err;
}

static enum err gather(const struct view *v, struct cameras_now *all)
{
	struct camera_row row = {0};
	int64_t retired;
	enum err err;

	for (;;) {
		err = index_camera_next(v->ix, row.id, &row);
		if (!err)
			err = index_retired(v->ix, row.id, &retired);
		if (err)
			return err == ERR_NOT_FOUND ? OK : err;
		if (retired)
			continue;
		if (!array_room(&all->c, all->n, &all->room, sizeof(*all->c)))
			return ERR_NO_MEMORY;
		all->c[all->n] = (struct camera_now){0};
		err = one(v, &row, &all->c[all->n++]);
		if (err)
			return err;
	}
}

static void head_of(FILE *f, const char *type, const char *name,
    const char *help)
{
	fprintf(f, "# HELP saqta_%s %s\n# TYPE saqta_%s %s\n", name, help, name,
	    type);
}

static void head(FILE *f, const char *name, const char *help)
{
	head_of(f, "gauge", name, help);
}

static double seconds(int64_t ns)
{
	return (double)ns / (double)NS_PER_SEC;
}

static void of_cameras(FILE *f, const struct cameras_now *all, const char *name,
    const char *help, double (*value)(const struct camera_now *))
{
	head(f, name, help);
	for (size_t i = 0; i < all->n; i++) {
		double v = value(&all->c[i]);

		if (v >= 0)
			fprintf(f, "saqta_%s{camera=\"%s\"} %.12g\n", name,
			    all->c[i].id, v);
	}
}

static double is_enabled(const struct camera_now *c)
{
	return c->enabled;
}

static double is_up(const struct camera_now *c)
{
	return c->up;
}

static double last_sealed(const struct camera_now *c)
{
	return c->sealed_ns ? seconds(c->sealed_ns) : UNKNOWN;
}

static double oldest(const struct camera_now *c)
{
	return c->first_ns ? seconds(c->first_ns) : UNKNOWN;
}

static double bytes(const struct camera_now *c)
{
	return (double)c->bytes;
}

/* Before the camera was added nothing was to be recorded. */
static double coverage(const struct camera_now *c)
{
	int64_t due = c->recorded_ns + c->gap_ns - c->gap_of_ns[CAUSE_NOT_YET];

	return due > 0 ? (double)c->recorded_ns / (double)due : UNKNOWN;
}

static void of_gaps(FILE *f, const struct cameras_now *all)
{
	head(f, "camera_gap_seconds",
	    "Seconds of the last 24 hours of which nothing is recorded, by "
	    "cause.");
	for (size_t i = 0; i < all->n; i++)
		for (int c = 1; c < CAUSE_MAX; c++)
			if (all->c[i].gaps_of[c])
				fprintf(f,
				    "saqta_camera_gap_seconds{camera=\"%s\","
				    "cause=\"%s\"} %.3f\n",
				    all->c[i].id, cause_name((enum cause)c),
				    seconds(all->c[i].gap_of_ns[c]));
	head(f, "camera_gaps",
	    "Gaps of the last 24 hours, each with its reconnect, by cause.");
	for (size_t i = 0; i < all->n; i++)
		for (int c = 1; c < CAUSE_MAX; c++)
			if (all->c[i].gaps_of[c])
				fprintf(f,
				    "saqta_camera_gaps{camera=\"%s\","
				    "cause=\"%s\"} %u\n",
				    all->c[i].id, cause_name((enum cause)c),
				    all->c[i].gaps_of[c]);
}

static void of_traffic(FILE *f, const struct cameras_now *all)
{
	head_of(f, "counter", "camera_received_bytes_total",
	    "Of footage, from the camera, since storage started.");
	for (size_t i = 0; i < all->n; i++)
		if (all->c[i].traffic.over)
			fprintf(f,
			    "saqta_camera_received_bytes_total{camera=\"%s\"} "
			    "%llu\n",
			    all->c[i].id,
			    (unsigned long long)all->c[i]
				.traffic.received_bytes);
	head_of(f, "counter", "camera_reconnects_total",
	    "Gaps that ended since storage started, by cause.");
	for (size_t i = 0; i < all->n; i++)
		for (int c = 1; c < CAUSE_MAX && all->c[i].traffic.over; c++)
			if (all->c[i].traffic.over[c])
				fprintf(f,
				    "saqta_camera_reconnects_total{camera="
				    "\"%s\",cause=\"%s\"} %llu\n",
				    all->c[i].id, cause_name((enum cause)c),
				    (unsigned long long)all->c[i]
					.traffic.over[c]);
}

static void print_cameras(FILE *f, const struct cameras_now *all)
{
	of_cameras(f, all, "camera_enabled", "1 where it is switched on.",
	    is_enabled);
	of_cameras(f, all, "camera_up",
	    "1 where it is recording: written, read back and decoded.", is_up);
	of_cameras(f, all, "camera_last_sealed_timestamp_seconds",
	    "End of its last whole segment.", last_sealed);
	of_cameras(f, all, "camera_oldest_footage_timestamp_seconds",
	    "Start of its oldest footage.", oldest);
	of_cameras(f, all, "camera_footage_bytes",
	    "Size of its footage on disk.", bytes);
	of_cameras(f, all, "camera_coverage_ratio",
	    "Share of the last 24 hours that is recorded.", coverage);
	of_gaps(f, all);
	of_traffic(f, all);
}

/* What the scrub has looked at: files and sizes, and all their bytes. */
static void print_scrub(FILE *f, const struct view *v,
    const struct cameras_now *all)
{
	static const char *const names[] = {"files", "bytes"};
	const struct scrub_pass of[] = {
	    scrub_pass_get(v->ix, false), scrub_pass_get(v->ix, true)};
	uint64_t segments = 0;

	for (size_t i = 0; i < all->n; i++)
		segments += all->c[i].segments;
	head(f, "scrub_completed_timestamp_seconds",
	    "When all that lies on the disks was last looked through.");
	for (int i = 0; i < 2; i++)
		if (of[i].done_ns)
			fprintf(f,
			    "saqta_scrub_completed_timestamp_seconds"
			    "{pass=\"%s\"} %.3f\n",
			    names[i], seconds(of[i].done_ns));
	head(f, "scrub_progress_ratio",
	    "Share of the segments that this pass has looked at; absent "
	    "between two.");
	for (int i = 0; i < 2; i++)
		if (of[i].begun_ns && segments)
			fprintf(f,
			    "saqta_scrub_progress_ratio{pass=\"%s\"} %.4g\n",
			    names[i],
			    of[i].looked < segments ?
				(double)of[i].looked / (double)segments :
				1);
}

static void print_backup(FILE *f, const struct view *v)
{
	int64_t made = 0;
	size_t n;

	if (index_setting_find(v->ix, BACKUP_MADE, &made, sizeof(made), &n))
		return;
	head(f, "backup_last_timestamp_seconds",
	    "When saqta backup was last told to have made one.");
	fprintf(f, "saqta_backup_last_timestamp_seconds %.3f\n", seconds(made));
}

static void print_holds(FILE *f, const struct view *v)
{
	struct holds h = {0};
	unsigned review = 0;

	if (holds_read(v->data_fd, &h) == ERR_FORMAT)
		return;
	for (size_t i = 0; i < h.n; i++)
		review += h.h[i].review_ns && h.h[i].review_ns < v->now.ns;
	head(f, "holds", "Holds that are not released.");
	fprintf(f, "saqta_holds %zu\n", h.n);
	head(f, "holds_to_review", "Of these, past the date of their review.");
	fprintf(f, "saqta_holds_to_review %u\n", review);
	holds_free(&h);
}

/* A number out of the status; absent where it is null or not there. */
static void number(FILE *f, const json_t *status, const char *object,
    const char *key, const char *name, const char *help)
{
	const json_t *n = json_object_get(json_object_get(status, object), key);

	if (!json_is_number(n) && !json_is_boolean(n))
		return;
	head(f, name, help);
	fprintf(f, "saqta_%s %.12g\n", name,
	    json_is_number(n) ? json_number_value(n) : json_is_true(n));
}

static void volumes(FILE *f, const json_t *status, const char *key,
    const char *name, const char *help)
{
	const json_t *all =
	    json_object_get(json_object_get(status, "storage"), "volumes");
	const json_t *v;
	size_t i;

	head(f, name, help);
	json_array_foreach(all, i, v)
	    fprintf(f, "saqta_%s{volume=\"%" JSON_INTEGER_FORMAT "\"} %.0f\n",
		name, json_integer_value(json_object_get(v, "number")),
		json_number_value(json_object_get(v, key)));
}

static void faults(FILE *f, const json_t *status)
{
	const json_t *all =
	    json_object_get(json_object_get(status, "storage"), "faults");
	const json_t *o;
	size_t i;

	head(f, "volume_errors",
	    "Errors that the volume's disk reported; absent after a day "
	    "without.");
	json_array_foreach(all, i, o) fprintf(f,
	    "saqta_volume_errors{volume=\"%" JSON_INTEGER_FORMAT
	    "\"} %" JSON_INTEGER_FORMAT "\n",
	    json_integer_value(json_object_get(o, "volume")),
	    json_integer_value(json_object_get(o, "errors")));
}

static void print_clock(FILE *f, const json_t *status)
{
	const char *state =
	    json_string_value(json_object_get(json_object_get(status, "clock"),
		"state"));
	const char *trusted = json_string_value(json_object_get(
	    json_object_get(json_object_get(status, "retention"), "clock"),
	    "state"));

	head(f, "clock_synchronised",
	    "1 where the kernel says that the wall clock is.");
	fprintf(f, "saqta_clock_synchronised %d\n",
	    state && !strcmp(state, "synchronised"));
	if (!trusted)
		return;
	head(f, "retention_clock_trusted",
	    "0: nothing is erased until a custodian vouches for the clock.");
	fprintf(f, "saqta_retention_clock_trusted %d\n",
	    !strcmp(trusted, "trusted"));
}

static void print_full(FILE *f, const json_t *status)
{
	const json_t *days =
	    json_object_get(json_object_get(status, "forecast"), "days_left");

	head(f, "disk_full_seconds",
	    "Until the volumes are full; absent where they hold.");
	if (json_is_integer(days))
		fprintf(f, "saqta_disk_full_seconds %lld\n",
		    86400 * json_integer_value(days));
}

static void print_status(FILE *f, const json_t *s)
{
	head(f, "build_info", "The version that runs.");
	fprintf(f, "saqta_build_info{version=\"%s\"} 1\n", SAQTA_VERSION);
	volumes(f, s, "free_bytes", "volume_free_bytes",
	    "Room that is left; 0 where the volume is away.");
	volumes(f, s, "total_bytes", "volume_size_bytes",
	    "Size of the volume; 0 where it is away.");
	number(f, s, "storage", "reserve_bytes", "volume_reserve_bytes",
	    "Room that recording leaves free, of all volumes together.");
	faults(f, s);
	number(f, s, "storage", "lost", "segments_lost",
	    "Segments that are missing or damaged on disk.");
	number(f, s, "storage", "keys_waiting", "day_keys_waiting",
	    "Day keys that wait to be wrapped for the custodians of now.");
	print_full(f, s);
	number(f, s, "forecast", "need_bytes", "disk_need_bytes",
	    "What six months of all cameras need.");
	number(f, s, "forecast", "held_bytes", "held_bytes",
	    "Footage that holds keep, about.");
	number(f, s, "retention", "due", "erasure_due_segments",
	    "Segments that are due and not held.");
	number(f, s, "retention", "overdue", "erasure_overdue_segments",
	    "Segments that should have been erased a day ago.");
	number(f, s, "retention", "held", "erasure_held_segments",
	    "Segments that are due and held.");
	number(f, s, "retention", "throttled_days", "erasure_throttled",
	    "Days that wait because too much is due at once.");
	number(f, s, "ledger", "size", "ledger_entries", "Its length.");
	number(f, s, "ledger", "confirmed", "ledger_confirmed",
	    "0: it was lost or set back, and waits for a custodian.");
	number(f, s, "witness", "age_s", "witness_age_seconds",
	    "Since a witness cosigned the ledger.");
	number(f, s, "witness", "witnesses", "witnesses",
	    "How many are named.");
	print_clock(f, s);
	view_host_metrics(f, s);
}

/* How many requests there are in each state that one is in. */
struct counts {
	const struct view *v;
	const char *state[REQUEST_STATES_MAX];
	unsigned n[REQUEST_STATES_MAX];
};

static enum err count_request(const struct request_row *r, void *arg)
{
	struct counts *c = arg;
	const char *state = view_request_state(c->v, r);
	size_t i = 0;

	while (i < REQUEST_STATES_MAX && c->state[i] &&
	    strcmp(c->state[i], state) != 0)
		i++;
	if (i == REQUEST_STATES_MAX)
		return OK;
	c->state[i] = state;
	c->n[i]++;
	return OK;
}

static void print_sign_ins(FILE *f, const struct view *v)
{
	fprintf(f,
	    "# HELP saqta_sign_ins_total Of people, since storage started.\n"
	    "# TYPE saqta_sign_ins_total counter\n"
	    "saqta_sign_ins_total{result=\"ok\"} %llu\n"
	    "saqta_sign_ins_total{result=\"refused\"} %llu\n",
	    (unsigned long long)v->sign_ins,
	    (unsigned long long)v->sign_ins_refused);
}

static enum err print_requests(FILE *f, const struct view *v)
{
	struct counts c = {.v = v};
	enum err err = index_requests(v->ix, 0, NULL, count_request, &c);

	head(f, "requests", "By state.");
	for (size_t i = 0; i < REQUEST_STATES_MAX && c.state[i]; i++)
		fprintf(f, "saqta_requests{state=\"%s\"} %u\n", c.state[i],
		    c.n[i]);
	return err;
}

enum err view_metrics(const struct view *v, char **ret)
{
	struct cameras_now all = {0};
	char *status = NULL, *text = NULL;
	json_t *j = NULL;
	size_t n;
	FILE *f;
	enum err err = gather(v, &all);

	if (!err)
		err = view_status(v, &status);
	if (!err && !(j = json_loads(status, 0, NULL)))
		err = ERR_NO_MEMORY;
	f = err ? NULL : open_memstream(&text, &n);
	if (f) {
		print_status(f, j);
		print_sign_ins(f, v);
		print_cameras(f, &all);
		print_scrub(f, v, &all);
		print_backup(f, v);
		print_holds(f, v);
		err = print_requests(f, v);
		if (fclose(f) && !err)
			err = ERR_NO_MEMORY;
	} else if (!err) {
		err = ERR_NO_MEMORY;
	}
	json_decref(j);
	free(status);
	free(all.c);
	if (err)
		free(text);
	else
		*ret = text;
	return err;
}
