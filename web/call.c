#include "web/call.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/api/messages.h"

struct peer {
	pthread_mutex_t lock;	/* guards what follows, up to dead */
	struct call *calls;
	unsigned calls_n;
	uint32_t last_id;
	bool closed;		/* no further calls */
	unsigned refs;
	int fd;
	enum err gone;
	void (*dead)(void *);
	void *arg;
	struct peer *next;	/* in `peers`; guarded by peers_lock */
};

static int epoll = -1, waker = -1;
static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer *peers;	/* each holds one reference */
static bool stopped;

enum err call_open(void)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};

	epoll = epoll_create1(EPOLL_CLOEXEC);
	waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (epoll < 0 || waker < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, waker, &ev) != 0)
		return ERR_SYS;
	stopped = false;
	return OK;
}

void call_close(void)
{
	close(epoll);
	close(waker);
	epoll = waker = -1;
}

void call_wake(void)
{
	uint64_t one = 1;
	int saved = errno;

	/* Cannot fail but for a full counter, which wakes as well. */
	if (write(waker, &one, sizeof(one)) < 0)
		errno = saved;
}

struct peer *peer_get(struct peer *p)
{
	pthread_mutex_lock(&p->lock);
	p->refs++;
	pthread_mutex_unlock(&p->lock);
	return p;
}

void peer_put(struct peer *p)
{
	bool last;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	last = --p->refs == 0;
	pthread_mutex_unlock(&p->lock);
	if (!last)
		return;
	close(p->fd);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void peer_end(struct peer *p)
{
	/* Wakes the I/O thread with an end of file, which does the rest. */
	shutdown(p->fd, SHUT_RDWR);
}

enum err peer_open(int fd, enum err gone, void (*dead)(void *), void *arg,
    struct peer **ret)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct peer *p = calloc(1, sizeof(*p));
	enum err err = OK;

	if (!p) {
		close(fd);
		return ERR_NO_MEMORY;
	}
	pthread_mutex_init(&p->lock, NULL);
	p->refs = 2;
	p->fd = fd;
	p->gone = gone;
	p->dead = dead;
	p->arg = arg;
	ev.data.ptr = p;
	pthread_mutex_lock(&peers_lock);
	if (stopped)
		err = ERR_UNAVAILABLE;
	else if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		err = ERR_SYS;
	else {
		p->next = peers;
		peers = p;
	}
	pthread_mutex_unlock(&peers_lock);
	if (err != OK) {
		p->refs = 1;
		peer_put(p);
		return err;
	}
	*ret = p;
	return OK;
}

/* The id is known late: after the message was made, under the lock. */
static void set_id(struct wire *w, uint32_t id)
{
	w->id = id;
	for (int i = 0; i < 4; i++)
		w->buf[4 + i] = (unsigned char)(id >> (24 - 8 * i));
}

enum err call_start(struct peer *p, struct call *c, struct wire *w,
    int timeout_ms)
{
	enum err err = OK;

	pthread_mutex_lock(&p->lock);
	if (p->closed)
		err = p->gone;
	else if (p->calls_n >= CALLS_MAX)
		err = ERR_BUSY;
	if (err == OK) {
		c->id = ++p->last_id;
		c->deadline = mono_now();
		c->deadline.ns += timeout_ms * NS_PER_MS;
		set_id(w, c->id);
		/* Listed first: the answer may be faster than the return. */
		c->next = p->calls;
		p->calls = c;
		p->calls_n++;
		err = wire_send(p->fd, w, w->fd);
		if (err != OK) {
			p->calls = c->next;
			p->calls_n--;
		}
		if (err == ERR_GONE)
			err = p->gone;
	}
	pthread_mutex_unlock(&p->lock);
	return err;
}

/* Take the call with that id out of the list; NULL where there is none. */
static struct call *take(struct peer *p, uint32_t id)
{
	struct call *c = NULL;

	pthread_mutex_lock(&p->lock);
	for (struct call **at = &p->calls; *at; at = &(*at)->next) {
		if ((*at)->id != id)
			continue;
		c = *at;
		*at = c->next;
		p->calls_n--;
		break;
	}
	pthread_mutex_unlock(&p->lock);
	return c;
}

/* End the socket and everything that waits for it. I/O thread. */
static void drop(struct peer *p, enum err why)
{
	struct call *c;

	epoll_ctl(epoll, EPOLL_CTL_DEL, p->fd, NULL);
	pthread_mutex_lock(&peers_lock);
	for (struct peer **at = &peers; *at; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	pthread_mutex_unlock(&peers_lock);
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	c = p->calls;
	p->calls = NULL;
	p->calls_n = 0;
	pthread_mutex_unlock(&p->lock);
	shutdown(p->fd, SHUT_RDWR);
	while (c) {
		struct call *next = c->next;

		c->done(c, why, NULL);
		c = next;
	}
	if (p->dead)
		p->dead(p->arg);
	peer_put(p);
}

/* End c by its answer; false where w is none to it. */
static bool answer(struct call *c, struct wire *w)
{
	if (w->type == MSG_ERROR) {
		enum err err = err_from_wire(wire_get_u16(w));

		c->done(c, err != OK ? err : ERR_INTERNAL, w);
		return true;
	}
	if (w->type != c->answer) {
		c->done(c, ERR_INTERNAL, NULL);
		return false;
	}
	c->done(c, OK, w);
	return true;
}

/* Take the messages that are there, a few, so that each peer has its turn. */
static void serve(struct peer *p)
{
	for (int i = 0; i < 8; i++) {
		struct wire w;
		struct call *c;
		enum err err = wire_recv(p->fd, &w);

		if (err == ERR_BUSY)
			return;
		if (err == OK) {
			c = take(p, w.id);
			if (c && !answer(c, &w))
				err = ERR_BAD_MESSAGE;
			if (w.fd >= 0)
				close(w.fd);
		}
		if (err != OK) {
			drop(p, p->gone);
			return;
		}
	}
}

/* End the calls of p that have waited too long. */
static void sweep(struct peer *p, struct mono now)
{
	for (;;) {
		struct call *late = NULL;

		pthread_mutex_lock(&p->lock);
		for (struct call **at = &p->calls; *at; at = &(*at)->next) {
			if ((*at)->deadline.ns > now.ns)
				continue;
			late = *at;
			*at = late->next;
			p->calls_n--;
			break;
		}
		pthread_mutex_unlock(&p->lock);
		if (!late)
			return;
		late->done(late, ERR_TIMEOUT, NULL);
	}
}

/* Only the I/O thread takes peers off the list, so it may walk it unlocked
 * behind the head that it has seen. */
static void sweep_all(void)
{
	struct mono now = mono_now();
	struct peer *p;

	pthread_mutex_lock(&peers_lock);
	p = peers;
	pthread_mutex_unlock(&peers_lock);
	for (; p; p = p->next)
		sweep(p, now);
}

enum err call_turn(int ms)
{
	struct epoll_event ev[64];
	int n = epoll_wait(epoll, ev, 64, ms);

	if (n < 0 && errno != EINTR)
		return ERR_SYS;
	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr) {
			serve(ev[i].data.ptr);
		} else {
			uint64_t count;

			if (read(waker, &count, sizeof(count)) < 0)
				continue;
		}
	}
	sweep_all();
	return OK;
}

void call_stop(void)
{
	pthread_mutex_lock(&peers_lock);
	stopped = true;
	pthread_mutex_unlock(&peers_lock);
	/* New ones are refused, and drop() takes off the head's place. */
	while (peers)
		drop(peers, ERR_UNAVAILABLE);
}
