/* view_people.c - answers about requests and the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/etag.h"
#include "storage/fault.h"
#include "storage/people.h"
#include "storage/token.h"
#include "storage/view_json.h"

#define LEDGER_COUNT_MAX 200u

const char *view_request_state(const struct view *v,
    const struct request_row *r)
{
	switch (r->state) {
	case REQUEST_SUBMITTED:
		return "submitted";
	case REQUEST_APPROVED:
		return r->ends_ns <= v->now.ns ? "expired" : "approved";
	case REQUEST_SHORTENED:
		return r->ends_ns <= v->now.ns ? "expired" : "shortened";
	case REQUEST_REFUSED:
		return "refused";
	case REQUEST_REVOKED:
		return "revoked";
	case REQUEST_CLOSED:
		return "closed";
	}
	return "unknown";
}

static json_t *granted_json(const struct request_row *r)
{
	if (!*r->granted_cameras)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "from",
	    json_time(r->granted_from_ns), "to", json_time(r->granted_to_ns),
	    "cameras", json_words(r->granted_cameras), "ends",
	    json_time(r->ends_ns));
}

/* Why more than a short range was asked for; NULL where it was not. */
static json_t *longer_json(const struct view *v, const struct request_row *r)
{
	char text[TEXT_MAX];

	if (r->entry <= 0 ||
	    index_text_find(v->ix, (uint64_t)r->entry, TAG_LONGER, text))
		return json_null();
	return json_text(text, strlen(text));
}

static json_t *request_json(const struct view *v, const struct request_row *r)
{
	bool mine = v->person && r->requester == v->person;
	bool decided = r->decided_ns != 0;
	int64_t waits = r->state == REQUEST_SUBMITTED ?
	    (v->now.ns - r->created_ns) / (24 * 3600 * NS_PER_SEC) :
	    0;
	char etag[ETAG_TEXT];
	unsigned right;

	if (index_rights_find(v->ix, r->id, &right))
		return NULL;
	etag_request(r, etag);
	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:s, s:o, s:o, s:o, s:o, s:I, s:s, s:o, s:s}",
	    "id", r->id, "state", view_request_state(v, r), "mine", mine,
	    "may_decide",
	    v->role == ROLE_CUSTODIAN && !mine && r->state == REQUEST_SUBMITTED,
	    "requester", view_person(v, r->requester), "decider",
	    view_person(v, r->decider), "created", json_time(r->created_ns),
	    "from", json_time(r->from_ns), "to", json_time(r->to_ns), "cameras",
	    json_words(r->cameras), "granted", granted_json(r), "right",
	    right == RIGHT_EXPORT ? "export" : "view", "reason",
	    json_text(r->reason, strlen(r->reason)), "case",
	    json_text(r->case_no, strlen(r->case_no)), "longer",
	    longer_json(v, r), "decision_reason",
	    decided ?
		json_text(r->decision_reason, strlen(r->decision_reason)) :
		json_null(),
	    "waits_days", (json_int_t)(waits > 0 ? waits : 0), "reason_code",
	    reason_code_name(r->reason_code), "until",
	    json_time_or_null(r->until_ns), "etag", etag);
}

struct rows {
	struct request_row *rows;
	size_t n, room;
};

/* Gathered first: an iteration may not ask the index for names. */
static enum err gather(const struct request_row *r, void *arg)
{
	struct rows *g = arg;

	if (g->n == g->room) {
		size_t want = g->room ? 2 * g->room : 16;
		void *bigger = realloc(g->rows, want * sizeof(*r));

		if (!bigger)
			return ERR_NO_MEMORY;
		g->rows = bigger;
		g->room = want;
	}
	g->rows[g->n++] = *r;
	return OK;
}

