/*
 * keeper_host.c - what root's timer says of the machine, kept for people to
 * see. Nothing here decides anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/host.h"
#include "storage/keeper_machine.h"

#define EVERY_NS (60 * NS_PER_SEC)

void host_tick(struct keeper *k)
{
	struct host *h;

	if (k->mono.ns < k->next_host_ns)
		return;
	k->next_host_ns = k->mono.ns + EVERY_NS;
	h = malloc(sizeof(*h));
	if (!h)
		return;
	host_read(k->conf.host, h);
	if (h->taken_s == k->host_taken_s) {
		free(h);
		return;
	}
	if (index_setting_put(k->ix, HOST_SETTING, h, sizeof(*h)))
		log_error("what the machine says was not kept");
	else
		k->host_taken_s = h->taken_s;
	free(h);
}

void handle_backup_made(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	enum err err = wire_end(w);

	if (!err)
		err = index_setting_put(k->ix, BACKUP_MADE, &k->now.ns,
		    sizeof(k->now.ns));
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}
