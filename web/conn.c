#include "web/conn.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

struct conn {
	int fd;
	int64_t deadline_ns;
	struct conn *next, **at;
};

/* A socket is closed only after it left the list, under this lock: so that
 * the sweep never shuts a number that means another socket by now. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct conn *conns;

static void enter(struct conn *c)
{
	pthread_mutex_lock(&lock);
	c->next = conns;
	c->at = &conns;
	if (conns)
		conns->at = &c->next;
	conns = c;
	pthread_mutex_unlock(&lock);
}

static void leave(struct conn *c)
{
	pthread_mutex_lock(&lock);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	pthread_mutex_unlock(&lock);
}

void conn_notify(void *cls, struct MHD_Connection *mc, void **socket_cls,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *i;
	struct conn *c = *socket_cls;

	(void)cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		i = MHD_get_connection_info(mc,
		    MHD_CONNECTION_INFO_CONNECTION_FD);
		c = i ? calloc(1, sizeof(*c)) : NULL;
		if (!c)
			return;
		c->fd = i->connect_fd;
		c->deadline_ns = mono_now().ns + CONN_HEADERS_S * NS_PER_SEC;
		enter(c);
		*socket_cls = c;
	} else if (c) {
		leave(c);
		free(c);
		*socket_cls = NULL;
	}
}

static void set(struct MHD_Connection *mc, int64_t deadline_ns)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(mc,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct conn *c = i ? i->socket_context : NULL;

	if (!c)
		return;
	pthread_mutex_lock(&lock);
	c->deadline_ns = deadline_ns;
	pthread_mutex_unlock(&lock);
}

void conn_reads_body(struct MHD_Connection *c)
{
	set(c, mono_now().ns + CONN_BODY_S * NS_PER_SEC);
}

void conn_works(struct MHD_Connection *c)
{
	set(c, INT64_MAX);
}

void conn_answers(struct MHD_Connection *c, bool stream)
{
	set(c, stream ? INT64_MAX :
	    mono_now().ns + CONN_ANSWER_S * NS_PER_SEC);
}

void conn_rests(struct MHD_Connection *c)
{
	set(c, mono_now().ns + CONN_REST_S * NS_PER_SEC);
}

void conn_sweep(struct mono now)
{
	pthread_mutex_lock(&lock);
	for (struct conn *c = conns; c; c = c->next)
		if (c->deadline_ns <= now.ns)
			shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&lock);
}
