/*
 * view_transaction.h - the JSON answers about transactions.
 */
#ifndef SAQTA_VIEW_TRANSACTION_H
#define SAQTA_VIEW_TRANSACTION_H

#include "storage/index_transaction.h"
#include "storage/view.h"

/* What a request for a transaction asks for, around its moment. */
#define TRANSACTION_BEFORE_NS (120 * NS_PER_SEC)
#define TRANSACTION_AFTER_NS (180 * NS_PER_SEC)

/*
 * Events that q finds in tx (transactions.db), each with the cameras of its ATM
 * at that time and whether their footage around it is complete. q->atm may be
 * any name of the ATM (atm_same()); q->least below 0 is the threshold.
 */
must_check enum err view_transactions(const struct view *v, struct index *tx,
    const struct transaction_query *q, char **ret);
/* Repeated use in [from, to). */
must_check enum err view_transaction_lists(const struct view *v,
    struct index *tx, unsigned list, int64_t from_ns, int64_t to_ns,
    char **ret);

#endif
