/*
 * handle_witness.c - what web carries between sites: checkpoints of others
 * that we cosign (nobody is signed in: known logs only, strict limits), and
 * ours, which witnesses cosign. Each alarm is entered on the side that saw it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/term.h"
#include "storage/view.h"

#define AGAIN_NS (30 * NS_PER_SEC) /* after a witness did not answer */
#define SOON_NS NS_PER_SEC /* after it said which size it knows */
#define LOST_NS (120 * NS_PER_SEC) /* web took a question and is gone */
#define ALARM_NS (600 * NS_PER_SEC) /* one of each kind about a log */

static const char *const findings[] = {
    [LOG_FINE] = "fine",
    [LOG_FORKED] = "two histories of one size",
    [LOG_BACK] = "less than was seen before: set back, or an old checkpoint "
		 "sent again",
    [LOG_UNPROVEN] = "growth that is not proven: another history, or a "
		     "spoiled request",
};

/* --- others' logs --- */

struct said {
	unsigned status;
	const char *type;
	char body[COSIGN_LINE_MAX];
};

static void say(struct said *v, unsigned status, const char *text)
{
	v->status = status;
	v->type = "text/plain; charset=utf-8";
	snprintf(v->body, sizeof(v->body), "%s\n", text);
}

/* Its key did that, or somebody sends old checkpoints: seldom is enough. */
static void alarm_log(struct keeper *k, size_t log, const struct submission *s,
    const struct checkpoint *known, enum finding_about_log finding)
{
	int64_t *last = &k->witnessing.alarmed_ns[log][finding];
	struct enter e;

	if (*last && k->mono.ns - *last < ALARM_NS)
		return;
	*last = k->mono.ns;
	log_error("the log %s came with %s", s->c.origin, findings[finding]);
	enter_begin(k, &e, ENTRY_LOG_ALARM, 0);
	entry_put_u64(&e.e, TAG_FORMER_SIZE, known ? known->size : 0);
	if (known)
		entry_put_bytes(&e.e, TAG_FORMER_ROOT, known->root, HASH_BYTES);
	entry_put_text(&e.e, TAG_WITNESS, s->c.origin);
	entry_put_u64(&e.e, TAG_WITNESS_SIZE, s->c.size);
	entry_put_bytes(&e.e, TAG_WITNESS_ROOT, s->c.root, HASH_BYTES);
	entry_put_u64(&e.e, TAG_FINDING, finding);
	if (enter_end(k, &e, NULL))
		log_error("an alarm was not entered");
	alarm_keep(k->ix, ALARM_LOG, s->c.origin, finding, k->now);
}

/* Stored first, cosigned then (tlog-witness); this turn is the lock. */
static void cosign(struct keeper *k, size_t log, const struct submission *s,
    struct said *v)
{
	struct witnessing *x = &k->witnessing;
	struct log_alarm a;

	if (witness_keep(k->data_fd, s->c.origin, s->note, s->note_n)) {
		log_error("the checkpoint of %s was not stored", s->c.origin);
		say(v, 500, "not stored");
		return;
	}
	/* it goes on where it was: no fork, but a late or spoiled request */
	if (alarm_find(k->ix, ALARM_LOG, &a) && !strcmp(a.who, s->c.origin) &&
	    a.finding != LOG_FORKED)
		alarm_clear(k->ix, ALARM_LOG);
	/* and what it does next is news again */
	memset(x->alarmed_ns[log], 0, sizeof(x->alarmed_ns[log]));
	v->status = 200;
	v->type = "text/plain; charset=utf-8";
	cosign_line(s->note, s->text_n, &x->key, x->seed,
	    k->now.ns / NS_PER_SEC, v->body);
}

static void judge(struct keeper *k, struct submission *s, struct said *v)
{
	const struct peers *p = &k->witnessing.peers;
	struct vkey keys[LOGS_MAX];
	struct checkpoint known;
	enum finding_about_log finding;
	size_t n = 0, log = 0;
	enum err e;

	for (size_t i = 0; i < p->logs; i++)
		if (!strcmp(p->log[i].name, s->c.origin)) {
			keys[n++] = p->log[i];
			log = i;
		}
	if (!n) {
		say(v, 404, "this log is not known here");
		return;
	}
	e = witness_known(k->data_fd, s->c.origin, &known);
	if (e && e != ERR_NOT_FOUND) {
		/* what was promised before is not known: promise nothing */
		say(v, 500, "the state of this log is not readable");
		return;
	}
	v->status = submission_judge(s, keys, n, e ? NULL : &known, &finding);
	if (finding)
		alarm_log(k, log, s, e ? NULL : &known, finding);
	if (v->status == 200) {
		cosign(k, log, s, v);
	} else if (v->status == 409) {
		v->type = "text/x.tlog.size";
		snprintf(v->body, sizeof(v->body), "%llu\n",
		    e ? 0ull : (unsigned long long)known.size);
	} else {
		say(v, v->status,
		    v->status == 403	 ? "no known key signed it" :
			v->status == 422 ? "its growth is not proven" :
					   "old is above its size");
	}
}

