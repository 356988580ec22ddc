#include "storage/clerk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Static_assert(REBUILD_DIRS == VOLUMES_MAX, "each volume is looked at");

static atomic_bool stopping;

void clerk_stop(void)
{
	atomic_store(&stopping, true);
}

char *dir_path(int fd, char buf[32])
{
	snprintf(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}

/* A copy that cannot be read is made again the next time. */
static void copy_all(struct clerk *c)
{
	char dir[32];

	for (unsigned i = 0; i < c->dirs_n; i++) {
		enum err err = index_copy(c->data, dir_path(c->dirs[i], dir));

		if (err == ERR_INTEGRITY && !index_verify(c->data, &stopping))
			unlinkat(c->dirs[i], "index-copy.db", 0);
		if (err && !c->err)
			c->err = err;
		close(c->dirs[i]);
	}
}

void clerk_run(void *job)
{
	struct clerk *c = job;

	if (c->what == CLERK_COPY)
		copy_all(c);
	else if (c->what == CLERK_VERIFY)
		c->err = index_verify(c->data, &stopping);
	else
		rebuild_run(c->rebuild);
}

static struct clerk *clerk_new(struct keeper *k, enum clerk_job what)
{
	struct clerk *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->what = what;
	snprintf(c->data, sizeof(c->data), "%s", k->conf.data);
	return c;
}

static void clerk_put(struct keeper *k, struct clerk *c)
{
	k->clerk_busy = c && !worker_put(k->clerk, c);
	if (!k->clerk_busy)
		free(c);
}

void clerk_copy(struct keeper *k)
{
	struct clerk *c = clerk_new(k, CLERK_COPY);

	for (unsigned i = 0; c && i < volumes_count(); i++) {
		int fd = volume_at(i)->fd;

		if (fd >= 0)
			fd = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		if (fd >= 0)
			c->dirs[c->dirs_n++] = fd;
	}
	clerk_put(k, c);
}

void clerk_verify(struct keeper *k)
{
	clerk_put(k, clerk_new(k, CLERK_VERIFY));
}

void clerk_rebuild(struct keeper *k)
{
	struct clerk *c = clerk_new(k, CLERK_REBUILD);
	struct rebuild *r = k->rebuild;

	if (!c)
		return;
	r->end = ledger_size(k->ledger);
	for (unsigned i = 0; i < volumes_count(); i++) {
		int fd = volume_at(i)->fd;

		if (fd >= 0)
			fd = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		if (fd < 0)
			continue;
		r->dirs[r->dirs_n].number = volume_at(i)->number;
		r->dirs[r->dirs_n++].fd = fd;
	}
	c->rebuild = r;
	clerk_put(k, c);
}
