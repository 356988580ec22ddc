/*
 * handle_setup.c - set-up: the code of the console makes one operator, once;
 * he does the rest, and ends it with an entry. Web is not trusted: whoever
 * speaks for it can do nothing here without the code.
 */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/reader.h"
#include "storage/spawn.h"

#define REASON_MIN 3

/* A name that no user has; guessing slows down all who guess. */
static const char who[] = "set-up code";

static void begin_step(struct keeper *k, struct enter *x, uint64_t person)
{
	enter_begin(k, x, ENTRY_SETUP, person);
}

static enum err end_step(struct keeper *k, struct enter *x,
    enum setup_step step)
{
	entry_put_u64(&x->e, TAG_SETUP, step);
	return enter_end(k, x, NULL);
}

/* P5: each wrong code is entered, counted, and makes the next one wait. */
static enum err wrong(struct keeper *k, const char *address)
{
	struct setup s = k->setup;
	struct enter x;
	enum err err;

	lockout_failed(&k->lockout, LOCKOUT_USER, who, k->mono);
	lockout_failed(&k->lockout, LOCKOUT_ADDRESS, address, k->mono);
	s.wrong++;
	begin_step(k, &x, 0);
	enter_text(&x, TAG_ADDRESS, address);
	err = end_step(k, &x, SETUP_STEP_REFUSED);
	if (!err)
		err = setup_put(k->ix, &s);
	if (!err)
		k->setup = s;
	return err;
}

/* str code, str client address: may who sends this set the box up? */
static enum err get_code(struct keeper *k, struct wire *w, char *ret_why,
    size_t n)
{
	char code[WIRE_STR_MAX + 1], address[64];
	enum err err, entered;

	wire_get_text(w, code, sizeof(code));
	wire_get_text(w, address, sizeof(address));
	err = w->err;
	if (!err)
		err = people_locked(k, who, address, ret_why, n);
	if (!err)
		err = setup_code_check(&k->setup, k->now, code);
	if (err == ERR_SETUP_CODE) {
		entered = wrong(k, address);
		err = entered ? entered : err;
	}
	crypt_wipe(code, sizeof(code));
	return err;
}

static void refuse(struct conn *c, uint32_t id, enum err err, const char *why)
{
	conn_error(c, id, err, *why ? why : NULL);
}

void handle_setup_code(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	char why[80] = "";
	enum err err = get_code(k, w, why, sizeof(why));

	if (!err)
		err = wire_end(w);
	crypt_wipe(w->buf, sizeof(w->buf));
	if (err)
		refuse(c, id, err, why);
	else
		conn_ok(c, id);
}

/* What a reader makes of it is as if the console had asked: user.c. */
static enum err draft(struct wire *w, uint32_t id, struct wire *ret)
{
	char user[64], name[TEXT_MAX], password[WIRE_STR_MAX + 1];
	enum err err;

	wire_get_text(w, user, sizeof(user));
	wire_get_text(w, name, sizeof(name));
	wire_get_text(w, password, sizeof(password));
	err = wire_end(w);
	if (!err && (!user_name_ok(user) || !*name || !password_ok(password)))
		err = ERR_INVALID;
	wire_begin(ret, MSG_USER_ADD, id);
	wire_put_str(ret, "");
	wire_put_str(ret, "");
	wire_put_str(ret, user);
	wire_put_str(ret, name);
	wire_put_u8(ret, ROLE_OPERATOR);
	wire_put_str(ret, password);
	wire_put_u8(ret, 0);	/* no deputy */
	crypt_wipe(password, sizeof(password));
	return err ? err : ret->err;
}

void handle_setup_operator(struct keeper *k, struct conn *c, struct wire *w)
{
	struct reader *r = NULL;
	struct wire act;
	uint32_t id = w->id;
	char why[80] = "";
	enum err err = get_code(k, w, why, sizeof(why));

	if (!err)
		err = draft(w, id, &act);
	crypt_wipe(w->buf, sizeof(w->buf));
	if (!err)
		err = reader_spawn(k, READER_OPERATOR, NULL, "", &r);
	if (err) {
		refuse(c, id, err, why);
		return;
	}
	r->asker = c;
	r->asker_id = id;
	r->act = act;
	r->act.fd = -1;
	r->setup = true;
	memcpy(r->user, who, sizeof(who));
	crypt_wipe(&act, sizeof(act));
}

