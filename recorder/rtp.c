#include "recorder/rtp.h"

#include <stdlib.h>
#include <string.h>

#define JUMP 3000	/* RFC 3550 A.1: MAX_DROPOUT */
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
	r.lost = lost;
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
	while (o->held_n && !o->held[o->next % RTP_HELD].bytes)
		o->next++;
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

enum err rtp_put(struct rtp_order *o, const unsigned char *p, size_t n,
    struct mono arrival)
{
	struct rtp_packet r;
	enum err err = OK;
	int ahead;

	if (rtp_parse(p, n, &r) || r.payload != o->payload)
		return OK;
	if (!o->begun) {
		o->begun = true;
		o->next = r.seq;
	}
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

bool rtcp_sender_report(const unsigned char *p, size_t n,
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
