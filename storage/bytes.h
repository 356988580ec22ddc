/*
 * bytes.h - big-endian numbers in byte arrays. Pure.
 */
#ifndef SAQTA_BYTES_H
#define SAQTA_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Put the low n bytes of v at p; returns p + n. n is 1 to 8. */
static inline unsigned char *be_put(unsigned char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
	return p + n;
}

/* The number in the n bytes at p. n is 1 to 8. */
static inline uint64_t be_get(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

#endif