/* Two may have been asked for with one code: the second finds it used. */
enum err setup_may(struct keeper *k, const struct reader *r)
{
	return !r->setup || k->setup.state == SETUP_CODE ? OK : ERR_SETUP_ENDED;
}

enum err setup_made(struct keeper *k, const struct reader *r, uint64_t person)
{
	struct setup next = {.state = r->setup ? SETUP_STEPS : SETUP_OVER};
	struct enter x;
	enum err err = OK;

	if (k->setup.state != SETUP_CODE)
		return OK;
	if (r->setup) {
		begin_step(k, &x, person);
		err = end_step(k, &x, SETUP_STEP_USED);
	}
	if (!err)
		err = setup_put(k->ix, &next);
	if (!err)
		k->setup = next;
	return err;
}

void handle_setup_new(struct keeper *k, struct conn *c, struct wire *w)
{
	char code[SETUP_CODE_TEXT] = "";
	struct setup s = k->setup;
	uint32_t id = w->id;
	struct enter x;
	enum err err = wire_end(w);

	if (!err && k->setup.state != SETUP_CODE)
		err = ERR_EXISTS;
	if (!err) {
		setup_code_make(&s, k->now, code);
		begin_step(k, &x, 0);
		err = end_step(k, &x, SETUP_STEP_NEW);
	}
	if (!err)
		err = setup_put(k->ix, &s);
	if (err) {
		conn_error(c, id, err,
		    err == ERR_EXISTS ? "Somebody can sign in already: there "
					"is no set-up code any more." :
					NULL);
		return;
	}
	k->setup = s;
	lockout_passed(&k->lockout, LOCKOUT_USER, who);
	wire_begin(w, MSG_SETUP_NEW_IS, id);
	wire_put_str(w, code);
	conn_send(c, w, -1);
	crypt_wipe(code, sizeof(code));
	crypt_wipe(w->buf, sizeof(w->buf));
}

/* P9: was a segment of any camera read back? */
static bool any_proved(struct keeper *k)
{
	int64_t first, sealed, proved = 0;

	for (struct camera *m = k->cameras; m && !proved; m = m->next)
		if (index_segment_times(k->ix, m->id, &first, &sealed, &proved))
			proved = 0;
	return proved != 0;
}

/* What is missing; NULL where all is there, or its lack was accepted. */
static const char *missing(struct keeper *k, const char *reason,
    enum setup_step *ret)
{
	unsigned n = 0;

	if (index_custodians(k->ix, &n))
		return "The people cannot be read.";
	*ret = n < 2 ? SETUP_STEP_ALONE : SETUP_STEP_FINISHED;
	if (n < 2 && strlen(reason) < REASON_MIN)
		return "There is one custodian: name a second one, or say why "
		       "not.";
	if (!any_proved(k))
		return "No camera is proven to record yet.";
	return NULL;
}

void handle_setup_finish(struct keeper *k, struct conn *c, struct wire *w)
{
	struct setup over = {.state = SETUP_OVER};
	enum setup_step step = SETUP_STEP_FINISHED;
	char reason[TEXT_MAX];
	const char *why = NULL;
	uint32_t id = w->id;
	struct enter x;
	enum err err;

	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err && !may_onboard(c))
		err = ERR_DENIED;
	if (!err && k->setup.state != SETUP_STEPS)
		err = ERR_SETUP_ENDED;
	if (!err) {
		why = missing(k, reason, &step);
		err = why ? ERR_INVALID : OK;
	}
	if (!err) {
		begin_step(k, &x, who_asks(c));
		if (step == SETUP_STEP_ALONE)
			enter_text(&x, TAG_REASON, reason);
		err = end_step(k, &x, step);
	}
	if (!err)
		err = setup_put(k->ix, &over);
	if (err) {
		conn_error(c, id, err, why);
		return;
	}
	k->setup = over;
	conn_ok(c, id);
}
