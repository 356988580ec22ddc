/* view_retention.c - answers about terms: what is due, the clock, holds. */
#include "storage/view_retention.h"

#include <string.h>

#include "storage/view_json.h"

static json_t *due_json(const struct due_day *d)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o}", "camera",
	    d->camera, "day", d->day, "segments", (json_int_t)d->segments,
	    "bytes", (json_int_t)d->bytes, "held", (json_int_t)d->held, "left",
	    (json_int_t)d->left, "method",
	    !d->segments ? "none" :
		d->left	 ? "headers" :
			   "key",
	    "since", d->segments ? json_time(d->since_ns) : json_null());
}

enum err view_due(const struct due *due, const struct rclock *c,
    struct utc wall, bool sweeping, char **ret)
{
	json_t *days = json_array();

	for (size_t i = 0; i < due->n; i++)
		if (json_array_append_new(days, due_json(&due->days[i])) < 0) {
			json_decref(days);
			return ERR_NO_MEMORY;
		}
	return view_text(json_pack("{s:o, s:o, s:o, s:b, s:b, s:I, s:I, s:I, "
				   "s:I, s:o}",
			     "now", json_time(wall.ns), "retention_clock",
			     json_time(c->now_ns), "both",
			     json_time(rclock_both(c, wall).ns), "trusted",
			     rclock_trusts(c, wall), "sweeping", sweeping,
			     "segments", (json_int_t)due->segments, "bytes",
			     (json_int_t)due->bytes, "held",
			     (json_int_t)due->held, "overdue",
			     (json_int_t)due->overdue, "days", days),
	    ret);
}

static json_t *clock_json(const struct rclock *c, struct utc wall)
{
	bool trusted = rclock_trusts(c, wall);

	return json_pack("{s:o, s:o, s:I, s:I, s:s, s:o}", "wall",
	    json_time(wall.ns), "retention_clock", json_time(c->now_ns),
	    "behind_s", (json_int_t)((wall.ns - c->now_ns) / NS_PER_SEC),
	    "budget_s", (json_int_t)(c->budget_ns / NS_PER_SEC), "state",
	    trusted ? "trusted" : "untrusted", "untrusted_since_entry",
	    c->untrusted ? json_integer((json_int_t)c->untrusted - 1) :
			   json_null());
}

/* Those that are named for the clock, and what they answered when asked. */
static json_t *asked_json(const struct witnessing *x)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->peers.witnesses; i++)
		if (x->peers.witness[i].clock)
			json_array_append_new(all,
			    json_pack("{s:s, s:o}", "name",
				x->peers.witness[i].key.name, "says",
				json_time_or_null(x->link[i].said_ns)));
	return all;
}

/* Who vouched last, as far as the index and this epoch know. */
static json_t *vouched_json(const struct view *v)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_field to, from, who;
	struct entry_view e;
	uint64_t at, first = ledger_number(v->ledger, 0);
	size_t n;

	if (index_setting_find(v->ix, VOUCHED_SETTING, &at, sizeof(at), &n) ||
	    n != sizeof(at) || at < first ||
	    ledger_get(v->ledger, at - first, buf, &n) ||
	    entry_parse(buf, n, &e) || e.type != ENTRY_VOUCHED ||
	    !entry_find(&e, TAG_RETENTION, &to) ||
	    !entry_find(&e, TAG_RETENTION_BEFORE, &from))
		return json_null();
	return json_pack("{s:o, s:I, s:o, s:o}", "at", json_time(e.time.ns),
	    "step_s",
	    (json_int_t)((int64_t)(field_u64(&to) - field_u64(&from)) /
		NS_PER_SEC),
	    "person", view_person(v, e.person), "witnesses",
	    entry_find(&e, TAG_WITNESS, &who) ?
		json_text((const char *)who.p, who.n) :
		json_null());
}

enum err view_clock(const struct view *v, const struct rclock *c,
    const struct witnessing *x, char **ret)
{
	json_t *o = clock_json(c, v->now);

	if (!o || json_object_set_new(o, "witnesses", asked_json(x)) ||
	    json_object_set_new(o, "witness_budget_s",
		json_integer((json_int_t)(c->witness_ns / NS_PER_SEC))) ||
	    json_object_set_new(o, "vouched", vouched_json(v))) {
		json_decref(o);
		return ERR_NO_MEMORY;
	}
	return view_text(o, ret);
}

