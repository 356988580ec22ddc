/*
 * view_story.c - what was done with a request: notes, snapshots, who looked; and
 * who was told of an incident.
 */
#include <stdio.h>
#include <string.h>

#include "storage/view_json.h"

struct story {
	const struct view *v;
	const struct request_row *r;
	json_t *notes, *snapshots, *leases;
	int64_t left;		/* leases until the page is full; -1: none */
	uint64_t last;
	bool more;
};

static enum err add(json_t *array, json_t *o)
{
	return json_array_append_new(array, o) ? ERR_NO_MEMORY : OK;
}

static json_t *mark_json(const struct view *v, const struct mark_row *m)
{
	return json_pack("{s:I, s:o, s:o, s:s, s:o}", "entry",
	    (json_int_t)m->entry, "time", json_time(m->made_ns), "who",
	    view_person(v, m->person), "camera", m->camera, "at",
	    json_time(m->at_ns));
}

static enum err put_mark(const struct mark_row *m, void *arg)
{
	struct story *y = arg;
	char text[TEXT_MAX], hex[2 * HASH_BYTES + 1];
	json_t *o = mark_json(y->v, m);

	if (m->kind == MARK_SNAPSHOT) {
		hex_encode(m->sha256, HASH_BYTES, hex);
		json_object_set_new(o, "sha256", json_string(hex));
		return add(y->snapshots, o);
	}
	/* the words may be erased, the note stays */
	json_object_set_new(o, "text",
	    index_text_find(y->v->ix, m->entry, TAG_NOTE, text) ?
		json_null() :
		json_text(text, strlen(text)));
	return add(y->notes, o);
}

static bool names(const char *list, const char *id)
{
	size_t n = strlen(id);

	for (const char *p = list; n && (p = strstr(p, id)); p += n)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

/* When a lease was opened stands in its entry alone. */
static int64_t entered_ns(const struct view *v, uint64_t number)
{
	uint64_t first = ledger_number(v->ledger, 0);
	unsigned char buf[ENTRY_MAX];
	struct entry_view e;
	size_t n;

	if (number < first || ledger_get(v->ledger, number - first, buf, &n) ||
	    entry_parse(buf, n, &e))
		return 0;
	return e.time.ns;
}

static enum err put_lease(const struct lease_row *l, void *arg)
{
	static const char *const kinds[] = {
	    [LEASE_VIEW] = "view",
	    [LEASE_DOWNLOAD] = "download",
	    [LEASE_EXPORT] = "export",
	};
	struct story *y = arg;

	y->more = !y->left;
	if (y->more)
		return OK;
	y->left -= y->left > 0;
	y->last = l->entry;
	if (!names(y->r->cameras, l->camera) || l->kind < LEASE_VIEW ||
	    l->kind > LEASE_EXPORT)
		return OK;
	return add(y->leases,
	    json_pack("{s:I, s:o, s:o, s:b, s:s, s:s, s:s, s:o, s:o}", "entry",
		(json_int_t)l->entry, "time",
		json_time_or_null(entered_ns(y->v, l->entry)), "who",
		view_person(y->v, l->person), "mine", l->person == y->v->person,
		"request", l->request, "camera", l->camera, "kind",
		kinds[l->kind], "from", json_time(l->from_ns), "to",
		json_time(l->to_ns)));
}

enum err view_story(const struct view *v, const char *request,
    const struct page *page, char **ret)
{
	struct request_row r;
	struct story y = {v, &r, json_array(), json_array(), json_array(),
	    page ? page->limit : -1, 0, false};
	char next[24];
	uint64_t after;
	enum err err = index_request_find(v->ix, request, &r);

	if (!err && v->role != ROLE_CUSTODIAN && r.requester != v->person)
		err = ERR_NOT_FOUND;
	if (!err)
		err = page_number(page, &after);
	if (!err && !after)
		err = index_marks(v->ix, request, put_mark, &y);
	if (!err)
		err = index_leases_within(v->ix, r.from_ns, r.to_ns,
		    after ? after : INT64_MAX, y.left < 0 ? -1 : y.left + 1,
		    put_lease, &y);
	if (err) {
		json_decref(y.notes);
		json_decref(y.snapshots);
		json_decref(y.leases);
		return err;
	}
	snprintf(next, sizeof(next), "%llu", (unsigned long long)y.last);
	return view_text(json_pack("{s:s, s:o, s:o, s:o, s:s?}", "request",
			     request, "notes", y.notes, "snapshots",
			     y.snapshots, "leases", y.leases, "next",
			     y.more ? next : NULL),
	    ret);
}

struct told {
	const struct view *v;
	json_t *array;
};

static enum err put_told(const struct mark_row *m, void *arg)
{
	struct told *t = arg;
	char whom[TEXT_MAX];

	if (index_text_find(t->v->ix, m->entry, TAG_NOTE, whom))
		*whom = '\0';
	return add(t->array,
	    json_pack("{s:I, s:o, s:s, s:o, s:b, s:o}", "entry",
		(json_int_t)m->entry, "time", json_time(m->made_ns), "incident",
		m->request, "since", json_time(m->at_ns), "over",
		m->kind == MARK_TOLD_OVER, "whom",
		*whom ? json_text(whom, strlen(whom)) : json_null()));
}

enum err view_told(const struct view *v, const char *camera, int64_t from_ns,
    int64_t to_ns, char **ret)
{
	struct told t = {v, json_array()};
	enum err err = index_told(v->ix, camera, from_ns, to_ns, put_told, &t);

	if (err) {
		json_decref(t.array);
		return err;
	}
	return view_text(json_pack("{s:s, s:o}", "camera", camera, "told",
			     t.array),
	    ret);
}
