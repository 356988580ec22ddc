/*
 * watched.h - what the keeper looks at beside footage: the machine
 * (keeper_host.c), and what is wrong now (keeper_event.c).
 */
#ifndef SAQTA_WATCHED_H
#define SAQTA_WATCHED_H

#include <stddef.h>
#include <stdint.h>

struct keeper;

/* Incidents that the journal was told of. */
struct events {
	struct open_event *open;
	size_t n;
	int64_t next_ns;
};

/* Once a minute: what root's timer says of the machine (host.h). */
void host_tick(struct keeper *k);
/* Twice a minute: incidents that open and are over go to the journal. */
void events_tick(struct keeper *k);
void events_forget(struct keeper *k);

#endif
