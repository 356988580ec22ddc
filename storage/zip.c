#include "storage/zip.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "storage/disk.h"

/* APPNOTE.TXT 6.3.9: 4.3.7, 4.3.12, 4.3.14 to 4.3.16. */
#define LOCAL 0x04034b50u
#define CENTRAL 0x02014b50u
#define DESCRIPTOR 0x08074b50u
#define END 0x06054b50u
#define END64 0x06064b50u
#define LOCATOR64 0x07064b50u
#define LOCAL_N 30
#define CENTRAL_N 46
#define END_N 22
#define END64_N 56
#define LOCATOR_N 20
#define FLAG_DESCRIPTOR 0x0008u
#define FLAG_UTF8 0x0800u
#define DIRECTORY_MAX (4u << 20)

/* ZIP is little-endian. */
static uint64_t le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static enum err read_at(int fd, void *p, size_t n, uint64_t off)
{
	enum err e = disk_pread(fd, p, n, off);

	return e == ERR_TRUNCATED ? ERR_FORMAT : e;
}

struct directory {
	uint64_t off, size, n;
};

static enum err find_end64(int fd, uint64_t end, struct directory *ret)
{
	unsigned char b[END64_N];
	uint64_t at;
	enum err e;

	if (end < LOCATOR_N + END64_N)
		return ERR_FORMAT;
	e = read_at(fd, b, LOCATOR_N, end - LOCATOR_N);
	if (e)
		return e;
	at = le(b + 8, 8);
	if (le(b, 4) != LOCATOR64 || le(b + 4, 4) || le(b + 16, 4) != 1 ||
	    at != end - LOCATOR_N - END64_N)
		return ERR_FORMAT;
	e = read_at(fd, b, END64_N, at);
	if (e)
		return e;
	if (le(b, 4) != END64 || le(b + 4, 8) != END64_N - 12 ||
	    le(b + 16, 4) || le(b + 20, 4) || le(b + 24, 8) != le(b + 32, 8))
		return ERR_FORMAT;
	ret->n = le(b + 32, 8);
	ret->size = le(b + 40, 8);
	ret->off = le(b + 48, 8);
	return ret->off > at || ret->size != at - ret->off ? ERR_FORMAT : OK;
}

static enum err find_end(int fd, uint64_t size, struct directory *ret)
{
	unsigned char b[END_N];
	enum err e;

	if (size < END_N)
		return ERR_FORMAT;
	e = read_at(fd, b, END_N, size - END_N);
	if (e)
		return e;
	if (le(b, 4) != END || le(b + 4, 2) || le(b + 6, 2) ||
	    le(b + 8, 2) != le(b + 10, 2) || le(b + 20, 2))
		return ERR_FORMAT;
	ret->n = le(b + 10, 2);
	ret->size = le(b + 12, 4);
	ret->off = le(b + 16, 4);
	if (ret->n == 0xffff || ret->size == UINT32_MAX ||
	    ret->off == UINT32_MAX)
		return find_end64(fd, size - END_N, ret);
	if (ret->off > size - END_N || ret->size != size - END_N - ret->off)
		return ERR_FORMAT;
	return OK;
}

static bool name_is_right(const unsigned char *p, size_t n)
{
	if (!n || n > ZIP_NAME_MAX || p[0] == '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') ||
			(p[i] >= 'A' && p[i] <= 'Z') ||
			(p[i] >= '0' && p[i] <= '9') || p[i] == '.' ||
			p[i] == '_' || p[i] == '-'))
			return false;
	return true;
}

/* What the directory says of one file. */
struct record {
	struct zip_file f;
	uint64_t stored, at; /* at: of its local header */
	uint32_t crc;
	unsigned flags;
};

/* 4.5.3: those that do not fit, in this order. */
static bool widen(const unsigned char *p, size_t n, struct record *r)
{
	uint64_t *const want[3] = {&r->f.size, &r->stored, &r->at};

	while (n >= 4) {
		size_t len = (size_t)le(p + 2, 2), k = 0;

		if (len > n - 4)
			return false;
		for (int i = 0; le(p, 2) == 1 && i < 3; i++) {
			if (*want[i] != UINT32_MAX)
				continue;
			if (len - k < 8)
				return false;
			*want[i] = le(p + 4 + k, 8);
			k += 8;
		}
		p += 4 + len;
		n -= 4 + len;
	}
	return !n;
}

