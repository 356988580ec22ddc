/* handle_people.c - signing in and adding people: each starts a reader. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/keeper.h"
#include "storage/reader.h"
#include "storage/spawn.h"

static void enter_refused(struct keeper *k, uint64_t person, enum err why,
    const char *user, const char *address)
{
	struct enter x;

	k->sign_ins_refused++;
	enter_begin(k, &x, ENTRY_SIGN_IN_REFUSED, 0);
	entry_put_u64(&x.e, TAG_PERSON, person);
	enter_text(&x, TAG_NAME, user);
	enter_text(&x, TAG_ADDRESS, address);
	entry_put_u64(&x.e, TAG_ERROR, why);
	if (enter_end(k, &x, NULL))
		log_error("a refused sign-in was not entered");
}

/* Who may sign in: someone active. Unknown users cost the same work. */
static struct person_row *find_active(struct keeper *k, const char *user,
    struct person_row *room)
{
	if (index_person_by_user(k->ix, user, room) || room->ended_ns)
		return NULL;
	return room;
}

/* Who failed too often waits, whether there is such a user or not. */
enum err people_locked(struct keeper *k, const char *user, const char *address,
    char *ret_why, size_t n)
{
	int64_t a = lockout_left_ns(&k->lockout, LOCKOUT_USER, user, k->mono);
	int64_t b =
	    lockout_left_ns(&k->lockout, LOCKOUT_ADDRESS, address, k->mono);
	int64_t left = a > b ? a : b;

	if (!left)
		return OK;
	snprintf(ret_why, n,
	    "Too many failed attempts: try again in %lld seconds.",
	    (long long)(left / NS_PER_SEC + 1));
	return ERR_LOCKED;
}

/*
 * A code is good once, and so is every older one. The steps live in the index;
 * where that is lost the newest code of a person may be used once more.
 */
static enum err use_code(struct keeper *k, uint64_t person, uint64_t step)
{
	unsigned char last[8] = {0}, now[8];
	char name[40];
	size_t n = 0;
	enum err err;

	if (!step)
		return OK;
	snprintf(name, sizeof(name), "factor/%llu", (unsigned long long)person);
	err = index_setting_find(k->ix, name, last, sizeof(last), &n);
	if (err && err != ERR_NOT_FOUND)
		return err;
	be_put(now, step, sizeof(now));
	if (!err && memcmp(now, last, sizeof(now)) <= 0)
		return ERR_FACTOR;
	return index_setting_put(k->ix, name, now, sizeof(now));
}

void handle_factor_used(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	uint64_t step = wire_get_u64(w);
	enum err err = wire_end(w);

	if (!err)
		err = step ? use_code(k, c->reader->person, step) : ERR_INVALID;
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}

void handle_sign_in(struct keeper *k, struct conn *c, struct wire *w)
{
	char user[WIRE_STR_MAX + 1], credential[WIRE_STR_MAX + 1], address[64];
	struct person_row room, *p;
	struct reader *r = NULL;
	uint32_t id = w->id;
	char why[80] = "";
	enum err err;

	wire_get_text(w, user, sizeof(user));
	wire_get_text(w, credential, sizeof(credential));
	wire_get_text(w, address, sizeof(address));
	err = wire_end(w);
	if (!err && (strlen(user) > 63 || strlen(credential) > CREDENTIAL_MAX))
		err = ERR_PASSWORD;
	if (!err && k->setup.state == SETUP_CODE)
		err = ERR_SETUP;
	if (!err)
		err = people_locked(k, user, address, why, sizeof(why));
	if (!err) {
		p = find_active(k, user, &room);
		err = reader_spawn(k, READER_SESSION, p, credential, &r);
	}
	crypt_wipe(credential, sizeof(credential));
	if (err) {
		conn_error(c, id, err, *why ? why : NULL);
		return;
	}
	r->asker = c;
	r->asker_id = id;
	memcpy(r->user, user, sizeof(r->user));
	memcpy(r->address, address, sizeof(r->address));
}

/* The tool: an auditor or custodian needs a custodian, an operator nobody. */
void handle_user_add(struct keeper *k, struct conn *c, struct wire *w)
{
	char by[64], credential[WIRE_STR_MAX + 1], why[80] = "";
	struct person_row room, *p = NULL;
	struct wire copy = *w;
	struct reader *r = NULL;
	enum role role;
	enum err err;

	wire_get_text(w, by, sizeof(by));
	wire_get_text(w, credential, sizeof(credential));
	if (!user_name_ok(wire_get_str(w)))
		w->err = w->err ? w->err : ERR_INVALID;
	wire_get_str(w);
	role = (enum role)wire_get_u8(w);
	wire_get_str(w);
	if (wire_more(w) && wire_get_u8(w) && role != ROLE_CUSTODIAN)
		w->err = w->err ? w->err : ERR_INVALID;
	err = wire_end(w);
	if (!err && (role < ROLE_OPERATOR || role > ROLE_CUSTODIAN))
		err = ERR_INVALID;
	if (!err && role != ROLE_OPERATOR)
		err = people_locked(k, by, "", why, sizeof(why));
	if (!err && role != ROLE_OPERATOR) {
		p = find_active(k, by, &room);
		if (p && p->role != ROLE_CUSTODIAN)
			err = ERR_DENIED;
	}
	if (!err)
		err = reader_spawn(k,
		    role == ROLE_OPERATOR ? READER_OPERATOR : READER_ACT, p,
		    credential, &r);
	crypt_wipe(credential, sizeof(credential));
	if (err)
		conn_error(c, w->id, err, *why ? why : NULL);
	else
		reader_carries(r, c, &copy, by);
	crypt_wipe(&copy, sizeof(copy));
}

