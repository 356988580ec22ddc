#include "recorder/watch.h"

#include <stddef.h>
#include <time.h>

void watch_begin(struct watch *w, struct mono now)
{
	*w = (struct watch){.heard = now, .since = now};
}

void watch_heard(struct watch *w, struct mono now)
{
	w->heard = now;
}

/* CPU time of a process so far; -1 where it has gone. */
static int64_t cpu_time(pid_t pid)
{
	struct timespec t;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &t))
		return -1;
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

const char *watch_look(struct watch *w, pid_t pid, int timeout_ms,
    struct mono now)
{
	int64_t used, before = w->cpu_ns;

	if (now.ns - w->heard.ns > WATCH_SILENT_NS + timeout_ms * NS_PER_MS)
		return "the camera's process hung";
	if (now.ns - w->since.ns < WATCH_WINDOW_NS)
		return NULL;
	used = cpu_time(pid);
	w->since = now;
	w->cpu_ns = used;
	return used >= 0 && used - before > WATCH_CPU_NS ?
	    "the camera's process used too much CPU" :
	    NULL;
}