/* Custodians and the tool see all requests, others their own. */
enum err view_requests(const struct view *v, const struct page *page,
    char **ret)
{
	bool all = !v->person || v->role == ROLE_CUSTODIAN, more;
	struct page one_more = page ? *page : (struct page){.limit = -1};
	json_t *array = json_array();
	struct request_row last;
	struct rows g = {0};
	enum err err = OK;

	if (*one_more.after && index_request_find(v->ix, one_more.after, &last))
		err = ERR_INVALID;
	if (one_more.limit >= 0)
		one_more.limit++;
	if (!err)
		err = index_requests(v->ix, all ? 0 : v->person, &one_more,
		    gather, &g);
	more = one_more.limit >= 0 && g.n == (size_t)one_more.limit;
	g.n -= more;
	for (size_t i = 0; i < g.n && !err; i++)
		if (json_array_append_new(array, request_json(v, &g.rows[i])))
			err = ERR_NO_MEMORY;
	if (!err)
		err = view_text(json_pack("{s:O, s:s?}", "requests", array,
				    "next", more ? g.rows[g.n - 1].id : NULL),
		    ret);
	json_decref(array);
	free(g.rows);
	return err;
}

struct people {
	const struct view *v;
	json_t *array;
};

static enum err put_person(const struct person_row *p, void *arg)
{
	struct people *all = arg;
	char etag[ETAG_TEXT];
	json_t *o;

	/* operators are theirs to see */
	if (all->v->role == ROLE_OPERATOR && p->role != ROLE_OPERATOR)
		return OK;
	etag_person(p, etag);
	o = json_pack("{s:I, s:s, s:o, s:s, s:o, s:o, s:b, s:b, s:b, s:s}",
	    "id", (json_int_t)p->id, "user", p->user, "name",
	    json_text(p->name, strlen(p->name)), "role", role_name(p->role),
	    "created", json_time(p->created_ns), "ended",
	    json_time_or_null(p->ended_ns), "first", p->first, "factor",
	    person_has_factor(p), "deputy", p->deputy, "etag", etag);
	return json_array_append_new(all->array, o) ? ERR_NO_MEMORY : OK;
}

enum err view_people(const struct view *v, const struct page *page, char **ret)
{
	json_t *array = json_array(), *next = NULL;
	struct people all = {v, array};
	enum err err =
	    array ? index_people(v->ix, put_person, &all) : ERR_NO_MEMORY;

	if (!err)
		err = json_page(array, page, &next);
	if (err) {
		json_decref(array);
		return err;
	}
	return view_text(json_pack("{s:o, s:o}", "people", array, "next", next),
	    ret);
}

struct tokens {
	const struct view *v;
	json_t *array;
};

static enum err put_token(const struct token_row *t, void *arg)
{
	struct tokens *all = arg;
	char scope[TOKEN_SCOPE_TEXT];

	return json_array_append_new(all->array,
		   json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "id",
		       (json_int_t)t->id, "name",
		       json_text(t->name, strlen(t->name)), "scope",
		       token_scopes_format(t->scopes, scope), "maker",
		       view_person(all->v, t->maker), "created",
		       json_time(t->created_ns), "ends", json_time(t->ends_ns),
		       "ended", json_time_or_null(t->ended_ns), "used",
		       json_time_or_null(t->used_ns))) ?
	    ERR_NO_MEMORY :
	    OK;
}

enum err view_tokens(const struct view *v, const struct page *page, char **ret)
{
	struct tokens all = {v, json_array()};
	json_t *next = NULL;
	enum err err = index_tokens(v->ix, put_token, &all);

	if (!err)
		err = json_page(all.array, page, &next);
	if (err) {
		json_decref(all.array);
		return err;
	}
	return view_text(json_pack("{s:o, s:o}", "tokens", all.array, "next",
			     next),
	    ret);
}

static json_t *session_json(const struct view *v, const struct view_session *r)
{
	struct person_row p;

	if (index_person_find(v->ix, r->person, &p))
		return NULL;
	return json_pack("{s:I, s:s, s:o, s:s, s:o, s:o, s:b, s:b}", "id",
	    (json_int_t)r->id, "user", p.user, "name",
	    json_text(p.name, strlen(p.name)), "role", role_name(p.role),
	    "since", json_time(r->since_ns), "address",
	    json_text(r->address, strlen(r->address)), "mine", r->mine, "here",
	    r->here);
}

