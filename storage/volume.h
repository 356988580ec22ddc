/*
 * volume.h - the volumes that footage lies on.
 *
 * Volume 0 is the data directory. Further ones are file systems of their own,
 * each known by the UUID in its file `volume`; data/volumes lists them with
 * their numbers and paths. A directory counts as that volume only where
 * something is mounted on it (its device is not that of the directory above)
 * and its UUID and origin are the listed ones: a missing, swapped or foreign
 * one is "away", and nothing is ever written below a bare mount point.
 *
 * One set a process, as with utc_site(): a process serves one site. The main
 * thread alone may call these.
 */
#ifndef SAQTA_VOLUME_H
#define SAQTA_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/api/err.h"

#define VOLUMES_MAX 64 /* with those that were given up; their numbers, too */
#define VOLUMES_USED 16 /* without them, at a time */
#define VOLUME_UUID 37 /* bytes of a UUID as text, with NUL */
#define VOLUME_PATH 160 /* ... of its path */
#define VOLUME_INODES 512 /* inodes that stay free */

struct volume {
	unsigned number; /* as in the index; stable */
	char uuid[VOLUME_UUID];
	char path[VOLUME_PATH]; /* of volume 0: the data directory */
	int fd; /* its directory; -1: away */
	bool lost; /* given up for another one: never waited for again */
	enum err why; /* away: ERR_NOT_FOUND nothing is mounted,
				   ERR_INTEGRITY another volume is,
				   ERR_DISK read-only or failing */
	int64_t retry_ns; /* away: when it is looked for again */
	uint64_t free_bytes, total_bytes; /* as of volume_measure() */
	uint64_t free_inodes; /* UINT64_MAX: the file system has no limit */
};

/*
 * Take in data/volume and data/volumes and open what is there.
 *
 *   data_fd  borrowed, until volumes_close(); it is volume 0
 *   data     its path, for people
 *   origin   of the log: what foreign volumes do not have; "" where not
 *            writing: that of data/volume
 *   writing  make data/volume where it is missing, and keep descriptors open;
 *            else (readers, check) each file is opened through a fresh look
 *
 * ERR_FORMAT: one of the two files is not what it should be; ERR_DISK.
 */
must_check enum err volumes_open(int data_fd, const char *data,
    const char *origin, bool writing);
void volumes_close(void);

unsigned volumes_count(void);
/* The i-th, i < volumes_count(); in order of numbers, 0 is the data. */
const struct volume *volume_at(unsigned i);
/* NULL: no such number. */
const struct volume *volume_find(unsigned number);

/*
 * The directory of a volume, borrowed; -1 while it is away. Number 0 gives
 * data_fd, whatever set is open. Not for processes that only read.
 */
int volume_fd(int data_fd, unsigned number);

/*
 * Open a file of a volume for reading, after looking that it is there.
 * ERR_AWAY where the volume is away; else as disk_open_read().
 */
must_check enum err volume_open_read(int data_fd, unsigned number,
    const char *path, int *ret_fd, uint64_t *ret_size);
/* Is it there now? */
bool volume_present(unsigned number);
/* A descriptor of its directory for the caller to close; ERR_AWAY. */
must_check enum err volume_open_dir(int data_fd, unsigned number, int *ret);

/*
 * Make the mounted file system at path a volume: its file `volume`, a line in
 * data/volumes, both synced. One that bears a number of this site already is
 * taken back under it; one that is away is found at this path from now on.
 *
 * ERR_NOT_FOUND: nothing is mounted there; ERR_EXISTS: listed already, or on
 * the file system of another volume; ERR_INTEGRITY: it belongs to another
 * site; ERR_INVALID: not an absolute path, or with spaces; ERR_TOO_LARGE: that
 * many are there; ERR_DENIED: we may not write there; ERR_DISK, ERR_DISK_FULL.
 */
must_check enum err volume_add(const char *path, unsigned *ret_number);

/* The further volume that is there and mounted at path; NULL: none is. */
const struct volume *volume_at_path(const char *path);

/*
 * Give a volume up that is away: it keeps its number, and nothing waits for it
 * any more. ERR_NOT_FOUND: no such number, or the data directory; ERR_EXISTS:
 * it is there, or was given up already; ERR_DISK.
 */
must_check enum err volume_give_up(unsigned number);
/* Is it away, and waited for? */
bool volume_is_away(unsigned number);

/* Look again at volume i; true where it went away or came back. */
bool volume_watch(unsigned i, int64_t mono_ns);
/* A write or sync failed there: volume i > 0 is away for a while. */
void volume_failed(unsigned number, int64_t mono_ns);
/* Ask the file system for room; on failure what was known stays. */
void volume_measure(unsigned i);
/* Has it less than this, in bytes or in inodes? */
bool volume_below(const struct volume *v, uint64_t bytes);

/*
 * The placement rule. A volume takes footage while it is there and not below
 * the reserve (bytes, as of volume_measure()). Where a camera-day has a journal
 * on such a volume, with an eighth of the reserve to spare, it goes on there;
 * else it goes to the one with the most free bytes, of equals to the lowest
 * number.
 *
 * ERR_DISK_FULL where none does.
 */
must_check enum err volume_choose(const char *camera, const char *day,
    uint64_t reserve, unsigned *ret_number);

#endif
