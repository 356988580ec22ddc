#include "web/conn.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct conn {
	int fd;
	int64_t deadline_ns;
	struct conn *next, **at;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct conn *conns;

struct conn *conn_new(int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->deadline_ns = mono_now().ns + CONN_HEADERS_S * NS_PER_SEC;
	pthread_mutex_lock(&lock);
	c->next = conns;
	c->at = &conns;
	if (conns)
		conns->at = &c->next;
	conns = c;
	pthread_mutex_unlock(&lock);
	return c;
}

void conn_free(struct conn *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&lock);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	pthread_mutex_unlock(&lock);
	free(c);
}

void conn_limit(struct conn *c, int seconds)
{
	int64_t until = seconds == CONN_FOREVER ?
	    INT64_MAX :
	    mono_now().ns + seconds * NS_PER_SEC;

	if (!c)
		return;
	pthread_mutex_lock(&lock);
	c->deadline_ns = until;
	pthread_mutex_unlock(&lock);
}

void conn_sweep(struct mono now)
{
	pthread_mutex_lock(&lock);
	for (struct conn *c = conns; c; c = c->next)
		if (c->deadline_ns <= now.ns)
			shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&lock);
}
