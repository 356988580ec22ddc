#include "web/once.h"

#include <stdio.h>
#include <string.h>

static struct once table[ONCE_MAX];

enum once_is once_begin(const unsigned char key[ONCE_HASH],
    const unsigned char body[ONCE_HASH], struct mono now, struct once **ret)
{
	struct once *room = NULL;

	for (size_t i = 0; i < ONCE_MAX; i++) {
		struct once *o = &table[i];

		if (o->state > ONCE_RUNS && now.ns - o->at_ns > ONCE_NS)
			once_forget(o);
		if (o->state == ONCE_FREE ||
		    memcmp(o->key, key, ONCE_HASH) != 0) {
			/* a free place, else that of the oldest */
			if (o->state != ONCE_RUNS &&
			    (!room || o->state == ONCE_FREE ||
				(room->state != ONCE_FREE &&
				    o->at_ns < room->at_ns)))
				room = o;
			continue;
		}
		if (memcmp(o->body, body, ONCE_HASH) != 0)
			return ONCE_OTHER;
		*ret = o;
		return o->state == ONCE_DONE ? ONCE_AGAIN :
		    o->state == ONCE_RUNS    ? ONCE_BUSY :
					       ONCE_UNKNOWN;
	}
	if (!room)
		return ONCE_FULL;
	*room = (struct once){.state = ONCE_RUNS, .at_ns = now.ns};
	memcpy(room->key, key, ONCE_HASH);
	memcpy(room->body, body, ONCE_HASH);
	*ret = room;
	return ONCE_NEW;
}

void once_done(struct once *o, unsigned status, const char *location,
    const void *text, size_t n)
{
	if (n > sizeof(o->text)) {
		once_broke(o);
		return;
	}
	o->state = ONCE_DONE;
	o->status = status;
	snprintf(o->location, sizeof(o->location), "%s", location);
	if (n)
		memcpy(o->text, text, n);
	o->n = n;
}

void once_forget(struct once *o)
{
	memset(o, 0, sizeof(*o));
}

void once_broke(struct once *o)
{
	o->state = ONCE_BROKEN;
}
