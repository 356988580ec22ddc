#include "tests/unit/storage/volume.h"

#include "storage/footage.h"
#include "storage/rebuild.h"

static struct volume v;
static struct index *ix;

static int setup(void **state)
{
	(void)state;
	if (crypt_init() || utc_site("Asia/Almaty"))
		return -1;
	clip_make(&v.clip, CLIP_H264_B " -b:v 300k");
	volume_make(&v);
	return index_open(v.dir, false, &ix) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	index_close(ix);
	volume_free(&v);
	clip_free(&v.clip);
	return 0;
}

static struct rebuild run(void)
{
	struct rebuild r = {.dirs = {{0, v.fd}}, .dirs_n = 1};
	struct ledger *l;

	snprintf(r.data, sizeof(r.data), "%s", v.dir);
	assert_int_equal(ledger_open_readonly(v.fd, &l), OK);
	r.end = ledger_size(l);
	ledger_close(l);
	rebuild_run(&r);
	assert_int_equal(r.err, OK);
	return r;
}

/* The row leads to the segment's records: its place was found. */
static void stands(const char *camera, uint64_t seq, unsigned state)
{
	struct segment_row row;
	struct footage f;

	assert_int_equal(index_segment_find(ix, camera, seq, &row), OK);
	assert_int_equal(row.state, state);
	assert_int_equal(footage_read(v.fd, &row, &f), OK);
	assert_int_equal(f.begin.seq, seq);
	assert_int_equal(f.n, row.fragments);
	assert_int_equal(f.end_ns, row.end_ns);
	footage_free(&f);
}

static void each_segment_of_the_ledger_gets_its_row_and_its_place(void **state)
{
	struct segment_row row;
	struct rebuild r = run();

	(void)state;
	assert_int_equal(r.segments, 6);
	stands("cam1", 1, SEGMENT_SEALED);
	stands("cam1", 2, SEGMENT_SEALED);
	stands("cam1", 3, SEGMENT_SEALED);
	stands("cam2", 1, SEGMENT_CUT);
	stands("cam2", 2, SEGMENT_SEALED);	/* behind records that were cut */
	/* what was promised is taken over as it was (P2) */
	assert_int_equal(index_segment_find(ix, "cam1", 2, &row), OK);
	assert_int_equal(row.retain_ns, row.end_ns);
	assert_true(row.entry > 0);
}

static void a_row_that_is_there_is_never_replaced(void **state)
{
	struct segment_row row;

	(void)state;
	assert_int_equal(index_segment_find(ix, "cam1", 2, &row), OK);
	row.retain_ns += 5;
	row.proof = PROOF_DECODED;
	assert_int_equal(index_segment_put(ix, &row), OK);
	run();
	assert_int_equal(index_segment_find(ix, "cam1", 2, &row), OK);
	assert_int_equal(row.retain_ns, row.end_ns + 5);
	assert_int_equal(row.proof, PROOF_DECODED);
}

static enum err none(const struct segment_row *s, void *arg)
{
	(void)s;
	(void)arg;
	return OK;
}

static void ranges_are_not_told_while_rows_are_missing(void **state)
{
	(void)state;
	assert_int_equal(index_setting_put(ix, INDEX_REBUILD, "1", 1), OK);
	assert_int_equal(index_segments(ix, "cam1", 0, INT64_MAX, none, NULL),
	    ERR_REBUILDING);
	assert_int_equal(index_gaps(ix, "cam1", 0, INT64_MAX, NULL, NULL),
	    ERR_REBUILDING);
	assert_int_equal(index_setting_drop(ix, INDEX_REBUILD), OK);
	assert_int_equal(index_segments(ix, "cam1", 0, INT64_MAX, none, NULL),
	    OK);
}

static void no_number_is_given_twice(void **state)
{
	struct camera_row c = {.id = "cam1", .next_seq = 1};

	(void)state;
	assert_int_equal(index_camera_put(ix, &c), OK);
	assert_int_equal(index_numbers_raise(ix), OK);
	assert_int_equal(index_camera_find(ix, "cam1", &c), OK);
	assert_int_equal(c.next_seq, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		each_segment_of_the_ledger_gets_its_row_and_its_place),
	    cmocka_unit_test(a_row_that_is_there_is_never_replaced),
	    cmocka_unit_test(ranges_are_not_told_while_rows_are_missing),
	    cmocka_unit_test(no_number_is_given_twice),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
