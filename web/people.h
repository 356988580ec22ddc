/*
 * people.h - the people socket: site and sign-in, kept connected.
 *
 * Storage may be away when web starts, and may come back later: web tries
 * again, and says ERR_UNAVAILABLE meanwhile.
 */
#ifndef SAQTA_WEB_PEOPLE_H
#define SAQTA_WEB_PEOPLE_H

#include <stdbool.h>

#include "storage/api/messages.h"
#include "web/call.h"

struct site {
	char name[WIRE_STR_MAX + 1];
	char zone[WIRE_STR_MAX + 1];
	bool demo;
	enum setup_state setup;
};

/* run: the directory of the sockets (borrowed for good). */
void people_open(const char *run);

/* Connect again, ask how it is. I/O thread, at least every second. */
void people_turn(struct mono now);
void people_close(void);

/* What storage said; ERR_UNAVAILABLE where it is not there just now. */
must_check enum err people_site(struct site *ret);

/* How far set-up is, as storage said last: at most some seconds ago. */
enum setup_state people_setup(void);
/* The same, known sooner: an answer of storage said so. */
void people_set_up(enum setup_state s);

/* The people socket with a reference, for peer_put(); NULL when away. */
struct peer *people_peer(void);

#endif
