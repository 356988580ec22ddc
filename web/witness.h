/*
 * witness.h - what travels between sites that witness one another's logs (C2SP
 * tlog-witness). web carries bytes: it holds no key, keeps no state and
 * decides nothing.
 */
#ifndef SAQTA_WEB_WITNESS_H
#define SAQTA_WEB_WITNESS_H

#include "storage/api/err.h"

struct http;

/*
 * POST /tlog-witness/add-checkpoint: anybody may ask, so the body is short and
 * the rate low, per address and in all (429). Storage says the answer.
 */
void witness_add_checkpoint(struct http *x);

/*
 * The client: a thread with a people socket of its own, that asks storage whom
 * to ask, and says what they said.
 */
must_check enum err witness_open(const char *run);
void witness_close(void);

#endif
