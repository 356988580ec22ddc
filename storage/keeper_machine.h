/*
 * keeper_machine.h - what the tool tells the keeper of the machine: handlers as
 * in keeper.h.
 */
#ifndef SAQTA_KEEPER_MACHINE_H
#define SAQTA_KEEPER_MACHINE_H

#include "storage/keeper.h"

/* All files are looked for anew, from now (keeper_scrub.c). */
void scrub_again(struct keeper *k);
/* What was not recorded from - to, and is over (gap.c). */
void gap_put(struct keeper *k, struct camera *m, int64_t from_ns,
    int64_t to_ns, enum cause cause);

void handle_backup_made(struct keeper *, struct conn *, struct wire *);
void handle_volume_replace(struct keeper *, struct conn *, struct wire *);

#endif
