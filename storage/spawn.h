/*
 * spawn.h - starting and ending readers: a process for each session, or act at
 * the tool, so that what it knows goes with it.
 */
#ifndef SAQTA_SPAWN_H
#define SAQTA_SPAWN_H

#include "storage/keeper.h"

/*
 * Start this program anew for `job`, with nothing of this one's memory and the
 * descriptors fds (borrowed; -1: none) as 3, 4 and so on.
 */
#define SELF_FDS 3
must_check enum err self_start(const char *job, const int *fds, size_t n,
    int *ret_pid);
/*
 * Start a reader for `person` (NULL: dummy work) and send it MSG_READER_START.
 * ERR_BUSY above the limits.
 */
must_check enum err reader_spawn(struct keeper *k, unsigned job,
    const struct person_row *person, const char *password,
    struct reader **ret);
/* What it is to do, as the tool sent it; user: who, where nobody has that name. */
void reader_carries(struct reader *r, struct conn *asker,
    const struct wire *act, const char *user);
void reader_end(struct keeper *k, struct reader *r);

#endif
