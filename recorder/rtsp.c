#include "recorder/rtsp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORT 554	/* RFC 2326 */
#define PORT_TLS 322	/* RFC 7826, 4.2; IANA */
#define JUNK_MAX 65536	/* bytes that are neither message nor data */

static void copy(char *to, size_t max, const char *from, size_t n)
{
	if (n >= max)
		n = max - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

/* A number of 1..max out of n digits; false where there is none. */
static bool number(const char *s, size_t n, unsigned long max,
    unsigned long *ret)
{
	unsigned long v = 0;
	size_t i = 0;

	for (; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		v = v * 10 + (unsigned long)(s[i] - '0');
		if (v > max)
			return false;
	}
	*ret = v;
	return i > 0;
}

static bool is_clean(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
		    *s == '"' || *s == '\\')
			return false;
	return true;
}

size_t rtsp_scheme(const char *s)
{
	return !strncasecmp(s, "rtsp://", 7) ? 7 :
	    !strncasecmp(s, "rtsps://", 8)   ? 8 :
					       0;
}

enum err rtsp_url_parse(const char *text, struct rtsp_url *ret)
{
	size_t scheme = rtsp_scheme(text);
	struct rtsp_url u = {.tls = scheme == 8};
	const char *host = text + scheme, *end, *port = NULL;
	unsigned long v;

	if (!scheme || !is_clean(text) || strlen(text) >= sizeof(u.text))
		return ERR_INVALID;
	u.port = u.tls ? PORT_TLS : PORT;
	end = host + strcspn(host, "/?#");
	if (memchr(host, '@', (size_t)(end - host)))
		return ERR_DENIED;
	if (*host == '[') {
		const char *close = memchr(host, ']', (size_t)(end - host));

		if (!close)
			return ERR_INVALID;
		host++;
		copy(u.host, sizeof(u.host), host, (size_t)(close - host));
		port = close + 1;
	} else {
		port = memchr(host, ':', (size_t)(end - host));
		if (!port)
			port = end;
		if ((size_t)(port - host) >= sizeof(u.host))
			return ERR_INVALID;
		copy(u.host, sizeof(u.host), host, (size_t)(port - host));
	}
	if (!*u.host || (port != end && *port != ':'))
		return ERR_INVALID;
	if (port != end) {
		if (!number(port + 1, (size_t)(end - port - 1), 65535, &v) ||
		    !v ||
		    strspn(port + 1, "0123456789") != (size_t)(end - port - 1))
			return ERR_INVALID;
		u.port = (uint16_t)v;
	}
	strcpy(u.text, text);
	*ret = u;
	return OK;
}

/* One header line into the answer; unknown ones are skipped. */
static void header(struct rtsp_answer *a, const char *name, size_t name_n,
    const char *v, size_t n, size_t *body_n)
{
	unsigned long num;

#define IS(s) (name_n == sizeof(s) - 1 && !strncasecmp(name, s, name_n))
	if (IS("CSeq")) {
		if (number(v, n, UINT32_MAX, &num))
			a->cseq = (unsigned)num;
	} else if (IS("Content-Length")) {
		if (number(v, n, RTSP_MESSAGE_MAX * 16ul, &num))
			*body_n = num;
	} else if (IS("Session")) {
		const char *semi = memchr(v, ';', n);
		size_t id = semi ? (size_t)(semi - v) : n;

		while (id && isspace((unsigned char)v[id - 1]))
			id--;
		copy(a->session, sizeof(a->session), v, id);
		if (!is_clean(a->session))
			a->session[0] = '\0';
		for (size_t i = id; i + 8 < n; i++)
			if (!strncasecmp(v + i, "timeout=", 8) &&
			    number(v + i + 8, n - i - 8, 86400, &num))
				a->timeout_s = (int)num;
	} else if (IS("Content-Base") ||
	    (IS("Content-Location") && !a->base[0])) {
		copy(a->base, sizeof(a->base), v, n);
	} else if (IS("Transport")) {
		copy(a->transport, sizeof(a->transport), v, n);
	} else if (IS("Public")) {
		for (size_t i = 0; i + 13 <= n; i++)
			if (!strncasecmp(v + i, "GET_PARAMETER", 13))
				a->get_parameter = true;
	} else if (IS("WWW-Authenticate")) {
		size_t have = strlen(a->challenge);

		if (have + n + 2 <= sizeof(a->challenge)) {
			memcpy(a->challenge + have, v, n);
			memcpy(a->challenge + have + n, "\n", 2);
		}
	}
#undef IS
}

static size_t line_length(const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);

	return lf ? (size_t)(lf - p) + 1 : n;
}

