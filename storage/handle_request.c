/*
 * handle_request.c - requests and decisions: what a reader asks of the keeper
 * for the person who is signed in. The reader's checks are repeated where they
 * carry a promise (P6).
 */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper_draft.h"

/* A minute on each side where an ATM's clock was never compared, and one for
 * what the operation itself took. */
#define UNSURE_S 180
#define REQUEST_NS (24 * 3600 * NS_PER_SEC) /* longest range */
#define GRANT_NS (7 * 24 * 3600 * NS_PER_SEC) /* a grant lasts */
#define REASON_MIN 3
#define UNTIL_NS (30 * 24 * 3600 * NS_PER_SEC) /* how far ahead is asked */
#define OPEN_EACH 64
/* Camera-time that one person may hold by what nobody has decided yet. */
#define UNDECIDED_NS (240 * 3600 * NS_PER_SEC)

bool list_has(const char *list, const char *id)
{
	size_t n = strlen(id);

	for (const char *p = list; n && (p = strstr(p, id)); p += n)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

enum err get_camera_list(struct keeper *k, struct wire *w, char *ret,
    size_t room)
{
	unsigned n = wire_get_u8(w);
	size_t len = 0;

	*ret = '\0';
	if (n > CAMERAS_MAX)
		return ERR_TOO_LARGE;
	for (unsigned i = 0; i < n; i++) {
		const char *id = wire_get_str(w);

		if (!camera_find(k, id))
			return ERR_NOT_FOUND;
		if (list_has(ret, id))
			return ERR_INVALID;
		len += (size_t)snprintf(ret + len, room - len, "%s%s",
		    len ? " " : "", id);
	}
	return OK;
}

struct footage {
	bool any;
};

static enum err any_footage(const struct segment_row *s, void *arg)
{
	struct footage *f = arg;

	(void)s;
	f->any = true;
	return ERR_GONE; /* enough */
}

/* Was it erased by its term? Then *ret_entry says so. */
static bool was_erased(struct keeper *k, const struct request_row *r,
    int64_t *ret_entry)
{
	char list[sizeof(r->cameras)], *save = NULL;
	struct erasure_row e;

	memcpy(list, r->cameras, sizeof(list));
	for (char *id = strtok_r(list, " ", &save); id;
	     id = strtok_r(NULL, " ", &save))
		if (!index_erasure_find(k->ix, id, r->from_ns, r->to_ns, &e)) {
			*ret_entry = e.entry < 0 ? (int64_t)e.erasing : e.entry;
			return true;
		}
	return false;
}

/* Is something recorded there by at least one of the cameras? */
static enum err footage_there(struct keeper *k, const struct request_row *r,
    int64_t *ret_entry)
{
	struct footage f = {false};
	char list[sizeof(r->cameras)], *save = NULL;
	enum err err = OK;

	memcpy(list, r->cameras, sizeof(list));
	for (char *id = strtok_r(list, " ", &save); id && !err && !f.any;
	     id = strtok_r(NULL, " ", &save)) {
		err = index_segments(k->ix, id, r->from_ns, r->to_ns,
		    any_footage, &f);
		if (err == ERR_GONE)
			err = OK;
	}
	if (err)
		return err;
	if (f.any)
		return OK;
	return was_erased(k, r, ret_entry) ? ERR_EXPIRED : ERR_NO_FOOTAGE;
}

static enum err request_ok(struct keeper *k, const struct reader *r,
    const struct request_row *q, const char *longer, int64_t *ret_entry)
{
	if (r->role != ROLE_AUDITOR && r->role != ROLE_CUSTODIAN)
		return ERR_DENIED;
	if (q->to_ns > k->now.ns)
		return ERR_FUTURE;
	if (q->from_ns < 0 || q->to_ns <= q->from_ns || !*q->cameras ||
	    strlen(q->reason) < REASON_MIN || !*q->case_no)
		return ERR_INVALID;
	if (q->until_ns &&
	    (q->until_ns <= k->now.ns || q->until_ns > k->now.ns + UNTIL_NS))
		return ERR_INVALID;
	if (q->to_ns - q->from_ns > REQUEST_NS)
		return ERR_TOO_LARGE;
	if (q->to_ns - q->from_ns > (REQUEST_SHORT_S + UNSURE_S) * NS_PER_SEC &&
	    strlen(longer) < REASON_MIN)
		return ERR_INVALID;
	return footage_there(k, q, ret_entry);
}

static int64_t camera_ns(const struct request_row *q)
{
	int64_t n = 1;

	for (const char *p = q->cameras; *p; p++)
		n += *p == ' ';
	return n * (q->to_ns - q->from_ns);
}

struct undecided {
	uint64_t person;
	int64_t ns;
};

static enum err add_undecided(const struct request_row *q, void *arg)
{
	struct undecided *u = arg;

	if (q->requester == u->person)
		u->ns += camera_ns(q);
	return OK;
}

/* P4: a request holds at once, so nobody asks for everything. */
static enum err undecided_ok(struct keeper *k, const struct request_row *q)
{
	struct undecided u = {.person = q->requester};
	enum err err = index_requests_waiting(k->ix, add_undecided, &u);

	if (!err && u.ns && u.ns + camera_ns(q) > UNDECIDED_NS)
		err = ERR_QUOTA;
	return err;
}

/* REQ-2026-00031: the year at the site, numbered over all years. */
static enum err request_number(struct keeper *k, char *ret)
{
	uint32_t n = 0;
	size_t size;
	enum err err =
	    index_setting_find(k->ix, "request", &n, sizeof(n), &size);

	if (err && err != ERR_NOT_FOUND)
		return err;
	n++;
	snprintf(ret, REQUEST_ID_MAX, "REQ-%04d-%05u",
	    utc_local_day(k->now).year, n);
	return index_setting_put(k->ix, "request", &n, sizeof(n));
}

static enum err enter_request(struct keeper *k, struct request_row *q,
    unsigned rights, const char *longer)
{
	struct enter x;
	uint64_t entry;
	enum err err;

	enter_begin(k, &x, ENTRY_REQUEST, q->requester);
	entry_put_i64(&x.e, TAG_FROM, q->from_ns);
	entry_put_i64(&x.e, TAG_TO, q->to_ns);
	entry_put_text(&x.e, TAG_REQUEST, q->id);
	enter_cameras(&x, q->cameras);
	enter_text(&x, TAG_REASON, q->reason);
	enter_text(&x, TAG_CASE, q->case_no);
	entry_put_u64(&x.e, TAG_RIGHTS, rights);
	if (q->until_ns)
		entry_put_i64(&x.e, TAG_UNTIL, q->until_ns);
	entry_put_u64(&x.e, TAG_REASON_CODE, q->reason_code);
	if (*longer)
		enter_text(&x, TAG_LONGER, longer);
	err = enter_end(k, &x, &entry);
	if (err)
		return err;
	q->entry = (int64_t)entry;
	/* P4: what is asked for is held at once */
	enter_begin(k, &x, ENTRY_HOLD, q->requester);
	entry_put_i64(&x.e, TAG_FROM, q->from_ns);
	entry_put_i64(&x.e, TAG_TO, q->to_ns);
	entry_put_text(&x.e, TAG_REQUEST, q->id);
	enter_cameras(&x, q->cameras);
	entry_put_u64(&x.e, TAG_HOLD, entry);
	return enter_end(k, &x, NULL);
}

void handle_request_new(struct keeper *k, struct conn *c, struct wire *w)
{
	struct request_row q = {.requester = c->reader->person,
	    .created_ns = k->now.ns,
	    .state = REQUEST_SUBMITTED};
	unsigned rights = RIGHT_VIEW;
	int64_t erased = -1;
	char why[96] = "";
	char code[24] = "", longer[TEXT_MAX] = "";
	struct draft_row was;
	uint64_t draft = 0;
	uint32_t id = w->id;
	enum err err;

	q.from_ns = wire_get_i64(w);
	q.to_ns = wire_get_i64(w);
	wire_get_text(w, q.reason, sizeof(q.reason));
	wire_get_text(w, q.case_no, sizeof(q.case_no));
	err = get_camera_list(k, w, q.cameras, sizeof(q.cameras));
	if (!err && wire_more(w))
		rights = wire_get_u8(w);
	if (!err && wire_more(w)) {
		wire_get_text(w, code, sizeof(code));
		q.until_ns = wire_get_i64(w);
	}
	if (!err && wire_more(w))
		wire_get_text(w, longer, sizeof(longer));
	if (!err && wire_more(w))
		draft = wire_get_u64(w);
	if (!err)
		err = wire_end(w);
	if (!err && draft)
		err = draft_of(k, q.requester, draft, &was);
	if (!err && *code)
		err = reason_code_parse(code, &q.reason_code);
	if (!err && rights != RIGHT_VIEW && rights != RIGHT_EXPORT)
		err = ERR_INVALID;
	if (!err)
		err = request_ok(k, c->reader, &q, longer, &erased);
	if (!err)
		err = hold_room(k, q.requester);
	if (!err)
		err = undecided_ok(k, &q);
	if (!err)
		err = request_number(k, q.id);
	if (!err)
		err = enter_request(k, &q, rights, longer);
	if (!err)
		err = index_request_put(k->ix, &q);
	if (!err)
		err = index_rights_put(k->ix, q.id, rights);
	if (!err && draft && index_draft_drop(k->ix, draft))
		log_warn("%s: its draft was not dropped", q.id);
	if (err) {
		if (err == ERR_EXPIRED && erased >= 0)
			snprintf(why, sizeof(why),
			    "This footage was erased when its term ended: "
			    "ledger entry %lld says so.",
			    (long long)erased);
		conn_error(c, id, err, *why ? why : NULL);
		return;
	}
	wire_begin(w, MSG_REQUEST_NEW_IS, id);
	wire_put_str(w, q.id);
	conn_send(c, w, -1);
}

/* P6: who decides is a custodian and not the one who asked. */
static enum err decision_ok(const struct reader *r, const struct request_row *q)
{
	if (r->role != ROLE_CUSTODIAN)
		return ERR_DENIED;
	if (q->requester == r->person)
		return ERR_SELF_APPROVAL;
	return q->state == REQUEST_SUBMITTED ? OK : ERR_DECIDED;
}

static bool is_subset(const char *list, const char *of)
{
	char copy[CAMERAS_MAX * (CAMERA_ID_MAX + 1)], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *id = strtok_r(copy, " ", &save); id;
	     id = strtok_r(NULL, " ", &save))
		if (!list_has(of, id))
			return false;
	return true;
}

