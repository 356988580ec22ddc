/*
 * reader_keeper.h - the keeper of reader_box.h, which includes this where the
 * box is known.
 */
#ifndef SAQTA_TEST_READER_KEEPER_H
#define SAQTA_TEST_READER_KEEPER_H

static inline struct event *box_note(const struct wire *w)
{
	struct event *e = &box.events[box.events_n];

	assert_true(box.events_n < 256);
	box.events_n++;
	*e = (struct event){.type = w->type};
	return e;
}

static inline void reply(struct wire *w, int fd)
{
	assert_int_equal(wire_send(box.keeper, w, fd), OK);
	if (fd >= 0)
		close(fd);
}

static inline void reply_err(uint32_t id, enum err err)
{
	struct wire w;

	wire_begin(&w, err ? MSG_ERROR : MSG_OK, id);
	if (err) {
		wire_put_u16(&w, (uint16_t)err);
		wire_put_str(&w, "");
	}
	reply(&w, -1);
}

static inline void keeper_day_key(struct wire *w)
{
	char camera[64], day[16], *text;
	uint32_t id = w->id;
	int fd;

	snprintf(camera, sizeof(camera), "%s", wire_get_str(w));
	snprintf(day, sizeof(day), "%s", wire_get_str(w));
	assert_int_equal(keyring_day_line(box.keyring, camera, day, &text), OK);
	assert_int_equal(bulk_from(text, strlen(text), &fd), OK);
	free(text);
	wire_begin(w, MSG_DAY_KEY_IS, id);
	reply(w, fd);
}

static inline void keeper_held_days(struct wire *w)
{
	const char *text = box.held_days ? box.held_days : "\n";
	uint32_t id = w->id;
	int fd;

	assert_int_equal(bulk_from(text, strlen(text), &fd), OK);
	wire_begin(w, MSG_HELD_DAYS_IS, id);
	reply(w, fd);
}

static inline void keeper_held_put(struct wire *w, struct event *e)
{
	struct keyring_line l = {0};
	struct keyring_day *old;
	uint32_t id = w->id;
	const void *p;
	size_t n;

	snprintf(e->camera, sizeof(e->camera), "%s", wire_get_str(w));
	assert_string_equal(wire_get_str(w), DAY);
	assert_int_equal(wire_end(w), OK);
	assert_int_equal(bulk_map(w->fd, WIRE_BULK_MAX, &p, &n), OK);
	assert_int_equal(keyring_line_parse(p, n - 1, &l), OK);
	bulk_unmap(p, n);
	e->n = (unsigned)l.day->held_n;
	assert_string_equal(l.day->camera, e->camera);
	old = l.day;
	if (!box.held_err)
		assert_int_equal(keyring_swap_day(box.keyring, l.day, &old),
		    OK);
	keyring_day_free(old);
	reply_err(id, box.held_err);
}

/* Two days at a time, so that a reader has to ask again. */
static inline void keeper_stale_days(struct wire *w)
{
	char camera[64], day[16], mark[KEYRING_MARK], recipient[RECIPIENT_TEXT];
	uint32_t id = w->id;
	char *text;
	size_t n;
	int fd;

	snprintf(camera, sizeof(camera), "%s", wire_get_str(w));
	snprintf(day, sizeof(day), "%s", wire_get_str(w));
	assert_int_equal(wire_end(w), OK);
	keyring_mark(box.holders, box.holders_n, mark);
	assert_int_equal(keyring_stale_days(box.keyring, mark, camera, day, 2,
			     &text, &n),
	    OK);
	assert_int_equal(bulk_from(n ? text : "\n", n ? n : 1, &fd), OK);
	free(text);
	wire_begin(w, MSG_STALE_DAYS_IS, id);
	wire_put_u8(w, (uint8_t)box.holders_n);
	for (size_t i = 0; i < box.holders_n; i++) {
		recipient_format(&box.holders[i], recipient);
		wire_put_str(w, recipient);
	}
	reply(w, fd);
}

