/*
 * index_copy.c - a copy of what neither ledger nor footage gives back: people,
 * cameras, requests, texts, settings. Tables are not named one by one, so that
 * a new one is kept unless it is listed as derived.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/index_sql.h"

#define COPY "index-copy.db"
#define TABLES_MAX 64
#define SQL_MAX 4096

/* Made anew from ledger and journals (storage/rebuild.c). */
#define IS_DERIVED "('segment','gap','lease','camera_day','run')"

struct table {
	char name[64];
	char key[128]; /* columns of its primary key */
	char columns[1024]; /* those that main and copy have */
	char sql[SQL_MAX]; /* that makes it */
};

static enum err run(struct index *ix, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum err run(struct index *ix, const char *fmt, ...)
{
	char sql[SQL_MAX + 512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	return sql_exec(ix, sql);
}

/* One value of one row; ERR_NOT_FOUND where there is none or it is NULL. */
static enum err one_text(struct index *ix, char *ret, size_t room,
    const char *sql, const char *a)
{
	sqlite3_stmt *s = NULL;
	enum err err =
	    sql_translate(ix, sqlite3_prepare_v2(ix->db, sql, -1, &s, NULL));

	if (!err && a)
		err = sql_translate(ix,
		    sqlite3_bind_text(s, 1, a, -1, SQLITE_TRANSIENT));
	if (!err)
		err = sql_step(ix, s);
	if (!err && sqlite3_column_type(s, 0) == SQLITE_NULL)
		err = ERR_NOT_FOUND;
	if (!err)
		sql_text(s, 0, ret, room);
	sqlite3_finalize(s);
	return err;
}

static enum err list_tables(struct index *ix, struct table *t, size_t *ret_n)
{
	char last[64] = "";
	size_t n = 0;
	enum err err = OK;

	while (!err && n < TABLES_MAX) {
		err = one_text(ix, t[n].name, sizeof(t[n].name),
		    "SELECT name FROM main.sqlite_master WHERE type = 'table' "
		    "AND name NOT IN " IS_DERIVED " AND name NOT LIKE "
		    "'sqlite%' AND name > ? ORDER BY name LIMIT 1",
		    last);
		if (err)
			break;
		snprintf(last, sizeof(last), "%s", t[n].name);
		err = one_text(ix, t[n].sql, sizeof(t[n].sql),
		    "SELECT sql FROM main.sqlite_master WHERE name = ?", last);
		if (!err)
			err = one_text(ix, t[n].key, sizeof(t[n].key),
			    "SELECT group_concat(name) FROM "
			    "pragma_table_info(?, 'main') WHERE pk",
			    last);
		n += !err;
	}
	*ret_n = n;
	return err == ERR_NOT_FOUND ? OK : err;
}

static enum err attach(struct index *ix, const char *dir)
{
	char path[512];
	sqlite3_stmt *s;
	enum err err;

	snprintf(path, sizeof(path), "%s/" COPY, dir);
	err = sql_bind(ix, &s, "ATTACH ? AS copy", "t", path);
	return err ? err : sql_run(ix, s);
}

/* Columns that both sides have, so that an older copy fits. */
static enum err common_columns(struct index *ix, struct table *t)
{
	return one_text(ix, t->columns, sizeof(t->columns),
	    "SELECT group_concat(name) FROM pragma_table_info(?1, 'main') "
	    "WHERE name IN (SELECT name FROM pragma_table_info(?1, 'copy'))",
	    t->name);
}

/* A table of the copy is made again where main's has another form. */
static enum err match_form(struct index *ix, const struct table *t)
{
	char have[SQL_MAX] = "";
	enum err err = one_text(ix, have, sizeof(have),
	    "SELECT sql FROM copy.sqlite_master WHERE name = ?", t->name);

	if (!err && !strcmp(have, t->sql))
		return OK;
	if (!err)
		err = run(ix, "DROP TABLE copy.%s", t->name);
	else if (err == ERR_NOT_FOUND)
		err = OK;
	/* "CREATE TABLE name(" as SQLite keeps it */
	return err ?
	    err :
	    run(ix, "CREATE TABLE copy.%s", t->sql + strlen("CREATE TABLE "));
}

/* Only what differs is written. */
static enum err copy_table(struct index *ix, const struct table *t)
{
	enum err err = match_form(ix, t);

	if (!err)
		err = run(ix,
		    "DELETE FROM copy.%s WHERE (%s) IN (SELECT %s FROM "
		    "(SELECT * FROM copy.%s EXCEPT SELECT * FROM main.%s))",
		    t->name, t->key, t->key, t->name, t->name);
	return err ? err :
		     run(ix,
			 "INSERT INTO copy.%s SELECT * FROM main.%s EXCEPT "
			 "SELECT * FROM copy.%s",
			 t->name, t->name, t->name);
}

static int64_t entries_of(struct index *ix, const char *schema)
{
	char sql[96], text[32] = "-1";

	snprintf(sql, sizeof(sql),
	    "SELECT name FROM %s.sqlite_master WHERE name = 'setting'", schema);
	if (one_text(ix, text, sizeof(text), sql, NULL))
		return -1;
	snprintf(sql, sizeof(sql),
	    "SELECT value FROM %s.setting WHERE name = 'entries'", schema);
	if (one_text(ix, text, sizeof(text), sql, NULL))
		return -1;
	return strtoll(text, NULL, 10);
}

enum err index_copy(const char *data, const char *dir)
{
	struct table *t = calloc(TABLES_MAX, sizeof(*t));
	struct index *ix = NULL;
	size_t n = 0;
	enum err err = t ? index_open(data, false, &ix) : ERR_NO_MEMORY;

	if (!err)
		err = attach(ix, dir);
	if (!err)
		err = list_tables(ix, t, &n);
	/* a copy that knows more of the ledger is not replaced by an older */
	if (!err && entries_of(ix, "copy") > entries_of(ix, "main"))
		err = ERR_EXISTS;
	/* main is only read: the keeper, which writes there, never waits */
	if (!err)
		err = sql_exec(ix, "BEGIN");
	for (size_t i = 0; !err && i < n; i++)
		err = copy_table(ix, &t[i]);
	if (!err)
		err = index_commit(ix);
	else if (ix)
		index_abort(ix);
	index_close(ix);
	free(t);
	return err;
}

enum err index_copy_entries(const char *dir, int64_t *ret)
{
	char path[512], text[64] = "";
	struct index *ix = calloc(1, sizeof(*ix));
	enum err err = ERR_NO_MEMORY;

	if (!ix)
		return err;
	snprintf(path, sizeof(path), "%s/" COPY, dir);
	err = sql_translate(ix,
	    sqlite3_open_v2(path, &ix->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (!err)
		err = one_text(ix, text, sizeof(text), "PRAGMA integrity_check",
		    NULL);
	if (!err && strcmp(text, "ok"))
		err = ERR_INTEGRITY;
	if (!err)
		*ret = entries_of(ix, "main");
	index_close(ix);
	return err;
}

enum err index_restore(struct index *ix, const char *dir)
{
	struct table *t = calloc(TABLES_MAX, sizeof(*t));
	size_t n = 0;
	enum err err = t ? attach(ix, dir) : ERR_NO_MEMORY;

	if (err) {
		free(t);
		return err;
	}
	err = list_tables(ix, t, &n);
	if (!err)
		err = index_begin(ix);
	for (size_t i = 0; !err && i < n; i++) {
		err = common_columns(ix, &t[i]);
		if (!err)
			err = run(ix,
			    "INSERT OR REPLACE INTO main.%s(%s) SELECT %s FROM "
			    "copy.%s",
			    t[i].name, t[i].columns, t[i].columns, t[i].name);
		else if (err == ERR_NOT_FOUND) /* younger than the copy */
			err = OK;
	}
	if (!err)
		err = index_commit(ix);
	else
		index_abort(ix);
	if (sql_exec(ix, "DETACH copy") && !err)
		err = ERR_INTERNAL;
	free(t);
	return err;
}

#define STEPS 100000 /* of SQLite, between two looks: milliseconds */

static int is_over(void *stop)
{
	return stop && atomic_load((const atomic_bool *)stop);
}

enum err index_verify(const char *data, const atomic_bool *stop)
{
	struct index *ix = NULL;
	char text[256] = "";
	enum err err = index_open(data, true, &ix);

	if (!err)
		sqlite3_progress_handler(ix->db, STEPS, is_over,
		    (void *)(uintptr_t)stop);
	if (!err)
		err = one_text(ix, text, sizeof(text),
		    "PRAGMA integrity_check(1)", NULL);
	if (!err && strcmp(text, "ok")) {
		log_error("index.db: %s", text);
		err = ERR_INTEGRITY;
	}
	index_close(ix);
	return err;
}
