#include "storage/index_sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"

#define SUMS_FROM 7 /* camera_day and run as they are: made anew */

/* From version i to i + 1; schema.sql is always the newest. */
static const char *const migrations[] = {
    [1] = "ALTER TABLE segment "
	  "ADD COLUMN volume INTEGER NOT NULL DEFAULT 0",
    [2] = "CREATE TABLE stood(kind INTEGER NOT NULL, key TEXT NOT NULL, "
	  "from_ns INTEGER NOT NULL, to_ns INTEGER, value TEXT NOT NULL, "
	  "detail TEXT NOT NULL, PRIMARY KEY(kind, key, from_ns)) "
	  "STRICT, WITHOUT ROWID;"
	  "INSERT INTO stood SELECT 1, id, added_ns, NULL, url, '' FROM camera;"
	  "INSERT INTO stood SELECT 2, id, added_ns, NULL, atm, '' FROM camera;"
	  "INSERT INTO stood SELECT 3, atm, min(added_ns), NULL, place, '' "
	  "FROM camera GROUP BY atm",
    [3] = "CREATE TABLE IF NOT EXISTS export(id TEXT PRIMARY KEY, request TEXT "
	  "NOT NULL, "
	  "person INTEGER NOT NULL, state INTEGER NOT NULL, "
	  "created_ns INTEGER NOT NULL, ready_ns INTEGER NOT NULL, "
	  "ends_ns INTEGER NOT NULL, bytes INTEGER NOT NULL, "
	  "sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID; "
	  "CREATE TABLE IF NOT EXISTS request_rights(request TEXT PRIMARY KEY, "
	  "rights INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    [4] = "", /* the sums of days, which the last step makes */
    [5] = "CREATE TABLE IF NOT EXISTS erasure(camera TEXT NOT NULL, day TEXT "
	  "NOT NULL, "
	  "from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "
	  "erasing INTEGER NOT NULL, entry INTEGER NOT NULL, "
	  "method INTEGER NOT NULL, PRIMARY KEY(camera, erasing)) "
	  "STRICT, WITHOUT ROWID",
    [6] = "ALTER TABLE camera "
	  "ADD COLUMN certificate TEXT NOT NULL DEFAULT ''",
    [SUMS_FROM] =
	"DROP INDEX IF EXISTS segment_due;"
	"CREATE INDEX IF NOT EXISTS segment_open ON segment(camera) WHERE "
	"state = 1;"
	"INSERT INTO camera_day SELECT camera, day, count(*), sum(bytes), "
	"sum(end_ns - start_ns), max(flags), max(retain_ns), min(retain_ns) "
	"FROM segment WHERE state != 1 GROUP BY camera, day;"
	"INSERT INTO run SELECT camera, min(seq), max(seq), min(start_ns), "
	"max(end_ns), day, flags, volume FROM (SELECT *, sum(begins) OVER w "
	"AS number FROM (SELECT *, ifnull(seq != 1 + lag(seq) OVER w OR "
	"day != lag(day) OVER w OR flags != lag(flags) OVER w OR "
	"volume != lag(volume) OVER w OR "
	"start_ns < lag(start_ns) OVER w OR end_ns < lag(end_ns) OVER w OR "
	"abs(start_ns - lag(end_ns) OVER w) > 100000000, 1) AS begins "
	"FROM segment WHERE state IN (3, 4) "
	"WINDOW w AS (PARTITION BY camera ORDER BY seq)) "
	"WINDOW w AS (PARTITION BY camera ORDER BY seq)) "
	"GROUP BY camera, number",
    [8] = "CREATE TABLE IF NOT EXISTS token(id INTEGER PRIMARY KEY, "
	  "hash BLOB NOT NULL UNIQUE, name TEXT NOT NULL, "
	  "scopes INTEGER NOT NULL, "
	  "maker INTEGER NOT NULL, created_ns INTEGER NOT NULL, "
	  "ends_ns INTEGER NOT NULL, ended_ns INTEGER NOT NULL, "
	  "used_ns INTEGER NOT NULL) STRICT",
    [9] = "ALTER TABLE request "
	  "ADD COLUMN reason_code INTEGER NOT NULL DEFAULT 0;"
	  "ALTER TABLE request ADD COLUMN until_ns INTEGER NOT NULL DEFAULT 0",
    [10] = "CREATE TABLE IF NOT EXISTS mark(entry INTEGER PRIMARY KEY, "
	   "kind INTEGER NOT NULL, "
	   "request TEXT NOT NULL, person INTEGER NOT NULL, "
	   "made_ns INTEGER NOT NULL, camera TEXT NOT NULL, "
	   "at_ns INTEGER NOT NULL, sha256 BLOB NOT NULL) STRICT;"
	   "CREATE INDEX IF NOT EXISTS mark_request ON mark(request)",
    [11] = "CREATE TABLE IF NOT EXISTS alignment(entry INTEGER PRIMARY KEY, "
	   "person INTEGER NOT NULL, atm TEXT NOT NULL, "
	   "from_ns INTEGER NOT NULL, made_ns INTEGER NOT NULL, "
	   "offset_ms INTEGER NOT NULL, uncertainty_ms INTEGER NOT NULL, "
	   "samples INTEGER NOT NULL, jump_ms INTEGER NOT NULL) STRICT",
    [12] = "CREATE TABLE IF NOT EXISTS draft(id INTEGER PRIMARY KEY, "
	   "person INTEGER NOT NULL, saved_ns INTEGER NOT NULL, "
	   "from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "
	   "cameras TEXT NOT NULL, reason TEXT NOT NULL, "
	   "case_no TEXT NOT NULL, longer TEXT NOT NULL, "
	   "reason_code INTEGER NOT NULL, rights INTEGER NOT NULL, "
	   "until_ns INTEGER NOT NULL) STRICT;"
	   "CREATE INDEX IF NOT EXISTS draft_person ON draft(person)",
    [13] = "ALTER TABLE export ADD COLUMN lost INTEGER NOT NULL DEFAULT 0",
    [14] = "ALTER TABLE export ADD COLUMN why INTEGER NOT NULL DEFAULT 0",
};
#define SCHEMA_VERSION (sizeof(migrations) / sizeof(migrations[0]))

