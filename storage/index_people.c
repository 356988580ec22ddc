/* index_people.c - rows of people, requests, leases and texts. */
#include "storage/index_sql.h"

/* Who is a deputy is a setting: one or two of a site. */
#define DEPUTY "'deputy/' || "
#define PERSON \
	"SELECT *, EXISTS(SELECT 1 FROM setting WHERE name = " DEPUTY \
	"person.id) FROM person "

enum err index_person_put(struct index *ix, const struct person_row *p)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT INTO person VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12) "
	    "ON CONFLICT(id) DO UPDATE SET user=?2, name=?3, role=?4, "
	    "created_ns=?5, recipient=?6, sign_key=?7, signer=?8, "
	    "signature=?9, sealed=?10, "
	    "ended_ns=?11, first=?12",
	    "ittiitbibbii", (int64_t)p->id, p->user, p->name, (int64_t)p->role,
	    p->created_ns, p->recipient, p->sign_key, sizeof(p->sign_key),
	    (int64_t)p->signer, p->signature, sizeof(p->signature), p->sealed,
	    p->sealed_n, p->ended_ns, (int64_t)p->first);

	return err ? err : sql_run(ix, s);
}

static void person_get(sqlite3_stmt *s, struct person_row *p)
{
	*p = (struct person_row){0};
	p->id = (uint64_t)sql_i64(s, 0);
	sql_text(s, 1, p->user, sizeof(p->user));
	sql_text(s, 2, p->name, sizeof(p->name));
	p->role = (enum role)sql_i64(s, 3);
	p->created_ns = sql_i64(s, 4);
	sql_text(s, 5, p->recipient, sizeof(p->recipient));
	sql_bytes(s, 6, p->sign_key, sizeof(p->sign_key));
	p->signer = (uint64_t)sql_i64(s, 7);
	sql_bytes(s, 8, p->signature, sizeof(p->signature));
	p->sealed_n = sql_bytes(s, 9, p->sealed, sizeof(p->sealed));
	p->ended_ns = sql_i64(s, 10);
	p->first = sql_i64(s, 11) != 0;
	p->deputy = sql_i64(s, 12) != 0;
}

static enum err person_one(struct index *ix, sqlite3_stmt *s,
    struct person_row *ret)
{
	enum err err = sql_step(ix, s);

	if (!err)
		person_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_person_find(struct index *ix, uint64_t id,
    struct person_row *ret)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, PERSON "WHERE id = ?", "i", (int64_t)id);

	return err ? err : person_one(ix, s, ret);
}

enum err index_person_by_user(struct index *ix, const char *user,
    struct person_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s, PERSON "WHERE user = ?", "t", user);

	return err ? err : person_one(ix, s, ret);
}

enum err index_people(struct index *ix,
    enum err (*fn)(const struct person_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	struct person_row p;
	enum err err = sql_bind(ix, &s, PERSON "ORDER BY id", "");

	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		person_get(s, &p);
		err = fn(&p, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

static enum err count_custodian(const struct person_row *p, void *arg)
{
	unsigned *n = arg;

	*n += p->role == ROLE_CUSTODIAN && !p->ended_ns;
	return OK;
}

enum err index_custodians(struct index *ix, unsigned *ret_n)
{
	unsigned n = 0;
	enum err err = index_people(ix, count_custodian, &n);

	if (!err)
		*ret_n = n;
	return err;
}

enum err index_deputy_put(struct index *ix, uint64_t person, bool deputy)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    deputy ? "INSERT OR REPLACE INTO setting VALUES(" DEPUTY "?, 1)" :
		     "DELETE FROM setting WHERE name = " DEPUTY "?",
	    "i", (int64_t)person);

	return err ? err : sql_run(ix, s);
}

enum err index_request_put(struct index *ix, const struct request_row *r)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO request "
	    "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	    "tiiiitttiiiiititiiii", r->id, (int64_t)r->requester, r->created_ns,
	    r->from_ns, r->to_ns, r->cameras, r->reason, r->case_no,
	    (int64_t)r->state, (int64_t)r->decider, r->decided_ns,
	    r->granted_from_ns, r->granted_to_ns, r->granted_cameras,
	    r->ends_ns, r->decision_reason, r->entry, r->decision_entry,
	    (int64_t)r->reason_code, r->until_ns);

	return err ? err : sql_run(ix, s);
}

