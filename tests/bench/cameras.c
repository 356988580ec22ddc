/*
 * cameras.c - many cameras for the price of none: RTSP over TCP from one film
 * that was coded beforehand, each session from its first picture, in real
 * time. One picture is one send, so sixteen streams cost a few percent.
 *
 *     cameras FILM FPS	prints "ready PORT"; any path is a camera
 *
 * FILM is H.264 (Annex B) with one slice a picture and parameter sets before
 * its first key frame; it plays in a circle. At the end of a session its path
 * and the number of pictures that were sent go to stdout.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MTU 1400
#define CLIENTS 64
#define SEC INT64_C(1000000000)

/* A picture as interleaved packets; sequence and time are put in each time. */
struct picture {
	unsigned char *bytes;
	size_t n;
	unsigned packets;
	size_t *at; /* where each packet's RTP header stands */
};

struct client {
	int sock;
	char in[4096];
	size_t in_n;
	char path[128];
	bool playing;
	int64_t begun;
	uint64_t sent; /* pictures */
	uint16_t seq;
	unsigned char *out; /* what the socket did not take yet */
	size_t out_n, out_at;
};

static struct picture *film;
static size_t film_n;
static int fps;
static char sets[2048]; /* base64 */
static struct client clients[CLIENTS];

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SEC + t.tv_nsec;
}

static void *must(void *p)
{
	if (!p) {
		perror("cameras");
		exit(1);
	}
	return p;
}

static void base64(const unsigned char *p, size_t n, char *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		v |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
		v |= i + 2 < n ? p[i + 2] : 0;
		*out++ = letters[v >> 18];
		*out++ = letters[v >> 12 & 63];
		*out++ = i + 1 < n ? letters[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? letters[v & 63] : '=';
	}
	*out = '\0';
}

static void packet(struct picture *p, const unsigned char *head, size_t head_n,
    const unsigned char *body, size_t n, bool last)
{
	size_t len = 12 + head_n + n;
	unsigned char *q;

	p->bytes = must(realloc(p->bytes, p->n + 4 + len));
	p->at = must(realloc(p->at, (p->packets + 1) * sizeof(*p->at)));
	q = p->bytes + p->n;
	memcpy(q,
	    (unsigned char[4]){
		'$', 0, (unsigned char)(len >> 8), (unsigned char)len},
	    4);
	memset(q + 4, 0, 12);
	q[4] = 0x80;
	q[5] = (unsigned char)(96 | (last ? 0x80 : 0));
	q[15] = 1; /* SSRC */
	memcpy(q + 16, head, head_n);
	memcpy(q + 16 + head_n, body, n);
	p->at[p->packets++] = p->n + 4;
	p->n += 4 + len;
}

/* One NAL unit: whole, or in FU-A pieces (RFC 6184, 5.8). */
static void add_nal(struct picture *p, const unsigned char *nal, size_t n,
    bool last)
{
	unsigned char fu[2] = {(unsigned char)((nal[0] & 0xe0) | 28), 0};
	size_t at = 1;

	if (n <= MTU) {
		packet(p, NULL, 0, nal, n, last);
		return;
	}
	while (at < n) {
		size_t part = n - at < MTU ? n - at : MTU;
		bool end = at + part == n;

		fu[1] = (unsigned char)((nal[0] & 31) | (at == 1 ? 0x80 : 0) |
		    (end ? 0x40 : 0));
		packet(p, fu, 2, nal + at, part, last && end);
		at += part;
	}
}

/* The next start code at or after i; n where there is none. */
static size_t start_code(const unsigned char *p, size_t n, size_t i)
{
	for (; i + 3 < n; i++)
		if (!p[i] && !p[i + 1] && p[i + 2] == 1)
			return i;
	return n;
}

static void load(const char *path)
{
	FILE *f = must(fopen(path, "rb"));
	unsigned char *p = NULL;
	size_t n = 0, got;
	struct picture cur = {0};

	do {
		p = must(realloc(p, n + (1 << 20)));
		got = fread(p + n, 1, 1 << 20, f);
		n += got;
	} while (got);
	fclose(f);
	for (size_t i = start_code(p, n, 0); i < n;) {
		size_t from = i + 3, next = start_code(p, n, from), to = next;
		unsigned type = p[from] & 31;

		while (to > from + 1 && !p[to - 1])
			to--;
		i = next;
		if ((type == 7 || type == 8) && to - from < 300 &&
		    strlen(sets) < 1200 && film_n == 0) {
			if (*sets)
				strcat(sets, ",");
			base64(p + from, to - from, sets + strlen(sets));
		}
		add_nal(&cur, p + from, to - from, type >= 1 && type <= 5);
		if (type < 1 || type > 5)
			continue;
		film = must(realloc(film, (film_n + 1) * sizeof(*film)));
		film[film_n++] = cur;
		cur = (struct picture){0};
	}
	free(p);
	if (!film_n) {
		fprintf(stderr, "cameras: no picture in %s\n", path);
		exit(1);
	}
}

static void drop(struct client *c)
{
	if (c->sock < 0)
		return;
	if (c->playing) {
		printf("sent %s %llu\n", c->path, (unsigned long long)c->sent);
		fflush(stdout);
	}
	close(c->sock);
	free(c->out);
	*c = (struct client){.sock = -1};
}