/* storage/schema.sql, linked in (Makefile) */
extern const char _binary_schema_sql_start[], _binary_schema_sql_end[];

enum err sql_translate(struct index *ix, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_NOMEM:
		return ERR_NO_MEMORY;
	case SQLITE_FULL:
		return ERR_DISK_FULL;
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	case SQLITE_INTERRUPT:
		return ERR_UNAVAILABLE;
	case SQLITE_CANTOPEN:
		return ERR_NOT_FOUND;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		ix->corrupt = true;
		return ERR_INTEGRITY;
	case SQLITE_IOERR:
	case SQLITE_READONLY:
		return ERR_DISK;
	default:
		log_error("index: %s", sqlite3_errmsg(ix->db));
		return ERR_INTERNAL;
	}
}

static enum err prepare(struct index *ix, const char *sql, sqlite3_stmt **ret)
{
	enum err err;

	for (size_t i = 0; i < ix->cached; i++)
		if (ix->cache[i].sql == sql) {
			*ret = ix->cache[i].stmt;
			return sqlite3_stmt_busy(*ret) ? ERR_INTERNAL : OK;
		}
	if (ix->cached == STATEMENTS_MAX) {
		log_error("index: more statements than STATEMENTS_MAX");
		return ERR_INTERNAL;
	}
	err = sql_translate(ix,
	    sqlite3_prepare_v3(ix->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret,
		NULL));
	if (err)
		return err;
	ix->cache[ix->cached].sql = sql;
	ix->cache[ix->cached++].stmt = *ret;
	return OK;
}

