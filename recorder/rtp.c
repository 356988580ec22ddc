#include "recorder/rtp.h"

#include <stdlib.h>
#include <string.h>

#define JUMP 3000	/* RFC 3550 A.1: MAX_DROPOUT */
#define SILENT_NS \
	(2 * NS_PER_SEC) /* then a source that was left may come back */
#define NTP_TO_UNIX INT64_C(2208988800)

struct held {
	unsigned char *bytes;	/* NULL: free */
	size_t n;
	struct mono arrival;
};

struct rtp_order {
	struct rtp_sink sink;
	bool hold;
	int payload;
	bool begun;
	uint32_t source; /* SSRC that is followed */
	struct mono heard; /* its last packet */
	bool has_left;
	uint32_t left; /* the one that was followed before */
	bool turned; /* what comes next is of another source */
	uint64_t missing;
	uint16_t next;		/* the sequence number that is due */
	unsigned held_n;
	struct held held[RTP_HELD];	/* at seq % RTP_HELD */
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

enum err rtp_parse(const unsigned char *p, size_t n, struct rtp_packet *ret)
{
	size_t head = 12;
	size_t pad = 0;

	if (n < head || p[0] >> 6 != 2)
		return ERR_FORMAT;
	head += 4u * (p[0] & 0xfu);
	if (p[0] & 0x10) {
		if (n < head + 4)
			return ERR_FORMAT;
		head += 4u + 4u * ((size_t)p[head + 2] << 8 | p[head + 3]);
	}
	if (p[0] & 0x20)
		pad = p[n - 1];
	if (n < head + pad || (p[0] & 0x20 && !pad))
		return ERR_FORMAT;
	ret->marker = p[1] >> 7;
	ret->payload = p[1] & 0x7f;
	ret->seq = (uint16_t)(p[2] << 8 | p[3]);
	ret->time = be32(p + 4);
	ret->source = be32(p + 8);
	ret->data = p + head;
	ret->n = n - head - pad;
	return OK;
}

struct rtp_order *rtp_new(bool hold, int payload, struct rtp_sink sink)
{
	struct rtp_order *o = calloc(1, sizeof(*o));

	if (o) {
		o->hold = hold;
		o->payload = payload;
		o->sink = sink;
	}
	return o;
}

void rtp_free(struct rtp_order *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < RTP_HELD; i++)
		free(o->held[i].bytes);
	free(o);
}

static enum err give(struct rtp_order *o, const unsigned char *p, size_t n,
    struct mono arrival, bool lost)
{
	struct rtp_packet r;
	enum err err = rtp_parse(p, n, &r);

	if (err)
		return err;
	r.arrival = arrival;
	if (lost && (uint16_t)(r.seq - o->next) < JUMP)
		o->missing += (uint16_t)(r.seq - o->next);
	r.lost = lost;
	r.turned = o->turned;
	o->turned = false;
	o->next = (uint16_t)(r.seq + 1);
	return o->sink.emit(o->sink.arg, &r);
}

/* Give the held packets that follow now, without waiting. */
static enum err drain(struct rtp_order *o, bool lost)
{
	enum err err = OK;

	while (!err && o->held_n) {
		struct held h = o->held[o->next % RTP_HELD];

		if (!h.bytes)
			break;
		o->held[o->next % RTP_HELD].bytes = NULL;
		o->held_n--;
		err = give(o, h.bytes, h.n, h.arrival, lost);
		lost = false;
		free(h.bytes);
	}
	return err;
}

/* Stop waiting for the missing ones: go on with the first that is held. */
static enum err skip(struct rtp_order *o)
{
	while (o->held_n && !o->held[o->next % RTP_HELD].bytes) {
		o->next++;
		o->missing++;
	}
	return drain(o, true);
}

