/*
 * watch.h - does the child of a camera still turn, and does it keep to its
 * share of the CPU? For the supervisor, which ends one that does not: whatever
 * a camera makes libav do, it costs that camera some seconds and no other one
 * anything.
 */
#ifndef SAQTA_WATCH_H
#define SAQTA_WATCH_H

#include <sys/types.h>

#include "storage/api/utc.h"

#define WATCH_SILENT_NS (8 * NS_PER_SEC) /* beyond its own time-out */
#define WATCH_WINDOW_NS (30 * NS_PER_SEC)
#define WATCH_CPU_NS (27 * NS_PER_SEC) /* of a window */

struct watch {
	struct mono heard; /* the child said that it is alive */
	struct mono since; /* of the window */
	int64_t cpu_ns; /* used at its beginning */
};

/* A child begins, or has said something. */
void watch_begin(struct watch *w, struct mono now);
void watch_heard(struct watch *w, struct mono now);

/*
 * Why the child, process pid, is to be ended; NULL while it behaves.
 * timeout_ms: it may wait so long for what it does.
 */
const char *watch_look(struct watch *w, pid_t pid, int timeout_ms,
    struct mono now);

#endif
