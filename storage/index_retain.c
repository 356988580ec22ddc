/* index_retain.c - sums of days, what is due, and what was erased. */
#include "storage/index_sql.h"

#define TURN_NS (10 * NS_PER_MS) /* cameras wait for so long */
/*
 * A day is named by the rules of its time. Where the law has moved the zone
 * since, and this machine learned of it later, some of its segments lie beyond
 * what is its midnight now: they are its own all the same (P3).
 */
#define MOVED_NS (4 * 3600 * NS_PER_SEC)

static void day_get(sqlite3_stmt *s, struct day_row *d)
{
	*d = (struct day_row){.segments = (uint64_t)sql_i64(s, 2),
	    .bytes = (uint64_t)sql_i64(s, 3),
	    .recorded_ns = sql_i64(s, 4),
	    .flags = (uint32_t)sql_i64(s, 5),
	    .retain_ns = sql_i64(s, 6),
	    .due_ns = sql_i64(s, 7)};
	sql_text(s, 0, d->camera, sizeof(d->camera));
	sql_text(s, 1, d->day, sizeof(d->day));
}

static enum err day_each(struct index *ix, sqlite3_stmt *s,
    enum err (*fn)(const struct day_row *, void *), void *arg)
{
	struct day_row d;
	enum err err;

	while (!(err = sql_step(ix, s))) {
		day_get(s, &d);
		err = fn(&d, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_days(struct index *ix, const char *camera, const char *from,
    enum err (*fn)(const struct day_row *, void *), void *arg)
{
	static const char one[] = "SELECT * FROM camera_day WHERE camera = ? "
				  "AND day >= ? ORDER BY day";
	static const char all[] = "SELECT * FROM camera_day WHERE camera > ? "
				  "AND day >= ? ORDER BY camera, day";
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, *camera ? one : all, "tt", camera, from);

	return err ? err : day_each(ix, s, fn, arg);
}

enum err index_days_due(struct index *ix, int64_t both_ns,
    enum err (*fn)(const struct day_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM camera_day WHERE due_ns <= ? ORDER BY day, camera",
	    "i", both_ns);

	return err ? err : day_each(ix, s, fn, arg);
}

enum err index_day_find(struct index *ix, const char *camera, const char *day,
    struct day_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM camera_day WHERE camera = ? AND day = ?", "tt",
	    camera, day);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		day_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_day_bounds(struct index *ix, const struct day_row *d,
    int64_t *ret_from_ns, int64_t *ret_to_ns)
{
	sqlite3_stmt *s;
	struct day day;
	enum err err = day_parse(d->day, &day);

	if (!err)
		err = sql_bind(ix, &s,
		    "SELECT min(from_ns), max(to_ns), "
		    "sum(1 + last_seq - first_seq) FROM run "
		    "INDEXED BY run_time WHERE camera = ? AND from_ns >= ? "
		    "AND from_ns < ? AND day = ?",
		    "tiit", d->camera, utc_day_start(day).ns - MOVED_NS,
		    utc_day_start(day_next(day)).ns + MOVED_NS, d->day);
	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err && (uint64_t)sql_i64(s, 2) != d->segments)
		err = ERR_NOT_FOUND;
	if (!err) {
		*ret_from_ns = sql_i64(s, 0);
		*ret_to_ns = sql_i64(s, 1);
	}
	sql_done(s);
	return err;
}

enum err index_segments_of_day(struct index *ix, const char *camera,
    const char *day, uint64_t after, unsigned count,
    enum err (*fn)(const struct segment_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	struct day d;
	enum err err = day_parse(day, &d);

	if (!err)
		err = sql_bind(ix, &s,
		    "SELECT * FROM segment INDEXED BY segment_time "
		    "WHERE camera = ? AND start_ns >= ? AND start_ns < ? AND "
		    "day = ? AND seq > ? ORDER BY seq LIMIT ?",
		    "tiitii", camera, utc_day_start(d).ns - MOVED_NS,
		    utc_day_start(day_next(d)).ns + MOVED_NS, day,
		    (int64_t)after, (int64_t)count);
	return err ? err : segment_each(ix, s, fn, arg);
}

enum err index_segment_erase(struct index *ix, const char *camera, uint64_t seq)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "DELETE FROM segment WHERE camera = ? AND seq = ? AND state != 1",
	    "ti", camera, (int64_t)seq);

