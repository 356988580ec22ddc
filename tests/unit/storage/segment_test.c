/* The judge of what is written is the program `age` and the journal's text. */
#include "tests/unit/storage/clip.h"

#include <fcntl.h>

#include "storage/disk.h"
#include "storage/identity.h"
#include "storage/segment.h"
#include "storage/site.h"

static char data[] = "/tmp/saqta-segment-XXXXXX";
static int data_fd;
static struct clip clip;
static struct age_identity id;
static struct age_recipient to;
static struct journal_head head;
static struct segment_row row = {.camera = "cam1",
    .day = "2026-11-22",
    .start_ns = INT64_C(1795338907) * NS_PER_SEC};

static int set_up(void **state)
{
	char text[IDENTITY_TEXT];

	(void)state;
	if (crypt_init() || !mkdtemp(data))
		return -1;
	data_fd = open(data, O_RDONLY | O_DIRECTORY);
	clip_make(&clip, CLIP_H264);
	identity_new(&id);
	identity_recipient(&id, &to);
	identity_format(&id, text);
	return journal_head_load(data_fd, "cam1", "2026-11-22", &head) ||
	    disk_replace(data_fd, ".", "day.key", text, strlen(text));
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	clip_free(&clip);
	close(data_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", data);
	return system(cmd);
}

static struct segment *begin(void)
{
	struct segment *s = NULL;

	row.seq++;
	assert_int_equal(segment_begin(data_fd, &row, &to, clip.p, clip.init_n,
			     5, 1, 1, 0, &head, &s),
	    OK);
	return s;
}

static void put(struct segment *s, size_t i)
{
	assert_int_equal(segment_put(s, clip.p + clip.fragment[i].off,
			     clip.fragment[i].n,
			     row.start_ns + (int64_t)i * NS_PER_SEC, NS_PER_SEC,
			     7, i ? 0 : FRAGMENT_KEY),
	    OK);
}

static char *segment_path(char *buf, size_t n)
{
	return path_segment("cam1", row.day, row.start_ns, row.seq, buf, n);
}

/* What `age -d` prints of the file; it must exit with `status`. */
static unsigned char *age_output(int status, size_t *ret_n)
{
	char cmd[400], path[160], out[64];
	unsigned char *p = NULL;

	snprintf(out, sizeof(out), "%s/out", data);
	snprintf(cmd, sizeof(cmd),
	    "age -d -i %s/day.key %s/%s > %s 2>/dev/null; test $? = %d", data,
	    data, segment_path(path, sizeof(path)), out, status);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(disk_read_all(AT_FDCWD, out, 1u << 30, &p, ret_n), OK);
	return p;
}

static void read_journal(struct journal *j)
{
	char path[128];
	unsigned char *p;
	size_t n;

	assert_int_equal(disk_read_all(data_fd,
			     path_journal("cam1", row.day, path, sizeof(path)),
			     1u << 20, &p, &n),
	    OK);
	assert_int_equal(journal_parse(p, n, "cam1", row.day, j), OK);
	assert_int_equal(j->valid_n, n);
	free(p);
}

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