/* The keeper's word on expiry, as it stands in the index. */
json_t *view_retention(const struct view *v)
{
	struct expire_state st = {0};
	struct rclock c = {0};
	bool known = true;
	size_t n = 0;

	if (index_setting_find(v->ix, EXPIRE_SETTING, &st, sizeof(st), &n) ||
	    n != sizeof(st))
		st = (struct expire_state){0};
	if (index_setting_find(v->ix, RCLOCK_SETTING, &c, sizeof(c), &n) ||
	    n != sizeof(c))
		known = false;
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
	    "clock",
	    known ? clock_json(&c, (struct utc){c.wall_ns}) : json_null(),
	    "due", (json_int_t)st.due, "due_bytes", (json_int_t)st.due_bytes,
	    "overdue", (json_int_t)st.overdue, "held", (json_int_t)st.held,
	    "throttled_days", (json_int_t)st.throttled, "kept_days",
	    (json_int_t)st.kept_days, "swept", json_time_or_null(st.swept_ns),
	    "alarm",
	    c.untrusted	     ? json_string("clock") :
		st.overdue   ? json_string("overdue") :
		st.throttled ? json_string("throttled") :
		st.failed    ? json_string(err_name((enum err)st.failed)) :
			       json_null());
}

/* A text behind the hold's own entry; null once it is erased. */
static json_t *text_json(const struct view *v, const struct hold *h,
    enum entry_tag tag)
{
	char text[TEXT_MAX];

	if (index_text_find(v->ix, ledger_number(v->ledger, h->entry), tag,
		text))
		return json_null();
	return json_text(text, strlen(text));
}

static json_t *hold_json(const struct view *v, const struct hold *h)
{
	bool mine = v->person && h->owner == v->person;
	bool see = !v->person || mine || v->role == ROLE_CUSTODIAN;
	/* as handle_retention.c's release_ok(), which has the last word */
	bool over = !*h->request ||
	    (h->ends_ns && h->ends_ns - HOLD_AFTER_NS <= v->now.ns);

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:b}",
	    "id", (json_int_t)h->id, "cameras", json_words(h->cameras), "from",
	    json_time(h->from_ns), "to",
	    h->to_ns == HOLD_OPEN_END ? json_null() : json_time(h->to_ns),
	    "placed", json_time(h->placed_ns), "mine", mine, "owner",
	    view_person(v, h->owner), "request",
	    *h->request ? json_string(h->request) : json_null(), "reason",
	    see ? text_json(v, h, TAG_REASON) : json_null(), "case",
	    see ? text_json(v, h, TAG_CASE) : json_null(), "review",
	    json_time_or_null(h->review_ns), "ends",
	    json_time_or_null(h->ends_ns), "may_release",
	    v->role == ROLE_CUSTODIAN && !mine && over);
}

/* As requests: custodians and the tool see all, others their own. */
enum err view_holds(const struct view *v, const struct page *page, char **ret)
{
	bool all = !v->person || v->role == ROLE_CUSTODIAN;
	json_t *array = json_array(), *next = NULL;
	struct holds h = {0};
	int64_t overdue = 0;
	enum err err = holds_load(v->data_fd, v->ledger, &h, NULL);

	for (size_t i = h.n; i-- > 0 && !err;) {
		if (!all && h.h[i].owner != v->person)
			continue;
		overdue += h.h[i].review_ns && h.h[i].review_ns < v->now.ns;
		if (json_array_append_new(array, hold_json(v, &h.h[i])) < 0)
			err = ERR_NO_MEMORY;
	}
	holds_free(&h);
	if (!err)
		err = json_page(array, page, &next);
	if (err) {
		json_decref(array);
		return err;
	}
	return view_text(json_pack("{s:o, s:o, s:I}", "holds", array, "next",
			     next, "to_review", (json_int_t)overdue),
	    ret);
}
