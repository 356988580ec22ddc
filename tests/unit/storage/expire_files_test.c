#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/age.h"
#include "storage/expire_files.h"

#define DAY_DIR "footage/cam1/2026/11/22"
#define STEM "20261122T091507Z-0000000"

static int names_left = -1; /* then the directory cannot be read */

/* That of the C library, until so many names were given. */
struct dirent *readdir(DIR *d)
{
	static struct dirent *(*real)(DIR *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "readdir");
	if (names_left >= 0 && names_left-- == 0) {
		errno = EIO;
		return NULL;
	}
	return real(d);
}

static char dir[] = "/tmp/saqta-expire-XXXXXX";
static int fd;

static int set_up(void **state)
{
	char cmd[96];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(cmd, sizeof(cmd), "mkdir -p %s/" DAY_DIR, dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : system(cmd);
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	close(fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void put(const char *name, off_t size)
{
	char path[128];
	int f;

	snprintf(path, sizeof(path), DAY_DIR "/%s", name);
	f = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(f >= 0);
	assert_int_equal(ftruncate(f, size), 0);
	close(f);
}

/* Does the day hold footage of another segment than the fifth? */
static bool other(void)
{
	static const uint64_t seqs[] = {5};
	bool ret = false;

	assert_int_equal(expire_files_other(fd, "cam1", "2026-11-22", seqs, 1,
			     &ret),
	    OK);
	return ret;
}

static void P2_all_that_a_cut_segment_has_may_be_in_its_tail(void **state)
{
	(void)state;
	put("journal", 4096);
	put(STEM "5.mp4.age", 2 * AGE_CHUNK_SEALED);
	assert_false(other());
	/* a header that never held footage, and slots without any */
	put(STEM "6.mp4.age", 200);
	put(STEM "6.tail0", 256);
	put(STEM "6.tail1", 0);
	assert_false(other());
	put(STEM "6.tail1", 257);
	assert_true(other());
	put(STEM "6.tail1", 0);
	put(STEM "7.tail.age", 300);
	assert_true(other());
}

static void P2_a_whole_chunk_is_footage(void **state)
{
	(void)state;
	put(STEM "7.tail.age", 0);
	assert_int_equal(unlinkat(fd, DAY_DIR "/" STEM "7.tail.age", 0), 0);
	assert_false(other());
	put(STEM "8.mp4.age", AGE_CHUNK_SEALED);
	assert_true(other());
}

static enum err look(void)
{
	static const uint64_t seqs[] = {5};
	bool ret;

	return expire_files_other(fd, "cam1", "2026-11-22", seqs, 1, &ret);
}

/* Where names end early, what is behind them is not known to be nothing. */
static void P2_a_folder_that_cannot_be_read_is_not_taken_for_empty(void **state)
{
	static const uint64_t seqs[] = {8};

	(void)state;
	put(STEM "8.mp4.age", AGE_CHUNK_SEALED);
	for (int left = 0; left < 3; left++) {
		names_left = left;
		assert_int_equal(look(), ERR_DISK);
		names_left = left;
		assert_int_equal(expire_files_erase(fd, "cam1", "2026-11-22",
				     seqs, 1, false),
		    ERR_DISK);
		names_left = left;
		assert_int_equal(expire_files_day(fd, "cam1", "2026-11-22"),
		    ERR_DISK);
	}
	names_left = -1;
	assert_int_equal(look(), OK);
	assert_int_equal(expire_files_day(fd, "cam1", "2026-11-22"), OK);
	assert_int_equal(faccessat(fd, "footage/cam1", F_OK, 0), 0);
	assert_int_equal(faccessat(fd, DAY_DIR, F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P2_all_that_a_cut_segment_has_may_be_in_its_tail),
	    cmocka_unit_test(P2_a_whole_chunk_is_footage),
	    cmocka_unit_test(
		P2_a_folder_that_cannot_be_read_is_not_taken_for_empty),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