	return err ? err : sql_run(ix, s);
}

enum err index_segments_erase(struct index *ix, const char *camera,
    const uint64_t *seqs, size_t *n)
{
	int64_t begun = mono_now().ns;
	size_t left = *n;
	enum err err = index_begin(ix);

	while (!err && left && mono_now().ns - begun < TURN_NS)
		err = index_segment_erase(ix, camera, seqs[--left]);
	if (!err)
		err = index_commit(ix);
	if (err)
		index_abort(ix);
	else
		*n = left;
	return err;
}

enum err index_segment_promise(struct index *ix, const char *camera,
    uint64_t seq, int64_t retain_ns)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE segment SET retain_ns = ?3 WHERE camera = ?1 AND "
	    "seq = ?2 AND retain_ns < ?3",
	    "tii", camera, (int64_t)seq, retain_ns);

	return err ? err : sql_run(ix, s);
}

enum err index_terms_move(struct index *ix, uint64_t first, uint64_t end,
    int64_t step_ns)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE segment SET retain_ns = retain_ns + ? WHERE entry >= ? "
	    "AND entry < ? AND retain_ns > 0",
	    "iii", step_ns, (int64_t)first, (int64_t)end);

	return err ? err : sql_run(ix, s);
}

enum err index_erasure_put(struct index *ix, const struct erasure_row *e)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO erasure VALUES(?,?,?,?,?,?,?)", "ttiiiii",
	    e->camera, e->day, e->from_ns, e->to_ns, (int64_t)e->erasing,
	    e->entry, (int64_t)e->method);

	return err ? err : sql_run(ix, s);
}

static void erasure_get(sqlite3_stmt *s, struct erasure_row *e)
{
	*e = (struct erasure_row){0};
	sql_text(s, 0, e->camera, sizeof(e->camera));
	sql_text(s, 1, e->day, sizeof(e->day));
	e->from_ns = sql_i64(s, 2);
	e->to_ns = sql_i64(s, 3);
	e->erasing = (uint64_t)sql_i64(s, 4);
	e->entry = sql_i64(s, 5);
	e->method = (unsigned)sql_i64(s, 6);
}

static enum err erasure_one(struct index *ix, sqlite3_stmt *s,
    struct erasure_row *ret)
{
	enum err err = sql_step(ix, s);

	if (!err)
		erasure_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_erasure_find(struct index *ix, const char *camera,
    int64_t from_ns, int64_t to_ns, struct erasure_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM erasure WHERE camera = ? AND from_ns < ? AND "
	    "to_ns > ? ORDER BY from_ns, erasing DESC LIMIT 1",
	    "tii", camera, to_ns, from_ns);

	return err ? err : erasure_one(ix, s, ret);
}

enum err index_erasing_find(struct index *ix, const char *camera,
    const char *day, struct erasure_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM erasure WHERE camera = ? AND day = ? AND "
	    "entry = -1 ORDER BY erasing DESC LIMIT 1",
	    "tt", camera, day);

	return err ? err : erasure_one(ix, s, ret);
}

enum err index_erased_find(struct index *ix, const char *camera,
    const char *day, struct erasure_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM erasure WHERE camera = ? AND day = ? AND "
	    "entry >= 0 AND method = ? LIMIT 1",
	    "tti", camera, day, (int64_t)ERASE_HEADERS);

	return err ? err : erasure_one(ix, s, ret);
}

/* Six months before to_ns can have no footage that is not held. */
enum err index_requests_old(struct index *ix, int64_t both_ns,
    enum err (*fn)(const struct request_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM request WHERE to_ns < ? AND reason != ''", "i",
	    both_ns - INT64_C(181) * 86400 * NS_PER_SEC);

	return err ? err : request_each(ix, s, fn, arg);
}

enum err index_request_forget(struct index *ix, const struct request_row *r)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE request SET reason = '', case_no = '', "
	    "decision_reason = '' WHERE id = ?",
	    "t", r->id);

	if (!err)
		err = sql_run(ix, s);
	if (!err)
		err = sql_bind(ix, &s, "DELETE FROM text WHERE entry IN (?, ?)",
		    "ii", r->entry, r->decision_entry);
	return err ? err : sql_run(ix, s);
}
