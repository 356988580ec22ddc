/*
 * term_move.h - promises that were made by an untrusted clock move forward when
 * a custodian vouches (P2, P12): of thousands or millions of segments, so in
 * pieces. Nothing is erased before all have moved.
 */
#ifndef SAQTA_TERM_MOVE_H
#define SAQTA_TERM_MOVE_H

#include "storage/index.h"
#include "storage/ledger.h"

struct keeper;

#define TERM_MOVE_SETTING "term-move"	/* in the index while they move */

/* Numbers of entries (ledger_keys.h). */
struct term_move {
	uint64_t at, end;	/* what is sealed in [at, end) is still to move */
	uint64_t vouched;	/* the entry that says so */
	int64_t step_ns;	/* 0: nothing moves */
};

/*
 * Move promises of the entries from m->at on, in one transaction, for at most
 * 10 ms beside its commit; then m->at is behind them, m->end when all are done.
 * Each becomes what its own entry promised and step_ns: the same twice is as
 * once. An error of the ledger is given back before anything has changed.
 */
must_check enum err term_move_some(struct index *ix, struct ledger *l,
    struct term_move *m);

/*
 * In the keeper: entry m->vouched has just been put. It is durable in the index
 * before it is in the ledger, so that no start can forget it. Blocks for a sync.
 */
must_check enum err term_move_begin(struct keeper *k,
    const struct term_move *m);
/* At start, after the ledger: go on where one was broken off. */
must_check enum err term_move_start(struct keeper *k);
/* In each turn: a piece. */
void term_move_turn(struct keeper *k);
/* The log in which these entries stand is no longer the present one. */
void term_move_epoch(struct keeper *k);

#endif
