/* view_footage.c - answers about what was recorded. */
#include <string.h>

#include "storage/view_json.h"

#define RANGE_MAX_NS (INT64_C(400) * 86400 * NS_PER_SEC)

static json_t *span_json(const struct span *s)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:b, s:o, s:o}", "kind",
	    s->recorded ? "recorded" : "gap", "from", json_time(s->from_ns),
	    "to", json_time(s->to_ns), "cause", cause_name(s->cause), "flags",
	    json_flags(s->flags), "open", s->open, "noticed",
	    json_time_or_null(s->noticed_ns), "entry",
	    s->entry ? json_integer(s->entry) : json_null());
}

static enum err coverage_json(const struct view *v, const struct camera_row *c,
    int64_t from_ns, int64_t to_ns, json_t *array)
{
	json_t *spans = json_array();
	struct coverage cover;
	enum err err =
	    coverage_of(v->ix, v->data_fd, c, from_ns, to_ns, v->now, &cover);

	if (err) {
		json_decref(spans);
		return err;
	}
	for (size_t i = 0; i < cover.n && !err; i++)
		if (json_array_append_new(spans, span_json(&cover.spans[i])))
			err = ERR_NO_MEMORY;
	if (json_array_append_new(array,
		json_pack("{s:s, s:I, s:I, s:o}", "camera", c->id,
		    "recorded_ns", (json_int_t)cover.recorded_ns, "gap_ns",
		    (json_int_t)cover.gap_ns, "spans", spans)))
		err = ERR_NO_MEMORY;
	coverage_free(&cover);
	return err;
}

/* One end for all the cameras that are asked about. */
static enum err until(const struct view *v, const char *camera, int64_t from_ns,
    int64_t to_ns, int64_t *ret)
{
	struct camera_row c = {0};
	int64_t far = from_ns, one;
	enum err err = *camera ? index_camera_find(v->ix, camera, &c) :
				 index_camera_next(v->ix, "", &c);

	while (!err) {
		err = coverage_until(v->ix, &c, from_ns, to_ns, v->now, &one);
		if (!err && one > far)
			far = one;
		if (!err)
			err = *camera ? ERR_NOT_FOUND :
					index_camera_next(v->ix, c.id, &c);
		else
			return err;
	}
	if (*camera && !*c.id)
		return err;
	*ret = far;
	return err == ERR_NOT_FOUND ? OK : err;
}

/*
 * "to" is at most now, or the end of footage beyond it after a clock step:
 * what is still to come is no gap; "asked_to" says so.
 */
enum err view_coverage(const struct view *v, const char *camera,
    int64_t from_ns, int64_t to_ns, char **ret)
{
	struct camera_row c = {0};
	int64_t end;
	json_t *array;
	enum err err;

	if (from_ns < 0 || from_ns >= to_ns || to_ns - from_ns > RANGE_MAX_NS)
		return ERR_INVALID;
	err = until(v, camera, from_ns, to_ns, &end);
	if (err)
		return err;
	array = json_array();
	if (*camera) {
		err = index_camera_find(v->ix, camera, &c);
		if (!err)
			err = coverage_json(v, &c, from_ns, end, array);
	}
	while (!*camera && !err) {
		err = index_camera_next(v->ix, c.id, &c);
		if (!err)
			err = coverage_json(v, &c, from_ns, end, array);
		else if (err == ERR_NOT_FOUND)
			break;
	}
	if (err && (*camera || err != ERR_NOT_FOUND)) {
		json_decref(array);
		return err;
	}
	return view_text(json_pack("{s:o, s:o, s:o, s:o}", "from",
			     json_time(from_ns), "to", json_time(end),
			     "asked_to", json_time(to_ns), "cameras", array),
	    ret);
}

static json_t *fragment_json(const struct journal_record *r)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:I, s:o, s:b}", "index",
	    (int)r->index, "start_ns", json_ns(r->start_ns), "duration_ns",
	    json_ns(r->duration_ns), "base", json_ns((int64_t)r->base), "bytes",
	    (json_int_t)r->plain_len, "flags", json_flags(r->flags), "key",
	    r->flags & FRAGMENT_KEY);
}

