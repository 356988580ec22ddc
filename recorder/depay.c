#include "recorder/depay.h"

#include <stdlib.h>
#include <string.h>

struct depay {
	enum codec codec;
	struct unit_sink sink;
	unsigned char *buf;	/* the picture that is being put together */
	size_t n, cap;
	uint32_t time;
	struct mono arrival;
	bool key, damaged, slices, marked, turned;
	bool begun;		/* there is a picture at all */
	size_t nal;		/* where the open NAL unit's length stands */
	bool open;		/* a fragmented NAL unit is being put together */
};

struct depay *depay_new(enum codec codec, struct unit_sink sink)
{
	struct depay *d = calloc(1, sizeof(*d));

	if (d) {
		d->codec = codec;
		d->sink = sink;
	}
	return d;
}

void depay_free(struct depay *d)
{
	if (d)
		free(d->buf);
	free(d);
}

static enum err append(struct depay *d, const void *p, size_t n)
{
	if (n > PICTURE_MAX - d->n)
		return ERR_TOO_LARGE;
	if (d->n + n > d->cap) {
		size_t cap = d->cap ? d->cap : 16384;
		unsigned char *grown;

		while (cap < d->n + n)
			cap *= 2;
		grown = realloc(d->buf, cap);
		if (!grown)
			return ERR_NO_MEMORY;
		d->buf = grown;
		d->cap = cap;
	}
	memcpy(d->buf + d->n, p, n);
	d->n += n;
	return OK;
}

static enum err nal_begin(struct depay *d)
{
	static const unsigned char length[4];

	d->nal = d->n;
	return append(d, length, 4);
}

/* A NAL unit lies whole behind d->nal: write its length, take its type. */
static void nal_end(struct depay *d)
{
	unsigned char *at = d->buf + d->nal;
	size_t n = d->n - d->nal - 4;
	int type;

	if (n <= codec_nal_header(d->codec)) {
		d->n = d->nal;
		return;
	}
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(n >> (24 - 8 * i));
	type = codec_nal_type(d->codec, at + 4);
	d->slices |= codec_is_slice(d->codec, type);
	d->key |= codec_is_key(d->codec, type);
}

static enum err nal_split(struct depay *d, const unsigned char *p, size_t n);

/* A fragmented NAL unit is whole; it too may be Annex B in disguise. */
static enum err nal_joined(struct depay *d)
{
	unsigned char *at = d->buf + d->nal + 4, *copy;
	size_t n = d->n - d->nal - 4;
	enum err err;

	d->open = false;
	if (!memmem(at, n, "\0\0\1", 3)) {
		nal_end(d);
		return OK;
	}
	copy = malloc(n);
	if (!copy)
		return ERR_NO_MEMORY;
	memcpy(copy, at, n);
	d->n = d->nal;
	err = nal_split(d, copy, n);
	free(copy);
	return err;
}

/* A fragmented NAL unit whose end never came. */
static void nal_drop(struct depay *d)
{
	if (!d->open)
		return;
	d->n = d->nal;
	d->open = false;
	d->damaged = true;
}

static enum err flush(struct depay *d)
{
	unsigned char *shrunk;
	struct unit u;

	nal_drop(d);
	if (!d->slices)
		return OK;	/* its sets and SEI belong to the next one */
	/* It may wait for long: not with more room than it needs. */
	shrunk = d->cap > 2 * d->n ? realloc(d->buf, d->n) : NULL;
	u = (struct unit){.data = shrunk ? shrunk : d->buf,
	    .n = d->n,
	    .time = d->time,
	    .arrival = d->arrival,
	    .key = d->key,
	    .damaged = d->damaged,
	    .turned = d->turned};
	d->buf = NULL;
	d->n = d->cap = 0;
	d->key = d->damaged = d->slices = d->marked = d->begun = false;
	d->turned = false;
	return d->sink.emit(d->sink.arg, &u);
}

enum err depay_end(struct depay *d)
{
	return flush(d);
}

/*
 * Does a NAL unit that begins like this begin a new picture, though its time
 * stamp is the same? Only after a marker: slices of one picture stay together
 * where a camera marks each of them.
 */
static bool begins_picture(const struct depay *d, const unsigned char *nal,
    size_t n)
{
	int type = codec_nal_type(d->codec, nal);

	return d->slices && d->marked && !codec_is_suffix(d->codec, type) &&
	    (!codec_is_slice(d->codec, type) ||
		codec_is_first_slice(d->codec, nal, n));
}

static enum err nal_whole(struct depay *d, const unsigned char *p, size_t n)
{
	enum err err;

	if (n <= codec_nal_header(d->codec))
		return OK;
	nal_drop(d);
	err = nal_begin(d);
	if (!err)
		err = append(d, p, n);
	if (!err)
		nal_end(d);
	return err;
}

/* Length of a start code (00 00 01, 00 00 00 01) at p, else 0. */
static size_t start_code(const unsigned char *p, size_t n)
{
	if (n >= 3 && !p[0] && !p[1] && p[2] == 1)
		return 3;
	if (n >= 4 && !p[0] && !p[1] && !p[2] && p[3] == 1)
		return 4;
	return 0;
}

/*
 * Some cameras put Annex B, start codes and all, where one NAL unit belongs.
 * 00 00 01 stands in no NAL unit (emulation prevention), so what stands between
 * two of them is one; zeros before a start code belong to it.
 */