void handle_add_checkpoint(struct keeper *k, struct conn *c, struct wire *w)
{
	struct submission *s = malloc(sizeof(*s));
	struct said v = {.type = "text/plain; charset=utf-8"};
	const void *p = NULL;
	uint32_t id = w->id;
	size_t n = 0;
	enum err err = s ? wire_end(w) : ERR_NO_MEMORY;

	if (!err)
		err = bulk_map(w->fd, SUBMISSION_MAX, &p, &n);
	if (err) {
		conn_error(c, id, err, NULL);
		free(s);
		return;
	}
	if (submission_parse(p, n, s))
		say(&v, 400, "this is no add-checkpoint request");
	else
		judge(k, s, &v);
	bulk_unmap(p, n);
	free(s);
	wire_begin(w, MSG_ADD_CHECKPOINT_IS, id);
	wire_put_u16(w, (uint16_t)v.status);
	wire_put_str(w, v.type);
	wire_put_bytes(w, v.body, strlen(v.body));
	conn_send(c, w, -1);
}

/* --- our log --- */

static int64_t every_ns(const struct keeper *k)
{
	return k->conf.witness_s * NS_PER_SEC;
}

static bool due(const struct keeper *k, const struct witness_link *l)
{
	if (l->asking_ns && k->mono.ns - l->asking_ns < LOST_NS)
		return false;
	return k->mono.ns >= l->due_ns && l->state != WITNESS_REFUSES;
}

/* All who are due within half the time get the same checkpoint. */
static enum err round_for(struct keeper *k, const struct witness_link *l)
{
	struct witness_round *r = &k->witnessing.round;
	enum err e;

	if (r->began_ns && k->mono.ns - r->began_ns < every_ns(k) / 2 &&
	    l->known <= r->c.size && r->c.size >= k->witnessing.question.size)
		return OK;
	r->began_ns = 0;
	e = ledger_checkpoint(k->ledger);
	if (!e)
		e = ledger_note(k->ledger, r->note, &r->n, &r->c);
	if (!e)
		e = note_text(r->note, r->n, &r->text_n);
	if (!e)
		r->began_ns = k->mono.ns;
	return e;
}

static enum err ask(struct keeper *k, size_t i, struct wire *w, int *ret_fd)
{
	struct witnessing *x = &k->witnessing;
	struct witness_round *r = &x->round;
	struct witness_link *l = &x->link[i];
	struct submission *s;
	unsigned char proof[MERKLE_PATH_MAX][HASH_BYTES];
	char *body, url[WITNESS_URL + 16];
	size_t n;
	enum err e = round_for(k, l);

	/* more than we have: that is for its answer to say */
	if (!e && l->known > r->c.size)
		l->known = 0;
	s = malloc(sizeof(*s) + SUBMISSION_MAX);
	if (!s)
		return ERR_NO_MEMORY;
	body = (char *)(s + 1);
	s->old = l->known;
	s->note = r->note;
	s->note_n = r->n;
	if (!e)
		e = ledger_growth(k->ledger, s->old, r->c.size, proof,
		    &s->proof_n);
	if (!e && s->proof_n > SUBMISSION_PROOF_MAX)
		e = ERR_TOO_LARGE;
	if (!e) {
		memcpy(s->proof, proof, s->proof_n * HASH_BYTES);
		e = submission_format(s, body, &n);
	}
	if (!e)
		e = bulk_from(body, n, ret_fd);
	free(s);
	if (e)
		return e;
	snprintf(url, sizeof(url), "%s/add-checkpoint",
	    x->peers.witness[i].url);
	wire_put_str(w, x->peers.witness[i].key.name);
	wire_put_str(w, url);
	wire_put_str(w, x->peers.witness[i].pin);
	l->asking_ns = k->mono.ns;
	return OK;
}

