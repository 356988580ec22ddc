/* index_place.c - what stood where, from-to (see schema.sql, table stood). */
#include "storage/index_sql.h"

static void row_get(sqlite3_stmt *s, struct stood_row *r)
{
	*r = (struct stood_row){
	    .from_ns = sql_i64(s, 0), .to_ns = sql_i64(s, 1)};
	sql_text(s, 2, r->value, sizeof(r->value));
	sql_text(s, 3, r->detail, sizeof(r->detail));
}

enum err index_stood_end(struct index *ix, enum stood_kind kind,
    const char *key, int64_t to_ns)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE stood SET to_ns = max(?, from_ns) "
	    "WHERE kind = ? AND key = ? AND to_ns IS NULL",
	    "iit", to_ns, (int64_t)kind, key);

	return err ? err : sql_run(ix, s);
}

enum err index_stood_begin(struct index *ix, enum stood_kind kind,
    const char *key, int64_t from_ns, const char *value, const char *detail)
{
	sqlite3_stmt *s;
	enum err err = index_stood_end(ix, kind, key, from_ns);

	if (!err)
		err = sql_bind(ix, &s,
		    "INSERT OR REPLACE INTO stood VALUES(?,?,?,NULL,?,?)",
		    "ititt", (int64_t)kind, key, from_ns, value, detail);
	return err ? err : sql_run(ix, s);
}

enum err index_stood_now(struct index *ix, enum stood_kind kind,
    const char *key, struct stood_row *ret)
{
	sqlite3_stmt *s;
	struct stood_row r = {0};
	enum err err = sql_bind(ix, &s,
	    "SELECT from_ns, 9223372036854775807, value, detail FROM stood "
	    "WHERE kind = ? AND key = ? AND to_ns IS NULL",
	    "it", (int64_t)kind, key);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		row_get(s, &r);
	sql_done(s);
	if (!err)
		*ret = r;
	return err;
}

enum err index_stood(struct index *ix, enum stood_kind kind, const char *key,
    enum err (*fn)(const struct stood_row *r, void *arg), void *arg)
{
	sqlite3_stmt *s;
	struct stood_row r;
	enum err err = sql_bind(ix, &s,
	    "SELECT from_ns, ifnull(to_ns, 9223372036854775807), value, detail "
	    "FROM stood WHERE kind = ? AND key = ? ORDER BY from_ns",
	    "it", (int64_t)kind, key);

	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		row_get(s, &r);
		err = fn(&r, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_retired(struct index *ix, const char *camera, int64_t *ret_ns)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT CASE WHEN count(*) = count(to_ns) THEN max(to_ns) END "
	    "FROM stood WHERE kind = 1 AND key = ?",
	    "t", camera);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		*ret_ns = sql_i64(s, 0);	/* NULL is 0 */
	sql_done(s);
	return err;
}
