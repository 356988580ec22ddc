#include "recorder/device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/auth.h"
#include "recorder/http.h"
#include "recorder/zygote.h"
#include "storage/api/wire.h"

#define CONNECT_NS (3 * NS_PER_SEC)
#define DISCOVERY_PORT 3702
#define DISCOVERY_GROUP 0xeffffffau	/* 239.255.255.250 */
#define INTERFACES_MAX 32

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static enum err refuse(struct device *d, const char *why)
{
	snprintf(d->detail, sizeof(d->detail), "%s", why);
	return ERR_INVALID;
}

static void end(struct device *d, enum cause cause, const char *detail)
{
	if (d->ended)
		return;
	d->ended = true;
	d->cause = cause;
	snprintf(d->detail, sizeof(d->detail), "%s", detail);
}

static void init(struct device *d, int zygote, uint32_t token)
{
	memset(d, 0, sizeof(*d));
	d->zygote = zygote;
	d->token = token;
	d->control = d->conn = -1;
}

/* The child for it; search: its UDP socket (given), or -1. */
static enum err start(struct device *d, int search)
{
	struct zygote_message m = {.kind = ZYGOTE_DEVICE, .token = d->token};
	int fd[CHILD_FDS] = {-1, search, -1, -1, -1}, pair[2];
	enum err err = ERR_SYS;

	if (!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		d->control = pair[0];
		fcntl(d->control, F_SETFL, O_NONBLOCK);
		fd[FD_CONTROL] = pair[1];
		m.fds = (uint8_t)(1u << FD_CONTROL |
		    (search >= 0 ? 1u << FD_CAMERA : 0));
		snprintf(m.start.url, sizeof(m.start.url), "%s", d->url);
		err = zygote_ask(d->zygote, &m, fd);
		close(pair[1]);
	}
	if (search >= 0)
		close(search);
	return err;
}

/* The address of a device as a URL of its device service. */
static enum err take_address(struct device *d, const char *address)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *a = NULL;
	char path[ONVIF_URI_MAX], bare[64], url[ONVIF_URI_MAX];
	unsigned short port;
	size_t n;

	if (strstr(address, "://"))
		snprintf(url, sizeof(url), "%.255s", address);
	else
		snprintf(url, sizeof(url), "http://%.200s%s", address,
		    strchr(address, '/') ? "" : "/onvif/device_service");
	if (http_url_parse(url, d->host, sizeof(d->host), &port, path,
		sizeof(path)))
		return refuse(d, "that is no address of a device");
	n = strlen(d->host);
	snprintf(bare, sizeof(bare), "%.*s",
	    (int)(d->host[0] == '[' ? n - 2 : n),
	    d->host + (d->host[0] == '['));
	if (getaddrinfo(bare, NULL, &hints, &a))
		return refuse(d, "give the device's IP address");
	memcpy(&d->to, a->ai_addr, a->ai_addrlen);
	d->to_n = a->ai_addrlen;
	freeaddrinfo(a);
	snprintf(d->url, sizeof(d->url), "%s", url);
	return OK;
}

enum err device_open(struct device *d, const char *address,
    const struct credentials *login, int zygote, uint32_t token)
{
	enum err err;

	init(d, zygote, token);
	err = take_address(d, address);
	if (err)
		return err;
	d->login = *login;
	return start(d, -1);
}

/* --- searching --- */

enum err device_range(const char *s, uint32_t *ret_first, uint32_t *ret_last)
{
	char buf[48], *p, *rest;
	struct in_addr a;
	unsigned long v;
	uint32_t first, last;

	if (snprintf(buf, sizeof(buf), "%s", s) >= (int)sizeof(buf))
		return ERR_INVALID;
	p = buf + strcspn(buf, "-/");
	rest = *p ? p + 1 : NULL;
	if (rest) {
		char *stop;

		v = strtoul(rest, &stop, 10);
		if (*rest < '0' || *rest > '9' || *stop)
			return ERR_INVALID;
	} else {
		v = 0;
	}
	if (rest && *p == '/' && (v < 24 || v > 32))
		return ERR_INVALID;
	if (rest && *p == '-' && v > 255)
		return ERR_INVALID;
	first = last = 0;
	if (rest && *p == '/')
		last = v == 32 ? 0 : (1u << (32 - v)) - 1;
	v = rest && *p == '-' ? v : 256;
	*p = '\0';
	if (inet_pton(AF_INET, buf, &a) != 1)
		return ERR_INVALID;
	first = ntohl(a.s_addr) & ~last;
	last = first | last;
	if (v < 256)
		last = (first & ~255u) | (uint32_t)v;
	if (last < first)
		return ERR_INVALID;
	*ret_first = first;
	*ret_last = last;
	return OK;
}

