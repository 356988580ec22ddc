/* The only file of recorder/ that includes GnuTLS. */
#include "recorder/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/control_talk.h"
#include "recorder/sandbox.h"
#include "storage/api/fingerprint.h"
#include "storage/api/wire.h"

/* TLS 1.0 and 1.1 are not spoken (RFC 8996). */
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define IN_MAX (64u << 10)  /* of the camera; several records */
#define OUT_MAX (16u << 10) /* of the child: requests; one record */

struct relay {
	gnutls_session_t session;
	int control, camera, plain;
	unsigned char in[IN_MAX], out[OUT_MAX];
	size_t in_at, in_n, out_n;	/* what waits to be written */
	bool ended;			/* the camera sends no more */
};

static _Noreturn void fail(const struct relay *r, enum cause cause,
    const char *what, const char *why)
{
	char text[160];

	snprintf(text, sizeof(text), "%s%s", what, why);
	control_tell(r->control, CONTROL_END, cause, text);
	_exit(0);
}

/* Its own would use sendmsg(), which the sandbox keeps for control. */
static ssize_t push(gnutls_transport_ptr_t camera, const void *p, size_t n)
{
	return send((int)(intptr_t)camera, p, n, MSG_NOSIGNAL);
}

/* The name that a camera with several certificates goes by (RFC 6066). */
static void name(struct relay *r, const char *url)
{
	struct rtsp_url u;
	struct in6_addr a;

	if (rtsp_url_parse(url, &u) || strchr(u.host, ':') ||
	    inet_pton(AF_INET, u.host, &a) == 1)
		return;
	gnutls_server_name_set(r->session, GNUTLS_NAME_DNS, u.host,
	    strlen(u.host));
}

static void begin(struct relay *r, const char *url)
{
	gnutls_certificate_credentials_t none;
	int e = gnutls_certificate_allocate_credentials(&none);

	if (!e)
		e = gnutls_init(&r->session,
		    GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS);
	if (!e)
		e = gnutls_priority_set_direct(r->session, PRIORITY, NULL);
	if (!e)
		e = gnutls_credentials_set(r->session, GNUTLS_CRD_CERTIFICATE,
		    none);
	if (e)
		fail(r, CAUSE_RECORDER_FAILED, "TLS: ", gnutls_strerror(e));
	gnutls_transport_set_int(r->session, r->camera);
	gnutls_transport_set_push_function(r->session, push);
	/* The supervisor's deadline counts. */
	gnutls_handshake_set_timeout(r->session, GNUTLS_INDEFINITE_TIMEOUT);
	name(r, url);
}

/* Wait for the camera; the supervisor may end it meanwhile. */
static void wait_camera(const struct relay *r, short events)
{
	struct pollfd p[] = {{.fd = r->control, .events = POLLIN},
	    {.fd = r->camera, .events = events}};

	if (poll(p, 2, -1) < 0 && errno != EINTR)
		_exit(1);
	if (p[0].revents)
		_exit(0);
}

static void handshake(struct relay *r)
{
	int e;

	while ((e = gnutls_handshake(r->session)) < 0) {
		if (e == GNUTLS_E_PREMATURE_TERMINATION ||
		    e == GNUTLS_E_PULL_ERROR || e == GNUTLS_E_PUSH_ERROR)
			fail(r, CAUSE_NO_ANSWER,
			    "the camera closed the connection before TLS was "
			    "agreed on",
			    "");
		if (gnutls_error_is_fatal(e))
			fail(r, CAUSE_CAMERA_ERROR,
			    "no TLS with the camera: ", gnutls_strerror(e));
		wait_camera(r,
		    gnutls_record_get_direction(r->session) ? POLLOUT : POLLIN);
	}
}

