#include "web/witness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/api/messages.h"
#include "web/bucket.h"
#include "web/fetch.h"
#include "web/people.h"
#include "web/reply.h"

#define REQUEST_MAX \
	(12u << 10) /* bytes of a request (tlog-witness: 63 hashes
				   and a checkpoint) */
#define POLL_MS 500 /* between two questions whom to ask */
#define ASK_MS 20000 /* storage answers within that, or is away */

/* --- others ask us --- */

/* HTTP's thread alone runs handlers. */
static struct buckets buckets = {
    .burst = 10, .per_s = 1, .all_burst = 40, .all_per_s = 10};

static void text(struct http *x, unsigned status, const char *s)
{
	x->reply.status = status;
	x->reply.type = "text/plain; charset=utf-8";
	x->reply.p = s;
	x->reply.n = strlen(s);
}

static void answered(struct http *x)
{
	static const char *const types[] = {
	    "text/plain; charset=utf-8", "text/x.tlog.size"};
	char type[64], *copy;
	const void *p;
	unsigned status;
	size_t n = 0;

	if (x->err != OK) {
		text(x, x->err == ERR_BUSY ? 503 : (unsigned)err_http(x->err),
		    "not now\n");
		return;
	}
	status = wire_get_u16(&x->in);
	wire_get_text(&x->in, type, sizeof(type));
	p = wire_get_bytes(&x->in, &n);
	if (wire_end(&x->in) != OK || !p || status < 200 || status > 599 ||
	    !(copy = strndup(p, n))) {
		text(x, 500, "not now\n");
		return;
	}
	x->reply.status = status;
	x->reply.type = types[!strcmp(type, types[1])];
	x->reply.p = copy;
	x->reply.n = strlen(copy);
	x->reply.free = free;
	x->reply.arg = copy;
}

void witness_add_checkpoint(struct http *x)
{
	struct peer *p;
	struct wire w;
	int fd = -1;

	if (!bucket_take(&buckets, x->address, mono_now())) {
		reply_header(x, "Retry-After", "10");
		text(x, 429, "too often\n");
		return;
	}
	if (x->body_n > REQUEST_MAX) {
		text(x, 413, "too long\n");
		return;
	}
	if (!x->body_n || bulk_from(x->body, x->body_n, &fd) != OK) {
		text(x, x->body_n ? 500 : 400, "no request\n");
		return;
	}
	wire_begin(&w, MSG_ADD_CHECKPOINT, 0);
	w.fd = fd;
	p = people_peer();
	http_ask(x, p, &w, MSG_ADD_CHECKPOINT_IS, answered);
	peer_put(p);
	close(fd);
}

/* --- we ask others --- */

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, opened, runs;
	char path[108];
	int sock;
	uint32_t id;
} client = {.lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .sock = -1};

static bool is_stopped(void)
{
	bool stop;

	pthread_mutex_lock(&client.lock);
	stop = client.stop;
	pthread_mutex_unlock(&client.lock);
	return stop;
}

static void rest(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += POLL_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&client.lock);
	if (!client.stop)
		pthread_cond_timedwait(&client.wake, &client.lock, &until);
	pthread_mutex_unlock(&client.lock);
}

struct question {
	char witness[WIRE_STR_MAX + 1], url[WIRE_STR_MAX + 1],
	    pin[WIRE_STR_MAX + 1];
	unsigned status;
	char body[WITNESS_ANSWER_MAX];
	size_t n;
};

/* POST the body in fd; no answer is status 0, which storage is told, too. */
static void post(struct question *q, int fd)
{
	const void *p;
	size_t n;
	enum err err = bulk_map(fd, REQUEST_MAX, &p, &n);

	q->status = 0;
	q->n = 0;
	if (!err) {
		err = fetch_post(q->url, q->pin, p, n, is_stopped, &q->status,
		    q->body, sizeof(q->body), &q->n);
		bulk_unmap(p, n);
	}
	if (err && !is_stopped())
		log_warn("witness %s at %s: %s", q->witness, q->url,
		    err == ERR_INTEGRITY ?
			"it is not who it should be: look at its pin" :
			err == ERR_NOT_FOUND ?
			"no name server knows that name" :
			err == ERR_UNREACHABLE ? "no answer" :
						 err_text(err));
}

static enum err tell(const struct question *q)
{
	struct wire w;

	wire_begin(&w, MSG_WITNESS_SAID, ++client.id);
	wire_put_str(&w, q->witness);
	wire_put_u16(&w, (uint16_t)q->status);
	wire_put_bytes(&w, q->body, q->n);
	return wire_call(client.sock, &w, -1, ASK_MS);
}

/* The socket is the thread's; witness_close() may shut it down meanwhile. */
static void set_sock(int sock)
{
	pthread_mutex_lock(&client.lock);
	if (client.sock >= 0)
		close(client.sock);
	client.sock = sock;
	if (client.stop && sock >= 0)
		shutdown(sock, SHUT_RDWR);
	pthread_mutex_unlock(&client.lock);
}

/* Ask storage once; true where there was something to do. */
static bool turn(void)
{
	static struct question q; /* of this thread */
	struct wire w;
	int sock;
	enum err err;

	if (client.sock < 0) {
		if (wire_connect(client.path, &sock) != OK)
			return false;
		set_sock(sock);
	}
	wire_begin(&w, MSG_WITNESS_NEXT, ++client.id);
	err = wire_call(client.sock, &w, -1, ASK_MS);
	if (err == OK && w.type == MSG_END)
		return false;
	if (err == OK) {
		wire_get_text(&w, q.witness, sizeof(q.witness));
		wire_get_text(&w, q.url, sizeof(q.url));
		wire_get_text(&w, q.pin, sizeof(q.pin));
		err = wire_end(&w);
	}
	if (err == OK) {
		post(&q, w.fd);
		if (!is_stopped())
			err = tell(&q);
	}
	if (w.fd >= 0)
		close(w.fd);
	if (err == ERR_GONE || err == ERR_TIMEOUT || err == ERR_BAD_MESSAGE)
		set_sock(-1);
	return err == OK;
}

static void *run(void *arg)
{
	(void)arg;
	while (!is_stopped())
		if (!turn())
			rest();
	return NULL;
}

enum err witness_open(const char *run_dir)
{
	enum err err = fetch_open();

	if (err != OK)
		return err;
	client.opened = true;
	snprintf(client.path, sizeof(client.path), "%s/people.sock", run_dir);
	client.runs = pthread_create(&client.thread, NULL, run, NULL) == 0;
	return client.runs ? OK : ERR_SYS;
}

void witness_close(void)
{
	if (!client.opened)
		return;
	pthread_mutex_lock(&client.lock);
	client.stop = true;
	/* a question that nobody answers does not hold up the end */
	if (client.sock >= 0)
		shutdown(client.sock, SHUT_RDWR);
	pthread_cond_signal(&client.wake);
	pthread_mutex_unlock(&client.lock);
	if (client.runs)
		pthread_join(client.thread, NULL);
	client.runs = false;
	if (client.sock >= 0)
		close(client.sock);
	fetch_close();
}
