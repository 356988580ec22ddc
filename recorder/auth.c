#include "recorder/auth.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <libavutil/base64.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>

#define HEX_MAX 65

/* The texts of a hash; NULL ends them. */
#define TEXTS(...) ((const char *[]){__VA_ARGS__, NULL})

/* Lower-case hex hash of texts joined with ':'. */
static bool hash(enum auth_scheme scheme, char ret[HEX_MAX],
    const char *const *text)
{
	struct AVMD5 *md5 = av_md5_alloc();
	struct AVSHA *sha = av_sha_alloc();
	size_t n = scheme == AUTH_SHA256 ? 32 : 16;
	uint8_t sum[32];
	const char *sep = "";

	if (!md5 || !sha || av_sha_init(sha, 256) < 0) {
		av_free(md5);
		av_free(sha);
		return false;
	}
	av_md5_init(md5);
	for (; *text; text++) {
		av_md5_update(md5, (const uint8_t *)sep, strlen(sep));
		av_sha_update(sha, (const uint8_t *)sep, strlen(sep));
		av_md5_update(md5, (const uint8_t *)*text, strlen(*text));
		av_sha_update(sha, (const uint8_t *)*text, strlen(*text));
		sep = ":";
	}
	if (scheme == AUTH_SHA256)
		av_sha_final(sha, sum);
	else
		av_md5_final(md5, sum);
	for (size_t i = 0; i < n; i++)
		sprintf(ret + 2 * i, "%02x", sum[i]);
	av_free(md5);
	av_free(sha);
	return true;
}

/* The next name=value of a challenge; false at its end. */
static bool parameter(const char **at, char *name, size_t name_max, char *value,
    size_t value_max)
{
	const char *s = *at;
	size_t n = 0;

	s += strspn(s, " \t,");
	while (*s && *s != '=' && *s != ',' && *s != ' ') {
		if (n + 1 < name_max)
			name[n++] = *s;
		s++;
	}
	name[n] = '\0';
	s += strspn(s, " \t");
	if (*s != '=')
		return false;
	s++;
	s += strspn(s, " \t");
	n = 0;
	if (*s == '"') {
		for (s++; *s && *s != '"'; s++) {
			if (*s == '\\' && s[1])
				s++;
			if (n + 1 < value_max)
				value[n++] = *s;
		}
		s += *s == '"';
	} else {
		for (; *s && *s != ',' && *s != ' '; s++)
			if (n + 1 < value_max)
				value[n++] = *s;
	}
	value[n] = '\0';
	*at = s;
	return true;
}

static bool has_token(const char *list, const char *token)
{
	size_t n = strlen(token);

	for (const char *s = list; *s;) {
		size_t len;

		s += strspn(s, ", ");
		len = strcspn(s, ", ");
		if (len == n && !strncasecmp(s, token, n))
			return true;
		s += len;
	}
	return false;
}

static void digest(const char *s, struct auth *ret)
{
	struct auth a = {.scheme = AUTH_MD5};
	char name[32], value[AUTH_TEXT_MAX];

	while (parameter(&s, name, sizeof(name), value, sizeof(value))) {
		if (!strcasecmp(name, "realm"))
			strcpy(a.realm, value);
		else if (!strcasecmp(name, "nonce"))
			strcpy(a.nonce, value);
		else if (!strcasecmp(name, "opaque"))
			strcpy(a.opaque, value);
		else if (!strcasecmp(name, "qop"))
			a.qop = has_token(value, "auth");
		else if (!strcasecmp(name, "stale"))
			a.stale = !strcasecmp(value, "true");
		else if (!strcasecmp(name, "algorithm"))
			snprintf(a.algorithm, sizeof(a.algorithm), "%.15s",
			    value);
	}
	if (!strncasecmp(a.algorithm, "SHA-256", 7))
		a.scheme = AUTH_SHA256;
	else if (a.algorithm[0] && strncasecmp(a.algorithm, "MD5", 3))
		return;
	a.sess = strcasestr(a.algorithm, "-sess");
	if (a.nonce[0] && a.scheme > ret->scheme)
		*ret = a;
}

/* "Basic realm=..., Digest realm=...": some put all into one line. */
static const char *another(const char *s)
{
	bool quoted = false;

	for (; *s; s++) {
		if (*s == '"')
			quoted = !quoted;
		if (!quoted && *s == ',') {
			s += strspn(s, ", ");
			if (!strncasecmp(s, "Digest ", 7))
				return s;
			s--;
		}
	}
	return NULL;
}

/* Quotes, controls and line ends would break out of the header. */
static bool is_quotable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\' ||
		    *s == 0x7f)
			return false;
	return true;
}

