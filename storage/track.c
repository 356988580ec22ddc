#include "storage/track.h"

#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/mp4_box.h"

/* A full box's table of n entries of `width` bytes; bad where it does not fit. */
static uint32_t table(struct in *in, size_t width, unsigned *ret_version)
{
	unsigned version = get32(in) >> 24;
	uint32_t n = get32(in);

	if (in->n != (uint64_t)n * width)
		in->bad = true;
	if (ret_version)
		*ret_version = version;
	return in->bad ? 0 : n;
}

static enum err parse_sizes(struct in in, struct track *t)
{
	uint32_t n;

	get32(&in);
	if (get32(&in)) /* one size for all: not written by Saqta */
		return ERR_FORMAT;
	n = get32(&in);
	if (in.bad || in.n != (uint64_t)n * 4 || !n)
		return ERR_FORMAT;
	if (n > TRACK_SAMPLES_MAX)
		return ERR_TOO_LARGE;
	t->samples = calloc(n, sizeof(*t->samples));
	if (!t->samples)
		return ERR_NO_MEMORY;
	t->n = n;
	for (uint32_t i = 0; i < n; i++)
		t->samples[i].size = get32(&in);
	return OK;
}

/* stts and ctts: runs of samples that share a value. */
static enum err parse_runs(struct in in, bool composition, struct track *t)
{
	unsigned version;
	uint32_t n = table(&in, 8, &version), at = 0;

	if (in.bad)
		return ERR_FORMAT;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t run = get32(&in), v = get32(&in);

		if (run > t->n - at ||
		    (composition && !version && v > INT32_MAX))
			return ERR_FORMAT;
		for (; run; run--, at++) {
			if (composition)
				t->samples[at].composition = (int32_t)v;
			else
				t->samples[at].duration = v;
		}
	}
	return at == t->n ? OK : ERR_FORMAT;
}

static enum err parse_syncs(struct in in, struct track *t)
{
	uint32_t n = table(&in, 4, NULL), last = 0;

	if (in.bad)
		return ERR_FORMAT;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = get32(&in);

		if (k <= last || k > t->n)
			return ERR_FORMAT;
		t->samples[k - 1].sync = true;
		last = k;
	}
	return OK;
}

/* Chunks follow one another, and all samples are in them. */
static enum err parse_chunks(struct in stsc, struct in co64, struct track *t)
{
	uint32_t runs = table(&stsc, 12, NULL), n = table(&co64, 8, NULL);
	uint32_t per = 0, until = 0, at = 0;
	uint64_t off = t->media_off;

	if (stsc.bad || co64.bad || !runs || get32(&stsc) != 1)
		return ERR_FORMAT;
	for (uint32_t chunk = 1; chunk <= n; chunk++) {
		if (chunk == 1 || chunk == until) {
			per = get32(&stsc);
			if (get32(&stsc) != 1)
				return ERR_FORMAT;
			until = --runs ? get32(&stsc) : 0;
			if (until && until <= chunk)
				return ERR_FORMAT;
		}
		if (get(&co64, 8) != off || !per || per > t->n - at)
			return ERR_FORMAT;
		for (uint32_t i = 0; i < per; i++)
			off += t->samples[at++].size;
	}
	return runs || at != t->n ? ERR_FORMAT : OK;
}

static bool has(struct in in, uint32_t type)
{
	struct box b;

	while (next(&in, &b))
		if (b.type == type)
			return true;
	return false;
}

static enum err parse_stbl(struct in stbl, struct track *t)
{
	struct in ctts = {0};
	bool late = has(stbl, FOURCC('c', 't', 't', 's'));
	enum err e = mp4_stsd_parse(stbl, &t->init);

	if (!e)
		e = parse_sizes(only(stbl, FOURCC('s', 't', 's', 'z')), t);
	if (!e)
		e = parse_runs(only(stbl, FOURCC('s', 't', 't', 's')), false,
		    t);
	if (!e && late) {
		ctts = only(stbl, FOURCC('c', 't', 't', 's'));
		e = parse_runs(ctts, true, t);
	}
	if (!e)
		e = parse_syncs(only(stbl, FOURCC('s', 't', 's', 's')), t);
	if (!e)
		e = parse_chunks(only(stbl, FOURCC('s', 't', 's', 'c')),
		    only(stbl, FOURCC('c', 'o', '6', '4')), t);
	return e;
}

