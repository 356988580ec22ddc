#include "tests/unit/storage/volume.h"

#include "storage/footage.h"
#include "storage/rebuild.h"
#include "storage/zone.h"

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

/* Entries "zones" of a camera, the last of which is to hold. */
static void enter_zones(const char *camera, const void *p, size_t n)
{
	struct entry e;

	entry_begin(&e, ENTRY_ZONES, (struct utc){VOLUME_START}, 3);
	entry_put_text(&e, TAG_CAMERA, camera);
	entry_put_bytes(&e, TAG_ZONES, p, n);
	volume_enter(&v, &e);
}

static void what_views_cover_is_as_the_last_entry_says(void **state)
{
	static const unsigned char older[] = {
	    1, 1, 3, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 9};
	static const unsigned char newer[] = {
	    1, 2, 3, 0, 0, 0, 0, 0, 7, 0, 0, 0, 7, 0, 7};
	unsigned char have[ZONES_BYTES_MAX];
	char name[ZONES_NAME_MAX];
	size_t cut, n;

	(void)state;
	assert_int_equal(ledger_open(v.fd, &v.ledger, &cut), OK);
	enter_zones("cam1", older, sizeof(older));
	enter_zones("cam2", newer, sizeof(newer));
	enter_zones("cam1", newer, sizeof(newer));
	enter_zones("cam2", "", 1); /* none any more */
	enter_zones("cam1", older, sizeof(older) - 1); /* is no zone */
	assert_int_equal(ledger_checkpoint(v.ledger), OK);
	ledger_close(v.ledger);
	/* as a copy of the index of before would have it */
	assert_int_equal(index_setting_put(ix, zones_name("cam1", name), older,
			     sizeof(older)),
	    OK);
	run();
	assert_int_equal(index_setting_find(ix, zones_name("cam1", name), have,
			     sizeof(have), &n),
	    OK);
	assert_int_equal(n, sizeof(newer));
	assert_memory_equal(have, newer, n);
	assert_int_equal(index_setting_find(ix, zones_name("cam2", name), have,
			     sizeof(have), &n),
	    OK);
	assert_int_equal(n, 1);
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
	    cmocka_unit_test(what_views_cover_is_as_the_last_entry_says),
	    cmocka_unit_test(no_number_is_given_twice),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
