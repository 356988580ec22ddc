/*
 * handle_retention.c - terms: what is due, the clock, longer terms, holds. What
 * needs a person who proves himself comes back from his reader.
 */
#include <string.h>

#include "storage/api/log.h"
#include "storage/expire.h"
#include "storage/reader.h"
#include "storage/retain.h"
#include "storage/spawn.h"
#include "storage/term.h"
#include "storage/view_retention.h"

#define REASON_MIN 3
#define VOUCH_NS (600 * NS_PER_SEC) /* the custodian's watch may differ */

void handle_retention_due(struct keeper *k, struct conn *c, struct wire *w)
{
	struct due due = {0};
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = expire_due(k, &due);
	if (!err)
		err = view_due(&due, &k->rclock, k->now, expire_busy(k), &json);
	due_free(&due);
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_json(c, MSG_RETENTION_DUE_IS, w->id, json);
}

void handle_clock(struct keeper *k, struct conn *c, struct wire *w)
{
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_clock(&(struct view){.ix = k->ix,
				     .ledger = k->ledger,
				     .now = k->now},
		    &k->rclock, &k->witnessing, &json);
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_json(c, MSG_CLOCK_IS, w->id, json);
}

/* A term is only made longer, for what is recorded from now on (P2). */
void handle_term(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = camera_find(k, wire_get_str(w));
	uint32_t days = wire_get_u32(w);
	struct enter x;
	enum err err = wire_end(w);

	if (!err && !m)
		err = ERR_NOT_FOUND;
	if (!err && days > RETAIN_EXTRA_MAX)
		err = ERR_TOO_LARGE;
	if (!err) {
		enter_begin(k, &x, ENTRY_TERM, 0);
		entry_put_text(&x.e, TAG_CAMERA, m->id);
		entry_put_u64(&x.e, TAG_EXTRA_DAYS, days);
		err = enter_end(k, &x, NULL);
	}
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_ok(c, w->id);
}

void person_answer(struct conn *c, uint32_t id, enum msg type, uint64_t number)
{
	struct reader *r = c->reader;
	struct wire w;

	wire_begin(&w, (uint16_t)type, id);
	if (type != MSG_OK)
		wire_put_u64(&w, number);
	conn_send(c, &w, -1);
	if (!r->asker)
		return;
	wire_begin(&w, (uint16_t)type, r->asker_id);
	if (type != MSG_OK)
		wire_put_u64(&w, number);
	conn_send(r->asker, &w, -1);
	r->asker = NULL;
}

static unsigned held_by(const struct keeper *k, uint64_t person)
{
	unsigned n = 0;

	for (size_t i = 0; i < k->holds.n; i++)
		n += k->holds.h[i].owner == person;
	return n;
}

enum err hold_room(const struct keeper *k, uint64_t person)
{
	return held_by(k, person) < HOLDS_PERSON_MAX ? OK : ERR_TOO_LARGE;
}

struct placing {
	int64_t from_ns, to_ns, review_ns;
	char reason[TEXT_MAX], case_no[NAME_MAX_BYTES];
	char cameras[CAMERAS_MAX * (CAMERA_ID_MAX + 1)];
};

static enum err placing_ok(const struct keeper *k, const struct reader *r,
    const struct placing *p)
{
	if (r->role != ROLE_AUDITOR && r->role != ROLE_CUSTODIAN)
		return ERR_DENIED;
	if (p->from_ns < 0 || p->to_ns <= p->from_ns || !*p->cameras ||
	    strlen(p->reason) < REASON_MIN || !*p->case_no ||
	    (p->review_ns && p->review_ns <= k->now.ns))
		return ERR_INVALID;
	return hold_room(k, r->person);
}

/* Without a request: whatever the cameras record in a window, future too. */
void handle_hold_place(struct keeper *k, struct conn *c, struct wire *w)
{
	struct placing p;
	uint32_t id = w->id;
	struct enter x;
	enum err err;

	p.from_ns = wire_get_i64(w);
	p.to_ns = wire_get_i64(w);
	p.review_ns = wire_get_i64(w);
	wire_get_text(w, p.reason, sizeof(p.reason));
	wire_get_text(w, p.case_no, sizeof(p.case_no));
	err = get_camera_list(k, w, p.cameras, sizeof(p.cameras));
	if (!err)
		err = wire_end(w);
	if (!err)
		err = placing_ok(k, c->reader, &p);
	if (!err) {
		enter_begin(k, &x, ENTRY_HOLD, c->reader->person);
		entry_put_i64(&x.e, TAG_FROM, p.from_ns);
		entry_put_i64(&x.e, TAG_TO, p.to_ns);
		enter_cameras(&x, p.cameras);
		enter_text(&x, TAG_REASON, p.reason);
		enter_text(&x, TAG_CASE, p.case_no);
		if (p.review_ns)
			entry_put_i64(&x.e, TAG_REVIEW, p.review_ns);
		err = enter_end(k, &x, NULL);
	}
	if (!err && k->holds_broken)
		err = ERR_INTEGRITY;
	if (err) {
		conn_error(c, id, err,
		    err == ERR_TOO_LARGE ? "You have too many holds: release "
					   "those that are not needed." :
					   NULL);
		return;
	}
	/* its number in this log, as releasing it names it */
	person_answer(c, id, MSG_HOLD_PLACE_IS, k->holds.h[k->holds.n - 1].id);
}