static void tell_certificate(const struct relay *r)
{
	unsigned n = 0;
	const gnutls_datum_t *shown =
	    gnutls_certificate_get_peers(r->session, &n);
	unsigned char sum[FINGERPRINT_BYTES];
	struct wire w;

	if (!n ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, shown[0].data, shown[0].size,
		sum))
		fail(r, CAUSE_CERTIFICATE, "the camera showed no certificate",
		    "");
	wire_begin(&w, CONTROL_TLS, 1);
	wire_put_bytes(&w, sum, sizeof(sum));
	if (wire_send(r->control, &w, -1))
		_exit(0);
}

/* --- once it is agreed on --- */

static void read_camera(struct relay *r)
{
	while (r->in_n < IN_MAX && !r->ended) {
		ssize_t n = gnutls_record_recv(r->session, r->in + r->in_n,
		    IN_MAX - r->in_n);

		if (n > 0)
			r->in_n += (size_t)n;
		else if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			return;
		else if (n >= 0 || n == GNUTLS_E_REHANDSHAKE ||
		    gnutls_error_is_fatal((int)n))
			r->ended = true;
	}
}

static void write_child(struct relay *r)
{
	ssize_t n = send(r->plain, r->in + r->in_at, r->in_n - r->in_at,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		_exit(0);
	r->in_at += n > 0 ? (size_t)n : 0;
	if (r->in_at == r->in_n)
		r->in_at = r->in_n = 0;
}

/* again: GnuTLS has the bytes already, the socket did not take them. */
static void write_camera(struct relay *r, bool again)
{
	ssize_t n = gnutls_record_send(r->session, again ? NULL : r->out,
	    again ? 0 : r->out_n);

	if (n >= 0)
		r->out_n = 0;
	else if (gnutls_error_is_fatal((int)n))
		_exit(0);
}

static void read_child(struct relay *r)
{
	ssize_t n = recv(r->plain, r->out, OUT_MAX, MSG_DONTWAIT);

	if (n > 0) {
		r->out_n = (size_t)n;
		write_camera(r, false);
	} else if (!n || (errno != EAGAIN && errno != EINTR)) {
		(void)!gnutls_bye(r->session, GNUTLS_SHUT_WR);
		_exit(0);
	}
}

static void watch(struct pollfd *p, int fd, bool in, bool out)
{
	p->events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
	/* One that hung up would wake us again and again. */
	p->fd = p->events ? fd : -1;
}

static void turn(struct relay *r)
{
	struct pollfd p[3] = {{.fd = r->control, .events = POLLIN}};
	bool room = !r->in_n && !r->ended;
	bool decoded = room && gnutls_record_check_pending(r->session);

	watch(&p[1], r->camera, room, r->out_n > 0);
	watch(&p[2], r->plain, !r->out_n, r->in_n > 0);
	if (poll(p, 3, decoded ? 0 : -1) < 0 && errno != EINTR)
		_exit(1);
	if (r->out_n && p[1].revents & POLLOUT)
		write_camera(r, true);
	/* Before the supervisor's end: a TEARDOWN may be the last word. */
	if (!r->out_n && p[2].revents & ~POLLOUT)
		read_child(r);
	if (p[0].revents)
		_exit(0);
	if (decoded || (room && p[1].revents & ~POLLOUT))
		read_camera(r);
	if (r->in_n)
		write_child(r);
	if (r->ended && !r->in_n)
		_exit(0);
}

_Noreturn void tls_main(const struct child_start *start,
    const int fd[CHILD_FDS])
{
	static struct relay relay;
	struct relay *r = &relay;
	enum err err = sandbox_enter(fd[FD_CONTROL], -1);

	r->control = fd[FD_CONTROL];
	r->camera = fd[FD_CAMERA];
	r->plain = fd[FD_PLAIN];
	if (err)
		fail(r, CAUSE_RECORDER_FAILED,
		    "the sandbox could not be closed", "");
	begin(r, start->url);
	handshake(r);
	tell_certificate(r);
	for (;;)
		turn(r);
}