void handle_witness_next(struct keeper *k, struct conn *c, struct wire *w)
{
	struct witnessing *x = &k->witnessing;
	uint32_t id = w->id;
	enum err err = wire_end(w);
	int fd = -1;
	size_t i = 0;

	while (i < x->peers.witnesses && !due(k, &x->link[i]))
		i++;
	if (!err && i < x->peers.witnesses && !k->lost_because) {
		wire_begin(w, MSG_WITNESS_NEXT_IS, id);
		err = ask(k, i, w, &fd);
		if (err)
			x->link[i].due_ns = k->mono.ns + AGAIN_NS;
	} else if (!err) {
		wire_begin(w, MSG_END, id);
	}
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_send(c, w, fd);
}

/*
 * What at least one witness cosigned is kept in ledger/witnessed: the newest
 * checkpoint, with a line of each that has answered.
 */
static enum err keep_line(struct keeper *k, const struct vkey *by,
    const unsigned char cosignature[COSIGN_BYTES])
{
	unsigned char both[NOTE_KEY_ID + COSIGN_BYTES];
	char b64[B64_LEN(sizeof(both))];
	struct witness_round *r = &k->witnessing.round;
	int n;

	note_key_id_of(by->name, by->kind, by->key, both);
	memcpy(both + NOTE_KEY_ID, cosignature, COSIGN_BYTES);
	b64_encode(both, sizeof(both), true, b64);
	n = snprintf(r->note + r->n, sizeof(r->note) - r->n,
	    "\xe2\x80\x94 %s %s\n", by->name, b64);
	if (n < 0 || (size_t)n >= sizeof(r->note) - r->n)
		return ERR_TOO_LARGE;
	r->n += (size_t)n;
	return disk_replace(k->data_fd, "ledger", "witnessed", r->note, r->n);
}

/* From here on all that is entered is later than what the witness signed. */
static enum err enter_witnessed(struct keeper *k, const struct vkey *by,
    const unsigned char cosignature[COSIGN_BYTES], int64_t time_s)
{
	const struct witness_round *r = &k->witnessing.round;
	struct enter x;

	enter_begin(k, &x, ENTRY_WITNESSED, 0);
	entry_put_text(&x.e, TAG_WITNESS, by->name);
	entry_put_bytes(&x.e, TAG_WITNESS_KEY, by->key, KEY_BYTES);
	entry_put_i64(&x.e, TAG_WITNESS_TIME, time_s * NS_PER_SEC);
	entry_put_u64(&x.e, TAG_WITNESS_SIZE, r->c.size);
	entry_put_bytes(&x.e, TAG_WITNESS_ROOT, r->c.root, HASH_BYTES);
	entry_put_bytes(&x.e, TAG_COSIGNATURE, cosignature, COSIGN_BYTES);
	return enter_end(k, &x, NULL);
}

static void cosigned(struct keeper *k, size_t i, const void *body, size_t n)
{
	struct witnessing *x = &k->witnessing;
	const struct vkey *by = &x->peers.witness[i].key;
	struct witness_link *l = &x->link[i];
	unsigned char cosignature[COSIGN_BYTES];
	char note[2 * NOTE_MAX];
	int64_t time_s;
	enum err e = n > NOTE_MAX - x->round.text_n - 1 ? ERR_TOO_LARGE : OK;

	memcpy(note, x->round.note, x->round.text_n + 1);
	if (!e) {
		memcpy(note + x->round.text_n + 1, body, n);
		e = cosign_find(note, x->round.text_n + 1 + n, by, cosignature,
		    &time_s);
	}
	if (!e && time_s > INT64_MAX / NS_PER_SEC)
		e = ERR_INTEGRITY;
	if (!e)
		e = keep_line(k, by, cosignature);
	if (!e)
		e = enter_witnessed(k, by, cosignature, time_s);
	if (e) {
		log_warn("witness %s: its answer is of no use: %s", by->name,
		    err_text(e));
		l->state = WITNESS_AWAY;
		return;
	}
	if (l->state != WITNESS_FINE)
		log_info("witness %s cosigns", by->name);
	l->state = WITNESS_FINE;
	l->known = x->round.c.size;
	l->due_ns = k->mono.ns + every_ns(k);
	term_witnessed(k, i, time_s);
}

