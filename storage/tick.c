/*
 * tick.c - what the keeper looks at each second: the clock, volumes and their
 * room (P11), silent cameras, chain heads, tomorrow's keys.
 */
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"

#define STEP_NS NS_PER_SEC /* the wall clock jumped against the monotonic */
#define HEADS_NS (10 * NS_PER_SEC)
#define HEADS_PER_ENTRY 40
#define KEY_AHEAD_NS (600 * NS_PER_SEC)

/* A step of the wall clock begins a new clock epoch and is entered. */
static void watch_clock(struct keeper *k)
{
	int64_t diff = k->now.ns - k->mono.ns;
	int64_t step = diff - k->wall_minus_mono_ns;
	struct enter x;

	k->wall_minus_mono_ns = diff;
	if (step > -STEP_NS && step < STEP_NS)
		return;
	k->epoch++;
	log_warn("the clock was stepped by %lld ms: clock epoch %u",
	    (long long)(step / NS_PER_MS), k->epoch);
	enter_begin(k, &x, ENTRY_CLOCK, 0);
	entry_put_u64(&x.e, TAG_CLOCK_STATE, k->clock_state);
	entry_put_u64(&x.e, TAG_EPOCH, k->epoch);
	entry_put_i64(&x.e, TAG_STEP, step);
	if (enter_end(k, &x, NULL) ||
	    index_setting_put(k->ix, "epoch", &k->epoch, sizeof(k->epoch)))
		log_error("the clock step was not entered");
}

static void put_heads(struct keeper *k, struct camera **m)
{
	unsigned char buf[HEADS_PER_ENTRY * (1 + CAMERA_ID_MAX + 10 + 8 + 32)];
	size_t n = 0;
	struct enter x;

	for (int left = HEADS_PER_ENTRY; *m && left; *m = (*m)->next) {
		struct camera *c = *m;
		size_t id = strlen(c->id);

		if (!c->durable.records ||
		    (c->durable.records == c->entered_records &&
			c->durable.volume == c->entered_volume &&
			!strcmp(c->durable.day, c->entered_day)))
			continue;
		left--;
		buf[n++] = (unsigned char)id;
		memcpy(buf + n, c->id, id);
		memcpy(buf + n + id, c->durable.day, 10);
		n += id + 10;
		for (int i = 56; i >= 0; i -= 8)
			buf[n++] = (unsigned char)(c->durable.records >> i);
		memcpy(buf + n, c->durable.chain, HASH_BYTES);
		n += HASH_BYTES;
		c->entered_records = c->durable.records;
		c->entered_volume = c->durable.volume;
		memcpy(c->entered_day, c->durable.day, sizeof(c->entered_day));
	}
	if (!n)
		return;
	enter_begin(k, &x, ENTRY_HEADS, 0);
	entry_put_bytes(&x.e, TAG_HEADS, buf, n);
	if (enter_end(k, &x, NULL))
		log_error("chain heads were not entered");
}

/* Make tomorrow's keys before midnight, so that no camera waits for them. */
static void make_keys_ahead(struct keeper *k)
{
	struct utc then = {k->now.ns + KEY_AHEAD_NS};
	struct age_recipient r;
	struct camera_row row;
	char day[16];

	day_format(utc_local_day(then), day, sizeof(day));
	for (struct camera *m = k->cameras; m; m = m->next)
		if (!index_camera_find(k->ix, m->id, &row) && row.enabled &&
		    keyring_find_day(k->keyring, m->id, day, &r) &&
		    camera_day_key(k, m->id, day, &r))
			log_error("camera %s: no key for %s", m->id, day);
}

void keeper_tick(struct keeper *k)
{
	watch_clock(k);
	looks_tick(k);
	volumes_tick(k);
	for (struct camera *m = k->cameras; m; m = m->next)
		camera_tick(k, m);
	if (k->mono.ns >= k->next_heads_ns) {
		struct camera *m = k->cameras;

		k->next_heads_ns = k->mono.ns + HEADS_NS;
		make_keys_ahead(k);
		while (m)
			put_heads(k, &m);
	}
}
