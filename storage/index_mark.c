/* index_mark.c - notes and snapshots, and who was told of an incident. */
#include "storage/index_sql.h"

enum err index_mark_put(struct index *ix, const struct mark_row *m)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT INTO mark VALUES(?,?,?,?,?,?,?,?)", "iitiitib",
	    (int64_t)m->entry, (int64_t)m->kind, m->request, (int64_t)m->person,
	    m->made_ns, m->camera, m->at_ns, m->sha256, (size_t)HASH_BYTES);

	return err ? err : sql_run(ix, s);
}

static void mark_get(sqlite3_stmt *s, struct mark_row *m)
{
	*m = (struct mark_row){0};
	m->entry = (uint64_t)sql_i64(s, 0);
	m->kind = (enum mark_kind)sql_i64(s, 1);
	sql_text(s, 2, m->request, sizeof(m->request));
	m->person = (uint64_t)sql_i64(s, 3);
	m->made_ns = sql_i64(s, 4);
	sql_text(s, 5, m->camera, sizeof(m->camera));
	m->at_ns = sql_i64(s, 6);
	sql_bytes(s, 7, m->sha256, HASH_BYTES);
}

static enum err each(struct index *ix, sqlite3_stmt *s,
    enum err (*fn)(const struct mark_row *, void *), void *arg)
{
	struct mark_row m;
	enum err err;

	while (!(err = sql_step(ix, s))) {
		mark_get(s, &m);
		err = fn(&m, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_marks(struct index *ix, const char *request,
    enum err (*fn)(const struct mark_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM mark WHERE request = ? ORDER BY entry", "t",
	    request);

	return err ? err : each(ix, s, fn, arg);
}

enum err index_told(struct index *ix, const char *camera, int64_t from_ns,
    int64_t to_ns, enum err (*fn)(const struct mark_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM mark WHERE kind >= 3 AND camera = ? AND "
	    "at_ns >= ? AND at_ns < ? ORDER BY entry",
	    "tii", camera, from_ns, to_ns);

	return err ? err : each(ix, s, fn, arg);
}