/* Did it ever cosign this log? That nobody but the witness can make up. */
static bool has_cosigned(struct keeper *k, const struct vkey *by)
{
	unsigned char cosignature[COSIGN_BYTES];
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	int64_t time_s;
	size_t n;

	return !ledger_witnessed(k->ledger, note, &n, &c) &&
	    !cosign_find(note, n, by, cosignature, &time_s);
}

/*
 * The witness holds another history, or more of ours than we do: the disk was
 * set back, or the log was written anew. This log cannot be gone on with (P2).
 * A refusal is not signed, so it counts only where that witness has cosigned
 * this log before: whoever breaks into web costs one epoch at most, and not
 * one after the other.
 */
static void refused(struct keeper *k, size_t i, uint64_t size,
    enum finding_about_log finding)
{
	struct witnessing *x = &k->witnessing;
	const struct vkey *by = &x->peers.witness[i].key;
	struct enter e;

	log_error("witness %s refuses our log: %s (it has %llu entries)",
	    by->name, findings[finding], (unsigned long long)size);
	x->link[i].state = WITNESS_REFUSES;
	enter_begin(k, &e, ENTRY_WITNESS_ALARM, 0);
	entry_put_text(&e.e, TAG_WITNESS, by->name);
	entry_put_u64(&e.e, TAG_WITNESS_SIZE, size);
	entry_put_u64(&e.e, TAG_FINDING, finding);
	if (enter_end(k, &e, NULL))
		log_error("an alarm was not entered");
	alarm_keep(k->ix, ALARM_OURS, by->name, finding, k->now);
	if (!has_cosigned(k, by)) {
		log_warn("witness %s has never cosigned this log: it goes on",
		    by->name);
		return;
	}
	k->lost_because = finding == LOG_BACK ? ERR_TRUNCATED : ERR_INTEGRITY;
	k->lost_size = size;
}

/* 409: it knows another size than we thought, which is mostly no harm. */
static void conflict(struct keeper *k, size_t i, const char *body, size_t n)
{
	struct witnessing *x = &k->witnessing;
	struct witness_link *l = &x->link[i];
	uint64_t size;

	if (!n || body[n - 1] != '\n' || note_number(body, n - 1, &size)) {
		l->state = WITNESS_AWAY;
		return;
	}
	if (size > ledger_size(k->ledger)) {
		refused(k, i, size, LOG_BACK);
	} else if (size == x->round.c.size && l->known == size) {
		refused(k, i, size, LOG_FORKED);
	} else {
		l->known = size;
		l->due_ns = k->mono.ns + SOON_NS;
	}
}

static void hear(struct keeper *k, size_t i, unsigned status, const char *body,
    size_t n)
{
	struct witness_link *l = &k->witnessing.link[i];

	if (status == 200)
		cosigned(k, i, body, n);
	else if (status == 409)
		conflict(k, i, body, n);
	else if (status == 422)
		refused(k, i, l->known, LOG_UNPROVEN);
	else
		l->state = status == 403 || status == 404 ? WITNESS_STRANGER :
							    WITNESS_AWAY;
}

void handle_witness_said(struct keeper *k, struct conn *c, struct wire *w)
{
	struct witnessing *x = &k->witnessing;
	char name[NOTE_NAME_MAX + 1], body[WITNESS_ANSWER_MAX];
	uint32_t id = w->id;
	size_t n = 0, i = 0;
	unsigned status;
	const void *p;
	enum err err;

	wire_get_text(w, name, sizeof(name));
	status = wire_get_u16(w);
	p = wire_get_bytes(w, &n);
	err = wire_end(w);
	while (i < x->peers.witnesses &&
	    strcmp(x->peers.witness[i].key.name, name) != 0)
		i++;
	if (!err && n > sizeof(body))
		err = ERR_TOO_LARGE;
	if (!err && (i == x->peers.witnesses || !x->link[i].asking_ns))
		err = ERR_NOT_FOUND;
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	if (n)
		memcpy(body, p, n);
	x->link[i].asking_ns = 0;
	x->link[i].due_ns =
	    k->mono.ns + (AGAIN_NS < every_ns(k) ? AGAIN_NS : every_ns(k));
	/* no round: another epoch began meanwhile */
	if (x->round.began_ns)
		hear(k, i, status, body, n);
	conn_ok(c, id);
}

void handle_witness_list(struct keeper *k, struct conn *c, struct wire *w)
{
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_witnesses(k->ledger, k->data_fd, &k->witnessing,
		    &json);
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_json(c, MSG_WITNESS_LIST_IS, w->id, json);
}