/* Nobody releases his own hold; that of a request only when it is over (P4). */
static enum err release_ok(struct keeper *k, const struct reader *r,
    const struct hold *h, const char *reason)
{
	if (r->role != ROLE_CUSTODIAN)
		return ERR_DENIED;
	if (!h)
		return ERR_NOT_FOUND;
	if (h->owner == r->person)
		return ERR_SELF_APPROVAL;
	if (strlen(reason) < REASON_MIN)
		return ERR_INVALID;
	if (*h->request &&
	    (!h->ends_ns || h->ends_ns - HOLD_AFTER_NS > k->now.ns))
		return ERR_BUSY;
	return OK;
}

void handle_hold_release(struct keeper *k, struct conn *c, struct wire *w)
{
	char reason[TEXT_MAX];
	uint32_t id = w->id;
	uint64_t hold = wire_get_u64(w);
	const struct hold *h = holds_find(&k->holds, hold);
	struct enter x;
	enum err err;

	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err)
		err = release_ok(k, c->reader, h, reason);
	if (err == ERR_DENIED || err == ERR_SELF_APPROVAL)
		enter_refusal(k, c->reader->person, err, h ? h->request : "",
		    "", h ? h->from_ns : 0, h ? h->to_ns : 0);
	if (!err) {
		enter_begin(k, &x, ENTRY_RELEASED, c->reader->person);
		if (*h->request)
			entry_put_text(&x.e, TAG_REQUEST, h->request);
		enter_text(&x, TAG_REASON, reason);
		entry_put_u64(&x.e, TAG_HOLD, hold);
		err = enter_end(k, &x, NULL);
	}
	if (err)
		conn_error(c, id, err,
		    err == ERR_SELF_APPROVAL ?
			"Nobody releases his own hold: ask another "
			"custodian." :
			err == ERR_BUSY ?
			"Its request is not over: close or revoke it "
			"first." :
			NULL);
	else
		person_answer(c, id, MSG_OK, 0);
}

/* P12: what the custodian reads off his own watch must be what is vouched. */
void handle_clock_vouch(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	int64_t watch = wire_get_i64(w);
	char reason[TEXT_MAX];
	struct voucher by = {.person = c->reader->person, .reason = reason};
	struct rclock to;
	enum err err;

	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err &&
	    (c->reader->role != ROLE_CUSTODIAN || c->reader->job != READER_ACT))
		err = ERR_DENIED;
	if (!err &&
	    (watch < k->now.ns - VOUCH_NS || watch > k->now.ns + VOUCH_NS ||
		strlen(reason) < REASON_MIN))
		err = ERR_INVALID;
	if (!err) {
		to = k->rclock;
		rclock_vouch(&to, k->now);
		err = term_vouch(k, &to, &by);
	}
	if (err)
		conn_error(c, id, err,
		    err == ERR_INVALID ?
			"The box's clock is more than ten minutes away from "
			"that time: set it first. A reason is needed." :
			NULL);
	else
		person_answer(c, id, MSG_OK, 0);
}

/*
 * The tool: an act of a person who gives his password. The reader that it
 * opens sends the same message without user and password.
 */
void handle_person_act(struct keeper *k, struct conn *c, struct wire *w)
{
	char user[64], credential[WIRE_STR_MAX + 1], why[80] = "";
	struct person_row room, *p = &room;
	struct wire copy = *w;
	struct reader *r = NULL;
	enum err err;

	wire_get_text(w, user, sizeof(user));
	wire_get_text(w, credential, sizeof(credential));
	err = w->err;
	if (!err)
		err = people_locked(k, user, "", why, sizeof(why));
	if (!err && (index_person_by_user(k->ix, user, &room) || room.ended_ns))
		p = NULL; /* unknown: the same work */
	/* what operators do at the tool needs no password, but for tokens */
	if (!err && p && p->role == ROLE_OPERATOR && w->type != MSG_TOKEN_NEW &&
	    w->type != MSG_TOKEN_END)
		err = ERR_DENIED;
	if (!err)
		err = reader_spawn(k, READER_ACT, p, credential, &r);
	crypt_wipe(credential, sizeof(credential));
	if (err)
		conn_error(c, w->id, err, *why ? why : NULL);
	else
		reader_carries(r, c, &copy, user);
	crypt_wipe(&copy, sizeof(copy));
}

void handle_holds(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = {.ix = k->ix,
	    .ledger = k->ledger,
	    .data_fd = k->data_fd,
	    .now = k->now,
	    .role = ROLE_OPERATOR};
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_holds(&v, NULL, &json);
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_json(c, MSG_HOLDS_IS, w->id, json);
}
