/* device_child.c - the half of device.h that reads what a device says. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/control_talk.h"
#include "recorder/device.h"
#include "recorder/http.h"
#include "recorder/sandbox.h"
#include "storage/api/wire.h"

#define CALL_MS 5000
#define ANSWER_NS (3 * NS_PER_SEC)	/* of the device, to one question */
#define SEARCH_NS (3 * NS_PER_SEC)
#define DATAGRAM_MAX (64u << 10)

struct talk {
	int control;
	uint32_t id;
	char host[64];
	int64_t offset_s;	/* the device's clock minus ours */
	struct onvif_device device;
	char detail[160];
};

/* A connection to the device, made by the supervisor. */
static enum err connection(struct talk *t, uint16_t port, int *ret_fd)
{
	struct wire w;
	enum err err;

	wire_begin(&w, CONTROL_CONNECT, ++t->id);
	wire_put_u16(&w, port);
	err = wire_call(t->control, &w, -1, CALL_MS);
	if (!err && w.fd < 0)
		err = ERR_GONE;
	if (!err)
		*ret_fd = w.fd;
	return err;
}

/* A UsernameToken for the device's own time: its clock may be years off. */
static enum err token(struct talk *t, struct onvif_token *ret)
{
	struct wire w;
	enum err err;

	onvif_time(utc_now().ns / NS_PER_SEC + t->offset_s, ret->created);
	wire_begin(&w, CONTROL_TOKEN, ++t->id);
	wire_put_str(&w, ret->created);
	err = wire_call(t->control, &w, -1, CALL_MS);
	if (err)
		return err;
	wire_get_text(&w, ret->user, sizeof(ret->user));
	wire_get_text(&w, ret->digest, sizeof(ret->digest));
	wire_get_text(&w, ret->nonce, sizeof(ret->nonce));
	return wire_end(&w);
}

static enum err say(int fd, const char *p, size_t n, int64_t until)
{
	while (n) {
		struct pollfd wait = {.fd = fd, .events = POLLOUT};
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return ERR_GONE;
		if (sent < 0 && mono_now().ns > until)
			return ERR_TIMEOUT;
		if (sent < 0) {
			(void)!poll(&wait, 1, 100);
			continue;
		}
		p += sent;
		n -= (size_t)sent;
	}
	return OK;
}

static enum err hear(int fd, char *buf, int64_t until, struct http_answer *ret)
{
	size_t n = 0;
	bool ended = false;
	enum err err = ERR_BUSY;

	while (err == ERR_BUSY && !ended) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t got =
		    recv(fd, buf + n, HTTP_ANSWER_MAX - n, MSG_DONTWAIT);

		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return ERR_GONE;
		if (mono_now().ns > until)
			return ERR_TIMEOUT;
		if (got < 0) {
			(void)!poll(&wait, 1, 100);
			continue;
		}
		ended = !got;
		n += (size_t)got;
		err = http_parse(buf, n, ended, ret);
		if (err == ERR_BUSY && n == HTTP_ANSWER_MAX)
			return ERR_TOO_LARGE;
	}
	return err;
}

