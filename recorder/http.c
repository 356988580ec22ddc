#include "recorder/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX 8192

/* The value of a header in the head, or NULL; it ends at CR or LF. */
static const char *header(const char *p, size_t n, const char *name)
{
	size_t len = strlen(name);
	const char *end = p + n;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if ((size_t)(end - p) > len && !strncasecmp(p, name, len) &&
		    p[len] == ':') {
			p += len + 1;
			while (p < end && (*p == ' ' || *p == '\t'))
				p++;
			return p;
		}
		if (!eol)
			return NULL;
		p = eol + 1;
	}
	return NULL;
}

/* Digits in the given base; false where there are none, or too many. */
static bool number(const char *p, const char *end, int base, size_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t v = 0;
	const char *begin = p;

	for (; p < end; p++) {
		char c = (char)(*p >= 'A' && *p <= 'F' ? *p + 32 : *p);
		const char *d = c ? memchr(digits, c, (size_t)base) : NULL;

		if (!d)
			break;
		v = v * (size_t)base + (size_t)(d - digits);
		if (v > HTTP_ANSWER_MAX)
			return false;
	}
	*ret = v;
	return p > begin;
}

/* Chunks are moved together, from at on. */
static enum err join(char *body, size_t n, size_t *ret_n)
{
	size_t at = 0, out = 0;

	for (;;) {
		char *eol = memchr(body + at, '\n', n - at);
		size_t len;

		if (!eol)
			return n - at > 64 ? ERR_FORMAT : ERR_BUSY;
		if (!number(body + at, eol, 16, &len))
			return ERR_FORMAT;
		at = (size_t)(eol - body) + 1;
		if (!len)
			break;
		if (n - at < len + 2)
			return ERR_BUSY;
		if (memcmp(body + at + len, "\r\n", 2) != 0)
			return ERR_FORMAT;
		at += len + 2;
	}
	/* All of it is there: only now may bytes be moved. */
	for (at = 0;;) {
		char *eol = memchr(body + at, '\n', n - at);
		size_t len;

		if (!eol || !number(body + at, eol, 16, &len) || !len)
			break;
		at = (size_t)(eol - body) + 1;
		memmove(body + out, body + at, len);
		out += len;
		at += len + 2;
	}
	*ret_n = out;
	return OK;
}

enum err http_parse(char *p, size_t n, bool ended, struct http_answer *ret)
{
	char *end = memmem(p, n, "\r\n\r\n", 4);
	const char *value;
	struct http_answer a = {0};
	size_t head, length;

	if (!end)
		return ended || n > HEAD_MAX ? ERR_FORMAT : ERR_BUSY;
	head = (size_t)(end - p) + 2;
	if (head < 12 || strncmp(p, "HTTP/1.", 7) ||
	    !number(p + 9, p + 12, 10, &length) || length < 100)
		return ERR_FORMAT;
	a.status = (unsigned)length;
	a.body = end + 4;
	a.body_n = n - head - 2;
	value = header(p, head, "Transfer-Encoding");
	if (value && !strncasecmp(value, "chunked", 7)) {
		enum err err = join(a.body, a.body_n, &a.body_n);

		if (err == ERR_BUSY && ended)
			err = ERR_FORMAT;
		if (!err)
			*ret = a;
		return err;
	}
	value = header(p, head, "Content-Length");
	if (value) {
		if (!number(value, p + head, 10, &length))
			return ERR_FORMAT;
		if (a.body_n < length)
			return ended ? ERR_FORMAT : ERR_BUSY;
		a.body_n = length;
	} else if (!ended) {
		return ERR_BUSY;
	}
	*ret = a;
	return OK;
}

enum err http_url_parse(const char *url, char *host, size_t host_n,
    unsigned short *ret_port, char *path, size_t path_n)
{
	const char *p = url + 7, *end, *colon;
	size_t port = 80;

	if (strncasecmp(url, "http://", 7))
		return ERR_FORMAT;
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c == 127)
			return ERR_FORMAT;
	end = p + strcspn(p, "/?#");
	if (memchr(p, '@', (size_t)(end - p)))
		return ERR_FORMAT;
	colon = *p == '[' ? memchr(p, ']', (size_t)(end - p)) : p;
	colon = colon ? memchr(colon, ':', (size_t)(end - colon)) : NULL;
	if (colon && (!number(colon + 1, end, 10, &port) || port > 65535))
		return ERR_FORMAT;
	if (!colon)
		colon = end;
	if (colon == p || (size_t)(colon - p) >= host_n ||
	    strlen(end) + 2 > path_n)
		return ERR_FORMAT;
	memcpy(host, p, (size_t)(colon - p));
	host[colon - p] = '\0';
	*ret_port = (unsigned short)port;
	strcpy(path, *end == '/' ? end : "/");
	return OK;
}