static enum err grant_ok(const struct request_row *q, unsigned verdict,
    int64_t from, int64_t to, const char *cameras, const char *reason)
{
	if (verdict == VERDICT_REFUSE)
		return strlen(reason) < REASON_MIN ? ERR_INVALID : OK;
	if (verdict != VERDICT_APPROVE || from < q->from_ns || to > q->to_ns ||
	    from >= to || !*cameras || !is_subset(cameras, q->cameras))
		return ERR_INVALID;
	if ((from != q->from_ns || to != q->to_ns ||
		strlen(cameras) != strlen(q->cameras)) &&
	    strlen(reason) < REASON_MIN)
		return ERR_INVALID;
	return OK;
}

/*
 * When the grant ends: GRANT_NS from now, or when the requester asked for, or
 * sooner where the decision says so (ends, else 0), with a reason.
 */
static enum err grant_ends(struct keeper *k, const struct request_row *q,
    int64_t ends, const char *reason, int64_t *ret, bool *ret_sooner)
{
	int64_t most = k->now.ns + GRANT_NS;

	if (q->until_ns && q->until_ns < most)
		most = q->until_ns;
	*ret = ends ? ends : most;
	*ret_sooner = *ret < most;
	return *ret <= k->now.ns || *ret > most ||
		(*ret_sooner && strlen(reason) < REASON_MIN) ?
	    ERR_INVALID :
	    OK;
}