static inline void keeper_rewrap(struct wire *w)
{
	char mark[KEYRING_MARK], now[KEYRING_MARK];
	uint32_t id = w->id;
	const void *p;
	size_t n, days;

	snprintf(mark, sizeof(mark), "%s", wire_get_str(w));
	assert_int_equal(wire_end(w), OK);
	keyring_mark(box.holders, box.holders_n, now);
	if (box.refuse_rewrap) {
		reply_err(id, box.refuse_rewrap);
		return;
	}
	assert_string_equal(mark, now);
	assert_int_equal(bulk_map(w->fd, WIRE_BULK_MAX, &p, &n), OK);
	assert_int_equal(keyring_rewrap(box.keyring, p, n, mark, box.holders_n,
			     &days),
	    OK);
	bulk_unmap(p, n);
	reply_err(id, OK);
}

static inline void keeper_grant_put(struct wire *w, struct event *e)
{
	struct request_row q;
	const void *p;
	size_t n;

	snprintf(e->request, sizeof(e->request), "%s", wire_get_str(w));
	e->code = wire_get_u8(w);
	e->from_ns = wire_get_i64(w);
	e->to_ns = wire_get_i64(w);
	assert_int_equal(index_request_find(box.ix, e->request, &q), OK);
	snprintf(q.decision_reason, sizeof(q.decision_reason), "%s",
	    wire_get_str(w));
	e->n = wire_get_u8(w);
	for (unsigned i = 0; i < e->n; i++)
		snprintf(e->camera, sizeof(e->camera), "%s", wire_get_str(w));
	assert_int_equal(wire_get_i64(w), 0); /* no end of its own */
	assert_int_equal(wire_end(w), OK);
	q.state = REQUEST_REFUSED;
	if (e->code == VERDICT_APPROVE) {
		assert_int_equal(bulk_map(w->fd, WIRE_BULK_MAX, &p, &n), OK);
		assert_int_equal(keyring_put_grant(box.keyring, e->request,
				     q.requester, p, n),
		    OK);
		bulk_unmap(p, n);
		q.state = REQUEST_APPROVED;
		q.granted_from_ns = e->from_ns;
		q.granted_to_ns = e->to_ns;
		snprintf(q.granted_cameras, sizeof(q.granted_cameras), "%s",
		    e->camera);
		q.ends_ns = NOW + 3600 * NS_PER_SEC;
		q.decision_entry = 40 + (int64_t)q.from_ns % 7;
	}
	q.decided_ns = NOW;
	assert_int_equal(index_request_put(box.ix, &q), OK);
	reply_err(w->id, OK);
}

static inline void keeper_grant_get(struct wire *w, struct event *e)
{
	struct request_row q;
	uint32_t id = w->id;
	const void *blob;
	uint64_t person;
	size_t n;
	int fd;

	snprintf(e->request, sizeof(e->request), "%s", wire_get_str(w));
	if (box.grant_err || index_request_find(box.ix, e->request, &q) ||
	    q.state != REQUEST_APPROVED) {
		reply_err(id, box.grant_err ? box.grant_err : ERR_NOT_APPROVED);
		return;
	}
	assert_int_equal(keyring_find_grant(box.keyring, e->request, &person,
			     &blob, &n),
	    OK);
	assert_int_equal(bulk_from(blob, n, &fd), OK);
	wire_begin(w, MSG_GRANT_GET_IS, id);
	wire_put_i64(w, q.granted_from_ns);
	wire_put_i64(w, q.granted_to_ns);
	wire_put_i64(w, q.ends_ns);
	wire_put_u64(w, (uint64_t)q.decision_entry);
	wire_put_u8(w, 1);
	wire_put_str(w, q.granted_cameras);
	reply(w, fd);
}

