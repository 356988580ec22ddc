/*
 * handle_aim.c - the aiming picture: an operator sees where a camera looks,
 * while aim.h allows it. Each look is entered before its picture is made (P5).
 * Nothing is kept for it: it waits for the next key frame, which its child
 * decodes and makes a small JPEG of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/keeper.h"

#define WAIT_NS (15 * NS_PER_SEC) /* for a key frame, and for the child */
#define REASON_MIN 3

static const char over[] =
    "An aiming picture may be looked at for ten minutes after the device was "
    "hung up. Later a custodian opens it.";

/* What pages show; what counts is in memory. */
static void tell_until(struct keeper *k, const struct camera *m, int64_t ns)
{
	char name[CAMERA_ID_MAX + 8];
	unsigned char kept[8];

	snprintf(name, sizeof(name), "aim %s", m->id);
	be_put(kept, (uint64_t)ns, sizeof(kept));
	if (index_setting_put(k->ix, name, kept, sizeof(kept)))
		log_warn("camera %s: until when it may be looked through was "
			 "not kept",
		    m->id);
}

void aim_load(struct keeper *k, const struct camera *m)
{
	tell_until(k, m, 0);
}

void aim_begin(struct keeper *k, struct camera *m, uint64_t because)
{
	aim_open(&m->aim, k->mono, k->conf.aim_s, because);
	tell_until(k, m, k->now.ns + m->aim.until_ns - k->mono.ns);
}

void aim_end(struct keeper *k, struct camera *m)
{
	aim_close(&m->aim);
	tell_until(k, m, 0);
}

/* Its asker hears of it, and the place is free. */
static void give_up(struct camera *m, enum err err, const char *why)
{
	conn_error(m->aiming.asker, m->aiming.asker_id, err, why);
	m->aiming = (struct aiming){0};
}

void aim_tick(struct keeper *k, struct camera *m)
{
	if (m->aiming.asker && k->mono.ns >= m->aiming.until_ns)
		give_up(m, ERR_TIMEOUT,
		    "The camera sent no key frame in time: try again.");
}

void aim_forget(struct keeper *k, const struct conn *asker)
{
	for (struct camera *m = k->cameras; m; m = m->next)
		if (m->aiming.asker == asker)
			m->aiming = (struct aiming){0};
}

static enum err enter_look(struct keeper *k, const struct conn *c,
    const struct camera *m)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_AIM, c->reader->person);
	entry_put_text(&x.e, TAG_CAMERA, m->id);
	entry_put_u64(&x.e, TAG_DECISION, m->aim.because);
	return enter_end(k, &x, NULL);
}

static enum err may_look(struct keeper *k, const struct conn *c,
    const struct camera *m, const char **ret_why)
{
	if (!c->reader || !c->reader->signed_in ||
	    c->reader->role != ROLE_OPERATOR)
		return ERR_DENIED;
	if (!m)
		return ERR_NOT_FOUND;
	if (!aim_is_open(&m->aim, k->mono)) {
		*ret_why = over;
		return ERR_NOT_APPROVED;
	}
	if (m->conn && m->segment)
		return m->aiming.asker ? ERR_BUSY : OK;
	*ret_why = "The camera sends nothing at the moment.";
	return ERR_UNAVAILABLE;
}

void handle_aim(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = camera_find(k, wire_get_str(w));
	const char *why = NULL;
	int64_t until = k->mono.ns + WAIT_NS;
	enum err err = wire_end(w);

	if (!err)
		err = may_look(k, c, m, &why);
	if (!err)
		err = enter_look(k, c, m);
	if (err) {
		conn_error(c, w->id, err, why);
		return;
	}
	m->aiming = (struct aiming){.asker = c,
	    .asker_id = w->id,
	    .until_ns = until < m->aim.until_ns ? until : m->aim.until_ns};
}

void aim_fragment(struct keeper *k, struct camera *m, const void *p, size_t n)
{
	size_t init = m->segment->pieces[0].len;
	unsigned char *buf;
	struct wire w;
	int fd = -1;
	enum err err = ERR_NO_MEMORY;

	if (!m->aiming.asker || m->aiming.sent || !m->conn)
		return;
	buf = malloc(init + n);
	if (buf) {
		memcpy(buf, m->segment->init, init);
		memcpy(buf + init, p, n);
		err = bulk_from(buf, init + n, &fd);
		explicit_bzero(buf, init + n);
		free(buf);
	}
	if (err) {
		give_up(m, err, NULL);
		return;
	}
	m->aiming.question = ++k->look_id;
	m->aiming.sent = true;
	wire_begin(&w, MSG_AIM_PICTURE, m->aiming.question);
	conn_send(m->conn, &w, fd);
}

