/* view_export.c - manifest.json of a package, and the list of exports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/export.h"
#include "storage/ledger_keys.h"
#include "storage/view_json.h"

/* Manifests have decimal text for every instant, small or not. */
static json_t *ns_text(int64_t ns)
{
	return json_sprintf("%lld", (long long)ns);
}

static json_t *hex_text(const void *p, size_t n)
{
	char text[2 * JOURNAL_CLAIM + 1];

	hex_encode(p, n, text);
	return json_string(text);
}

/* An entry's index in the log of its epoch. */
static json_int_t index_of(int64_t number)
{
	return number & ((INT64_C(1) << EPOCH_SHIFT) - 1);
}

/* Append what may be NULL for lack of memory. */
static void add(json_t *array, json_t *v, enum err *err)
{
	if (json_array_append_new(array, v))
		*err = ERR_NO_MEMORY;
}

static json_t *claim_json(const struct journal_record *r, bool whole)
{
	unsigned char claim[JOURNAL_CLAIM], leaf[HASH_BYTES];

	journal_claim(r, claim);
	if (whole)
		return hex_text(claim, sizeof(claim));
	merkle_leaf(claim, sizeof(claim), leaf);
	return hex_text(leaf, sizeof(leaf));
}

/* Where another log than the present one has the entry of that number. */
static void put_epoch(json_t *o, const char *key, int64_t number,
    const struct export *x, enum err *err)
{
	unsigned epoch = (unsigned)(number >> EPOCH_SHIFT) + 1;

	if (epoch < ledger_epoch(x->own) &&
	    json_object_set_new(o, key, json_integer(epoch)) < 0)
		*err = ERR_NO_MEMORY;
}

static json_t *empty_json(const struct export *x, enum err *err)
{
	json_t *empty = json_array();

	for (size_t i = 0; i < x->empty_n; i++) {
		const struct export_empty *e = &x->empty[i];
		json_t *o = json_pack("{s:s, s:I, s:I}", "camera",
		    x->plays[e->play].camera, "seq", (json_int_t)e->seq,
		    "entry", index_of(e->entry));

		put_epoch(o, "epoch", e->entry, x, err);
		add(empty, o, err);
	}
	return empty;
}

/* Every leaf: the claims of what is exported, hashes of what is not. */
static json_t *segment_json(const struct export *x, const char *camera,
    const struct play_part *p, enum err *err)
{
	const struct footage *f = &p->footage;
	json_t *leaves = json_array(), *o;

	add(leaves, claim_json(&f->begin, true), err);
	for (size_t i = 0; i < f->n; i++)
		add(leaves,
		    claim_json(&f->fragments[i],
			i >= p->first && i < p->first + p->n),
		    err);
	o = json_pack("{s:s, s:I, s:I, s:o}", "camera", camera, "seq",
	    (json_int_t)f->row.seq, "entry", index_of(f->row.entry), "leaves",
	    leaves);
	put_epoch(o, "epoch", f->row.entry, x, err);
	return o;
}

/* Where what lies behind the granted range begins; INT64_MAX: nowhere. */
static int64_t beyond_from(const struct export *x, const struct export_file *f)
{
	const struct play_part *part =
	    &x->plays[f->play].parts[f->run.first_part];
	int64_t from = INT64_MAX;

	for (size_t i = 0; i < f->run.parts_n; i++)
		for (size_t k = 0; k < part[i].n && from == INT64_MAX; k++) {
			int64_t start =
			    part[i]
				.footage.fragments[part[i].first + k]
				.start_ns;

			if (start >= x->request.granted_to_ns)
				from = start;
		}
	return from;
}

/* It is there for the signatures of the camera (reader_beyond.c) alone. */
static void put_beyond(json_t *o, const struct export *x,
    const struct export_file *f, enum err *err)
{
	int64_t from = beyond_from(x, f);

	if (from < INT64_MAX &&
	    json_object_set_new(o, "beyond",
		json_pack("{s:s, s:o, s:o, s:o, s:o}", "why", "signed-video",
		    "from", json_time(from), "to", json_time(f->run.to_ns),
		    "from_ns", ns_text(from), "to_ns", ns_text(f->run.to_ns))) <
		0)
		*err = ERR_NO_MEMORY;
}

