/* The only file of alert/ that includes libsodium. */
#include "alert/message.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAIL_LINE 76	/* of base64 (RFC 2045, 6.8) */
#define WORD_BYTES 45	/* of an encoded word (RFC 2047, 2) */
#define SENTENCE_MAX 512
#define SECRET_MIN 24
#define SECRET_MAX 64
#define BASE64 sodium_base64_VARIANT_ORIGINAL

static char *encoded(const char *text, size_t n)
{
	size_t room = sodium_base64_encoded_len(n, BASE64);
	char *s = malloc(room);

	return s ? sodium_bin2base64(s, room, (const unsigned char *)text, n,
		       BASE64) :
		   NULL;
}

static const char *word(const struct letter *l, const char *key)
{
	return texts_word(l->texts, key, l->language);
}

static void print_digest(FILE *f, const struct letter *l)
{
	const struct health *h = l->now;
	struct incident count = {.n = h->recording};
	char s[SENTENCE_MAX];

	snprintf(count.kind, sizeof(count.kind), "cameras");
	snprintf(count.of, sizeof(count.of), "%d", h->enabled);
	fprintf(f, "%s\r\n%s\r\n\r\n", h->now,
	    texts_sentence(l->texts, l->language, &count, s, sizeof(s)));
	for (size_t i = 0; i < h->n; i++)
		fprintf(f, "- %s: %s\r\n",
		    word(l, h->list[i].critical ? "critical" : "warning"),
		    texts_sentence(l->texts, l->language, &h->list[i], s,
			sizeof(s)));
	if (!h->n)
		fprintf(f, "%s\r\n", word(l, "none"));
}

static void print_incident(FILE *f, const struct letter *l,
    const struct message *m)
{
	const char *mend = texts_mend(l->texts, m->i.kind);
	char s[SENTENCE_MAX];

	fprintf(f, "%s\r\n\r\n",
	    texts_sentence(l->texts, l->language, &m->i, s, sizeof(s)));
	if (*m->i.since)
		fprintf(f, "%s: %s\r\n", word(l, "since"), m->i.since);
	fprintf(f, "%s: %s\r\n", word(l, "severity"),
	    word(l, m->i.critical ? "critical" : "warning"));
	if (m->event == EVENT_OPENED && *mend)
		fprintf(f, "%s: %s\r\n", word(l, "mend"), mend);
}

/* "Branch 12: Problem: Camera cam1 is not recording: ..." */
static void subject(const struct letter *l, const struct message *m, char *line,
    size_t n)
{
	const char *what = word(l,
	    m->event == EVENT_OPENED	 ? "opened" :
		m->event == EVENT_CLOSED ? "closed" :
					   "digest");
	char s[SENTENCE_MAX];

	if (m->event == EVENT_DIGEST)
		snprintf(line, n, "%s: %s", l->site, what);
	else
		snprintf(line, n, "%s: %s: %s", l->site, what,
		    texts_sentence(l->texts, l->language, &m->i, s,
			sizeof(s)));
}

/* Encoded words of at most 75 characters, none within a character (RFC 2047). */
static void print_subject(FILE *f, const char *line)
{
	char base64[80];
	size_t n;

	fputs("Subject:", f);
	for (; *line; line += n) {
		n = strlen(line);
		if (n > WORD_BYTES)
			n = WORD_BYTES;
		while (n > 1 && ((unsigned char)line[n] & 0xc0) == 0x80)
			n--;
		sodium_bin2base64(base64, sizeof(base64),
		    (const unsigned char *)line, n, BASE64);
		fprintf(f, " =?UTF-8?B?%s?=%s", base64, line[n] ? "\r\n" : "");
	}
	fputs("\r\n", f);
}