enum err view_sessions(const struct view *v, const struct view_session *rows,
    size_t n, char **ret)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(array, session_json(v, &rows[i]))) {
			json_decref(array);
			return ERR_NO_MEMORY;
		}
	return view_text(json_pack("{s:o}", "sessions", array), ret);
}

static json_t *hex_json(const struct entry_field *f)
{
	char hex[2 * SIGN_BYTES + 1];

	if (f->n > SIGN_BYTES)
		return json_null();
	hex_encode(f->p, f->n, hex);
	return json_string(hex);
}

/* Each `u8 length || text`. */
static json_t *list_json(const struct entry_field *f)
{
	json_t *a = json_array();

	for (size_t i = 0; i < f->n; i += 1u + f->p[i])
		if (f->p[i] >= f->n - i ||
		    json_array_append_new(a, json_text(f->p + i + 1, f->p[i])) <
			0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

static json_t *numbers_json(const struct entry_field *f)
{
	json_t *a = json_array();

	for (size_t i = 0; i + 8 <= f->n; i += 8)
		if (json_array_append_new(a,
			json_ns((int64_t)be_get(f->p + i, 8))) < 0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

/* What a number stands for, where it is a name in Saqta's lists. */
static json_t *number_json(unsigned tag, uint64_t v)
{
	static const char *const clocks[] = {"unknown", "synchronised", "free"};

	switch (tag) {
	case TAG_FROM:
	case TAG_TO:
	case TAG_RETAIN:
	case TAG_ENDS:
	case TAG_UNTIL:
	case TAG_SERVED_FROM:
	case TAG_SERVED_TO:
	case TAG_WITNESS_TIME:
	case TAG_AT:
		return json_time((int64_t)v);
	case TAG_REASON_CODE:
		return json_string(reason_code_name((unsigned)v));
	case TAG_CAUSE:
		return json_string(cause_name((enum cause)v));
	case TAG_ROLE:
		return json_string(role_name((enum role)v));
	case TAG_ERROR:
		return json_string(err_name(err_from_wire((unsigned)v)));
	case TAG_VERDICT:
		return json_string(v == VERDICT_REFUSE ? "refuse" : "approve");
	case TAG_LEASE_KIND:
		return json_string(v == LEASE_EXPORT ? "export" :
			v == LEASE_DOWNLOAD	     ? "download" :
						       "view");
	case TAG_CLOCK_STATE:
		return json_string(v < 3 ? clocks[v] : "unknown");
	case TAG_FLAGS:
		return json_flags((uint32_t)v);
	case TAG_ALARM:
		return json_string(alarm_name(v));
	case TAG_FAULT:
		return json_string(fault_name((uint32_t)v));
	default:
		return json_ns((int64_t)v);
	}
}

/* A commitment is shown as its text while that is not erased. */
static json_t *committed_json(const struct view *v, uint64_t entry,
    unsigned tag)
{
	char text[TEXT_MAX];

	if (index_text_find(v->ix, ledger_number(v->ledger, entry), tag, text))
		return json_null();
	return json_text(text, strlen(text));
}

static json_t *field_json(const struct view *v, uint64_t entry,
    const struct entry_field *f)
{
	switch (f->tag) {
	case TAG_NAME:
	case TAG_ADDRESS:
	case TAG_ATM:
	case TAG_PLACE:
	case TAG_REASON:
	case TAG_NOTE:
	case TAG_LONGER:
	case TAG_CASE:
	case TAG_DEVICE:
		return committed_json(v, entry, f->tag);
	case TAG_CAMERA:
	case TAG_DAY:
	case TAG_PAPER:
	case TAG_RECIPIENT:
	case TAG_REQUEST:
	case TAG_EXPORT:
	case TAG_ORIGIN:
	case TAG_FORMER:
	case TAG_WITNESS:
	case TAG_WITNESS_URL:
	case TAG_WITNESS_PIN:
	case TAG_CERTIFICATE:
	case TAG_ZONE:
	case TAG_VERSION:
	case TAG_SCOPE:
	case TAG_INCIDENT:
	case TAG_BOOT:
		return json_text(f->p, f->n);
	case TAG_CAMERAS:
		return list_json(f);
	case TAG_WRAPPED_TO:
	case TAG_REMINDED:
		return numbers_json(f);
	case TAG_ZONES:
		return json_zones(f->p, f->n);
	case TAG_HEADS:
		return json_null();
	default:
		return f->n == 8 ? number_json(f->tag, field_u64(f)) :
				   hex_json(f);
	}
}

/* "reason-commitment" holds the reason. */
static void field_name(unsigned tag, char *buf, size_t n)
{
	char *end;

	snprintf(buf, n, "%s", entry_tag_name(tag));
	end = strstr(buf, "-commitment");
	if (end)
		*end = '\0';
}

/* A field that repeats (what was served) becomes an array. */
static int put_field(json_t *fields, const char *name, unsigned tag,
    json_t *value)
{
	json_t *array = json_object_get(fields, name);

	if (tag != TAG_SERVED_FROM && tag != TAG_SERVED_TO)
		return json_object_set_new(fields, name, value);
	if (!array) {
		array = json_array();
		if (json_object_set_new(fields, name, array) < 0) {
			json_decref(value);
			return -1;
		}
	}
	return json_array_append_new(array, value);
}

static json_t *entry_json(const struct view *v, uint64_t index,
    const unsigned char *p, size_t n)
{
	json_t *fields = json_object();
	struct entry_view e;
	struct entry_field f;
	size_t pos = 0;
	char name[48];
	int bad = 0;

	if (entry_parse(p, n, &e)) {
		json_decref(fields);
		return json_pack("{s:I, s:s}", "index", (json_int_t)index,
		    "type", "damaged");
	}
	while (!bad && entry_next(&e, &pos, &f)) {
		field_name(f.tag, name, sizeof(name));
		bad = put_field(fields, name, f.tag, field_json(v, index, &f));
	}
	if (bad) {
		json_decref(fields);
		return NULL;
	}
	return json_pack("{s:I, s:o, s:s, s:I, s:o, s:o}", "index",
	    (json_int_t)index, "time", json_time(e.time.ns), "type",
	    entry_type_name(e.type), "person", (json_int_t)e.person,
	    "person_name", view_person(v, e.person), "fields", fields);
}

enum err view_ledger(const struct view *v, uint64_t first, uint32_t count,
    char **ret)
{
	unsigned char buf[ENTRY_MAX], root[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];
	json_t *entries = json_array();
	uint64_t next, signed_n = ledger_signed(v->ledger);
	enum err err = OK;
	size_t n;

	/* asking beyond the end makes it look at the disk again */
	while (!ledger_get(v->ledger, ledger_size(v->ledger), buf, &n))
		;
	if (count > LEDGER_COUNT_MAX)
		count = LEDGER_COUNT_MAX;
	for (uint64_t i = first; i - first < count && !err; i++) {
		err = ledger_get(v->ledger, i, buf, &n);
		if (!err &&
		    json_array_append_new(entries, entry_json(v, i, buf, n)))
			err = ERR_NO_MEMORY;
	}
	if (err && err != ERR_NOT_FOUND) {
		json_decref(entries);
		return err;
	}
	ledger_root(v->ledger, root);
	hex_encode(root, sizeof(root), hex);
	next = first + json_array_size(entries);
	return view_text(json_pack("{s:I, s:I, s:o, s:o, s:s, s:I}", "size",
			     (json_int_t)ledger_size(v->ledger), "first",
			     (json_int_t)first, "next",
			     next < ledger_size(v->ledger) ?
				 json_integer((json_int_t)next) :
				 json_null(),
			     "entries", entries, "root", hex, "checkpoint_size",
			     (json_int_t)signed_n),
	    ret);
}
