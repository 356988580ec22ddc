/* index_footage.c - rows of segments and gaps. */
#include "storage/index_sql.h"

#include <string.h>

/* P2: whatever is put, what was promised to a segment only grows. */
enum err index_segment_put(struct index *ix, const struct segment_row *r)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT INTO segment VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
	    "ON CONFLICT(camera, seq) DO UPDATE SET day = excluded.day, "
	    "start_ns = excluded.start_ns, end_ns = excluded.end_ns, "
	    "bytes = excluded.bytes, state = excluded.state, "
	    "fragments = excluded.fragments, flags = excluded.flags, "
	    "retain_ns = max(retain_ns, excluded.retain_ns), "
	    "proof = excluded.proof, record = excluded.record, "
	    "entry = excluded.entry, volume = excluded.volume",
	    "titiiiiiiiiiii", r->camera, (int64_t)r->seq, r->day, r->start_ns,
	    r->end_ns, (int64_t)r->bytes, (int64_t)r->state,
	    (int64_t)r->fragments, (int64_t)r->flags, r->retain_ns,
	    (int64_t)r->proof, (int64_t)r->record, r->entry,
	    (int64_t)r->volume);

	return err ? err : sql_run(ix, s);
}

enum err index_segment_found(struct index *ix, const struct segment_row *r)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT INTO segment VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
	    "ON CONFLICT(camera, seq) DO NOTHING",
	    "titiiiiiiiiiii", r->camera, (int64_t)r->seq, r->day, r->start_ns,
	    r->end_ns, (int64_t)r->bytes, (int64_t)r->state,
	    (int64_t)r->fragments, (int64_t)r->flags, r->retain_ns,
	    (int64_t)r->proof, (int64_t)r->record, r->entry,
	    (int64_t)r->volume);

	return err ? err : sql_run(ix, s);
}

enum err index_segment_proof(struct index *ix, const char *camera, uint64_t seq,
    enum segment_proof proof)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE segment SET proof = ? WHERE camera = ? AND seq = ?", "iti",
	    (int64_t)proof, camera, (int64_t)seq);

	return err ? err : sql_run(ix, s);
}

enum err index_numbers_raise(struct index *ix)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE camera SET next_seq = max(next_seq, ifnull((SELECT "
	    "max(seq) + 1 FROM segment WHERE camera = id), 1))",
	    "");

	return err ? err : sql_run(ix, s);
}

/* Rows are still missing: no range can be told. */
static enum err whole(struct index *ix)
{
	char any[4];
	size_t n;
	enum err err =
	    index_setting_find(ix, INDEX_REBUILD, any, sizeof(any), &n);

	return err == ERR_NOT_FOUND ? OK : err ? err : ERR_REBUILDING;
}

enum err index_segment_drop(struct index *ix, const char *camera, uint64_t seq)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "DELETE FROM segment WHERE camera = ? AND seq = ? AND state = 1",
	    "ti", camera, (int64_t)seq);

	return err ? err : sql_run(ix, s);
}

static void segment_get(sqlite3_stmt *s, struct segment_row *r)
{
	*r = (struct segment_row){0};
	sql_text(s, 0, r->camera, sizeof(r->camera));
	r->seq = (uint64_t)sql_i64(s, 1);
	sql_text(s, 2, r->day, sizeof(r->day));
	r->start_ns = sql_i64(s, 3);
	r->end_ns = sql_i64(s, 4);
	r->bytes = (uint64_t)sql_i64(s, 5);
	r->state = (enum segment_state)sql_i64(s, 6);
	r->fragments = (uint32_t)sql_i64(s, 7);
	r->flags = (uint32_t)sql_i64(s, 8);
	r->retain_ns = sql_i64(s, 9);
	r->proof = (enum segment_proof)sql_i64(s, 10);
	r->record = (uint64_t)sql_i64(s, 11);
	r->entry = sql_i64(s, 12);
	r->volume = (unsigned)sql_i64(s, 13);
}

static enum err segment_one(struct index *ix, sqlite3_stmt *s,
    struct segment_row *ret)
{
	enum err err = sql_step(ix, s);

	if (!err)
		segment_get(s, ret);
	sql_done(s);
	return err;
}

enum err segment_each(struct index *ix, sqlite3_stmt *s,
    enum err (*fn)(const struct segment_row *, void *), void *arg)
{
	struct segment_row r;
	enum err err;

