/*
 * index_repeat.c - cards that were used again and again: counts and times
 * (index_transaction.h). What a week has fits into memory; it is sorted by card
 * and looked at once.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/index_sql.h"
#include "storage/index_transaction.h"

#define ROWS_MAX 600000
#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)
#define UNDER_TIMES 3

struct use {
	char card[11];	/* bin and last four */
	char bin_n;
	int64_t time_ns, amount;
	char atm[TRANSACTION_ATM_MAX + 1];
};

static int by_card(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int c = strcmp(x->card, y->card);

	return c ? c : (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* The most used first, then the latest. */
static int by_count(const void *a, const void *b)
{
	const struct transaction_repeat *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->last_ns < y->last_ns) - (x->last_ns > y->last_ns);
}

static enum err uses_get(struct index *ix, int64_t from_ns, int64_t to_ns,
    int64_t least, int64_t most, struct use *u, size_t *ret_n)
{
	sqlite3_stmt *s;
	size_t n = 0;
	enum err err = sql_bind(ix, &s,
	    "SELECT bin, last4, time_ns, amount, atm FROM txn "
	    "INDEXED BY txn_time WHERE time_ns >= ? AND time_ns < ? AND "
	    "amount >= ? AND amount < ? AND kind BETWEEN 4 AND 6 AND "
	    "last4 != ''",
	    "iiii", from_ns, to_ns, least, most);

	if (err)
		return err;
	while (n < ROWS_MAX && !(err = sql_step(ix, s))) {
		char bin[7], last4[5];

		sql_text(s, 0, bin, sizeof(bin));
		sql_text(s, 1, last4, sizeof(last4));
		u[n] = (struct use){.bin_n = (char)strlen(bin),
		    .time_ns = sql_i64(s, 2),
		    .amount = sql_i64(s, 3)};
		memcpy(u[n].card, bin, strlen(bin));
		memcpy(u[n].card + strlen(bin), last4, 4);
		sql_text(s, 4, u[n].atm, sizeof(u[n].atm));
		n++;
	}
	sql_done(s);
	*ret_n = n;
	return err == ERR_NOT_FOUND ? OK : err;
}

/* Do n uses of one card, in order, see two ATMs within an hour? */
static bool is_at_several(const struct use *u, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(u[i].atm, u[i - 1].atm) != 0 &&
		    u[i].time_ns - u[i - 1].time_ns <= HOUR_NS)
			return true;
	return false;
}

static void sum_up(const struct use *u, size_t n, struct transaction_repeat *r)
{
	int bin = u->bin_n;

	*r = (struct transaction_repeat){.count = (unsigned)n,
	    .first_ns = u[0].time_ns,
	    .last_ns = u[n - 1].time_ns};
	memcpy(r->bin, u->card, (size_t)bin);
	memcpy(r->last4, u->card + bin, 4);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		r->sum += u[i].amount;
		while (k < r->atms && k < 4 && strcmp(r->atm[k], u[i].atm) != 0)
			k++;
		if (k < r->atms || k == 4)
			continue;
		memcpy(r->atm[k], u[i].atm, sizeof(u[i].atm));
		r->atms++;
	}
}

enum err transactions_repeated(struct index *ix, enum transaction_list list,
    int64_t from_ns, int64_t to_ns, int64_t under,
    struct transaction_repeat *ret, size_t *ret_n)
{
	bool atms = list == LIST_SEVERAL_ATMS;
	struct use *u;
	struct transaction_repeat *all = NULL;
	size_t n = 0, found = 0, room = 0;
	enum err err;

	if (to_ns <= from_ns || to_ns - from_ns > TRANSACTIONS_LIST_NS)
		return ERR_INVALID;
	u = calloc(ROWS_MAX, sizeof(*u));
	err = u ? OK : ERR_NO_MEMORY;
	if (!err)
		err =
		    uses_get(ix, from_ns, to_ns, atms ? 0 : under - under / 10,
			atms ? INT64_MAX : under, u, &n);
	if (!err && n)
		qsort(u, n, sizeof(*u), by_card);
	for (size_t i = 0, m; !err && i < n; i += m) {
		for (m = 1; i + m < n && !strcmp(u[i].card, u[i + m].card); m++)
			;
		if (atms ? !is_at_several(u + i, m) : m < UNDER_TIMES)
			continue;
		if (found == room) {
			void *more;

			room = room ? 2 * room : 64;
			more = reallocarray(all, room, sizeof(*all));
			if (!more) {
				err = ERR_NO_MEMORY;
				break;
			}
			all = more;
		}
		sum_up(u + i, m, &all[found++]);
	}
	if (!err && found)
		qsort(all, found, sizeof(*all), by_count);
	*ret_n = found < TRANSACTIONS_PAGE ? found : TRANSACTIONS_PAGE;
	if (!err && *ret_n)
		memcpy(ret, all, *ret_n * sizeof(*all));
	free(all);
	free(u);
	return err;
}
