/*
 * keeper_draft.h - requests that nobody has made yet: handlers as in keeper.h.
 *
 * A draft is its writer's alone: to everybody else there is none. It holds no
 * footage, reminds nobody and is in no entry.
 */
#ifndef SAQTA_KEEPER_DRAFT_H
#define SAQTA_KEEPER_DRAFT_H

#include "storage/keeper.h"

void handle_draft_put(struct keeper *, struct conn *, struct wire *);
void handle_draft_drop(struct keeper *, struct conn *, struct wire *);

/* The draft, if it is that person's; else ERR_NOT_FOUND. */
must_check enum err draft_of(struct keeper *k, uint64_t person, uint64_t id,
    struct draft_row *ret);
/* Drop those that nobody has saved for DRAFT_DAYS. */
void drafts_tick(struct keeper *k);

#endif