enum err sql_bind(struct index *ix, sqlite3_stmt **ret, const char *sql,
    const char *types, ...)
{
	sqlite3_stmt *s = NULL;
	enum err err = prepare(ix, sql, &s);
	int rc = SQLITE_OK, at = 1;
	va_list ap;

	if (err)
		return err;
	va_start(ap, types);
	for (; *types && !rc; types++, at++) {
		const void *p;

		switch (*types) {
		case 't':
			rc = sqlite3_bind_text(s, at, va_arg(ap, const char *),
			    -1, SQLITE_TRANSIENT);
			break;
		case 'i':
			rc = sqlite3_bind_int64(s, at, va_arg(ap, int64_t));
			break;
		default:
			p = va_arg(ap, const void *);
			rc = sqlite3_bind_blob64(s, at, p ? p : "",
			    va_arg(ap, size_t), SQLITE_TRANSIENT);
		}
	}
	va_end(ap);
	if (rc) {
		sql_done(s);
		return sql_translate(ix, rc);
	}
	*ret = s;
	return OK;
}

void sql_done(sqlite3_stmt *s)
{
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

enum err sql_step(struct index *ix, sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);

	return rc == SQLITE_DONE ? ERR_NOT_FOUND : sql_translate(ix, rc);
}

enum err sql_run(struct index *ix, sqlite3_stmt *s)
{
	enum err err = sql_step(ix, s);

	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

int64_t sql_i64(sqlite3_stmt *s, int column)
{
	return sqlite3_column_int64(s, column);
}

void sql_text(sqlite3_stmt *s, int column, char *ret, size_t room)
{
	const unsigned char *p = sqlite3_column_text(s, column);

	snprintf(ret, room, "%s", p ? (const char *)p : "");
}

size_t sql_bytes(sqlite3_stmt *s, int column, void *ret, size_t room)
{
	const void *p = sqlite3_column_blob(s, column);
	size_t n = (size_t)sqlite3_column_bytes(s, column);

	n = n < room ? n : room;
	if (n)
		memcpy(ret, p, n);
	return n;
}

enum err sql_exec(struct index *ix, const char *sql)
{
	return sql_translate(ix, sqlite3_exec(ix->db, sql, NULL, NULL, NULL));
}

enum err sql_version(struct index *ix, int64_t *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, "PRAGMA user_version", "");

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		*ret = sql_i64(s, 0);
	sql_done(s);
	return err;
}

static enum err version_put(struct index *ix, size_t version)
{
	char sql[48];

	snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", version);
	return sql_exec(ix, sql);
}

static enum err schema_make(struct index *ix)
{
	size_t n = (size_t)(_binary_schema_sql_end - _binary_schema_sql_start);
	char *sql = strndup(_binary_schema_sql_start, n);
	enum err err = sql ? sql_exec(ix, "BEGIN IMMEDIATE") : ERR_NO_MEMORY;

	if (!err)
		err = sql_exec(ix, sql);
	if (!err)
		err = version_put(ix, SCHEMA_VERSION);
	if (!err)
		err = sql_exec(ix, "COMMIT");
	free(sql);
	return err;
}

/* Their tables and triggers as schema.sql has them: up to table gap. */
static enum err sums_make(struct index *ix)
{
	const char *from =
	    strstr(_binary_schema_sql_start, "CREATE TABLE camera_day(");
	const char *to = from ? strstr(from, "\nCREATE TABLE gap(") : NULL;
	char *sql = to ? strndup(from, (size_t)(to - from)) : NULL;
	enum err err = sql ? OK : ERR_INTERNAL;

	if (!err)
		err = sql_exec(ix,
		    "DROP TABLE IF EXISTS camera_day;"
		    "DROP TABLE IF EXISTS run;"
		    "DROP TRIGGER IF EXISTS segment_in;"
		    "DROP TRIGGER IF EXISTS segment_sealed;"
		    "DROP TRIGGER IF EXISTS segment_changed;"
		    "DROP TRIGGER IF EXISTS segment_moved;"
		    "DROP TRIGGER IF EXISTS segment_out");
	if (!err)
		err = sql_exec(ix, sql);
	free(sql);
	return err;
}

