#include "storage/array.h"
#include "storage/movie.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 2000000u
#define SIZE_MAX_BYTES (UINT64_C(16) << 30)
#define MAC_EPOCH INT64_C(2082844800) /* 1904-01-01 to 1970-01-01, seconds */
#define FIXED_1 0x00010000u /* 1.0 as 16.16 */

/* Samples that stand side by side in one fragment and in the movie. */
struct chunk {
	uint32_t source;
	uint32_t n; /* samples */
	uint64_t at; /* in the fragment */
	uint64_t off; /* in the movie's mdat, then in the movie */
	uint64_t size;
};

struct movie {
	struct mp4_init init;
	int64_t created_s;
	struct mp4_sample *samples;
	size_t samples_n, samples_room;
	struct chunk *chunks;
	size_t chunks_n, chunks_room;
	uint64_t media; /* bytes of samples */
	uint64_t duration; /* sum of the samples' */
	int64_t first, last; /* presentation: earliest begin, latest end */
	unsigned char *header;
	size_t header_n, header_room;
	bool failed; /* no memory for the header */
};

enum err movie_begin(const struct mp4_init *init, int64_t created_s,
    struct movie **ret)
{
	struct movie *m = calloc(1, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	m->init = *init;
	m->created_s = created_s;
	m->first = INT64_MAX;
	*ret = m;
	return OK;
}

static enum err put_sample(struct movie *m, const struct mp4_sample *s,
    uint32_t source)
{
	struct chunk *c = m->chunks_n ? &m->chunks[m->chunks_n - 1] : NULL;
	int64_t at = (int64_t)m->duration + s->composition;

	if (m->samples_n >= SAMPLES_MAX || m->media > SIZE_MAX_BYTES)
		return ERR_TOO_LARGE;
	if (!c || c->source != source || c->at + c->size != s->offset) {
		if (!array_room(&m->chunks, m->chunks_n, &m->chunks_room,
			sizeof(*c)))
			return ERR_NO_MEMORY;
		c = &m->chunks[m->chunks_n++];
		*c = (struct chunk){source, 0, s->offset, m->media, 0};
	}
	if (!array_room(&m->samples, m->samples_n, &m->samples_room,
		sizeof(*s)))
		return ERR_NO_MEMORY;
	m->samples[m->samples_n++] = *s;
	c->n++;
	c->size += s->size;
	m->media += s->size;
	m->duration += s->duration;
	if (at < m->first)
		m->first = at;
	if (at + s->duration > m->last)
		m->last = at + s->duration;
	return OK;
}

enum err movie_put(struct movie *m, const struct mp4_fragment *f,
    uint32_t source)
{
	enum err err = OK;

	for (uint32_t i = 0; i < f->n && !err; i++)
		err = put_sample(m, &f->samples[i], source);
	return err;
}

static void put(struct movie *m, const void *p, size_t n)
{
	if (m->failed)
		return;
	if (m->header_n + n > m->header_room) {
		size_t want = 2 * (m->header_n + n);
		unsigned char *bigger = realloc(m->header, want);

		if (!bigger) {
			m->failed = true;
			return;
		}
		m->header = bigger;
		m->header_room = want;
	}
	if (n)
		memcpy(m->header + m->header_n, p, n);
	m->header_n += n;
}

static void store(unsigned char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * (n - 1 - i));
}

static void put_u(struct movie *m, uint64_t v, size_t n)
{
	unsigned char b[8];

	store(b, v, n);
	put(m, b, n);
}

static void u16(struct movie *m, unsigned v)
{
	put_u(m, v, 2);
}

static void u32(struct movie *m, uint32_t v)
{
	put_u(m, v, 4);
}

static void u64(struct movie *m, uint64_t v)
{
	put_u(m, v, 8);
}

static void zero(struct movie *m, size_t n)
{
	while (n--)
		put_u(m, 0, 1);
}

/* Where a box begins; box_end() fills in its size. */
static size_t box(struct movie *m, const char *type)
{
	u32(m, 0);
	put(m, type, 4);
	return m->header_n - 8;
}

static size_t full_box(struct movie *m, const char *type, unsigned version,
    uint32_t flags)
{
	size_t at = box(m, type);

	u32(m, version << 24 | flags);
	return at;
}

static void patch(struct movie *m, size_t at, uint64_t v, size_t n)
{
	if (!m->failed)
		store(m->header + at, v, n);
}

static void box_end(struct movie *m, size_t at)
{
	patch(m, at, m->header_n - at, 4);
}

