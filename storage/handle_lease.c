/*
 * handle_lease.c - footage that leaves: grants asked for, leases opened and
 * closed, refusals entered. An answer waits for its entry (P5).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"

#define WRONG_MAX 10	/* wrong credentials in one session */

#define LEASE_NS (60 * NS_PER_SEC)	/* footage in a lease (P5) */

void enter_refusal(struct keeper *k, uint64_t person, enum err why,
    const char *request, const char *camera, int64_t from, int64_t to)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_REFUSED, person);
	if (*camera)
		entry_put_text(&x.e, TAG_CAMERA, camera);
	if (to > from) {
		entry_put_i64(&x.e, TAG_FROM, from);
		entry_put_i64(&x.e, TAG_TO, to);
	}
	if (*request)
		entry_put_text(&x.e, TAG_REQUEST, request);
	entry_put_u64(&x.e, TAG_ERROR, why);
	if (enter_end(k, &x, NULL))
		log_error("a refusal was not entered");
}

void handle_refusal(struct keeper *k, struct conn *c, struct wire *w)
{
	unsigned why = wire_get_u16(w);
	char request[REQUEST_ID_MAX], camera[CAMERA_ID_MAX + 1];
	int64_t from, to;
	enum err err;

	wire_get_text(w, request, sizeof(request));
	wire_get_text(w, camera, sizeof(camera));
	from = wire_get_i64(w);
	to = wire_get_i64(w);
	err = wire_end(w);
	if (err) {
		conn_error(c, w->id, err, NULL);
		return;
	}
	err = err_from_wire(why);
	enter_refusal(k, c->reader->person, err, request, camera, from, to);
	conn_ok(c, w->id);
	/* nobody tries out credentials behind a sign-in */
	if ((err == ERR_PASSWORD || err == ERR_FACTOR) &&
	    ++c->reader->wrong == WRONG_MAX)
		c->closing = true;
}

enum err grant_good(struct keeper *k, const struct reader *r, const char *name,
    struct request_row *ret)
{
	enum err err = index_request_find(k->ix, name, ret);

	if (err)
		return err;
	if (ret->requester != r->person ||
	    (r->role != ROLE_AUDITOR && r->role != ROLE_CUSTODIAN))
		return ERR_NOT_APPROVED;
	switch (ret->state) {
	case REQUEST_APPROVED:
	case REQUEST_SHORTENED:
		return k->now.ns < ret->ends_ns ? OK : ERR_GRANT_ENDED;
	case REQUEST_REVOKED:
	case REQUEST_CLOSED:
		return ERR_GRANT_ENDED;
	default:
		return ERR_NOT_APPROVED;
	}
}

static void put_cameras(struct wire *w, const char *list)
{
	char copy[CAMERAS_MAX * (CAMERA_ID_MAX + 1)], *save = NULL;
	uint8_t n = 0;

	for (const char *p = list; *p; p++)
		n = (uint8_t)(n + (p == list || *p == ' '));
	wire_put_u8(w, n);
	snprintf(copy, sizeof(copy), "%s", list);
	for (char *id = strtok_r(copy, " ", &save); id;
	     id = strtok_r(NULL, " ", &save))
		wire_put_str(w, id);
}

void handle_grant_get(struct keeper *k, struct conn *c, struct wire *w)
{
	char name[REQUEST_ID_MAX];
	struct request_row q;
	uint64_t person;
	const void *blob;
	uint32_t id = w->id;
	size_t n;
	int fd = -1;
	enum err err;

	wire_get_text(w, name, sizeof(name));
	err = wire_end(w);
	if (!err)
		err = grant_good(k, c->reader, name, &q);
	if (!err)
		err = keyring_find_grant(k->keyring, name, &person, &blob, &n);
	if (!err && person != c->reader->person)
		err = ERR_NOT_APPROVED;
	if (!err)
		err = bulk_from(blob, n, &fd);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, MSG_GRANT_GET_IS, id);
	wire_put_i64(w, q.granted_from_ns);
	wire_put_i64(w, q.granted_to_ns);
	wire_put_i64(w, q.ends_ns);
	wire_put_u64(w, (uint64_t)q.decision_entry);
	put_cameras(w, q.granted_cameras);
	conn_send(c, w, fd);
}

static enum err lease_ok(struct keeper *k, const struct reader *r,
    const struct lease_row *l, struct request_row *q)
{
	enum err err = grant_good(k, r, l->request, q);
	unsigned right;

	if (err)
		return err;
	if (!list_has(q->granted_cameras, l->camera) ||
	    l->from_ns < q->granted_from_ns - LEASE_ROUND_NS ||
	    l->to_ns > q->granted_to_ns + LEASE_ROUND_NS)
		return ERR_NOT_APPROVED;
	if (l->kind != LEASE_VIEW) {
		err = index_rights_find(k->ix, l->request, &right);
		if (err || right != RIGHT_EXPORT)
			return err ? err : ERR_NOT_APPROVED;
	}
	if (l->to_ns <= l->from_ns || l->to_ns - l->from_ns > LEASE_NS ||
	    (l->kind != LEASE_VIEW && l->kind != LEASE_DOWNLOAD &&
		l->kind != LEASE_EXPORT))
		return ERR_INVALID;
	return OK;
}

