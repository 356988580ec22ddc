/* Published vectors are written in hexadecimal. */
#ifndef TESTS_BYTES_TEXT_H
#define TESTS_BYTES_TEXT_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of a text of hexadecimal digits, in out; how many. */
static inline size_t unhex(const char *s, unsigned char *out)
{
	size_t n = strlen(s) / 2;

	for (size_t i = 0; i < n; i++) {
		const char pair[3] = {s[2 * i], s[2 * i + 1], 0};

		out[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return n;
}

#endif