static enum err enter_decision(struct keeper *k, struct request_row *q,
    unsigned verdict, const unsigned char grant[HASH_BYTES])
{
	struct enter x;
	unsigned rights;
	uint64_t entry;
	enum err err = index_rights_find(k->ix, q->id, &rights);

	if (err)
		return err;
	enter_begin(k, &x, ENTRY_DECISION, q->decider);
	entry_put_i64(&x.e, TAG_FROM, q->granted_from_ns);
	entry_put_i64(&x.e, TAG_TO, q->granted_to_ns);
	entry_put_u64(&x.e, TAG_PERSON, q->requester);
	entry_put_text(&x.e, TAG_REQUEST, q->id);
	enter_cameras(&x, q->granted_cameras);
	entry_put_u64(&x.e, TAG_VERDICT, verdict);
	entry_put_i64(&x.e, TAG_ENDS, q->ends_ns);
	enter_text(&x, TAG_REASON, q->decision_reason);
	entry_put_bytes(&x.e, TAG_GRANT, grant, HASH_BYTES);
	entry_put_u64(&x.e, TAG_RIGHTS, rights);
	err = enter_end(k, &x, &entry);
	q->decision_entry = (int64_t)entry;
	return err;
}

/* sooner: it ends before the end that was asked for. */
static enum err decide(struct keeper *k, struct request_row *q,
    unsigned verdict, bool sooner, const void *grant, size_t n)
{
	unsigned char hash[HASH_BYTES] = {0};
	bool whole = !sooner && q->granted_from_ns == q->from_ns &&
	    q->granted_to_ns == q->to_ns &&
	    strlen(q->granted_cameras) == strlen(q->cameras);
	enum err err = OK;

	q->decided_ns = k->now.ns;
	if (verdict == VERDICT_REFUSE) {
		q->state = REQUEST_REFUSED;
		q->granted_from_ns = q->granted_to_ns = q->ends_ns = 0;
		*q->granted_cameras = '\0';
	} else {
		q->state = whole ? REQUEST_APPROVED : REQUEST_SHORTENED;
		sha256(grant, n, hash);
		err = keyring_put_grant(k->keyring, q->id, q->requester, grant,
		    n);
		if (!err)
			err = keyring_commit(k->keyring);
	}
	if (!err)
		err = enter_decision(k, q, verdict, hash);
	return err ? err : index_request_put(k->ix, q);
}

