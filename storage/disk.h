/*
 * disk.h - what happens on the data volume, in an order that survives a power
 * cut. Paths are relative to a directory descriptor.
 */
#ifndef SAQTA_DISK_H
#define SAQTA_DISK_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

/* Write all of p at off. ERR_DISK_FULL (ENOSPC, EDQUOT), ERR_DISK. */
must_check enum err disk_pwrite(int fd, const void *p, size_t n, uint64_t off);
/* Read exactly n bytes at off; ERR_TRUNCATED, ERR_DISK. */
must_check enum err disk_pread(int fd, void *p, size_t n, uint64_t off);

/* fdatasync of a file; syncfs of its whole volume. Never retried: ERR_DISK. */
must_check enum err disk_sync(int fd);
must_check enum err disk_sync_volume(int fd);
/* fsync of the directory `dir`, so that names in it are durable. */
must_check enum err disk_sync_dir(int at, const char *dir);

/* For closedir(); NULL where it cannot be opened. */
DIR *disk_opendir(int at, const char *dir);
/*
 * The next name; ERR_GONE behind the last one. ERR_DISK where the directory
 * cannot be read: that is no end, and what it has is not known.
 */
must_check enum err disk_next(DIR *d, struct dirent **ret);

/* Make the directories of path (mode 0700), syncing each one's parent. */
must_check enum err disk_mkdirs(int at, const char *path);

/* Open for appending, made where absent. ERR_NOT_FOUND for a missing folder. */
must_check enum err disk_open_append(int at, const char *path, int *ret_fd,
    uint64_t *ret_size);
must_check enum err disk_open_read(int at, const char *path, int *ret_fd,
    uint64_t *ret_size);
/* Make a new file (mode 0600); ERR_EXISTS. A sync makes its name durable. */
must_check enum err disk_create(int at, const char *path, int *ret_fd);

/*
 * Let the page cache forget what is not dirty of a file: after a sync that
 * failed it still holds what never reached the disk, and calls it clean.
 */
void disk_forget(int fd);

/* Replace dir/name by n bytes: temporary file, sync, rename, sync. */
must_check enum err disk_replace(int at, const char *dir, const char *name,
    const void *p, size_t n);
/* A whole small file; ERR_TOO_LARGE above max. */
must_check enum err disk_read(int at, const char *path, void *p, size_t max,
    size_t *ret_n);
/* A whole file of any size up to max, returned, to be freed by free(). */
must_check enum err disk_read_all(int at, const char *path, size_t max,
    unsigned char **ret, size_t *ret_n);

/*
 * Overwrite the first n bytes of a file with zeros, in place; not synced.
 * ERR_NOT_FOUND, ERR_DISK.
 */
must_check enum err disk_blank(int at, const char *path, uint64_t n);
/* Unlink a file, remove a directory; an absent one is OK. Not synced. */
must_check enum err disk_unlink(int at, const char *path);
/* ERR_EXISTS where something stands in it. */
must_check enum err disk_rmdir(int at, const char *path);

/* Room for footage on the volume, in bytes, and its size. */
must_check enum err disk_room(int fd, uint64_t *ret_free, uint64_t *ret_total);

#endif
