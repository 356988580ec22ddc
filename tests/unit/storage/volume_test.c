#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/crypt.h"
#include "storage/disk.h"
#include "storage/site.h"
#include "storage/volume.h"

#define ORIGIN "bank.example/1"
#define SECOND INT64_C(1000000000)
#define ZEROS "00000000-0000-4000-8000-000000000000"

static char dir[] = "/tmp/saqta-volume-XXXXXX";
static char a[64], b[64], c[64];
static int data = -1;
static bool may_mount;

static bool mounted(const char *path, const char *size)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%s", size);
	return mkdir(path, 0700) == 0 &&
	    mount("tmpfs", path, "tmpfs", 0, options) == 0;
}

static int set_up(void **state)
{
	char path[64];

	(void)state;
	if (crypt_init() || !mkdtemp(dir))
		return -1;
	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	snprintf(c, sizeof(c), "%s/c", dir);
	snprintf(path, sizeof(path), "%s/data", dir);
	may_mount = unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mounted(path, "8m") && mounted(a, "16m") && mounted(b, "4m");
	if (!may_mount)
		mkdir(path, 0700);
	mkdir(c, 0700);
	data = open(path, O_RDONLY | O_DIRECTORY);
	return data < 0 || volumes_open(data, path, ORIGIN, true) ? -1 : 0;
}

static int tear_down(void **state)
{
	char cmd[160];

	(void)state;
	volumes_close();
	close(data);
	snprintf(cmd, sizeof(cmd), "umount -l %s/*/ 2>/dev/null; rm -rf %s",
	    dir, dir);
	return system(cmd) < 0;
}

static void again(bool writing)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/data", dir);
	assert_int_equal(volumes_open(data, path, writing ? ORIGIN : "",
			     writing),
	    OK);
}

static void the_data_directory_is_volume_0_and_keeps_its_uuid(void **state)
{
	char uuid[VOLUME_UUID];

	(void)state;
	assert_int_equal(volumes_count(), 1);
	assert_int_equal(volume_fd(data, 0), data);
	memcpy(uuid, volume_at(0)->uuid, sizeof(uuid));
	again(true);
	assert_string_equal(volume_at(0)->uuid, uuid);
}

static void a_bare_directory_is_no_volume(void **state)
{
	unsigned n;

	(void)state;
	assert_int_equal(volume_add(c, &n), ERR_NOT_FOUND);
	assert_int_equal(volume_add("/nonexistent", &n), ERR_NOT_FOUND);
	assert_int_equal(volume_add("relative", &n), ERR_INVALID);
	assert_int_equal(volume_add("/a b", &n), ERR_INVALID);
	assert_int_equal(volumes_count(), 1);
}

