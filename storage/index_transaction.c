#include "storage/index_transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/index_sql.h"

#define VERSION 2
#define KEY_N 16
/* Rows of an amount range that are sorted rather than looked for by time. */
#define FEW 60000
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

/* storage/transactions.sql, linked in (Makefile) */
extern const char _binary_transactions_sql_start[],
    _binary_transactions_sql_end[];

static enum err make(struct index *ix)
{
	size_t n = (size_t)(_binary_transactions_sql_end -
	    _binary_transactions_sql_start);
	char *sql = strndup(_binary_transactions_sql_start, n);
	enum err err = sql ? sql_exec(ix, "BEGIN IMMEDIATE") : ERR_NO_MEMORY;

	if (!err)
		err = sql_exec(ix, sql);
	if (!err)
		err = sql_exec(ix, "PRAGMA user_version = 2; COMMIT");
	free(sql);
	return err;
}

static enum err migrate(struct index *ix)
{
	return sql_exec(ix,
	    "BEGIN IMMEDIATE;"
	    "DROP INDEX txn_card;"
	    "CREATE INDEX txn_card ON txn(last4, time_ns, bin) "
	    "WHERE last4 != '';"
	    "CREATE INDEX txn_kind ON txn(kind, time_ns, amount, result, "
	    "verdict, atm) WHERE kind != 4;"
	    "CREATE INDEX txn_result ON txn(result, time_ns, amount, kind, "
	    "verdict, atm) WHERE result > 1;"
	    "PRAGMA user_version = 2; COMMIT");
}

/* As index.db: a power cut may take the last import, never the rest. */
static enum err set_up(struct index *ix, bool readonly)
{
	int64_t v = 0;
	enum err err = sql_exec(ix, "PRAGMA busy_timeout = 5000");

	if (!err && !readonly)
		err = sql_exec(ix,
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL;"
		    "PRAGMA cache_size = -65536;"
		    "PRAGMA secure_delete = ON;"
		    "PRAGMA temp_store = MEMORY");
	if (!err)
		err = sql_version(ix, &v);
	if (!err && !v && !readonly)
		return make(ix);
	if (!err && v == 1 && !readonly)
		return migrate(ix);
	if (!err && v != VERSION) {
		log_error("transactions.db has schema %lld, this program "
			  "knows %d",
		    (long long)v, VERSION);
		err = v ? ERR_INVALID : ERR_NOT_FOUND;
	}
	return err;
}

enum err transactions_open(const char *data, bool readonly, struct index **ret)
{
	return sql_open(data, "transactions.db", readonly, set_up, ret);
}

enum err transactions_copy(const char *data, const char *path)
{
	struct index *ix = NULL;
	sqlite3_stmt *s;
	enum err err = transactions_open(data, true, &ix);

	if (err == ERR_NOT_FOUND)
		return OK;
	if (!err)
		err = sql_bind(ix, &s, "VACUUM INTO ?", "t", path);
	if (!err)
		err = sql_run(ix, s);
	index_close(ix);
	return err;
}

/* What makes two of them one event. */
static void natural_key(const struct transaction *t, unsigned char ret[KEY_N])
{
	unsigned char hash[HASH_BYTES];
	char text[200];
	int n = snprintf(text, sizeof(text), "%s\t%lld\t%u\t%lld\t%s\t%s\t%s",
	    t->atm, (long long)t->time_ns, (unsigned)t->kind,
	    (long long)t->amount, t->bin, t->last4, t->reference);

	sha256(text, (size_t)n, hash);
	/* first the moment: what is put together lies together */
	be_put(ret, (uint64_t)t->time_ns, 8);
	memcpy(ret + 8, hash, KEY_N - 8);
}

static enum err put(struct index *ix, const struct transaction *t)
{
	unsigned char key[KEY_N];
	sqlite3_stmt *s;
	enum err err;

	natural_key(t, key);
	err = sql_bind(ix, &s,
	    "INSERT INTO txn VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
	    "ON CONFLICT(key) DO NOTHING",
	    "btiiiititttiiit", key, (size_t)KEY_N, t->atm, t->time_ns,
	    t->cash_ns, (int64_t)t->kind, t->amount, t->currency,
	    (int64_t)t->result, t->bin, t->last4, t->reference,
	    (int64_t)t->cash, (int64_t)t->check_method,
	    (int64_t)t->check_result, t->check_reference);
	return err ? err : sql_run(ix, s);
}

enum err transactions_put(struct index *ix, const struct transaction *t,
    size_t n, size_t *ret_known)
{
	size_t known = 0;
	enum err err = index_begin(ix);

	for (size_t i = 0; !err && i < n; i++) {
		err = put(ix, &t[i]);
		known += !err && !sqlite3_changes(ix->db);
	}
	if (!err)
		err = index_commit(ix);
	if (err)
		index_abort(ix);
	else
		*ret_known = known;
	return err;
}

enum err transactions_drop(struct index *ix, const int64_t *ids, size_t n)
{
	enum err err = index_begin(ix);