static enum err exchange(struct talk *t, const char *url, const char *body,
    char *buf, struct http_answer *ret)
{
	char host[64], path[ONVIF_URI_MAX], head[640];
	unsigned short port;
	int64_t until;
	int fd = -1, n;
	enum err err =
	    http_url_parse(url, host, sizeof(host), &port, path, sizeof(path));

	if (!err)
		err = connection(t, port, &fd);
	if (err)
		return err;
	/* Only to the host that was named, whatever an answer says. */
	n = snprintf(head, sizeof(head),
	    "POST %s HTTP/1.1\r\nHost: %s:%u\r\n"
	    "Content-Type: application/soap+xml; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    path, t->host, port, strlen(body));
	until = mono_now().ns + ANSWER_NS;
	err = say(fd, head, (size_t)n, until);
	if (!err)
		err = say(fd, body, strlen(body), until);
	if (!err)
		err = hear(fd, buf, until, ret);
	close(fd);
	return err;
}

static enum err ask(struct talk *t, enum onvif_ask what, const char *url,
    unsigned profile)
{
	static char buf[HTTP_ANSWER_MAX];
	static char body[8192];
	struct onvif_device *d = &t->device;
	struct onvif_token secret;
	struct http_answer a;
	enum err err = OK;

	if (what != ONVIF_CLOCK)
		err = token(t, &secret);
	/* without a user: as cameras without a password want it */
	if (!err)
		err = onvif_request(what, d->profile[profile].token,
		    what == ONVIF_CLOCK || !secret.user[0] ? NULL : &secret,
		    body, sizeof(body));
	if (!err)
		err = exchange(t, url, body, buf, &a);
	if (err)
		return err;
	if (a.status == 401)
		return ERR_PASSWORD;
	if (a.status != 200 && a.status != 400 && a.status != 500)
		return ERR_UNSUPPORTED;
	return onvif_answer(what, a.body, a.body_n, d, profile);
}

static enum err ask_all(struct talk *t, const char *url)
{
	struct onvif_device *d = &t->device;
	int64_t asked = utc_now().ns / NS_PER_SEC;
	enum err err = ask(t, ONVIF_CLOCK, url, 0);

	/* Some want a password for this, too: then our own time must do. */
	if (err == ERR_PASSWORD || err == ERR_UNSUPPORTED)
		err = OK;
	if (!err && d->clock_s)
		t->offset_s = d->clock_s - asked;
	if (!err)
		err = ask(t, ONVIF_DEVICE, url, 0);
	if (!err)
		err = ask(t, ONVIF_MEDIA, url, 0);
	if (!err && !d->media[0])
		err = ERR_UNSUPPORTED;
	if (!err)
		err = ask(t, ONVIF_PROFILES, d->media, 0);
	for (unsigned i = 0; !err && i < d->profiles; i++)
		err = ask(t, ONVIF_URI, d->media, i);
	return err;
}

static void tell_device(struct talk *t)
{
	const struct onvif_device *d = &t->device;
	struct wire w;

	wire_begin(&w, CONTROL_DEVICE, ++t->id);
	wire_put_str(&w, d->maker);
	wire_put_str(&w, d->model);
	wire_put_str(&w, d->firmware);
	wire_put_str(&w, d->serial);
	wire_put_i64(&w, d->clock_s);
	wire_put_i64(&w, t->offset_s);
	wire_put_u8(&w, (uint8_t)d->profiles);
	for (unsigned i = 0; i < d->profiles; i++) {
		const struct onvif_profile *p = &d->profile[i];

		wire_put_str(&w, p->token);
		wire_put_str(&w, p->name);
		wire_put_str(&w, p->encoding);
		wire_put_u16(&w, p->width);
		wire_put_u16(&w, p->height);
		wire_put_str(&w, p->uri);
	}
	(void)!wire_send(t->control, &w, -1);
}

static const char *why(enum err err)
{
	switch (err) {
	case ERR_PASSWORD:
		return "the device refuses user or password";
	case ERR_TIMEOUT:
	case ERR_GONE:
	case ERR_UNAVAILABLE:
		return "the device does not answer on this port";
	case ERR_UNSUPPORTED:
		return "the device does not know this question of ONVIF";
	case ERR_TOO_LARGE:
		return "the device's answer is too long";
	default:
		return "the device's answer is no ONVIF";
	}
}

static void question(struct talk *t, const char *url)
{
	char path[ONVIF_URI_MAX];
	unsigned short port;
	enum err err = http_url_parse(url, t->host, sizeof(t->host), &port,
	    path, sizeof(path));

	if (!err)
		err = ask_all(t, url);
	if (!err) {
		tell_device(t);
		return;
	}
	control_tell(t->control, CONTROL_END,
	    err == ERR_PASSWORD	       ? CAUSE_PASSWORD :
		err == ERR_UNSUPPORTED ? CAUSE_UNSUPPORTED :
		err == ERR_TIMEOUT || err == ERR_GONE ||
		    err == ERR_UNAVAILABLE ?
					 CAUSE_NO_ANSWER :
					 CAUSE_CAMERA_ERROR,
	    why(err));
}

/* Answers to the probe that the supervisor sent from this socket. */
static void search(struct talk *t, int sock)
{
	static unsigned char buf[DATAGRAM_MAX];
	int64_t until = mono_now().ns + SEARCH_NS;
	int64_t left;

	while ((left = until - mono_now().ns) > 0) {
		struct pollfd wait = {.fd = sock, .events = POLLIN};
		struct sockaddr_in from = {.sin_family = AF_INET};
		socklen_t len = sizeof(from);
		struct onvif_found f;
		char address[INET_ADDRSTRLEN];
		struct wire w;
		ssize_t n;

		if (poll(&wait, 1, (int)(left / NS_PER_MS) + 1) <= 0)
			continue;
		n = recvfrom(sock, buf, sizeof(buf), MSG_DONTWAIT,
		    (struct sockaddr *)&from, &len);
		if (n <= 0 || onvif_probe_match(buf, (size_t)n, &f) ||
		    !inet_ntop(AF_INET, &from.sin_addr, address,
			sizeof(address)))
			continue;
		wire_begin(&w, CONTROL_FOUND, ++t->id);
		wire_put_str(&w, address);
		wire_put_str(&w, f.endpoint);
		wire_put_str(&w, f.xaddr);
		wire_put_str(&w, f.name);
		wire_put_str(&w, f.hardware);
		if (wire_send(t->control, &w, -1))
			return;
	}
	control_tell(t->control, CONTROL_END, CAUSE_NONE, "");
}

_Noreturn void device_main(const struct child_start *start,
    const int fd[CHILD_FDS])
{
	static struct talk talk;
	struct talk *t = &talk;

	t->control = fd[FD_CONTROL];
	if (sandbox_enter(t->control, -1)) {
		control_tell(t->control, CONTROL_END, CAUSE_RECORDER_FAILED,
		    "the sandbox could not be closed");
		_exit(1);
	}
	if (fd[FD_CAMERA] >= 0)
		search(t, fd[FD_CAMERA]);
	else
		question(t, start->url);
	_exit(0);
}
