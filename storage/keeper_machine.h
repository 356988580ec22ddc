/*
 * keeper_machine.h - what the tool tells the keeper of the machine: handlers as
 * in keeper.h.
 */
#ifndef SAQTA_KEEPER_MACHINE_H
#define SAQTA_KEEPER_MACHINE_H

#include "storage/keeper.h"

/* All files are looked for anew, from now (keeper_scrub.c). */
void scrub_again(struct keeper *k);
/*
 * Footage is gone (entry 77), because of err; given_up: with its volume
 * (keeper_scrub.c).
 */
must_check enum err scrub_enter_lost(struct keeper *k,
    const struct segment_row *row, enum err err, bool given_up);
/*
 * What was not recorded from - to, and is over (gap.c); OK where it is none.
 * What failed of it stands in the log already.
 */
enum err gap_put(struct keeper *k, struct camera *m, int64_t from_ns,
    int64_t to_ns, enum cause cause);
/* What waits for a sync of that volume waits for none any more (seal.c). */
void seal_drop(struct keeper *k, unsigned volume);
/*
 * At the end: wait for the sync that runs, and take what came of it. The kernel
 * says once that writing failed: a sync after that one would succeed.
 */
void seal_stop(struct keeper *k);

void handle_backup_made(struct keeper *, struct conn *, struct wire *);
void handle_volume_replace(struct keeper *, struct conn *, struct wire *);

#endif