/* One transaction a step, so that a crash leaves a whole version. */
static enum err migrate(struct index *ix, size_t version)
{
	enum err err = OK;

	for (; !err && version < SCHEMA_VERSION; version++) {
		err = sql_exec(ix, "BEGIN IMMEDIATE");
		if (!err && version == SUMS_FROM)
			err = sums_make(ix);
		if (!err)
			err = sql_exec(ix, migrations[version]);
		if (!err)
			err = version_put(ix, version + 1);
		if (!err)
			err = sql_exec(ix, "COMMIT");
	}
	return err;
}

/*
 * synchronous = NORMAL: in WAL mode a power cut may take the last
 * transactions, never the consistency; the ledger and the journals hold what
 * is lost and recovery enters it again (P8). Whoever commits waits for a
 * checkpoint, and others for him, so these come early, at 1 MB; the keeper
 * leaves them to a thread (index_wal.c).
 */
static enum err set_up(struct index *ix, bool readonly)
{
	int64_t version = 0;
	enum err err =
	    sql_translate(ix, sqlite3_busy_timeout(ix->db, INDEX_BUSY_MS));

	if (!err && !readonly)
		err = sql_exec(ix,
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL;"
		    "PRAGMA wal_autocheckpoint = 250;"
		    "PRAGMA secure_delete = ON;"
		    "PRAGMA temp_store = MEMORY");
	if (!err)
		err = sql_version(ix, &version);
	if (!err && !version && !readonly)
		return schema_make(ix);
	if (!err && version > 0 && version < (int64_t)SCHEMA_VERSION &&
	    !readonly)
		return migrate(ix, (size_t)version);
	if (!err && version != (int64_t)SCHEMA_VERSION) {
		log_error("index.db has schema %lld, this program knows %zu: a "
			  "newer Saqta wrote it, install that version again",
		    (long long)version, SCHEMA_VERSION);
		err = ERR_INVALID;
	}
	return err;
}

enum err sql_open(const char *data, const char *file, bool readonly,
    enum err (*begin)(struct index *, bool readonly), struct index **ret)
{
	int flags = readonly ? SQLITE_OPEN_READONLY :
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	struct index *ix = calloc(1, sizeof(*ix));
	char path[512];
	enum err err;

	if (!ix)
		return ERR_NO_MEMORY;
	snprintf(path, sizeof(path), "%s/%s", data, file);
	err = sql_translate(ix,
	    sqlite3_open_v2(path, &ix->db, flags | SQLITE_OPEN_NOMUTEX, NULL));
	if (!err)
		err = begin(ix, readonly);
	if (err) {
		index_close(ix);
		return err;
	}
	*ret = ix;
	return OK;
}

enum err index_open(const char *data, bool readonly, struct index **ret)
{
	return sql_open(data, "index.db", readonly, set_up, ret);
}

void index_close(struct index *ix)
{
	if (!ix)
		return;
	for (size_t i = 0; i < ix->cached; i++)
		sqlite3_finalize(ix->cache[i].stmt);
	sqlite3_close(ix->db);
	free(ix);
}

bool index_is_corrupt(const struct index *ix)
{
	return ix->corrupt;
}

enum err index_begin(struct index *ix)
{
	return sql_exec(ix, "BEGIN IMMEDIATE");
}

enum err index_commit(struct index *ix)
{
	return sql_exec(ix, "COMMIT");
}

void index_abort(struct index *ix)
{
	if (!sqlite3_get_autocommit(ix->db) && sql_exec(ix, "ROLLBACK"))
		log_warn("index: rollback failed");
}

enum err index_camera_put(struct index *ix, const struct camera_row *c)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO camera "
	    "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	    "tttttibiiiiiitt", c->id, c->name, c->atm, c->place, c->url,
	    (int64_t)c->transport, c->sealed, c->sealed_n, (int64_t)c->enabled,
	    c->added_ns, (int64_t)c->next_seq, (int64_t)c->state,
	    (int64_t)c->cause, c->since_ns, c->detail, c->certificate);

	return err ? err : sql_run(ix, s);
}

