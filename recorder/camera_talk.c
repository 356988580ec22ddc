/* What the child of a camera says, and what it is answered: see control.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/camera.h"
#include "storage/api/log.h"
#include "storage/api/wire.h"

/* A child may have signed only what RTSP needs. */
static bool may_sign(const char *method, const char *uri)
{
	static const char *const methods[] = {"OPTIONS", "DESCRIBE", "SETUP",
	    "PLAY", "GET_PARAMETER", "TEARDOWN"};
	bool known = false;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		known |= !strcmp(method, methods[i]);
	return known && rtsp_scheme(uri);
}

static void sign(struct camera *c, struct wire *w)
{
	char challenge[1100], method[32], uri[RTSP_URL_MAX], cnonce[33];
	char header[1536] = "";
	size_t n;
	const char *p = wire_get_bytes(w, &n);
	enum err err;

	snprintf(challenge, sizeof(challenge), "%.*s",
	    n < sizeof(challenge) ? (int)n : 0, p ? p : "");
	snprintf(method, sizeof(method), "%.31s", wire_get_str(w));
	snprintf(uri, sizeof(uri), "%.511s", wire_get_str(w));
	err = wire_end(w);
	if (!err && !may_sign(method, uri))
		err = ERR_DENIED;
	if (!err && !c->credentials.user[0] && !c->credentials.password[0])
		err = ERR_NOT_FOUND;
	if (!err && *challenge)
		err = auth_challenge(challenge, &c->auth);
	secret_text(cnonce, sizeof(cnonce));
	if (!err)
		err = auth_answer(&c->auth, c->credentials.user,
		    c->credentials.password, method, uri, cnonce, header,
		    sizeof(header));
	if (err) {
		wire_begin(w, MSG_ERROR, w->id);
		wire_put_u16(w, (uint16_t)err);
		wire_put_str(w, "");
	} else {
		wire_begin(w, CONTROL_AUTH_IS, w->id);
		wire_put_bytes(w, header, strlen(header));
	}
	err = wire_send(c->control, w, -1);
	(void)err;	/* a child that has died is noticed elsewhere */
	secret_wipe(header, sizeof(header));
	secret_wipe(w, sizeof(*w));
}

static void probed(struct camera *c, struct wire *w)
{
	struct camera_probed *p = &c->probed;

	snprintf(p->codec, sizeof(p->codec), "%.7s", wire_get_str(w));
	snprintf(p->profile, sizeof(p->profile), "%.31s", wire_get_str(w));
	p->width = wire_get_u16(w);
	p->height = wire_get_u16(w);
	p->frames = wire_get_u32(w);
	p->span = wire_get_i64(w);
	p->bytes = wire_get_u64(w);
	p->keys = wire_get_u32(w);
	p->key_span = wire_get_i64(w);
	snprintf(p->audio, sizeof(p->audio), "%.15s", wire_get_str(w));
	p->offset_ns = wire_get_i64(w);
	p->offset_known = wire_get_u8(w);
	p->done = !wire_end(w);
}

static void counted(const struct camera *c, struct wire *w)
{
	uint32_t frames = wire_get_u32(w), damaged = wire_get_u32(w);
	uint64_t missing = wire_get_u64(w);
	uint32_t slips = wire_get_u32(w), forced = wire_get_u32(w);

	if (!wire_end(w) && frames && c->id[0])
		log_info("camera %s: %u pictures, %u damaged; %llu packets "
			 "missing, %u time stamps replaced, %u moved",
		    c->id, frames, damaged, (unsigned long long)missing, slips,
		    forced);
}

static void message(struct camera *c, struct wire *w, struct mono now)
{
	enum cause cause;
	const char *detail;
	uint16_t rtp, rtcp;
	bool ok;
	enum err err;

	switch (w->type) {
	case CONTROL_AUTH:
		sign(c, w);
		return;
	case CONTROL_UDP:
		rtp = wire_get_u16(w);
		rtcp = wire_get_u16(w);
		ok = !wire_end(w) && camera_udp(c, rtp, rtcp);
		wire_begin(w, ok ? CONTROL_OK : MSG_ERROR, w->id);
		if (!ok) {
			wire_put_u16(w, ERR_SYS);
			wire_put_str(w, "");
		}
		err = wire_send(c->control, w, -1);
		(void)err;
		return;
	case CONTROL_STATE:
	case CONTROL_END:
		cause = wire_get_u8(w);
		detail = wire_get_str(w);
		if (wire_end(w) || cause >= CAUSE_MAX)
			break;
		if (w->type == CONTROL_END) {
			camera_down(c, now, cause, detail);
			return;
		}
		if (!c->streaming_since.ns)
			c->streaming_since = now;
		camera_report(c, CAMERA_STREAMING, cause, "%s", detail);
		return;
	case CONTROL_PROBED:
		probed(c, w);
		return;
	case CONTROL_SLOW:
		c->slow_at = now;
		return;
	case CONTROL_ALIVE:
		return;
	case CONTROL_COUNTED:
		counted(c, w);
		return;
	default:
		break;
	}
	camera_down(c, now, CAUSE_RECORDER_FAILED,
	    "the camera's process broke the protocol");
}

void camera_talk(struct camera *c, struct mono now)
{
	struct wire w;
	enum err err = wire_recv(c->control, &w);

	if (w.fd >= 0)
		close(w.fd);
	watch_heard(&c->watch, now);
	if (!err)
		message(c, &w, now);
	else if (err != ERR_BUSY)
		camera_down(c, now, CAUSE_RECORDER_FAILED,
		    "the camera's process died");
}
