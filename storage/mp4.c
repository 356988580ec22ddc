#include "storage/mp4_box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AVC1 FOURCC('a', 'v', 'c', '1')
#define HVC1 FOURCC('h', 'v', 'c', '1')
#define VISUAL_ENTRY 78 /* bytes of VisualSampleEntry before its boxes */
#define NON_SYNC 0x00010000u /* sample_is_non_sync_sample, 8.8.3.1 */

/* RFC 6381 and ISO/IEC 14496-15 annex E.3. */
static void mime(struct mp4_init *init)
{
	const unsigned char *c = init->config;
	uint32_t compat = 0;
	size_t end = 12;
	char space[2] = "";
	int n;

	if (init->codec[0] == 'a') {
		snprintf(init->mime, sizeof(init->mime), "avc1.%02x%02x%02x",
		    c[1], c[2], c[3]);
		return;
	}
	for (size_t i = 0; i < 32; i++)
		compat |= ((uint32_t)c[2 + i / 8] >> (7 - i % 8) & 1u) << i;
	if (c[1] >> 6)
		space[0] = (char)('A' + (c[1] >> 6) - 1);
	n = snprintf(init->mime, sizeof(init->mime), "hvc1.%s%u.%X.%c%u", space,
	    c[1] & 31u, compat, c[1] & 32 ? 'H' : 'L', c[12]);
	while (end > 6 && !c[end - 1])
		end--;
	for (size_t i = 6; i < end; i++)
		n += snprintf(init->mime + n, sizeof(init->mime) - (size_t)n,
		    ".%X", c[i]);
}

static enum err parse_entry(struct box *entry, struct mp4_init *init)
{
	struct in config;

	if (entry->type != AVC1 && entry->type != HVC1)
		return ERR_UNSUPPORTED;
	memcpy(init->codec, entry->start + 4, 4);
	init->codec[4] = '\0';
	take(&entry->in, 24);
	init->width = (uint16_t)get(&entry->in, 2);
	init->height = (uint16_t)get(&entry->in, 2);
	take(&entry->in, VISUAL_ENTRY - 28);
	if (entry->in.bad)
		return ERR_FORMAT;
	config = only(entry->in,
	    entry->type == AVC1 ? FOURCC('a', 'v', 'c', 'C') :
				  FOURCC('h', 'v', 'c', 'C'));
	if (config.bad || config.n < (entry->type == AVC1 ? 7u : 23u) ||
	    config.p[0] != 1)
		return ERR_FORMAT;
	init->config = config.p;
	init->config_n = config.n;
	mime(init);
	return OK;
}

enum err mp4_stsd_parse(struct in stbl, struct mp4_init *init)
{
	struct box b = {0}, entry = {0};

	if (only(stbl, FOURCC('s', 't', 's', 'd')).bad)
		return ERR_FORMAT;
	while (next(&stbl, &b) && b.type != FOURCC('s', 't', 's', 'd'))
		;
	init->stsd = b.start;
	init->stsd_n = b.size;
	if (get32(&b.in) != 0 || get32(&b.in) != 1 || !next(&b.in, &entry) ||
	    b.in.n)
		return ERR_FORMAT;
	return parse_entry(&entry, init);
}

static enum err parse_trak(struct in trak, struct mp4_init *init)
{
	struct in tkhd = only(trak, FOURCC('t', 'k', 'h', 'd'));
	struct in mdia = only(trak, FOURCC('m', 'd', 'i', 'a'));
	struct in mdhd = only(mdia, FOURCC('m', 'd', 'h', 'd'));
	struct in hdlr = only(mdia, FOURCC('h', 'd', 'l', 'r'));
	struct in minf = only(mdia, FOURCC('m', 'i', 'n', 'f'));
	struct in stbl = only(minf, FOURCC('s', 't', 'b', 'l'));

	take(&tkhd, get32(&tkhd) >> 24 ? 16 : 8);
	init->track_id = get32(&tkhd);
	take(&mdhd, get32(&mdhd) >> 24 ? 16 : 8);
	init->timescale = get32(&mdhd);
	take(&hdlr, 8);
	if (get32(&hdlr) != FOURCC('v', 'i', 'd', 'e') || tkhd.bad ||
	    mdhd.bad || hdlr.bad || stbl.bad || !init->track_id ||
	    !init->timescale)
		return ERR_FORMAT;
	return mp4_stsd_parse(stbl, init);
}

enum err mp4_init_parse(const void *p, size_t n, struct mp4_init *ret)
{
	struct in in = {p, n, false}, moov, trex;
	struct mp4_init init = {0};
	struct box ftyp, b;
	enum err err;