static inline void keeper_lease(struct wire *w, struct event *e)
{
	uint32_t id = w->id;

	snprintf(e->request, sizeof(e->request), "%s", wire_get_str(w));
	snprintf(e->camera, sizeof(e->camera), "%s", wire_get_str(w));
	e->from_ns = wire_get_i64(w);
	e->to_ns = wire_get_i64(w);
	e->code = wire_get_u8(w);
	assert_int_equal(wire_end(w), OK);
	if (box.refuse_lease) {
		reply_err(id, box.refuse_lease);
		return;
	}
	e->lease = ++box.next_lease;
	wire_begin(w, MSG_LEASE_OPEN_IS, id);
	wire_put_u64(w, e->lease);
	reply(w, -1);
}

static inline void keeper_lease_close(struct wire *w, struct event *e)
{
	e->lease = wire_get_u64(w);
	e->n = wire_get_u16(w);
	for (unsigned i = 0; i < e->n; i++) {
		int64_t from = wire_get_i64(w), to = wire_get_i64(w);

		if (!i)
			e->from_ns = from;
		e->to_ns = to;
	}
	assert_int_equal(wire_end(w), OK);
	reply_err(w->id, OK);
}

static inline void keeper_refusal(struct wire *w, struct event *e)
{
	e->code = wire_get_u16(w);
	snprintf(e->request, sizeof(e->request), "%s", wire_get_str(w));
	snprintf(e->camera, sizeof(e->camera), "%s", wire_get_str(w));
	e->from_ns = wire_get_i64(w);
	e->to_ns = wire_get_i64(w);
	assert_int_equal(wire_end(w), OK);
	reply_err(w->id, OK);
}

static inline void keeper_person_put(struct wire *w)
{
	uint32_t id = w->id;
	const void *p;
	size_t n;

	snprintf(box.uri, sizeof(box.uri), "%s", wire_get_str(w));
	wire_get_u8(w);
	assert_int_equal(wire_end(w), OK);
	assert_int_equal(bulk_map(w->fd, WIRE_BULK_MAX, &p, &n), OK);
	assert_int_equal(person_record_decode(p, n, &box.made), OK);
	if (box.made.role == ROLE_CUSTODIAN)
		assert_int_equal(recipient_parse(box.made.recipient,
				     &box.holders[box.holders_n++]),
		    OK);
	bulk_unmap(p, n);
	reply_err(id, OK);
}

