/*
 * view_retention.h - what people are told about terms (view.h).
 */
#ifndef SAQTA_VIEW_RETENTION_H
#define SAQTA_VIEW_RETENTION_H

#include "storage/due.h"
#include "storage/expire.h"
#include "storage/term.h"
#include "storage/view.h"

/* What is due; sweeping: it is being erased just now. */
must_check enum err view_due(const struct due *due, const struct rclock *c,
    struct utc wall, bool sweeping, char **ret);
/* v needs index, ledger and now. */
must_check enum err view_clock(const struct view *v, const struct rclock *c,
    const struct witnessing *x, char **ret);
must_check enum err view_holds(const struct view *v, const struct page *page,
    char **ret);

#endif