	if (n > MP4_INIT_MAX)
		return ERR_TOO_LARGE;
	if (!next(&in, &ftyp) || ftyp.type != FOURCC('f', 't', 'y', 'p') ||
	    !next(&in, &b) || b.type != FOURCC('m', 'o', 'o', 'v') || in.n)
		return ERR_FORMAT;
	moov = b.in;
	trex = only(only(moov, FOURCC('m', 'v', 'e', 'x')),
	    FOURCC('t', 'r', 'e', 'x'));
	err = parse_trak(only(moov, FOURCC('t', 'r', 'a', 'k')), &init);
	if (err)
		return err;
	take(&trex, 4);
	if (get32(&trex) != init.track_id || get32(&trex) != 1)
		return ERR_FORMAT;
	init.default_duration = get32(&trex);
	init.default_size = get32(&trex);
	init.default_flags = get32(&trex);
	if (trex.bad)
		return ERR_FORMAT;
	*ret = init;
	return OK;
}

/* Where one fragment's parsing stands. */
struct walk {
	uint64_t moof, data, total; /* offsets in the fragment */
	uint64_t at; /* end of the sample before */
	uint32_t duration, size, flags; /* defaults */
	uint32_t room; /* samples allocated */
	struct mp4_fragment f;
};

static enum err parse_tfhd(struct in in, const struct mp4_init *init,
    struct walk *w)
{
	uint32_t flags = get32(&in);

	if (get32(&in) != init->track_id)
		return ERR_FORMAT;
	/* 1: an absolute base; 2: another sample description */
	if (flags & 1 || (flags & 2 && get32(&in) != 1))
		return ERR_FORMAT;
	w->duration = flags & 8 ? get32(&in) : init->default_duration;
	w->size = flags & 16 ? get32(&in) : init->default_size;
	w->flags = flags & 32 ? get32(&in) : init->default_flags;
	return in.bad ? ERR_FORMAT : OK;
}

static enum err grow(struct walk *w, uint32_t n)
{
	struct mp4_sample *s;

	if (n > MP4_SAMPLES_MAX - w->f.n)
		return ERR_TOO_LARGE;
	if (w->f.n + n <= w->room)
		return OK;
	s = realloc(w->f.samples, (w->f.n + n) * sizeof(*s));
	if (!s)
		return ERR_NO_MEMORY;
	w->f.samples = s;
	w->room = w->f.n + n;
	return OK;
}

/*
 * Samples follow one another without overlap, so that no fragment makes us
 * hash or send more bytes than it has.
 */
static enum err place(struct walk *w, struct mp4_sample *s)
{
	if (w->at < w->data || w->at > w->total || s->size > w->total - w->at)
		return ERR_FORMAT;
	s->offset = (uint32_t)w->at;
	w->at += s->size;
	w->f.duration += s->duration;
	return OK;
}

static enum err parse_trun(struct in in, struct walk *w)
{
	uint32_t head = get32(&in), n = get32(&in), first = 0;
	enum err err = grow(w, n);

	if (err)
		return err;
	if (head & 1) {
		uint64_t at = w->moof + get32(&in);

		if (at < w->at)
			return ERR_FORMAT;
		w->at = at;
	} else if (!w->f.n) {
		return ERR_FORMAT;
	}
	if (head & 4)
		first = get32(&in);
	for (uint32_t i = 0; i < n; i++) {
		struct mp4_sample s = {w->duration, 0, w->size, false, 0};
		uint32_t flags = head & 4 && !i ? first : w->flags;
		uint32_t composition = 0;

		if (head & 0x100)
			s.duration = get32(&in);
		if (head & 0x200)
			s.size = get32(&in);
		if (head & 0x400)
			flags = get32(&in);
		if (head & 0x800)
			composition = get32(&in);
		/* version 0 is unsigned, version 1 signed */
		if (in.bad || (!(head >> 24) && composition > INT32_MAX))
			return ERR_FORMAT;
		s.composition = (int32_t)composition;
		s.sync = !(flags & NON_SYNC);
		err = place(w, &s);
		if (err)
			return err;
		w->f.samples[w->f.n++] = s;
	}
	return in.n ? ERR_FORMAT : OK;
}

static enum err parse_traf(struct in traf, const struct mp4_init *init,
    struct walk *w)
{
	struct in tfdt = only(traf, FOURCC('t', 'f', 'd', 't'));
	struct in tfhd = only(traf, FOURCC('t', 'f', 'h', 'd'));
	struct box b;
	enum err err;