static void flush(struct client *c)
{
	ssize_t n;

	if (c->out_at == c->out_n)
		return;
	n = send(c->sock, c->out + c->out_at, c->out_n - c->out_at,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		c->out_at += (size_t)n;
	else if (n < 0 && errno != EAGAIN)
		drop(c);
	if (c->out_at == c->out_n)
		c->out_at = c->out_n = 0;
}

static void put(struct client *c, const void *p, size_t n)
{
	c->out = must(realloc(c->out, c->out_n + n));
	memcpy(c->out + c->out_n, p, n);
	c->out_n += n;
}

static void send_due(struct client *c, int64_t now)
{
	while (c->sock >= 0 && c->playing && c->out_n < (8u << 20) &&
	    c->begun + (int64_t)c->sent * SEC / fps <= now) {
		struct picture *p = &film[c->sent % film_n];
		uint32_t t = (uint32_t)(c->sent * 90000 / (uint64_t)fps);

		for (unsigned i = 0; i < p->packets; i++, c->seq++) {
			unsigned char *q = p->bytes + p->at[i];

			q[2] = (unsigned char)(c->seq >> 8);
			q[3] = (unsigned char)c->seq;
			for (int b = 0; b < 4; b++)
				q[4 + b] = (unsigned char)(t >> (24 - 8 * b));
		}
		c->sent++;
		put(c, p->bytes, p->n);
	}
	flush(c);
}

static void answer(struct client *c, const char *request)
{
	char out[6000], body[4096] = "", url[256] = "";
	const char *cseq = strstr(request, "CSeq:"), *path;
	int n;

	sscanf(request, "%*s %255s", url);
	path = strncmp(url, "rtsp://", 7) ? url : strchr(url + 7, '/');
	if (!c->playing && path)
		snprintf(c->path, sizeof(c->path), "%.100s", path);
	if (!strncmp(request, "DESCRIBE", 8))
		snprintf(body, sizeof(body),
		    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=film\r\nt=0 0\r\n"
		    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
		    "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=%s\r\n"
		    "a=control:track1\r\n",
		    sets);
	n = snprintf(out, sizeof(out),
	    "RTSP/1.0 200 OK\r\nCSeq: %d\r\nSession: 7;timeout=60\r\n%s%s",
	    cseq ? atoi(cseq + 5) : 0,
	    !strncmp(request, "SETUP", 5) ? "Transport: RTP/AVP/TCP;unicast;"
					    "interleaved=0-1\r\n" :
					    "",
	    !strncmp(request, "OPTIONS", 7) ?
		"Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n" :
		"");
	if (*body)
		n += snprintf(out + n, sizeof(out) - (size_t)n,
		    "Content-Base: %.200s/\r\nContent-Type: application/sdp"
		    "\r\nContent-Length: %zu\r\n",
		    url, strlen(body));
	n += snprintf(out + n, sizeof(out) - (size_t)n, "\r\n%s", body);
	put(c, out, (size_t)n);
	if (!strncmp(request, "PLAY", 4) && !c->playing) {
		c->playing = true;
		c->begun = now_ns();
	}
}

static void receive(struct client *c)
{
	ssize_t n = recv(c->sock, c->in + c->in_n, sizeof(c->in) - 1 - c->in_n,
	    MSG_DONTWAIT);
	char *end;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			drop(c);
		return;
	}
	c->in_n += (size_t)n;
	/* receiver reports come between requests */
	while (c->in_n >= 4 && c->in[0] == '$') {
		size_t len = 4 +
		    ((size_t)(unsigned char)c->in[2] << 8 |
			(unsigned char)c->in[3]);

		if (c->in_n < len)
			return;
		c->in_n -= len;
		memmove(c->in, c->in + len, c->in_n);
	}
	c->in[c->in_n] = '\0';
	while ((end = strstr(c->in, "\r\n\r\n"))) {
		size_t len = (size_t)(end + 4 - c->in);
		bool bye = !strncmp(c->in, "TEARDOWN", 8);

		answer(c, c->in);
		c->in_n -= len;
		memmove(c->in, c->in + len, c->in_n + 1);
		if (bye) {
			drop(c);
			return;
		}
	}
}

static int listen_any(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s < 0 || bind(s, (struct sockaddr *)&a, n) || listen(s, 64) ||
	    getsockname(s, (struct sockaddr *)&a, &n)) {
		perror("cameras");
		exit(1);
	}
	printf("ready %d\n", ntohs(a.sin_port));
	fflush(stdout);
	return s;
}

int main(int argc, char **argv)
{
	struct pollfd p[CLIENTS + 1];
	int listener;

	fps = argc == 3 ? atoi(argv[2]) : 0;
	if (fps < 1) {
		fputs("usage: cameras FILM FPS\n", stderr);
		return 2;
	}
	load(argv[1]);
	for (int i = 0; i < CLIENTS; i++)
		clients[i].sock = -1;
	listener = listen_any();
	for (;;) {
		int64_t now;

		p[CLIENTS] = (struct pollfd){.fd = listener, .events = POLLIN};
		for (int i = 0; i < CLIENTS; i++)
			p[i] = (struct pollfd){.fd = clients[i].sock,
			    .events = (short)(POLLIN |
				(clients[i].out_n ? POLLOUT : 0))};
		if (poll(p, CLIENTS + 1, 10) < 0 && errno != EINTR)
			return 1;
		now = now_ns();
		if (p[CLIENTS].revents)
			for (int i = 0; i < CLIENTS; i++)
				if (clients[i].sock < 0) {
					clients[i].sock = accept4(listener,
					    NULL, NULL, SOCK_CLOEXEC);
					break;
				}
		for (int i = 0; i < CLIENTS; i++) {
			if (clients[i].sock >= 0 && p[i].fd >= 0 &&
			    p[i].revents & (POLLIN | POLLHUP | POLLERR))
				receive(&clients[i]);
			if (clients[i].sock >= 0)
				send_due(&clients[i], now);
		}
	}
}