static void print_head(FILE *f, const struct letter *l,
    const struct message *m)
{
	time_t at = (time_t)m->at;
	char date[64];
	struct tm tm;
	const char *domain = strchr(l->from, '@');

	gmtime_r(&at, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	fprintf(f,
	    "Date: %s\r\nFrom: Saqta <%s>\r\nTo: %s\r\n"
	    "Message-ID: <%" PRIu64 ".%" PRId64 ".saqta%s>\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: base64\r\n",
	    date, l->from, l->to, m->id, m->at, domain ? domain : "@localhost");
}

char *message_mail(const struct letter *l, const struct message *m)
{
	char *body = NULL, *mail = NULL, *text = NULL, line[2 * SENTENCE_MAX];
	size_t body_n, mail_n;
	FILE *f = open_memstream(&body, &body_n);

	if (f && m->event == EVENT_DIGEST)
		print_digest(f, l);
	else if (f)
		print_incident(f, l, m);
	if (f && !fclose(f))
		text = encoded(body, body_n);
	subject(l, m, line, sizeof(line));
	f = text ? open_memstream(&mail, &mail_n) : NULL;
	if (f) {
		print_head(f, l, m);
		print_subject(f, line);
		for (size_t i = 0; i < strlen(text); i += MAIL_LINE)
			fprintf(f, "\r\n%.*s", MAIL_LINE, text + i);
		fputs("\r\n", f);
		fclose(f);
	}
	free(body);
	free(text);
	return mail;
}

enum err message_secret(const char *text, unsigned char *ret, size_t *ret_n)
{
	static const char prefix[] = "whsec_";

	if (!strncmp(text, prefix, strlen(prefix)))
		text += strlen(prefix);
	if (sodium_base642bin(ret, SECRET_MAX, text, strlen(text), NULL, ret_n,
		NULL, BASE64) ||
	    *ret_n < SECRET_MIN)
		return ERR_FORMAT;
	return OK;
}

void message_sign(uint64_t id, int64_t at, const char *body,
    const unsigned char *secret, size_t secret_n,
    char ret[HOOK_HEADERS][HOOK_HEADER_MAX])
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char head[96], base64[64];
	crypto_auth_hmacsha256_state s;

	snprintf(head, sizeof(head), "saqta_%" PRIu64 "_%" PRId64 ".%" PRId64
	    ".", id, at, at);
	crypto_auth_hmacsha256_init(&s, secret, secret_n);
	crypto_auth_hmacsha256_update(&s, (const unsigned char *)head,
	    strlen(head));
	crypto_auth_hmacsha256_update(&s, (const unsigned char *)body,
	    strlen(body));
	crypto_auth_hmacsha256_final(&s, mac);
	sodium_bin2base64(base64, sizeof(base64), mac, sizeof(mac), BASE64);
	snprintf(ret[0], HOOK_HEADER_MAX,
	    "webhook-id: saqta_%" PRIu64 "_%" PRId64, id, at);
	snprintf(ret[1], HOOK_HEADER_MAX, "webhook-timestamp: %" PRId64, at);
	snprintf(ret[2], HOOK_HEADER_MAX, "webhook-signature: v1,%s", base64);
	sodium_memzero(&s, sizeof(s));
}

/* In a header | and \ are escaped, in an extension = and \. */
static size_t escape(char *buf, size_t n, const char *s, char special)
{
	size_t at = 0;

	for (; *s && at + 3 < n; s++) {
		if (*s == special || *s == '\\')
			buf[at++] = '\\';
		buf[at++] = (unsigned char)*s < ' ' ? ' ' : *s;
	}
	buf[at] = '\0';
	return at;
}

char *message_cef(const char *site, const struct message *m,
    const char *sentence, char *buf, size_t n)
{
	char name[SENTENCE_MAX], where[160], of[160];

	escape(name, sizeof(name), sentence, '|');
	escape(where, sizeof(where), site, '=');
	escape(of, sizeof(of), m->i.of, '=');
	snprintf(buf, n,
	    "CEF:0|Saqta|Saqta|" SAQTA_VERSION "|%s|%s|%d|outcome=%s "
	    "rt=%" PRId64 "000 cs1Label=site cs1=%s cs2Label=of cs2=%s",
	    m->i.kind, name, m->i.critical ? 8 : 5,
	    m->event == EVENT_CLOSED ? "closed" : "opened", m->at, where, of);
	return buf;
}