void handle_grant_put(struct keeper *k, struct conn *c, struct wire *w)
{
	char name[REQUEST_ID_MAX], reason[TEXT_MAX];
	char cameras[CAMERAS_MAX * (CAMERA_ID_MAX + 1)];
	struct request_row q = {0};
	const void *p = NULL;
	size_t n = 0;
	uint32_t id = w->id;
	unsigned verdict;
	int64_t from, to, ends = 0;
	bool sooner = false;
	enum err err;

	wire_get_text(w, name, sizeof(name));
	verdict = wire_get_u8(w);
	from = wire_get_i64(w);
	to = wire_get_i64(w);
	wire_get_text(w, reason, sizeof(reason));
	err = get_camera_list(k, w, cameras, sizeof(cameras));
	if (!err)
		ends = wire_get_i64(w);
	if (!err)
		err = wire_end(w);
	if (!err)
		err = index_request_find(k->ix, name, &q);
	if (!err)
		err = decision_ok(c->reader, &q);
	if (!err)
		err = grant_ok(&q, verdict, from, to, cameras, reason);
	if (!err && verdict == VERDICT_APPROVE)
		err = grant_ends(k, &q, ends, reason, &q.ends_ns, &sooner);
	if (!err && verdict == VERDICT_APPROVE)
		err = bulk_map(w->fd, WIRE_BULK_MAX, &p, &n);
	if (!err) {
		q.decider = c->reader->person;
		q.granted_from_ns = from;
		q.granted_to_ns = to;
		memcpy(q.granted_cameras, cameras, sizeof(cameras));
		memcpy(q.decision_reason, reason, sizeof(reason));
		err = decide(k, &q, verdict, sooner, p, n);
	}
	bulk_unmap(p, n);
	if (err == ERR_SELF_APPROVAL || err == ERR_DENIED)
		enter_refusal(k, c->reader->person, err, name, "", from, to);
	if (err)
		conn_error(c, id, err,
		    err == ERR_INVALID ?
			"Less than was asked for needs a reason, and the "
			"approval an end that has not passed." :
			NULL);
	else
		conn_ok(c, id);
}

