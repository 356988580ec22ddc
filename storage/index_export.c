/* index_export.c - evidence packages, and the right to them. */
#include "storage/index_sql.h"

enum err index_export_put(struct index *ix, const struct export_row *x)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO export VALUES(?,?,?,?,?,?,?,?,?,?,?)",
	    "ttiiiiiibii", x->id, x->request, (int64_t)x->person,
	    (int64_t)x->state, x->created_ns, x->ready_ns, x->ends_ns,
	    (int64_t)x->bytes, x->sha256, (size_t)HASH_BYTES, (int64_t)x->lost,
	    (int64_t)x->why);

	return err ? err : sql_run(ix, s);
}

static void export_get(sqlite3_stmt *s, struct export_row *x)
{
	*x = (struct export_row){0};
	sql_text(s, 0, x->id, sizeof(x->id));
	sql_text(s, 1, x->request, sizeof(x->request));
	x->person = (uint64_t)sql_i64(s, 2);
	x->state = (enum export_state)sql_i64(s, 3);
	x->created_ns = sql_i64(s, 4);
	x->ready_ns = sql_i64(s, 5);
	x->ends_ns = sql_i64(s, 6);
	x->bytes = (uint64_t)sql_i64(s, 7);
	sql_bytes(s, 8, x->sha256, HASH_BYTES);
	x->lost = (unsigned)sql_i64(s, 9);
	x->why = err_from_wire((unsigned)sql_i64(s, 10));
}

enum err index_export_find(struct index *ix, const char *id,
    struct export_row *ret)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "SELECT * FROM export WHERE id = ?", "t", id);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		export_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_exports(struct index *ix, uint64_t person,
    const struct page *page, enum err (*fn)(const struct export_row *, void *),
    void *arg)
{
	sqlite3_stmt *s;
	struct export_row x;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM export WHERE (?1 = 0 OR person = ?1) AND "
	    "(?2 = '' OR (created_ns, id) < "
	    "(SELECT created_ns, id FROM export WHERE id = ?2)) "
	    "ORDER BY created_ns DESC, id DESC LIMIT ?3",
	    "iti", (int64_t)person, page ? page->after : "",
	    page ? page->limit : -1);

	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		export_get(s, &x);
		err = fn(&x, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_rights_put(struct index *ix, const char *request,
    unsigned rights)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO request_rights VALUES(?,?)", "ti", request,
	    (int64_t)rights);

	return err ? err : sql_run(ix, s);
}

enum err index_rights_find(struct index *ix, const char *request, unsigned *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT rights FROM request_rights WHERE request = ?", "t",
	    request);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		*ret = (unsigned)sql_i64(s, 0);
	else if (err == ERR_NOT_FOUND)
		*ret = RIGHT_VIEW;
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}