/* All custodians are lost: the paper key, and who shall be one. */
void handle_recover(struct keeper *k, struct conn *c, struct wire *w)
{
	char paper[IDENTITY_TEXT], why[120] = "";
	static const char who[] = "paper key";
	struct wire copy = *w;
	struct reader *r = NULL;
	enum err err;

	wire_get_text(w, paper, sizeof(paper));
	if (!user_name_ok(wire_get_str(w)))
		w->err = w->err ? w->err : ERR_INVALID;
	wire_get_str(w);
	wire_get_str(w);
	err = wire_end(w);
	if (!err && !k->site.paper_n) {
		snprintf(why, sizeof(why),
		    "This site's paper key cannot sign: "
		    "saqta paper replace makes one.");
		err = ERR_INVALID;
	}
	if (!err)
		err = people_locked(k, who, "", why, sizeof(why));
	if (!err)
		err = reader_spawn(k, READER_RECOVER, NULL, paper, &r);
	crypt_wipe(paper, sizeof(paper));
	if (err)
		conn_error(c, w->id, err, *why ? why : NULL);
	else
		reader_carries(r, c, &copy, who);
	crypt_wipe(&copy, sizeof(copy));
	crypt_wipe(w->buf, sizeof(w->buf));
}

static void refused(struct keeper *k, struct reader *r, enum err err,
    const char *text)
{
	if ((err == ERR_PASSWORD || err == ERR_FACTOR) && !r->signed_in) {
		enter_refused(k, r->person, err, r->user, r->address);
		lockout_failed(&k->lockout, LOCKOUT_USER, r->user, k->mono);
		lockout_failed(&k->lockout, LOCKOUT_ADDRESS, r->address,
		    k->mono);
	}
	if (r->asker)
		conn_error(r->asker, r->asker_id, err, text);
	r->asker = NULL;
	r->conn->closing = true;
}

static void signed_in(struct keeper *k, struct reader *r)
{
	struct person_row p;
	struct enter x;
	struct wire w;
	enum err err = index_person_find(k->ix, r->person, &p);

	enter_begin(k, &x, ENTRY_SIGN_IN, r->person);
	enter_text(&x, TAG_ADDRESS, r->address);
	if (!err)
		err = enter_end(k, &x, &r->session);
	if (err || !r->asker) {
		refused(k, r, err ? err : ERR_GONE, NULL);
		return;
	}
	r->signed_in = true;
	k->sign_ins++;
	r->since_ns = k->now.ns;
	r->signed_ns = k->mono.ns;
	lockout_passed(&k->lockout, LOCKOUT_USER, r->user);
	wire_begin(&w, MSG_SIGN_IN_IS, r->asker_id);
	wire_put_u64(&w, p.id);
	wire_put_str(&w, p.user);
	wire_put_u8(&w, (uint8_t)p.role);
	wire_put_u8(&w, p.first);
	conn_send(r->asker, &w, r->client);
	r->client = -1;
	r->asker = NULL;
}

void handle_reader_started(struct keeper *k, struct conn *c, struct wire *w)
{
	struct reader *r = c->reader;
	enum err err;

	if (w->type == MSG_ERROR) {
		err = err_from_wire(wire_get_u16(w));
		refused(k, r, err ? err : ERR_INTERNAL, wire_get_str(w));
		return;
	}
	if (r->started)
		return;
	r->started = true;
	err = use_code(k, r->person, wire_get_u64(w));
	if (err) {
		refused(k, r, err, NULL);
		return;
	}
	if (r->job == READER_SESSION) {
		/* without a person nothing was opened, whatever it says */
		if (r->person)
			signed_in(k, r);
		else
			refused(k, r, ERR_PASSWORD, NULL);
		return;
	}
	if (r->draft) {
		act_started(k, r);
		return;
	}
	conn_send(r->conn, &r->act, -1);
	crypt_wipe(&r->act, sizeof(r->act));
}

struct greatest {
	uint64_t id;
};

static enum err greatest_id(const struct person_row *p, void *arg)
{
	struct greatest *g = arg;

	if (p->id > g->id)
		g->id = p->id;
	return OK;
}

static enum err next_person(struct keeper *k, uint64_t *ret)
{
	struct greatest g = {0};
	enum err err = index_people(k->ix, greatest_id, &g);