/* One record of the directory; ret_n counts its bytes. */
static bool parse_record(const unsigned char *p, size_t n, struct record *ret,
    size_t *ret_n)
{
	size_t name, extra;

	if (n < CENTRAL_N || le(p, 4) != CENTRAL || le(p + 10, 2) ||
	    le(p + 32, 2) || le(p + 34, 2))
		return false;
	ret->flags = (unsigned)le(p + 8, 2);
	ret->crc = (uint32_t)le(p + 16, 4);
	ret->stored = le(p + 20, 4);
	ret->f.size = le(p + 24, 4);
	name = (size_t)le(p + 28, 2);
	extra = (size_t)le(p + 30, 2);
	ret->at = le(p + 42, 4);
	if (ret->flags & ~(FLAG_DESCRIPTOR | FLAG_UTF8) ||
	    n - CENTRAL_N < name + extra ||
	    !name_is_right(p + CENTRAL_N, name) ||
	    !widen(p + CENTRAL_N + name, extra, ret))
		return false;
	memcpy(ret->f.name, p + CENTRAL_N, name);
	ret->f.name[name] = '\0';
	*ret_n = CENTRAL_N + name + extra;
	return ret->stored == ret->f.size;
}

/*
 * The local header must stand where the file before it ended and say the
 * same; *at moves to the end of this file.
 */
static enum err check_local(int fd, uint64_t end, struct record *r,
    uint64_t *at)
{
	unsigned char b[LOCAL_N + ZIP_NAME_MAX], d[24];
	size_t name = strlen(r->f.name), n = 0;
	enum err e;

	if (r->at != *at || end - *at < LOCAL_N + name)
		return ERR_FORMAT;
	e = read_at(fd, b, LOCAL_N + name, *at);
	if (e)
		return e;
	if (le(b, 4) != LOCAL || le(b + 6, 2) != r->flags || le(b + 8, 2) ||
	    le(b + 26, 2) != name || memcmp(b + LOCAL_N, r->f.name, name))
		return ERR_FORMAT;
	*at += LOCAL_N + name;
	if (le(b + 28, 2) > end - *at)
		return ERR_FORMAT;
	*at += le(b + 28, 2);
	r->f.off = *at;
	if (r->f.size > end - *at)
		return ERR_FORMAT;
	*at += r->f.size;
	if (!(r->flags & FLAG_DESCRIPTOR))
		return OK;
	/* with sizes of 4 bytes, or of 8: whichever leads to the next file */
	n = end - *at < sizeof(d) ? (size_t)(end - *at) : sizeof(d);
	e = read_at(fd, d, n, *at);
	if (e)
		return e;
	if (n < 16 || le(d, 4) != DESCRIPTOR || le(d + 4, 4) != r->crc)
		return ERR_FORMAT;
	if (le(d + 8, 4) == r->f.size && le(d + 12, 4) == r->f.size)
		*at += 16;
	else if (n == 24 && le(d + 8, 8) == r->f.size &&
	    le(d + 16, 8) == r->f.size)
		*at += 24;
	else
		return ERR_FORMAT;
	return OK;
}

static enum err read_records(int fd, const unsigned char *p,
    const struct directory *d, struct zip *z)
{
	size_t left = (size_t)d->size, n = 0;
	uint64_t at = 0;
	struct record r;

	for (uint64_t i = 0; i < d->n; i++) {
		enum err e;

		if (!parse_record(p, left, &r, &n))
			return ERR_FORMAT;
		e = check_local(fd, d->off, &r, &at);
		if (e)
			return e;
		if (zip_find(z, r.f.name))
			return ERR_FORMAT;
		z->files[z->n++] = r.f;
		p += n;
		left -= n;
	}
	return left || at != d->off ? ERR_FORMAT : OK;
}

enum err zip_read(int fd, uint64_t size, struct zip *ret)
{
	unsigned char *p = NULL;
	struct directory d;
	struct zip z = {0};
	enum err e = find_end(fd, size, &d);

	if (e)
		return e;
	if (d.n > ZIP_FILES_MAX || d.size > DIRECTORY_MAX)
		return ERR_TOO_LARGE;
	p = malloc((size_t)d.size + 1);
	z.files = calloc((size_t)d.n + 1, sizeof(*z.files));
	e = p && z.files ? OK : ERR_NO_MEMORY;
	if (!e)
		e = read_at(fd, p, (size_t)d.size, d.off);
	if (!e)
		e = read_records(fd, p, &d, &z);
	free(p);
	if (e) {
		zip_free(&z);
		return e;
	}
	*ret = z;
	return OK;
}

const struct zip_file *zip_find(const struct zip *z, const char *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (!strcmp(z->files[i].name, name))
			return &z->files[i];
	return NULL;
}

void zip_free(struct zip *z)
{
	free(z->files);
	*z = (struct zip){0};
}
