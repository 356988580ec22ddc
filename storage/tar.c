#include "storage/tar.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where the fields of a header stand. */
enum {
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_SUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257
};

/* The bytes of the sum itself count as spaces. */
static unsigned sum_of(const unsigned char p[TAR_BLOCK])
{
	unsigned sum = 0;

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + 8 ? ' ' : p[i];
	return sum;
}

static bool octal(const unsigned char *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	*ret = v;
	return i && i < n && (p[i] == '\0' || p[i] == ' ');
}

/* Relative, of letters, digits, - _ . and /; no part begins with a dot. */
static bool name_ok(const char *s)
{
	bool first = true;

	for (; *s; s++) {
		if (first && (*s == '/' || *s == '.'))
			return false;
		if (*s != '/' && *s != '-' && *s != '_' && *s != '.' &&
		    !(*s >= '0' && *s <= '9') && !(*s >= 'a' && *s <= 'z') &&
		    !(*s >= 'A' && *s <= 'Z'))
			return false;
		first = *s == '/';
	}
	return !first;
}

enum err tar_put(const struct tar_member *m, unsigned char out[TAR_BLOCK])
{
	char *p = (char *)out;

	if (m->size > TAR_SIZE_MAX || m->mtime_s < 0 ||
	    (uint64_t)m->mtime_s > TAR_SIZE_MAX)
		return ERR_TOO_LARGE;
	if (!name_ok(m->name))
		return ERR_INVALID;
	memset(out, 0, TAR_BLOCK);
	memcpy(p, m->name, strlen(m->name));
	memcpy(p + AT_MODE, "0000600", 8);
	memcpy(p + AT_UID, "0000000", 8);
	memcpy(p + AT_GID, "0000000", 8);
	snprintf(p + AT_SIZE, 12, "%011llo", (unsigned long long)m->size);
	snprintf(p + AT_MTIME, 12, "%011llo", (unsigned long long)m->mtime_s);
	p[AT_TYPE] = '0';
	memcpy(p + AT_MAGIC,
	    "ustar\0"
	    "00",
	    8);
	snprintf(p + AT_SUM, 8, "%06o", sum_of(out));
	p[AT_SUM + 7] = ' ';
	return OK;
}

enum err tar_parse(const unsigned char p[TAR_BLOCK], struct tar_member *ret)
{
	static const unsigned char zeros[TAR_BLOCK];
	struct tar_member m = {.size = 0};
	uint64_t sum, mtime;

	if (!memcmp(p, zeros, TAR_BLOCK))
		return ERR_GONE;
	memcpy(m.name, p, TAR_NAME - 1);
	if (!octal(p + AT_SUM, 8, &sum) || sum != sum_of(p) ||
	    memcmp(p + AT_MAGIC, "ustar", 6) != 0 || p[AT_TYPE] != '0' ||
	    p[AT_MAGIC + 88] || !octal(p + AT_SIZE, 12, &m.size) ||
	    !octal(p + AT_MTIME, 12, &mtime) || !name_ok(m.name))
		return ERR_FORMAT;
	m.mtime_s = (int64_t)mtime;
	*ret = m;
	return OK;
}

uint64_t tar_padded(uint64_t size)
{
	return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}