/* The child is not believed: it may send anything, and only when asked. */
void handle_aim_picture_is(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = c->camera;
	struct wire answer;
	const void *p;
	size_t n;
	bool is_picture;

	if (!m->aiming.asker || !m->aiming.sent ||
	    m->aiming.question != w->id || wire_end(w))
		return;
	if (k->mono.ns >= m->aiming.until_ns) {
		aim_tick(k, m);
		return;
	}
	if (w->fd < 0 || bulk_map(w->fd, AIM_BYTES_MAX, &p, &n)) {
		give_up(m, ERR_UNSUPPORTED,
		    "No picture of this stream could be made.");
		return;
	}
	is_picture = aim_is_jpeg(p, n);
	bulk_unmap(p, n);
	if (!is_picture) {
		give_up(m, ERR_FORMAT, NULL);
		return;
	}
	wire_begin(&answer, MSG_AIM_IS, m->aiming.asker_id);
	conn_pass(m->aiming.asker, &answer, w->fd);
	m->aiming = (struct aiming){0};
}

/* A camera that hangs somewhere. */
static enum err find(struct keeper *k, const char *id, struct camera **ret)
{
	int64_t retired = 0;
	enum err err;

	*ret = camera_find(k, id);
	err = *ret ? index_retired(k->ix, id, &retired) : ERR_NOT_FOUND;
	return err ? err : retired ? ERR_INVALID : OK;
}

/* P6: one opens it, and another looks. */
void handle_aim_open(struct keeper *k, struct conn *c, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1], reason[TEXT_MAX];
	struct camera *m = NULL;
	struct enter x;
	uint64_t entry = 0;
	enum err err;

	wire_get_text(w, id, sizeof(id));
	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err && (!c->reader || c->reader->role != ROLE_CUSTODIAN))
		err = ERR_DENIED;
	if (!err)
		err = find(k, id, &m);
	if (!err && strlen(reason) < REASON_MIN)
		err = ERR_INVALID;
	if (!err) {
		enter_begin(k, &x, ENTRY_AIM_OPENED, c->reader->person);
		entry_put_text(&x.e, TAG_CAMERA, id);
		entry_put_i64(&x.e, TAG_ENDS,
		    k->now.ns + k->conf.aim_s * NS_PER_SEC);
		enter_text(&x, TAG_REASON, reason);
		err = enter_end(k, &x, &entry);
	}
	if (err) {
		conn_error(c, w->id, err,
		    err == ERR_INVALID ? "A reason is needed, and a camera "
					 "that was not retired." :
					 NULL);
		return;
	}
	aim_begin(k, m, entry);
	person_answer(c, w->id, MSG_OK, 0);
}

static enum err keep_keypad(struct keeper *k, const char *id, unsigned keypad)
{
	char name[CAMERA_ID_MAX + 8];
	unsigned char kept = (unsigned char)keypad;

	snprintf(name, sizeof(name), "keypad %s", id);
	return index_setting_put(k->ix, name, &kept, 1);
}

enum err keypad_anew(struct keeper *k, const struct camera *m)
{
	return keep_keypad(k, m->id, KEYPAD_UNKNOWN);
}

void handle_keypad(struct keeper *k, struct conn *c, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1];
	struct camera *m;
	struct enter x;
	unsigned keypad;
	enum err err;

	wire_get_text(w, id, sizeof(id));
	keypad = wire_get_u8(w);
	err = wire_end(w);
	if (!err && !may_onboard(c))
		err = ERR_DENIED;
	if (!err && (keypad == KEYPAD_UNKNOWN || keypad >= KEYPAD_MAX))
		err = ERR_INVALID;
	if (!err)
		err = find(k, id, &m);
	if (!err)
		err = keep_keypad(k, id, keypad);
	if (!err) {
		enter_begin(k, &x, ENTRY_KEYPAD, who_asks(c));
		entry_put_text(&x.e, TAG_CAMERA, id);
		entry_put_u64(&x.e, TAG_KEYPAD, keypad);
		err = enter_end(k, &x, NULL);
	}
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_ok(c, w->id);
}
