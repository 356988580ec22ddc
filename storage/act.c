/*
 * act.c - what a custodian signs at the tool: the ledger's key, its epoch, its
 * witnesses. The keeper drafts the entry, a reader that his credential opened
 * signs it, and the signed entry is put and carried out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/reader.h"
#include "storage/spawn.h"

/* A new epoch, and what it names of the former log, as its entry 0 has it. */
static enum err draft_confirm(struct keeper *k, struct wire *w,
    const struct person_row *p, struct entry *e)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	size_t n;
	enum err err = wire_end(w);

	if (!err && epoch_confirmed(k->ix, k->ledger))
		err = ERR_DECIDED;
	if (!err)
		err = ledger_get(k->ledger, 0, buf, &n);
	if (!err)
		err = entry_parse(buf, n, &v);
	if (err)
		return err;
	entry_begin(e, ENTRY_EPOCH_CONFIRMED, k->now, p->id);
	entry_put_u64(e, TAG_SIGNER, p->id);
	entry_put_u64(e, TAG_LOG_EPOCH, ledger_epoch(k->ledger));
	if (entry_find(&v, TAG_FORMER_SIZE, &f))
		entry_put_bytes(e, TAG_FORMER_SIZE, f.p, f.n);
	if (entry_find(&v, TAG_FORMER_ROOT, &f))
		entry_put_bytes(e, TAG_FORMER_ROOT, f.p, f.n);
	return entry_end(e);
}

static enum err do_confirm(struct keeper *k, const struct entry *e)
{
	uint64_t at;
	enum err err = ledger_put(k->ledger, e, &at);

	if (!err)
		err = ledger_commit(k->ledger);
	if (!err)
		err = index_setting_put(k->ix, "epoch-confirmed", &at,
		    sizeof(at));
	alarm_clear(k->ix, ALARM_OURS);
	if (!err)
		log_info("epoch %u of the ledger is confirmed",
		    ledger_epoch(k->ledger));
	return err;
}

static enum err draft_rotate(struct keeper *k, struct wire *w,
    const struct person_row *p, struct entry *e)
{
	enum err err = wire_end(w);

	if (err)
		return err;
	entry_begin(e, ENTRY_LOG_KEY, k->now, p->id);
	entry_put_bytes(e, TAG_SIGN_KEY, p->sign_key, KEY_BYTES);
	entry_put_u64(e, TAG_SIGNER, p->id);
	return ledger_rotate_begin(k->ledger, e);
}

static enum err do_rotate(struct keeper *k, const struct entry *e)
{
	uint64_t at;
	enum err err = ledger_rotate_end(k->ledger, e, &at);

	if (!err)
		log_info("the log has another key from entry %llu on",
		    (unsigned long long)at);
	return err;
}

/* The recipient and signing key of a new paper key. */
static enum err draft_paper(struct keeper *k, struct wire *w,
    const struct person_row *p, struct entry *e)
{
	struct age_recipient paper;
	char text[RECIPIENT_TEXT];
	const void *key;
	size_t n = 0;
	enum err err;

	wire_get_text(w, text, sizeof(text));
	key = wire_get_bytes(w, &n);
	err = wire_end(w);
	if (!err && (n != KEY_BYTES || recipient_parse(text, &paper)))
		err = ERR_INVALID;
	if (!err && !memcmp(&paper, &k->site.paper, sizeof(paper)))
		err = ERR_EXISTS;
	if (!err && k->site.paper_n == PAPER_KEYS_MAX)
		err = ERR_TOO_LARGE;
	if (err)
		return err;
	entry_begin(e, ENTRY_PAPER, k->now, p->id);
	entry_put_text(e, TAG_PAPER, text);
	entry_put_u64(e, TAG_SIGNER, p->id);
	entry_put_bytes(e, TAG_PAPER_SIGN, key, KEY_BYTES);
	return entry_end(e);
}

/*
 * Entered first: a site that names a paper key which the ledger does not know
 * would be worse than the other way round, where the tool says that it failed.
 */
static enum err do_paper(struct keeper *k, const struct entry *e)
{
	struct site site = k->site;
	struct entry_field paper, key;
	struct entry_view v;
	char text[RECIPIENT_TEXT];
	uint64_t at;
	enum err err = entry_parse(e->buf, e->len, &v);

	if (!err &&
	    (!entry_find(&v, TAG_PAPER, &paper) || paper.n >= sizeof(text) ||
		!entry_find(&v, TAG_PAPER_SIGN, &key)))
		err = ERR_INTERNAL;
	if (err)
		return err;
	snprintf(text, sizeof(text), "%.*s", (int)paper.n,
	    (const char *)paper.p);
	memmove(site.paper_sign[1], site.paper_sign[0],
	    site.paper_n * KEY_BYTES);
	memcpy(site.paper_sign[0], key.p, KEY_BYTES);
	site.paper_n++;
	err = recipient_parse(text, &site.paper);
	if (!err)
		err = ledger_put(k->ledger, e, &at);
	if (!err)
		err = ledger_commit(k->ledger);
	if (!err)
		err = site_write(k->data_fd, &site);
	if (err)
		return err;
	k->site = site;
	memcpy(k->roots.paper, site.paper_sign, sizeof(k->roots.paper));
	k->roots.paper_n = site.paper_n;
	log_info("the paper key is another one from entry %llu on",
	    (unsigned long long)at);
	return OK;
}

