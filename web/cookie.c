#include "web/cookie.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static enum err random_bytes(unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_SYS;
		p += got;
		n -= (size_t)got;
	}
	return OK;
}

enum err token_new(struct token *ret)
{
	unsigned char b[33] = {0};
	struct token t = {{0}};

	if (random_bytes(b, 32) != OK)
		return ERR_SYS;
	for (size_t i = 0; i < TOKEN_CHARS; i++) {
		size_t bit = i * 6;
		unsigned pair = (unsigned)b[bit / 8] << 8 | b[bit / 8 + 1];

		t.s[i] = alphabet[pair >> (10 - bit % 8) & 63];
	}
	explicit_bzero(b, sizeof(b));
	*ret = t;
	return OK;
}

bool token_is(const struct token *a, const struct token *b)
{
	volatile unsigned char diff = 0;

	for (size_t i = 0; i < TOKEN_CHARS; i++)
		diff = (unsigned char)(diff | (a->s[i] ^ b->s[i]));
	return diff == 0;
}

enum err token_parse(const char *s, size_t n, struct token *ret)
{
	struct token t = {{0}};

	if (!s || n != TOKEN_CHARS)
		return ERR_INVALID;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\0' || !strchr(alphabet, s[i]))
			return ERR_INVALID;
		t.s[i] = s[i];
	}
	*ret = t;
	return OK;
}

enum err cookie_find(const char *header, struct token *ret)
{
	const size_t name = sizeof(COOKIE_NAME) - 1;
	struct token t = {{0}};
	unsigned found = 0;

	while (header && *header) {
		size_t n;

		header += strspn(header, " \t;");
		n = strcspn(header, ";");
		if (n > name && strncmp(header, COOKIE_NAME, name) == 0 &&
		    header[name] == '=') {
			size_t v = n - name - 1;

			while (v > 0 &&
			    (header[name + v] == ' ' ||
				header[name + v] == '\t'))
				v--;
			if (token_parse(header + name + 1, v, &t) != OK)
				return ERR_NOT_FOUND;
			found++;
		}
		header += n;
	}
	if (found != 1)
		return ERR_NOT_FOUND;
	*ret = t;
	return OK;
}