static enum err hold(struct rtp_order *o, const unsigned char *p, size_t n,
    uint16_t seq, struct mono arrival)
{
	struct held *h = &o->held[seq % RTP_HELD];

	if (h->bytes)
		return OK;	/* a double */
	h->bytes = malloc(n);
	if (!h->bytes)
		return ERR_NO_MEMORY;
	memcpy(h->bytes, p, n);
	h->n = n;
	h->arrival = arrival;
	o->held_n++;
	return OK;
}

/*
 * A4: cameras go on sending an old session into a new connection. The newest
 * source is the one to follow; the one before it only where that falls silent.
 */
static bool is_followed(struct rtp_order *o, const struct rtp_packet *r,
    struct mono now)
{
	if (o->begun && r->source != o->source) {
		if (o->has_left && r->source == o->left &&
		    now.ns - o->heard.ns < SILENT_NS)
			return false;
		for (size_t i = 0; i < RTP_HELD; i++) {
			free(o->held[i].bytes);
			o->held[i].bytes = NULL;
		}
		o->held_n = 0;
		o->has_left = o->turned = true;
		o->left = o->source;
		o->begun = false;
	}
	if (!o->begun)
		o->next = r->seq;
	o->begun = true;
	o->source = r->source;
	o->heard = now;
	return true;
}

bool rtp_is_source(const struct rtp_order *o, uint32_t source)
{
	return o->begun && o->source == source;
}

uint64_t rtp_missing(const struct rtp_order *o)
{
	return o->missing;
}

enum err rtp_put(struct rtp_order *o, const unsigned char *p, size_t n,
    struct mono arrival)
{
	struct rtp_packet r;
	enum err err = OK;
	int ahead;

	if (rtp_parse(p, n, &r) || r.payload != o->payload ||
	    !is_followed(o, &r, arrival))
		return OK;
	ahead = (int16_t)(uint16_t)(r.seq - o->next);
	if (!ahead) {
		err = give(o, p, n, arrival, false);
		return err ? err : drain(o, false);
	}
	if (ahead < 0 && ahead > -JUMP)
		return OK;
	while (!err && o->held_n && (ahead < 0 || ahead >= RTP_HELD)) {
		err = skip(o);
		ahead = (int16_t)(uint16_t)(r.seq - o->next);
	}
	if (err)
		return err;
	if (!ahead)
		return give(o, p, n, arrival, false);
	if (!o->hold || ahead < 0 || ahead >= RTP_HELD)
		return give(o, p, n, arrival, true);
	return hold(o, p, n, r.seq, arrival);
}

enum err rtp_tick(struct rtp_order *o, struct mono now)
{
	for (size_t i = 0; o->held_n && i < RTP_HELD; i++)
		if (o->held[i].bytes &&
		    now.ns - o->held[i].arrival.ns > RTP_HOLD_NS)
			return skip(o);
	return OK;
}

bool rtcp_sender_report(const unsigned char *p, size_t n, uint32_t *ret_source,
    struct utc *ret_camera, uint32_t *ret_time)
{
	while (n >= 8 && p[0] >> 6 == 2) {
		size_t len = 4u * (((size_t)p[2] << 8 | p[3]) + 1);

		if (p[1] == 200 && n >= 20) {
			int64_t s = (int64_t)be32(p + 8) - NTP_TO_UNIX;

			ret_camera->ns = s * NS_PER_SEC +
			    (int64_t)((uint64_t)be32(p + 12) *
				    (uint64_t)NS_PER_SEC >>
				32);
			*ret_time = be32(p + 16);
			*ret_source = be32(p + 4);
			return s > 0;
		}
		if (len > n)
			break;
		p += len;
		n -= len;
	}
	return false;
}

void rtcp_receiver_report(uint32_t ssrc, unsigned char ret[RTCP_REPORT_BYTES])
{
	ret[0] = 0x80;
	ret[1] = 201;
	ret[2] = 0;
	ret[3] = 1;
	for (int i = 0; i < 4; i++)
		ret[4 + i] = (unsigned char)(ssrc >> (24 - 8 * i));
}
