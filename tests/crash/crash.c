/*
 * crash.so - preloaded into saqta-storage by tests/system/45: counts each call
 * that changes what lies on a disk, and right before the n-th the process dies
 * (kill -9) or stops, so that its volume can be cut off under it. A write that
 * is to be the last one is done by half.
 *
 * And for tests/system/46 it plays a failing disk: writes of footage fail with
 * EIO as long as `fault` says so; a sync fails once, as the kernel tells it.
 * For 67 it stops at fdatasync alone, and goes on when it is told to.
 *
 * The file SAQTA_CRASH_FILE is shared with the test: see struct control.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES 4096	/* descriptors that are watched */

struct control {
	_Atomic int64_t calls;	/* so far */
	_Atomic int64_t left;	/* calls until it comes; negative: never */
	int64_t signal;		/* SIGKILL, or SIGSTOP */
	_Atomic int64_t fault;	/* 1 writes of footage, 2 the next sync */
	int64_t goes_on;	/* one that was stopped may be continued */
};

static struct control none = {.left = -1};
static struct control *control = &none;

/* Not for processes that storage starts. */
__attribute__((constructor)) static void find_control(void)
{
	const char *path = getenv("SAQTA_CRASH_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = MAP_FAILED;

	if (fd >= 0)
		p = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		control = p;
	if (fd >= 0)
		close(fd);
	unsetenv("SAQTA_CRASH_FILE");
}

static void end(void)
{
	if (control->goes_on) {
		syscall(SYS_tgkill, getpid(), gettid(), (int)control->signal);
		return;
	}
	kill(getpid(), (int)control->signal);
	for (;;)	/* stopped, or another thread is about to end us */
		pause();
}

static int is_last(void)
{
	if (control->goes_on)
		return 0; /* at a sync of data alone */
	atomic_fetch_add(&control->calls, 1);
	return atomic_load(&control->left) >= 0 &&
	    !atomic_fetch_sub(&control->left, 1);
}

static void step(void)
{
	if (is_last())
		end();
}

/* Files of footage that are open now. */
static atomic_bool is_footage[FILES];

static int fails(int fd)
{
	return fd >= 0 && fd < FILES && atomic_load(&is_footage[fd]) &&
	    atomic_load(&control->fault) & 1;
}

/* The kernel says once that a sync failed; the next one succeeds. */
static int sync_fails(void)
{
	return (int)(atomic_fetch_and(&control->fault, ~INT64_C(2)) & 2);
}

int openat(int at, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	int fd;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	fd = (int)syscall(SYS_openat, at, path, flags, mode);
	if (fd >= 0 && fd < FILES)
		atomic_store(&is_footage[fd], !strncmp(path, "footage/", 8));
	return fd;
}

int openat64(int at, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return openat(at, path, flags, mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < FILES)
		atomic_store(&is_footage[fd], false);
	return (int)syscall(SYS_close, fd);
}

static int is_file(int fd)
{
	struct stat st;

	return fd > 2 && !fstat(fd, &st) && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *p, size_t n)
{
	if (is_file(fd) && is_last()) {
		syscall(SYS_write, fd, p, n / 2);
		end();
	}
	return syscall(SYS_write, fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	if (fails(fd)) {
		errno = EIO;
		return -1;
	}
	if (is_file(fd) && is_last()) {
		syscall(SYS_pwrite64, fd, p, n / 2, off);
		end();
	}
	return syscall(SYS_pwrite64, fd, p, n, off);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
	return pwrite(fd, p, n, off);
}

int ftruncate(int fd, off_t n)
{
	if (is_file(fd))
		step();
	return (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off64_t n)
{
	return ftruncate(fd, n);
}

int fsync(int fd)
{
	step();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	if (control->goes_on && atomic_load(&control->left) >= 0 &&
	    !atomic_fetch_sub(&control->left, 1))
		end();
	step();
	return (int)syscall(SYS_fdatasync, fd);
}

int syncfs(int fd)
{
	step();
	if (sync_fails()) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_syncfs, fd);
}

int rename(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_rename, from, to);
}

int renameat(int a, const char *from, int b, const char *to)
{
	step();
	return (int)syscall(SYS_renameat2, a, from, b, to, 0);
}

int unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlink, path);
}

int unlinkat(int at, const char *path, int flags)
{
	step();
	return (int)syscall(SYS_unlinkat, at, path, flags);
}

int mkdirat(int at, const char *path, mode_t mode)
{
	step();
	return (int)syscall(SYS_mkdirat, at, path, mode);
}