enum err auth_challenge(const char *lines, struct auth *ret)
{
	struct auth best = {.scheme = AUTH_NONE};

	while (*lines) {
		char line[1024];
		size_t n = strcspn(lines, "\n");

		snprintf(line, sizeof(line), "%.*s",
		    (int)(n < sizeof(line) ? n : 0), lines);
		lines += n + (lines[n] == '\n');
		if (!strncasecmp(line, "Basic", 5) && best.scheme == AUTH_NONE)
			best.scheme = AUTH_BASIC;
		for (const char *s = line; s && *s; s = another(s + 1))
			if (!strncasecmp(s, "Digest ", 7))
				digest(s + 7, &best);
	}
	if (best.scheme == AUTH_NONE || !is_quotable(best.realm) ||
	    !is_quotable(best.nonce) || !is_quotable(best.opaque))
		return ERR_UNSUPPORTED;
	*ret = best;
	return OK;
}

static enum err basic(const char *user, const char *password, char *buf,
    size_t max)
{
	char pair[1024], b64[AV_BASE64_SIZE(1024)];
	int n = snprintf(pair, sizeof(pair), "%s:%s", user, password);

	if (n < 0 || (size_t)n >= sizeof(pair) ||
	    !av_base64_encode(b64, sizeof(b64), (const uint8_t *)pair, n))
		return ERR_TOO_LARGE;
	n = snprintf(buf, max, "Basic %s", b64);
	explicit_bzero(pair, sizeof(pair));
	explicit_bzero(b64, sizeof(b64));
	return n < 0 || (size_t)n >= max ? ERR_TOO_LARGE : OK;
}

enum err auth_answer(struct auth *a, const char *user, const char *password,
    const char *method, const char *uri, const char *cnonce, char *buf,
    size_t max)
{
	char ha1[HEX_MAX], ha2[HEX_MAX], response[HEX_MAX], nc[16];
	bool ok;
	int n;

	if (a->scheme == AUTH_NONE)
		return ERR_NOT_FOUND;
	if (a->scheme == AUTH_BASIC)
		return basic(user, password, buf, max);
	if (!is_quotable(user) || !is_quotable(uri))
		return ERR_INVALID;
	snprintf(nc, sizeof(nc), "%08x", ++a->count);
	ok = hash(a->scheme, ha1, TEXTS(user, a->realm, password));
	if (ok && a->sess)
		ok = hash(a->scheme, ha1, TEXTS(ha1, a->nonce, cnonce));
	ok = ok && hash(a->scheme, ha2, TEXTS(method, uri));
	if (ok && a->qop)
		ok = hash(a->scheme, response,
		    TEXTS(ha1, a->nonce, nc, cnonce, "auth", ha2));
	else if (ok)
		ok = hash(a->scheme, response, TEXTS(ha1, a->nonce, ha2));
	explicit_bzero(ha1, sizeof(ha1));
	if (!ok)
		return ERR_NO_MEMORY;
	n = snprintf(buf, max,
	    "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
	    "uri=\"%s\", response=\"%s\"",
	    user, a->realm, a->nonce, uri, response);
	if (n > 0 && (size_t)n < max && a->algorithm[0])
		n += snprintf(buf + n, max - (size_t)n, ", algorithm=%s",
		    a->algorithm);
	if (n > 0 && (size_t)n < max && a->opaque[0])
		n += snprintf(buf + n, max - (size_t)n, ", opaque=\"%s\"",
		    a->opaque);
	if (n > 0 && (size_t)n < max && (a->qop || a->sess))
		n += snprintf(buf + n, max - (size_t)n,
		    ", qop=auth, nc=%s, cnonce=\"%s\"", nc, cnonce);
	return n < 0 || (size_t)n >= max ? ERR_TOO_LARGE : OK;
}

enum err auth_token(const char *nonce, const char *created,
    const char *password, char *digest64, size_t digest_max, char *nonce64,
    size_t nonce_max)
{
	const char *const parts[] = {nonce, created, password};
	struct AVSHA *sha = av_sha_alloc();
	uint8_t sum[20];

	if (!sha || av_sha_init(sha, 160) < 0) {
		av_free(sha);
		return ERR_NO_MEMORY;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		av_sha_update(sha, (const uint8_t *)parts[i], strlen(parts[i]));
	av_sha_final(sha, sum);
	av_free(sha);
	if (!av_base64_encode(digest64, (int)digest_max, sum, sizeof(sum)) ||
	    !av_base64_encode(nonce64, (int)nonce_max, (const uint8_t *)nonce,
		(int)strlen(nonce)))
		return ERR_TOO_LARGE;
	return OK;
}
