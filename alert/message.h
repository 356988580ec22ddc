/*
 * message.h - what is sent, made of an incident: a mail (RFC 5322, UTF-8 in
 * base64), a webhook's headers (Standard Webhooks 1.0), a line of CEF.
 */
#ifndef SAQTA_ALERT_MESSAGE_H
#define SAQTA_ALERT_MESSAGE_H

#include "alert/book.h"
#include "alert/json.h"

struct letter {
	const char *site, *from, *to, *language;
	const struct texts *texts;
	const struct health *now;	/* for a digest */
};

/* The whole mail, to be freed by free(); NULL without memory. */
char *message_mail(const struct letter *l, const struct message *m);

#define HOOK_HEADERS 3
#define HOOK_HEADER_MAX 160
/*
 * webhook-id, webhook-timestamp and webhook-signature: "v1," and the base64 of
 * HMAC-SHA256 over "id.timestamp.body" under the secret (24 to 64 bytes).
 */
void message_sign(uint64_t id, int64_t at, const char *body,
    const unsigned char *secret, size_t secret_n,
    char ret[HOOK_HEADERS][HOOK_HEADER_MAX]);
/* "whsec_" and base64; ERR_FORMAT. Room for 64 bytes. */
must_check enum err message_secret(const char *text, unsigned char *ret,
    size_t *ret_n);

/* CEF:0|..., without a syslog header; buf has n bytes. */
char *message_cef(const char *site, const struct message *m,
    const char *sentence, char *buf, size_t n);

#endif
