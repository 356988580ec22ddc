/*
 * device.h - ONVIF from the supervisor's side: it has the network and the
 * password, the child has the bytes. The child asks for connections to the one
 * host that was named, and for a UsernameToken; it never has the password.
 */
#ifndef SAQTA_DEVICE_H
#define SAQTA_DEVICE_H

#include <poll.h>

#include "recorder/control.h"
#include "recorder/onvif.h"
#include "recorder/secret.h"
#include "storage/api/messages.h"
#include "storage/api/utc.h"

#define DEVICE_POLLS 2
#define DEVICE_FOUND_MAX 64
#define DEVICE_RANGE_MAX 256	/* addresses of a range that are asked */

struct device {
	int zygote;
	uint32_t token;
	int control, conn;	/* -1 when closed */
	uint32_t conn_id;	/* the child's question for conn */
	struct mono conn_until;
	pid_t pid;
	struct sockaddr_storage to;
	socklen_t to_n;
	struct credentials login;
	bool ended;		/* with what follows */
	enum cause cause;	/* CAUSE_NONE: device or found is the answer */
	char detail[200];
	char host[64], url[ONVIF_URI_MAX];
	bool refused;		/* the host refused a connection */
	bool silent;		/* ... or said nothing at all */
	struct onvif_device device;
	struct {
		struct onvif_found found;
		char address[64];
	} found[DEVICE_FOUND_MAX];
	unsigned found_n;
};

/*
 * Ask the device at an address: an IP address with a port or without, or
 * http://ADDRESS[:PORT]/PATH. Or search: "" by multicast, or an IPv4 address, a
 * range A.B.C.D-E or a network A.B.C.D/N of at most 256 addresses. token is
 * for the zygote. ERR_INVALID with a sentence in d->detail; ERR_SYS.
 */
must_check enum err device_open(struct device *d, const char *address,
    const struct credentials *login, int zygote, uint32_t token);
must_check enum err device_search(struct device *d, const char *target,
    int zygote, uint32_t token);
void device_close(struct device *d);

int device_poll(const struct device *d, struct pollfd p[DEVICE_POLLS]);
void device_ready(struct device *d, const struct pollfd *p);
void device_zygote(struct device *d, const struct zygote_message *m);
void device_tick(struct device *d, struct mono now);

/* The child: never returns. */
_Noreturn void device_main(const struct child_start *start,
    const int fd[CHILD_FDS]);

/* "10.0.0.5", "10.0.0.5-9", "10.0.0.0/24"; first and last in host order. */
must_check enum err device_range(const char *s, uint32_t *ret_first,
    uint32_t *ret_last);

#endif
