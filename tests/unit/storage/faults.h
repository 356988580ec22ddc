/*
 * faults.h - system calls of the program under test, counted, made to fail, or
 * made to be the last one before a power cut. The test program defines the
 * functions, so the library's calls end here.
 *
 * A power cut forgets what was not synced: each file is cut back to the length
 * it had at its last sync (files that were there before, at faults_arm()).
 */
#ifndef SAQTA_TEST_FAULTS_H
#define SAQTA_TEST_FAULTS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAULT_FILES 4096

static struct {
	const char *root;	/* directory that the power cut is about */
	long left;		/* calls until it comes; < 0: never */
	bool forget;		/* what was not synced; else only kill -9 */
	int fail_sync;		/* syncs until one fails; < 0: never */
	int fail_write;		/* errno of the next pwrite, or 0 */
	unsigned datasyncs, syncs, writes;
	struct {
		ino_t ino;
		off_t size;
	} synced[FAULT_FILES];
	size_t n;
} faults = {.left = -1, .fail_sync = -1};

static inline void faults_synced(int fd)
{
	struct stat st;
	size_t i;

	if (!faults.root || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	for (i = 0; i < faults.n && faults.synced[i].ino != st.st_ino; i++)
		;
	if (i == FAULT_FILES)
		_exit(99);
	faults.synced[i].ino = st.st_ino;
	faults.synced[i].size = st.st_size;
	faults.n += i == faults.n;
}

/* Cut every file below dir back to what was synced, or note that it is. */
static inline void faults_walk(const char *dir, bool cut)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];

	while (d && (e = readdir(d))) {
		off_t keep = 0;
		struct stat st;
		int fd;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR) {
			faults_walk(path, cut);
			continue;
		}
		fd = open(path, O_RDWR);
		if (fd < 0 || fstat(fd, &st))
			_exit(98);
		if (!cut)
			faults_synced(fd);
		for (size_t i = 0; cut && i < faults.n; i++)
			if (faults.synced[i].ino == st.st_ino)
				keep = faults.synced[i].size;
		if (cut && keep < st.st_size && ftruncate(fd, keep))
			_exit(97);
		close(fd);
	}
	if (d)
		closedir(d);
}

/* The power fails at the n-th call from now (0: at the next one). */
static inline void faults_arm(const char *root, long n, bool forget)
{
	faults.root = root;
	faults.n = 0;
	faults.left = n;
	faults.forget = forget;
	faults_walk(root, false);
}

static inline void faults_step(void)
{
	if (faults.left < 0 || faults.left-- > 0)
		return;
	if (faults.forget)
		faults_walk(faults.root, true);
	_exit(42);
}

static inline int faults_sync(int fd, long call)
{
	faults_step();
	faults.syncs++;
	if (faults.fail_sync >= 0 && faults.fail_sync-- == 0) {
		errno = EIO;
		return -1;
	}
	faults_synced(fd);
	return (int)syscall(call, fd);
}

int fdatasync(int fd)
{
	faults.datasyncs++;
	return faults_sync(fd, SYS_fdatasync);
}

int fsync(int fd)
{
	return faults_sync(fd, SYS_fsync);
}

int syncfs(int fd)
{
	return faults_sync(fd, SYS_syncfs);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	faults_step();
	faults.writes++;
	if (faults.fail_write) {
		errno = faults.fail_write;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, p, n, off);
}

int renameat(int a, const char *from, int b, const char *to)
{
	faults_step();
	return (int)syscall(SYS_renameat2, a, from, b, to, 0);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	faults_step();
	return (int)syscall(SYS_mkdirat, fd, path, mode);
}

#endif
