/* conn.c - connections of the keeper and what waits to be sent on them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/keeper.h"

/*
 * At a socket, so that nobody takes the places of another: web has one, the
 * recorder one and one for each camera. Readers are 128 (spawn.c). All of them
 * are fewer than FDS_MAX in keeper.c.
 */
#define INGEST_MAX 320
#define PEOPLE_MAX 8
#define CONTROL_MAX 32
#define OUT_MAX 64 /* answers that may wait for one peer */
/* What is entered for one person or connection: at once, and each second. */
#define ACTS_AT_ONCE 200
#define ACTS_A_SECOND 20

enum err conn_add(struct keeper *k, int sock, enum peer peer, struct conn **ret)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NO_MEMORY;
	fcntl(sock, F_SETFL, O_NONBLOCK);
	c->sock = sock;
	c->peer = peer;
	c->out_end = &c->out;
	c->next = k->conns;
	k->conns = c;
	if (ret)
		*ret = c;
	return OK;
}

/* Who may use which socket: by the user of the process at the other end. */
static bool allowed(const struct keeper *k, int sock, enum peer peer)
{
	struct ucred u;
	socklen_t n = sizeof(u);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &u, &n) < 0)
		return false;
	if (u.uid == geteuid())
		return true;
	switch (peer) {
	case PEER_INGEST:
		return u.uid == k->recorder_uid;
	case PEER_PEOPLE:
		return u.uid == k->web_uid;
	case PEER_CONTROL:
		return u.uid == 0;
	default:
		return false;
	}
}

/* Is there a place at this socket? */
static bool has_place(const struct keeper *k, enum peer peer)
{
	unsigned same = peer, n = 0, max = CONTROL_MAX;

	if (peer == PEER_INGEST) {
		same = PEER_INGEST | PEER_SUPERVISOR | PEER_CAMERA;
		max = INGEST_MAX;
	} else if (peer == PEER_PEOPLE) {
		max = PEOPLE_MAX;
	}
	for (struct conn *c = k->conns; c; c = c->next)
		n += (c->peer & same) != 0;
	return n < max;
}

void conn_accept(struct keeper *k, int listener, enum peer peer)
{
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	bool place = has_place(k, peer);

	if (sock < 0)
		return;
	if (!place || !allowed(k, sock, peer) ||
	    conn_add(k, sock, peer, NULL)) {
		log_warn("a connection was refused: %s",
		    place ? "wrong user" : "too many");
		close(sock);
	}
}

void conn_acted(struct keeper *k, struct conn *c)
{
	if (c->peer == PEER_PEOPLE) {
		c->acts++;
	} else if (c->peer == PEER_READER) {
		for (struct reader *r = k->readers; r; r = r->next)
			if (r->conn && r->person == c->reader->person)
				r->conn->acts++;
	}
}

static void forget(struct conn *c, unsigned n)
{
	c->acts -= c->acts < n ? c->acts : n;
}

void conn_copied(struct keeper *k, struct conn *c)
{
	for (struct reader *r = k->readers; r; r = r->next)
		if (r->conn && r->person == c->reader->person)
			forget(r->conn, 2);
}

bool conn_waits(const struct conn *c)
{
	return c->acts >= ACTS_AT_ONCE;
}

void conn_tick(struct keeper *k)
{
	for (struct conn *c = k->conns; c; c = c->next)
		forget(c, ACTS_A_SECOND);
}

void conn_send(struct conn *c, const struct wire *w, int fd)
{
	struct answer *a;

	if (c->out_n >= OUT_MAX || !(a = malloc(sizeof(*a)))) {
		if (fd >= 0)
			close(fd);
		c->closing = true;
		return;
	}
	a->next = NULL;
	a->w = *w;
	a->fd = fd;
	*c->out_end = a;
	c->out_end = &a->next;
	c->out_n++;
}

void conn_pass(struct conn *c, const struct wire *w, int fd)
{
	conn_send(c, w, fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

void conn_ok(struct conn *c, uint32_t id)
{
	struct wire w;

	wire_begin(&w, MSG_OK, id);
	conn_send(c, &w, -1);
}

void conn_error(struct conn *c, uint32_t id, enum err err, const char *text)
{
	struct wire w;

	wire_begin(&w, MSG_ERROR, id);
	wire_put_u16(&w, (uint16_t)err);
	wire_put_str(&w, text ? text : "");
	conn_send(c, &w, -1);
}

void conn_json(struct conn *c, uint16_t type, uint32_t id, char *json)
{
	struct wire w;
	int fd = -1;
	enum err err = bulk_from(json, strlen(json), &fd);

	free(json);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(&w, type, id);
	conn_send(c, &w, fd);
}

static void flush_one(struct conn *c, enum err commit)
{
	while (c->out) {
		struct answer *a = c->out;
		enum err err;

		/* what could not be entered is not answered with success */
		if (commit && a->w.type != MSG_ERROR) {
			uint32_t id = a->w.id;

			wire_begin(&a->w, MSG_ERROR, id);
			wire_put_u16(&a->w, (uint16_t)commit);
			wire_put_str(&a->w, "");
		}
		err = wire_send(c->sock, &a->w, commit ? -1 : a->fd);
		if (err == ERR_BUSY)
			return;
		if (err)
			c->closing = true;
		c->out = a->next;
		if (!c->out)
			c->out_end = &c->out;
		c->out_n--;
		if (a->fd >= 0)
			close(a->fd);
		crypt_wipe(&a->w, sizeof(a->w));
		free(a);
	}
}

void conn_flush(struct keeper *k, enum err commit)
{
	for (struct conn *c = k->conns; c; c = c->next)
		flush_one(c, commit);
}

static void drop(struct conn *c)
{
	while (c->out) {
		struct answer *a = c->out;

		c->out = a->next;
		if (a->fd >= 0)
			close(a->fd);
		crypt_wipe(&a->w, sizeof(a->w));
		free(a);
	}
	close(c->sock);
	free(c);
}

void conn_reap(struct keeper *k)
{
	struct conn **at = &k->conns;

	while (*at) {
		struct conn *c = *at;

		if (!c->closing) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		handle_closed(k, c);
		drop(c);
	}
}
