#include "storage/view_transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/align.h"
#include "storage/coverage.h"
#include "storage/keeper_transaction.h"
#include "storage/view_json.h"

#define CAMERAS_ALL 256
#define STOOD_MAX 16

/* Where each camera hung, from-to. */
struct place {
	struct camera_row row;
	struct {
		int64_t from_ns, to_ns;
		char atm[TRANSACTION_ATM_MAX + 1];
	} at[STOOD_MAX];
	size_t n;
};

struct places {
	struct place *p;
	size_t n;
};

static enum err put_stood(const struct stood_row *r, void *arg)
{
	struct place *p = arg;

	/* the latest STOOD_MAX */
	if (p->n == STOOD_MAX) {
		memmove(p->at, p->at + 1, (STOOD_MAX - 1) * sizeof(p->at[0]));
		p->n--;
	}
	memset(&p->at[p->n], 0, sizeof(p->at[0]));
	p->at[p->n].from_ns = r->from_ns;
	p->at[p->n].to_ns = r->to_ns;
	/* a longer name is none that a transaction can have */
	if (strlen(r->value) <= TRANSACTION_ATM_MAX)
		strcpy(p->at[p->n].atm, r->value);
	p->n++;
	return OK;
}

static enum err places_get(struct index *ix, struct places *ret)
{
	char id[CAMERA_ID_MAX + 1] = "";
	enum err err = OK;

	ret->n = 0;
	ret->p = calloc(CAMERAS_ALL, sizeof(*ret->p));
	if (!ret->p)
		return ERR_NO_MEMORY;
	while (!err && ret->n < CAMERAS_ALL) {
		struct place *p = &ret->p[ret->n];

		err = index_camera_next(ix, id, &p->row);
		if (err)
			break;
		strcpy(id, p->row.id);
		err = index_stood(ix, STOOD_ATM, id, put_stood, p);
		ret->n++;
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

static bool hung_at(const struct place *p, const char *atm, int64_t ns)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->at[i].from_ns <= ns && ns < p->at[i].to_ns &&
		    atm_same(p->at[i].atm, atm))
			return true;
	/* what the journal says of before the camera came is a gap of it */
	return p->n && ns < p->at[0].from_ns && atm_same(p->at[0].atm, atm);
}

/* The site's own name for an ATM; the name itself where there is none. */
static void own_name(const struct places *all, char atm[])
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = all->p[i].n; k--;)
			if (atm_same(all->p[i].at[k].atm, atm)) {
				strcpy(atm, all->p[i].at[k].atm);
				return;
			}
}

struct sum {
	size_t cameras, complete, some;
	json_t *ids;
};

/* What is recorded of one camera in [from, to). */
static enum err add_camera(const struct view *v, const struct camera_row *row,
    int64_t from_ns, int64_t to_ns, struct sum *s)
{
	struct coverage c;
	enum err err =
	    coverage_of(v->ix, v->data_fd, row, from_ns, to_ns, v->now, &c);

	if (err)
		return err;
	s->cameras++;
	s->some += c.recorded_ns > 0;
	s->complete += c.recorded_ns > 0 && !c.gap_ns;
	coverage_free(&c);
	return json_array_append_new(s->ids, json_string(row->id)) ?
	    ERR_NO_MEMORY :
	    OK;
}

static json_t *text_or_null(const char *s)
{
	return *s ? json_text(s, strlen(s)) : json_null();
}

static json_t *card_json(const struct transaction *t)
{
	if (!*t->last4 && !*t->bin)
		return json_null();
	return json_pack("{s:o, s:o}", "bin", text_or_null(t->bin), "last4",
	    text_or_null(t->last4));
}

static json_t *amount_json(int64_t amount, const char *currency)
{
	char text[32];

	if (!amount)
		return json_null();
	return json_pack("{s:s, s:o}", "value",
	    amount_format(amount, text, sizeof(text)), "currency",
	    text_or_null(currency));
}

static json_t *check_json(const struct transaction *t)
{
	if (!t->check_method && !t->check_result)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "method",
	    text_or_null(transaction_word(WORDS_METHOD, t->check_method)),
	    "result",
	    text_or_null(transaction_word(WORDS_CHECK, t->check_result)),
	    "reference", text_or_null(t->check_reference));
}

/* The journal's time beside the video's: never the one for the other. */
static json_t *clock_json(const struct aligned *at)
{
	const struct alignment *by = at->by;

	return json_pack("{s:o, s:o, s:I, s:o}", "video", json_time(at->ns),
	    "offset_ms", by ? json_integer(by->offset_ms) : json_null(),
	    "uncertainty_ms", (json_int_t)(at->uncertainty_ns / NS_PER_MS),
	    "entry", by ? json_integer((json_int_t)by->entry) : json_null());
}

