#include "recorder/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REFUSED_MAX 3		/* 401s before the password counts as wrong */
#define KEEP_ALIVE_MAX_S 25
#define TIMEOUT_DEFAULT_S 60	/* RFC 2326, 12.37 */

static const char *method(const struct session *s)
{
	switch (s->state) {
	case SESSION_OPTIONS:
		return "OPTIONS";
	case SESSION_DESCRIBE:
		return "DESCRIBE";
	case SESSION_SETUP:
		return "SETUP";
	case SESSION_PLAY:
		return "PLAY";
	case SESSION_PLAYING:
		return s->get_parameter ? "GET_PARAMETER" : "OPTIONS";
	case SESSION_OVER:
		break;
	}
	return "TEARDOWN";
}

static enum err fail(struct session *s, enum err err, enum cause cause,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static enum err fail(struct session *s, enum err err, enum cause cause,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->detail, sizeof(s->detail), fmt, ap);
	va_end(ap);
	s->cause = cause;
	return err;
}

/* Put the request that the state calls for into out. */
static enum err ask(struct session *s, const char *challenge, struct mono now)
{
	const char *url = s->state <= SESSION_DESCRIBE ? s->url :
	    s->state == SESSION_SETUP		       ? s->sdp.control :
							 s->base;
	char auth[SESSION_AUTH_MAX] = "", extra[128] = "";
	size_t n;
	enum err err;

	if (s->guarded) {
		err = s->guard.authorize(s->guard.arg, challenge, method(s),
		    url, auth, sizeof(auth));
		if (err == ERR_NOT_FOUND)
			return fail(s, ERR_AUTH, CAUSE_PASSWORD,
			    "the camera asks for a password and none is set");
		if (err == ERR_UNSUPPORTED)
			return fail(s, ERR_AUTH, CAUSE_PASSWORD,
			    "the camera asks for a kind of password check "
			    "that is not known");
		if (err)
			return fail(s, err, CAUSE_RECORDER_FAILED, "%s",
			    err_text(err));
	}
	if (s->state == SESSION_DESCRIBE)
		strcpy(extra, "Accept: application/sdp\r\n");
	else if (s->state == SESSION_SETUP && s->transport == TRANSPORT_UDP)
		snprintf(extra, sizeof(extra),
		    "Transport: RTP/AVP;unicast;client_port=%u-%u\r\n",
		    s->udp_port, s->udp_port + 1u);
	else if (s->state == SESSION_SETUP)
		strcpy(extra,
		    "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
	else if (s->state == SESSION_PLAY)
		strcpy(extra, "Range: npt=0.000-\r\n");
	err = rtsp_request(method(s), url, ++s->cseq, s->id, auth, extra,
	    s->out + s->out_n, sizeof(s->out) - s->out_n, &n);
	if (err)
		return fail(s, err, CAUSE_CAMERA_ERROR,
		    "the camera takes no requests");
	s->out_n += n;
	s->waiting = true;
	s->asked = now;
	return OK;
}

enum err session_begin(struct session *s, const char *url,
    enum transport transport, uint16_t udp_port, struct session_guard guard,
    struct mono now)
{
	*s = (struct session){.guard = guard,
	    .transport = transport,
	    .udp_port = udp_port,
	    .keep_alive_ns = KEEP_ALIVE_MAX_S * NS_PER_SEC};
	snprintf(s->url, sizeof(s->url), "%s", url);
	snprintf(s->base, sizeof(s->base), "%s", url);
	return ask(s, "", now);
}

static enum err unauthorized(struct session *s, const struct rtsp_answer *a,
    struct mono now)
{
	/* As long as pictures come a keep-alive is not worth ending them. */
	if (s->state == SESSION_PLAYING && s->refused) {
		s->refused = 0;
		return OK;
	}
	if (++s->refused >= REFUSED_MAX ||
	    (s->guarded && s->refused > 1 &&
		!strcasestr(a->challenge, "stale=true") &&
		!strcasestr(a->challenge, "stale=\"true\"")))
		return fail(s, ERR_AUTH, CAUSE_PASSWORD,
		    "wrong user or password");
	s->guarded = true;
	return ask(s, a->challenge, now);
}

static enum err described(struct session *s, const struct rtsp_answer *a)
{
	/* Careless cameras name a base that is no URL. */
	if (rtsp_scheme(a->base) && !strchr(a->base, ' '))
		strcpy(s->base, a->base);
	rtsp_sdp_parse(a->body, a->body_n, s->base, &s->sdp);
	if (s->sdp.codec)
		return OK;
	if (!strcasecmp(s->sdp.video, "JPEG"))
		return fail(s, ERR_UNSUPPORTED, CAUSE_UNSUPPORTED,
		    "MJPEG is not supported");
	if (s->sdp.video[0])
		return fail(s, ERR_UNSUPPORTED, CAUSE_UNSUPPORTED,
		    "video codec %s is not supported", s->sdp.video);
	return fail(s, ERR_UNSUPPORTED, CAUSE_UNSUPPORTED,
	    s->sdp.audio[0] ? "the camera offers audio only" :
			      "the camera offers no video");
}

static enum err set_up(struct session *s, const struct rtsp_answer *a)
{
	int timeout = a->timeout_s ? a->timeout_s : TIMEOUT_DEFAULT_S;

