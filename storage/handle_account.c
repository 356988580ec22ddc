/* handle_account.c - accounts change and end; the sessions of others end. */
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/reader.h"

void people_sign_out(struct keeper *k, uint64_t person,
    const struct reader *but)
{
	for (struct reader *r = k->readers; r; r = r->next) {
		if (r == but || r->person != person || !r->conn)
			continue;
		r->conn->closing = true;
	}
}

static enum err enter_account(struct keeper *k, uint64_t person,
    enum account_change what)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_ACCOUNT, person);
	entry_put_u64(&x.e, TAG_PERSON, person);
	entry_put_u64(&x.e, TAG_ACCOUNT, what);
	return enter_end(k, &x, NULL);
}

/*
 * One's secret under a new password or with a new factor. The keeper cannot
 * look inside; who sends it has opened the old one.
 */
void handle_person_seal(struct keeper *k, struct conn *c, struct wire *w)
{
	struct reader *r = c->reader;
	struct person_row p = {0};
	uint32_t id = w->id;
	size_t n = 0;
	const void *sealed = wire_get_bytes(w, &n);
	enum account_change what;
	enum err err;

	what = (enum account_change)wire_get_u8(w);
	err = wire_end(w);
	if (!err &&
	    (!n || n > SEALED_SEED_MAX || what < ACCOUNT_PASSWORD ||
		what > ACCOUNT_FACTOR || r->job != READER_SESSION ||
		!r->signed_in))
		err = ERR_INVALID;
	if (!err)
		err = index_person_find(k->ix, r->person, &p);
	if (!err && p.ended_ns)
		err = ERR_DENIED;
	if (!err) {
		memcpy(p.sealed, sealed, n);
		p.sealed_n = n;
		p.first = p.first && what != ACCOUNT_PASSWORD;
		err = index_person_put(k->ix, &p);
	}
	if (!err)
		err = enter_account(k, p.id, what);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	people_sign_out(k, p.id, r);
	conn_ok(c, id);
}

/*
 * Nobody ends himself, and two custodians stay so that nobody is alone. An
 * operator ends operators alone.
 */
static const char *may_end(struct keeper *k, const struct reader *r,
    const struct person_row *p)
{
	unsigned custodians = 0;

	if (p->id == r->person)
		return "Nobody ends his own account: ask somebody else.";
	if (r->role != ROLE_CUSTODIAN &&
	    (r->role != ROLE_OPERATOR || p->role != ROLE_OPERATOR))
		return "That account is a custodian's matter.";
	if (index_custodians(k->ix, &custodians))
		return "The people cannot be read.";
	if (p->role == ROLE_CUSTODIAN && custodians <= 2)
		return "Two custodians must remain: make another one first.";
	return NULL;
}

static enum err end_person(struct keeper *k, struct reader *r,
    struct person_row *p, const char *reason)
{
	struct enter x;
	enum err err;

	p->ended_ns = k->now.ns;
	enter_begin(k, &x, ENTRY_PERSON_ENDED, r->person);
	entry_put_u64(&x.e, TAG_PERSON, p->id);
	enter_text(&x, TAG_REASON, reason);
	err = enter_end(k, &x, NULL);
	if (!err)
		err = index_person_put(k->ix, p);
	return err ? err : requests_close(k, p->id, r->person, reason);
}

void handle_person_ended(struct keeper *k, struct conn *c, struct wire *w)
{
	struct reader *r = c->reader;
	uint64_t person = wire_get_u64(w);
	const char *why = NULL;
	char reason[TEXT_MAX];
	struct person_row p;
	uint32_t id = w->id;
	enum err err;

	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err)
		err = index_person_find(k->ix, person, &p);
	if (!err && p.ended_ns)
		err = ERR_NOT_FOUND;
	if (!err) {
		why = may_end(k, r, &p);
		err = why ? ERR_DENIED : end_person(k, r, &p, reason);
	}
	if (err) {
		conn_error(c, id, err, why);
		return;
	}
	people_sign_out(k, person, NULL);
	/* last, and nothing waits for it: too old they are dropped anyway */
	if (index_drafts_drop(k->ix, person, 0))
		log_warn("the drafts of an ended person stay until too old");
	conn_ok(c, id);
}

enum err people_deputy(struct keeper *k, uint64_t by, uint64_t person,
    bool deputy)
{
	struct enter x;
	enum err err;

	enter_begin(k, &x, ENTRY_DEPUTY, by);
	entry_put_u64(&x.e, TAG_PERSON, person);
	entry_put_u64(&x.e, TAG_DEPUTY, deputy);
	err = enter_end(k, &x, NULL);
	return err ? err : index_deputy_put(k->ix, person, deputy);
}

void handle_deputy(struct keeper *k, struct conn *c, struct wire *w)
{
	uint64_t person = wire_get_u64(w);
	uint8_t deputy = wire_get_u8(w);
	struct person_row p;
	uint32_t id = w->id;
	enum err err = wire_end(w);

	if (!err && deputy > 1)
		err = ERR_INVALID;
	if (!err && c->reader->role != ROLE_CUSTODIAN)
		err = ERR_DENIED;
	if (!err)
		err = index_person_find(k->ix, person, &p);
	if (!err && p.ended_ns)
		err = ERR_NOT_FOUND;
	if (!err && p.role != ROLE_CUSTODIAN)
		err = ERR_INVALID;
	/* a worker is putting what older entries say */
	if (!err && k->rebuild)
		err = ERR_REBUILDING;
	if (!err)
		err = people_deputy(k, c->reader->person, person, deputy);
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}