static enum err camera_get(struct index *ix, sqlite3_stmt *s,
    struct camera_row *ret)
{
	struct camera_row c = {0};
	enum err err = sql_step(ix, s);

	if (!err) {
		sql_text(s, 0, c.id, sizeof(c.id));
		sql_text(s, 1, c.name, sizeof(c.name));
		sql_text(s, 2, c.atm, sizeof(c.atm));
		sql_text(s, 3, c.place, sizeof(c.place));
		sql_text(s, 4, c.url, sizeof(c.url));
		c.transport = (enum transport)sql_i64(s, 5);
		c.sealed_n = sql_bytes(s, 6, c.sealed, sizeof(c.sealed));
		c.enabled = sql_i64(s, 7) != 0;
		c.added_ns = sql_i64(s, 8);
		c.next_seq = (uint64_t)sql_i64(s, 9);
		c.state = (enum camera_state)sql_i64(s, 10);
		c.cause = (enum cause)sql_i64(s, 11);
		c.since_ns = sql_i64(s, 12);
		sql_text(s, 13, c.detail, sizeof(c.detail));
		sql_text(s, 14, c.certificate, sizeof(c.certificate));
		*ret = c;
	}
	sql_done(s);
	return err;
}

enum err index_camera_find(struct index *ix, const char *id,
    struct camera_row *ret)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "SELECT * FROM camera WHERE id = ?", "t", id);

	return err ? err : camera_get(ix, s, ret);
}

enum err index_camera_next(struct index *ix, const char *after,
    struct camera_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM camera WHERE id > ? ORDER BY id LIMIT 1", "t",
	    after);

	return err ? err : camera_get(ix, s, ret);
}

enum err index_setting_put(struct index *ix, const char *name, const void *p,
    size_t n)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO setting VALUES(?,?)", "tb", name, p, n);

	return err ? err : sql_run(ix, s);
}

enum err index_setting_keep(struct index *ix, const char *name, const void *p,
    size_t n)
{
	enum err err = sql_exec(ix, "PRAGMA synchronous = FULL");

	if (!err)
		err = index_setting_put(ix, name, p, n);
	if (sql_exec(ix, "PRAGMA synchronous = NORMAL") && !err)
		err = ERR_INTERNAL;
	return err;
}

/* Alarms are settings: few, and none outlives what it tells of. */
static const char *alarm_name(const char *camera, enum alarm kind, char *buf,
    size_t n)
{
	snprintf(buf, n, "alarm %d %s", (int)kind, camera);
	return buf;
}

enum err index_alarm_put(struct index *ix, const char *camera, enum alarm kind,
    int64_t since_ns)
{
	char name[CAMERA_ID_MAX + 24];

	return index_setting_put(ix,
	    alarm_name(camera, kind, name, sizeof(name)), &since_ns,
	    sizeof(since_ns));
}

enum err index_alarm_find(struct index *ix, const char *camera, enum alarm kind,
    int64_t *ret_since_ns)
{
	char name[CAMERA_ID_MAX + 24];
	int64_t since = 0;
	size_t n = 0;
	enum err err =
	    index_setting_find(ix, alarm_name(camera, kind, name, sizeof(name)),
		&since, sizeof(since), &n);

	if (!err && (n != sizeof(since) || !since))
		err = ERR_NOT_FOUND;
	if (!err)
		*ret_since_ns = since;
	return err;
}

enum err index_setting_drop(struct index *ix, const char *name)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "DELETE FROM setting WHERE name = ?", "t", name);

	return err ? err : sql_run(ix, s);
}

enum err index_setting_find(struct index *ix, const char *name, void *p,
    size_t max, size_t *ret_n)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT value FROM setting WHERE name = ?", "t", name);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		*ret_n = sql_bytes(s, 0, p, max);
	sql_done(s);
	return err;
}