static json_t *file_json(const struct export *x, const struct export_file *f,
    enum err *err)
{
	const struct play *p = &x->plays[f->play];
	json_t *parts = json_array(), *o;

	for (size_t i = 0; i < f->run.parts_n; i++) {
		const struct play_part *part = &p->parts[f->run.first_part + i];

		add(parts,
		    json_pack("{s:I, s:I, s:I}", "seq",
			(json_int_t)part->footage.row.seq, "first",
			(json_int_t)part->first, "count", (json_int_t)part->n),
		    err);
	}
	o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "name",
	    f->name, "camera", p->camera, "from", json_time(f->run.from_ns),
	    "to", json_time(f->run.to_ns), "from_ns", ns_text(f->run.from_ns),
	    "to_ns", ns_text(f->run.to_ns), "bytes", (json_int_t)f->bytes,
	    "sha256", hex_text(f->sha256, HASH_BYTES), "parts", parts);
	put_beyond(o, x, f, err);
	return o;
}

static json_t *gap_json(const struct export *x, const struct export_gap *g,
    enum err *err)
{
	json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "camera",
	    x->plays[g->play].camera, "from", json_time(g->from_ns), "to",
	    json_time(g->to_ns), "from_ns", ns_text(g->from_ns), "to_ns",
	    ns_text(g->to_ns), "cause", cause_name(g->cause));

	if (g->entry < 0)
		return o;
	if (json_object_set_new(o, "entry", json_integer(index_of(g->entry))) <
	    0)
		*err = ERR_NO_MEMORY;
	put_epoch(o, "epoch", g->entry, x, err);
	return o;
}

static json_t *gaps_json(const struct export *x, enum err *err)
{
	json_t *gaps = json_array();

	for (size_t i = 0; i < x->gaps_n; i++)
		add(gaps, gap_json(x, &x->gaps[i], err), err);
	return gaps;
}

static json_t *files_json(const struct export *x, enum err *err)
{
	json_t *files = json_array();

	for (size_t i = 0; i < x->files_n; i++)
		add(files, file_json(x, &x->files[i], err), err);
	return files;
}

static json_t *segments_json(const struct export *x, enum err *err)
{
	json_t *segments = json_array();

	for (size_t i = 0; i < x->files_n; i++) {
		const struct play *p = &x->plays[x->files[i].play];
		const struct play_run *r = &x->files[i].run;

		for (size_t k = 0; k < r->parts_n; k++)
			add(segments,
			    segment_json(x, p->camera,
				&p->parts[r->first_part + k], err),
			    err);
	}
	return segments;
}

static json_t *opened_json(const struct export *x, enum err *err)
{
	json_t *opened = json_array();

	for (size_t i = 0; i < x->texts_n; i++) {
		const struct export_text *t = &x->texts[i];
		json_t *o = json_pack("{s:I, s:i, s:s, s:o, s:s}", "entry",
		    index_of((int64_t)t->entry), "tag", (int)t->tag, "what",
		    entry_tag_name(t->tag), "salt",
		    hex_text(t->salt, sizeof(t->salt)), "text", t->text);

		put_epoch(o, "epoch", (int64_t)t->entry, x, err);
		add(opened, o, err);
	}
	return opened;
}

static json_t *papers_json(const struct export *x, enum err *err)
{
	json_t *papers = json_array();

	for (size_t i = 0; i < x->papers_n; i++)
		add(papers,
		    json_pack("{s:s, s:o}", "name", x->papers[i].name, "sha256",
			hex_text(x->papers[i].sha256, HASH_BYTES)),
		    err);
	return papers;
}

/* Where a camera's clock and ours stood: one row whenever either changed. */
static json_t *clocks_json(const struct export *x, enum err *err)
{
	json_t *clocks = json_array();

	for (size_t i = 0; i < x->files_n; i++) {
		const struct play *p = &x->plays[x->files[i].play];
		const struct play_run *run = &x->files[i].run;

		for (size_t k = 0; k < run->parts_n; k++) {
			const struct journal_record *r =
			    &p->parts[run->first_part + k].footage.begin;
			json_t *offset = r->camera_clock_ns ?
			    json_integer((r->camera_clock_ns - r->start_ns) /
				NS_PER_MS) :
			    json_null();

			add(clocks,
			    json_pack("{s:s, s:I, s:o, s:I, s:s, s:o}",
				"camera", p->camera, "seq", (json_int_t)r->seq,
				"from", json_time(r->start_ns), "epoch",
				(json_int_t)r->epoch, "state",
				r->clock_state == CLOCK_SYNCED ?
				    "synchronised" :
				    r->clock_state == CLOCK_FREE ? "free" :
								   "unknown",
				"camera_offset_ms", offset),
			    err);
		}
	}
	return clocks;
}

