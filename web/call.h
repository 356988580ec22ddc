/*
 * call.h - questions to storage, many at once, one I/O thread.
 *
 * A peer is one socket to storage: the people socket, or the socket of one
 * session. A call is one question on it; its answer, an error or the time
 * limit ends it by done(), exactly once, on the I/O thread. Nobody waits in a
 * thread for an answer. All teardown happens on the I/O thread, so that an
 * event never meets a peer that is gone.
 */
#ifndef SAQTA_WEB_CALL_H
#define SAQTA_WEB_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/api/err.h"
#include "storage/api/utc.h"
#include "storage/api/wire.h"

#define CALLS_MAX 16		/* outstanding on one peer; more are ERR_BUSY */
#define CALL_TIMEOUT_MS 60000	/* sign-in waits for its turn at Argon2id */

struct peer;

struct call {
	/*
	 * err OK: w is the answer, at its first field, of the type expected;
	 * else w is MSG_ERROR at its sentence, or NULL. w is borrowed; a
	 * descriptor is taken by setting w->fd to -1. May free its own call.
	 */
	void (*done)(struct call *c, enum err err, struct wire *w);
	uint16_t answer;	/* the type of the answer, set by the caller */
	/* Kept by call.c. */
	struct call *next;
	uint32_t id;
	struct mono deadline;
};

/* Make the set of peers of this process, before all else. */
must_check enum err call_open(void);

/*
 * Serve all peers until call_wake(), at most ms; the I/O thread's loop body.
 * Blocks.
 */
must_check enum err call_turn(int ms);
void call_wake(void);		/* from any thread, or a signal handler */

/*
 * From now on every call fails with ERR_UNAVAILABLE, those under way too, and
 * all peers are dropped. I/O thread only.
 */
void call_stop(void);
/* After the last peer was put. */
void call_close(void);

/*
 * Begin to serve the socket fd (given, also on failure: closed).
 *
 *   gone   what a dead socket is to who asks: ERR_SIGNED_OUT, ERR_UNAVAILABLE
 *   dead   called once on the I/O thread when the socket has ended
 *
 * The peer is returned with one reference, to be put by peer_put().
 */
must_check enum err peer_open(int fd, enum err gone, void (*dead)(void *),
    void *arg, struct peer **ret);
struct peer *peer_get(struct peer *p);	/* one more reference; returned */
void peer_put(struct peer *p);		/* NULL is legal */
void peer_end(struct peer *p);		/* close it soon; dead() follows */

/*
 * Ask w (a request without its id) on p, with the descriptor w->fd beside it
 * unless that is -1 (borrowed). c belongs to the caller and must live
 * until done(), which follows if and only if this returns OK.
 */
must_check enum err call_start(struct peer *p, struct call *c, struct wire *w,
    int timeout_ms);

#endif
