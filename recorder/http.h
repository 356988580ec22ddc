/*
 * http.h - just enough of HTTP/1.1 (RFC 9112) to put one question to a camera:
 * POST, an answer by Content-Length, chunked, or until it closes. Pure.
 */
#ifndef SAQTA_RECORDER_HTTP_H
#define SAQTA_RECORDER_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/err.h"

#define HTTP_ANSWER_MAX (256u << 10)	/* head and body of an answer */

struct http_answer {
	unsigned status;
	char *body;		/* inside the buffer, chunks joined */
	size_t body_n;
};

/*
 * Look at the n bytes at p, which are changed where chunks are joined. ended:
 * the camera has closed. OK with *ret; ERR_BUSY: more is needed; ERR_FORMAT.
 */
must_check enum err http_parse(char *p, size_t n, bool ended,
    struct http_answer *ret);

/*
 * Split http://HOST[:PORT][/PATH]: path is set to "/" where there is none.
 * ERR_FORMAT: another scheme, user information, odd bytes, too long.
 */
must_check enum err http_url_parse(const char *url, char *host, size_t host_n,
    unsigned short *ret_port, char *path, size_t path_n);

#endif
