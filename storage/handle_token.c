/*
 * handle_token.c - tokens of other programs: made and ended by an operator or a
 * custodian, looked at with each call (P6: none of them opens anything that a
 * person decides, watches or exports).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/keeper.h"
#include "storage/reader.h"
#include "storage/view.h"

#define REASON_MIN 3
#define DAY_NS (24 * 3600 * NS_PER_SEC)
#define NOTED_NS (60 * NS_PER_SEC) /* between two notes of its use */
#define HEALTH_NS (2 * NS_PER_SEC) /* how old an answer may be */

static bool may_give(const struct conn *c)
{
	return c->reader &&
	    (c->reader->role == ROLE_OPERATOR ||
		c->reader->role == ROLE_CUSTODIAN);
}

struct good {
	int64_t now_ns;
	unsigned n;
};

static enum err count_good(const struct token_row *t, void *arg)
{
	struct good *g = arg;

	g->n += !t->ended_ns && t->ends_ns > g->now_ns;
	return OK;
}

static enum err check_new(struct keeper *k, const struct token_row *t)
{
	struct good g = {k->now.ns, 0};
	enum err err = index_tokens(k->ix, count_good, &g);

	if (!err && g.n >= TOKENS_MAX)
		err = ERR_TOO_LARGE;
	if (!err &&
	    (!*t->name || t->ends_ns <= k->now.ns ||
		t->ends_ns > k->now.ns + TOKEN_DAYS_MAX * DAY_NS))
		err = ERR_INVALID;
	return err;
}

/* Its number is that of its entry. */
static enum err enter_new(struct keeper *k, struct token_row *t)
{
	char scope[TOKEN_SCOPE_TEXT];
	struct enter x;

	enter_begin(k, &x, ENTRY_TOKEN, t->maker);
	entry_put_i64(&x.e, TAG_ENDS, t->ends_ns);
	enter_text(&x, TAG_NAME, t->name);
	entry_put_text(&x.e, TAG_SCOPE, token_scopes_format(t->scopes, scope));
	return enter_end(k, &x, &t->id);
}

static void tell(struct conn *to, uint32_t id, const struct token_row *t,
    const char *text)
{
	struct wire w;

	wire_begin(&w, MSG_TOKEN_NEW_IS, id);
	wire_put_u64(&w, t->id);
	wire_put_str(&w, text);
	conn_send(to, &w, -1);
	crypt_wipe(w.buf, sizeof(w.buf));
}

void handle_token_new(struct keeper *k, struct conn *c, struct wire *w)
{
	struct token_row t = {.created_ns = k->now.ns};
	char scope[TOKEN_SCOPE_TEXT], text[TOKEN_TEXT];
	uint32_t id = w->id;
	enum err err;

	wire_get_text(w, t.name, sizeof(t.name));
	wire_get_text(w, scope, sizeof(scope));
	t.ends_ns = wire_get_i64(w);
	err = wire_end(w);
	if (!err && !may_give(c))
		err = ERR_DENIED;
	if (!err)
		err = token_scopes_parse(scope, &t.scopes);
	if (!err)
		err = check_new(k, &t);
	if (!err) {
		t.maker = c->reader->person;
		token_make(text, t.hash);
		err = enter_new(k, &t);
	}
	if (!err)
		err = index_token_put(k->ix, &t);
	if (err) {
		conn_error(c, id, err,
		    err == ERR_INVALID ?
			"A token needs a name, known scopes, and an end within "
			"366 days." :
			err == ERR_TOO_LARGE ?
			"There are 64 tokens already: end one first." :
			NULL);
		return;
	}
	tell(c, id, &t, text);
	if (c->reader->asker)
		tell(c->reader->asker, c->reader->asker_id, &t, text);
	c->reader->asker = NULL;
	crypt_wipe(text, sizeof(text));
}

void handle_token_end(struct keeper *k, struct conn *c, struct wire *w)
{
	char reason[TEXT_MAX];
	uint64_t token = wire_get_u64(w);
	uint32_t id = w->id;
	struct token_row t;
	struct enter x;
	enum err err;

	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err && !may_give(c))
		err = ERR_DENIED;
	if (!err && strlen(reason) < REASON_MIN)
		err = ERR_INVALID;
	if (!err)
		err = index_token_find(k->ix, token, &t);
	if (!err && t.ended_ns)
		err = ERR_NOT_FOUND;
	if (!err) {
		enter_begin(k, &x, ENTRY_TOKEN_ENDED, c->reader->person);
		enter_text(&x, TAG_REASON, reason);
		entry_put_u64(&x.e, TAG_TOKEN, token);
		err = enter_end(k, &x, NULL);
	}
	if (!err)
		err = index_token_end(k->ix, token, k->now.ns);
	if (err)
		conn_error(c, id, err,
		    err == ERR_INVALID ? "A token ends with a reason." : NULL);
	else
		person_answer(c, id, MSG_OK, 0);
}

/* The tool, as root: all of them. */
void handle_tokens(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = {.ix = k->ix, .now = k->now, .role = ROLE_OPERATOR};
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_tokens(&v, NULL, &json);
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_json(c, MSG_TOKENS_IS, w->id, json);
}

