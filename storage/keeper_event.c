/*
 * keeper_event.c - incidents as they open and are over, for the journal: the
 * list that everybody is told (view_incidents.c), against what it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/keeper.h"
#include "storage/view.h"

#define EVERY_NS (30 * NS_PER_SEC)
#define OPEN_MAX 256

struct open_event {
	char kind[32], of[64];
	bool seen;
};

static struct open_event *find(struct events *x, const char *kind,
    const char *of)
{
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(x->open[i].kind, kind) &&
		    !strncmp(x->open[i].of, of, sizeof(x->open[i].of) - 1))
			return &x->open[i];
	return NULL;
}

static void incident(const char *kind, const char *of, bool critical,
    long long n, const char *detail, void *arg)
{
	struct events *x = arg;
	struct open_event *o = find(x, kind, of);

	if (!o && x->n == OPEN_MAX)
		return;
	if (!o) {
		notify_event(kind, false, critical, of, n, detail);
		o = &x->open[x->n++];
		snprintf(o->kind, sizeof(o->kind), "%s", kind);
		snprintf(o->of, sizeof(o->of), "%s", of);
	}
	o->seen = true;
}

void events_tick(struct keeper *k)
{
	struct view v = view_of_keeper(k);
	struct events *x = &k->events;
	size_t left = 0;

	if (k->mono.ns < x->next_ns)
		return;
	x->next_ns = k->mono.ns + EVERY_NS;
	if (!x->open && !(x->open = calloc(OPEN_MAX, sizeof(*x->open))))
		return;
	for (size_t i = 0; i < x->n; i++)
		x->open[i].seen = false;
	if (view_each_incident(&v, incident, x)) {
		log_warn("what is wrong now could not be told");
		return;
	}
	for (size_t i = 0; i < x->n; i++)
		if (x->open[i].seen)
			x->open[left++] = x->open[i];
		else
			notify_event(x->open[i].kind, true, false,
			    x->open[i].of, -1, "");
	x->n = left;
}

void events_forget(struct keeper *k)
{
	free(k->events.open);
	k->events.open = NULL;
}
