/*
 * reader_held.c - while a custodian's identity is open: days of which a hold
 * keeps a part get a new key that opens nothing else (P3).
 *
 * The new key is made here, for the reader alone can prove that it opens what
 * the old one did; nothing is handed over that was not opened again first.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/session.h"
#include "storage/site.h"

#define AT_ONCE_NS (5 * NS_PER_SEC) /* a person waits; the rest comes later */

struct rewrap {
	struct session *s;
	struct age_identity old, fresh;
	struct age_recipient to;	/* fresh */
	struct keyring_day *day;
};

static enum err count_one(const struct segment_row *row, void *arg)
{
	size_t *n = arg;

	(void)row;
	(*n)++;
	return OK;
}

static enum err wrap_header(const struct rewrap *w,
    const unsigned char file_key[AGE_FILE_KEY], struct keyring_held *ret)
{
	unsigned char buf[AGE_HEADER_MAX], nonce[AGE_NONCE] = {0};
	unsigned char again[AGE_FILE_KEY];
	size_t n;
	enum err err = age_header_write(file_key, nonce, &w->to, 1, buf, &n);

	if (!err)
		err = age_header_open(buf, n, &w->fresh, 1, again, &n);
	if (!err &&
	    (n != AGE_HEADER_ONE || memcmp(again, file_key, AGE_FILE_KEY) != 0))
		err = ERR_INTERNAL;
	crypt_wipe(again, sizeof(again));
	if (!err)
		memcpy(ret->header, buf, AGE_HEADER_ONE);
	return err;
}

/* What is lost already has no key to keep; anything else must be read. */
static enum err hold_one(const struct segment_row *row, void *arg)
{
	struct rewrap *w = arg;
	struct keyring_held *h = &w->day->held[w->day->held_n];
	unsigned char file_key[AGE_FILE_KEY];
	enum err err = footage_file_key(w->s->data_fd, row, &w->old, file_key);

	if (err)
		return row->state == SEGMENT_LOST ? OK : err;
	h->seq = row->seq;
	err = wrap_header(w, file_key, h);
	crypt_wipe(file_key, sizeof(file_key));
	w->day->held_n += !err;
	return err;
}

/* The fresh identity, wrapped; opened again with what the custodian has. */
static enum err wrap_fresh(struct rewrap *w, const struct age_identity *mine)
{
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	uint64_t ids[AGE_RECIPIENTS_MAX];
	struct age_identity again = {0};
	struct site site;
	size_t n;
	enum err err = site_read(w->s->data_fd, &site);

	if (!err)
		err = custodian_recipients(w->s->ix, &w->s->roots, &site.paper,
		    to, ids, &n);
	if (!err && !(w->day->wraps = calloc(1, sizeof(*w->day->wraps))))
		err = ERR_NO_MEMORY;
	if (!err) {
		keyring_mark(to, n, w->day->mark);
		err = keyring_wrap(&w->fresh, to, n, &w->day->wraps[0]);
	}
	if (!err)
		w->day->wraps_n = 1;
	if (!err)
		err = day_open(w->day, mine, &again);
	if (!err && memcmp(&again, &w->fresh, sizeof(again)) != 0)
		err = ERR_INTERNAL;
	crypt_wipe(&again, sizeof(again));
	return err;
}

static enum err hand_over(struct session *s, const struct keyring_day *d)
{
	struct wire w;
	char *line = NULL;
	int fd = -1;
	enum err err = keyring_line_day(d, &line);

	if (!err)
		err = bulk_from(line, strlen(line), &fd);
	if (!err) {
		keeper_begin(s, &w, MSG_HELD_PUT);
		wire_put_str(&w, d->camera);
		wire_put_str(&w, d->date);
		err = keeper_call(s, &w, fd);
	}
	if (fd >= 0)
		close(fd);
	crypt_free(line);
	return err;
}

static enum err rewrap_day(struct session *s, const char *camera,
    const char *day, const struct age_identity *mine)
{
	struct rewrap w = {.s = s};
	struct keyring_day *was = NULL;
	size_t n = 0;
	enum err err = day_get(s, camera, day, mine, &was, &w.old);

	keyring_day_free(was);
	w.day = err ? NULL : calloc(1, sizeof(*w.day));
	if (!err && !w.day)
		err = ERR_NO_MEMORY;
	if (!err)
		err = index_segments_of_day(s->ix, camera, day, 0, UINT32_MAX,
		    count_one, &n);
	if (!err)
		err = keyring_day_room(w.day, n);
	if (err)
		goto out;
	w.day->is_held = true;
	memcpy(w.day->camera, camera, strlen(camera));
	memcpy(w.day->date, day, strlen(day));
	identity_new(&w.fresh);
	identity_recipient(&w.fresh, &w.to);
	recipient_format(&w.to, w.day->recipient);
	err = wrap_fresh(&w, mine);
	if (!err)
		err = index_segments_of_day(s->ix, camera, day, 0, (unsigned)n,
		    hold_one, &w);
	if (!err)
		err = hand_over(s, w.day);
out:
	crypt_wipe(&w.old, sizeof(w.old));
	crypt_wipe(&w.fresh, sizeof(w.fresh));
	keyring_day_free(w.day);
	return err;
}

/* Lines "camera SP day" of the keeper's. */
static void rewrap_all(struct session *s, const char *p, size_t n,
    const struct age_identity *mine)
{
	char camera[CAMERA_ID_MAX + 1], day[11];
	int64_t until = mono_now().ns + AT_ONCE_NS;

	while (n && mono_now().ns < until) {
		const char *end = memchr(p, '\n', n);
		const char *space =
		    end ? memchr(p, ' ', (size_t)(end - p)) : NULL;
		enum err err;

		if (!space || (size_t)(space - p) >= sizeof(camera) ||
		    end - space != sizeof(day))
			return;
		memcpy(camera, p, (size_t)(space - p));
		camera[space - p] = '\0';
		memcpy(day, space + 1, sizeof(day) - 1);
		day[sizeof(day) - 1] = '\0';
		err = rewrap_day(s, camera, day, mine);
		if (err)
			log_warn("camera %s, %s: what is held of it keeps the "
				 "day's key: %s",
			    camera, day, err_text(err));
		n -= (size_t)(end + 1 - p);
		p = end + 1;
	}
}

void held_rewrap(struct session *s, const struct age_identity *id)
{
	const void *p = NULL;
	struct wire w;
	size_t n = 0;
	enum err err;

	keeper_begin(s, &w, MSG_HELD_DAYS);
	err = keeper_call(s, &w, -1);
	if (!err)
		err = wire_end(&w);
	if (!err)
		err = bulk_map(w.fd, WIRE_BULK_MAX, &p, &n);
	if (!err)
		rewrap_all(s, p, n, id);
	else
		log_warn("held days: %s", err_text(err));
	bulk_unmap(p, n);
	if (w.fd >= 0)
		close(w.fd);
}