static struct token_rate *rate_of(struct keeper *k, uint64_t token)
{
	struct token_rate *oldest = &k->token_rates[0];

	for (size_t i = 0; i < TOKENS_MAX; i++) {
		if (k->token_rates[i].token == token)
			return &k->token_rates[i];
		if (k->token_rates[i].at_ns < oldest->at_ns)
			oldest = &k->token_rates[i];
	}
	*oldest = (struct token_rate){.token = token};
	return oldest;
}

/* Its use is counted, and noted now and then for people to see. */
static enum err count_use(struct keeper *k, const struct token_row *t)
{
	struct token_rate *r = rate_of(k, t->id);

	if (!token_take(r, k->mono))
		return ERR_RATE;
	if (k->now.ns - r->noted_ns < NOTED_NS && k->now.ns >= r->noted_ns)
		return OK;
	r->noted_ns = k->now.ns;
	return index_token_used(k->ix, t->id, k->now.ns);
}

static enum err check_use(struct keeper *k, const char *text, enum scope scope,
    struct token_row *ret)
{
	unsigned char hash[HASH_BYTES];
	enum err err = token_hash(text, hash);

	if (!err)
		err = index_token_by_hash(k->ix, hash, ret);
	if (err == ERR_NOT_FOUND)
		err = ERR_TOKEN;
	if (err)
		return err;
	if (ret->ended_ns || ret->ends_ns <= k->now.ns)
		return ERR_TOKEN;
	return ret->scopes & scope ? count_use(k, ret) : ERR_DENIED;
}

/*
 * Who keeps asking with what is no token waits, as one who guesses passwords
 * does; a good token is never kept waiting for that.
 */
static enum err enter_refused(struct keeper *k, enum err why,
    const struct token_row *t, enum scope scope, const char *address)
{
	char name[TOKEN_SCOPE_TEXT], key[80];
	struct enter x;

	snprintf(key, sizeof(key), "token %s", address);
	if (lockout_left_ns(&k->lockout, LOCKOUT_ADDRESS, key, k->mono))
		return ERR_LOCKED;
	lockout_failed(&k->lockout, LOCKOUT_ADDRESS, key, k->mono);
	enter_begin(k, &x, ENTRY_TOKEN_REFUSED, 0);
	enter_text(&x, TAG_ADDRESS, address);
	entry_put_u64(&x.e, TAG_ERROR, why);
	entry_put_u64(&x.e, TAG_TOKEN, t->id);
	entry_put_text(&x.e, TAG_SCOPE, token_scopes_format(scope, name));
	return enter_end(k, &x, NULL);
}

enum err token_use(struct keeper *k, struct wire *w, enum scope scope,
    struct token_row *ret)
{
	char text[WIRE_STR_MAX + 1], address[64];
	struct token_row t = {0};
	enum err err, other;

	wire_get_text(w, text, sizeof(text));
	wire_get_text(w, address, sizeof(address));
	err = w->err;
	if (!err)
		err = check_use(k, text, scope, &t);
	crypt_wipe(text, sizeof(text));
	if (err == ERR_TOKEN || err == ERR_DENIED) {
		other = enter_refused(k, err, &t, scope, address);
		return other ? other : err;
	}
	if (!err)
		*ret = t;
	return err;
}

const char *token_say(enum err err)
{
	return err == ERR_DENIED ? "This token has not the scope for that." :
	    err == ERR_LOCKED	 ? "Too many calls without a good token." :
				   NULL;
}

/* Made anew where it is older than that: with many cameras it costs. */
static enum err health_text(struct keeper *k, struct health_text *h,
    enum err (*make)(const struct view *, char **), char **ret)
{
	struct view v = view_of_keeper(k);
	char *text = NULL;
	enum err err = OK;

	if (!h->text || k->mono.ns - h->at_ns >= HEALTH_NS)
		err = make(&v, &text);
	if (text) {
		free(h->text);
		*h = (struct health_text){text, k->mono.ns};
	}
	if (!err && !(*ret = strdup(h->text)))
		err = ERR_NO_MEMORY;
	return err;
}

/* How the appliance does, for a program that watches many. */
static void read_health(struct keeper *k, struct conn *c, struct wire *w,
    struct health_text *h, enum err (*make)(const struct view *, char **))
{
	uint32_t id = w->id;
	uint16_t answer = w->type + 1;
	struct token_row t;
	char *text = NULL;
	enum err err = token_use(k, w, SCOPE_HEALTH_READ, &t);

	if (!err)
		err = wire_end(w);
	if (!err)
		err = health_text(k, h, make, &text);
	if (err)
		conn_error(c, id, err, token_say(err));
	else
		conn_json(c, answer, id, text);
}

void handle_token_status(struct keeper *k, struct conn *c, struct wire *w)
{
	read_health(k, c, w, &k->health_status, view_status);
}

void handle_token_metrics(struct keeper *k, struct conn *c, struct wire *w)
{
	read_health(k, c, w, &k->health_metrics, view_metrics);
}

void health_forget(struct keeper *k)
{
	free(k->health_status.text);
	free(k->health_metrics.text);
	k->health_status = k->health_metrics = (struct health_text){0};
}