/*
 * How far clocks at the site were ahead of UTC: one row whenever that changed,
 * which zones do at quarters of an hour. A day earlier than all, for a witness
 * may have spoken before.
 */
static json_t *offsets_json(const struct export *x, enum err *err)
{
	const struct request_row *r = &x->request;
	const int64_t quarter = 900 * NS_PER_SEC, day = 96 * quarter;
	int64_t from = r->created_ns < r->granted_from_ns ? r->created_ns :
							    r->granted_from_ns;
	int64_t to =
	    x->made.ns > r->granted_to_ns ? x->made.ns : r->granted_to_ns;
	json_t *offsets = json_array();
	int last = 0;

	from = from > day ? from - day : 0;
	for (int64_t t = from - from % quarter; t <= to; t += quarter) {
		int minutes = utc_offset_min((struct utc){t});

		if (json_array_size(offsets) && minutes == last)
			continue;
		last = minutes;
		add(offsets,
		    json_pack("{s:o, s:i}", "from_ns", ns_text(t), "minutes",
			minutes),
		    err);
		if (*err)
			break;
	}
	return offsets;
}

static json_t *cameras_json(const struct export *x, const struct view *v,
    enum err *err)
{
	json_t *cameras = json_array();

	for (size_t i = 0; i < x->plays_n; i++) {
		struct camera_row c;

		if (index_camera_find(v->ix, x->plays[i].camera, &c))
			continue;
		add(cameras,
		    json_pack("{s:s, s:o, s:o, s:o}", "camera", c.id, "name",
			json_text(c.name, strlen(c.name)), "atm",
			json_text(c.atm, strlen(c.atm)), "place",
			json_text(c.place, strlen(c.place))),
		    err);
	}
	return cameras;
}

static json_t *person_json(const struct person_row *p, const char *part)
{
	return json_pack("{s:I, s:s, s:o}", "person", (json_int_t)p->id, "part",
	    part, "name", json_text(p->name, strlen(p->name)));
}

static json_t *request_json(const struct export *x, enum err *err)
{
	const struct request_row *r = &x->request;
	json_t *o =
	    json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"id", r->id, "entry", index_of(r->entry), "decision_entry",
		index_of(r->decision_entry), "asked", json_time(r->created_ns),
		"decided", json_time(r->decided_ns), "from",
		json_time(r->granted_from_ns), "to",
		json_time(r->granted_to_ns), "from_ns",
		ns_text(r->granted_from_ns), "to_ns", ns_text(r->granted_to_ns),
		"cameras", json_words(r->granted_cameras));

	put_epoch(o, "epoch", r->entry, x, err);
	put_epoch(o, "decision_epoch", r->decision_entry, x, err);
	return o;
}

enum err export_witnessed(struct export *x, const struct view *v)
{
	struct export_witness *w = &x->witness;
	int64_t at_s;
	json_t *by = view_witnessed(v, &at_s, &w->size), *name;
	size_t i, n = 0;

	if (!by)
		return ERR_NO_MEMORY;
	w->at_ns = at_s * NS_PER_SEC;
	json_array_foreach(by, i, name)
	{
		if (n < sizeof(w->by))
			n += (size_t)snprintf(w->by + n, sizeof(w->by) - n,
			    "%s%s", i ? ", " : "", json_string_value(name));
	}
	json_decref(by);
	return OK;
}

static json_t *witness_json(const struct export *x)
{
	const struct export_witness *w = &x->witness;

	if (!w->at_ns)
		return json_null();
	return json_pack("{s:s, s:o, s:I, s:I}", "by", w->by, "at",
	    json_time(w->at_ns), "age_s",
	    (json_int_t)((x->made.ns - w->at_ns) / NS_PER_SEC), "size",
	    (json_int_t)w->size);
}

