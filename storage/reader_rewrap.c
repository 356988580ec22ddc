/*
 * reader_rewrap.c - day keys wrapped anew, to those who should have them now,
 * while an identity that opens them is open for an act.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/keyring_line.h"
#include "storage/session.h"

/* Days as the keeper hands them over, and what they become. */
struct batch {
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	size_t to_n;
	char camera[CAMERA_ID_MAX + 1], day[16]; /* of the last one */
	const char *lines;
	size_t lines_n;
	char *out;
	size_t out_n, room;
};

static enum err append(struct batch *b, const char *p, size_t n)
{
	if (n > b->room - b->out_n) {
		size_t want = 2 * (b->out_n + n);
		char *bigger = realloc(b->out, want);

		if (!bigger)
			return ERR_NO_MEMORY;
		b->out = bigger;
		b->room = want;
	}
	memcpy(b->out + b->out_n, p, n);
	b->out_n += n;
	return OK;
}

static enum err append_line(struct batch *b, const struct keyring_day *d,
    const char *b64)
{
	char head[64 + RECIPIENT_TEXT];
	enum err err;

	snprintf(head, sizeof(head), "%s %s %s ", d->camera, d->date,
	    d->recipient);
	err = append(b, head, strlen(head));
	if (!err)
		err = append(b, b64, strlen(b64));
	return err ? err : append(b, "\n", 1);
}

/* One that this identity does not open is left to whoever can open it. */
static enum err wrap_day(struct batch *b, const struct keyring_day *d,
    const struct age_identity *id)
{
	struct age_identity day;
	char *b64 = NULL;
	enum err err = day_open(d, id, &day);

	if (err)
		return err == ERR_NO_KEY ? OK : err;
	err = keyring_wrap(&day, b->to, b->to_n, &b64);
	crypt_wipe(&day, sizeof(day));
	if (!err)
		err = append_line(b, d, b64);
	crypt_free(b64);
	return err;
}

static enum err wrap_days(struct batch *b, const struct age_identity *id)
{
	const char *p = b->lines;
	size_t n = b->lines_n;
	enum err err = OK;

	while (n && !err) {
		const char *end = memchr(p, '\n', n);
		size_t line = end ? (size_t)(end - p) : n;
		struct keyring_line l = {0};

		if (line)
			err = keyring_line_parse(p, line, &l);
		if (!err && l.day) {
			snprintf(b->camera, sizeof(b->camera), "%s",
			    l.day->camera);
			snprintf(b->day, sizeof(b->day), "%s", l.day->date);
			err = wrap_day(b, l.day, id);
		}
		keyring_day_free(l.day);
		keyring_grant_free(l.grant);
		line += end != NULL;
		p += line;
		n -= line;
	}
	return err;
}

/* ERR_NOT_FOUND where there are no more. */
static enum err ask_days(struct session *s, struct batch *b)
{
	const void *p = NULL;
	struct wire w;
	enum err err;

	keeper_begin(s, &w, MSG_STALE_DAYS);
	wire_put_str(&w, b->camera);
	wire_put_str(&w, b->day);
	err = keeper_call(s, &w, -1);
	if (err)
		return err;
	b->to_n = wire_get_u8(&w);
	for (size_t i = 0; i < b->to_n && !err; i++)
		err = i < AGE_RECIPIENTS_MAX ?
		    recipient_parse(wire_get_str(&w), &b->to[i]) :
		    ERR_TOO_LARGE;
	if (!err)
		err = wire_end(&w);
	if (!err)
		err = bulk_map(w.fd, WIRE_BULK_MAX, &p, &b->lines_n);
	if (w.fd >= 0)
		close(w.fd);
	b->lines = p;
	return err ? err : b->lines_n > 1 ? OK : ERR_NOT_FOUND;
}

static enum err put_days(struct session *s, const struct batch *b)
{
	char mark[KEYRING_MARK];
	struct wire w;
	int fd;
	enum err err = bulk_from(b->out, b->out_n, &fd);

	if (err)
		return err;
	keyring_mark(b->to, b->to_n, mark);
	keeper_begin(s, &w, MSG_REWRAP);
	wire_put_str(&w, mark);
	err = keeper_call(s, &w, fd);
	close(fd);
	return err;
}

void session_rewrap(struct session *s, const struct age_identity *id)
{
	struct batch *b = calloc(1, sizeof(*b));
	enum err err = b ? OK : ERR_NO_MEMORY;

	while (!err) {
		err = ask_days(s, b);
		b->out_n = 0;
		if (!err)
			err = wrap_days(b, id);
		bulk_unmap(b->lines, b->lines_n);
		b->lines = NULL;
		b->lines_n = 0;
		if (!err && b->out_n)
			err = put_days(s, b);
	}
	if (err != ERR_NOT_FOUND)
		log_warn("day keys are still to be wrapped anew: %s",
		    err_name(err));
	if (b)
		free(b->out);
	free(b);
	held_rewrap(s, id);
}

void session_rewrap_seed(struct session *s, const unsigned char seed[KEY_BYTES])
{
	struct age_identity id;

	seed_identity(seed, &id);
	session_rewrap(s, &id);
	crypt_wipe(&id, sizeof(id));
}