static void request_get(sqlite3_stmt *s, struct request_row *r)
{
	*r = (struct request_row){0};
	sql_text(s, 0, r->id, sizeof(r->id));
	r->requester = (uint64_t)sql_i64(s, 1);
	r->created_ns = sql_i64(s, 2);
	r->from_ns = sql_i64(s, 3);
	r->to_ns = sql_i64(s, 4);
	sql_text(s, 5, r->cameras, sizeof(r->cameras));
	sql_text(s, 6, r->reason, sizeof(r->reason));
	sql_text(s, 7, r->case_no, sizeof(r->case_no));
	r->state = (enum request_state)sql_i64(s, 8);
	r->decider = (uint64_t)sql_i64(s, 9);
	r->decided_ns = sql_i64(s, 10);
	r->granted_from_ns = sql_i64(s, 11);
	r->granted_to_ns = sql_i64(s, 12);
	sql_text(s, 13, r->granted_cameras, sizeof(r->granted_cameras));
	r->ends_ns = sql_i64(s, 14);
	sql_text(s, 15, r->decision_reason, sizeof(r->decision_reason));
	r->entry = sql_i64(s, 16);
	r->decision_entry = sql_i64(s, 17);
	r->reason_code = (unsigned)sql_i64(s, 18);
	r->until_ns = sql_i64(s, 19);
}

enum err index_request_find(struct index *ix, const char *id,
    struct request_row *ret)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "SELECT * FROM request WHERE id = ?", "t", id);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		request_get(s, ret);
	sql_done(s);
	return err;
}

enum err request_each(struct index *ix, sqlite3_stmt *s,
    enum err (*fn)(const struct request_row *, void *), void *arg)
{
	struct request_row r;
	enum err err;

	while (!(err = sql_step(ix, s))) {
		request_get(s, &r);
		err = fn(&r, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_requests(struct index *ix, uint64_t requester,
    const struct page *page, enum err (*fn)(const struct request_row *, void *),
    void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM request WHERE (?1 = 0 OR requester = ?1) AND "
	    "(?2 = '' OR (created_ns, id) < "
	    "(SELECT created_ns, id FROM request WHERE id = ?2)) "
	    "ORDER BY created_ns DESC, id DESC LIMIT ?3",
	    "iti", (int64_t)requester, page ? page->after : "",
	    page ? page->limit : -1);

	return err ? err : request_each(ix, s, fn, arg);
}

enum err index_requests_waiting(struct index *ix,
    enum err (*fn)(const struct request_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM request WHERE state = ? ORDER BY created_ns", "i",
	    (int64_t)REQUEST_SUBMITTED);

	return err ? err : request_each(ix, s, fn, arg);
}

enum err index_copied(struct index *ix, uint64_t person, uint64_t since,
    int64_t *ret_ns, uint64_t *ret_last)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT total(to_ns - from_ns), max(entry) FROM lease "
	    "WHERE entry >= ? AND person = ? AND kind != ?",
	    "iii", (int64_t)since, (int64_t)person, (int64_t)LEASE_VIEW);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		*ret_ns = sql_i64(s, 0);
	if (!err)
		*ret_last = (uint64_t)sql_i64(s, 1);
	sql_done(s);
	return err;
}

enum err index_text_put(struct index *ix, uint64_t entry, unsigned tag,
    const unsigned char salt[32], const char *text)
{
	sqlite3_stmt *s;
	enum err err =
	    sql_bind(ix, &s, "INSERT OR REPLACE INTO text VALUES(?,?,?,?)",
		"iibt", (int64_t)entry, (int64_t)tag, salt, (size_t)32, text);

	return err ? err : sql_run(ix, s);
}