static void volumes_are_numbered_and_listed(void **state)
{
	unsigned n = 0;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(volume_add(a, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(volume_add(a, &n), ERR_EXISTS);
	assert_int_equal(volume_add(b, &n), OK);
	assert_int_equal(n, 2);
	again(true);
	assert_int_equal(volumes_count(), 3);
	assert_true(volume_present(1) && volume_present(2));
	assert_false(volume_present(3));
}

static void footage_goes_where_most_is_free_and_stays_there_for_the_day(void *
	*state)
{
	unsigned n = 9;
	int fd;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(volume_choose("cam", "2026-11-22", 1 << 20, &n), OK);
	assert_int_equal(n, 1);
	/* its journal is on the small one already */
	assert_int_equal(disk_mkdirs(volume_fd(data, 2),
			     "footage/cam/2026/11/22"),
	    OK);
	assert_int_equal(disk_create(volume_fd(data, 2),
			     "footage/cam/2026/11/22/journal", &fd),
	    OK);
	close(fd);
	assert_int_equal(volume_choose("cam", "2026-11-22", 1 << 20, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(volume_choose("cam", "2026-11-23", 1 << 20, &n), OK);
	assert_int_equal(n, 1);
	/* P11: below the reserve it takes nothing */
	assert_int_equal(volume_choose("cam", "2026-11-22", 5 << 20, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(volume_choose("cam", "2026-11-22", 64 << 20, &n),
	    ERR_DISK_FULL);
}

static void a_missing_volume_is_away_and_its_mount_point_stays_empty(void *
	*state)
{
	uint64_t size;
	unsigned n;
	int fd;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(umount2(a, MNT_DETACH), 0);
	assert_true(volume_watch(1, SECOND));
	assert_int_equal(volume_at(1)->why, ERR_NOT_FOUND);
	assert_int_equal(volume_fd(data, 1), -1);
	assert_int_equal(volume_open_read(data, 1, "volume", &fd, &size),
	    ERR_AWAY);
	assert_int_equal(volume_choose("cam", "2026-11-23", 1 << 20, &n), OK);
	assert_int_not_equal(n, 1);
	/* a copy of its files on the bare mount point does not make it one */
	fd = open(a, O_RDONLY | O_DIRECTORY);
	assert_int_equal(disk_replace(fd, ".", "volume", "x", 1), OK);
	assert_false(volume_watch(1, 100 * SECOND));
	assert_int_equal(volume_fd(data, 1), -1);
	unlinkat(fd, "volume", 0);
	close(fd);
}

static void a_swapped_or_foreign_volume_is_refused(void **state)
{
	static const char foreign[] =
	    "uuid 00000000-0000-4000-8000-000000000000\n"
	    "origin other.example/2\nnumber 1\n";
	unsigned n;
	int fd;

	(void)state;
	if (!may_mount)
		skip();
	/* volume 2 in the place of volume 1 */
	assert_int_equal(mount(b, a, NULL, MS_BIND, NULL), 0);
	assert_false(volume_watch(1, 200 * SECOND));
	assert_int_equal(volume_at(1)->why, ERR_INTEGRITY);
	assert_int_equal(umount2(a, MNT_DETACH), 0);
	/* another site's */
	assert_int_equal(mount("tmpfs", c, "tmpfs", 0, "size=1m"), 0);
	fd = open(c, O_RDONLY | O_DIRECTORY);
	assert_int_equal(disk_replace(fd, ".", "volume", foreign,
			     sizeof(foreign) - 1),
	    OK);
	assert_int_equal(volume_add(c, &n), ERR_INTEGRITY);
	close(fd);
}

static void what_comes_back_is_taken_back(void **state)
{
	char text[160];
	int fd, n;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", a, "tmpfs", 0, "size=16m"), 0);
	fd = open(a, O_RDONLY | O_DIRECTORY);
	n = snprintf(text, sizeof(text), "uuid %s\norigin %s\nnumber 1\n",
	    volume_at(1)->uuid, ORIGIN);
	assert_int_equal(disk_replace(fd, ".", "volume", text, (size_t)n), OK);
	close(fd);
	assert_true(volume_watch(1, 300 * SECOND));
	assert_true(volume_fd(data, 1) >= 0);
	/* an I/O error sends it away for a minute */
	volume_failed(1, 300 * SECOND);
	assert_false(volume_watch(1, 310 * SECOND));
	assert_true(volume_watch(1, 400 * SECOND));
}

static void a_reader_holds_no_volume_and_sees_it_at_once(void **state)
{
	uint64_t size;
	int fd;

	(void)state;
	if (!may_mount)
		skip();
	again(false);
	assert_int_equal(volume_at(1)->fd, -1);
	assert_int_equal(volume_open_read(data, 1, "volume", &fd, &size), OK);
	close(fd);
	assert_int_equal(umount2(a, 0), 0); /* nobody keeps it busy */
	assert_false(volume_present(1));
	assert_int_equal(volume_open_read(data, 1, "volume", &fd, &size),
	    ERR_AWAY);
}

/* b is moved to c, then it is away for good and another one comes. */
static void what_stands_elsewhere_is_found_there(void **state)
{
	unsigned n = 0;

	(void)state;
	if (!may_mount)
		skip();
	again(true);
	assert_int_equal(mount(b, c, NULL, MS_MOVE, NULL), 0);
	assert_int_equal(volume_add(c, &n), ERR_EXISTS); /* not away yet */
	assert_true(volume_watch(2, 500 * SECOND));
	assert_true(volume_is_away(2));
	assert_int_equal(volume_add(c, &n), OK);
	assert_int_equal(n, 2);
	assert_true(volume_watch(2, 501 * SECOND));
	again(true);
	assert_string_equal(volume_find(2)->path, c);
	assert_true(volume_present(2));
}

static void what_is_given_up_keeps_its_number_and_is_not_waited_for(void *
	*state)
{
	unsigned n = 0;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(volume_give_up(0), ERR_NOT_FOUND);
	assert_int_equal(volume_give_up(7), ERR_NOT_FOUND);
	assert_int_equal(volume_give_up(2), ERR_EXISTS);
	assert_int_equal(umount2(c, MNT_DETACH), 0);
	assert_true(volume_watch(2, 600 * SECOND));
	assert_int_equal(volume_give_up(2), OK);
	assert_int_equal(volume_give_up(2), ERR_EXISTS);
	assert_false(volume_is_away(2));
	assert_false(volume_watch(2, 700 * SECOND));
	assert_int_equal(mount("tmpfs", b, "tmpfs", 0, "size=4m"), 0);
	assert_int_equal(volume_add(b, &n), OK);
	assert_int_equal(n, 3);
	again(true);
	assert_true(volume_find(2)->lost && !volume_find(3)->lost);
	assert_false(volume_present(2));
	again(false);
	assert_false(volume_present(2));
}

/* 15 further volumes, of which b, number 3, alone is there. */
static void those_given_up_take_nobodys_place_and_who_moved_needs_none(void *
	*state)
{
	char list[2048], uuid[VOLUME_UUID], path[80];
	size_t at = 0;
	unsigned n = 0;

	(void)state;
	if (!may_mount)
		skip();
	memcpy(uuid, volume_find(3)->uuid, sizeof(uuid));
	for (unsigned i = 1; i < VOLUMES_USED; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at,
		    "%u %.35s%x %s\n", i, i == 3 ? uuid : ZEROS,
		    i == 3 ? (unsigned)strtoul(uuid + 35, NULL, 16) : i,
		    i == 3 ? b : "/none");
	assert_int_equal(disk_replace(data, ".", "volumes", list, at), OK);
	again(true);
	assert_true(volume_present(3));
	assert_int_equal(mount("tmpfs", a, "tmpfs", 0, "size=1m"), 0);
	assert_int_equal(volume_add(a, &n), ERR_TOO_LARGE);
	snprintf(path, sizeof(path), "%s/volume", a);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(mount(b, c, NULL, MS_MOVE, NULL), 0);
	assert_true(volume_watch(3, 900 * SECOND));
	assert_int_equal(volume_add(c, &n), OK);
	assert_int_equal(n, 3);
	assert_int_equal(volume_give_up(5), OK);
	assert_int_equal(volume_add(a, &n), OK);
	assert_int_equal(n, VOLUMES_USED);
	again(true);
	assert_int_equal(volumes_count(), VOLUMES_USED + 1);
	assert_ptr_equal(volume_at_path(a), volume_find(VOLUMES_USED));
	assert_null(volume_at_path(b));
}

static void a_list_that_is_not_one_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "1 x /a\n", "0 " ZEROS " /a\n", "1 " ZEROS " a\n", "volumes\n"};
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/data", dir);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(disk_replace(data, ".", "volumes", wrong[i],
				     strlen(wrong[i])),
		    OK);
		assert_int_equal(volumes_open(data, path, ORIGIN, true),
		    ERR_FORMAT);
	}
	assert_int_equal(disk_replace(data, ".", "volumes", "", 0), OK);
	again(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_data_directory_is_volume_0_and_keeps_its_uuid),
	    cmocka_unit_test(a_bare_directory_is_no_volume),
	    cmocka_unit_test(volumes_are_numbered_and_listed),
	    cmocka_unit_test(
		footage_goes_where_most_is_free_and_stays_there_for_the_day),
	    cmocka_unit_test(
		a_missing_volume_is_away_and_its_mount_point_stays_empty),
	    cmocka_unit_test(a_swapped_or_foreign_volume_is_refused),
	    cmocka_unit_test(what_comes_back_is_taken_back),
	    cmocka_unit_test(a_reader_holds_no_volume_and_sees_it_at_once),
	    cmocka_unit_test(what_stands_elsewhere_is_found_there),
	    cmocka_unit_test(
		what_is_given_up_keeps_its_number_and_is_not_waited_for),
	    cmocka_unit_test(
		those_given_up_take_nobodys_place_and_who_moved_needs_none),
	    cmocka_unit_test(a_list_that_is_not_one_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
