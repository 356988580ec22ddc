#include "tests/unit/storage/volume.h"

#include <sys/stat.h>

#include "storage/check.h"

static struct volume v;
static unsigned broken;

static int make_clip(void **state)
{
	(void)state;
	clip_make(&v.clip, CLIP_H264_B " -b:v 300k");
	return 0;
}

static int drop_clip(void **state)
{
	(void)state;
	clip_free(&v.clip);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	volume_make(&v);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	volume_free(&v);
	return 0;
}

/* What check_run() says; to be freed. */
static enum err check(bool json, char **ret)
{
	size_t n;
	FILE *f = open_memstream(ret, &n);
	enum err e;

	assert_non_null(f);
	e = check_run(v.fd, v.dir, json, f, &broken);
	fclose(f);
	return e;
}

/* The result, and a piece of a line that must have been said. */
static void says(enum err want, const char *piece)
{
	char *text;
	enum err e = check(false, &text);

	if (e != want || !strstr(text, piece))
		fail_msg("%d instead of %d, or not '%s':\n%s", e, want, piece,
		    text);
	free(text);
}

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
	char cmd[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

/* The outsider's reader; returns its exit status. */
static int reader(void)
{
	char identity[IDENTITY_TEXT], cmd[256];

	identity_format(&v.id, identity);
	run("echo %s > %s.key", identity, v.dir);
	snprintf(cmd, sizeof(cmd),
	    "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "
	    "tests/reader/saqta_reader.py %s --identity %s.key --plain > "
	    "%s.out",
	    v.dir, v.dir, v.dir);
	return WEXITSTATUS(system(cmd));
}

static void P10_a_whole_volume_fits(void **state)
{
	(void)state;
	says(OK, "whole: 0 changed, 0 missing, 1 notes");
	assert_int_equal(broken, 0);
	says(OK, "2 cameras, 7 segments (4 sealed, 2 cut, 1 open)");
	says(OK, "00000004.mp4.age: is open");
}

static void P10_a_reader_in_another_language_agrees(void **state)
{
	(void)state;
	if (reader())
		run("cat %s.out; false", v.dir);
	run("grep -q '4 sealed, 2 cut, 1 open, 7 plain' %s.out", v.dir);
	run("rm %s.*", v.dir);
}

static void times_are_those_of_the_site_and_UTC(void **state)
{
	(void)state;
	run("rm %s/footage/cam1/2026/11/22/*-00000001.mp4.age", v.dir);
	says(ERR_TRUNCATED,
	    "missing P2  cam1 2026-11-22T14:15:07.000+05:00 "
	    "(20261122T091507Z) footage/cam1/2026/11/22/"
	    "20261122T091507Z-00000001.mp4.age: the file is missing\n");
	assert_int_equal(broken, 1);
}

static void flip(const char *path, off_t at)
{
	unsigned char c;
	int fd = openat(v.fd, path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 0x40;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

#define DAY1 "footage/cam1/2026/11/22/"
#define DAY2 "footage/cam1/2026/11/23/"
#define CAM2 "footage/cam2/2026/11/22/"

static void P10_a_changed_byte_of_any_file_is_found(void **state)
{
	static const char *const files[] = {
	    DAY1 "20261122T091507Z-00000001.mp4.age",
	    DAY1 "20261122T091511Z-00000002.mp4.age",
	    DAY2 "20261123T091515Z-00000003.mp4.age",
	    CAM2 "20261122T091507Z-00000001.mp4.age",
	    CAM2 "20261122T091511Z-00000002.mp4.age",
	    CAM2 "20261122T091515Z-00000003.mp4.age",
	    CAM2 "20261122T091515Z-00000003.tail.age",
	    DAY1 "journal",
	    CAM2 "journal",
	    "ledger/tail",
	    "ledger/checkpoint",
	    "ledger/tile/0/000",
	    "ledger/tile/entries/000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct stat st;
		off_t step;
		char *text;

		assert_int_equal(fstatat(v.fd, files[i], &st, 0), 0);
		step = st.st_size / 7 + 1;
		for (off_t at = 0; at < st.st_size; at += step) {
			flip(files[i], at);
			if (check(false, &text) != ERR_INTEGRITY)
				fail_msg("%s at %ld: %s", files[i], (long)at,
				    text);
			free(text);
			if (at == 3 * step && reader() != 1)
				run("echo %s; cat %s.out; false", files[i],
				    v.dir);
			flip(files[i], at);
		}
	}
	says(OK, "whole");
	run("rm %s.*", v.dir);
}

static void P10_a_file_that_nobody_knows_is_named(void **state)
{
	(void)state;
	run("cp %s/" DAY1 "*-00000001.mp4.age %s/" DAY1
	    "20261122T100000Z-00000009.mp4.age",
	    v.dir, v.dir);
	says(ERR_INTEGRITY, "00000009.mp4.age: no journal record names it");
	run("mkdir %s/footage/Cam9", v.dir);
	says(ERR_INTEGRITY, "Cam9 does not belong here");
	assert_int_equal(reader(), 1);
	run("rm %s.*", v.dir);
}

static void P2_a_day_that_was_removed_is_named(void **state)
{
	(void)state;
	run("rm -r %s/footage/cam1/2026/11/22", v.dir);
	says(ERR_TRUNCATED,
	    "segments 1 to 2 before this have no journal "
	    "record");
	says(ERR_TRUNCATED,
	    "20261122T091507Z-00000001.mp4.age: the ledger "
	    "has it (entry 1), no journal does");
	says(ERR_TRUNCATED,
	    DAY1 "journal: has no record 5, which the ledger "
		 "covers");
	assert_int_equal(reader(), 1);
	run("rm %s.*", v.dir);
}

static void P2_a_camera_that_was_removed_is_named(void **state)
{
	(void)state;
	run("rm -r %s/footage/cam2", v.dir);
	says(ERR_TRUNCATED,
	    CAM2 "20261122T091511Z-00000002.mp4.age: the "
		 "ledger has it");
}

static void P2_a_shortened_file_is_named(void **state)
{
	struct stat st;
	const char *path = DAY1 "20261122T091507Z-00000001.mp4.age";
	char full[128];

	(void)state;
	assert_int_equal(fstatat(v.fd, path, &st, 0), 0);
	snprintf(full, sizeof(full), "%s/%s", v.dir, path);
	assert_int_equal(truncate(full, st.st_size - 5), 0);
	says(ERR_TRUNCATED, "-00000001.mp4.age: ends at");
	assert_int_equal(truncate(full, st.st_size), 0);
	run("printf x >> %s", full);
	says(ERR_INTEGRITY, "-00000001.mp4.age: ");
}

static void P10_a_segment_that_the_ledger_does_not_have_is_named(void **state)
{
	struct journal_head h;
	struct segment *s;

	(void)state;
	/* Two more sealed ones are late at most; three are not. */
	assert_int_equal(journal_head_load(v.fd, "cam2", VOLUME_DAY, &h), OK);
	for (uint64_t seq = 4; seq <= 6; seq++) {
		if (seq == 6)
			says(OK, "segment 5 is sealed and not entered yet");
		s = volume_segment(&v, "cam2", VOLUME_DAY, seq, &h);
		assert_int_equal(segment_seal(s), OK);
		segment_free(s);
	}
	says(ERR_INTEGRITY, "segment 4 is not in the ledger");
}

static void P8_a_torn_last_record_is_only_a_note(void **state)
{
	(void)state;
	run("printf half >> %s/" DAY2 "journal", v.dir);
	says(OK, "its last record is being written, or torn");
	assert_int_equal(reader(), 0);
	run("rm %s.*", v.dir);
}

static void P8_a_file_that_was_only_begun_is_a_note(void **state)
{
	(void)state;
	run("head -c 184 %s/" DAY1 "*-00000001.mp4.age > %s/" DAY1
	    "20261122T100000Z-00000003.mp4.age",
	    v.dir, v.dir);
	says(OK, "00000003.mp4.age: was begun, and holds no footage");
	assert_int_equal(reader(), 0);
	run("head -c 185 %s/" DAY1 "*-00000001.mp4.age > %s/" DAY1
	    "20261122T100000Z-00000003.mp4.age",
	    v.dir, v.dir);
	says(ERR_INTEGRITY, "no journal record names it");
	assert_int_equal(reader(), 1);
	run("rm %s.*", v.dir);
}

static void P8_an_open_segment_that_lost_its_end_is_only_a_note(void **state)
{
	(void)state;
	run("truncate -s 1000 %s/" DAY2 "*-00000004.mp4.age", v.dir);
	says(OK, "is open and shorter than its journal");
	assert_int_equal(reader(), 0);
	run("rm %s.*", v.dir);
}

static void P8_the_tail_of_a_cut_segment_is_missed(void **state)
{
	(void)state;
	run("mv %s/" CAM2 "*.tail.age %s.tail", v.dir, v.dir);
	says(ERR_TRUNCATED, "00000003.tail.age: the file is missing");
	assert_int_equal(reader(), 1);
	run("cat %s.tail %s.tail > %s/" CAM2
	    "20261122T091515Z-00000003.tail.age",
	    v.dir, v.dir, v.dir);
	says(ERR_INTEGRITY, "00000003.tail.age: is not the tail that was");
	assert_int_equal(reader(), 1);
	run("rm %s.*", v.dir);
}

static void P10_a_tail_that_no_record_names_is_named(void **state)
{
	(void)state;
	run("cp %s/" CAM2 "*.tail.age %s/" CAM2
	    "20261122T091507Z-00000001.tail.age",
	    v.dir, v.dir);
	says(ERR_INTEGRITY, "00000001.tail.age: no journal record names it");
	assert_int_equal(reader(), 1);
	run("rm %s.*", v.dir);
}

static void P8_slots_of_a_tail_are_no_findings(void **state)
{
	(void)state;
	run("touch %s/" DAY2 "20261123T091515Z-00000004.tail0", v.dir);
	run("touch %s/" DAY2 "20261123T091519Z-00000004.tail1", v.dir);
	says(OK, "");
	assert_int_equal(reader(), 0);
	run("touch %s/" DAY1 "20261122T091507Z-00000001.tail1", v.dir);
	says(OK, "00000001.tail1: is a slot of a tail that is over");
	assert_int_equal(reader(), 0);
	run("rm %s.*", v.dir);
}

static void json_is_json(void **state)
{
	char *text, cmd[128];
	FILE *f;

	(void)state;
	run("rm %s/" DAY1 "*-00000001.mp4.age; touch %s/footage/'a\"\\b'",
	    v.dir, v.dir);
	assert_int_equal(check(true, &text), ERR_INTEGRITY);
	snprintf(cmd, sizeof(cmd),
	    "/usr/bin/python3 -c 'import json,sys; "
	    "d=json.load(sys.stdin); assert d[\"summary\"][\"missing\"]==1; "
	    "assert len(d[\"findings\"])==3'");
	f = popen(cmd, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(pclose(f), 0);
	free(text);
}

static void a_volume_without_a_ledger_is_not_whole(void **state)
{
	(void)state;
	run("rm -r %s/ledger", v.dir);
	says(ERR_TRUNCATED, "the ledger is missing");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(P10_a_whole_volume_fits),
	    TEST(P10_a_reader_in_another_language_agrees),
	    TEST(times_are_those_of_the_site_and_UTC),
	    TEST(P10_a_changed_byte_of_any_file_is_found),
	    TEST(P10_a_file_that_nobody_knows_is_named),
	    TEST(P2_a_day_that_was_removed_is_named),
	    TEST(P2_a_camera_that_was_removed_is_named),
	    TEST(P2_a_shortened_file_is_named),
	    TEST(P10_a_segment_that_the_ledger_does_not_have_is_named),
	    TEST(P8_a_torn_last_record_is_only_a_note),
	    TEST(P8_a_file_that_was_only_begun_is_a_note),
	    TEST(P8_an_open_segment_that_lost_its_end_is_only_a_note),
	    TEST(P8_the_tail_of_a_cut_segment_is_missed),
	    TEST(P10_a_tail_that_no_record_names_is_named),
	    TEST(P8_slots_of_a_tail_are_no_findings),
	    TEST(json_is_json),
	    TEST(a_volume_without_a_ledger_is_not_whole),
	};

	return crypt_init() ?
	    1 :
	    cmocka_run_group_tests(tests, make_clip, drop_clip);
}
