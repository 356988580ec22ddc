/* index_align.c - the clocks of journals beside the video's (align.h). */
#include <stdlib.h>

#include "storage/align.h"
#include "storage/index_sql.h"

enum err index_alignment_put(struct index *ix, const struct alignment *a)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "INSERT INTO alignment VALUES(?,?,?,?,?,?,?,?,?)",
		"iitiiiiii", (int64_t)a->entry, (int64_t)a->person, a->atm,
		a->from_ns, a->made_ns, a->offset_ms, a->uncertainty_ms,
		(int64_t)a->samples, a->jump_ms);

	return err ? err : sql_run(ix, s);
}

static void alignment_get(sqlite3_stmt *s, struct alignment *a)
{
	*a = (struct alignment){.entry = (uint64_t)sql_i64(s, 0),
	    .person = (uint64_t)sql_i64(s, 1),
	    .from_ns = sql_i64(s, 3),
	    .made_ns = sql_i64(s, 4),
	    .offset_ms = sql_i64(s, 5),
	    .uncertainty_ms = sql_i64(s, 6),
	    .samples = (unsigned)sql_i64(s, 7),
	    .jump_ms = sql_i64(s, 8)};
	sql_text(s, 2, a->atm, sizeof(a->atm));
}

static enum err add(struct alignments *a, sqlite3_stmt *s)
{
	void *more = NULL;

	if (!(a->n & (a->n + 1)))	/* 0, 1, 3, 7 ... are full */
		more = reallocarray(a->all, 2 * a->n + 1, sizeof(*a->all));
	else
		more = a->all;
	if (!more)
		return ERR_NO_MEMORY;
	a->all = more;
	alignment_get(s, &a->all[a->n++]);
	return OK;
}

enum err index_alignments(struct index *ix, struct alignments *ret)
{
	struct alignments a = {NULL, 0};
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM alignment ORDER BY atm, from_ns, entry", "");

	if (err)
		return err;
	while (!err && !(err = sql_step(ix, s)))
		err = add(&a, s);
	sql_done(s);
	if (err != ERR_NOT_FOUND) {
		free(a.all);
		return err;
	}
	*ret = a;
	return OK;
}
