/*
 * keeper_remind.c - what nobody decides: custodians, and later their deputies
 * (people_to_remind()), are reminded each day that a request waits, by an entry
 * that says who is. How long it waits is told with the request.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/keeper.h"

#define DAY_NS (24 * 3600 * NS_PER_SEC)
#define REMIND_MAX 64 /* requests at once; the rest at the next look */
#define REMINDED "reminded" /* setting: when was looked last, UTC ns */

struct waiting {
	int64_t since_ns, now_ns;
	struct {
		char id[REQUEST_ID_MAX];
		uint64_t requester;
		int64_t days;
	} rows[REMIND_MAX];
	size_t n;
};

/* Another whole day is over since the last look. */
static enum err gather(const struct request_row *q, void *arg)
{
	struct waiting *x = arg;
	int64_t days = (x->now_ns - q->created_ns) / DAY_NS;

	if (days < 1 || days <= (x->since_ns - q->created_ns) / DAY_NS ||
	    x->n == REMIND_MAX)
		return OK;
	memcpy(x->rows[x->n].id, q->id, sizeof(q->id));
	x->rows[x->n].requester = q->requester;
	x->rows[x->n++].days = days;
	return OK;
}

static enum err enter_reminder(struct keeper *k, const char *request,
    uint64_t requester, int64_t days)
{
	unsigned char ids[8 * AGE_RECIPIENTS_MAX];
	struct reminded whom;
	struct enter x;
	enum err err = people_to_remind(k->ix, requester, days, &whom);

	if (err)
		return err;
	log_warn("%s has waited for a decision for %lld days", request,
	    (long long)days);
	enter_begin(k, &x, ENTRY_REMINDED, 0);
	entry_put_text(&x.e, TAG_REQUEST, request);
	entry_put_u64(&x.e, TAG_DAYS, (uint64_t)days);
	for (size_t i = 0; i < whom.n; i++)
		be_put(ids + 8 * i, whom.ids[i], 8);
	entry_put_bytes(&x.e, TAG_REMINDED, ids, 8 * whom.n);
	return enter_end(k, &x, NULL);
}

static enum err remind(struct keeper *k)
{
	struct waiting *x = calloc(1, sizeof(*x));
	unsigned char last[8];
	bool ahead = false;
	size_t n;
	enum err err;

	if (!x)
		return ERR_NO_MEMORY;
	x->now_ns = k->now.ns;
	err = index_setting_find(k->ix, REMINDED, last, sizeof(last), &n);
	if (!err && n == sizeof(last))
		x->since_ns = (int64_t)be_get(last, 8);
	if (err == ERR_NOT_FOUND)
		err = OK;
	/*
	 * Set back: it looks again when the clock has come so far. After a
	 * clock that was far ahead that might be never: from now on, then.
	 */
	ahead = !err && x->since_ns > x->now_ns + DAY_NS;
	if (!err && x->since_ns < x->now_ns)
		err = index_requests_waiting(k->ix, gather, x);
	for (size_t i = 0; i < x->n && !err; i++)
		err = enter_reminder(k, x->rows[i].id, x->rows[i].requester,
		    x->rows[i].days);
	if (!err && x->n < REMIND_MAX && (x->since_ns < x->now_ns || ahead)) {
		be_put(last, (uint64_t)x->now_ns, 8);
		err = index_setting_put(k->ix, REMINDED, last, sizeof(last));
	}
	free(x);
	return err;
}

void remind_tick(struct keeper *k)
{
	if (remind(k))
		log_error("who is to decide was not reminded");
}
