/*
 * keeper_forecast.c - the forecast while storage runs: warnings long before a
 * disk is full, and what cannot hold six months is refused until someone
 * accepts it in the ledger (P11).
 */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/forecast.h"
#include "storage/keeper.h"

#define FIRST_NS (60 * NS_PER_SEC)
#define AGAIN_NS (600 * NS_PER_SEC)
#define SETTING "forecast"	/* the least of the days warned of */

#define PLAN_SPARE 15		/* percent: rates vary */
#define PLAN_CAMERAS_MAX 1000
#define KBIT_MAX 200000

static const int steps[] = {7, 14, 30};

static uint64_t room_above_reserve(const struct keeper *k)
{
	uint64_t room = 0, reserve = reserve_bytes(k);

	for (unsigned i = 0; i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);

		if (v->fd >= 0 && v->free_bytes > reserve)
			room += v->free_bytes - reserve;
	}
	return room;
}

static enum err look_ahead(struct keeper *k, unsigned more, struct forecast *f)
{
	enum err err = forecast_gather(k->ix, &k->holds, k->now,
	    room_above_reserve(k), more, f);

	if (!err)
		forecast_run(f);
	return err;
}

/* The step that so many days are in; 0: none. */
static int step_of(int days_left)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (days_left >= 0 && days_left <= steps[i])
			return steps[i];
	return 0;
}

static enum err enter_warning(struct keeper *k, const struct forecast *f)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_FORECAST, 0);
	entry_put_i64(&x.e, TAG_DAYS_LEFT, f->days_left);
	entry_put_u64(&x.e, TAG_NEED, f->need_bytes);
	entry_put_u64(&x.e, TAG_CAPACITY, f->capacity_bytes);
	return enter_end(k, &x, NULL);
}

/* Once a step, on the way down; with room again it may be said anew. */
static void warn(struct keeper *k, const struct forecast *f)
{
	int step = step_of(f->days_left), said = 0;
	enum err err = OK;
	size_t n;

	if (index_setting_find(k->ix, SETTING, &said, sizeof(said), &n))
		said = 0;
	if (step == said)
		return;
	if (step && (!said || step < said)) {
		log_warn("the disk is full in %d days: six months of %u "
			 "cameras need %.2f TB, the volumes hold %.2f TB",
		    f->days_left, f->cameras, (double)f->need_bytes / 1e12,
		    (double)f->capacity_bytes / 1e12);
		err = enter_warning(k, f);
	}
	if (!err)
		err = index_setting_put(k->ix, SETTING, &step, sizeof(step));
	if (err)
		log_error("the forecast was not entered");
}

void forecast_tick(struct keeper *k)
{
	struct forecast f;

	if (!k->next_forecast_ns)
		k->next_forecast_ns = k->mono.ns + FIRST_NS;
	if (k->mono.ns < k->next_forecast_ns || k->rebuild)
		return;
	k->next_forecast_ns = k->mono.ns + AGAIN_NS;
	if (!look_ahead(k, 0, &f) && f.measured)
		warn(k, &f);
}

bool capacity_refuses(struct keeper *k, char *why, size_t n)
{
	struct forecast f;
	uint64_t accepted = 0;
	size_t got;

	if (k->conf.demo || k->rebuild || look_ahead(k, 1, &f) ||
	    f.need_bytes <= f.capacity_bytes)
		return false;
	if (!index_setting_find(k->ix, FORECAST_ACCEPTED, &accepted,
		sizeof(accepted), &got) &&
	    got == sizeof(accepted) && f.need_bytes <= accepted)
		return false;
	snprintf(why, n,
	    "Six months of %u cameras need %.2f TB; the volumes hold %.2f TB, "
	    "about %llu days. Add a volume (saqta volume add), or accept that "
	    "in the ledger: saqta forecast --accept --reason TEXT.",
	    f.cameras, (double)f.need_bytes / 1e12,
	    (double)f.capacity_bytes / 1e12,
	    (unsigned long long)(f.capacity_bytes / (f.rate * 86400)));
	return true;
}

/* What so many cameras need for six months, as the page of set-up says it. */
static uint64_t plan_bytes(uint32_t cameras, uint32_t kbit)
{
	uint64_t day = (uint64_t)kbit * 125 * 86400;

	return cameras * day * FORECAST_TERM_DAYS * (100 + PLAN_SPARE) / 100;
}

void handle_capacity_accept(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id, cameras = 0, kbit = 0;
	char reason[TEXT_MAX];
	struct forecast f;
	struct enter x;
	uint64_t need;
	enum err err;

	wire_get_text(w, reason, sizeof(reason));
	if (wire_more(w)) {
		cameras = wire_get_u32(w);
		kbit = wire_get_u32(w);
	}
	err = wire_end(w);
	if (!err && !may_onboard(c))
		err = ERR_DENIED;
	if (!err && (!*reason || cameras > PLAN_CAMERAS_MAX || kbit > KBIT_MAX))
		err = ERR_INVALID;
	if (!err)
		err = look_ahead(k, 1, &f);
	if (err) {
		conn_error(c, id, err,
		    err == ERR_INVALID ? "A reason is needed." : NULL);
		return;
	}
	/* a fifth more: rates vary, and what was accepted stays so */
	need = f.need_bytes + f.need_bytes / 5;
	if (cameras && kbit && plan_bytes(cameras, kbit) > need)
		need = plan_bytes(cameras, kbit);
	enter_begin(k, &x, ENTRY_CAPACITY, who_asks(c));
	enter_text(&x, TAG_REASON, reason);
	entry_put_u64(&x.e, TAG_NEED, need);
	entry_put_u64(&x.e, TAG_CAPACITY, f.capacity_bytes);
	err = enter_end(k, &x, NULL);
	if (!err)
		err = index_setting_put(k->ix, FORECAST_ACCEPTED, &need,
		    sizeof(need));
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}