/* The grant goes at once, and what was exported under it. */
static enum err take_back(struct keeper *k, struct request_row *q,
    enum request_state state, uint64_t by, const char *reason)
{
	struct enter x;
	enum err err;

	q->state = state;
	keyring_drop_grant(k->keyring, q->id);
	err = keyring_commit(k->keyring);
	if (!err) {
		enter_begin(k, &x, ENTRY_REVOKED, by);
		entry_put_text(&x.e, TAG_REQUEST, q->id);
		enter_text(&x, TAG_REASON, reason);
		err = enter_end(k, &x, NULL);
	}
	if (!err)
		err = index_request_put(k->ix, q);
	if (!err)
		export_revoke(k, q->id);
	return err;
}

static bool is_open(const struct request_row *q)
{
	return q->state == REQUEST_SUBMITTED || q->state == REQUEST_APPROVED ||
	    q->state == REQUEST_SHORTENED;
}

/* Closing one's own request, or a custodian taking back another's grant. */
void handle_revoke(struct keeper *k, struct conn *c, struct wire *w)
{
	char name[REQUEST_ID_MAX], reason[TEXT_MAX];
	struct request_row q = {0};
	const struct reader *r = c->reader;
	bool own;
	enum err err;

	wire_get_text(w, name, sizeof(name));
	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err)
		err = index_request_find(k->ix, name, &q);
	own = !err && q.requester == r->person;
	if (!err && !own && r->role != ROLE_CUSTODIAN)
		err = ERR_DENIED;
	if (!err && !is_open(&q))
		err = ERR_DECIDED;
	if (!err && !own && strlen(reason) < REASON_MIN)
		err = ERR_INVALID;
	if (!err)
		err = take_back(k, &q, own ? REQUEST_CLOSED : REQUEST_REVOKED,
		    r->person, reason);
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_ok(c, w->id);
}

struct open_ones {
	char ids[OPEN_EACH][REQUEST_ID_MAX];
	size_t n;
};

static enum err gather_open(const struct request_row *q, void *arg)
{
	struct open_ones *o = arg;

	if (is_open(q) && o->n < OPEN_EACH)
		snprintf(o->ids[o->n++], REQUEST_ID_MAX, "%s", q->id);
	return OK;
}

enum err requests_close(struct keeper *k, uint64_t person, uint64_t by,
    const char *reason)
{
	struct request_row q;
	struct open_ones o;
	enum err err;

	do {
		o.n = 0;
		err = index_requests(k->ix, person, NULL, gather_open, &o);
		for (size_t i = 0; i < o.n && !err; i++) {
			err = index_request_find(k->ix, o.ids[i], &q);
			if (!err)
				err = take_back(k, &q, REQUEST_CLOSED, by,
				    reason);
		}
	} while (!err && o.n == OPEN_EACH);
	return err;
}