static inline void keeper_export_begin(struct wire *w)
{
	struct export_row x = {.id = "EXP-2026-00001",
	    .person = AUDITOR_2,
	    .state = EXPORT_PREPARING,
	    .created_ns = NOW};
	uint32_t id = w->id;
	int fd;

	snprintf(x.request, sizeof(x.request), "%s", wire_get_str(w));
	assert_true(wire_get_u64(w) > 0);
	assert_int_equal(wire_end(w), OK);
	assert_int_equal(index_export_put(box.ix, &x), OK);
	mkdirat(box.fd, "exports", 0700);
	fd = openat(box.fd, "exports/EXP-2026-00001.age",
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	wire_begin(w, MSG_EXPORT_BEGIN_IS, id);
	wire_put_str(w, x.id);
	reply(w, fd);
}

static inline void keeper_export_enter(struct wire *w)
{
	struct request_row q;
	struct export_row x;
	uint32_t id = w->id;
	uint64_t entry;
	struct entry e;
	const void *p;
	size_t n;

	assert_int_equal(index_export_find(box.ix, wire_get_str(w), &x), OK);
	assert_int_equal(index_request_find(box.ix, x.request, &q), OK);
	p = wire_get_bytes(w, &n);
	assert_int_equal(n, HASH_BYTES);
	if (box.export_err) {
		reply_err(id, box.export_err);
		return;
	}
	entry_begin(&e, ENTRY_EXPORT, (struct utc){NOW}, x.person);
	entry_put_text(&e, TAG_REQUEST, x.request);
	entry_put_u64(&e, TAG_DECISION, (uint64_t)q.decision_entry);
	entry_put_text(&e, TAG_EXPORT, x.id);
	entry_put_bytes(&e, TAG_MANIFEST, p, n);
	assert_int_equal(ledger_put(box.ledger, &e, &entry), OK);
	assert_int_equal(ledger_commit(box.ledger), OK);
	assert_int_equal(ledger_checkpoint(box.ledger), OK);
	wire_begin(w, MSG_EXPORT_ENTER_IS, id);
	wire_put_u64(w, ledger_number(box.ledger, entry));
	reply(w, -1);
}

static inline void keeper_export_done(struct wire *w)
{
	struct export_row x;
	const void *p;
	size_t n;

	assert_int_equal(index_export_find(box.ix, wire_get_str(w), &x), OK);
	x.bytes = wire_get_u64(w);
	p = wire_get_bytes(w, &n);
	assert_int_equal(n, HASH_BYTES);
	memcpy(x.sha256, p, n);
	x.lost = wire_get_u32(w);
	x.state = EXPORT_READY;
	x.ready_ns = NOW;
	x.ends_ns = NOW + 3600 * NS_PER_SEC;
	assert_int_equal(index_export_put(box.ix, &x), OK);
	reply_err(w->id, OK);
}

/* Handle one message of the reader; false when it has closed. */
static inline bool keeper_turn(void)
{
	struct event *e;
	struct wire w;
	int fd;

	if (wire_recv(box.keeper, &w))
		return false;
	e = box_note(&w);
	fd = w.fd;
	switch (w.type) {
	case MSG_DAY_KEY:
		keeper_day_key(&w);
		break;
	case MSG_HELD_DAYS:
		keeper_held_days(&w);
		break;
	case MSG_HELD_PUT:
		keeper_held_put(&w, e);
		break;
	case MSG_STALE_DAYS:
		keeper_stale_days(&w);
		break;
	case MSG_REWRAP:
		keeper_rewrap(&w);
		break;
	case MSG_GRANT_PUT:
		keeper_grant_put(&w, e);
		break;
	case MSG_GRANT_GET:
		keeper_grant_get(&w, e);
		break;
	case MSG_LEASE_OPEN:
		keeper_lease(&w, e);
		break;
	case MSG_LEASE_CLOSE:
		keeper_lease_close(&w, e);
		break;
	case MSG_REFUSAL:
		keeper_refusal(&w, e);
		break;
	case MSG_NEXT_PERSON:
		wire_begin(&w, MSG_NEXT_PERSON_IS, w.id);
		wire_put_u64(&w, 9);
		reply(&w, -1);
		break;
	case MSG_EXPORT_BEGIN:
		keeper_export_begin(&w);
		break;
	case MSG_EXPORT_ENTER:
		keeper_export_enter(&w);
		break;
	case MSG_EXPORT_DONE:
		keeper_export_done(&w);
		break;
	case MSG_EXPORT_FAILED:
		wire_get_str(&w);
		e->code = wire_get_u16(&w);
		assert_int_equal(wire_end(&w), OK);
		reply_err(w.id, OK);
		break;
	case MSG_AIM_OPEN:
		reply_err(w.id, OK);
		break;
	case MSG_PERSON_PUT:
		keeper_person_put(&w);
		break;
	case MSG_FACTOR_USED:
		assert_int_equal(wire_get_u64(&w),
		    NOW / NS_PER_SEC / FACTOR_STEP_S);
		reply_err(w.id, box.refuse_factor);
		break;
	case MSG_ERROR:
		e->code = wire_get_u16(&w);
		break;
	case MSG_READER_STARTED:
		break;
	default:
		reply_err(w.id, ERR_BAD_MESSAGE);
	}
	if (fd >= 0)
		close(fd);
	return true;
}

#endif
