/*
 * reader_camera.c - an operator's work on cameras: the keeper decides, and
 * passes on to the recorder what needs the network. Passwords come sealed to
 * the recorder's key; nothing here could open them.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/session.h"

/* The message as it is, to the keeper; its answer as it is, to the client. */
enum err session_onboard(struct session *s, struct wire *w)
{
	struct wire ask;
	uint32_t id = w->id;
	size_t n = w->len - w->pos;
	int fd;
	enum err err = w->err;

	if (err)
		return err;
	keeper_begin(s, &ask, (enum msg)w->type);
	memcpy(ask.buf + ask.len, w->buf + w->pos, n);
	ask.len += n;
	err = keeper_call(s, &ask, -1);
	if (err) {
		if (ask.type == MSG_ERROR)
			snprintf(s->about.say, sizeof(s->about.say), "%s",
			    wire_get_str(&ask));
		return err;
	}
	fd = ask.fd;
	n = ask.len - ask.pos;
	wire_begin(w, ask.type, id);
	memcpy(w->buf + w->len, ask.buf + ask.pos, n);
	w->len += n;
	err = wire_send(s->client, w, fd);
	if (fd >= 0)
		close(fd);
	return err;
}
