/*
 * The supervisor's half of RTSP over TLS: a relay (tls.h) takes the camera's
 * socket, and the child gets the other end of a pair in its place, once the
 * certificate is the one that the operator named.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/camera.h"
#include "recorder/zygote.h"
#include "storage/api/wire.h"

static bool pair(int type, int ret[2])
{
	return !socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    ret);
}

void camera_tls_begin(struct camera *c, struct mono now)
{
	struct zygote_message m = {.kind = ZYGOTE_TLS,
	    .fds = 1u << FD_CONTROL | 1u << FD_CAMERA | 1u << FD_PLAIN};
	int fd[CHILD_FDS] = {-1, c->sock, -1, -1, -1};
	int control[2], plain[2];
	bool sent;

	if (!pair(SOCK_SEQPACKET, control)) {
		camera_down(c, now, CAUSE_RECORDER_FAILED, strerror(errno));
		return;
	}
	c->relay.control = control[0];
	fd[FD_CONTROL] = control[1];
	if (!pair(SOCK_STREAM, plain)) {
		close(control[1]);
		camera_down(c, now, CAUSE_RECORDER_FAILED, strerror(errno));
		return;
	}
	fd[FD_PLAIN] = plain[1];
	strcpy(m.start.url, c->url.text);
	m.token = c->relay.token = ++c->host->token;
	sent = !zygote_ask(c->host->zygote, &m, fd);
	close(control[1]);
	close(plain[1]);
	close(c->sock);
	c->sock = plain[0];
	c->unreached = UNREACHED_NOT;
	c->phase = PHASE_TLS;
	c->deadline.ns = now.ns + c->host->timeout_ms * NS_PER_MS;
	watch_begin(&c->relay.watch, now);
	if (!sent)
		camera_down(c, now, CAUSE_RECORDER_FAILED,
		    "no process for TLS");
}

/* Is it the one that was named? In a look none was: it is told. */
static void shown(struct camera *c, struct mono now, const unsigned char *sum)
{
	char text[FINGERPRINT_TEXT], why[sizeof(c->detail)];

	memcpy(c->shown, sum, sizeof(c->shown));
	if (!c->pinned || !memcmp(sum, c->certificate, sizeof(c->shown))) {
		camera_hand_over(c, now);
		return;
	}
	fingerprint_text(sum, text);
	snprintf(why, sizeof(why),
	    "the camera showed another certificate than the one it was added "
	    "with: SHA-256 %s",
	    text);
	camera_down(c, now, CAUSE_CERTIFICATE, why);
}

void camera_tls_talk(struct camera *c, struct mono now)
{
	struct wire w;
	const unsigned char *sum;
	const char *why;
	enum cause cause;
	size_t n;
	enum err err = wire_recv(c->relay.control, &w);

	if (w.fd >= 0)
		close(w.fd);
	if (err == ERR_BUSY)
		return;
	if (!err && w.type == CONTROL_TLS) {
		sum = wire_get_bytes(&w, &n);
		if (!wire_end(&w) && n == FINGERPRINT_BYTES) {
			shown(c, now, sum);
			return;
		}
	} else if (!err && w.type == CONTROL_END) {
		cause = wire_get_u8(&w);
		why = wire_get_str(&w);
		if (!wire_end(&w) && cause < CAUSE_MAX) {
			camera_down(c, now, cause, why);
			return;
		}
	}
	camera_down(c, now, CAUSE_RECORDER_FAILED,
	    "the camera's process for TLS died");
}

void camera_tls_close(struct camera *c)
{
	if (c->relay.control >= 0)
		close(c->relay.control);
	c->relay.control = -1;
	c->relay.token = 0;
}

void camera_tls_kill(struct camera *c)
{
	struct zygote_message m = {.kind = ZYGOTE_KILL, .pid = c->relay.pid};
	enum err err = OK;

	if (c->relay.pid > 0)
		err = zygote_ask(c->host->zygote, &m, NULL);
	(void)err;	/* the zygote has died, and it with it */
	c->relay.pid = 0;
}

bool camera_tls_zygote(struct camera *c, const struct zygote_message *m)
{
	if (m->kind == ZYGOTE_ENDED && m->pid == c->relay.pid)
		c->relay.pid = 0;
	if (m->kind != ZYGOTE_STARTED || !c->relay.token ||
	    m->token != c->relay.token)
		return false;
	c->relay.token = 0;
	if (m->pid > 0)
		c->relay.pid = m->pid;
	else
		camera_down(c, mono_now(), CAUSE_RECORDER_FAILED,
		    "no process for TLS");
	return true;
}

const char *camera_tls_look(struct camera *c, struct mono now)
{
	if (c->relay.pid <= 0)
		return NULL;
	/* Whether it speaks is seen by the child, which is to hear it. */
	watch_heard(&c->relay.watch, now);
	return watch_look(&c->relay.watch, c->relay.pid, c->host->timeout_ms,
	    now);
}
