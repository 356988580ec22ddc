#include "recorder/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/answer.h"

#define LOOK_MS 9500
#define TIMEOUT_MS 4000
#define TOKENS 0x80000000u /* the supervisor's cameras count from 1 */
#define TOKENS_EACH 16u

static void finish(struct look *l, char *text)
{
	l->text = text;
	l->done = true;
	camera_wipe(&l->camera);
	device_close(&l->device);
	reach_end(&l->reach);
	l->reaching = false;
}

static void fail(struct look *l, const char *error, const char *message)
{
	finish(l, answer_error(error, message, NULL));
}

static void probe_begin(struct look *l, const char *url,
    enum transport transport, const struct credentials *credentials)
{
	enum err err = rtsp_url_parse(url, &l->camera.url);

	if (err) {
		fail(l, "invalid",
		    err == ERR_DENIED ?
			"user and password do not belong into the URL" :
			"the URL is not rtsp[s]://host[:port]/path");
		return;
	}
	if (l->camera.url.tls && transport != TRANSPORT_TCP) {
		fail(l, "invalid",
		    "with rtsps:// the transport is TCP: over UDP the "
		    "pictures would come in clear");
		return;
	}
	l->camera.enabled = true;
	l->camera.transport = transport;
	l->camera.credentials = *credentials;
}

static void device_begin(struct look *l, const char *target,
    const struct credentials *credentials)
{
	struct device *d = &l->device;
	enum err err = l->kind == LOOK_ONVIF ?
	    device_open(d, target, credentials, l->host.zygote, l->host.token) :
	    device_search(d, target, l->host.zygote, l->host.token);

	if (err)
		fail(l, err == ERR_INVALID ? "invalid" : "internal",
		    err == ERR_INVALID ? d->detail : err_text(err));
}

struct look *look_new(enum look_kind kind, const char *target,
    enum transport transport, const struct credentials *credentials, int zygote)
{
	static uint32_t looks;
	struct look *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->kind = kind;
	l->host = (struct camera_host){.zygote = zygote,
	    .token =
		TOKENS + 1 + TOKENS_EACH * (looks++ % (TOKENS / TOKENS_EACH)),
	    .timeout_ms = TIMEOUT_MS};
	l->reach.ping = l->reach.tcp = -1;
	l->end.ns = mono_now().ns + LOOK_MS * NS_PER_MS;
	camera_init(&l->camera, &l->host);
	l->device.control = l->device.conn = -1;
	if (kind == LOOK_PROBE)
		probe_begin(l, target, transport, credentials);
	else
		device_begin(l, target, credentials);
	return l;
}

void look_free(struct look *l)
{
	if (!l)
		return;
	camera_wipe(&l->camera);
	device_close(&l->device);
	reach_end(&l->reach);
	free(l->text);
	free(l);
}

int look_poll(const struct look *l, struct pollfd p[LOOK_POLLS])
{
	if (l->done)
		return 0;
	if (l->kind != LOOK_PROBE && !l->reaching)
		return device_poll(&l->device, p);
	return l->reaching ? reach_poll(&l->reach, p) :
			     camera_poll(&l->camera, p);
}

void look_ready(struct look *l, const struct pollfd *p, struct mono now)
{
	if (l->done || l->reaching)
		return;
	if (l->kind != LOOK_PROBE)
		device_ready(&l->device, p);
	else
		camera_ready(&l->camera, p, now);
}

void look_zygote(struct look *l, const struct zygote_message *m)
{
	if (!l->done && l->kind == LOOK_PROBE)
		camera_zygote(&l->camera, m);
	else if (!l->done)
		device_zygote(&l->device, m);
}

/* The port says nothing, so say whether the host does. */
static void reached(struct look *l, struct mono now)
{
	enum reach_result r = reach_result(&l->reach, now);
	char text[160];

	if (r == REACH_WAITS && now.ns < l->end.ns)
		return;
	if (r == REACH_PING || r == REACH_TCP)
		snprintf(text, sizeof(text), "no answer on port %u, %s",
		    l->camera.url.port,
		    r == REACH_PING ? "the host answers ping" :
				      "the host answers on another port");
	else
		snprintf(text, sizeof(text), "the host %.100s does not answer",
		    l->camera.url.host);
	finish(l,
	    answer_error("no-answer", text,
		r == REACH_PING || r == REACH_TCP ? "answers" : "silent"));
}

static void down(struct look *l, struct mono now)
{
	struct camera *c = &l->camera;
	const char *host = NULL;

	if (c->cause == CAUSE_NO_ANSWER) {
		switch (c->unreached) {
		case UNREACHED_SILENT:
			reach_begin(&l->reach, &c->resolved.at[0].addr,
			    c->resolved.at[0].n, now);
			l->reaching = true;
			return;
		case UNREACHED_REFUSED:
			host = "refuses";
			break;
		case UNREACHED_UNKNOWN:
			host = "unknown";
			break;
		case UNREACHED_NOT:
			host = "answers";
			break;
		}
	}
	finish(l, answer_error(answer_error_name(c->cause), c->detail, host));
}

static void device_look(struct look *l, struct mono now)
{
	struct device *d = &l->device;

	device_tick(d, now);
	if (!d->ended && now.ns < l->end.ns)
		return;
	if (!d->ended)
		finish(l,
		    answer_error("no-answer",
			"the device does not answer in time", "answers"));
	else if (d->cause != CAUSE_NONE)
		finish(l,
		    answer_error(answer_error_name(d->cause), d->detail,
			d->cause != CAUSE_NO_ANSWER ? NULL :
			    d->refused		    ? "refuses" :
			    d->silent		    ? "silent" :
						      "answers"));
	else if (l->kind == LOOK_ONVIF)
		finish(l, answer_onvif(d));
	else
		finish(l, answer_found(d));
}

int look_tick(struct look *l, struct mono now)
{
	int wait = 50;

	if (l->done)
		return 0;
	if (l->kind != LOOK_PROBE) {
		device_look(l, now);
		return l->done ? 0 : wait;
	}
	if (l->reaching) {
		reached(l, now);
		return l->done ? 0 : wait;
	}
	if (l->camera.probed.done) {
		finish(l, answer_probe(&l->camera));
	} else if (l->camera.state == CAMERA_DOWN) {
		down(l, now);
	} else if (now.ns >= l->end.ns) {
		if (l->camera.state == CAMERA_STREAMING)
			fail(l, "no-key-frame", "the stream has no key frame");
		else
			finish(l,
			    answer_error("no-answer",
				"the camera did not get to send pictures in "
				"time",
				"answers"));
	} else {
		wait = camera_tick(&l->camera, true, now);
		if (wait > 200)
			wait = 200;
	}
	return l->done ? 0 : wait;
}
