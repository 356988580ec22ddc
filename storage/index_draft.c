/* index_draft.c - rows of requests that nobody has made yet. */
#include "storage/index_sql.h"

enum err index_draft_put(struct index *ix, const struct draft_row *d)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO draft VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
	    "iiiiittttiii", (int64_t)d->id, (int64_t)d->person, d->saved_ns,
	    d->from_ns, d->to_ns, d->cameras, d->reason, d->case_no, d->longer,
	    (int64_t)d->reason_code, (int64_t)d->rights, d->until_ns);

	return err ? err : sql_run(ix, s);
}

static void draft_get(sqlite3_stmt *s, struct draft_row *d)
{
	*d = (struct draft_row){0};
	d->id = (uint64_t)sql_i64(s, 0);
	d->person = (uint64_t)sql_i64(s, 1);
	d->saved_ns = sql_i64(s, 2);
	d->from_ns = sql_i64(s, 3);
	d->to_ns = sql_i64(s, 4);
	sql_text(s, 5, d->cameras, sizeof(d->cameras));
	sql_text(s, 6, d->reason, sizeof(d->reason));
	sql_text(s, 7, d->case_no, sizeof(d->case_no));
	sql_text(s, 8, d->longer, sizeof(d->longer));
	d->reason_code = (int)sql_i64(s, 9);
	d->rights = (unsigned)sql_i64(s, 10);
	d->until_ns = sql_i64(s, 11);
}

enum err index_draft_find(struct index *ix, uint64_t id, struct draft_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, "SELECT * FROM draft WHERE id = ?", "i",
	    (int64_t)id);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		draft_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_draft_drop(struct index *ix, uint64_t id)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, "DELETE FROM draft WHERE id = ?", "i",
	    (int64_t)id);

	return err ? err : sql_run(ix, s);
}

enum err index_drafts(struct index *ix, uint64_t person,
    enum err (*fn)(const struct draft_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	struct draft_row d;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM draft WHERE person = ? "
	    "ORDER BY saved_ns DESC, id DESC",
	    "i", (int64_t)person);

	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		draft_get(s, &d);
		err = fn(&d, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_drafts_drop(struct index *ix, uint64_t person, int64_t before_ns)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "DELETE FROM draft WHERE person = ? OR saved_ns < ?", "ii",
	    (int64_t)person, before_ns);

	return err ? err : sql_run(ix, s);
}
