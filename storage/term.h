/*
 * term.h - the keeper's retention clock: looked at, kept, entered (P12), and
 * what is promised by it (P2).
 */
#ifndef SAQTA_TERM_H
#define SAQTA_TERM_H

#include "storage/keeper.h"

/* The retention clock as it was kept last, for those who are told. */
#define RCLOCK_SETTING "retention-clock"

/*
 * Find where the retention clock stood, in the ledger and, where that is a
 * little later, in the index; at the first start of a site it begins. Loads
 * the holds, too. k->boot, k->now and k->mono stand.
 */
must_check enum err term_start(struct keeper *k);
/* Each second, and at the end. */
void term_tick(struct keeper *k);
void term_stop(struct keeper *k);

/* The ledger has begun a new epoch while storage runs (epoch.h). */
void term_epoch(struct keeper *k);

/* Say how long a segment is kept: r->retain_ns grows to it. */
void term_promise(const struct keeper *k, struct segment_row *r);

/* Who vouches: a person who says why, or witnesses that were asked. */
struct voucher {
	uint64_t person;
	const char *reason;
	const char *witnesses;	/* their names, a space between two */
	uint64_t asked;		/* entry 114 that they answered */
};
#define VOUCHED_SETTING "clock-vouched"	/* number of the newest entry 51 */

/* The retention clock becomes to (rclock.h), and the entry says by whom. */
must_check enum err term_vouch(struct keeper *k, const struct rclock *to,
    const struct voucher *by);

/*
 * While the clock is behind and not trusted: the witnesses named for it are
 * asked for the time, each ten minutes anew. What they sign covers an entry
 * with a nonce, so nobody can have had it signed before. When each of them has
 * answered, and they agree with the wall clock, they vouch.
 */
void term_ask(struct keeper *k);
/* Witness i has cosigned the checkpoint of the round, at that second. */
void term_witnessed(struct keeper *k, size_t i, int64_t time_s);

#endif
