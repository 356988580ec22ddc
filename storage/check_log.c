#include "storage/check_state.h"

#include <inttypes.h>
#include <string.h>

#include "storage/epoch.h"

static const struct check_actor *actor(const struct check *c, uint64_t person)
{
	for (size_t i = 0; i < c->actors_n; i++)
		if (c->actors[i].person == person)
			return &c->actors[i];
	return NULL;
}

static void on_person(struct check *c, const struct entry_view *v)
{
	struct entry_field person, role, key;
	struct check_actor *a;

	if (!entry_find(v, TAG_PERSON, &person) ||
	    !entry_find(v, TAG_ROLE, &role) ||
	    !entry_find(v, TAG_SIGN_KEY, &key) || c->actors_n == ACTORS_MAX ||
	    actor(c, field_u64(&person)))
		return;
	a = &c->actors[c->actors_n++];
	a->person = field_u64(&person);
	a->role = field_u64(&role);
	memcpy(a->key, key.p, KEY_BYTES);
}

/* A log that goes on does not name again whom a former one named. */
static bool is_of_former(const struct check *c, const struct entry_view *v)
{
	struct entry_field signer;

	return c->alone && c->epoch_ns && entry_find(v, TAG_SIGNER, &signer) &&
	    !actor(c, field_u64(&signer));
}

/* Did a custodian that the ledger names sign this act? */
static bool is_signed(const struct check *c, const unsigned char *p, size_t n,
    const struct entry_view *v)
{
	unsigned char text[ACT_MAX];
	struct entry_field signer, signature;
	const struct check_actor *a = NULL;
	size_t text_n;

	if (entry_find(v, TAG_SIGNER, &signer))
		a = actor(c, field_u64(&signer));
	return a && a->role == ROLE_CUSTODIAN &&
	    entry_find(v, TAG_SIGNATURE, &signature) &&
	    !act_text(p, n, text, &text_n) &&
	    !sign_check(a->key, text, text_n, signature.p);
}

static void on_log_key(struct check *c, uint64_t i, const unsigned char *p,
    size_t n, const struct entry_view *v, const char *origin)
{
	unsigned char next[KEY_BYTES];
	uint64_t signer;

	if (!c->has_log_key ||
	    log_key_check(p, n, origin, c->log_key, next, &signer)) {
		check_say(c, CHANGED, "P10", NULL, v->time.ns, NULL,
		    "entry %" PRIu64 " names a key of the log that neither "
		    "the old key nor a custodian signed",
		    i);
		return;
	}
	memcpy(c->log_key, next, KEY_BYTES);
}

void check_act(struct check *c, uint64_t i, const unsigned char *p, size_t n,
    const struct entry_view *v, const char *origin)
{
	struct entry_field f;

	switch (v->type) {
	case ENTRY_LOG_BEGINS:
		if (i || !entry_find(v, TAG_LOG_KEY, &f))
			return;
		memcpy(c->log_key, f.p, KEY_BYTES);
		c->has_log_key = true;
		return;
	case ENTRY_PERSON:
		on_person(c, v);
		return;
	case ENTRY_LOG_KEY:
		on_log_key(c, i, p, n, v, origin);
		break;
	case ENTRY_PAPER:
	case ENTRY_EPOCH_CONFIRMED:
	case ENTRY_WITNESS_ADDED:
	case ENTRY_LOG_ALLOWED:
	case ENTRY_WITNESS_REMOVED:
	case ENTRY_CLOCK_WITNESS:
		break;
	default:
		return;
	}
	if (is_of_former(c, v))
		c->unnamed++;
	else if (!is_signed(c, p, n, v))
		check_say(c, CHANGED, "P6", NULL, v->time.ns, NULL,
		    "entry %" PRIu64 " (%s) is not signed by a custodian", i,
		    entry_type_name(v->type));
}

/* What entry 0 of a log says about the log before it. */
struct said {
	bool is_later; /* it is of a later epoch */
	uint64_t size, found;
	int64_t at_ns;
};

static enum err hear(struct ledger *l, struct said *ret)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	size_t n;
	enum err e = ledger_get(l, 0, buf, &n);

	*ret = (struct said){.is_later = false};
	if (e == ERR_NOT_FOUND)
		return OK;
	if (!e)
		e = entry_parse(buf, n, &v);
	if (e)
		return e == ERR_FORMAT || e == ERR_INTEGRITY ? OK : e;
	ret->is_later = entry_find(&v, TAG_LOG_EPOCH, &f);
	ret->at_ns = v.time.ns;
	if (entry_find(&v, TAG_FORMER_SIZE, &f))
		ret->size = field_u64(&f);
	if (entry_find(&v, TAG_FORMER_FOUND, &f))
		ret->found = field_u64(&f);
	return OK;
}

static void say_lost(struct check *c, const struct said *s, const char *name)
{
	if (s->size > s->found)
		check_say(c, MISSING, "P10", NULL, s->at_ns, name,
		    "entries %" PRIu64 " to %" PRIu64 " were lost; the log "
		    "went on in a new epoch",
		    s->found, s->size - 1);
	else
		check_say(c, MISSING, "P10", NULL, s->at_ns, name,
		    "could not be gone on with; the log went on in a new "
		    "epoch");
}

enum err check_formers(struct check *c, struct ledger *present)
{
	struct ledger *l[EPOCHS_MAX + 1] = {NULL};
	struct said said;
	char name[32];
	unsigned last;
	enum err e = epoch_last(c->data_fd, &last);

	for (unsigned i = 1; !e && i <= last; i++) {
		snprintf(name, sizeof(name), "ledger.%u", i);
		if (ledger_open_as_is(c->data_fd, name, &l[i]))
			l[i] = NULL;
	}
	for (unsigned i = 1; !e && i <= last; i++) {
		struct ledger *next = i == last ? present : l[i + 1];

		snprintf(name, sizeof(name), "ledger.%u", i);
		said.is_later = false;
		if (next)
			e = hear(next, &said);
		if (!e && said.is_later)
			say_lost(c, &said, name);
		if (!e && l[i])
			e = check_ledger_in(c, l[i], name, true);
	}
	/* the former one may be lost altogether, and leave no name */
	if (!e)
		e = hear(present, &said);
	if (!e && said.is_later) {
		c->epoch_ns = said.at_ns;
		if (!last)
			say_lost(c, &said, "ledger.1");
	}
	for (unsigned i = 1; i <= EPOCHS_MAX; i++)
		ledger_close(l[i]);
	return e;
}