enum err export_manifest(const struct export *x, const struct view *v,
    char **ret)
{
	const char *origin = ledger_origin(v->ledger);
	enum err err = OK;
	json_t *o;

	o = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:[o, o]}",
	    "format", "saqta manifest v1", "software", "saqta " SAQTA_VERSION,
	    "site", json_text(v->site, strlen(v->site)), "zone", v->zone,
	    "origin", origin, "export", x->id, "made", json_time(x->made.ns),
	    "request", request_json(x, &err), "people",
	    person_json(&x->requester, "requester"),
	    person_json(&x->decider, "decider"));
	if (!o || json_object_set_new(o, "cameras", cameras_json(x, v, &err)) ||
	    json_object_set_new(o, "files", files_json(x, &err)) ||
	    json_object_set_new(o, "gaps", gaps_json(x, &err)) ||
	    json_object_set_new(o, "clocks", clocks_json(x, &err)) ||
	    json_object_set_new(o, "offsets", offsets_json(x, &err)) ||
	    json_object_set_new(o, "opened", opened_json(x, &err)) ||
	    json_object_set_new(o, "papers", papers_json(x, &err)) ||
	    json_object_set_new(o, "empty", empty_json(x, &err)) ||
	    json_object_set_new(o, "witness", witness_json(x)) ||
	    json_object_set_new(o, "segments", segments_json(x, &err)))
		err = ERR_NO_MEMORY;
	if (err) {
		json_decref(o);
		return err;
	}
	err = view_text(o, ret);
	if (!err && strlen(*ret) > MANIFEST_MAX) {
		free(*ret);
		err = ERR_TOO_LARGE;
	}
	return err;
}

static const char *const states[] = {
    [EXPORT_PREPARING] = "preparing",
    [EXPORT_READY] = "ready",
    [EXPORT_FAILED] = "failed",
    [EXPORT_ERASED] = "erased",
};

struct list {
	const struct view *v;
	const char *running;
	unsigned permille;
	struct export_row *rows;
	size_t n, room;
};

static enum err gather(const struct export_row *x, void *arg)
{
	struct list *l = arg;

	if (l->n == l->room) {
		size_t want = l->room ? 2 * l->room : 16;
		void *bigger = realloc(l->rows, want * sizeof(*x));

		if (!bigger)
			return ERR_NO_MEMORY;
		l->rows = bigger;
		l->room = want;
	}
	l->rows[l->n++] = *x;
	return OK;
}

static json_t *export_json(const struct list *l, const struct export_row *x)
{
	bool ready = x->state == EXPORT_READY || x->state == EXPORT_ERASED;
	bool running = !strcmp(l->running, x->id);

	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:I, s:o, "
			 "s:o, s:I, s:s?}",
	    "id", x->id, "request", x->request, "state", states[x->state],
	    "mine", x->person == l->v->person, "person",
	    view_person(l->v, x->person), "created", json_time(x->created_ns),
	    "ready", json_time_or_null(x->ready_ns), "ends",
	    json_time_or_null(x->ends_ns), "bytes", (json_int_t)x->bytes,
	    "sha256", ready ? hex_text(x->sha256, HASH_BYTES) : json_null(),
	    "permille",
	    running ? json_integer((json_int_t)l->permille) : json_null(),
	    "lost", (json_int_t)x->lost, "why",
	    x->why ? err_name(x->why) : NULL);
}

enum err view_exports(const struct view *v, const struct page *page,
    const char *running, unsigned permille, char **ret)
{
	struct list l = {.v = v, .running = running, .permille = permille};
	struct page one_more = page ? *page : (struct page){.limit = -1};
	json_t *array = json_array();
	struct export_row last;
	enum err err = OK;
	bool more;

	if (*one_more.after && index_export_find(v->ix, one_more.after, &last))
		err = ERR_INVALID;
	if (one_more.limit >= 0)
		one_more.limit++;
	if (!err)
		err = index_exports(v->ix,
		    v->role == ROLE_CUSTODIAN ? 0 : v->person, &one_more,
		    gather, &l);
	more = one_more.limit >= 0 && l.n == (size_t)one_more.limit;
	l.n -= more;
	for (size_t i = 0; i < l.n && !err; i++)
		add(array, export_json(&l, &l.rows[i]), &err);
	if (!err)
		err = view_text(json_pack("{s:O, s:s?}", "exports", array,
				    "next", more ? l.rows[l.n - 1].id : NULL),
		    ret);
	json_decref(array);
	free(l.rows);
	return err;
}