static void put_ftyp(struct movie *m)
{
	size_t at = box(m, "ftyp");

	put(m, "isom\0\0\2\0isomiso2mp41mp42", 24);
	box_end(m, at);
}

/* ISO/IEC 14496-12 8.2.2 and 8.3.2: the unity matrix. */
static void put_matrix(struct movie *m)
{
	u32(m, FIXED_1);
	zero(m, 12);
	u32(m, FIXED_1);
	zero(m, 12);
	u32(m, 0x40000000);
}

static uint64_t presented(const struct movie *m)
{
	return m->last > m->first ? (uint64_t)(m->last - m->first) : 0;
}

/* The movie's timescale is the track's, so that edits are exact. */
static void put_mvhd(struct movie *m)
{
	size_t at = full_box(m, "mvhd", 1, 0);

	u64(m, (uint64_t)(m->created_s + MAC_EPOCH));
	u64(m, (uint64_t)(m->created_s + MAC_EPOCH));
	u32(m, m->init.timescale);
	u64(m, presented(m));
	u32(m, FIXED_1); /* rate */
	u16(m, 0x0100); /* volume */
	zero(m, 10);
	put_matrix(m);
	zero(m, 24);
	u32(m, 2); /* next track */
	box_end(m, at);
}

static void put_tkhd(struct movie *m)
{
	size_t at = full_box(m, "tkhd", 1, 3); /* enabled, in movie */

	u64(m, (uint64_t)(m->created_s + MAC_EPOCH));
	u64(m, (uint64_t)(m->created_s + MAC_EPOCH));
	u32(m, 1);
	u32(m, 0);
	u64(m, presented(m));
	zero(m, 16); /* layer, group, volume */
	put_matrix(m);
	u32(m, (uint32_t)m->init.width << 16);
	u32(m, (uint32_t)m->init.height << 16);
	box_end(m, at);
}

/* With B-frames the first picture is shown late; the edit begins with it. */
static void put_edts(struct movie *m)
{
	size_t edts, elst;

	if (m->first <= 0 || m->first == INT64_MAX)
		return;
	edts = box(m, "edts");
	elst = full_box(m, "elst", 1, 0);
	u32(m, 1);
	u64(m, presented(m));
	u64(m, (uint64_t)m->first);
	u32(m, FIXED_1);
	box_end(m, elst);
	box_end(m, edts);
}

static void put_stts(struct movie *m)
{
	size_t at = full_box(m, "stts", 0, 0), count = m->header_n;
	uint32_t n = 0;

	u32(m, 0);
	for (size_t i = 0, run = 1; i < m->samples_n; i += run, run = 1) {
		uint32_t d = m->samples[i].duration;

		while (i + run < m->samples_n &&
		    m->samples[i + run].duration == d)
			run++;
		u32(m, (uint32_t)run);
		u32(m, d);
		n++;
	}
	patch(m, count, n, 4);
	box_end(m, at);
}

static void put_ctts(struct movie *m)
{
	bool any = false, negative = false;
	size_t at, count;
	uint32_t n = 0;

	for (size_t i = 0; i < m->samples_n; i++) {
		any |= m->samples[i].composition != 0;
		negative |= m->samples[i].composition < 0;
	}
	if (!any)
		return;
	at = full_box(m, "ctts", negative, 0);
	count = m->header_n;
	u32(m, 0);
	for (size_t i = 0, run = 1; i < m->samples_n; i += run, run = 1) {
		int32_t c = m->samples[i].composition;

		while (i + run < m->samples_n &&
		    m->samples[i + run].composition == c)
			run++;
		u32(m, (uint32_t)run);
		u32(m, (uint32_t)c);
		n++;
	}
	patch(m, count, n, 4);
	box_end(m, at);
}

static void put_stss(struct movie *m)
{
	size_t at = full_box(m, "stss", 0, 0), count = m->header_n;
	uint32_t n = 0;

	u32(m, 0);
	for (size_t i = 0; i < m->samples_n; i++)
		if (m->samples[i].sync) {
			u32(m, (uint32_t)i + 1);
			n++;
		}
	patch(m, count, n, 4);
	box_end(m, at);
}

static void put_stsc(struct movie *m)
{
	size_t at = full_box(m, "stsc", 0, 0), count = m->header_n;
	uint32_t n = 0;

	u32(m, 0);
	for (size_t i = 0; i < m->chunks_n; i++) {
		if (i && m->chunks[i].n == m->chunks[i - 1].n)
			continue;
		u32(m, (uint32_t)i + 1);
		u32(m, m->chunks[i].n);
		u32(m, 1);
		n++;
	}
	patch(m, count, n, 4);
	box_end(m, at);
}

