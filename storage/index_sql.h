/*
 * index_sql.h - what the index*.c files share: statements and columns.
 */
#ifndef SAQTA_INDEX_SQL_H
#define SAQTA_INDEX_SQL_H

#include <sqlite3.h>

#include "storage/index.h"

#define STATEMENTS_MAX 192 /* a process may use each of index*.c, near a hundred */
#define INDEX_BUSY_MS 5000 /* a lock that another holds is waited for */

struct index {
	sqlite3 *db;
	struct {
		const char *sql;	/* a literal: compared by address */
		sqlite3_stmt *stmt;
	} cache[STATEMENTS_MAX];
	size_t cached;
	bool corrupt;		/* SQLite met a page that is not one */
	int wal_pages;		/* of the log, after the last commit */
	uint64_t commits;
};

/* A result of SQLite as one of ours. */
must_check enum err sql_translate(struct index *ix, int rc);
/* Statements without parameters or rows. */
must_check enum err sql_exec(struct index *ix, const char *sql);

/* The schema's number that the file bears. */
must_check enum err sql_version(struct index *ix, int64_t *ret);
/* Open the file in data, made where it is missing and not readonly, and let
 * begin() look at its schema. */
must_check enum err sql_open(const char *data, const char *file, bool readonly,
    enum err (*begin)(struct index *, bool readonly), struct index **ret);

/*
 * The statement for a literal, with its parameters bound in order:
 *   t  const char *       i  int64_t (cast!)       b  const void *, size_t
 * Borrowed from the cache, to be handed back by sql_done().
 */
must_check enum err sql_bind(struct index *ix, sqlite3_stmt **ret,
    const char *sql, const char *types, ...);
void sql_done(sqlite3_stmt *s);

/* OK with a row, ERR_NOT_FOUND after the last one. */
must_check enum err sql_step(struct index *ix, sqlite3_stmt *s);
/* Step once where no row is expected, and hand back. */
must_check enum err sql_run(struct index *ix, sqlite3_stmt *s);

int64_t sql_i64(sqlite3_stmt *s, int column);
/* Text too long for the room is cut: writers keep the limits. */
void sql_text(sqlite3_stmt *s, int column, char *ret, size_t room);
size_t sql_bytes(sqlite3_stmt *s, int column, void *ret, size_t room);

/* --- index_footage.c --- */
/* Call fn for each row of `SELECT * FROM segment`, and hand back. */
must_check enum err segment_each(struct index *ix, sqlite3_stmt *s,
    enum err (*fn)(const struct segment_row *, void *), void *arg);
/* --- index_people.c: of `SELECT * FROM request` --- */
must_check enum err request_each(struct index *ix, sqlite3_stmt *s,
    enum err (*fn)(const struct request_row *, void *), void *arg);

#endif
