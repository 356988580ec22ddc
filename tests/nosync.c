/*
 * nosync.c - preloaded while the demo's months are made: nobody waits for the
 * disk then. What was made is synced once at the end (tests/demo_months.py).
 */
#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int syncfs(int fd)
{
	(void)fd;
	return 0;
}