	while (!(err = sql_step(ix, s))) {
		segment_get(s, &r);
		err = fn(&r, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_segment_find(struct index *ix, const char *camera, uint64_t seq,
    struct segment_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment WHERE camera = ? AND seq = ?", "ti", camera,
	    (int64_t)seq);

	return err ? err : segment_one(ix, s, ret);
}

enum err index_segment_last(struct index *ix, const char *camera,
    struct segment_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment WHERE camera = ? ORDER BY seq DESC LIMIT 1",
	    "t", camera);

	return err ? err : segment_one(ix, s, ret);
}

enum err index_segment_settled(struct index *ix, const char *camera,
    const char *day, unsigned volume, struct segment_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment WHERE camera = ?1 AND seq = (SELECT "
	    "last_seq "
	    "FROM run WHERE camera = ?1 AND day = ?2 AND volume = ?3 AND "
	    "last_seq < ifnull((SELECT min(seq) FROM segment INDEXED BY "
	    "segment_open WHERE camera = ?1 AND state = 1), "
	    "9223372036854775807) ORDER BY first_seq DESC "
	    "LIMIT 1)",
	    "tti", camera, day, (int64_t)volume);

	return err ? err : segment_one(ix, s, ret);
}

enum err index_segment_farthest(struct index *ix, const char *camera,
    int64_t to_ns, struct segment_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment WHERE camera = ? AND start_ns < ? "
	    "ORDER BY start_ns DESC LIMIT 1",
	    "ti", camera, to_ns);

	return err ? err : segment_one(ix, s, ret);
}

/*
 * A segment is at most PACE_LENGTHS_MAX of 5 minutes long, so of those that
 * began more than an hour before the range, none reaches into it but the last:
 * with the clock hook one may be as long as a day. The index is read from there.
 */
enum err index_segments(struct index *ix, const char *camera, int64_t from_ns,
    int64_t to_ns, enum err (*fn)(const struct segment_row *, void *),
    void *arg)
{
	sqlite3_stmt *s;
	enum err err = whole(ix);

	if (err)
		return err;
	err = sql_bind(ix, &s,
	    "SELECT * FROM segment WHERE camera = ?1 AND start_ns >= "
	    "ifnull((SELECT max(start_ns) FROM segment WHERE camera = ?1 AND "
	    "start_ns < ?2), ?2) AND start_ns < ?3 AND (end_ns > ?4 OR "
	    "state = 1) AND state != 5 ORDER BY start_ns, seq",
	    "tiii", camera, from_ns - 3600 * NS_PER_SEC, to_ns, from_ns);
	return err ? err : segment_each(ix, s, fn, arg);
}

