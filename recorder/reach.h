/*
 * reach.h - is anybody there at all, where a camera's port says nothing? An
 * echo request (ICMP over a datagram socket, which needs no rights where
 * net.ipv4.ping_group_range allows it, as systemd sets it) and a connection to
 * another port, whose refusal is an answer too.
 */
#ifndef SAQTA_REACH_H
#define SAQTA_REACH_H

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "storage/api/utc.h"

#define REACH_POLLS 2

enum reach_result { REACH_WAITS, REACH_PING, REACH_TCP, REACH_SILENT };

struct reach {
	int ping, tcp; /* -1 when closed */
	struct mono end;
};

/* Ask the host at a (of n bytes); its port does not matter. */
void reach_begin(struct reach *r, const struct sockaddr_storage *a, socklen_t n,
    struct mono now);
int reach_poll(const struct reach *r, struct pollfd p[REACH_POLLS]);

/* Look at what came; REACH_SILENT after a second without anything. */
enum reach_result reach_result(struct reach *r, struct mono now);
void reach_end(struct reach *r);

#endif