	for (size_t i = 0; !err && i < n; i++) {
		sqlite3_stmt *s;

		err = sql_bind(ix, &s, "DELETE FROM txn WHERE id = ?", "i",
		    ids[i]);
		if (!err)
			err = sql_run(ix, s);
	}
	if (!err)
		err = index_commit(ix);
	if (err)
		index_abort(ix);
	return err;
}

static void row_get(sqlite3_stmt *s, struct transaction_row *r)
{
	struct transaction *t = &r->t;

	*r = (struct transaction_row){.id = sql_i64(s, 0)};
	sql_text(s, 2, t->atm, sizeof(t->atm));
	t->time_ns = sql_i64(s, 3);
	t->cash_ns = sql_i64(s, 4);
	t->kind = (enum transaction_kind)sql_i64(s, 5);
	t->amount = sql_i64(s, 6);
	sql_text(s, 7, t->currency, sizeof(t->currency));
	t->result = (enum transaction_result)sql_i64(s, 8);
	sql_text(s, 9, t->bin, sizeof(t->bin));
	sql_text(s, 10, t->last4, sizeof(t->last4));
	sql_text(s, 11, t->reference, sizeof(t->reference));
	t->cash = (enum transaction_cash)sql_i64(s, 12);
	t->check_method = (enum transaction_method)sql_i64(s, 13);
	t->check_result = (enum transaction_check)sql_i64(s, 14);
	sql_text(s, 15, t->check_reference, sizeof(t->check_reference));
}

enum err transaction_find_id(struct index *ix, int64_t id,
    struct transaction *ret)
{
	struct transaction_row r;
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "SELECT * FROM txn WHERE id = ?", "i", id);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err) {
		row_get(s, &r);
		*ret = r.t;
	}
	sql_done(s);
	return err;
}

/* What is filled: at most `max` rows, those that count. */
struct search_page {
	struct transaction_row *row;
	size_t max, n;
	/* The last one that was looked at, and how many there were. */
	int64_t last_ns, last_id;
	size_t seen;
};

static enum err rows_get(struct index *ix, sqlite3_stmt *s,
    const struct transaction_query *q, struct search_page *p)
{
	enum err err = OK;

	p->seen = 0;
	while (p->n < p->max && !(err = sql_step(ix, s))) {
		struct transaction_row *r = &p->row[p->n];

		row_get(s, r);
		p->seen++;
		p->last_ns = r->t.time_ns;
		p->last_id = r->id;
		p->n += !q || !q->counts || q->counts(&r->t, q->arg);
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err transactions_oldest(struct index *ix, int64_t after_ns,
    int64_t after_id, int64_t before_ns, struct transaction_row *ret, size_t n,
    size_t *ret_n)
{
	struct search_page p = {.row = ret, .max = n};
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM txn WHERE time_ns >= ?1 AND time_ns < ?3 AND NOT "
	    "(time_ns = ?1 AND id <= ?2) ORDER BY time_ns, id LIMIT ?4",
	    "iiii", after_ns, after_id, before_ns, (int64_t)n);

	if (!err)
		err = rows_get(ix, s, NULL, &p);
	*ret_n = p.n;
	return err;
}

/* ?1 from, ?2 to (both within), ?3 the id before which rows of ?2 count. */
#define FILTER \
	" time_ns >= ?1 AND time_ns <= ?2 AND NOT (time_ns = ?2 AND id >= ?3)" \
	" AND (?4 = '' OR atm = ?4) AND amount BETWEEN ?5 AND ?6" \
	" AND (?10 = 0 OR kind = ?10) AND (?11 = 0 OR result = ?11)" \
	" AND (?12 = 0 OR (verdict != 1 AND kind BETWEEN 4 AND 6))" \
	" AND (?7 = '' OR last4 = ?7) AND (?8 = '' OR bin = ?8)" \
	" AND (?9 = '' OR reference = ?9)" \
	" ORDER BY time_ns DESC, id DESC LIMIT ?13"

enum way {
	BY_TIME,
	BY_ATM,
	BY_AMOUNT,
	BY_AMOUNTS,
	BY_CARD,
	BY_REFERENCE,
	BY_KIND,
	BY_RESULT,
};

/* Nothing is looked up in the table but what is shown: of an amount range all
 * that fit are sorted by what the index has. */
static const char *const searches[] = {
    [BY_TIME] = "SELECT * FROM txn INDEXED BY txn_time WHERE" FILTER,
    [BY_ATM] = "SELECT * FROM txn INDEXED BY txn_atm WHERE atm = ?4 "
	       "AND" FILTER,
    [BY_AMOUNT] = "SELECT * FROM txn INDEXED BY txn_amount WHERE amount > 0 "
		  "AND amount = ?5 AND" FILTER,
    [BY_AMOUNTS] = "SELECT * FROM txn WHERE id IN (SELECT id FROM txn "
		   "INDEXED BY txn_amount WHERE amount > 0 AND" FILTER
		   ") ORDER BY time_ns DESC, id DESC",
    [BY_CARD] = "SELECT * FROM txn INDEXED BY txn_card WHERE last4 != '' "
		"AND last4 = ?7 AND" FILTER,
    [BY_REFERENCE] = "SELECT * FROM txn INDEXED BY txn_reference WHERE "
		     "reference != '' AND reference = ?9 AND" FILTER,
    [BY_KIND] = "SELECT * FROM txn INDEXED BY txn_kind WHERE kind != 4 AND "
		"kind = ?10 AND" FILTER,
    [BY_RESULT] = "SELECT * FROM txn INDEXED BY txn_result WHERE result > 1 "
		  "AND result = ?11 AND" FILTER,
};

static enum err window(struct index *ix, enum way way,
    const struct transaction_query *q, int64_t from, int64_t to, int64_t id,
    struct search_page *p)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, searches[way], "iiitiitttiiii", from,
	    to, id, q->atm, q->least, q->most, q->last4, q->bin, q->reference,
	    (int64_t)q->kind, (int64_t)q->result, (int64_t)q->unchecked,
	    (int64_t)p->max);

	return err ? err : rows_get(ix, s, q, p);
}