static bool send_probe(int sock, uint32_t to, const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(DISCOVERY_PORT),
	    .sin_addr.s_addr = htonl(to)};

	return sendto(sock, text, strlen(text), 0, (struct sockaddr *)&a,
		   sizeof(a)) > 0;
}

/* To the group, out of each interface that has an address. */
static void send_group(int sock, const char *text)
{
	struct ifreq all[INTERFACES_MAX];
	struct ifconf c = {
	    .ifc_len = (int)sizeof(all), .ifc_ifcu.ifcu_req = all};

	if (ioctl(sock, SIOCGIFCONF, &c) < 0)
		return;
	for (size_t i = 0; i < (size_t)c.ifc_len / sizeof(all[0]); i++) {
		struct sockaddr_in *a = (struct sockaddr_in *)&all[i].ifr_addr;

		if (a->sin_family == AF_INET &&
		    !setsockopt(sock, IPPROTO_IP, IP_MULTICAST_IF, &a->sin_addr,
			sizeof(a->sin_addr)))
			send_probe(sock, DISCOVERY_GROUP, text);
	}
}

enum err device_search(struct device *d, const char *target, int zygote,
    uint32_t token)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	uint32_t first = 0, last = 0;
	char uuid[33], text[2048];
	int sock;
	enum err err = OK;

	init(d, zygote, token);
	if (*target && device_range(target, &first, &last))
		return refuse(d,
		    "give an IPv4 address, a range A.B.C.D-E or a network of "
		    "at most 256 addresses, A.B.C.D/24");
	secret_text(uuid, sizeof(uuid));
	err = onvif_probe(uuid, text, sizeof(text));
	if (err)
		return err;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&any, sizeof(any))) {
		if (sock >= 0)
			close(sock);
		return ERR_SYS;
	}
	if (!*target)
		send_group(sock, text);
	/* Once is enough for one address; a range is asked in one go. */
	for (uint32_t a = first; *target && a >= first && a <= last; a++)
		send_probe(sock, a, text);
	return start(d, sock);
}

/* --- what the child asks and tells --- */

static void answer(struct device *d, struct wire *w, int fd)
{
	enum err err = wire_send(d->control, w, fd);

	(void)err;	/* a child that has died is noticed elsewhere */
}

static void answer_error(struct device *d, uint32_t id, enum err err)
{
	struct wire w;

	wire_begin(&w, MSG_ERROR, id);
	wire_put_u16(&w, (uint16_t)err);
	wire_put_str(&w, "");
	answer(d, &w, -1);
}

