#include "recorder/reach.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <unistd.h>

#define WAIT_NS (1200 * NS_PER_MS)
#define OTHER_PORT 80 /* nearly every camera has its pages there */

static int ping_open(const struct sockaddr_storage *a, socklen_t n)
{
	bool v6 = a->ss_family == AF_INET6;
	int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(a->ss_family, type, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	/* type, code, checksum, id, sequence: the kernel fills the middle */
	unsigned char echo[8] = {
	    v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO, 0, 0, 0, 0, 0, 0, 1};
	struct sockaddr_storage to = *a;

	((struct sockaddr_in *)&to)->sin_port = 0;
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, n) ||
	    send(fd, echo, sizeof(echo), 0) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int tcp_open(const struct sockaddr_storage *a, socklen_t n)
{
	int fd =
	    socket(a->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage to = *a;

	((struct sockaddr_in *)&to)->sin_port = htons(OTHER_PORT);
	/* A refusal at once (loopback) is seen by reach_result(), too. */
	if (fd >= 0)
		(void)!connect(fd, (struct sockaddr *)&to, n);
	return fd;
}

void reach_begin(struct reach *r, const struct sockaddr_storage *a, socklen_t n,
    struct mono now)
{
	r->ping = ping_open(a, n);
	r->tcp = tcp_open(a, n);
	r->end.ns = now.ns + WAIT_NS;
}

int reach_poll(const struct reach *r, struct pollfd p[REACH_POLLS])
{
	int n = 0;

	if (r->ping >= 0)
		p[n++] = (struct pollfd){.fd = r->ping, .events = POLLIN};
	if (r->tcp >= 0)
		p[n++] = (struct pollfd){.fd = r->tcp, .events = POLLOUT};
	return n;
}

static bool has_pinged(struct reach *r)
{
	unsigned char b[64];

	return r->ping >= 0 && recv(r->ping, b, sizeof(b), MSG_DONTWAIT) > 0;
}

/* Connected, or refused by the host itself. */
static bool has_spoken(const struct reach *r)
{
	struct pollfd p = {.fd = r->tcp, .events = POLLOUT};
	socklen_t n = sizeof(int);
	int e = 0;

	if (r->tcp < 0 || poll(&p, 1, 0) <= 0 ||
	    getsockopt(r->tcp, SOL_SOCKET, SO_ERROR, &e, &n))
		return false;
	return !e || e == ECONNREFUSED;
}

enum reach_result reach_result(struct reach *r, struct mono now)
{
	if (has_pinged(r))
		return REACH_PING;
	if (has_spoken(r))
		return REACH_TCP;
	return now.ns < r->end.ns ? REACH_WAITS : REACH_SILENT;
}

void reach_end(struct reach *r)
{
	if (r->ping >= 0)
		close(r->ping);
	if (r->tcp >= 0)
		close(r->tcp);
	r->ping = r->tcp = -1;
}
