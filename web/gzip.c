#include "web/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define LEAST 1400	/* a shorter text goes in one packet as it is */
#define WITH_HEADER 16	/* what deflateInit2() wants added for gzip's own */

/* The part of a list up to its comma: "gzip", without a weight of zero? */
static bool names_gzip(const char *p, size_t n)
{
	size_t name = strcspn(p, ",; \t");
	const char *q = memchr(p, '=', n);

	if (name != 4 || strncasecmp(p, "gzip", 4) != 0)
		return false;
	return !q || strtod(q + 1, NULL) > 0;
}

bool gzip_taken(const char *header)
{
	const char *p = header;

	while (p && *p) {
		size_t n;

		p += strspn(p, ", \t");
		n = strcspn(p, ",");
		if (names_gzip(p, n))
			return true;
		p += n;
	}
	return false;
}

static bool squeeze(z_stream *z, size_t room, size_t *ret_n)
{
	int done = deflate(z, Z_FINISH);

	*ret_n = room - z->avail_out;
	return deflateEnd(z) == Z_OK && done == Z_STREAM_END;
}

void *gzip_text(const void *p, size_t n, int level, size_t *ret_n)
{
	z_stream z = {.next_in = (z_const Bytef *)p, .avail_in = (uInt)n};
	unsigned char *out;

	if (n < LEAST || n > (uInt)-1)
		return NULL;
	out = malloc(n);
	if (!out)
		return NULL;
	z.next_out = out;
	z.avail_out = (uInt)n;
	if (deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + WITH_HEADER,
		MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK &&
	    squeeze(&z, n, ret_n))
		return out;
	free(out);
	return NULL;
}
