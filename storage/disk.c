#include "storage/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static enum err from_errno(void)
{
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
		return ERR_DISK_FULL;
	case ENOENT:
		return ERR_NOT_FOUND;
	case EEXIST:
		return ERR_EXISTS;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return ERR_SYS;
	default:
		return ERR_DISK;
	}
}

enum err disk_pwrite(int fd, const void *p, size_t n, uint64_t off)
{
	const char *at = p;

	while (n) {
		ssize_t done = pwrite(fd, at, n, (off_t)off);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? from_errno() : ERR_DISK;
		at += done;
		off += (uint64_t)done;
		n -= (size_t)done;
	}
	return OK;
}

enum err disk_pread(int fd, void *p, size_t n, uint64_t off)
{
	char *at = p;

	while (n) {
		ssize_t done = pread(fd, at, n, (off_t)off);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? from_errno() : ERR_TRUNCATED;
		at += done;
		off += (uint64_t)done;
		n -= (size_t)done;
	}
	return OK;
}

/* A failed sync may have dropped dirty pages: never retried, always an error. */
enum err disk_sync(int fd)
{
	return fdatasync(fd) < 0 ? ERR_DISK : OK;
}

enum err disk_sync_volume(int fd)
{
	return syncfs(fd) < 0 ? ERR_DISK : OK;
}

enum err disk_sync_dir(int at, const char *dir)
{
	int fd = openat(at, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err;

	if (fd < 0)
		return from_errno();
	err = fsync(fd) < 0 ? ERR_DISK : OK;
	close(fd);
	return err;
}

DIR *disk_opendir(int at, const char *dir)
{
	int fd = openat(at, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

enum err disk_next(DIR *d, struct dirent **ret)
{
	errno = 0;
	*ret = readdir(d);
	if (*ret)
		return OK;
	return errno ? ERR_DISK : ERR_GONE;
}

enum err disk_mkdirs(int at, const char *path)
{
	char dir[256], parent[256] = ".";
	enum err err = OK;

	if (strlen(path) >= sizeof(dir))
		return ERR_TOO_LARGE;
	for (const char *p = path; !err && p;) {
		p = strchr(p + 1, '/');
		snprintf(dir, sizeof(dir), "%.*s",
		    (int)(p ? (size_t)(p - path) : strlen(path)), path);
		if (!mkdirat(at, dir, 0700))
			err = disk_sync_dir(at, parent);
		else if (errno != EEXIST)
			err = from_errno();
		memcpy(parent, dir, sizeof(parent));
	}
	return err;
}

static enum err open_size(int at, const char *path, int flags, int *ret_fd,
    uint64_t *ret_size)
{
	int fd = openat(at, path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0)
		return from_errno();
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return ERR_FORMAT;
	}
	*ret_fd = fd;
	*ret_size = (uint64_t)st.st_size;
	return OK;
}

enum err disk_open_append(int at, const char *path, int *ret_fd,
    uint64_t *ret_size)
{
	return open_size(at, path, O_RDWR | O_CREAT, ret_fd, ret_size);
}

enum err disk_open_read(int at, const char *path, int *ret_fd,
    uint64_t *ret_size)
{
	return open_size(at, path, O_RDONLY, ret_fd, ret_size);
}

enum err disk_create(int at, const char *path, int *ret_fd)
{
	int fd = openat(at, path,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return from_errno();
	*ret_fd = fd;
	return OK;
}

enum err disk_replace(int at, const char *dir, const char *name, const void *p,
    size_t n)
{
	char path[256], tmp[260];
	enum err err;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return ERR_TOO_LARGE;
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	fd = openat(at, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return from_errno();
	err = disk_pwrite(fd, p, n, 0);
	if (!err && fsync(fd) < 0)
		err = ERR_DISK;
	close(fd);
	if (!err && renameat(at, tmp, at, path) < 0)
		err = from_errno();
	return err ? err : disk_sync_dir(at, dir);
}

void disk_forget(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

enum err disk_read_all(int at, const char *path, size_t max,
    unsigned char **ret, size_t *ret_n)
{
	unsigned char *p = NULL;
	uint64_t size = 0;
	int fd = -1;
	enum err err = disk_open_read(at, path, &fd, &size);

	if (err)
		return err;
	if (size > max)
		err = ERR_TOO_LARGE;
	else if (!(p = malloc(size + 1)))
		err = ERR_NO_MEMORY;
	else
		err = disk_pread(fd, p, size, 0);
	close(fd);
	if (err) {
		free(p);
		return err;
	}
	*ret = p;
	*ret_n = size;
	return OK;
}

enum err disk_read(int at, const char *path, void *p, size_t max, size_t *ret_n)
{
	unsigned char *all;
	enum err err = disk_read_all(at, path, max, &all, ret_n);

	if (err)
		return err;
	memcpy(p, all, *ret_n);
	free(all);
	return OK;
}

enum err disk_room(int fd, uint64_t *ret_free, uint64_t *ret_total)
{
	struct statvfs v;

	if (fstatvfs(fd, &v) < 0)
		return ERR_DISK;
	*ret_free = (uint64_t)v.f_bavail * v.f_frsize;
	*ret_total = (uint64_t)v.f_blocks * v.f_frsize;
	return OK;
}

enum err disk_blank(int at, const char *path, uint64_t n)
{
	static const unsigned char zeros[4096];
	int fd = openat(at, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	enum err err = OK;

	if (fd < 0)
		return from_errno();
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		err = ERR_FORMAT;
	else if (n > (uint64_t)st.st_size)
		n = (uint64_t)st.st_size;
	for (uint64_t off = 0; off < n && !err; off += sizeof(zeros))
		err = disk_pwrite(fd, zeros,
		    n - off < sizeof(zeros) ? (size_t)(n - off) : sizeof(zeros),
		    off);
	close(fd);
	return err;
}

enum err disk_unlink(int at, const char *path)
{
	if (unlinkat(at, path, 0) < 0 && errno != ENOENT)
		return from_errno();
	return OK;
}

enum err disk_rmdir(int at, const char *path)
{
	if (unlinkat(at, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return errno == ENOTEMPTY || errno == EEXIST ? ERR_EXISTS :
							       from_errno();
	return OK;
}
