/*
 * session.h - the RTSP dialogue with one camera: OPTIONS, DESCRIBE, SETUP,
 * PLAY, keep-alive, TEARDOWN (RFC 2326), with passwords asked for elsewhere.
 *
 * A state machine without sockets: answers go in, requests wait in out[].
 */
#ifndef SAQTA_SESSION_H
#define SAQTA_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/rtsp.h"
#include "storage/api/messages.h"
#include "storage/api/utc.h"

#define SESSION_AUTH_MAX 1536	/* bytes of an Authorization value */

/* Who knows the password. challenge: "" or what the camera asks. */
struct session_guard {
	enum err (*authorize)(void *arg, const char *challenge,
	    const char *method, const char *uri, char *buf, size_t max);
	void *arg;
};

enum session_state {
	SESSION_OPTIONS,
	SESSION_DESCRIBE,
	SESSION_SETUP,
	SESSION_PLAY,
	SESSION_PLAYING,
	SESSION_OVER,
};

struct session {
	enum session_state state;
	struct session_guard guard;
	char url[RTSP_URL_MAX], base[RTSP_URL_MAX];
	enum transport transport;
	uint16_t udp_port;
	char id[128];
	unsigned cseq;		/* of the last request */
	bool waiting;		/* for its answer */
	struct mono asked;	/* when */
	bool guarded;		/* the camera wants authorization */
	int refused;		/* 401s in a row */
	bool get_parameter;	/* good for keep-alive */
	int64_t keep_alive_ns;
	struct rtsp_sdp sdp;
	struct rtsp_transport channels;
	char out[4096];		/* what is to be sent */
	size_t out_n;
	/* Why it failed, where a function returned an error. */
	enum cause cause;
	char detail[160];
};

/* Begin: puts the first request into out. udp_port: ours for RTP, or 0. */
must_check enum err session_begin(struct session *s, const char *url,
    enum transport transport, uint16_t udp_port, struct session_guard guard,
    struct mono now);

/*
 * The camera's answer. Puts the next request into out. After the answer to
 * SETUP s->channels holds; in SESSION_PLAYING pictures come.
 *
 * An error ends the session; cause and detail say why.
 */
must_check enum err session_answer(struct session *s,
    const struct rtsp_answer *a, struct mono now);

/*
 * Time passes: sends the keep-alive. ERR_TIMEOUT when a request before PLAYING
 * was not answered within timeout_ns. (A keep-alive without an answer, or one
 * that is refused, is no fault as long as pictures come; the next one is of the
 * other kind, OPTIONS for GET_PARAMETER.)
 */
must_check enum err session_tick(struct session *s, struct mono now,
    int64_t timeout_ns);

/* Say good-bye: puts TEARDOWN into out, where there is a session. */
void session_end(struct session *s);

#endif
