/*
 * rtp.h - RTP packets in their order, and what was lost between them
 * (RFC 3550). Holds at most RTP_HELD packets back while one is missing; over
 * TCP none, for there nothing comes late.
 */
#ifndef SAQTA_RTP_H
#define SAQTA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"
#include "storage/api/utc.h"

#define RTP_HELD 64
#define RTP_HOLD_NS (100 * NS_PER_MS)	/* a packet may be so much late */

struct rtp_packet {
	uint16_t seq;
	uint32_t time;		/* RTP time stamp, 90 kHz */
	uint32_t source; /* SSRC */
	int payload;
	bool marker;
	bool lost;		/* something before it is missing */
	bool turned;		/* the first of another source */
	const unsigned char *data;	/* borrowed */
	size_t n;
	struct mono arrival;
};

/* Header of the n bytes at p; ERR_FORMAT. ret->lost and arrival are unset. */
must_check enum err rtp_parse(const unsigned char *p, size_t n,
    struct rtp_packet *ret);

/* Who takes the packets: emit(arg, packet), an error of which is passed on. */
struct rtp_sink {
	enum err (*emit)(void *arg, const struct rtp_packet *p);
	void *arg;
};

struct rtp_order;

/* One stream; hold = false over TCP. NULL: no memory. Freed by rtp_free(). */
struct rtp_order *rtp_new(bool hold, int payload, struct rtp_sink sink);
void rtp_free(struct rtp_order *o);

/*
 * Take one packet (n bytes at p, borrowed) and give every one whose turn has
 * come to the sink. Packets of other payload types, late and doubled ones are
 * dropped; so is what is no RTP. The newest source (SSRC) is followed: packets
 * of the one before are dropped until the newest is silent for two seconds. An
 * error of the sink is returned.
 */
must_check enum err rtp_put(struct rtp_order *o, const unsigned char *p,
    size_t n, struct mono arrival);

/* Time passes: give up on what was missing for RTP_HOLD_NS. */
must_check enum err rtp_tick(struct rtp_order *o, struct mono now);

/* Is this the source (SSRC) whose packets are taken? */
bool rtp_is_source(const struct rtp_order *o, uint32_t source);

/* Packets that never came, by their numbers. */
uint64_t rtp_missing(const struct rtp_order *o);

/*
 * The camera's clock out of RTCP sender report (n bytes at p), and whose it
 * is. False where there is none, or where it lies before 1970.
 */
bool rtcp_sender_report(const unsigned char *p, size_t n, uint32_t *ret_source,
    struct utc *ret_camera, uint32_t *ret_time);

/* An empty receiver report, which keeps a camera sending over UDP. */
#define RTCP_REPORT_BYTES 8
void rtcp_receiver_report(uint32_t ssrc, unsigned char ret[RTCP_REPORT_BYTES]);

#endif
