/*
 * crash.so - preloaded into saqta-storage by tests/system/45: counts each call
 * that changes what lies on a disk, and right before the n-th the process dies
 * (kill -9) or stops, so that its volume can be cut off under it. A write that
 * is to be the last one is done by half.
 *
 * The file SAQTA_CRASH_FILE is shared with the test: see struct control.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct control {
	_Atomic int64_t calls;	/* so far */
	_Atomic int64_t left;	/* calls until it comes; negative: never */
	int64_t signal;		/* SIGKILL, or SIGSTOP */
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
	kill(getpid(), (int)control->signal);
	for (;;)	/* stopped, or another thread is about to end us */
		pause();
}

static int is_last(void)
{
	atomic_fetch_add(&control->calls, 1);
	return atomic_load(&control->left) >= 0 &&
	    !atomic_fetch_sub(&control->left, 1);
}

static void step(void)
{
	if (is_last())
		end();
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
	step();
	return (int)syscall(SYS_fdatasync, fd);
}

int syncfs(int fd)
{
	step();
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
