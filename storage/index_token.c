/* index_token.c - rows of tokens, with which other programs ask. */
#include "storage/index_sql.h"

enum err index_token_put(struct index *ix, const struct token_row *t)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "INSERT INTO token VALUES(?,?,?,?,?,?,?,?,?)",
		"ibtiiiiii", (int64_t)t->id, t->hash, sizeof(t->hash), t->name,
		(int64_t)t->scopes, (int64_t)t->maker, t->created_ns,
		t->ends_ns, t->ended_ns, t->used_ns);

	return err ? err : sql_run(ix, s);
}

static void token_get(sqlite3_stmt *s, struct token_row *t)
{
	*t = (struct token_row){0};
	t->id = (uint64_t)sql_i64(s, 0);
	sql_bytes(s, 1, t->hash, sizeof(t->hash));
	sql_text(s, 2, t->name, sizeof(t->name));
	t->scopes = (unsigned)sql_i64(s, 3);
	t->maker = (uint64_t)sql_i64(s, 4);
	t->created_ns = sql_i64(s, 5);
	t->ends_ns = sql_i64(s, 6);
	t->ended_ns = sql_i64(s, 7);
	t->used_ns = sql_i64(s, 8);
}

static enum err token_one(struct index *ix, sqlite3_stmt *s,
    struct token_row *ret)
{
	enum err err = sql_step(ix, s);

	if (!err)
		token_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_token_find(struct index *ix, uint64_t id, struct token_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, "SELECT * FROM token WHERE id = ?", "i",
	    (int64_t)id);

	return err ? err : token_one(ix, s, ret);
}

enum err index_token_by_hash(struct index *ix,
    const unsigned char hash[HASH_BYTES], struct token_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, "SELECT * FROM token WHERE hash = ?",
	    "b", hash, (size_t)HASH_BYTES);

	return err ? err : token_one(ix, s, ret);
}

enum err index_token_used(struct index *ix, uint64_t id, int64_t used_ns)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "UPDATE token SET used_ns = ? WHERE id = ?", "ii",
		used_ns, (int64_t)id);

	return err ? err : sql_run(ix, s);
}

enum err index_token_end(struct index *ix, uint64_t id, int64_t ended_ns)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE token SET ended_ns = ? WHERE id = ? AND ended_ns = 0", "ii",
	    ended_ns, (int64_t)id);

	return err ? err : sql_run(ix, s);
}

enum err index_tokens(struct index *ix,
    enum err (*fn)(const struct token_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	struct token_row t;
	enum err err =
	    sql_bind(ix, &s, "SELECT * FROM token ORDER BY id DESC", "");

	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		token_get(s, &t);
		err = fn(&t, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}