/*
 * What r's person copied since an entry, in whatever session: leases are only
 * added, so each is looked at once.
 */
static enum err copied_since(struct keeper *k, struct reader *r, uint64_t since,
    int64_t *ret_ns)
{
	uint64_t last = 0;
	int64_t more = 0;
	enum err err;

	if (r->copied_since != since) {
		r->copied_since = r->copied_until = since;
		r->copied_ns = 0;
	}
	err = index_copied(k->ix, r->person, r->copied_until, &more, &last);
	if (err)
		return err;
	r->copied_ns += more;
	if (last)
		r->copied_until = last + 1;
	*ret_ns = r->copied_ns;
	return OK;
}

/*
 * What one person may copy in a local day: watching does not count, fetching
 * the same again does. Counted from the first entry of the day on.
 */
static enum err quota_ok(struct keeper *k, struct reader *r,
    const struct lease_row *l)
{
	struct {
		char day[16];
		uint64_t entry;
	} since;
	char day[16] = "";
	int64_t copied = 0;
	size_t n;
	enum err err;

	if (l->kind == LEASE_VIEW)
		return OK;
	day_format(utc_local_day(k->now), day, sizeof(day));
	err = index_setting_find(k->ix, "copy-day", &since, sizeof(since), &n);
	if (err == ERR_NOT_FOUND ||
	    (!err && (n != sizeof(since) || memcmp(since.day, day, 11)))) {
		memset(&since, 0, sizeof(since));
		memcpy(since.day, day, 11);
		since.entry = ledger_number(k->ledger, ledger_size(k->ledger));
		err =
		    index_setting_put(k->ix, "copy-day", &since, sizeof(since));
	}
	if (!err)
		err = copied_since(k, r, since.entry, &copied);
	if (!err &&
	    copied + l->to_ns - l->from_ns >
		k->conf.copy_minutes * 60 * NS_PER_SEC)
		err = ERR_QUOTA;
	return err;
}

void handle_lease_open(struct keeper *k, struct conn *c, struct wire *w)
{
	struct lease *l = calloc(1, sizeof(*l));
	struct reader *r = c->reader;
	struct request_row q;
	struct enter x;
	uint32_t id = w->id;
	enum err err = l ? OK : ERR_NO_MEMORY;

	if (!err) {
		wire_get_text(w, l->row.request, sizeof(l->row.request));
		wire_get_text(w, l->row.camera, sizeof(l->row.camera));
		l->row.from_ns = wire_get_i64(w);
		l->row.to_ns = wire_get_i64(w);
		l->row.kind = (enum lease_kind)wire_get_u8(w);
		l->row.person = r->person;
		err = wire_end(w);
	}
	if (!err)
		err = lease_ok(k, r, &l->row, &q);
	if (!err)
		err = quota_ok(k, r, &l->row);
	if (!err) {
		enter_begin(k, &x, ENTRY_LEASE_OPENED, r->person);
		entry_put_text(&x.e, TAG_CAMERA, l->row.camera);
		entry_put_i64(&x.e, TAG_FROM, l->row.from_ns);
		entry_put_i64(&x.e, TAG_TO, l->row.to_ns);
		entry_put_text(&x.e, TAG_REQUEST, l->row.request);
		entry_put_u64(&x.e, TAG_LEASE_KIND, l->row.kind);
		entry_put_u64(&x.e, TAG_DECISION, (uint64_t)q.decision_entry);
		err = enter_end(k, &x, &l->row.entry);
	}
	if (!err)
		err = index_lease_put(k->ix, &l->row);
	if (err) {
		free(l);
		conn_error(c, id, err, NULL);
		return;
	}
	l->next = r->leases;
	r->leases = l;
	if (l->row.kind != LEASE_VIEW &&
	    l->row.to_ns - l->row.from_ns == LEASE_NS)
		conn_copied(k, c);
	wire_begin(w, MSG_LEASE_OPEN_IS, id);
	wire_put_u64(w, l->row.entry);
	conn_send(c, w, -1);
}

void handle_lease_close(struct keeper *k, struct conn *c, struct wire *w)
{
	uint64_t lease = wire_get_u64(w);
	unsigned n = wire_get_u16(w);
	struct lease **at = &c->reader->leases, *l;
	struct enter x;
	enum err err = OK;

	enter_begin(k, &x, ENTRY_LEASE_CLOSED, c->reader->person);
	for (unsigned i = 0; i < n && !w->err; i++) {
		entry_put_i64(&x.e, TAG_SERVED_FROM, wire_get_i64(w));
		entry_put_i64(&x.e, TAG_SERVED_TO, wire_get_i64(w));
	}
	entry_put_u64(&x.e, TAG_LEASE, lease);
	err = wire_end(w);
	while (*at && (*at)->row.entry != lease)
		at = &(*at)->next;
	if (!err && !*at)
		err = ERR_NOT_FOUND;
	if (!err)
		err = enter_end(k, &x, NULL);
	if (!err)
		err = index_lease_closed(k->ix, lease);
	if (err) {
		conn_error(c, w->id, err, NULL);
		return;
	}
	l = *at;
	*at = l->next;
	free(l);
	conn_ok(c, w->id);
}