/* The head's end: after the first empty line; 0 = not there yet. */
static size_t head_length(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n')
			continue;
		if (i + 1 < n && p[i + 1] == '\n')
			return i + 2;
		if (i + 2 < n && p[i + 1] == '\r' && p[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static enum err message(const char *p, size_t n, struct rtsp_item *ret)
{
	struct rtsp_answer *a = &ret->answer;
	size_t head = head_length(p, n), body = 0, at;
	unsigned long num;

	if (!head)
		return n > RTSP_MESSAGE_MAX ? ERR_TOO_LARGE : OK;
	at = line_length(p, head);
	if (!memcmp(p, "RTSP/", 5)) {
		const char *sp = memchr(p, ' ', at);
		size_t skip = sp ? (size_t)(sp - p) + 1 : at;

		ret->kind = RTSP_ANSWER;
		if (number(p + skip, at - skip, 999, &num))
			a->status = (int)num;
		if (skip + 4 < at)
			copy(a->reason, sizeof(a->reason), p + skip + 4,
			    at - skip - 4);
		a->reason[strcspn(a->reason, "\r\n")] = '\0';
		for (char *c = a->reason; *c; c++)
			if ((unsigned char)*c < ' ' || (unsigned char)*c > 126)
				*c = '?';
	} else {
		ret->kind = RTSP_REQUEST;
	}
	while (at < head) {
		size_t n_line = line_length(p + at, head - at), end = n_line;
		const char *line = p + at, *colon = memchr(line, ':', n_line);
		size_t v;

		at += n_line;
		if (!colon)
			continue;
		v = (size_t)(colon - line) + 1;
		while (end > v && isspace((unsigned char)line[end - 1]))
			end--;
		while (v < end && isspace((unsigned char)line[v]))
			v++;
		header(a, line, (size_t)(colon - line), line + v, end - v,
		    &body);
	}
	if (body > RTSP_MESSAGE_MAX)
		return ERR_TOO_LARGE;
	if (n - head < body) {
		ret->kind = RTSP_MORE;
		return OK;
	}
	a->body = p + head;
	a->body_n = body;
	ret->consumed = head + body;
	return OK;
}

/* Where the next message or interleaved frame may begin, from 1 on. */
static size_t next_start(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n && i < JUNK_MAX; i++)
		if (p[i] == '$' ||
		    (p[i] == 'R' && n - i >= 5 && !memcmp(p + i, "RTSP/", 5)))
			break;
	return i;
}

/* "OPTIONS rtsp://... RTSP/1.0": capitals, then a space. */
static bool is_request(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && i < 16 && ((p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_'))
		i++;
	return i == n || (i >= 3 && p[i] == ' ');
}

enum err rtsp_next(const unsigned char *p, size_t n, struct rtsp_item *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!n)
		return OK;
	if (p[0] == '$') {
		size_t len;

		if (n < 4)
			return OK;
		len = (size_t)p[2] << 8 | p[3];
		if (n - 4 < len)
			return OK;
		ret->kind = RTSP_DATA;
		ret->consumed = 4 + len;
		ret->channel = p[1];
		ret->data = p + 4;
		ret->data_n = len;
		return OK;
	}
	if (!memcmp(p, "RTSP/", n < 5 ? n : 5) || is_request(p, n))
		return n < 5 ? OK : message((const char *)p, n, ret);
	ret->kind = RTSP_SKIP;
	ret->consumed = next_start(p, n);
	return OK;
}

enum err rtsp_transport_parse(const char *text, struct rtsp_transport *ret)
{
	struct rtsp_transport t = {.rtp_channel = 0, .rtcp_channel = 1};
	const char *s = strstr(text, "interleaved=");
	unsigned a, b;

	if (strstr(text, "/TCP") || s)
		t.interleaved = true;
	if (s) {
		int got = sscanf(s, "interleaved=%3u-%3u", &a, &b);

		if (got < 1 || a > 255)
			return ERR_FORMAT;
		t.rtp_channel = (uint8_t)a;
		t.rtcp_channel = (uint8_t)(got == 2 && b < 256 ? b : a + 1);
	}
	s = strstr(text, "server_port=");
	if (s) {
		int got = sscanf(s, "server_port=%5u-%5u", &a, &b);

		if (got < 1 || a > 65535)
			return ERR_FORMAT;
		t.server_rtp = (uint16_t)a;
		t.server_rtcp = (uint16_t)(got == 2 && b < 65536 ? b : a + 1);
	}
	*ret = t;
	return OK;
}

enum err rtsp_request(const char *method, const char *url, unsigned cseq,
    const char *session, const char *authorization, const char *extra,
    char *buf, size_t max, size_t *ret_n)
{
	int n = snprintf(buf, max,
	    "%s %s RTSP/1.0\r\nCSeq: %u\r\nUser-Agent: Saqta\r\n"
	    "%s%s%s%s%s%s%s\r\n",
	    method, url, cseq, *session ? "Session: " : "", session,
	    *session ? "\r\n" : "", *authorization ? "Authorization: " : "",
	    authorization, *authorization ? "\r\n" : "", extra);

	if (n < 0 || (size_t)n >= max)
		return ERR_TOO_LARGE;
	*ret_n = (size_t)n;
	return OK;
}
