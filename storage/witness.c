/* witness.c - whom custodians name: witnesses of our log, logs that we cosign. */
#include "storage/witness.h"

#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"

void witness_open(struct keeper *k)
{
	struct witnessing *x = &k->witnessing;
	enum err e = peers_load(k->data_fd, &x->peers);

	if (e) {
		log_error("witness/peers: %s; nobody is asked and no log is "
			  "cosigned",
		    err_text(e));
		memset(&x->peers, 0, sizeof(x->peers));
	}
	e = witness_key(k->data_fd, k->site.origin, &x->key, x->seed);
	if (e) {
		log_error("witness/key: %s; no log is cosigned", err_text(e));
		x->peers.logs = 0;
	}
	witness_reset(k);
}

void witness_reset(struct keeper *k)
{
	struct witnessing *x = &k->witnessing;

	memset(x->link, 0, sizeof(x->link));
	memset(&x->round, 0, sizeof(x->round));
	x->question = (struct clock_question){0};
}

void witness_hurry(struct keeper *k)
{
	struct witnessing *x = &k->witnessing;
	bool asking = false;

	for (size_t i = 0; i < x->peers.witnesses; i++) {
		if (x->link[i].state == WITNESS_FINE)
			x->link[i].due_ns = 0;
		asking = asking || x->link[i].asking_ns;
	}
	/* an answer under way belongs to the round that it was asked for */
	if (!asking)
		x->round.began_ns = 0;
}

static void begin(struct entry *e, enum entry_type type, struct keeper *k,
    const struct person_row *p)
{
	entry_begin(e, type, k->now, p->id);
	entry_put_u64(e, TAG_SIGNER, p->id);
}

static size_t find_witness(const struct peers *p, const unsigned char *key)
{
	size_t i = 0;

	while (i < p->witnesses &&
	    memcmp(p->witness[i].key.key, key, KEY_BYTES) != 0)
		i++;
	return i;
}

static size_t find_log(const struct peers *p, const unsigned char *key)
{
	size_t i = 0;

	while (i < p->logs && memcmp(p->log[i].key, key, KEY_BYTES) != 0)
		i++;
	return i;
}

enum err witness_draft_add(struct keeper *k, struct wire *w,
    const struct person_row *p, struct entry *e)
{
	const struct peers *have = &k->witnessing.peers;
	char vkey[VKEY_TEXT], url[WITNESS_URL], pin[WITNESS_PIN];
	struct vkey key;
	enum err err;

	wire_get_text(w, vkey, sizeof(vkey));
	wire_get_text(w, url, sizeof(url));
	wire_get_text(w, pin, sizeof(pin));
	err = wire_end(w);
	if (!err &&
	    (vkey_parse(vkey, &key) || key.kind != NOTE_COSIGNATURE ||
		!witness_url_ok(url) || !witness_pin_ok(pin)))
		err = ERR_INVALID;
	if (!err && find_witness(have, key.key) < have->witnesses)
		err = ERR_EXISTS;
	for (size_t i = 0; !err && i < have->witnesses; i++)
		if (!strcmp(have->witness[i].key.name, key.name))
			err = ERR_EXISTS;
	if (!err && have->witnesses == WITNESSES_MAX)
		err = ERR_TOO_LARGE;
	/* who witnesses himself proves nothing */
	if (!err && !memcmp(key.key, k->witnessing.key.key, KEY_BYTES))
		err = ERR_INVALID;
	if (err)
		return err;
	begin(e, ENTRY_WITNESS_ADDED, k, p);
	entry_put_text(e, TAG_WITNESS, key.name);
	entry_put_bytes(e, TAG_WITNESS_KEY, key.key, KEY_BYTES);
	entry_put_text(e, TAG_WITNESS_URL, url);
	entry_put_text(e, TAG_WITNESS_PIN, pin);
	return entry_end(e);
}

enum err witness_draft_allow(struct keeper *k, struct wire *w,
    const struct person_row *p, struct entry *e)
{
	const struct peers *have = &k->witnessing.peers;
	char vkey[VKEY_TEXT];
	struct vkey key;
	enum err err;

	wire_get_text(w, vkey, sizeof(vkey));
	err = wire_end(w);
	if (!err && (vkey_parse(vkey, &key) || key.kind != NOTE_ED25519))
		err = ERR_INVALID;
	if (!err && find_log(have, key.key) < have->logs)
		err = ERR_EXISTS;
	if (!err && have->logs == LOGS_MAX)
		err = ERR_TOO_LARGE;
	if (!err && !strcmp(key.name, ledger_origin(k->ledger)))
		err = ERR_INVALID;
	if (err)
		return err;
	begin(e, ENTRY_LOG_ALLOWED, k, p);
	entry_put_text(e, TAG_WITNESS, key.name);
	entry_put_bytes(e, TAG_WITNESS_KEY, key.key, KEY_BYTES);
	return entry_end(e);
}

