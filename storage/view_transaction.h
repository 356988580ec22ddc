/*
 * view_transaction.h - the JSON answers about transactions.
 */
#ifndef SAQTA_VIEW_TRANSACTION_H
#define SAQTA_VIEW_TRANSACTION_H

#include "storage/index_transaction.h"
#include "storage/view.h"

/*
 * Events that q finds in tx (transactions.db), each with the cameras of its ATM
 * at that time and whether their footage around it is complete. q->atm may be
 * any name of the ATM (atm_same()); q->least below 0 is the threshold.
 */
must_check enum err view_transactions(const struct view *v, struct index *tx,
    const struct transaction_query *q, char **ret);
/* All that was measured of journals' clocks (align.h). */
must_check enum err view_alignments(const struct view *v, char **ret);
/* Those of which an alarm stands. */
struct alignment;
must_check enum err view_clock_alarms(const struct view *v,
    void (*fn)(void *arg, const struct alignment *a), void *arg);
/* Repeated use in [from, to). */
must_check enum err view_transaction_lists(const struct view *v,
    struct index *tx, unsigned list, int64_t from_ns, int64_t to_ns,
    char **ret);

#endif