/* Are there few amounts in that range and time? */
static enum err are_few(struct index *ix, const struct transaction_query *q,
    bool *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT count(*) FROM (SELECT 1 FROM txn INDEXED BY txn_amount "
	    "WHERE amount > 0 AND amount BETWEEN ? AND ? LIMIT ?)",
	    "iii", q->least, q->most, (int64_t)FEW);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		*ret = sql_i64(s, 0) < FEW;
	sql_done(s);
	return err;
}

static enum err choose(struct index *ix, const struct transaction_query *q,
    enum way *ret)
{
	bool few = false;
	enum err err = OK;

	*ret = BY_TIME;
	if (*q->reference) {
		*ret = BY_REFERENCE;
	} else if (*q->last4) {
		*ret = BY_CARD;
	} else if (*q->atm) {
		*ret = BY_ATM;
	} else if (q->least > 0 && q->least == q->most) {
		*ret = BY_AMOUNT;
	} else if (q->least > 0) {
		err = are_few(ix, q, &few);
	}
	if (few)
		*ret = BY_AMOUNTS;
	else if (*ret == BY_TIME && q->kind &&
	    q->kind != TRANSACTION_WITHDRAWAL)
		*ret = BY_KIND;
	else if (*ret == BY_TIME && q->result > RESULT_APPROVED)
		*ret = BY_RESULT;
	return err;
}

/* Of these each window would look at the same again. */
static bool at_once(enum way way)
{
	return way == BY_AMOUNT || way == BY_AMOUNTS || way == BY_CARD ||
	    way == BY_REFERENCE;
}

/* Twice as wide as the last window, if that took so long that there is time. */
static int64_t wider(int64_t width, int64_t took_ns, int64_t left_ns)
{
	if (width >= INT64_MAX / 4 || took_ns >= left_ns)
		return width;
	return 2 * took_ns <= left_ns ? 2 * width : width;
}

/*
 * Backwards in windows of time, each twice as long as the one before, so that
 * what is common is found in the first and what is rare soon; it ends where
 * the page is full or the next window would take longer than what is left of
 * TRANSACTIONS_SEARCH_NS.
 */
enum err transactions_search(struct index *ix,
    const struct transaction_query *q, struct transaction_row *ret,
    size_t *ret_n, int64_t *ret_back_to)
{
	struct search_page p = {.row = ret, .max = TRANSACTIONS_PAGE};
	int64_t to = q->last_ns ? q->last_ns : q->to_ns - 1;
	int64_t id = q->last_ns ? q->last_id : INT64_MAX;
	int64_t width = DAY_NS, begun, back = to + 1;
	enum way way;
	enum err err = choose(ix, q, &way);

	begun = mono_now().ns;
	while (!err && to >= q->from_ns && p.n < p.max) {
		int64_t at = mono_now().ns, took, left;
		int64_t from = to - q->from_ns < width || at_once(way) ?
		    q->from_ns :
		    to - width;

		err = window(ix, way, q, from, to, id, &p);
		took = mono_now().ns - at;
		left = begun + TRANSACTIONS_SEARCH_NS - mono_now().ns;
		if (p.seen == p.max || p.n == p.max) {
			/* there may be more in it */
			back = to = p.last_ns;
			id = p.last_id;
			continue;
		}
		back = from;
		to = from - 1;
		id = INT64_MAX;
		width = wider(width, took, left);
		if (took > left)
			break;
	}
	if (err)
		return err;
	*ret_n = p.n;
	*ret_back_to = back > q->from_ns ? back : q->from_ns;
	return OK;
}

enum err transactions_count(struct index *ix, uint64_t *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, "SELECT count(*) FROM txn", "");

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		*ret = (uint64_t)sql_i64(s, 0);
	sql_done(s);
	return err;
}