static enum err put_row(const struct view *v, const struct places *all,
    const struct alignments *clocks, const struct transaction_row *r,
    json_t *array)
{
	const struct transaction *t = &r->t;
	int64_t told = t->cash_ns ? t->cash_ns : t->time_ns;
	struct aligned began = align_at(clocks, t->atm, t->time_ns);
	struct aligned at = align_at(clocks, t->atm, told);
	int64_t from, to;
	struct sum s = {.ids = json_array()};
	enum err err = OK;
	json_t *o;

	transaction_span(clocks, t, &from, &to);
	if (to > v->now.ns)
		to = v->now.ns;
	for (size_t i = 0; !err && i < all->n; i++)
		if (from > 0 && from < to &&
		    hung_at(&all->p[i], t->atm, began.ns))
			err = add_camera(v, &all->p[i].row, from, to, &s);
	if (err) {
		json_decref(s.ids);
		return err;
	}
	o = json_pack("{s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, "
		      "s:o, s:s, s:o, s:o, s:o}",
	    "id", (json_int_t)r->id, "atm", json_text(t->atm, strlen(t->atm)),
	    "time", json_time(t->time_ns), "at", json_time(told), "clock",
	    clock_json(&at), "kind", transaction_word(WORDS_KIND, t->kind),
	    "amount", amount_json(t->amount, t->currency), "result",
	    text_or_null(transaction_word(WORDS_RESULT, t->result)), "card",
	    card_json(t), "reference", text_or_null(t->reference), "cash",
	    text_or_null(transaction_word(WORDS_CASH, t->cash)), "check",
	    check_json(t), "coverage",
	    !s.some			? "none" :
		s.complete == s.cameras ? "complete" :
					  "gaps",
	    "cameras", s.ids, "from", json_time(from), "to", json_time(to));
	return json_array_append_new(array, o) ? ERR_NO_MEMORY : OK;
}

static int64_t setting(const struct view *v, const char *name)
{
	int64_t value = 0;
	size_t n = 0;

	if (index_setting_find(v->ix, name, &value, sizeof(value), &n) ||
	    n != sizeof(value))
		return 0;
	return value;
}

static json_t *next_json(const struct transaction_query *q,
    const struct transaction_row *r, size_t n, int64_t back_to)
{
	char text[48];

	if (n == TRANSACTIONS_PAGE)
		snprintf(text, sizeof(text), "%lld.%lld",
		    (long long)r[n - 1].t.time_ns, (long long)r[n - 1].id);
	else if (back_to > q->from_ns)
		snprintf(text, sizeof(text), "%lld.0", (long long)back_to);
	else
		return json_null();
	return json_string(text);
}

/* By the video's clock, from-to. */
struct within {
	const struct alignments *clocks;
	int64_t from_ns, to_ns;
};

static bool is_within(const struct transaction *t, const void *arg)
{
	const struct within *w = arg;

	return align_is_within(w->clocks, t->atm, t->time_ns, w->from_ns,
	    w->to_ns);
}

enum err view_transactions(const struct view *v, struct index *tx,
    const struct transaction_query *asked, char **ret)
{
	struct alignments clocks = {NULL, 0};
	struct within within = {&clocks, asked->from_ns, asked->to_ns};
	static struct transaction_row rows[TRANSACTIONS_PAGE];
	struct transaction_query q = *asked;
	json_t *array = json_array();
	struct places all;
	int64_t back_to = 0;
	size_t n = 0;
	char sum[32];
	enum err err = places_get(v->ix, &all);

	if (q.least < 0)
		q.least = setting(v, TRANSACTIONS_THRESHOLD);
	if (!err)
		err = index_alignments(v->ix, &clocks);
	if (!err && *q.atm)
		own_name(&all, q.atm);
	q.counts = is_within;
	q.arg = &within;
	align_reach(&clocks, q.atm, asked->from_ns, asked->to_ns, &q.from_ns,
	    &q.to_ns);
	if (!err)
		err = transactions_search(tx, &q, rows, &n, &back_to);
	for (size_t i = 0; !err && i < n; i++)
		err = put_row(v, &all, &clocks, &rows[i], array);
	free(all.p);
	free(clocks.all);
	if (err) {
		json_decref(array);
		return err;
	}
	return view_text(json_pack("{s:o, s:o, s:o, s:s, s:o}", "transactions",
			     array, "back_to",
			     json_time(back_to > 0 ? back_to : 1), "next",
			     next_json(&q, rows, n, back_to), "threshold",
			     amount_format(setting(v, TRANSACTIONS_THRESHOLD),
				 sum, sizeof(sum)),
			     "lost",
			     json_time_or_null(setting(v, TRANSACTIONS_LOST))),
	    ret);
}

static json_t *repeat_json(const struct transaction_repeat *r)
{
	json_t *atms = json_array();
	char sum[32];

	for (unsigned i = 0; i < r->atms && i < 4; i++)
		if (json_array_append_new(atms,
			json_text(r->atm[i], strlen(r->atm[i])))) {
			json_decref(atms);
			return NULL;
		}
	return json_pack("{s:o, s:o, s:i, s:s, s:o, s:o, s:o}", "bin",
	    text_or_null(r->bin), "last4", text_or_null(r->last4), "count",
	    (int)r->count, "sum", amount_format(r->sum, sum, sizeof(sum)),
	    "first", json_time(r->first_ns), "last", json_time(r->last_ns),
	    "atms", atms);
}

enum err view_transaction_lists(const struct view *v, struct index *tx,
    unsigned list, int64_t from_ns, int64_t to_ns, char **ret)
{
	static struct transaction_repeat rows[TRANSACTIONS_PAGE];
	json_t *array = json_array();
	size_t n = 0;
	char sum[32];
	int64_t under = setting(v, TRANSACTIONS_THRESHOLD);
	enum err err = list == LIST_SEVERAL_ATMS || list == LIST_UNDER ?
	    transactions_repeated(tx, (enum transaction_list)list, from_ns,
		to_ns, under, rows, &n) :
	    ERR_INVALID;

	for (size_t i = 0; !err && i < n; i++)
		if (json_array_append_new(array, repeat_json(&rows[i])))
			err = ERR_NO_MEMORY;
	if (err) {
		json_decref(array);
		return err;
	}
	return view_text(json_pack("{s:o, s:s}", "cards", array, "threshold",
			     amount_format(under, sum, sizeof(sum))),
	    ret);
}
