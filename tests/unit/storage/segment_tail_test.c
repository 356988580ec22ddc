/* The tail of a segment being written; the program `age` opens it. */
#include "tests/unit/storage/one_segment.h"

#define NONCE_AT AGE_HEADER_ONE

/* The slot's age file, without the record before it, as data/tail. */
static unsigned char *tail_output(const unsigned char *slot, size_t *ret_n)
{
	uint64_t n;
	struct journal_record r;

	assert_int_equal(journal_decode(slot, head.chain, &r), OK);
	n = r.cipher_to;
	assert_int_equal(disk_replace(data_fd, ".", "tail",
			     slot + JOURNAL_RECORD, n),
	    OK);
	return age_output_of("tail", 0, ret_n);
}

static void P8_chunks_and_tail_together_are_all_that_was_received(void **state)
{
	struct segment *s = begin();
	unsigned char *slot, *chunks, *tail;
	size_t n, chunks_n, tail_n, end;

	(void)state;
	for (size_t i = 0; i < clip.fragments; i++) {
		put(s, i);
		assert_int_equal(segment_tail(s), OK);
		slot = read_slot(1, &n);
		assert_non_null(slot);
		chunks = age_output(1, &chunks_n);
		tail = tail_output(slot, &tail_n);
		end = clip.fragment[i].off + clip.fragment[i].n;
		assert_int_equal(chunks_n + tail_n, end);
		assert_memory_equal(chunks, clip.p, chunks_n);
		assert_memory_equal(tail, clip.p + chunks_n, tail_n);
		free(slot);
		free(chunks);
		free(tail);
	}
	assert_true(s->chunks > 0); /* both kinds were seen */
	segment_free(s);
}

static void P8_what_is_pending_is_as_old_as_its_fragment(void **state)
{
	struct segment *s = begin();
	bool more = false, end = false;

	(void)state;
	for (size_t i = 0; i < clip.fragments; i++) {
		bool older;

		put(s, i);
		older = s->chunk_n > clip.fragment[i].n;
		assert_int_equal(s->pending_ns, older ? INT64_MAX : NS_PER_SEC);
		more = more || older;
		end = end || !older;
	}
	assert_true(more && end);
	segment_free(s);
}

static void P1_the_tail_has_the_header_and_never_a_used_nonce(void **state)
{
	struct segment *s = begin();
	unsigned char *file, *a, *b;
	char path[160];
	size_t n;

	(void)state;
	put(s, 0);
	assert_int_equal(segment_tail(s), OK);
	a = read_slot(1, &n);
	put(s, 1);
	assert_int_equal(segment_tail(s), OK);
	b = read_slot(1, &n);
	assert_int_equal(disk_read_all(data_fd,
			     segment_path(path, sizeof(path)), 1u << 30, &file,
			     &n),
	    OK);
	assert_memory_equal(a + JOURNAL_RECORD, file, NONCE_AT);
	assert_memory_equal(b + JOURNAL_RECORD, file, NONCE_AT);
	a += JOURNAL_RECORD + NONCE_AT;
	b += JOURNAL_RECORD + NONCE_AT;
	assert_memory_not_equal(a, file + NONCE_AT, AGE_NONCE);
	assert_memory_not_equal(b, file + NONCE_AT, AGE_NONCE);
	assert_memory_not_equal(a, b, AGE_NONCE);
	free(a - JOURNAL_RECORD - NONCE_AT);
	free(b - JOURNAL_RECORD - NONCE_AT);
	free(file);
	segment_free(s);
}

static void P8_the_slot_that_a_sync_covered_is_left_alone(void **state)
{
	struct segment *s = begin();
	unsigned char *durable, *p;
	size_t n, m;

	(void)state;
	put(s, 0);
	assert_int_equal(segment_tail(s), OK);
	assert_null(read_slot(0, &n));
	segment_tail_synced(s);
	durable = read_slot(1, &n);
	for (size_t i = 1; i < 3; i++) { /* two syncs that do not succeed */
		put(s, i);
		assert_int_equal(segment_tail(s), OK);
		p = read_slot(1, &m);
		assert_int_equal(m, n);
		assert_memory_equal(p, durable, n);
		free(p);
	}
	free(durable);
	segment_tail_synced(s);
	durable = read_slot(0, &n);
	put(s, 3);
	assert_int_equal(segment_tail(s), OK);
	p = read_slot(0, &m);
	assert_int_equal(m, n);
	assert_memory_equal(p, durable, n);
	free(p);
	free(durable);
	segment_free(s);
}

static void a_tail_that_has_all_is_not_written_again(void **state)
{
	struct segment *s = begin();
	unsigned char *p;
	size_t n;

	(void)state;
	put(s, 0);
	assert_int_equal(segment_tail(s), OK);
	segment_tail_synced(s);
	assert_int_equal(segment_tail(s), OK);
	assert_null(read_slot(0, &n));
	p = read_slot(1, &n);
	assert_non_null(p);
	free(p);
	segment_free(s);
}

static void a_sealed_segment_drops_its_slots(void **state)
{
	struct segment *s = begin();
	uint64_t records = head.records;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		put(s, i);
		assert_int_equal(segment_tail(s), OK);
		segment_tail_synced(s);
	}
	assert_int_equal(segment_seal(s), OK);
	assert_int_equal(head.records, records + 3); /* tails are none */
	segment_tail_drop(s);
	assert_null(read_slot(0, &n));
	assert_null(read_slot(1, &n));
	segment_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P8_chunks_and_tail_together_are_all_that_was_received),
	    cmocka_unit_test(P8_what_is_pending_is_as_old_as_its_fragment),
	    cmocka_unit_test(P1_the_tail_has_the_header_and_never_a_used_nonce),
	    cmocka_unit_test(P8_the_slot_that_a_sync_covered_is_left_alone),
	    cmocka_unit_test(a_tail_that_has_all_is_not_written_again),
	    cmocka_unit_test(a_sealed_segment_drops_its_slots),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
