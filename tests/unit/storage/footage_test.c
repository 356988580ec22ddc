/* What the journals say of segments that the index calls open. */
#include "tests/unit/storage/one_segment.h"

#include "storage/footage.h"

static struct segment *with_all(void)
{
	struct segment *s = begin();

	for (size_t i = 0; i < clip.fragments; i++)
		put(s, i);
	return s;
}

static void P8_of_an_open_segment_the_whole_chunks_count(void **state)
{
	struct segment *s = with_all();
	size_t counts = 0;
	struct footage f;

	(void)state;
	assert_int_equal(segment_tail(s), OK); /* it may change at any time */
	while (clip.fragment[counts].off + clip.fragment[counts].n <=
	    s->chunks * AGE_CHUNK)
		counts++;
	assert_true(counts > 0 && counts < clip.fragments);
	assert_int_equal(footage_read(data_fd, &s->row, &f), OK);
	assert_true(f.cut);
	assert_int_equal(f.n, counts);
	assert_int_equal(f.received_ns, s->row.end_ns);
	footage_free(&f);
	segment_free(s);
}

static void a_sealed_segment_is_whole_before_the_index_knows(void **state)
{
	struct segment *s = with_all();
	struct segment_row open = s->row;
	struct age_file *file;
	struct footage f;

	(void)state;
	assert_int_equal(segment_seal(s), OK);
	assert_int_equal(footage_read(data_fd, &open, &f), OK);
	assert_false(f.cut);
	assert_int_equal(f.n, clip.fragments);
	assert_int_equal(footage_open(data_fd, &f, s->file_key, &file), OK);
	assert_int_equal(age_file_size(file), clip.n);
	age_file_close(file);
	footage_free(&f);
	segment_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P8_of_an_open_segment_the_whole_chunks_count),
	    cmocka_unit_test(a_sealed_segment_is_whole_before_the_index_knows),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
