/* The only file of alert/ that includes libcurl. */
#include "alert/send.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEND_S 20L
#define CONNECT_S 10L
#define ADDRESS_MAX 160

enum err send_open(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) ? ERR_SYS : OK;
}

void send_close(void)
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

	(void)one;	/* is 1 */
	if (n > b->room - b->n) {
		b->too_large = true;
		return 0;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return n;
}

/* What a webhook answers matters to nobody. */
static size_t ignore(char *p, size_t one, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return one * n;
}

static enum err from_curl(CURLcode c, bool too_large)
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
	case CURLE_LOGIN_DENIED:
		return ERR_AUTH;
	case CURLE_USE_SSL_FAILED:
		return ERR_UNSUPPORTED;
	case CURLE_SEND_ERROR:	/* a mail server that says no to an address */
	case CURLE_WEIRD_SERVER_REPLY:
		return ERR_UNAVAILABLE;
	default:
		return too_large ? ERR_TOO_LARGE : ERR_UNREACHABLE;
	}
}

static CURLcode set_common(CURL *c, const char *url, const char *protocols)
{
	CURLcode bad = curl_easy_setopt(c, CURLOPT_URL, url);

	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
	bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT, SEND_S);
	bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	return bad | curl_easy_setopt(c, CURLOPT_SSLVERSION,
			 (long)CURL_SSLVERSION_TLSv1_2);
}

/* A pinned key is who it is, whatever its certificate says. */
static CURLcode set_pin(CURL *c, const char *pin)
{
	CURLcode bad;

	if (!*pin)
		return CURLE_OK;
	bad = curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, pin);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	return bad | curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
}

/* Of the server's own certificate, the first of the chain. */
static int64_t certificate_ends(CURL *c)
{
	static const char name[] = "Expire date:";
	struct curl_certinfo *all = NULL;
	const struct curl_slist *line;

	if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &all) || !all ||
	    all->num_of_certs < 1)
		return -1;
	for (line = all->certinfo[0]; line; line = line->next)
		if (!strncmp(line->data, name, strlen(name)))
			return curl_getdate(line->data + strlen(name), NULL);
	return -1;
}

enum err send_get(const char *url, const char *pin, const char *token,
    char *buf, size_t room, size_t *ret_n, long *ret_status, int64_t *ret_ends)
{
	struct body body = {.p = buf, .room = room};
	char line[256];
	struct curl_slist *headers;
	CURL *c = curl_easy_init();
	CURLcode bad;
	enum err err = ERR_NO_MEMORY;

	*ret_status = 0;
	*ret_ends = -1;
	snprintf(line, sizeof(line), "Authorization: Bearer %s", token);
	headers = curl_slist_append(NULL, line);
	if (c && headers) {
		bad = set_common(c, url, "https") | set_pin(c, pin);
		bad |= curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
		bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
		bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, &body);
		err = bad ? ERR_INTERNAL :
			    from_curl(curl_easy_perform(c), body.too_large);
		if (!err)
			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE,
			    ret_status);
		*ret_ends = certificate_ends(c);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	*ret_n = body.n;
	return err;
}

static struct curl_slist *lines(const char *const *all, size_t n)
{
	struct curl_slist *list =
	    curl_slist_append(NULL, "Content-Type: application/json");

	for (size_t i = 0; list && i < n; i++) {
		struct curl_slist *more = curl_slist_append(list, all[i]);

		if (!more)
			curl_slist_free_all(list);
		list = more;
	}
	return list;
}

enum err send_post(const char *url, const char *pin, const char *body,
    const char *const *headers, size_t headers_n)
{
	struct curl_slist *list = lines(headers, headers_n);
	CURL *c = curl_easy_init();
	CURLcode bad;
	long status = 0;
	enum err err = ERR_NO_MEMORY;

	if (c && list) {
		bad = set_common(c, url, "https") | set_pin(c, pin);
		bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
		bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
		bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
		err = bad ? ERR_INTERNAL : from_curl(curl_easy_perform(c), false);
		if (!err)
			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	}
	curl_slist_free_all(list);
	curl_easy_cleanup(c);
	if (!err && (status < 200 || status > 299))
		err = status == 403 ? ERR_DENIED : ERR_UNAVAILABLE;
	return err;
}

static struct curl_slist *addresses(const char *to)
{
	struct curl_slist *list = NULL, *more;
	char one[ADDRESS_MAX];
	size_t n;

	while (*to) {
		to += strspn(to, ", ");
		n = strcspn(to, ", ");
		if (!n)
			break;
		snprintf(one, sizeof(one), "%.*s", (int)n, to);
		more = curl_slist_append(list, one);
		if (!more)
			curl_slist_free_all(list);
		list = more;
		if (!list)
			return NULL;
		to += n;
	}
	return list;
}

struct upload {
	const char *p;
	size_t left;
};

static size_t give(char *to, size_t one, size_t n, void *arg)
{
	struct upload *u = arg;
	size_t room = one * n < u->left ? one * n : u->left;

	memcpy(to, u->p, room);
	u->p += room;
	u->left -= room;
	return room;
}

/* With a login TLS must be; without one it is taken where it is offered. */
static CURLcode set_login(CURL *c, const char *login)
{
	CURLcode bad = curl_easy_setopt(c, CURLOPT_USE_SSL,
	    *login ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);

	return *login ? bad | curl_easy_setopt(c, CURLOPT_USERPWD, login) : bad;
}

enum err send_mail(const char *server, const char *login, const char *from,
    const char *to, const char *message)
{
	struct upload body = {message, strlen(message)};
	struct curl_slist *list = addresses(to);
	CURL *c = curl_easy_init();
	CURLcode bad;
	enum err err = ERR_NO_MEMORY;

	if (c && list) {
		bad = set_common(c, server, "smtp,smtps") | set_login(c, login);
		bad |= curl_easy_setopt(c, CURLOPT_MAIL_FROM, from);
		bad |= curl_easy_setopt(c, CURLOPT_MAIL_RCPT, list);
		bad |= curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		bad |= curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
		bad |= curl_easy_setopt(c, CURLOPT_READDATA, &body);
		bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
		err = bad ? ERR_INTERNAL : from_curl(curl_easy_perform(c), false);
	}
	curl_slist_free_all(list);
	curl_easy_cleanup(c);
	return err;
}
