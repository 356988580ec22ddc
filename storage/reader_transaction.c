/*
 * reader_transaction.c - transactions are looked for: no key, no footage. They
 * point at footage, which needs an approved request as ever.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/session.h"
#include "storage/view_transaction.h"

static enum err open_once(struct session *s)
{
	return s->tx ? OK : transactions_open(s->data, true, &s->tx);
}

static void get_query(struct wire *w, struct transaction_query *q)
{
	get_text(w, q->atm, sizeof(q->atm));
	q->from_ns = wire_get_i64(w);
	q->to_ns = wire_get_i64(w);
	q->least = wire_get_i64(w);
	q->most = wire_get_i64(w);
	get_text(w, q->last4, sizeof(q->last4));
	get_text(w, q->bin, sizeof(q->bin));
	get_text(w, q->reference, sizeof(q->reference));
	q->kind = wire_get_u8(w);
	q->result = wire_get_u8(w);
	q->unchecked = wire_get_u8(w) != 0;
	q->last_ns = wire_get_i64(w);
	q->last_id = wire_get_i64(w);
}

enum err session_transactions(struct session *s, struct wire *w)
{
	struct transaction_query q = {.kind = 0};
	struct view v = session_view(s);
	char *text = NULL;
	enum err err;

	get_query(w, &q);
	err = wire_end(w);
	if (!err && (q.from_ns < 0 || q.from_ns >= q.to_ns || q.most < q.least))
		err = ERR_INVALID;
	if (!err)
		err = open_once(s);
	if (!err)
		err = view_transactions(&v, s->tx, &q, &text);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}

enum err session_transaction_lists(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	unsigned list = wire_get_u8(w);
	int64_t from = wire_get_i64(w), to = wire_get_i64(w);
	char *text = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = open_once(s);
	if (!err)
		err = view_transaction_lists(&v, s->tx, list, from, to, &text);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}

/* The keeper knows the grant and the journal; it is asked there (P6). */
enum err session_align(struct session *s, struct wire *w)
{
	struct wire out, answer;
	char atm[TRANSACTION_ATM_MAX + 1];
	int64_t from;
	uint8_t n;
	enum err err;

	get_text(w, s->about.request, sizeof(s->about.request));
	from = wire_get_i64(w);
	n = wire_get_u8(w);
	keeper_begin(s, &out, MSG_ALIGN);
	wire_put_str(&out, s->about.request);
	wire_put_i64(&out, from);
	wire_put_u8(&out, n);
	for (unsigned i = 0; i < 2u * n; i++)
		wire_put_i64(&out, wire_get_i64(w));
	err = wire_end(w);
	if (!err)
		err = keeper_relay(s, &out);
	if (err)
		return err;
	wire_begin(&answer, MSG_ALIGN_IS, w->id);
	wire_put_u64(&answer, wire_get_u64(&out));
	get_text(&out, atm, sizeof(atm));
	wire_put_str(&answer, atm);
	for (unsigned i = 0; i < 4; i++)
		wire_put_i64(&answer, wire_get_i64(&out));
	err = wire_end(&out);
	return err ? err : wire_send(s->client, &answer, -1);
}

enum err session_alignments(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	char *text = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_alignments(&v, &text);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}
