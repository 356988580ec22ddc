/*
 * args.h - what stands in paths and queries: ids, numbers, times.
 *
 * Pure. The shapes are storage's (storage/DESIGN.md); a path that does not
 * have them names nothing and never reaches storage.
 */
#ifndef SAQTA_WEB_ARGS_H
#define SAQTA_WEB_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/messages.h"

#define ARGS_REQUEST_MAX 32
#define ARGS_TIME_RULE \
	"a time with its offset, such as 2026-11-22T14:15:00+05:00"

struct args {
	char request[ARGS_REQUEST_MAX + 1];
	char camera[CAMERA_ID_MAX + 1];
	uint64_t number[2];	/* seq and index, or the run */
	unsigned number_n;
};

bool args_is_camera(const char *s, size_t n);
bool args_is_request(const char *s, size_t n);	/* [A-Z0-9-]{1,32} */

/* Only [A-Za-z0-9._/-], begins with '/', no "..", no "//". */
bool args_is_path(const char *s, size_t n);

/* A decimal number of the n bytes at s without sign or leading zeros. */
bool args_is_number(const char *s, size_t n, uint64_t *ret);

/*
 * Match path against pattern. In the pattern %r is a request id, %c a camera,
 * %n a number, %* the rest of the path (not empty); all else is itself.
 */
bool args_match(const char *pattern, const char *path, struct args *ret);

#endif
