#include "recorder/probe.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/camera.h"
#include "recorder/zygote.h"

#define PROBE_MS 9500
#define TIMEOUT_MS 4000

/* cause -> the "error" of the JSON; the closed list of messages.h */
static const char *const names[CAUSE_MAX] = {
    [CAUSE_NO_ANSWER] = "no-answer",
    [CAUSE_PASSWORD] = "password",
    [CAUSE_NETWORK] = "network",
    [CAUSE_NO_KEY_FRAME] = "no-key-frame",
    [CAUSE_UNSUPPORTED] = "unsupported",
    [CAUSE_CAMERA_ERROR] = "camera-error",
    [CAUSE_STREAM_ERROR] = "stream-error",
};

/* Texts come from a camera: escape what JSON needs. */
static void put_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < ' ')
			printf("\\u%04x", (unsigned)(unsigned char)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static int put_error(const char *name, const char *message)
{
	printf("{\"error\":");
	put_text(name ? name : "internal");
	printf(",\"message\":");
	put_text(message);
	printf("}\n");
	return 1;
}

static int put_result(const struct camera *c)
{
	const struct camera_probed *p = &c->probed;
	double span = (double)p->span / 90000;

	printf("{\"codec\":\"%s\",\"profile\":", p->codec);
	put_text(p->profile);
	printf(",\"width\":%u,\"height\":%u", p->width, p->height);
	if (p->frames > 1 && span > 0)
		printf(",\"fps\":%.2f,\"bitrate_bps\":%.0f",
		    (p->frames - 1) / span,
		    (double)p->bytes * 8 / span * (p->frames - 1) / p->frames);
	else
		printf(",\"fps\":null,\"bitrate_bps\":null");
	if (p->keys > 1)
		printf(",\"gop_s\":%.2f",
		    (double)p->key_span / 90000 / (p->keys - 1));
	else
		printf(",\"gop_s\":null");
	printf(",\"audio\":");
	if (p->audio[0])
		put_text(p->audio);
	else
		printf("null");
	printf(",\"transport\":\"%s\"",
	    c->transport == TRANSPORT_UDP ? "udp" : "tcp");
	if (p->offset_known)
		printf(",\"clock_offset_ms\":%lld}\n",
		    (long long)(p->offset_ns / NS_PER_MS));
	else
		printf(",\"clock_offset_ms\":null}\n");
	return 0;
}

/* One line of standard input without its end; false when it is too long. */
static bool line(char *buf, size_t max)
{
	size_t n = 0;
	int c;

	while ((c = getchar()) != EOF && c != '\n') {
		if (n + 1 >= max)
			return false;
		buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return true;
}

static void look(struct camera *c, int zygote)
{
	struct mono end = {mono_now().ns + PROBE_MS * NS_PER_MS};

	while (!c->probed.done && c->state != CAMERA_DOWN) {
		struct pollfd p[1 + CAMERA_POLLS];
		struct zygote_message m;
		struct mono now = mono_now();
		int n, wait;

		if (now.ns >= end.ns)
			return;
		wait = camera_tick(c, true, now);
		p[0] = (struct pollfd){.fd = zygote, .events = POLLIN};
		n = 1 + camera_poll(c, p + 1);
		if (poll(p, (nfds_t)n, wait < 200 ? wait : 200) < 0)
			continue;
		while (!zygote_answer(zygote, &m))
			camera_zygote(c, &m);
		for (int i = 1; i < n; i++)
			camera_ready(c, &p[i], mono_now());
	}
}

int probe_run(const char *url, int udp, int zygote)
{
	struct camera_host host = {.zygote = zygote, .timeout_ms = TIMEOUT_MS};
	struct camera c;
	enum err err;
	int status;

	camera_init(&c, &host);
	c.enabled = true;
	c.transport = udp ? TRANSPORT_UDP : TRANSPORT_TCP;
	err = rtsp_url_parse(url, &c.url);
	if (err == ERR_DENIED)
		return put_error("invalid",
		    "user and password do not belong into the URL");
	if (err)
		return put_error("invalid",
		    "the URL is not rtsp://host[:port]/path");
	if (!line(c.credentials.user, sizeof(c.credentials.user)) ||
	    !line(c.credentials.password, sizeof(c.credentials.password)))
		return put_error("invalid", "user or password is too long");
	look(&c, zygote);
	if (c.probed.done)
		status = put_result(&c);
	else if (c.state == CAMERA_DOWN)
		status = put_error(names[c.cause], c.detail);
	else if (c.state == CAMERA_STREAMING)
		status =
		    put_error("no-key-frame", "the stream has no key frame");
	else
		status = put_error("no-answer",
		    "the camera did not get to send pictures in time");
	camera_wipe(&c);
	fflush(stdout);
	return status;
}
