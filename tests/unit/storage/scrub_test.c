#include "tests/unit/storage/volume.h"

#include "storage/rebuild.h"
#include "storage/scrub.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

static struct volume v;
static const char *unreadable; /* files of such a name; "": all */

ssize_t pread(int fd, void *p, size_t n, off_t off)
{
	char link[40], name[256] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (unreadable && readlink(link, name, sizeof(name) - 1) > 0 &&
	    strstr(name, unreadable)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, p, n, off);
}
static struct scrub job;

static enum err add(const struct segment_row *r, void *arg)
{
	(void)arg;
	job.rows[job.n++] = (struct scrub_row){.row = *r, .dir = v.fd};
	return OK;
}

static int setup(void **state)
{
	struct rebuild r = {.dirs_n = 1};
	struct index *ix = NULL;
	struct ledger *l;

	(void)state;
	if (crypt_init() || utc_site("Asia/Almaty"))
		return -1;
	clip_make(&v.clip, CLIP_H264_B " -b:v 300k");
	volume_make(&v);
	r.dirs[0].fd = v.fd;
	snprintf(r.data, sizeof(r.data), "%s", v.dir);
	if (ledger_open_readonly(v.fd, &l))
		return -1;
	r.end = ledger_size(l);
	ledger_close(l);
	if (index_open(v.dir, false, &ix))
		return -1;
	rebuild_run(&r);
	if (r.err || index_segments_after(ix, "", 0, SCRUB_ROWS, add, NULL))
		return -1;
	index_close(ix);
	return job.n < 5 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	volume_free(&v);
	clip_free(&v.clip);
	return 0;
}

static char *path_of(size_t i)
{
	static char path[160];
	const struct segment_row *r = &job.rows[i].row;

	return path_segment(r->camera, r->day, r->start_ns, r->seq, path,
	    sizeof(path));
}

static void what_is_as_it_was_passes(void **state)
{
	(void)state;
	for (int bytes = 0; bytes < 2; bytes++) {
		job.bytes = bytes;
		scrub_run(&job);
		for (size_t i = 0; i < job.n; i++)
			assert_int_equal(job.rows[i].err, OK);
	}
}

static void another_hash_in_the_ledger_is_a_change(void **state)
{
	(void)state;
	job.bytes = true;
	job.rows[0].has_cipher = true;
	scrub_run(&job);
	assert_int_equal(job.rows[0].err, ERR_INTEGRITY);
	job.rows[0].has_cipher = false;
}

static void P2_a_changed_byte_is_found_by_the_bytes_alone(void **state)
{
	unsigned char b;
	int fd = openat(v.fd, path_of(0), O_RDWR);

	(void)state;
	assert_int_equal(pread(fd, &b, 1, 300), 1);
	b ^= 1;
	assert_int_equal(pwrite(fd, &b, 1, 300), 1);
	close(fd);
	job.bytes = false;
	scrub_run(&job);
	assert_int_equal(job.rows[0].err, OK);
	job.bytes = true;
	scrub_run(&job);
	assert_int_equal(job.rows[0].err, ERR_INTEGRITY);
	assert_int_equal(job.rows[1].err, OK);
}

static void P2_a_short_and_a_missing_file_are_found(void **state)
{
	int fd = openat(v.fd, path_of(1), O_RDWR);

	(void)state;
	assert_int_equal(ftruncate(fd, 100), 0);
	close(fd);
	assert_int_equal(unlinkat(v.fd, path_of(2), 0), 0);
	job.bytes = false;
	scrub_run(&job);
	assert_int_equal(job.rows[1].err, ERR_TRUNCATED);
	assert_int_equal(job.rows[2].err, ERR_NOT_FOUND);
}

static void what_is_away_is_not_lost(void **state)
{
	(void)state;
	job.rows[3].dir = -1;
	scrub_run(&job);
	assert_int_equal(job.rows[3].err, ERR_AWAY);
}

static void P2_a_disk_that_gives_nothing_has_lost_nothing(void **state)
{
	int fd = openat(v.fd, "volume", O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_int_equal(write(fd, "uuid", 4), 4);
	close(fd);
	job.bytes = true;
	unreadable = ".mp4.age"; /* a bad place of the disk */
	scrub_run(&job);
	assert_int_equal(job.rows[4].err, ERR_DISK);
	unreadable = "";
	scrub_run(&job);
	assert_int_equal(job.rows[4].err, ERR_UNAVAILABLE);
	unreadable = NULL;
	scrub_run(&job);
	assert_int_equal(job.rows[4].err, OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_as_it_was_passes),
	    cmocka_unit_test(another_hash_in_the_ledger_is_a_change),
	    cmocka_unit_test(P2_a_changed_byte_is_found_by_the_bytes_alone),
	    cmocka_unit_test(P2_a_short_and_a_missing_file_are_found),
	    cmocka_unit_test(what_is_away_is_not_lost),
	    cmocka_unit_test(P2_a_disk_that_gives_nothing_has_lost_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