static enum err parse_moov(struct in moov, struct track *t)
{
	struct in trak = only(moov, FOURCC('t', 'r', 'a', 'k'));
	struct in mdia = only(trak, FOURCC('m', 'd', 'i', 'a'));
	struct in mdhd = only(mdia, FOURCC('m', 'd', 'h', 'd'));
	struct in minf = only(mdia, FOURCC('m', 'i', 'n', 'f'));
	struct in stbl = only(minf, FOURCC('s', 't', 'b', 'l'));

	take(&mdhd, get32(&mdhd) >> 24 ? 16 : 8);
	t->init.timescale = get32(&mdhd);
	if (mdhd.bad || stbl.bad || !t->init.timescale)
		return ERR_FORMAT;
	return parse_stbl(stbl, t);
}

/* What the samples' sizes sum up to is the mdat, to its last byte. */
static enum err check_media(const struct track *t, uint64_t size)
{
	uint64_t left = size - t->media_off;

	for (uint32_t i = 0; i < t->n; i++) {
		if (t->samples[i].size > left)
			return ERR_FORMAT;
		left -= t->samples[i].size;
	}
	return left ? ERR_FORMAT : OK;
}

/* The header of the box at off: its type and its size with the header. */
static enum err peek(int fd, uint64_t at, uint64_t off, uint64_t size,
    uint32_t *ret_type, uint64_t *ret_size, unsigned *ret_head)
{
	unsigned char b[16];
	enum err e;

	if (size - off < 8)
		return ERR_FORMAT;
	e = disk_pread(fd, b, 8, at + off);
	if (e)
		return e == ERR_TRUNCATED ? ERR_FORMAT : e;
	*ret_type = (uint32_t)be_get(b + 4, 4);
	*ret_size = be_get(b, 4);
	*ret_head = 8;
	if (*ret_size == 1) {
		if (size - off < 16)
			return ERR_FORMAT;
		e = disk_pread(fd, b, 16, at + off);
		if (e)
			return e == ERR_TRUNCATED ? ERR_FORMAT : e;
		*ret_size = be_get(b + 8, 8);
		*ret_head = 16;
	}
	return *ret_size < *ret_head || *ret_size > size - off ? ERR_FORMAT :
								 OK;
}

/* ftyp, moov, mdat, and nothing behind them. */
static enum err find_boxes(int fd, uint64_t at, uint64_t size,
    uint64_t *ret_moov, uint64_t *ret_moov_n, uint64_t *ret_media)
{
	static const uint32_t want[3] = {FOURCC('f', 't', 'y', 'p'),
	    FOURCC('m', 'o', 'o', 'v'), FOURCC('m', 'd', 'a', 't')};
	uint64_t off = 0, n;
	unsigned head;
	uint32_t type;

	for (int i = 0; i < 3; i++) {
		enum err e = peek(fd, at, off, size, &type, &n, &head);

		if (e)
			return e;
		if (type != want[i] || (i < 2 && head != 8))
			return ERR_FORMAT;
		if (i == 1) {
			*ret_moov = off;
			*ret_moov_n = n;
		}
		*ret_media = off + head;
		off += n;
	}
	return off == size ? OK : ERR_FORMAT;
}

enum err track_read(int fd, uint64_t at, uint64_t size, struct track *ret)
{
	uint64_t moov = 0, moov_n = 0, media = 0;
	struct track t = {0};
	enum err e = find_boxes(fd, at, size, &moov, &moov_n, &media);

	if (!e && moov_n > TRACK_MOOV_MAX)
		e = ERR_TOO_LARGE;
	if (e)
		return e;
	t.media_off = media;
	t.moov = malloc((size_t)moov_n);
	if (!t.moov)
		return ERR_NO_MEMORY;
	e = disk_pread(fd, t.moov, (size_t)moov_n, at + moov);
	if (!e)
		e = parse_moov((struct in){t.moov + 8, (size_t)moov_n - 8,
				   false},
		    &t);
	if (!e)
		e = check_media(&t, size);
	if (e) {
		track_free(&t);
		return e == ERR_TRUNCATED ? ERR_FORMAT : e;
	}
	*ret = t;
	return OK;
}

void track_free(struct track *t)
{
	free(t->moov);
	free(t->samples);
	*t = (struct track){0};
}
