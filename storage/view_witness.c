/* view_witness.c - what people are told of witnesses. */
#include <stdlib.h>
#include <string.h>

#include "storage/alarm.h"
#include "storage/disk.h"
#include "storage/view_json.h"
#include "storage/witness.h"

static const char *const kinds[] = {[LOG_FINE] = "fine",
    [LOG_FORKED] = "forked",
    [LOG_BACK] = "back",
    [LOG_UNPROVEN] = "unproven"};

static json_t *alarm_json(const struct view *v, enum alarm_kind kind)
{
	struct log_alarm a;

	if (!alarm_find(v->ix, kind, &a) || a.finding > LOG_UNPROVEN)
		return json_null();
	return json_pack("{s:s, s:o, s:o}", "kind", kinds[a.finding], "who",
	    json_text(a.who, strlen(a.who)), "at", json_time(a.at.ns));
}

/* What ledger/witnessed says; it was verified before it was written. */
struct witnessed {
	struct checkpoint c;
	int64_t time_s; /* of the newest cosignature */
	json_t *by; /* names */
};

static enum err read_witnessed(const struct view *v, struct witnessed *ret)
{
	char note[NOTE_MAX];
	struct note_signature s;
	size_t n, pos;
	enum err e =
	    disk_read(v->data_fd, "ledger/witnessed", note, sizeof(note), &n);

	if (!e)
		e = checkpoint_parse(note, n, &ret->c);
	if (!e)
		e = note_text(note, n, &pos);
	if (e)
		return e;
	ret->by = json_array();
	pos++;
	while (!(e = note_next(note, n, &pos, &s))) {
		int64_t at;

		if (s.n != NOTE_KEY_ID + COSIGN_BYTES)
			continue;
		at = cosign_time_s(s.bytes + NOTE_KEY_ID);
		if (at > ret->time_s)
			ret->time_s = at;
		json_array_append_new(ret->by, json_text(s.name, s.name_n));
	}
	return e == ERR_NOT_FOUND ? OK : e;
}

json_t *view_witnessed(const struct view *v, int64_t *ret_s, uint64_t *ret_size)
{
	struct witnessed w = {.time_s = 0};

	if (read_witnessed(v, &w) || !w.time_s) {
		json_decref(w.by);
		w = (struct witnessed){.by = json_array()};
	}
	*ret_s = w.time_s;
	*ret_size = w.c.size;
	return w.by;
}

json_t *view_witness_state(const struct view *v)
{
	struct peers *p = malloc(sizeof(*p));
	json_t *o, *by;
	uint64_t size;
	int64_t at_s;

	if (!p)
		return NULL;
	if (peers_load(v->data_fd, p))
		memset(p, 0, sizeof(*p));
	by = view_witnessed(v, &at_s, &size);
	o = json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "witnesses",
	    (json_int_t)p->witnesses, "logs", (json_int_t)p->logs, "last",
	    at_s ? json_time(at_s * NS_PER_SEC) : json_null(), "age_s",
	    at_s ? json_integer(v->now.ns / NS_PER_SEC - at_s) : json_null(),
	    "by", by, "size",
	    at_s ? json_integer((json_int_t)size) : json_null(), "alarm",
	    alarm_json(v, ALARM_OURS), "log_alarm", alarm_json(v, ALARM_LOG));
	free(p);
	return o;
}

static const char *const states[] = {[WITNESS_NEW] = "new",
    [WITNESS_FINE] = "fine",
    [WITNESS_AWAY] = "away",
    [WITNESS_STRANGER] = "stranger",
    [WITNESS_REFUSES] = "refuses"};

static json_t *ours(const struct witnessing *x)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->peers.witnesses; i++) {
		char vkey[VKEY_TEXT];

		vkey_format(&x->peers.witness[i].key, vkey);
		json_array_append_new(a,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "name",
			x->peers.witness[i].key.name, "key", vkey, "url",
			x->peers.witness[i].url, "pin", x->peers.witness[i].pin,
			"state", states[x->link[i].state], "size",
			(json_int_t)x->link[i].known));
	}
	return a;
}

static json_t *others(const struct witnessing *x, int data_fd)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->peers.logs; i++) {
		struct checkpoint c;
		char vkey[VKEY_TEXT];
		enum err e = witness_known(data_fd, x->peers.log[i].name, &c);

		vkey_format(&x->peers.log[i], vkey);
		json_array_append_new(a,
		    json_pack("{s:s, s:s, s:o}", "origin", x->peers.log[i].name,
			"key", vkey, "size",
			e ? json_null() : json_integer((json_int_t)c.size)));
	}
	return a;
}

enum err view_witnesses(const struct ledger *l, int data_fd,
    const struct witnessing *x, char **ret)
{
	struct vkey key = {.kind = NOTE_ED25519};
	char log[VKEY_TEXT] = "", witness[VKEY_TEXT];

	strcpy(key.name, ledger_origin(l));
	if (ledger_key_of(l, UINT64_MAX, key.key))
		vkey_format(&key, log);
	vkey_format(&x->key, witness);
	return view_text(json_pack("{s:s, s:s, s:o, s:o}", "log_key", log,
			     "witness_key", witness, "witnesses", ours(x),
			     "logs", others(x, data_fd)),
	    ret);
}
