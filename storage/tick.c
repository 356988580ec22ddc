/*
 * tick.c - what the keeper looks at each second: volumes and their room (P11),
 * silent cameras, chain heads, tomorrow's keys.
 */
#include <string.h>

#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/keeper_draft.h"
#include "storage/keeper_transaction.h"
#include "storage/term.h"
#include "storage/view.h"

#define HEADS_NS (10 * NS_PER_SEC)
#define HEADS_PER_ENTRY 40
#define KEY_AHEAD_NS (600 * NS_PER_SEC)

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

/* In `systemctl status`: what a branch technician looks for first. */
static void tell_status(struct keeper *k)
{
	struct view v = {.ix = k->ix, .now = k->now};
	struct view_count n;

	if (view_count(&v, &n))
		return;
	notify_status("%d/%d cameras recording, ledger of %llu entries%s",
	    n.recording, n.enabled, (unsigned long long)ledger_size(k->ledger),
	    k->full ? ", disk full" : "");
}

void keeper_tick(struct keeper *k)
{
	clock_alive(k);
	epoch_change(k);
	if (!k->ledger)
		return; /* it stops */
	term_tick(k);
	conn_tick(k);
	sessions_tick(k);
	looks_tick(k);
	volumes_tick(k);
	faults_tick(k);
	host_tick(k);
	index_tick(k);
	forecast_tick(k);
	scrub_tick(k);
	transactions_tick(k);
	events_tick(k);
	for (struct camera *m = k->cameras; m; m = m->next)
		camera_tick(k, m);
	if (k->mono.ns >= k->next_heads_ns) {
		struct camera *m = k->cameras;

		k->next_heads_ns = k->mono.ns + HEADS_NS;
		make_keys_ahead(k);
		rewrap_tick(k);
		remind_tick(k);
		drafts_tick(k);
		export_tick(k);
		while (m)
			put_heads(k, &m);
		tell_status(k);
	}
}
