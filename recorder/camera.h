/*
 * camera.h - one camera as the supervisor sees it: resolve, connect, hand over
 * to a child, answer its questions, wait and try again.
 *
 * Nothing here blocks for longer than a message to storage takes. The owner
 * (supervisor or probe) polls the descriptors and calls back.
 */
#ifndef SAQTA_CAMERA_H
#define SAQTA_CAMERA_H

#include <poll.h>
#include <stdbool.h>

#include "recorder/auth.h"
#include "recorder/control.h"
#include "recorder/secret.h"
#include "recorder/watch.h"
#include "storage/api/fingerprint.h"
#include "storage/api/messages.h"
#include "storage/api/utc.h"

/* What all cameras of a process share. */
struct camera_host {
	int zygote;
	uint32_t token;		/* the last one used */
	char ingest[128];	/* path of storage's socket; "" for a probe */
	int timeout_ms;
};

enum camera_phase {
	PHASE_IDLE,		/* until next_try */
	PHASE_RESOLVING,
	PHASE_CONNECTING,
	PHASE_TLS,		/* a relay shakes hands with it */
	PHASE_CHILD,
};

/* How far the last try to connect came. */
enum camera_unreached {
	UNREACHED_NOT,		/* it was connected */
	UNREACHED_UNKNOWN,	/* the name has no address */
	UNREACHED_REFUSED,
	UNREACHED_SILENT,
};

/* What a probe learned. */
struct camera_probed {
	bool done;
	char codec[8], profile[32], audio[16];
	uint16_t width, height;
	uint32_t frames, keys;
	int64_t span, key_span;		/* 1/90000 s */
	uint64_t bytes;
	int64_t offset_ns;
	bool offset_known;
};

struct camera {
	struct camera_host *host;
	char id[CAMERA_ID_MAX + 1];
	struct rtsp_url url;
	enum transport transport;
	bool enabled, listed;		/* listed: owner's mark and sweep */
	enum cause unfit; /* what is known of it does not do: it is down */
	const char *why_unfit;
	bool pinned;	/* TLS with this certificate and no other */
	unsigned char certificate[FINGERPRINT_BYTES];
	unsigned char shown[FINGERPRINT_BYTES]; /* by the last handshake */
	struct credentials credentials;
	struct auth auth;

	enum camera_phase phase;
	struct mono next_try, deadline, streaming_since;
	int failures;
	struct resolved resolved;
	int at;				/* address that is being tried */
	enum camera_unreached unreached;
	int resolver, sock, control, rtp, rtcp;	/* -1 when closed */
	uint32_t token;
	pid_t pid;
	struct watch watch;
	struct {		/* its process for TLS: camera_tls.c */
		int control;
		uint32_t token;
		pid_t pid;
		struct watch watch;
	} relay;
	struct mono slow_at; /* a child ended because all came too late */

	/* What is to be reported; the owner clears `changed`. */
	bool changed;
	enum camera_state state;
	enum cause cause;
	char detail[200];
	struct utc since;
	struct camera_probed probed;
};

void camera_init(struct camera *c, struct camera_host *host);

/* End everything that is under way, at once. */
void camera_wipe(struct camera *c);

/* Ask the child to end its segment with this cause, then it exits. */
void camera_stop(struct camera *c, enum cause cause);

/* Storage is away (or back): no child can live; try again now when back. */
void camera_hold(struct camera *c);

#define CAMERA_POLLS 3
/* Fill p with what it waits for; returns how many. */
int camera_poll(const struct camera *c, struct pollfd p[CAMERA_POLLS]);

/* One of them is ready. */
void camera_ready(struct camera *c, const struct pollfd *p, struct mono now);

/* Is it being connected to? Then camera_ready() may wait for storage. */
bool camera_connects(const struct camera *c);

/* Time passes. run: may it connect? Returns ms until it wants to be called. */
int camera_tick(struct camera *c, bool run, struct mono now);

/* What the zygote said. */
void camera_zygote(struct camera *c, const struct zygote_message *m);

/* --- between camera.c and camera_talk.c --- */

/* The child's control socket is readable: take one message, answer it. */
void camera_talk(struct camera *c, struct mono now);

/* Note a state for the owner to report; detail by fmt. */
void camera_report(struct camera *c, enum camera_state state, enum cause cause,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* This try is over, and why: wait before the next, longer each time. */
void camera_down(struct camera *c, struct mono now, enum cause cause,
    const char *detail);

/* It is connected: begin a child, which gets c->sock. */
void camera_hand_over(struct camera *c, struct mono now);

/* The camera named its ports: ours take packets from there only. */
bool camera_udp(struct camera *c, uint16_t rtp, uint16_t rtcp);

/* --- camera_tls.c --- */

/* It is connected: have a relay shake hands; camera_hand_over() follows. */
void camera_tls_begin(struct camera *c, struct mono now);
/* The relay's control socket is readable. */
void camera_tls_talk(struct camera *c, struct mono now);
/* The relay delivers what is under way, and ends. */
void camera_tls_close(struct camera *c);
void camera_tls_kill(struct camera *c);
/* Was it about the relay? */
bool camera_tls_zygote(struct camera *c, const struct zygote_message *m);
/* NULL, or why it must be ended. */
const char *camera_tls_look(struct camera *c, struct mono now);

#endif