static void put_stsz(struct movie *m)
{
	size_t at = full_box(m, "stsz", 0, 0);

	u32(m, 0);
	u32(m, (uint32_t)m->samples_n);
	for (size_t i = 0; i < m->samples_n; i++)
		u32(m, m->samples[i].size);
	box_end(m, at);
}

/* Offsets follow when the header's length is known. */
static size_t put_stbl(struct movie *m)
{
	size_t stbl = box(m, "stbl"), co64, offsets;

	put(m, m->init.stsd, m->init.stsd_n);
	put_stts(m);
	put_ctts(m);
	put_stss(m);
	put_stsc(m);
	put_stsz(m);
	co64 = full_box(m, "co64", 0, 0);
	u32(m, (uint32_t)m->chunks_n);
	offsets = m->header_n;
	zero(m, 8 * m->chunks_n);
	box_end(m, co64);
	box_end(m, stbl);
	return offsets;
}

static size_t put_minf(struct movie *m)
{
	size_t minf = box(m, "minf"), at, dref, url, offsets;

	at = full_box(m, "vmhd", 0, 1);
	zero(m, 8);
	box_end(m, at);
	at = box(m, "dinf");
	dref = full_box(m, "dref", 0, 0);
	u32(m, 1);
	url = full_box(m, "url ", 0, 1); /* in this file */
	box_end(m, url);
	box_end(m, dref);
	box_end(m, at);
	offsets = put_stbl(m);
	box_end(m, minf);
	return offsets;
}

static size_t put_mdia(struct movie *m)
{
	size_t mdia = box(m, "mdia"), at, offsets;

	at = full_box(m, "mdhd", 1, 0);
	u64(m, (uint64_t)(m->created_s + MAC_EPOCH));
	u64(m, (uint64_t)(m->created_s + MAC_EPOCH));
	u32(m, m->init.timescale);
	u64(m, m->duration);
	u16(m, 0x55c4); /* language "und" */
	u16(m, 0);
	box_end(m, at);
	at = full_box(m, "hdlr", 0, 0);
	u32(m, 0);
	put(m, "vide", 4);
	zero(m, 12);
	put(m, "Saqta", 6);
	box_end(m, at);
	offsets = put_minf(m);
	box_end(m, mdia);
	return offsets;
}

/* ISO/IEC 14496-12 4.2: a size of 1 says that 64 bits follow. */
static void put_mdat(struct movie *m)
{
	bool large = m->media > UINT32_MAX - 8;

	u32(m, large ? 1 : (uint32_t)m->media + 8);
	put(m, "mdat", 4);
	if (large)
		u64(m, m->media + 16);
}

enum err movie_end(struct movie *m)
{
	size_t moov, trak, offsets;

	if (m->media > SIZE_MAX_BYTES)
		return ERR_TOO_LARGE;
	put_ftyp(m);
	moov = box(m, "moov");
	put_mvhd(m);
	trak = box(m, "trak");
	put_tkhd(m);
	put_edts(m);
	offsets = put_mdia(m);
	box_end(m, trak);
	box_end(m, moov);
	put_mdat(m);
	if (m->failed)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < m->chunks_n; i++) {
		m->chunks[i].off += m->header_n;
		patch(m, offsets + 8 * i, m->chunks[i].off, 8);
	}
	/* Only sizes and offsets are needed from here on. */
	free(m->samples);
	m->samples = NULL;
	m->init = (struct mp4_init){0};
	return OK;
}

uint64_t movie_size(const struct movie *m)
{
	return m->header_n + m->media;
}

enum err movie_map(const struct movie *m, uint64_t off, size_t max,
    struct movie_piece *ret)
{
	size_t lo = 0, hi = m->chunks_n;
	const struct chunk *c;
	uint64_t left;

	if (off >= movie_size(m))
		return ERR_RANGE;
	if (off < m->header_n) {
		left = m->header_n - off;
		*ret = (struct movie_piece){UINT32_MAX, off,
		    left < max ? (size_t)left : max, m->header + off};
		return OK;
	}
	/* the last chunk that begins at or before off and is not empty */
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->chunks[mid].off <= off)
			lo = mid;
		else
			hi = mid;
	}
	c = &m->chunks[lo];
	left = c->size - (off - c->off);
	*ret = (struct movie_piece){c->source, c->at + (off - c->off),
	    left < max ? (size_t)left : max, NULL};
	return OK;
}

void movie_free(struct movie *m)
{
	if (!m)
		return;
	free(m->samples);
	free(m->chunks);
	free(m->header);
	free(m);
}
