#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/site.h"

static char data[] = "/tmp/saqta-disk-XXXXXX";
static int at;

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(data))
		return -1;
	at = open(data, O_RDONLY | O_DIRECTORY);
	return at < 0;
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	close(at);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", data);
	return system(cmd);
}

static void directories_are_made_once_and_for_the_owner_only(void **state)
{
	struct stat st;

	(void)state;
	umask(0);
	assert_int_equal(disk_mkdirs(at, "a/b/c"), OK);
	assert_int_equal(disk_mkdirs(at, "a/b/c"), OK);
	assert_int_equal(fstatat(at, "a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void a_new_file_never_replaces_another(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(disk_create(at, "new", &fd), OK);
	close(fd);
	assert_int_equal(disk_create(at, "new", &fd), ERR_EXISTS);
	assert_int_equal(disk_create(at, "none/new", &fd), ERR_NOT_FOUND);
}

static void a_symbolic_link_is_not_followed(void **state)
{
	uint64_t size;
	int fd;

	(void)state;
	assert_int_equal(symlinkat("/etc/passwd", at, "link"), 0);
	assert_int_equal(disk_open_read(at, "link", &fd, &size), ERR_DISK);
	assert_int_equal(disk_open_append(at, "link", &fd, &size), ERR_DISK);
}

static void replacing_leaves_the_whole_new_text(void **state)
{
	char buf[16];
	size_t n;

	(void)state;
	assert_int_equal(disk_replace(at, ".", "r", "one", 3), OK);
	assert_int_equal(disk_replace(at, ".", "r", "second", 6), OK);
	assert_int_equal(disk_read(at, "r", buf, sizeof(buf), &n), OK);
	assert_int_equal(n, 6);
	assert_memory_equal(buf, "second", 6);
	assert_int_equal(faccessat(at, "r.tmp", F_OK, 0), -1);
	assert_int_equal(disk_read(at, "r", buf, 5, &n), ERR_TOO_LARGE);
	assert_int_equal(disk_read(at, "none", buf, 5, &n), ERR_NOT_FOUND);
}

static void a_full_device_is_told_from_a_broken_one(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(disk_pwrite(fd, "x", 1, 0), ERR_DISK_FULL);
	close(fd);
	assert_int_equal(disk_pwrite(fd, "x", 1, 0), ERR_DISK);
}

static void reading_beyond_the_end_is_an_error(void **state)
{
	char buf[8];
	uint64_t size;
	int fd;

	(void)state;
	assert_int_equal(disk_replace(at, ".", "short", "1234", 4), OK);
	assert_int_equal(disk_open_read(at, "short", &fd, &size), OK);
	assert_int_equal(size, 4);
	assert_int_equal(disk_pread(fd, buf, 4, 0), OK);
	assert_int_equal(disk_pread(fd, buf, 4, 1), ERR_TRUNCATED);
	close(fd);
}

static void paths_are_those_of_the_document(void **state)
{
	char buf[160];

	(void)state;
	assert_string_equal(path_segment("atm0417-face", "2026-11-22",
				INT64_C(1795338907320000000), 31, buf,
				sizeof(buf)),
	    "footage/atm0417-face/2026/11/22/"
	    "20261122T091507Z-00000031.mp4.age");
	assert_string_equal(path_tail("atm0417-face", "2026-11-22",
				INT64_C(1795338907320000000), 31, buf,
				sizeof(buf)),
	    "footage/atm0417-face/2026/11/22/"
	    "20261122T091507Z-00000031.tail.age");
	assert_string_equal(path_slot("atm0417-face", "2026-11-22",
				INT64_C(1795338907320000000), 31, 1, buf,
				sizeof(buf)),
	    "footage/atm0417-face/2026/11/22/"
	    "20261122T091507Z-00000031.tail1");
	assert_string_equal(path_journal("cam1", "2026-01-02", buf,
				sizeof(buf)),
	    "footage/cam1/2026/01/02/journal");
}

static void the_site_file_comes_back_or_is_refused(void **state)
{
	struct site s = {
	    .origin = "bank.example/1", .zone = "Asia/Almaty", .created_ns = 7};
	struct site back;
	struct age_identity id;

	(void)state;
	assert_int_equal(crypt_init(), OK);
	assert_int_equal(site_read(at, &back), ERR_NOT_FOUND);
	identity_new(&id);
	identity_recipient(&id, &s.paper);
	assert_int_equal(site_write(at, &s), OK);
	assert_int_equal(site_read(at, &back), OK);
	assert_string_equal(back.origin, s.origin);
	assert_string_equal(back.zone, s.zone);
	assert_int_equal(back.created_ns, 7);
	assert_memory_equal(back.paper.key, s.paper.key, KEY_BYTES);
	assert_int_equal(disk_replace(at, ".", "site", "origin x\n", 9), OK);
	assert_int_equal(site_read(at, &back), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(directories_are_made_once_and_for_the_owner_only),
	    cmocka_unit_test(a_new_file_never_replaces_another),
	    cmocka_unit_test(a_symbolic_link_is_not_followed),
	    cmocka_unit_test(replacing_leaves_the_whole_new_text),
	    cmocka_unit_test(a_full_device_is_told_from_a_broken_one),
	    cmocka_unit_test(reading_beyond_the_end_is_an_error),
	    cmocka_unit_test(paths_are_those_of_the_document),
	    cmocka_unit_test(the_site_file_comes_back_or_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
