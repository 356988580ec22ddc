/*
 * handle_look.c - what needs the network is asked of the supervisor, and its
 * answer handed to who asked. The keeper does not open it.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/keeper.h"

#define LOOKS_MAX 16
#define LOOK_NS (20 * NS_PER_SEC) /* the supervisor ends it in 10 */

/* Onboarding is an operator's, at a page or with the tool. */
bool may_onboard(const struct conn *c)
{
	return c->peer == PEER_CONTROL ||
	    (c->peer == PEER_READER && c->reader && c->reader->signed_in &&
		c->reader->role == ROLE_OPERATOR);
}

uint64_t who_asks(const struct conn *c)
{
	return c->peer == PEER_READER && c->reader ? c->reader->person : 0;
}

static void drop(struct look **at)
{
	struct look *l = *at;

	*at = l->next;
	free(l);
}

enum err look_ask(struct keeper *k, struct conn *c, uint32_t id, struct wire *w)
{
	struct look *l;
	unsigned n = 0;

	if (!k->supervisor)
		return ERR_UNAVAILABLE;
	for (l = k->looks; l; l = l->next)
		n++;
	if (n >= LOOKS_MAX)
		return ERR_BUSY;
	l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_NO_MEMORY;
	l->asker = c;
	l->asker_id = id;
	l->question = w->id;
	l->until_ns = k->mono.ns + LOOK_NS;
	l->next = k->looks;
	k->looks = l;
	conn_send(k->supervisor, w, -1);
	return OK;
}

void handle_look(struct keeper *k, struct conn *c, struct wire *w)
{
	unsigned kind = wire_get_u8(w), transport;
	char target[512];
	const void *sealed;
	struct wire out;
	size_t n;
	enum err err;

	wire_get_text(w, target, sizeof(target));
	transport = wire_get_u8(w);
	sealed = wire_get_bytes(w, &n);
	err = wire_end(w);
	if (!err && !may_onboard(c))
		err = ERR_DENIED;
	if (!err && (!kind || kind >= LOOK_MAX))
		err = ERR_INVALID;
	if (!err) {
		wire_begin(&out, MSG_LOOK, ++k->look_id);
		wire_put_u8(&out, (uint8_t)kind);
		wire_put_str(&out, target);
		wire_put_u8(&out, (uint8_t)transport);
		wire_put_bytes(&out, sealed, n);
		err = look_ask(k, c, w->id, &out);
	}
	if (err)
		conn_error(c, w->id, err, NULL);
}

void handle_look_is(struct keeper *k, struct conn *c, struct wire *w)
{
	struct look **at = &k->looks;
	struct wire answer;

	(void)c;
	while (*at && (*at)->question != w->id)
		at = &(*at)->next;
	if (!*at || wire_end(w) || w->fd < 0)
		return; /* its asker has gone */
	wire_begin(&answer, MSG_LOOK_IS, (*at)->asker_id);
	conn_pass((*at)->asker, &answer, w->fd);
	drop(at);
}

void looks_tick(struct keeper *k)
{
	struct look **at = &k->looks;

	while (*at) {
		if (k->mono.ns < (*at)->until_ns && k->supervisor) {
			at = &(*at)->next;
			continue;
		}
		conn_error((*at)->asker, (*at)->asker_id,
		    k->supervisor ? ERR_TIMEOUT : ERR_UNAVAILABLE, NULL);
		drop(at);
	}
}

void looks_forget(struct keeper *k, const struct conn *asker)
{
	struct look **at = &k->looks;

	while (*at) {
		if ((*at)->asker == asker)
			drop(at);
		else
			at = &(*at)->next;
	}
}
