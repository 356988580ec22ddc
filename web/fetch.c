/* The only file of web/ that includes libcurl. */
#include "web/fetch.h"

#include <curl/curl.h>
#include <string.h>

#define CONNECT_S 10

enum err fetch_open(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) ? ERR_SYS : OK;
}

void fetch_close(void)
{
	curl_global_cleanup();
}

struct body {
	char *p;
	size_t n, room;
	bool too_large;
};

static size_t take(char *p, size_t one, size_t n, void *arg)
{
	struct body *b = arg;

	(void)one; /* is 1 */
	if (n > b->room - b->n) {
		b->too_large = true;
		return 0;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return n;
}

static int go_on(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
    curl_off_t d)
{
	bool (**stop)(void) = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return (*stop)();
}

static enum err from_curl(CURLcode c, const struct body *b)
{
	switch (c) {
	case CURLE_OK:
		return OK;
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return ERR_NO_MEMORY;
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_PEER_FAILED_VERIFICATION:
		return ERR_INTEGRITY;
	case CURLE_COULDNT_RESOLVE_HOST:
		return ERR_NOT_FOUND;
	default:
		return b->too_large ? ERR_TOO_LARGE : ERR_UNREACHABLE;
	}
}

/* A pinned key is who it is, whatever its certificate says. */
static CURLcode set_tls(CURL *c, const char *pin)
{
	CURLcode bad = curl_easy_setopt(c, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);

	if (!*pin)
		return bad;
	bad |= curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, pin);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	return bad;
}

static CURLcode set(CURL *c, const char *url, const char *pin,
    struct body *body, bool (**stop)(void))
{
	CURLcode bad = curl_easy_setopt(c, CURLOPT_URL, url);

	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)FETCH_S);
	bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, go_on);
	bad |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, stop);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
	return bad | set_tls(c, pin);
}

enum err fetch_post(const char *url, const char *pin, const void *p, size_t n,
    bool (*stop)(void), unsigned *ret_status, char *ret, size_t room,
    size_t *ret_n)
{
	struct body body = {.p = ret, .room = room};
	struct curl_slist *type =
	    curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
	CURL *c = curl_easy_init();
	CURLcode bad;
	long status = 0;
	enum err err = ERR_NO_MEMORY;

	if (!c || !type)
		goto out;
	bad = set(c, url, pin, &body, &stop);
	bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, type);
	bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)n);
	bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, p);
	if (bad) {
		err = ERR_INTERNAL;
		goto out;
	}
	err = from_curl(curl_easy_perform(c), &body);
	if (!err && curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status))
		err = ERR_INTERNAL;
	if (err)
		goto out;
	*ret_status = (unsigned)status;
	*ret_n = body.n;
out:
	curl_slist_free_all(type);
	curl_easy_cleanup(c);
	return err;
}
