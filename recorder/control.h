/*
 * control.h - what supervisor, zygote and child say to each other, never
 * outside the recorder. Supervisor and child: messages as in wire.h. Zygote:
 * structs as they are, for all three are one program.
 */
#ifndef SAQTA_CONTROL_H
#define SAQTA_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "recorder/rtsp.h"

enum control_msg {
	CONTROL_OK = 999,
	CONTROL_AUTH = 1000,	/* child: bytes challenge, str method, str URL */
	CONTROL_AUTH_IS = 1001,	/* str Authorization; or MSG_ERROR */
	CONTROL_STATE = 1002,	/* child: u8 enum cause, str detail: pictures
				   flow; a cause says what is wrong with them */
	CONTROL_END = 1004,	/* child: u8 enum cause, str detail; then it
				   exits */
	CONTROL_UDP = 1006,	/* child: u16 RTP port, u16 RTCP port of the
				   camera. -> CONTROL_OK once ours are
				   connected there */
	CONTROL_PROBED = 1008,	/* child: str codec, str profile, u16 width,
				   u16 height, u32 frames, i64 their span in
				   1/90000 s, u64 bytes, u32 key frames,
				   i64 their span, str audio,
				   i64 camera clock - ours in ns, u8 known */
	CONTROL_STOP = 1010,	/* supervisor: u8 enum cause of the gap */
	CONTROL_CONNECT = 1040,	/* child of a device: u16 port of its host */
	CONTROL_CONNECTED = 1041, /* fd; or MSG_ERROR */
	CONTROL_TOKEN = 1042,	/* str created (a time): for WS-Security */
	CONTROL_TOKEN_IS = 1043, /* str user, str digest, str nonce */
	CONTROL_DEVICE = 1044,	/* child: what a device is, see device.c */
	CONTROL_FOUND = 1046,	/* child: str address, str endpoint, str URL,
				   str name, str hardware */
	CONTROL_SLOW = 1020,	/* child: it ends because pictures come ever
				   later; the next one shall bear it */
	CONTROL_ALIVE = 1022,	/* child: once a second */
	CONTROL_TLS = 1050,	/* relay (tls.h): bytes SHA-256 of the
				   certificate; the handshake is done */
	CONTROL_COUNTED = 1024,	/* child, before it ends: u32 pictures,
				   u32 damaged, u64 packets missing,
				   u32 time stamps replaced, u32 decoding
				   times moved */
};

/* What a child needs to know. Its descriptors stand in this order. */
enum child_fd { FD_CONTROL, FD_CAMERA, FD_INGEST, FD_RTP, FD_RTCP, CHILD_FDS,
	FD_PLAIN = FD_INGEST };	/* of a relay for TLS: to the child */

struct child_start {
	bool probe;		/* measure for a while; no FD_INGEST */
	bool patient;		/* bear pictures that come ever later */
	uint8_t transport;	/* enum transport; FD_RTP and FD_RTCP for UDP */
	uint16_t udp_port;	/* ours for RTP; RTCP is the next */
	uint32_t segment_ms, fragment_ms, timeout_ms;
	char url[RTSP_URL_MAX];	/* without credentials */
};

enum zygote_kind {
	ZYGOTE_CHILD,		/* fork a child with child_start */
	ZYGOTE_DEVICE,		/* fork a child of a device (device.h) */
	ZYGOTE_TLS,		/* fork a relay (tls.h); url names the host */
	ZYGOTE_RESOLVE,		/* fork a resolver; its answer goes to fd 0 */
	ZYGOTE_KILL,		/* pid, which the zygote forked */
	ZYGOTE_STARTED,		/* answer: token, pid (-1: it did not work) */
	ZYGOTE_ENDED,		/* pid has ended */
};

struct zygote_message {
	enum zygote_kind kind;
	uint32_t token;		/* chosen by the supervisor */
	pid_t pid;
	uint8_t fds;		/* bit per enum child_fd that is sent along */
	char host[256];		/* for a resolver */
	uint16_t port;
	struct child_start start;
};

/* What a resolver writes. */
#define RESOLVED_MAX 4
struct resolved {
	int n;
	struct {
		socklen_t n;
		struct sockaddr_storage addr;
	} at[RESOLVED_MAX];
};

#endif