static json_t *part_json(const struct play_part *p)
{
	const struct journal_record *r = p->footage.fragments + p->first;
	json_t *fragments = json_array();

	for (size_t i = 0; i < p->n; i++)
		if (json_array_append_new(fragments, fragment_json(&r[i]))) {
			json_decref(fragments);
			return NULL;
		}
	return json_pack("{s:I, s:o, s:o}", "seq",
	    (json_int_t)p->footage.row.seq, "start_ns", json_ns(r->start_ns),
	    "fragments", fragments);
}

static json_t *run_json(const struct play *p, size_t number)
{
	const struct play_run *r = &p->runs[number];
	const struct play_part *part = &p->parts[r->first_part];
	json_t *parts = json_array();

	for (size_t i = 0; i < r->parts_n; i++)
		if (json_array_append_new(parts, part_json(&part[i]))) {
			json_decref(parts);
			return NULL;
		}
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:s, s:o, s:I, s:i, s:i, "
			 "s:I, s:o}",
	    "run", (int)number, "from", json_time(r->from_ns), "to",
	    json_time(r->to_ns), "from_ns", json_ns(r->from_ns), "to_ns",
	    json_ns(r->to_ns), "codec", r->codec, "mime",
	    json_sprintf("video/mp4; codecs=\"%s\"", r->codec), "timescale",
	    (json_int_t)part->footage.begin.timescale, "width", (int)r->width,
	    "height", (int)r->height, "bytes", (json_int_t)r->bytes, "parts",
	    parts);
}

static bool put_gap(json_t *gaps, int64_t from_ns, int64_t to_ns,
    enum cause cause, int64_t noticed_ns)
{
	return !json_array_append_new(gaps,
	    json_pack("{s:o, s:o, s:o, s:o, s:s, s:o}", "from",
		json_time(from_ns), "to", json_time(to_ns), "from_ns",
		json_ns(from_ns), "to_ns", json_ns(to_ns), "cause",
		cause_name(cause), "noticed", json_time_or_null(noticed_ns)));
}

static json_t *gaps_json(const struct play *p)
{
	const struct coverage *c = &p->coverage;
	json_t *gaps = json_array();

	for (size_t i = 0; i < c->n; i++) {
		const struct span *s = &c->spans[i];

		if (s->recorded)
			continue;
		if (!put_gap(gaps, s->from_ns, s->to_ns, s->cause,
			s->noticed_ns))
			goto failed;
	}
	for (size_t i = 0; i < p->lost_n; i++)
		if (!put_gap(gaps, p->lost[i].from_ns, p->lost[i].to_ns,
			CAUSE_LOST, 0))
			goto failed;
	return gaps;
failed:
	json_decref(gaps);
	return NULL;
}

enum err view_play(const struct view *v, const char *request, int64_t from_ns,
    int64_t to_ns, const struct play *plays, size_t n, char **ret)
{
	json_t *cameras = json_array();
	enum err err = OK;

	for (size_t i = 0; i < n && !err; i++) {
		const struct play *p = &plays[i];
		json_t *runs = json_array();

		for (size_t k = 0; k < p->runs_n && !err; k++)
			if (json_array_append_new(runs, run_json(p, k)))
				err = ERR_NO_MEMORY;
		if (json_array_append_new(cameras,
			json_pack("{s:s, s:o, s:o, s:o}", "camera", p->camera,
			    "name", json_text(p->name, strlen(p->name)), "runs",
			    runs, "gaps", gaps_json(p))))
			err = ERR_NO_MEMORY;
	}
	if (err) {
		json_decref(cameras);
		return err;
	}
	return view_text(json_pack("{s:s, s:o, s:o, s:s, s:o}", "request",
			     request, "from", json_time(from_ns), "to",
			     json_time(to_ns), "zone", v->zone, "cameras",
			     cameras),
	    ret);
}