	w->f.base = get(&tfdt, get32(&tfdt) >> 24 ? 8 : 4);
	if (tfdt.bad || tfhd.bad)
		return ERR_FORMAT;
	err = parse_tfhd(tfhd, init, w);
	while (!err && next(&traf, &b))
		if (b.type == FOURCC('t', 'r', 'u', 'n'))
			err = parse_trun(b.in, w);
	if (!err && (traf.bad || !w->f.n))
		err = ERR_FORMAT;
	return err;
}

/* The size of the box at in, if its header says a legal one; else 0. */
static uint64_t peek(struct in in, uint32_t *ret_type)
{
	uint32_t size = get32(&in);

	*ret_type = get32(&in);
	return in.bad || size < 8 ? 0 : size;
}

enum err mp4_moof_parse(const void *p, size_t n, uint64_t total,
    const struct mp4_init *init, struct mp4_fragment *ret)
{
	const unsigned char *bytes = p;
	struct walk w = {.total = total};
	struct box moof;
	struct in in;
	uint32_t type;
	uint64_t size;
	enum err err;

	if (total > MP4_FRAGMENT_MAX)
		return ERR_TOO_LARGE;
	if (n > total)
		return ERR_FORMAT;
	for (;;) {
		in = (struct in){bytes + w.moof, n - (size_t)w.moof, false};
		if (in.n < 8)
			return n < total ? ERR_TRUNCATED : ERR_FORMAT;
		size = peek(in, &type);
		if (!size || size > total - w.moof)
			return ERR_FORMAT;
		if (size > in.n)
			return ERR_TRUNCATED;
		if (type == FOURCC('m', 'o', 'o', 'f'))
			break;
		if (w.moof || type != FOURCC('s', 't', 'y', 'p'))
			return ERR_FORMAT;
		w.moof = size;
	}
	w.data = w.moof + size + 8;
	w.at = 0;
	if (w.data > total || !next(&in, &moof))
		return ERR_FORMAT;
	if (in.n >= 8 &&
	    (peek(in, &type) != total - w.data + 8 ||
		type != FOURCC('m', 'd', 'a', 't')))
		return ERR_FORMAT;
	err = parse_traf(only(moof.in, FOURCC('t', 'r', 'a', 'f')), init, &w);
	if (err) {
		mp4_free(&w.f);
		return err;
	}
	*ret = w.f;
	return OK;
}

enum err mp4_fragment_parse(const void *p, size_t n,
    const struct mp4_init *init, struct mp4_fragment *ret)
{
	enum err err = mp4_moof_parse(p, n, n, init, ret);

	return err == ERR_TRUNCATED ? ERR_FORMAT : err;
}

void mp4_free(struct mp4_fragment *f)
{
	free(f->samples);
	f->samples = NULL;
	f->n = 0;
}

static void hash_u32(struct sha256 *h, uint32_t v)
{
	unsigned char b[4] = {(unsigned char)(v >> 24),
	    (unsigned char)(v >> 16), (unsigned char)(v >> 8),
	    (unsigned char)v};

	sha256_put(h, b, sizeof(b));
}

void mp4_hash_begin(const struct mp4_init *init, uint32_t n, struct sha256 *h)
{
	sha256_init(h);
	sha256_put(h, "saqta samples v1\n", 17);
	sha256_put(h, init->codec, 4);
	hash_u32(h, (uint32_t)init->config_n);
	sha256_put(h, init->config, init->config_n);
	hash_u32(h, init->timescale);
	hash_u32(h, n);
}

void mp4_hash_sample(struct sha256 *h, uint32_t duration, int32_t composition,
    bool sync, uint32_t size)
{
	unsigned char flag = sync;

	hash_u32(h, duration);
	hash_u32(h, (uint32_t)composition);
	sha256_put(h, &flag, 1);
	hash_u32(h, size);
}

void mp4_sample_hash(const struct mp4_init *init, const struct mp4_fragment *f,
    const void *p, unsigned char ret[HASH_BYTES])
{
	const unsigned char *bytes = p;
	struct sha256 h;

	mp4_hash_begin(init, f->n, &h);
	for (uint32_t i = 0; i < f->n; i++) {
		const struct mp4_sample *s = &f->samples[i];

		mp4_hash_sample(&h, s->duration, s->composition, s->sync,
		    s->size);
		sha256_put(&h, bytes + s->offset, s->size);
	}
	sha256_end(&h, ret);
}
