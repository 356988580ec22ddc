/*
 * wire.h - one message between two processes.
 *
 * Sockets are AF_UNIX SOCK_SEQPACKET: one send is one message, so there is no
 * framing, no partial read and no buffer between calls. A message is a header
 * (u16 version = 1, u16 type, u32 id) and typed fields, big-endian, in the
 * order that messages.h lists. An answer repeats the id of its request.
 * Bulk travels as one sealed memfd beside the message.
 *
 * Errors are sticky: after the first failed put or get every later one does
 * nothing (a get returns 0, "" or NULL), and wire_send() or wire_end() reports
 * it.
 */
#ifndef SAQTA_WIRE_H
#define SAQTA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

#define WIRE_MAX 4096		/* bytes in a message, hard limit */
#define WIRE_VERSION 1
#define WIRE_STR_MAX 1024	/* bytes in a string field */
#define WIRE_BULK_MAX (64u << 20) /* bytes in a memfd that we accept */

struct wire {
	unsigned char buf[WIRE_MAX];
	size_t len;		/* bytes in buf */
	size_t pos;		/* next byte to get */
	uint16_t type;
	uint32_t id;
	int fd;			/* -1 when there is none */
	enum err err;
};

/* Begin a message; w->fd = -1. */
void wire_begin(struct wire *w, uint16_t type, uint32_t id);

/* Append a field. A string of more than WIRE_STR_MAX bytes is an error. */
void wire_put_u8(struct wire *w, uint8_t v);
void wire_put_u16(struct wire *w, uint16_t v);
void wire_put_u32(struct wire *w, uint32_t v);
void wire_put_u64(struct wire *w, uint64_t v);
void wire_put_i64(struct wire *w, int64_t v);
void wire_put_str(struct wire *w, const char *s);	/* u16 length, bytes */
void wire_put_bytes(struct wire *w, const void *p, size_t n); /* u16, bytes */

/*
 * Send w, and the descriptor fd beside it unless it is -1 (borrowed).
 *
 * OK; the sticky error; ERR_GONE when the peer has closed; ERR_BUSY when the
 * socket is non-blocking and full, or when more descriptors of this user are on
 * their way than a process may have open (unix(7), ETOOMANYREFS): poll() knows
 * nothing of the latter; ERR_SYS. Never raises SIGPIPE.
 */
must_check enum err wire_send(int sock, struct wire *w, int fd);

/*
 * Receive one message into w; get functions start at its first field.
 *
 *   w->fd  given to the caller, who closes it; -1 when none came
 *
 * OK; ERR_GONE at end of file; ERR_BUSY when the socket is non-blocking and
 * empty; ERR_BAD_MESSAGE when the peer sent more than WIRE_MAX bytes, a wrong
 * version or more than one descriptor (all are closed); ERR_SYS. On failure
 * w->fd is -1. Blocks on a blocking socket.
 */
must_check enum err wire_recv(int sock, struct wire *w);

/* A whole message, its type and fields, as a field of another one. */
void wire_put_wire(struct wire *w, const struct wire *inner);
/* The message within becomes w itself, with the id of the outer one. */
must_check enum err wire_unwrap(struct wire *w);

/* Is there a field left? For those that older senders do not put. */
bool wire_more(const struct wire *w);
uint8_t wire_get_u8(struct wire *w);
uint16_t wire_get_u16(struct wire *w);
uint32_t wire_get_u32(struct wire *w);
uint64_t wire_get_u64(struct wire *w);
int64_t wire_get_i64(struct wire *w);

/*
 * Get a string: borrowed from w, NUL-terminated, valid until w is reused.
 * A NUL inside, bytes that are not UTF-8, or more than WIRE_STR_MAX bytes are
 * ERR_BAD_MESSAGE; then "".
 */
const char *wire_get_str(struct wire *w);

/* Get a string into ret; one that needs more than room - 1 bytes is an error. */
void wire_get_text(struct wire *w, char *ret, size_t room);

/* Get bytes: borrowed from w; NULL and 0 after an error. */
const void *wire_get_bytes(struct wire *w, size_t *ret_n);

/* The sticky error; ERR_BAD_MESSAGE when bytes are left over. */
must_check enum err wire_end(const struct wire *w);

/*
 * One request and its answer on a blocking socket: sends w (with fd), receives
 * the answer into w. Drops answers whose id differs. timeout_ms < 0: no limit.
 *
 * OK with w at the answer's first field; an answer MSG_ERROR becomes the error
 * it names (its text is then the next string in w); ERR_TIMEOUT; as above.
 */
must_check enum err wire_call(int sock, struct wire *w, int fd,
    int timeout_ms);

/*
 * A new memfd that holds the n bytes at p and is sealed against writing,
 * growing and shrinking. ret_fd is given to the caller.
 */
must_check enum err bulk_from(const void *p, size_t n, int *ret_fd);

/*
 * Map the sealed memfd fd (borrowed) for reading. Refuses, with
 * ERR_BAD_MESSAGE, one that is not sealed against write, grow and shrink, is
 * empty, or is above max bytes. The mapping is returned, to be freed by
 * bulk_unmap().
 */
must_check enum err bulk_map(int fd, size_t max, const void **ret_p,
    size_t *ret_n);
void bulk_unmap(const void *p, size_t n);

/*
 * A window: a new memfd of n bytes, sealed against growing and shrinking, that
 * its owner sends with one question after the other; who answers writes into
 * it, and pages are not made and given back for every piece. ret_fd is given to
 * the caller; the mapping, for reading, is to be freed by bulk_unmap().
 */
must_check enum err window_open(size_t n, int *ret_fd, const void **ret_p);

/*
 * May n bytes be written into fd (borrowed)? ERR_BAD_MESSAGE where it is no
 * such memfd (P1: it may be a file on a disk) or is smaller.
 */
must_check enum err window_check(int fd, size_t n);

/* Write n bytes at `at` into a window that was checked; ERR_SYS. */
must_check enum err window_put(int fd, size_t at, const void *p, size_t n);

/*
 * Listen on, or connect to, the SOCK_SEQPACKET socket at path (at most 107
 * bytes). Listening replaces a stale socket file and sets mode.
 */
must_check enum err wire_listen(const char *path, unsigned mode, int *ret_fd);
must_check enum err wire_connect(const char *path, int *ret_fd);

#endif