enum err witness_draft_remove(struct keeper *k, struct wire *w,
    const struct person_row *p, struct entry *e)
{
	const struct peers *have = &k->witnessing.peers;
	char vkey[VKEY_TEXT];
	struct vkey key;
	enum err err;

	wire_get_text(w, vkey, sizeof(vkey));
	err = wire_end(w);
	if (!err && vkey_parse(vkey, &key))
		err = ERR_INVALID;
	if (!err && find_witness(have, key.key) == have->witnesses &&
	    find_log(have, key.key) == have->logs)
		err = ERR_NOT_FOUND;
	if (err)
		return err;
	begin(e, ENTRY_WITNESS_REMOVED, k, p);
	entry_put_text(e, TAG_WITNESS, key.name);
	entry_put_bytes(e, TAG_WITNESS_KEY, key.key, KEY_BYTES);
	return entry_end(e);
}

/* For the time it is asked as for the log: its key signs both. */
enum err witness_draft_clock(struct keeper *k, struct wire *w,
    const struct person_row *p, struct entry *e)
{
	const struct peers *have = &k->witnessing.peers;
	char vkey[VKEY_TEXT];
	struct vkey key;
	size_t i = 0;
	enum err err;

	wire_get_text(w, vkey, sizeof(vkey));
	err = wire_end(w);
	if (!err && vkey_parse(vkey, &key))
		err = ERR_INVALID;
	if (!err && (i = find_witness(have, key.key)) == have->witnesses)
		err = ERR_NOT_FOUND;
	if (!err && have->witness[i].clock)
		err = ERR_EXISTS;
	if (err)
		return err;
	begin(e, ENTRY_CLOCK_WITNESS, k, p);
	entry_put_text(e, TAG_WITNESS, key.name);
	entry_put_bytes(e, TAG_WITNESS_KEY, key.key, KEY_BYTES);
	return entry_end(e);
}

static bool take(const struct entry_view *v, enum entry_tag tag, char *out,
    size_t room)
{
	struct entry_field f;

	if (!entry_find(v, tag, &f) || f.n >= room)
		return false;
	memcpy(out, f.p, f.n);
	out[f.n] = '\0';
	return true;
}

static void drop(struct witnessing *x, const unsigned char *key)
{
	struct peers *p = &x->peers;
	size_t w = find_witness(p, key), l = find_log(p, key);

	if (w < p->witnesses) {
		p->witnesses--;
		memmove(&p->witness[w], &p->witness[w + 1],
		    (p->witnesses - w) * sizeof(p->witness[0]));
		memmove(&x->link[w], &x->link[w + 1],
		    (p->witnesses - w) * sizeof(x->link[0]));
	}
	if (l < p->logs) {
		p->logs--;
		memmove(&p->log[l], &p->log[l + 1],
		    (p->logs - l) * sizeof(p->log[0]));
		memmove(&x->alarmed_ns[l], &x->alarmed_ns[l + 1],
		    (p->logs - l) * sizeof(x->alarmed_ns[0]));
	}
}

enum err witness_do(struct keeper *k, const struct entry *e)
{
	struct witnessing *x = &k->witnessing;
	struct peers *p = &x->peers;
	struct vkey key = {.kind = NOTE_ED25519};
	struct log_alarm a;
	struct entry_field f;
	struct entry_view v;
	uint64_t i;
	enum err err = entry_parse(e->buf, e->len, &v);

	if (!err &&
	    (!take(&v, TAG_WITNESS, key.name, sizeof(key.name)) ||
		!entry_find(&v, TAG_WITNESS_KEY, &f)))
		err = ERR_INVALID;
	if (err)
		return err;
	memcpy(key.key, f.p, KEY_BYTES);
	if (v.type == ENTRY_WITNESS_REMOVED) {
		drop(x, key.key);
		if (alarm_find(k->ix, ALARM_LOG, &a) &&
		    !strcmp(a.who, key.name))
			alarm_clear(k->ix, ALARM_LOG);
	} else if (v.type == ENTRY_LOG_ALLOWED && p->logs < LOGS_MAX) {
		memset(x->alarmed_ns[p->logs], 0, sizeof(x->alarmed_ns[0]));
		p->log[p->logs++] = key;
	} else if (v.type == ENTRY_CLOCK_WITNESS &&
	    find_witness(p, key.key) < p->witnesses) {
		p->witness[find_witness(p, key.key)].clock = true;
	} else if (v.type == ENTRY_WITNESS_ADDED &&
	    p->witnesses < WITNESSES_MAX) {
		memset(&p->witness[p->witnesses], 0, sizeof(p->witness[0]));
		key.kind = NOTE_COSIGNATURE;
		p->witness[p->witnesses].key = key;
		if (!take(&v, TAG_WITNESS_URL, p->witness[p->witnesses].url,
			WITNESS_URL) ||
		    !take(&v, TAG_WITNESS_PIN, p->witness[p->witnesses].pin,
			WITNESS_PIN))
			return ERR_INVALID;
		memset(&x->link[p->witnesses++], 0, sizeof(x->link[0]));
	} else {
		return ERR_TOO_LARGE;
	}
	x->question = (struct clock_question){0}; /* others are to answer */
	err = ledger_put(k->ledger, e, &i);
	return err ? err : peers_save(k->data_fd, p);
}
