/*
 * clerk.h - a worker for what takes long about the index: its copies, its
 * check, its rebuild. One thing at a time.
 */
#ifndef SAQTA_CLERK_H
#define SAQTA_CLERK_H

#include "storage/keeper.h"

struct clerk {
	enum clerk_job { CLERK_COPY, CLERK_VERIFY, CLERK_REBUILD } what;
	char data[160];
	int dirs[VOLUMES_MAX];	/* of CLERK_COPY; owned */
	unsigned dirs_n;
	struct rebuild *rebuild;
	enum err err;
};

/* Put a job, unless one is at work (k->clerk_busy). */
void clerk_copy(struct keeper *k);
void clerk_verify(struct keeper *k);
void clerk_rebuild(struct keeper *k);	/* k->rebuild */

/* Storage stops: a check that runs is given up. */
void clerk_stop(void);

/* The path of an open directory, for SQLite. */
char *dir_path(int fd, char buf[32]);

#endif