	*ret = g.id + 1;
	return err;
}

void handle_next_person(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	uint64_t n;
	enum err err = next_person(k, &n);

	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, MSG_NEXT_PERSON_IS, id);
	wire_put_u64(w, n);
	conn_send(c, w, -1);
}

static enum err enter_person(struct keeper *k, uint64_t by,
    const struct person_row *p)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_PERSON, by);
	entry_put_u64(&x.e, TAG_PERSON, p->id);
	entry_put_u64(&x.e, TAG_ROLE, p->role);
	entry_put_text(&x.e, TAG_RECIPIENT, p->recipient);
	entry_put_bytes(&x.e, TAG_SIGN_KEY, p->sign_key, KEY_BYTES);
	entry_put_u64(&x.e, TAG_SIGNER, p->signer);
	entry_put_bytes(&x.e, TAG_SIGNATURE, p->signature, SIGN_BYTES);
	enter_text(&x, TAG_NAME, p->name);
	return enter_end(k, &x, NULL);
}

static enum err enter_recovered(struct keeper *k, uint64_t person)
{
	struct enter x;

	log_warn("person %llu was made a custodian with the paper key",
	    (unsigned long long)person);
	enter_begin(k, &x, ENTRY_RECOVERED, 0);
	entry_put_u64(&x.e, TAG_PERSON, person);
	return enter_end(k, &x, NULL);
}

/*
 * A new person as a reader made it. What was asked at the tool decides the
 * role: a reader that an auditor's password opened cannot make a custodian.
 */
static enum err person_ok(struct keeper *k, const struct reader *r,
    const struct person_row *p)
{
	struct person_row other;
	uint64_t next;
	enum err err = next_person(k, &next);

	if (err)
		return err;
	if (!user_name_ok(p->user) || p->ended_ns)
		return ERR_INVALID;
	if (!index_person_by_user(k->ix, p->user, &other)) {
		/* new keys for somebody: the same person in the same role */
		if (other.id != p->id)
			return ERR_EXISTS;
		if (r->job != READER_SESSION || other.role != p->role ||
		    other.ended_ns || p->role == ROLE_CUSTODIAN || !p->first)
			return ERR_DENIED;
	} else if (p->id != next) {
		return ERR_INVALID;
	}
	if (r->job == READER_OPERATOR)
		return p->role == ROLE_OPERATOR && !p->signer ? OK : ERR_DENIED;
	if (r->job == READER_RECOVER)
		return p->role == ROLE_CUSTODIAN && !p->signer && r->started ?
		    person_check(k->ix, p, &k->roots) :
		    ERR_DENIED;
	/* operators are the operators' own matter, and custodians' */
	if (r->role == ROLE_AUDITOR ||
	    (r->role == ROLE_OPERATOR && p->role != ROLE_OPERATOR))
		return ERR_DENIED;
	if (p->role == ROLE_OPERATOR)
		return !p->signer && r->job == READER_SESSION ? OK : ERR_DENIED;
	if (p->signer != r->person)
		return ERR_DENIED;
	return person_check(k->ix, p, &k->roots);
}

void handle_person_put(struct keeper *k, struct conn *c, struct wire *w)
{
	struct reader *r = c->reader;
	const void *p = NULL;
	struct person_row row = {0};
	size_t n = 0;
	uint32_t id = w->id;
	char uri[FACTOR_URI];
	bool deputy;
	enum err err;

	wire_get_text(w, uri, sizeof(uri));
	deputy = wire_get_u8(w);
	err = wire_end(w);
	if (!err)
		err = bulk_map(w->fd, WIRE_BULK_MAX, &p, &n);
	if (!err)
		err = person_record_decode(p, n, &row);
	if (!err)
		err = setup_may(k, r);
	if (!err)
		err = person_ok(k, r, &row);
	if (!err && deputy && row.role != ROLE_CUSTODIAN)
		err = ERR_INVALID;
	/* as handle_deputy() */
	if (!err && deputy && k->rebuild)
		err = ERR_REBUILDING;
	if (!err)
		err = index_person_put(k->ix, &row);
	if (!err)
		err = enter_person(k, r->person, &row);
	if (!err && r->job == READER_RECOVER)
		err = enter_recovered(k, row.id);
	if (!err && deputy)
		err = people_deputy(k, r->person, row.id, true);
	if (!err)
		err = setup_made(k, r, row.id);
	if (!err)
		people_sign_out(k, row.id, r);
	bulk_unmap(p, n);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	conn_ok(c, id);
	/* at the tool: answered when his reader has wrapped the day keys */
	wire_begin(&r->act,
	    r->setup			 ? MSG_SETUP_OPERATOR_IS :
		r->job == READER_RECOVER ? MSG_RECOVER_IS :
					   MSG_USER_ADD_IS,
	    r->asker_id);
	wire_put_u64(&r->act, row.id);
	wire_put_str(&r->act, uri);
	r->acted = true;
	crypt_wipe(uri, sizeof(uri));
}
