/*
 * fetch.h - one HTTPS request to a witness (libcurl, which only fetch.c
 * includes). No redirects, no proxy, no cookies; TLS 1.2 and up.
 */
#ifndef SAQTA_WEB_FETCH_H
#define SAQTA_WEB_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/err.h"

#define FETCH_S 20		/* for all of it */

must_check enum err fetch_open(void);	/* once, before any thread */
void fetch_close(void);

/*
 * POST n bytes to url.
 *
 *   pin   "sha256//..." of the server's public key, which then is all that
 *         proves who answers; "": the machine's CAs and the host's name do
 *   stop  polled; true ends the request
 *   ret   room bytes for the body of the answer; a longer one is an error
 *
 * OK with an answer of any status; ERR_UNREACHABLE, ERR_TIMEOUT, ERR_TOO_LARGE;
 * ERR_INTEGRITY where it is not who it should be. Blocks.
 */
must_check enum err fetch_post(const char *url, const char *pin, const void *p,
    size_t n, bool (*stop)(void), unsigned *ret_status, char *ret, size_t room,
    size_t *ret_n);

#endif
