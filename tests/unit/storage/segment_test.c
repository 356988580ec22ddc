/* The judge of what is written is the program `age` and the journal's text. */
#include "tests/unit/storage/one_segment.h"

static void P1_age_opens_a_sealed_segment_and_nothing_plain_is_in_it(void *
	*state)
{
	struct segment *s = begin();
	unsigned char *p, *raw;
	char path[160];
	size_t n;

	(void)state;
	for (size_t i = 0; i < clip.fragments; i++)
		put(s, i);
	assert_int_equal(segment_seal(s), OK);
	p = age_output(0, &n);
	assert_int_equal(n, clip.n);
	assert_memory_equal(p, clip.p, n);
	free(p);
	assert_int_equal(disk_read_all(data_fd,
			     segment_path(path, sizeof(path)), 1u << 30, &raw,
			     &n),
	    OK);
	assert_null(memmem(raw, n, "moof", 4));
	assert_null(memmem(raw, n, "ftyp", 4));
	assert_int_equal(s->row.bytes, n);
	free(raw);
	segment_free(s);
}

static void the_journal_says_what_was_written(void **state)
{
	unsigned char root[HASH_BYTES], cipher[HASH_BYTES];
	struct segment *s = begin();
	size_t first = (size_t)s->row.record;
	struct journal j;

	(void)state;
	for (size_t i = 0; i < clip.fragments; i++)
		put(s, i);
	assert_int_equal(segment_seal(s), OK);
	read_journal(&j);
	assert_int_equal(j.n, head.records);
	assert_int_equal(j.n - first, clip.fragments + 2);
	assert_int_equal(j.records[first].type, JOURNAL_BEGIN);
	assert_int_equal(j.records[first].cipher_from, 0);
	for (size_t i = 1; i < j.n - first; i++)
		assert_int_equal(j.records[first + i].cipher_from,
		    j.records[first + i - 1].cipher_to);
	assert_int_equal(j.records[j.n - 1].cipher_to, s->row.bytes);
	assert_int_equal(journal_segment(&j, first, j.n - first,
			     (uint32_t)clip.fragments, root, cipher),
	    OK);
	assert_memory_equal(root, s->root, HASH_BYTES);
	assert_memory_equal(cipher, s->cipher_hash, HASH_BYTES);
	journal_free(&j);
	segment_free(s);
}

static void P8_only_whole_chunks_are_on_the_disk_before_the_seal(void **state)
{
	struct segment *s = begin();
	unsigned char *p;
	size_t n;

	(void)state;
	for (size_t i = 0; i < clip.fragments; i++)
		put(s, i);
	assert_int_equal((s->file_off - 184) % AGE_CHUNK_SEALED, 0);
	assert_true(clip.n > AGE_CHUNK);
	assert_true(s->plain_len - s->chunks * AGE_CHUNK <= AGE_CHUNK);
	p = age_output(1, &n); /* the writer died here */
	assert_int_equal(n, clip.n / AGE_CHUNK * AGE_CHUNK);
	assert_memory_equal(p, clip.p, n);
	free(p);
	assert_int_equal(segment_seal(s), OK);
	segment_free(s);
}

static void P9_a_sealed_segment_is_read_back_and_compared(void **state)
{
	struct segment *s = begin();
	char path[160];
	unsigned char byte;
	int fd;

	(void)state;
	for (size_t i = 0; i < clip.fragments; i++)
		put(s, i);
	assert_int_equal(segment_seal(s), OK);
	segment_prove(s);
	assert_int_equal(s->proof_err, OK);
	assert_true(s->proof_fd >= 0);
	close(s->proof_fd);
	s->proof_fd = -1;
	fd = openat(data_fd, segment_path(path, sizeof(path)), O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 70000), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 70000), 1);
	segment_prove(s);
	assert_int_equal(s->proof_err, ERR_INTEGRITY);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 70000), 1);
	s->pieces[2].content[0] ^= 1; /* not what was recorded */
	segment_prove(s);
	assert_int_equal(s->proof_err, ERR_INTEGRITY);
	close(fd);
	segment_free(s);
}

static void bytes_that_are_no_fragment_change_nothing(void **state)
{
	struct segment *s = begin();
	uint64_t records = head.records, plain = s->plain_len;

	(void)state;
	assert_int_equal(segment_put(s, clip.p, clip.init_n, row.start_ns, 1, 1,
			     0),
	    ERR_FORMAT);
	assert_int_equal(segment_put(s, clip.p + clip.fragment[0].off,
			     clip.fragment[0].n - 1, row.start_ns, 1, 1, 0),
	    ERR_FORMAT);
	assert_int_equal(head.records, records);
	assert_int_equal(s->plain_len, plain);
	put(s, 0);
	assert_int_equal(segment_seal(s), OK);
	segment_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P1_age_opens_a_sealed_segment_and_nothing_plain_is_in_it),
	    cmocka_unit_test(the_journal_says_what_was_written),
	    cmocka_unit_test(
		P8_only_whole_chunks_are_on_the_disk_before_the_seal),
	    cmocka_unit_test(P9_a_sealed_segment_is_read_back_and_compared),
	    cmocka_unit_test(bytes_that_are_no_fragment_change_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
