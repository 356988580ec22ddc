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

/* A person vouches for the wall clock. */
must_check enum err term_vouch(struct keeper *k, uint64_t person,
    const char *reason);

#endif
