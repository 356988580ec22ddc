/*
 * keeper_conn.h - a keeper with a ledger of ten entries, an empty index and one
 * connection, whose other end the test holds.
 */
#ifndef SAQTA_TEST_KEEPER_CONN_H
#define SAQTA_TEST_KEEPER_CONN_H

#include "tests/unit/storage/ledger_dir.h"

#include <sys/socket.h>

#include "storage/keeper.h"

#define KEEPER_NOW INT64_C(1795338907000000000)

static struct keeper k;
static struct conn *conn;
static int other_end;

static inline int keeper_begin(void **state, enum peer peer)
{
	int pair[2];

	if (setup(state))
		return 1;
	memset(&k, 0, sizeof(k));
	k.data_fd = data_fd(dir);
	k.mono.ns = 1000 * NS_PER_SEC;
	k.now.ns = KEEPER_NOW;
	k.ledger = open_at(dir);
	put(k.ledger, 10);
	assert_int_equal(index_open(dir, false, &k.ix), OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	other_end = pair[1];
	return (int)conn_add(&k, pair[0], peer, &conn);
}

static inline int keeper_end(void **state)
{
	if (k.conns) { /* the test has not ended it */
		conn->closing = true;
		conn_flush(&k, OK);
		conn_reap(&k);
	}
	close(other_end);
	ledger_close(k.ledger);
	index_close(k.ix);
	close(k.data_fd);
	return teardown(state);
}

/* A message that was put together is now one that came: its body is next. */
static inline void as_come(struct wire *w)
{
	w->pos = 8; /* version, type, id */
}

/* What the keeper answers. */
static inline void answer(struct wire *w)
{
	conn_flush(&k, OK);
	assert_int_equal(wire_recv(other_end, w), OK);
	if (w->fd >= 0)
		close(w->fd);
}

/* The newest entry of that type; false where there is none. */
static inline bool find(enum entry_type type, struct entry_view *ret)
{
	static unsigned char buf[ENTRY_MAX];
	size_t n;

	for (uint64_t i = ledger_size(k.ledger); i--;) {
		assert_int_equal(ledger_get(k.ledger, i, buf, &n), OK);
		assert_int_equal(entry_parse(buf, n, ret), OK);
		if (ret->type == type)
			return true;
	}
	return false;
}

#endif
