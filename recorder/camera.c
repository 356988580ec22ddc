#include "recorder/camera.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/zygote.h"
#include "storage/api/wire.h"

#define STEADY_NS (10 * NS_PER_SEC)	/* so long and a failure is the first */
#define STORAGE_MS 2000			/* an answer to MSG_HELLO_CAMERA */
#define SEGMENT_MS 60000		/* a probe has no storage to ask */
#define FRAGMENT_MS 1000
#define UDP_TRIES 20
#define SILENT "no answer from"
#define REFUSED "connection refused by"
#define UNKNOWN "unknown host"
#define BEAR_NS (600 * NS_PER_SEC) /* a slow network for so long */

static const int delays_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 30000};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void camera_report(struct camera *c, enum camera_state state, enum cause cause,
    const char *fmt, ...)
{
	char detail[sizeof(c->detail)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	if (c->state == state && c->cause == cause &&
	    !strcmp(c->detail, detail))
		return;
	if (c->state != state || c->cause != cause)
		c->since = utc_now();
	c->state = state;
	c->cause = cause;
	strcpy(c->detail, detail);
	c->changed = true;
}

void camera_init(struct camera *c, struct camera_host *host)
{
	memset(c, 0, sizeof(*c));
	c->host = host;
	c->resolver = c->sock = c->control = c->rtp = c->rtcp = -1;
	c->relay.control = -1;
	c->state = CAMERA_OFF;
	c->since = utc_now();
	c->changed = true;
}

/* Close what this try has opened. */
static void close_all(struct camera *c)
{
	shut(&c->resolver);
	shut(&c->sock);
	shut(&c->control);
	shut(&c->rtp);
	shut(&c->rtcp);
	if (c->phase == PHASE_TLS)
		camera_tls_kill(c);
	camera_tls_close(c);
	if (c->pid > 0) {
		struct zygote_message m = {.kind = ZYGOTE_KILL, .pid = c->pid};
		enum err err = zygote_ask(c->host->zygote, &m, NULL);

		(void)err;	/* its control socket has closed: it ends */
	}
	c->pid = 0;
	c->token = 0;
	c->phase = PHASE_IDLE;
}

void camera_wipe(struct camera *c)
{
	close_all(c);
	camera_tls_kill(c);
	secret_wipe(&c->credentials, sizeof(c->credentials));
}

void camera_hold(struct camera *c)
{
	close_all(c);
	c->next_try.ns = 0;
	c->failures = 0;
}

/* This try is over: wait before the next, longer each time. */
static void again(struct camera *c, struct mono now)
{
	int n = (int)(sizeof(delays_ms) / sizeof(delays_ms[0]));
	int i;

	if (c->streaming_since.ns && now.ns - c->streaming_since.ns > STEADY_NS)
		c->failures = 0;
	/* A wrong password tried too often locks accounts. */
	if (c->cause == CAUSE_PASSWORD && c->failures < 2)
		c->failures = 2;
	i = c->failures < n ? c->failures : n - 1;
	c->failures++;
	c->streaming_since.ns = 0;
	c->next_try.ns = now.ns + delays_ms[i] * NS_PER_MS;
	close_all(c);
}

void camera_down(struct camera *c, struct mono now, enum cause cause,
    const char *detail)
{
	camera_report(c, CAMERA_DOWN, cause, "%s", detail);
	again(c, now);
}

/* --- resolve and connect --- */

static void unreachable(struct camera *c, struct mono now, const char *what)
{
	char text[160];

	c->unreached = !strcmp(what, UNKNOWN) ? UNREACHED_UNKNOWN :
	    !strcmp(what, REFUSED)	      ? UNREACHED_REFUSED :
						UNREACHED_SILENT;
	snprintf(text, sizeof(text), "%s %.100s:%u", what, c->url.host,
	    c->url.port);
	camera_down(c, now, CAUSE_NO_ANSWER, text);
}

/* Begin to connect to the address at c->at; the last one fails for good. */
static void connect_next(struct camera *c, struct mono now, const char *why)
{
	int one = 1;

	shut(&c->sock);
	for (; c->at < c->resolved.n; c->at++) {
		const struct sockaddr *a =
		    (struct sockaddr *)&c->resolved.at[c->at].addr;

		c->sock = socket(a->sa_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (c->sock < 0)
			continue;
		setsockopt(c->sock, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
		setsockopt(c->sock, SOL_SOCKET, SO_KEEPALIVE, &one,
		    sizeof(one));
		if (!connect(c->sock, a, c->resolved.at[c->at].n) ||
		    errno == EINPROGRESS) {
			c->phase = PHASE_CONNECTING;
			c->deadline.ns =
			    now.ns + c->host->timeout_ms * NS_PER_MS;
			return;
		}
		if (errno == ECONNREFUSED)
			why = REFUSED;
		shut(&c->sock);
	}
	unreachable(c, now, why);
}

static void resolve(struct camera *c, struct mono now)
{
	struct zygote_message m = {
	    .kind = ZYGOTE_RESOLVE, .fds = 1, .port = c->url.port};
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *a = NULL;
	int pair[2], fd[CHILD_FDS];

	if (!getaddrinfo(c->url.host, NULL, &hints, &a)) {
		struct sockaddr_in *in =
		    (struct sockaddr_in *)&c->resolved.at[0].addr;

		memset(&c->resolved, 0, sizeof(c->resolved));
		memcpy(in, a->ai_addr, a->ai_addrlen);
		in->sin_port = htons(c->url.port);	/* as in sockaddr_in6 */
		c->resolved.at[0].n = a->ai_addrlen;
		c->resolved.n = 1;
		freeaddrinfo(a);
		c->at = 0;
		connect_next(c, now, SILENT);
		return;
	}
	strcpy(m.host, c->url.host);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		camera_down(c, now, CAUSE_RECORDER_FAILED, strerror(errno));
		return;
	}
	fd[0] = pair[1];
	c->resolver = pair[0];
	c->phase = PHASE_RESOLVING;
	c->deadline.ns = now.ns + c->host->timeout_ms * NS_PER_MS;
	if (zygote_ask(c->host->zygote, &m, fd))
		camera_down(c, now, CAUSE_RECORDER_FAILED, "no resolver");
	close(pair[1]);
}

static void resolved(struct camera *c, struct mono now)
{
	ssize_t n =
	    recv(c->resolver, &c->resolved, sizeof(c->resolved), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	shut(&c->resolver);
	if (n != sizeof(c->resolved) || c->resolved.n < 1 ||
	    c->resolved.n > RESOLVED_MAX) {
		unreachable(c, now, UNKNOWN);
		return;
	}
	c->at = 0;
	connect_next(c, now, SILENT);
}

/* --- hand over to a child --- */

/* The camera's own connection to storage, with its first message answered. */
static enum err ingest_open(struct camera *c, struct child_start *start,
    int *ret_fd)
{
	struct wire w;
	int fd;
	enum err err = wire_connect(c->host->ingest, &fd);

	if (err)
		return err;
	wire_begin(&w, MSG_HELLO_CAMERA, 1);
	wire_put_str(&w, c->id);
	err = wire_call(fd, &w, -1, STORAGE_MS);
	if (!err) {
		start->segment_ms = wire_get_u32(&w);
		start->fragment_ms = wire_get_u32(&w);
		err = wire_end(&w);
	}
	if (!err && (start->segment_ms < 100 || start->fragment_ms < 10))
		err = ERR_BAD_MESSAGE;
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

/* An even port and the next one, both free, on the way to the camera. */
static bool udp_open(struct camera *c, uint16_t *ret_port)
{
	struct sockaddr_storage a;
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	int big = 4 << 20;
	socklen_t n;

	for (int i = 0; i < UDP_TRIES; i++) {
		n = sizeof(a);
		if (getsockname(c->sock, (struct sockaddr *)&a, &n))
			return false;
		in->sin_port =
		    htons((uint16_t)(20000 + 2 * (random() % 10000)));
		*ret_port = ntohs(in->sin_port);
		c->rtp = socket(a.ss_family,
		    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		c->rtcp = socket(a.ss_family,
		    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		setsockopt(c->rtp, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big));
		if (c->rtp >= 0 && c->rtcp >= 0 &&
		    !bind(c->rtp, (struct sockaddr *)&a, n)) {
			in->sin_port = htons((uint16_t)(*ret_port + 1));
			if (!bind(c->rtcp, (struct sockaddr *)&a, n))
				return true;
		}
		shut(&c->rtp);
		shut(&c->rtcp);
	}
	return false;
}

bool camera_udp(struct camera *c, uint16_t rtp, uint16_t rtcp)
{
	struct sockaddr_storage a;
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	socklen_t n = sizeof(a);

	if (c->rtp < 0 || getpeername(c->sock, (struct sockaddr *)&a, &n))
		return false;
	if (!rtp)
		return true;	/* it did not say: take what comes */
	in->sin_port = htons(rtp);
	if (connect(c->rtp, (struct sockaddr *)&a, n))
		return false;
	in->sin_port = htons(rtcp);
	return !connect(c->rtcp, (struct sockaddr *)&a, n);
}

void camera_hand_over(struct camera *c, struct mono now)
{
	struct zygote_message m = {.kind = ZYGOTE_CHILD};
	int fd[CHILD_FDS] = {-1, c->sock, -1, -1, -1}, pair[2];
	enum err err = OK;

	m.start.segment_ms = SEGMENT_MS;
	m.start.fragment_ms = FRAGMENT_MS;
	m.start.probe = !c->host->ingest[0];
	m.start.transport = (uint8_t)c->transport;
	m.start.timeout_ms = (uint32_t)c->host->timeout_ms;
	m.start.patient = c->slow_at.ns && now.ns - c->slow_at.ns < BEAR_NS;
	strcpy(m.start.url, c->url.text);
	if (c->transport == TRANSPORT_UDP && !udp_open(c, &m.start.udp_port)) {
		camera_down(c, now, CAUSE_RECORDER_FAILED, "no free UDP ports");
		return;
	}
	if (!m.start.probe)
		err = ingest_open(c, &m.start, &fd[FD_INGEST]);
	if (err) {
		camera_down(c, now, CAUSE_STORAGE_AWAY, err_text(err));
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		camera_down(c, now, CAUSE_RECORDER_FAILED, strerror(errno));
		goto out;
	}
	c->control = pair[0];
	fcntl(c->control, F_SETFL, O_NONBLOCK);
	fd[FD_CONTROL] = pair[1];
	fd[FD_RTP] = c->rtp;
	fd[FD_RTCP] = c->rtcp;
	for (int i = 0; i < CHILD_FDS; i++)
		if (fd[i] >= 0)
			m.fds |= (uint8_t)(1u << i);
	m.token = c->token = ++c->host->token;
	c->auth = (struct auth){.scheme = AUTH_NONE};
	c->unreached = UNREACHED_NOT;
	c->phase = PHASE_CHILD;
	watch_begin(&c->watch, now);
	if (zygote_ask(c->host->zygote, &m, fd))
		camera_down(c, now, CAUSE_RECORDER_FAILED, "no child");
	close(pair[1]);
out:
	/* The child has its own copy; ours names the peer for UDP only. */
	if (fd[FD_INGEST] >= 0)
		close(fd[FD_INGEST]);
	if (c->transport == TRANSPORT_TCP)
		shut(&c->sock);
}

static void connected(struct camera *c, struct mono now)
{
	int e = 0;
	socklen_t n = sizeof(e);

	if (getsockopt(c->sock, SOL_SOCKET, SO_ERROR, &e, &n) || e) {
		c->at++;
		connect_next(c, now, e == ECONNREFUSED ? REFUSED : SILENT);
		return;
	}
	if (c->url.tls)
		camera_tls_begin(c, now);
	else
		camera_hand_over(c, now);
}

/* --- for the owner --- */

int camera_poll(const struct camera *c, struct pollfd p[CAMERA_POLLS])
{
	int n = 0;

	if (c->resolver >= 0)
		p[n++] = (struct pollfd){.fd = c->resolver, .events = POLLIN};
	if (c->phase == PHASE_CONNECTING)
		p[n++] = (struct pollfd){.fd = c->sock, .events = POLLOUT};
	if (c->phase == PHASE_TLS)
		p[n++] =
		    (struct pollfd){.fd = c->relay.control, .events = POLLIN};
	if (c->control >= 0)
		p[n++] = (struct pollfd){.fd = c->control, .events = POLLIN};
	return n;
}

bool camera_connects(const struct camera *c)
{
	return c->phase == PHASE_CONNECTING || c->phase == PHASE_TLS;
}

/* It has answered, and waits for its turn: that is no silence. */
static bool has_come(const struct camera *c)
{
	bool tls = c->phase == PHASE_TLS;
	struct pollfd p = {.fd = tls ? c->relay.control : c->sock,
	    .events = tls ? POLLIN : POLLOUT};

	return camera_connects(c) && poll(&p, 1, 0) > 0;
}

void camera_ready(struct camera *c, const struct pollfd *p, struct mono now)
{
	if (!p->revents)
		return;
	if (p->fd == c->resolver)
		resolved(c, now);
	else if (c->phase == PHASE_CONNECTING && p->fd == c->sock)
		connected(c, now);
	else if (c->phase == PHASE_TLS && p->fd == c->relay.control)
		camera_tls_talk(c, now);
	else if (p->fd == c->control)
		camera_talk(c, now);
}

void camera_zygote(struct camera *c, const struct zygote_message *m)
{
	if (camera_tls_zygote(c, m) || m->kind != ZYGOTE_STARTED || !c->token ||
	    m->token != c->token)
		return;
	if (m->pid > 0)
		c->pid = m->pid;
	else
		camera_down(c, mono_now(), CAUSE_RECORDER_FAILED, "no child");
}

void camera_stop(struct camera *c, enum cause cause)
{
	struct wire w;
	enum err err;

	if (c->phase != PHASE_CHILD) {
		close_all(c);
		return;
	}
	wire_begin(&w, CONTROL_STOP, 1);
	wire_put_u8(&w, (uint8_t)cause);
	err = wire_send(c->control, &w, -1);
	if (err)
		close_all(c);
}

/* A child that hangs is ended (never a hang, and no other camera's loss). */
static int look(struct camera *c, struct mono now)
{
	const char *why =
	    watch_look(&c->watch, c->pid, c->host->timeout_ms, now);

	if (!why)
		why = camera_tls_look(c, now);
	if (why)
		camera_down(c, now, CAUSE_RECORDER_FAILED, why);
	return 1000;
}

int camera_tick(struct camera *c, bool run, struct mono now)
{
	int64_t until =
	    c->phase == PHASE_IDLE ? c->next_try.ns : c->deadline.ns;

	/* What an ended try's relay still had to deliver it has. */
	if (c->phase == PHASE_IDLE && now.ns >= c->next_try.ns)
		camera_tls_kill(c);
	if (!c->enabled) {
		if (c->state != CAMERA_OFF && c->phase == PHASE_CHILD)
			camera_stop(c, CAUSE_SWITCHED_OFF);
		else if (c->phase != PHASE_CHILD)
			close_all(c);
		camera_report(c, CAMERA_OFF, CAUSE_SWITCHED_OFF, "%s", "");
		if (c->phase != PHASE_CHILD)
			return 60000;
		/* it was told to end; one that hangs does not hear it */
		if (watch_look(&c->watch, c->pid, c->host->timeout_ms, now))
			close_all(c);
		return 1000;
	}
	if (c->unfit) {
		if (c->phase != PHASE_IDLE)
			close_all(c);
		camera_report(c, CAMERA_DOWN, c->unfit, "%s", c->why_unfit);
		return 60000;
	}
	if (c->phase == PHASE_CHILD)
		return look(c, now);
	if (!run)
		return 60000;
	if (now.ns < until) {
		int64_t left = (until - now.ns) / NS_PER_MS + 1;

		return left > 60000 ? 60000 : (int)left;
	}
	if (has_come(c))
		return 10;
	if (c->phase == PHASE_CONNECTING) {
		c->at++;
		connect_next(c, now, SILENT);
	} else if (c->phase == PHASE_TLS) {
		camera_down(c, now, CAUSE_NO_ANSWER,
		    "the camera does not answer in TLS");
	} else if (c->phase == PHASE_RESOLVING) {
		unreachable(c, now, UNKNOWN);
	} else {
		/* What is wrong stays said until it works or changes. */
		if (c->state != CAMERA_DOWN)
			camera_report(c, CAMERA_CONNECTING, CAUSE_CONNECTING,
			    "%s", "");
		resolve(c, now);
	}
	return 10;
}