enum err index_text_find(struct index *ix, uint64_t entry, unsigned tag,
    char ret[TEXT_MAX])
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT text FROM text WHERE entry = ? AND tag = ?", "ii",
	    (int64_t)entry, (int64_t)tag);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		sql_text(s, 0, ret, TEXT_MAX);
	sql_done(s);
	return err;
}

enum err index_text_open(struct index *ix, uint64_t entry, unsigned tag,
    unsigned char ret_salt[32], char ret[TEXT_MAX])
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT salt, text FROM text WHERE entry = ? AND tag = ?", "ii",
	    (int64_t)entry, (int64_t)tag);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err && sql_bytes(s, 0, ret_salt, 32) != 32)
		err = ERR_INTEGRITY;
	if (!err)
		sql_text(s, 1, ret, TEXT_MAX);
	sql_done(s);
	return err;
}

enum err index_text_entries(struct index *ix, unsigned tag,
    enum err (*fn)(uint64_t, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT entry FROM text WHERE tag = ? ORDER BY entry", "i",
	    (int64_t)tag);

	if (err)
		return err;
	while (!(err = sql_step(ix, s))) {
		err = fn((uint64_t)sql_i64(s, 0), arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_lease_put(struct index *ix, const struct lease_row *l)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "INSERT OR REPLACE INTO lease VALUES(?,?,?,?,?,?,?,0)", "iittiii",
	    (int64_t)l->entry, (int64_t)l->person, l->request, l->camera,
	    l->from_ns, l->to_ns, (int64_t)l->kind);

	return err ? err : sql_run(ix, s);
}

static void lease_get(sqlite3_stmt *s, struct lease_row *l)
{
	*l = (struct lease_row){0};
	l->entry = (uint64_t)sql_i64(s, 0);
	l->person = (uint64_t)sql_i64(s, 1);
	sql_text(s, 2, l->request, sizeof(l->request));
	sql_text(s, 3, l->camera, sizeof(l->camera));
	l->from_ns = sql_i64(s, 4);
	l->to_ns = sql_i64(s, 5);
	l->kind = (enum lease_kind)sql_i64(s, 6);
}

enum err index_lease_find(struct index *ix, uint64_t entry,
    struct lease_row *ret)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM lease WHERE entry = ? AND NOT closed", "i",
	    (int64_t)entry);

	if (err)
		return err;
	err = sql_step(ix, s);
	if (!err)
		lease_get(s, ret);
	sql_done(s);
	return err;
}

enum err index_lease_closed(struct index *ix, uint64_t entry)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "UPDATE lease SET closed = 1 WHERE entry = ?", "i", (int64_t)entry);

	return err ? err : sql_run(ix, s);
}

/* Hand each row of a prepared question to fn. */
static enum err leases_each(struct index *ix, sqlite3_stmt *s,
    enum err (*fn)(const struct lease_row *, void *), void *arg)
{
	struct lease_row l;
	enum err err;

	while (!(err = sql_step(ix, s))) {
		lease_get(s, &l);
		err = fn(&l, arg);
		if (err)
			break;
	}
	sql_done(s);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err index_leases_open(struct index *ix,
    enum err (*fn)(const struct lease_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM lease WHERE NOT closed ORDER BY entry", "");

	return err ? err : leases_each(ix, s, fn, arg);
}

enum err index_leases_within(struct index *ix, int64_t from_ns, int64_t to_ns,
    uint64_t before, int64_t limit,
    enum err (*fn)(const struct lease_row *, void *), void *arg)
{
	sqlite3_stmt *s;
	enum err err = sql_bind(ix, &s,
	    "SELECT * FROM lease WHERE from_ns < ? AND to_ns > ? AND "
	    "entry < ? ORDER BY entry DESC LIMIT ?",
	    "iiii", to_ns, from_ns, (int64_t)before, limit);

	return err ? err : leases_each(ix, s, fn, arg);
}
