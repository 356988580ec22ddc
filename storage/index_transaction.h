/*
 * index_transaction.h - transactions.db (storage/transactions.sql): the events
 * of the ATMs' journals, and how they are found.
 *
 * One process writes (the keeper, in a thread of its own), others read. A
 * handle is a struct index and is closed by index_close().
 */
#ifndef SAQTA_INDEX_TRANSACTION_H
#define SAQTA_INDEX_TRANSACTION_H

#include "storage/api/transaction.h"
#include "storage/index.h"

#define TRANSACTIONS_PAGE 50	/* rows in an answer */
/* A search that takes longer says how far it came. */
#define TRANSACTIONS_SEARCH_NS (60 * NS_PER_MS)
/* Lists of repeated use look at so much at most. */
#define TRANSACTIONS_LIST_NS (INT64_C(7) * 86400 * NS_PER_SEC)

struct transaction_row {
	int64_t id;
	struct transaction t;
};

/*
 * Open data/transactions.db; to write, it is made where it is missing, and
 * ERR_INTEGRITY means that it is damaged. Read only: ERR_NOT_FOUND.
 */
must_check enum err transactions_open(const char *data, bool readonly,
    struct index **ret);

/*
 * A copy of the file as it is now, at path, which must not exist; nobody waits.
 * Without transactions.db there is none, and it is OK.
 */
must_check enum err transactions_copy(const char *data, const char *path);

/*
 * Put n events, all or none. What is there already (the same ATM, moment,
 * kind, amount, card and reference) is left as it is and counted in *ret_known.
 */
must_check enum err transactions_put(struct index *ix,
    const struct transaction *t, size_t n, size_t *ret_known);
must_check enum err transactions_drop(struct index *ix, const int64_t *ids,
    size_t n);
must_check enum err transaction_find_id(struct index *ix, int64_t id,
    struct transaction *ret);

/* In order of time, from the one after (after_ns, after_id), before before_ns:
 * at most n. */
must_check enum err transactions_oldest(struct index *ix, int64_t after_ns,
    int64_t after_id, int64_t before_ns, struct transaction_row *ret, size_t n,
    size_t *ret_n);

struct transaction_query {
	char atm[TRANSACTION_ATM_MAX + 1];	/* "": any; so below */
	int64_t from_ns, to_ns;			/* [from, to) */
	int64_t least, most;			/* amounts, hundredths */
	char last4[5], bin[7];
	char reference[TRANSACTION_REFERENCE_MAX + 1];
	unsigned kind, result;			/* 0: any */
	/* Money moved and no identity check was passed. */
	bool unchecked;
	/* The last one shown before, or 0. */
	int64_t last_ns, last_id;
	/* What the table cannot say: does t count? NULL: each does. */
	bool (*counts)(const struct transaction *t, const void *arg);
	const void *arg;
};

/*
 * The newest first, at most TRANSACTIONS_PAGE. *ret_back_to: from there on all
 * were found; later than from_ns where the page is full or time was over.
 */
must_check enum err transactions_search(struct index *ix,
    const struct transaction_query *q, struct transaction_row *ret,
    size_t *ret_n, int64_t *ret_back_to);

/* Cards that were used again and again. */
enum transaction_list {
	LIST_SEVERAL_ATMS = 1,	/* at two ATMs or more within an hour */
	LIST_UNDER = 2,		/* three times or more a little below a sum */
};
struct transaction_repeat {
	char bin[7], last4[5];
	unsigned count, atms;
	int64_t first_ns, last_ns, sum;
	char atm[4][TRANSACTION_ATM_MAX + 1];	/* the first of them */
};
/*
 * In [from, to), TRANSACTIONS_LIST_NS at most; the most used first. under:
 * hundredths; amounts of nine tenths of it and more count, less than it.
 * *ret_n at most TRANSACTIONS_PAGE.
 */
must_check enum err transactions_repeated(struct index *ix,
    enum transaction_list list, int64_t from_ns, int64_t to_ns, int64_t under,
    struct transaction_repeat *ret, size_t *ret_n);

must_check enum err transactions_count(struct index *ix, uint64_t *ret);

#endif
