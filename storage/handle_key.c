/* handle_key.c - wrapped day keys for a custodian's reader, and back. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/keeper.h"
#include "storage/reader.h"

/* Wrapped keys go to custodians' readers only; they are of no use to others. */
void handle_day_key(struct keeper *k, struct conn *c, struct wire *w)
{
	char camera[CAMERA_ID_MAX + 1], day[16], *text = NULL;
	uint32_t id = w->id;
	int fd = -1;
	enum err err;

	wire_get_text(w, camera, sizeof(camera));
	wire_get_text(w, day, sizeof(day));
	err = wire_end(w);
	if (!err && c->reader->role != ROLE_CUSTODIAN)
		err = ERR_DENIED;
	if (!err)
		err = keyring_day_line(k->keyring, camera, day, &text);
	if (!err)
		err = bulk_from(text, strlen(text), &fd);
	crypt_free(text);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, MSG_DAY_KEY_IS, id);
	conn_send(c, w, fd);
}

/*
 * When custodians come or go, or the paper key is another one, the days before
 * are wrapped for others than those who should have them. A custodian's reader
 * asks for these days while his identity is open for an act, and sends them
 * wrapped anew. What stays undone, because it broke off, is done at the next
 * act of whichever custodian.
 */
#define STALE_DAYS_EACH 1024

struct holders {
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	uint64_t ids[AGE_RECIPIENTS_MAX];
	size_t n;
	char mark[KEYRING_MARK];
};

static enum err holders_now(struct keeper *k, struct holders *h)
{
	enum err err = custodian_recipients(k->ix, &k->roots, &k->site.paper,
	    h->to, h->ids, &h->n);

	if (!err)
		keyring_mark(h->to, h->n, h->mark);
	return err;
}

static bool may_rewrap(const struct reader *r)
{
	return r->role == ROLE_CUSTODIAN ||
	    (r->job == READER_RECOVER && r->started);
}

static enum err put_recipients(struct wire *w, const struct holders *h)
{
	char text[RECIPIENT_TEXT];

	wire_put_u8(w, (uint8_t)h->n);
	for (size_t i = 0; i < h->n; i++) {
		recipient_format(&h->to[i], text);
		wire_put_str(w, text);
	}
	return w->err;
}

void handle_stale_days(struct keeper *k, struct conn *c, struct wire *w)
{
	char camera[CAMERA_ID_MAX + 1], day[16], *text = NULL;
	struct holders h;
	uint32_t id = w->id;
	size_t n = 0;
	int fd = -1;
	enum err err;

	wire_get_text(w, camera, sizeof(camera));
	wire_get_text(w, day, sizeof(day));
	err = wire_end(w);
	if (!err && !may_rewrap(c->reader))
		err = ERR_DENIED;
	if (!err)
		err = holders_now(k, &h);
	if (!err)
		err = keyring_stale_days(k->keyring, h.mark, camera, day,
		    STALE_DAYS_EACH, &text, &n);
	if (!err)
		err = bulk_from(n ? text : "\n", n ? n : 1, &fd);
	crypt_free(text);
	wire_begin(w, MSG_STALE_DAYS_IS, id);
	if (!err)
		err = put_recipients(w, &h);
	if (err) {
		if (fd >= 0)
			close(fd);
		conn_error(c, id, err, NULL);
		return;
	}
	conn_send(c, w, fd);
}

static enum err enter_rewrapped(struct keeper *k, uint64_t person,
    const struct holders *h)
{
	unsigned char ids[8 * AGE_RECIPIENTS_MAX];
	struct enter x;

	for (size_t i = 0; i < h->n; i++)
		be_put(ids + 8 * i, h->ids[i], 8);
	enter_begin(k, &x, ENTRY_REWRAPPED, person);
	entry_put_bytes(&x.e, TAG_WRAPPED_TO, ids, 8 * h->n);
	entry_put_u64(&x.e, TAG_DAYS, k->rewrapped);
	k->rewrapped = 0;
	return enter_end(k, &x, NULL);
}

/*
 * A fresh kek once all are done: what the keyring was before opens nothing any
 * more, wherever old copies of it are left.
 */
static enum err rewrap(struct keeper *k, uint64_t person,
    const struct holders *h, const char *lines, size_t n)
{
	size_t days;
	enum err err =
	    keyring_rewrap(k->keyring, lines, n, h->mark, h->n, &days);

	if (err)
		return err;
	k->rewrapped += days;
	if (keyring_stale(k->keyring, h->mark))
		return keyring_commit(k->keyring);
	k->rekey = true;
	err = rewrap_settle(k);
	return err ? err : enter_rewrapped(k, person, h);
}

enum err rewrap_settle(struct keeper *k)
{
	enum err err = k->rekey ? keyring_rekey(k->keyring) : OK;

	if (!err)
		k->rekey = false;
	return err;
}

void handle_rewrap(struct keeper *k, struct conn *c, struct wire *w)
{
	char mark[KEYRING_MARK];
	struct holders h;
	const void *p = NULL;
	uint32_t id = w->id;
	size_t n = 0;
	enum err err;

	wire_get_text(w, mark, sizeof(mark));
	err = wire_end(w);
	if (!err && !may_rewrap(c->reader))
		err = ERR_DENIED;
	if (!err)
		err = holders_now(k, &h);
	if (!err && strcmp(mark, h.mark) != 0)
		err = ERR_BUSY;
	if (!err)
		err = bulk_map(w->fd, WIRE_BULK_MAX, &p, &n);
	if (!err)
		err = rewrap(k, c->reader->person, &h, p, n);
	bulk_unmap(p, n);
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}

/* Once all days are under a fresh kek: does anything still wait? For people. */
void rewrap_tick(struct keeper *k)
{
	struct holders h;
	uint32_t n, was = UINT32_MAX;
	size_t size;

	if (rewrap_settle(k))
		log_error("the keyring was not written under a fresh key");
	if (holders_now(k, &h))
		return;
	n = (uint32_t)keyring_stale(k->keyring, h.mark);
	if (index_setting_find(k->ix, REWRAP_LEFT, &was, sizeof(was), &size))
		was = 0;
	if (n != was && index_setting_put(k->ix, REWRAP_LEFT, &n, sizeof(n)))
		log_error("how many keys wait to be wrapped was not kept");
}
