/*
 * reader_camera.c - an operator's work on cameras: the keeper decides, and
 * passes on to the recorder what needs the network. Passwords come sealed to
 * the recorder's key; nothing here could open them. And the custodian's act
 * that lets him look through one again.
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

/* As any other; but a refusal of it is entered with the camera. */
enum err session_aim(struct session *s, struct wire *w)
{
	struct wire peek = *w;

	get_text(&peek, s->about.camera, sizeof(s->about.camera));
	return session_onboard(s, w);
}

enum err session_aim_open(struct session *s, struct wire *w)
{
	char reason[TEXT_MAX], credential[CREDENTIAL_MAX + 1];
	struct wire to_keeper, answer;
	struct age_identity id;
	enum err err;

	get_text(w, s->about.camera, sizeof(s->about.camera));
	get_text(w, reason, sizeof(reason));
	get_text(w, credential, sizeof(credential));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = session_custodian(s, credential, &id);
	crypt_wipe(&id, sizeof(id));
	crypt_wipe(credential, sizeof(credential));
	if (err)
		return err;
	keeper_begin(s, &to_keeper, MSG_AIM_OPEN);
	wire_put_str(&to_keeper, s->about.camera);
	wire_put_str(&to_keeper, reason);
	err = keeper_relay(s, &to_keeper);
	if (err)
		return err;
	wire_begin(&answer, MSG_OK, w->id);
	return wire_send(s->client, &answer, -1);
}