	strcpy(s->id, a->session);
	if (timeout > 3 * KEEP_ALIVE_MAX_S)
		timeout = 3 * KEEP_ALIVE_MAX_S;
	/* So that one of each kind comes before it is over. */
	s->keep_alive_ns = timeout * NS_PER_SEC / 3;
	if (rtsp_transport_parse(a->transport, &s->channels))
		return fail(s, ERR_FORMAT, CAUSE_CAMERA_ERROR,
		    "the answer to SETUP makes no sense");
	if (s->transport == TRANSPORT_UDP && s->channels.interleaved)
		return fail(s, ERR_UNSUPPORTED, CAUSE_UNSUPPORTED,
		    "the camera does not send over UDP");
	return OK;
}

static enum err refused(struct session *s, const struct rtsp_answer *a)
{
	if (a->status == 461)
		return fail(s, ERR_UNSUPPORTED, CAUSE_UNSUPPORTED,
		    "the camera does not send over %s",
		    s->transport == TRANSPORT_UDP ? "UDP" : "TCP");
	return fail(s, ERR_FORMAT, CAUSE_CAMERA_ERROR, "RTSP %d %s (%s)",
	    a->status, a->reason, method(s));
}

enum err session_answer(struct session *s, const struct rtsp_answer *a,
    struct mono now)
{
	bool good = a->status >= 200 && a->status < 300;
	enum err err = OK;

	/* A camera without CSeq is believed; one with a wrong one is not. */
	if (!s->waiting || (a->cseq && a->cseq != s->cseq) ||
	    s->state == SESSION_OVER || a->status < 200)
		return OK;
	s->waiting = false;
	if (a->status == 401)
		return unauthorized(s, a, now);
	s->refused = 0;
	switch (s->state) {
	case SESSION_OPTIONS:
		/* Whatever it says to that, the rest will tell. */
		s->get_parameter = good && a->get_parameter;
		break;
	case SESSION_DESCRIBE:
		err = good ? described(s, a) : refused(s, a);
		break;
	case SESSION_SETUP:
		err = good ? set_up(s, a) : refused(s, a);
		break;
	case SESSION_PLAY:
		if (!good)
			err = refused(s, a);
		break;
	case SESSION_PLAYING:
		if (!good)
			s->get_parameter = false;
		return OK;
	case SESSION_OVER:
		return OK;
	}
	if (err)
		return err;
	s->state++;
	return s->state == SESSION_PLAYING ? OK : ask(s, "", now);
}

enum err session_tick(struct session *s, struct mono now, int64_t timeout_ns)
{
	int64_t waited = now.ns - s->asked.ns;

	if (s->state < SESSION_PLAYING) {
		if (!s->waiting || waited < timeout_ns)
			return OK;
		return fail(s, ERR_TIMEOUT, CAUSE_NO_ANSWER,
		    "the camera does not answer %s", method(s));
	}
	if (s->state != SESSION_PLAYING || waited < s->keep_alive_ns)
		return OK;
	/* It did not answer the last one: it may want the other kind. */
	if (s->waiting)
		s->get_parameter = !s->get_parameter;
	if (s->out_n)
		return OK; /* nor did it take it: the data will tell */
	s->refused = 0;
	return ask(s, "", now);
}

void session_end(struct session *s)
{
	bool set_up = s->state > SESSION_SETUP && s->state < SESSION_OVER;
	enum err err;

	s->state = SESSION_OVER;
	if (!set_up)
		return;
	err = ask(s, "", s->asked);
	(void)err;	/* it may have gone long ago */
}
