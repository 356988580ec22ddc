#include "tests/unit/storage/package_box.h"

#include "storage/zip.h"

/* Small enough that every byte of the package can be tried. */
#define CLIP_SMALL                                                             \
	"-c:v libx264 -preset veryfast -bf 2 -s 32x32 -r 4 -frames:v 16 -crf " \
	"51 "                                                                  \
	"-force_key_frames 'expr:gte(t,n_forced)'"

static struct policy policy;
static struct zip files;

/* The file that byte i belongs to; NULL: the ZIP's own structure. */
static const struct zip_file *file_at(size_t i)
{
	for (size_t k = 0; k < files.n; k++)
		if (i >= files.files[k].off &&
		    i < files.files[k].off + files.files[k].size)
			return &files.files[k];
	return NULL;
}

static int flip(int fd, size_t i, struct judgement *ret)
{
	unsigned char b = package.zip[i] ^ (unsigned char)(1u << i % 8);

	assert_int_equal(pwrite(fd, &b, 1, (off_t)i), 1);
	assert_int_equal(verify_package(fd, package.n, &policy, ret), OK);
	assert_int_equal(pwrite(fd, &package.zip[i], 1, (off_t)i), 1);
	return ret->status;
}

/*
 * Of the two pages, which are long and only hashed, every 64th byte; of all
 * else every byte. What is not in a file is the ZIP's structure: some of it
 * (times, CRCs) says nothing about the package, and may pass.
 */
static void P10_no_flipped_byte_passes_or_crashes(void **state)
{
	static struct judgement verdict;
	int fd = package_fd(package.zip, package.n);
	size_t tried = 0, passed = 0, structure = 0;

	(void)state;
	for (size_t i = 0; i < package.n; i++) {
		const struct zip_file *f = file_at(i);
		int status;

		if (f && strstr(f->name, ".html") && i % 64)
			continue;
		status = flip(fd, i, &verdict);
		tried++;
		if (!f) {
			structure++;
			passed += status == VERIFY_GENUINE;
		} else if (status != VERIFY_CHANGED) {
			fail_msg("%s: byte %zu flipped, status %d", f->name,
			    i - (size_t)f->off, status);
		}
	}
	close(fd);
	print_message("%zu bytes flipped; of %zu of the ZIP's own, %zu say "
		      "nothing\n",
	    tried, structure, passed);
	assert_true(passed < structure);
}

static void P10_no_shortened_package_passes_or_crashes(void **state)
{
	static struct judgement verdict;

	(void)state;
	for (size_t n = 0; n < package.n; n += 1 + package.n / 500) {
		package_verify(package.zip, n, &policy, &verdict);
		assert_int_equal(verdict.status, VERIFY_CHANGED);
	}
}

static int make(void **state)
{
	int fd;

	box_clip = CLIP_SMALL;
	package_make(state);
	package_policy(&policy);
	fd = package_fd(package.zip, package.n);
	assert_int_equal(zip_read(fd, package.n, &files), OK);
	close(fd);
	for (size_t i = 0; i < files.n; i++)
		print_message("%8llu %s\n",
		    (unsigned long long)files.files[i].size,
		    files.files[i].name);
	return 0;
}

static int end(void **state)
{
	zip_free(&files);
	return package_free(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_no_flipped_byte_passes_or_crashes),
	    cmocka_unit_test(P10_no_shortened_package_passes_or_crashes),
	};

	return cmocka_run_group_tests(tests, make, end);
}
