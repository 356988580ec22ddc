/*
 * range.h - which bytes a Range header asks for (RFC 9110, section 14).
 *
 * What is decided here, where the RFC leaves a choice:
 *  - a unit other than bytes: the header is ignored (14.2);
 *  - a malformed byte range, or last before first: refused (14.2 allows it);
 *  - two or more ranges: the header is ignored and the whole is sent (14.2);
 *  - numbers above 2^64 - 1 count as that number.
 *
 * Pure.
 */
#ifndef SAQTA_WEB_RANGE_H
#define SAQTA_WEB_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/api/err.h"

struct range {
	bool partial;		/* false: the whole, as if there was no Range */
	uint64_t from;		/* first byte */
	uint64_t n;		/* number of bytes */
};

/*
 * What of a body of `size` bytes the header `value` (NULL: none) asks for.
 *
 * OK; ERR_RANGE where no byte of it exists (416); ERR_BAD_MESSAGE where it is
 * malformed (400).
 */
must_check enum err range_parse(const char *value, uint64_t size,
    struct range *ret);

/*
 * Whether If-Range `value` (NULL: none) lets a Range count for the strong
 * quoted tag `etag`. A date never does: we have no Last-Modified.
 */
bool range_if(const char *value, const char *etag);

#endif