static void connect_to(struct device *d, uint32_t id, uint16_t port)
{
	shut(&d->conn);
	((struct sockaddr_in *)&d->to)->sin_port = htons(port);
	d->conn = socket(d->to.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	d->conn_id = id;
	d->conn_until.ns = mono_now().ns + CONNECT_NS;
	if (d->conn >= 0 &&
	    (!connect(d->conn, (struct sockaddr *)&d->to, d->to_n) ||
		errno == EINPROGRESS))
		return;
	d->refused = errno == ECONNREFUSED;
	d->silent = !d->refused;
	shut(&d->conn);
	answer_error(d, id, ERR_UNAVAILABLE);
}

static void connected(struct device *d)
{
	socklen_t n = sizeof(int);
	struct wire w;
	int e = 0;

	if (getsockopt(d->conn, SOL_SOCKET, SO_ERROR, &e, &n) || e) {
		d->refused = e == ECONNREFUSED;
		d->silent = !d->refused;
		answer_error(d, d->conn_id, ERR_UNAVAILABLE);
	} else {
		wire_begin(&w, CONTROL_CONNECTED, d->conn_id);
		answer(d, &w, d->conn);
	}
	shut(&d->conn);
}

static void make_token(struct device *d, uint32_t id, const char *created)
{
	char nonce[33], digest64[64] = "", nonce64[64] = "";
	struct wire w;

	secret_text(nonce, sizeof(nonce));
	wire_begin(&w, CONTROL_TOKEN_IS, id);
	if (auth_token(nonce, created, d->login.password, digest64,
		sizeof(digest64), nonce64, sizeof(nonce64)))
		digest64[0] = '\0';
	wire_put_str(&w, d->login.user);
	wire_put_str(&w, digest64);
	wire_put_str(&w, nonce64);
	answer(d, &w, -1);
}

static void take_device(struct device *d, struct wire *w)
{
	struct onvif_device *o = &d->device;
	int64_t offset;

	wire_get_text(w, o->maker, sizeof(o->maker));
	wire_get_text(w, o->model, sizeof(o->model));
	wire_get_text(w, o->firmware, sizeof(o->firmware));
	wire_get_text(w, o->serial, sizeof(o->serial));
	o->clock_s = wire_get_i64(w);
	offset = wire_get_i64(w);
	o->profiles = wire_get_u8(w);
	if (o->profiles > ONVIF_PROFILES_MAX)
		o->profiles = 0;
	for (unsigned i = 0; i < o->profiles; i++) {
		struct onvif_profile *p = &o->profile[i];

		wire_get_text(w, p->token, sizeof(p->token));
		wire_get_text(w, p->name, sizeof(p->name));
		wire_get_text(w, p->encoding, sizeof(p->encoding));
		p->width = wire_get_u16(w);
		p->height = wire_get_u16(w);
		wire_get_text(w, p->uri, sizeof(p->uri));
	}
	if (wire_end(w)) {
		end(d, CAUSE_RECORDER_FAILED, "the child broke the protocol");
		return;
	}
	/* from here on: the offset, where the device told a time */
	o->clock_s = o->clock_s ? offset : INT64_MAX;
	end(d, CAUSE_NONE, "");
}

static void take_found(struct device *d, struct wire *w)
{
	struct onvif_found f;
	char address[64];

	wire_get_text(w, address, sizeof(address));
	wire_get_text(w, f.endpoint, sizeof(f.endpoint));
	wire_get_text(w, f.xaddr, sizeof(f.xaddr));
	wire_get_text(w, f.name, sizeof(f.name));
	wire_get_text(w, f.hardware, sizeof(f.hardware));
	if (wire_end(w) || d->found_n == DEVICE_FOUND_MAX)
		return;
	for (unsigned i = 0; i < d->found_n; i++)
		if (!strcmp(d->found[i].address, address) &&
		    !strcmp(d->found[i].found.xaddr, f.xaddr))
			return;	/* it answered twice */
	d->found[d->found_n].found = f;
	strcpy(d->found[d->found_n++].address, address);
}

static void message(struct device *d, struct wire *w)
{
	char text[200];
	unsigned cause;
	uint16_t port;

	switch (w->type) {
	case CONTROL_CONNECT:
		port = wire_get_u16(w);
		if (!wire_end(w) && d->to_n)
			connect_to(d, w->id, port);
		return;
	case CONTROL_TOKEN:
		wire_get_text(w, text, sizeof(text));
		if (!wire_end(w) && d->to_n)
			make_token(d, w->id, text);
		return;
	case CONTROL_DEVICE:
		take_device(d, w);
		return;
	case CONTROL_FOUND:
		take_found(d, w);
		return;
	case CONTROL_END:
		cause = wire_get_u8(w);
		wire_get_text(w, text, sizeof(text));
		if (!wire_end(w) && cause < CAUSE_MAX) {
			end(d, (enum cause)cause, text);
			return;
		}
		break;
	default:
		break;
	}
	end(d, CAUSE_RECORDER_FAILED, "the child broke the protocol");
}

/* --- for the owner --- */

void device_close(struct device *d)
{
	if (d->pid > 0) {
		struct zygote_message m = {.kind = ZYGOTE_KILL, .pid = d->pid};
		enum err err = zygote_ask(d->zygote, &m, NULL);

		(void)err;	/* its control socket closes: it ends */
	}
	d->pid = 0;
	shut(&d->control);
	shut(&d->conn);
	secret_wipe(&d->login, sizeof(d->login));
}

int device_poll(const struct device *d, struct pollfd p[DEVICE_POLLS])
{
	int n = 0;

	if (d->control >= 0)
		p[n++] = (struct pollfd){.fd = d->control, .events = POLLIN};
	if (d->conn >= 0)
		p[n++] = (struct pollfd){.fd = d->conn, .events = POLLOUT};
	return n;
}

void device_ready(struct device *d, const struct pollfd *p)
{
	struct wire w;
	enum err err;

	if (p->fd == d->conn) {
		connected(d);
		return;
	}
	if (p->fd != d->control)
		return;
	err = wire_recv(d->control, &w);
	if (w.fd >= 0)
		close(w.fd);
	if (!err)
		message(d, &w);
	else if (err != ERR_BUSY)
		end(d, CAUSE_RECORDER_FAILED, "the child died");
}

void device_zygote(struct device *d, const struct zygote_message *m)
{
	if (m->kind != ZYGOTE_STARTED || m->token != d->token || !d->token)
		return;
	d->pid = m->pid;
	if (m->pid <= 0)
		end(d, CAUSE_RECORDER_FAILED, "no child");
}

void device_tick(struct device *d, struct mono now)
{
	if (d->conn < 0 || now.ns < d->conn_until.ns)
		return;
	d->silent = true;
	shut(&d->conn);
	answer_error(d, d->conn_id, ERR_TIMEOUT);
}