static enum err nal_split(struct depay *d, const unsigned char *p, size_t n)
{
	size_t skip = start_code(p, n);
	enum err err = OK;

	if (!skip && !memmem(p, n, "\0\0\1", 3))
		return nal_whole(d, p, n);
	while (!err && n) {
		const unsigned char *next;
		size_t len, whole;

		p += skip;
		n -= skip;
		next = memmem(p, n, "\0\0\1", 3);
		len = whole = next ? (size_t)(next - p) : n;
		while (whole && !p[whole - 1])
			whole--;
		err = nal_whole(d, p, whole);
		p += len;
		n -= len;
		skip = next ? 3 : 0;
	}
	return err;
}

/* STAP-A and AP: u16 length, NAL unit, ... behind the header. */
static enum err aggregate(struct depay *d, const unsigned char *p, size_t n)
{
	enum err err = OK;

	while (!err && n > 2) {
		size_t len = (size_t)p[0] << 8 | p[1];

		if (len > n - 2) {
			d->damaged = true;
			break;
		}
		err = nal_split(d, p + 2, len);
		p += 2 + len;
		n -= 2 + len;
	}
	return err;
}

/* FU-A and FU: nal is the header that the whole NAL unit has. */
static enum err fragment(struct depay *d, const unsigned char *nal, int fu,
    const unsigned char *p, size_t n)
{
	enum err err;

	if (fu & 0x80) {
		nal_drop(d);
		err = nal_begin(d);
		if (!err)
			err = append(d, nal, codec_nal_header(d->codec));
		if (err)
			return err;
		d->open = true;
	}
	if (!d->open) {
		d->damaged = true;	/* its beginning never came */
		return OK;
	}
	err = append(d, p, n);
	if (!err && fu & 0x40)
		err = nal_joined(d);
	return err;
}

static enum err put_h264(struct depay *d, const unsigned char *p, size_t n)
{
	unsigned char nal;

	switch (p[0] & 0x1f) {
	case 24:
		return aggregate(d, p + 1, n - 1);
	case 28:
		if (n < 3)
			return OK;
		nal = (unsigned char)((p[0] & 0xe0) | (p[1] & 0x1f));
		return fragment(d, &nal, p[1], p + 2, n - 2);
	case 25:
	case 26:
	case 27:
	case 29:
	case 30:
	case 31:
		/* Interleaved forms, which nobody asked for: no NAL units. */
		d->damaged = true;
		return OK;
	default:
		return nal_split(d, p, n);
	}
}

static enum err put_h265(struct depay *d, const unsigned char *p, size_t n)
{
	unsigned char nal[2];

	if (n < 3)
		return OK;
	switch (codec_nal_type(CODEC_H265, p)) {
	case 48:
		return aggregate(d, p + 2, n - 2);
	case 49:
		nal[0] = (unsigned char)((p[0] & 0x81) | (p[2] & 0x3f) << 1);
		nal[1] = p[1];
		return fragment(d, nal, p[2], p + 3, n - 3);
	case 50:
		d->damaged = true; /* PACI, likewise */
		return OK;
	default:
		return nal_split(d, p, n);
	}
}

/* The first NAL unit of a packet; false inside a fragmented one. */
static bool first_nal(const struct depay *d, const unsigned char *p, size_t n,
    unsigned char *ret, size_t *ret_n)
{
	size_t h = codec_nal_header(d->codec);
	int type = codec_nal_type(d->codec, p);
	size_t at = 0;

	if (type == (d->codec == CODEC_H265 ? 49 : 28)) {
		if (n < h + 2 || !(p[h] & 0x80))
			return false;
		ret[0] = d->codec == CODEC_H265 ?
		    (unsigned char)((p[h] & 0x3f) << 1) :
		    p[h] & 0x1f;
		ret[h - 1] = d->codec == CODEC_H265 ? p[1] : ret[0];
		ret[h] = p[h + 1];
		*ret_n = h + 1;
		return true;
	}
	if (type == (d->codec == CODEC_H265 ? 48 : 24))
		at = h + 2;
	else
		at = start_code(p, n);
	if (n < at + h + 1)
		return false;
	memcpy(ret, p + at, h + 1);
	*ret_n = h + 1;
	return true;
}

/* What came of the old source is whole or nothing. */
static enum err turn(struct depay *d)
{
	enum err err = flush(d);

	d->n = 0;
	d->begun = d->marked = d->damaged = false;
	d->turned = true;
	return err;
}

enum err depay_put(struct depay *d, const struct rtp_packet *p)
{
	unsigned char nal[3];
	size_t nal_n;
	enum err err = OK;

	if (p->n < codec_nal_header(d->codec))
		return OK;
	if (p->turned)
		err = turn(d);
	if (err)
		return err;
	if (p->lost) {
		nal_drop(d);
		/* What is missing may be the end of the open picture. */
		d->damaged |= !d->marked || p->time == d->time;
	}
	if (d->begun &&
	    (p->time != d->time ||
		(first_nal(d, p->data, p->n, nal, &nal_n) &&
		    begins_picture(d, nal, nal_n))))
		err = flush(d);
	if (err)
		return err;
	if (!d->begun || !d->slices) {
		if (!d->begun)
			d->arrival = p->arrival;
		d->begun = true;
		d->time = p->time;
	}
	if (p->lost)
		d->damaged = true;
	err = d->codec == CODEC_H265 ? put_h265(d, p->data, p->n) :
				       put_h264(d, p->data, p->n);
	if (p->marker)
		d->marked = true;
	return err;
}
