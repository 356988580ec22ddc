/*
 * rtsp.h - RTSP 1.0 and SDP as bytes: parse what a camera says, build what we
 * say (RFC 2326, RFC 4566, RFC 6184, RFC 7798). Pure: no sockets, no memory of
 * its own, every result is a copy with a limit. Cameras are careless; what does
 * not matter to us is skipped.
 */
#ifndef SAQTA_RTSP_H
#define SAQTA_RTSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/codec.h"
#include "storage/api/err.h"

#define RTSP_URL_MAX 512
#define RTSP_MESSAGE_MAX 65536	/* head and body of one message */
#define RTSP_SETS_MAX 2048	/* parameter sets out of an SDP */

struct rtsp_url {
	char host[256];		/* name or address, without brackets */
	uint16_t port;		/* 554, or 322 with TLS, when it names none */
	bool tls;		/* rtsps:// */
	char text[RTSP_URL_MAX]; /* the whole URL, without credentials */
};

/*
 * Parse "rtsp[s]://host[:port][/path]". ERR_INVALID where it is not that;
 * ERR_DENIED where it carries credentials, which do not belong into a URL.
 */
must_check enum err rtsp_url_parse(const char *text, struct rtsp_url *ret);

/* How long the scheme at s is: "rtsp://" or "rtsps://"; 0: it is another. */
size_t rtsp_scheme(const char *s);

enum rtsp_kind {
	RTSP_MORE,		/* not whole yet; consumed is 0 */
	RTSP_SKIP,		/* bytes that belong to nothing */
	RTSP_DATA,		/* interleaved: channel, data, data_n */
	RTSP_ANSWER,		/* an answer: see struct rtsp_answer */
	RTSP_REQUEST,		/* the camera asks us: cseq only */
};

struct rtsp_answer {
	int status;
	char reason[64];
	unsigned cseq;
	char session[128];
	int timeout_s;		/* 0 = not said */
	char base[RTSP_URL_MAX]; /* Content-Base, else Content-Location */
	char transport[256];
	bool get_parameter;	/* Public lists it */
	char challenge[1024];	/* WWW-Authenticate values, LF after each */
	const char *body;	/* borrowed from the input; not terminated */
	size_t body_n;
};

struct rtsp_item {
	enum rtsp_kind kind;
	size_t consumed;	/* bytes of the input that it took */
	uint8_t channel;
	const unsigned char *data;	/* borrowed from the input */
	size_t data_n;
	struct rtsp_answer answer;
};

/*
 * Look at the n bytes at p, which came over a connection, and say what stands
 * first. ERR_TOO_LARGE: a message above RTSP_MESSAGE_MAX; ERR_FORMAT: so much
 * that is neither message nor data that it is no RTSP.
 */
must_check enum err rtsp_next(const unsigned char *p, size_t n,
    struct rtsp_item *ret);

/* The video of an SDP. */
struct rtsp_sdp {
	enum codec codec;	/* CODEC_NONE: none that we record */
	char video[16];		/* the encoding's name, "" = no video at all */
	char audio[16];		/* "" = none */
	int payload;
	char control[RTSP_URL_MAX];	/* resolved against the base */
	unsigned char sets[RTSP_SETS_MAX]; /* parameter sets: u16 length, NAL */
	size_t sets_n;
};

/*
 * Find the first H.264 or H.265 video in the n bytes at p. base is the URL
 * that relative controls belong to. Never fails: see codec and video.
 */
void rtsp_sdp_parse(const char *p, size_t n, const char *base,
    struct rtsp_sdp *ret);

struct rtsp_transport {
	bool interleaved;
	uint8_t rtp_channel, rtcp_channel;
	uint16_t server_rtp, server_rtcp;	/* 0 = not said */
};

/* Parse a Transport header of an answer to SETUP. */
must_check enum err rtsp_transport_parse(const char *text,
    struct rtsp_transport *ret);

/*
 * Build a request into buf. session, authorization and extra may be "";
 * extra is whole header lines. Returns its length; ERR_TOO_LARGE.
 */
must_check enum err rtsp_request(const char *method, const char *url,
    unsigned cseq, const char *session, const char *authorization,
    const char *extra, char *buf, size_t max, size_t *ret_n);

#endif
