/*
 * lockout.h - growing delays for who fails to sign in, by user name and by
 * address. Kept in memory; storage that starts reads the last hour's failures
 * from the ledger (lockout_load.c). Names are kept as hashes, whether there is
 * such a user or not; the longest unused one makes room for a new one.
 */
#ifndef SAQTA_LOCKOUT_H
#define SAQTA_LOCKOUT_H

#include "storage/api/utc.h"
#include "storage/crypt.h"
#include "storage/index.h"
#include "storage/ledger.h"

#define LOCKOUT_ROOM 1024
#define LOCKOUT_FREE_USER 3 /* failures without a delay */
#define LOCKOUT_FREE_ADDRESS 10
#define LOCKOUT_MAX_NS (15 * 60 * NS_PER_SEC)
#define LOCKOUT_FORGIVEN_NS (3600 * NS_PER_SEC)

enum lockout_kind { LOCKOUT_USER = 1, LOCKOUT_ADDRESS = 2 };

/* Zeroed is empty. */
struct lockout {
	struct {
		unsigned char key[HASH_BYTES];
		unsigned failures; /* 0: the place is free */
		int64_t last_ns; /* of the last failure, monotonic */
	} at[LOCKOUT_ROOM];
};

/*
 * How long this one still has to wait: 1 s after the first failure beyond the
 * free ones, twice as long after each further, at most LOCKOUT_MAX_NS; 0: may
 * try. An hour without a failure forgives. "" never waits.
 */
int64_t lockout_left_ns(const struct lockout *l, enum lockout_kind kind,
    const char *name, struct mono now);
void lockout_failed(struct lockout *l, enum lockout_kind kind, const char *name,
    struct mono now);
void lockout_passed(struct lockout *l, enum lockout_kind kind,
    const char *name);

/* --- lockout_load.c --- */
/*
 * Into an empty one: the failed sign-ins of the last hour as the ledger entered
 * them, at their age by the clock, and what forgave them. What cannot be read
 * is passed over.
 */
void lockout_load(struct lockout *l, struct ledger *ledger, struct index *ix,
    struct utc now, struct mono mono);

#endif
