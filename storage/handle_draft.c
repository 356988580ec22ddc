/* handle_draft.c - requests that nobody has made yet: saved and discarded. */
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper_draft.h"

#define DRAFTS_MAX 20 /* of a person */
#define DAY_NS (24 * 3600 * NS_PER_SEC)
#define NUMBER "draft" /* setting: of the last one, u64 */

enum err draft_of(struct keeper *k, uint64_t person, uint64_t id,
    struct draft_row *ret)
{
	enum err err = index_draft_find(k->ix, id, ret);

	return !err && ret->person != person ? ERR_NOT_FOUND : err;
}

static enum err count(const struct draft_row *d, void *arg)
{
	unsigned *n = arg;

	(void)d;
	++*n;
	return OK;
}

/* No number is given twice: who still shows a draft that is gone hits none. */
static enum err number(struct keeper *k, struct draft_row *d)
{
	unsigned have = 0;
	uint64_t n = 0;
	size_t size;
	enum err err = index_drafts(k->ix, d->person, count, &have);

	if (!err && have >= DRAFTS_MAX)
		err = ERR_DRAFTS;
	if (!err)
		err = index_setting_find(k->ix, NUMBER, &n, sizeof(n), &size);
	if (err && err != ERR_NOT_FOUND)
		return err;
	d->id = n + 1;
	return index_setting_put(k->ix, NUMBER, &d->id, sizeof(d->id));
}

static enum err get_draft(struct keeper *k, struct wire *w, struct draft_row *d)
{
	char code[24];
	unsigned parsed;
	enum err err;

	d->id = wire_get_u64(w);
	d->from_ns = wire_get_i64(w);
	d->to_ns = wire_get_i64(w);
	wire_get_text(w, d->reason, sizeof(d->reason));
	wire_get_text(w, d->case_no, sizeof(d->case_no));
	err = get_camera_list(k, w, d->cameras, sizeof(d->cameras));
	if (err)
		return err;
	d->rights = wire_get_u8(w);
	wire_get_text(w, code, sizeof(code));
	d->until_ns = wire_get_i64(w);
	wire_get_text(w, d->longer, sizeof(d->longer));
	err = wire_end(w);
	if (err)
		return err;
	d->reason_code = -1;
	if (*code) {
		err = reason_code_parse(code, &parsed);
		d->reason_code = err ? -1 : (int)parsed;
	}
	return d->rights > RIGHT_EXPORT || d->from_ns < 0 || d->to_ns < 0 ||
		d->until_ns < 0 ?
	    ERR_INVALID :
	    err;
}

static bool may_ask(const struct conn *c)
{
	return c->reader->role == ROLE_AUDITOR ||
	    c->reader->role == ROLE_CUSTODIAN;
}

void handle_draft_put(struct keeper *k, struct conn *c, struct wire *w)
{
	struct draft_row d = {
	    .person = c->reader->person, .saved_ns = k->now.ns};
	struct draft_row old;
	char etag[ETAG_TEXT];
	uint32_t id = w->id;
	enum err err;

	conn_acted(k, c);
	err = get_draft(k, w, &d);
	if (!err && !may_ask(c))
		err = ERR_DENIED;
	if (!err)
		err = d.id ? draft_of(k, d.person, d.id, &old) : number(k, &d);
	if (!err)
		err = index_draft_put(k->ix, &d);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	etag_draft(&d, etag);
	wire_begin(w, MSG_DRAFT_PUT_IS, id);
	wire_put_u64(w, d.id);
	wire_put_str(w, etag);
	conn_send(c, w, -1);
}

void handle_draft_drop(struct keeper *k, struct conn *c, struct wire *w)
{
	uint64_t number = wire_get_u64(w);
	struct draft_row d;
	enum err err = wire_end(w);

	conn_acted(k, c);
	if (!err)
		err = draft_of(k, c->reader->person, number, &d);
	if (!err)
		err = index_draft_drop(k->ix, number);
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_ok(c, w->id);
}

void drafts_tick(struct keeper *k)
{
	if (index_drafts_drop(k->ix, 0, k->now.ns - DRAFT_DAYS * DAY_NS))
		log_error("old drafts were not dropped");
}