static const struct act {
	uint16_t msg;
	enum entry_type type;
	enum err (*draft)(struct keeper *, struct wire *,
	    const struct person_row *, struct entry *);
	enum err (*carry_out)(struct keeper *, const struct entry *);
} acts[] = {
    {MSG_LEDGER_CONFIRM, ENTRY_EPOCH_CONFIRMED, draft_confirm, do_confirm},
    {MSG_LEDGER_ROTATE, ENTRY_LOG_KEY, draft_rotate, do_rotate},
    {MSG_PAPER_REPLACE, ENTRY_PAPER, draft_paper, do_paper},
    {MSG_WITNESS_ADD, ENTRY_WITNESS_ADDED, witness_draft_add, witness_do},
    {MSG_WITNESS_ALLOW, ENTRY_LOG_ALLOWED, witness_draft_allow, witness_do},
    {MSG_WITNESS_REMOVE, ENTRY_WITNESS_REMOVED, witness_draft_remove,
	witness_do},
    {MSG_WITNESS_CLOCK, ENTRY_CLOCK_WITNESS, witness_draft_clock, witness_do},
};

static const struct act *act_find(uint16_t msg)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (acts[i].msg == msg)
			return &acts[i];
	return NULL;
}

/* An unknown user costs the same work as a wrong password. */
static struct person_row *custodian(struct keeper *k, const char *user,
    struct person_row *room, enum err *err)
{
	if (index_person_by_user(k->ix, user, room) || room->ended_ns)
		return NULL;
	if (room->role != ROLE_CUSTODIAN)
		*err = ERR_DENIED;
	else if (!*err)
		*err = person_check(k->ix, room, &k->roots);
	return room;
}

void handle_act(struct keeper *k, struct conn *c, struct wire *w)
{
	const struct act *a = act_find(w->type);
	char by[64], credential[WIRE_STR_MAX + 1], why[80] = "";
	static const struct person_row nobody;
	struct person_row room, *p = NULL;
	struct entry *draft = malloc(sizeof(*draft));
	struct reader *r = NULL;
	uint32_t id = w->id;
	enum err err = draft && a ? OK : ERR_NO_MEMORY;

	wire_get_text(w, by, sizeof(by));
	wire_get_text(w, credential, sizeof(credential));
	if (!err)
		err = people_locked(k, by, "", why, sizeof(why));
	if (!err)
		p = custodian(k, by, &room, &err);
	if (!err)
		err = a->draft(k, w, p ? p : &nobody, draft);
	if (!err)
		err = reader_spawn(k, READER_ACT, p, credential, &r);
	crypt_wipe(credential, sizeof(credential));
	if (err) {
		free(draft);
		conn_error(c, id, err, *why ? why : NULL);
		return;
	}
	r->draft = draft;
	r->act.type = a->msg;
	r->asker = c;
	r->asker_id = id;
	if (!p)
		memcpy(r->user, by, sizeof(by));
}

void act_started(struct keeper *k, struct reader *r)
{
	struct wire w;

	(void)k;
	wire_begin(&w, MSG_SIGN, 1);
	wire_put_bytes(&w, r->draft->buf, r->draft->len);
	conn_send(r->conn, &w, -1);
}

static enum err carry_out(struct keeper *k, struct reader *r,
    const unsigned char *signature)
{
	const struct act *a = act_find(r->act.type);
	unsigned char text[ACT_MAX];
	struct person_row p;
	struct entry e;
	size_t n;
	enum err err = r->person ? OK : ERR_PASSWORD;

	if (!err)
		err = index_person_find(k->ix, r->person, &p);
	if (!err)
		err = act_text(r->draft->buf, r->draft->len, text, &n);
	if (!err)
		err = sign_check(p.sign_key, text, n, signature);
	if (!err)
		err = act_sign(r->draft->buf, r->draft->len, signature, &e);
	return err ? err : a->carry_out(k, &e);
}

void handle_sign_is(struct keeper *k, struct conn *c, struct wire *w)
{
	struct reader *r = c->reader;
	size_t n = 0;
	const unsigned char *signature = wire_get_bytes(w, &n);
	enum err err = wire_end(w);

	if (!err && (n != SIGN_BYTES || !r->draft || !r->started))
		err = ERR_BAD_MESSAGE;
	if (!err)
		err = carry_out(k, r, signature);
	free(r->draft);
	r->draft = NULL;
	if (err) {
		if (r->asker)
			conn_error(r->asker, r->asker_id, err, NULL);
		r->asker = NULL;
		c->closing = true;
		return;
	}
	/* his reader may still wrap keys anew */
	wire_begin(&r->act, MSG_OK, r->asker_id);
	r->acted = true;
}