/* A run is within one local day, and that has at most 25 hours. */
enum err index_runs(struct index *ix, const char *camera, int64_t from_ns,
    int64_t to_ns, enum err (*fn)(const struct run_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = whole(ix);

	if (err)
		return err;
	err = sql_bind(ix, &s,
	    "SELECT first_seq, last_seq, from_ns, to_ns, flags, volume "
	    "FROM run WHERE camera = ? AND from_ns >= ? AND from_ns < ? AND "
	    "to_ns > ? ORDER BY from_ns",
	    "tiii", camera, from_ns - 26 * 3600 * NS_PER_SEC, to_ns, from_ns);
	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		struct run_row r = {.first_seq = (uint64_t)sql_i64(s, 0),
		    .last_seq = (uint64_t)sql_i64(s, 1),
		    .from_ns = sql_i64(s, 2),
		    .to_ns = sql_i64(s, 3),
		    .flags = (uint32_t)sql_i64(s, 4),
		    .volume = (unsigned)sql_i64(s, 5)};

		err = fn(&r, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_segments_open_at(struct index *ix, const char *camera,
    int64_t to_ns, enum err (*fn)(const struct segment_row *, void *),
    void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment INDEXED BY segment_open "
	    "WHERE camera = ? AND state = 1 AND start_ns < ? ORDER BY seq",
	    "ti", camera, to_ns);

	return err ? err : segment_each(ix, s, fn, arg);
}

enum err index_segments_of_run(struct index *ix, const char *camera,
    const struct run_row *r, int64_t from_ns, int64_t to_ns,
    enum err (*fn)(const struct segment_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment NOT INDEXED WHERE camera = ? AND seq >= ? "
	    "AND seq <= ? AND start_ns < ? AND end_ns > ? ORDER BY seq",
	    "tiiii", camera, (int64_t)r->first_seq, (int64_t)r->last_seq, to_ns,
	    from_ns);

	return err ? err : segment_each(ix, s, fn, arg);
}

enum err index_segments_after(struct index *ix, const char *camera,
    uint64_t seq, unsigned n,
    enum err (*fn)(const struct segment_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment WHERE (camera, seq) > (?, ?) AND "
	    "state IN (3, 4) ORDER BY camera, seq LIMIT ?",
	    "tii", camera, (int64_t)seq, (int64_t)n);

	return err ? err : segment_each(ix, s, fn, arg);
}

enum err index_segment_lost(struct index *ix, const struct segment_row *r,
    int64_t noticed_ns)
{
	struct segment_row lost = *r;
	struct gap_row g = {.from_ns = r->start_ns,
	    .to_ns = r->end_ns,
	    .cause = CAUSE_LOST,
	    .noticed_ns = noticed_ns};
	enum err err;

	memcpy(g.camera, r->camera, sizeof(g.camera));
	lost.state = SEGMENT_LOST;
	err = index_segment_put(ix, &lost);
	return err ? err : index_gap_put(ix, &g);
}

enum err index_segments_open(struct index *ix,
    enum err (*fn)(const struct segment_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM segment WHERE state = 1 ORDER BY camera, seq", "");

	return err ? err : segment_each(ix, s, fn, arg);
}

enum err index_segment_times(struct index *ix, const char *camera,
    int64_t *ret_first, int64_t *ret_sealed, int64_t *ret_proved)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT (SELECT start_ns FROM segment WHERE camera = ?1 "
	    "ORDER BY seq LIMIT 1), "
	    "(SELECT end_ns FROM segment WHERE camera = ?1 AND state != 1 "
	    "ORDER BY seq DESC LIMIT 1), "
	    "(SELECT end_ns FROM segment WHERE camera = ?1 AND proof = 2 "
	    "ORDER BY seq DESC LIMIT 1)",
	    "t", camera);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err) {
		*ret_first = sql_i64(s, 0);
		*ret_sealed = sql_i64(s, 1);
		*ret_proved = sql_i64(s, 2);
	}
	sql_done(s);
	return err;
}

enum err index_gap_put(struct index *ix, const struct gap_row *g)
{
	static const char open[] =
	    "INSERT OR REPLACE INTO gap VALUES(?,?,NULL,?,?)";
	static const char closed[] =
	    "INSERT OR REPLACE INTO gap VALUES(?,?,?4,?3,?5)";
	sqlite3_stmt *s;
	enum err err;

	if (g->to_ns == INT64_MAX)
		err = sql_bind(ix, &s, open, "tiii", g->camera, g->from_ns,
		    (int64_t)g->cause, g->noticed_ns);
	else
		err = sql_bind(ix, &s, closed, "tiiii", g->camera, g->from_ns,
		    (int64_t)g->cause, g->to_ns, g->noticed_ns);
	return err ? err : sql_run(ix, s);
}

enum err index_gap_found(struct index *ix, const struct gap_row *g)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT INTO gap VALUES(?,?,NULL,?,?) ON CONFLICT DO NOTHING",
	    "tiii", g->camera, g->from_ns, (int64_t)g->cause, g->noticed_ns);

	return err ? err : sql_run(ix, s);
}

enum err index_gap_close(struct index *ix, const struct gap_row *g)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT INTO gap VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET "
	    "to_ns = excluded.to_ns WHERE to_ns IS NULL",
	    "tiiii", g->camera, g->from_ns, g->to_ns, (int64_t)g->cause,
	    g->noticed_ns);

	return err ? err : sql_run(ix, s);
}

enum err index_gap_drop(struct index *ix, const char *camera, int64_t from_ns)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "DELETE FROM gap WHERE camera = ? AND from_ns = ?",
		"ti", camera, from_ns);

	return err ? err : sql_run(ix, s);
}

static void gap_get(sqlite3_stmt *s, struct gap_row *g)
{
	*g = (struct gap_row){0};
	sql_text(s, 0, g->camera, sizeof(g->camera));
	g->from_ns = sql_i64(s, 1);
	g->to_ns = sqlite3_column_type(s, 2) == SQLITE_NULL ? INT64_MAX :
							      sql_i64(s, 2);
	g->cause = (enum cause)sql_i64(s, 3);
	g->noticed_ns = sql_i64(s, 4);
}

enum err index_gap_open(struct index *ix, const char *camera,
    struct gap_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM gap WHERE camera = ? AND to_ns IS NULL "
	    "ORDER BY from_ns DESC LIMIT 1",
	    "t", camera);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		gap_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_gaps(struct index *ix, const char *camera, int64_t from_ns,
    int64_t to_ns, enum err (*fn)(const struct gap_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	struct gap_row g;
	enum err err = whole(ix);

	if (err)
		return err;
	err = sql_bind(ix, &s,
	    "SELECT * FROM gap WHERE camera = ? AND from_ns < ? AND "
	    "(to_ns IS NULL OR to_ns > ?) ORDER BY from_ns",
	    "tii", camera, to_ns, from_ns);
	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		gap_get(s, &g);
		err = fn(&g, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}
