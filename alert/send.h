/*
 * send.h - over the network: health from saqta-web, mail (SMTP), webhooks
 * (HTTPS). One at a time, 20 s each; no redirects, no proxy.
 */
#ifndef SAQTA_ALERT_SEND_H
#define SAQTA_ALERT_SEND_H

#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

must_check enum err send_open(void);
void send_close(void);

/*
 * GET with a token. pin: "sha256//..." of the server's public key, which then
 * is who it is; "": the machine's CAs say. *ret_status is 0 without an answer.
 * *ret_ends: when the server's certificate ends, in Unix seconds; -1 where that
 * is not known.
 * ERR_NOT_FOUND (no such name), ERR_UNREACHABLE, ERR_TIMEOUT, ERR_INTEGRITY
 * (another server), ERR_TOO_LARGE.
 */
must_check enum err send_get(const char *url, const char *pin,
    const char *token, char *buf, size_t room, size_t *ret_n, long *ret_status,
    int64_t *ret_ends);

/* POST of JSON with further header lines; pin as above; any 2xx is OK, 403 ERR_DENIED, others
 * ERR_UNAVAILABLE. */
must_check enum err send_post(const char *url, const char *pin,
    const char *body, const char *const *headers, size_t headers_n);

/*
 * Mail of a whole message (RFC 5322) to addresses separated by commas. server
 * is smtp://HOST:PORT (STARTTLS where it is offered) or smtps://; login is
 * "USER:PASSWORD" or "", and never sent without TLS. ERR_AUTH: the server refuses
 * it; ERR_UNSUPPORTED: it offers no TLS; ERR_UNAVAILABLE: it refuses the mail.
 */
must_check enum err send_mail(const char *server, const char *login,
    const char *from, const char *to, const char *message);

#endif
