/*
 * zip_make.h - a ZIP of stored files in memory, for tests that must be able to
 * write wrong ones.
 */
#ifndef SAQTA_TEST_ZIP_MAKE_H
#define SAQTA_TEST_ZIP_MAKE_H

#include <stdlib.h>
#include <string.h>

struct zip_make {
	unsigned char *p;
	size_t n;
	unsigned char directory[65536];
	size_t directory_n;
	unsigned files;
};

static inline void zip_le(unsigned char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static inline void zip_bytes(struct zip_make *z, const void *p, size_t n)
{
	z->p = realloc(z->p, z->n + n + 1);
	assert_non_null(z->p);
	if (n)
		memcpy(z->p + z->n, p, n);
	z->n += n;
}

static inline void zip_put(struct zip_make *z, const char *name, const void *p,
    size_t n)
{
	unsigned char local[30] = "PK\3\4", central[46] = "PK\1\2";
	size_t len = strlen(name);

	zip_le(local + 4, 10, 2);
	zip_le(local + 18, n, 4);
	zip_le(local + 22, n, 4);
	zip_le(local + 26, len, 2);
	zip_le(central + 4, 10, 2);
	zip_le(central + 6, 10, 2);
	zip_le(central + 20, n, 4);
	zip_le(central + 24, n, 4);
	zip_le(central + 28, len, 2);
	zip_le(central + 42, z->n, 4);
	memcpy(z->directory + z->directory_n, central, 46);
	memcpy(z->directory + z->directory_n + 46, name, len);
	z->directory_n += 46 + len;
	z->files++;
	zip_bytes(z, local, 30);
	zip_bytes(z, name, len);
	zip_bytes(z, p, n);
}

static inline void zip_done(struct zip_make *z)
{
	unsigned char end[22] = "PK\5\6";
	size_t at = z->n;

	zip_le(end + 8, z->files, 2);
	zip_le(end + 10, z->files, 2);
	zip_le(end + 12, z->directory_n, 4);
	zip_le(end + 16, at, 4);
	zip_bytes(z, z->directory, z->directory_n);
	zip_bytes(z, end, 22);
}

#endif
