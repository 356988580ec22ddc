/*
 * index_wal.c - the write-ahead log of index.db, brought back into the file by
 * a thread, so that whoever commits waits for none of its syncs.
 */
#include "storage/index_sql.h"

static int committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct index *ix = arg;

	(void)db;
	(void)name;
	ix->wal_pages = pages;
	ix->commits++;
	return SQLITE_OK;
}

void index_wal_by_hand(struct index *ix)
{
	sqlite3_wal_hook(ix->db, committed, ix); /* in place of SQLite's own */
}

int index_wal_pages(const struct index *ix)
{
	return ix->wal_pages;
}

uint64_t index_commits(const struct index *ix)
{
	return ix->commits;
}

static enum err checkpoint(struct index *ix, const char *sql, bool *ret_busy)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, sql, "");

	if (err)
		return err;
	err = sql_step(ix, s);
	/* all pages of the log, and those that are in the file by now */
	if (!err)
		*ret_busy = sql_i64(s, 0) || sql_i64(s, 1) != sql_i64(s, 2);
	sql_done(s);
	return err;
}

enum err index_checkpoint(const char *data)
{
	struct index *ix = NULL;
	bool busy;
	enum err err = index_open(data, false, &ix);

	if (!err)
		err = checkpoint(ix, "PRAGMA wal_checkpoint(PASSIVE)", &busy);
	index_close(ix);
	return err;
}

/*
 * A reader in the middle of a query keeps the log from being cut. SQLite would
 * wait for him, and he may be looking through all of the index.
 */
enum err index_shrink(struct index *ix)
{
	bool busy = false;
	enum err err = sql_translate(ix, sqlite3_busy_timeout(ix->db, 0));

	if (!err)
		err = checkpoint(ix, "PRAGMA wal_checkpoint(TRUNCATE)", &busy);
	sqlite3_busy_timeout(ix->db, INDEX_BUSY_MS);
	if (!err && !busy)
		ix->wal_pages = 0;
	return err ? err : busy ? ERR_BUSY : OK;
}
