/* A segment whose writer died: what is kept of it, without any key. */
#include "tests/unit/storage/one_segment.h"

#include "storage/footage.h"
#include "storage/salvage.h"

static struct journal j;
static unsigned char file_key[AGE_FILE_KEY];

/* n fragments, a tail of which after each of the last two, then the end. */
static struct salvage broken(size_t n)
{
	struct segment *s = begin();
	struct salvage b = {
	    .dir_fd = data_fd, .camera = "cam1", .day = row.day};

	for (size_t i = 0; i < n; i++) {
		put(s, i);
		if (i + 2 < n)
			continue;
		assert_int_equal(segment_tail(s), OK);
		segment_tail_synced(s);
	}
	memcpy(file_key, s->file_key, sizeof(file_key));
	read_journal(&j);
	b.r = &j.records[s->row.record];
	b.n = j.n - s->row.record;
	segment_free(s);
	return b;
}

static uint64_t whole_chunks(const struct salvage *b)
{
	return (b->r[b->n - 1].cipher_to - b->r->cipher_to) / AGE_CHUNK_SEALED *
	    AGE_CHUNK;
}

static void flip_slot(unsigned slot, off_t at)
{
	char path[160];
	unsigned char c;
	int fd = openat(data_fd,
	    path_slot("cam1", row.day, row.start_ns, row.seq, slot, path,
		sizeof(path)),
	    O_RDWR);

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static size_t end_of(size_t fragment)
{
	return clip.fragment[fragment].off + clip.fragment[fragment].n;
}

static void P8_the_longest_tail_is_kept_and_opened_by_age(void **state)
{
	struct salvage b = broken(4);
	struct journal_record r;
	unsigned char *p;
	char path[160];
	size_t n;

	(void)state;
	assert_int_equal(salvage_tail(&b, whole_chunks(&b), &r), OK);
	assert_int_equal(r.type, JOURNAL_TAIL);
	assert_int_equal(r.index, 4);
	assert_int_equal(r.plain_off, whole_chunks(&b));
	assert_int_equal(r.plain_off + r.plain_len, end_of(3));
	path_tail("cam1", row.day, row.start_ns, row.seq, path, sizeof(path));
	p = age_output_of(path, 0, &n);
	assert_int_equal(n, r.plain_len);
	assert_memory_equal(p, clip.p + r.plain_off, n);
	free(p);
	journal_free(&j);
}

static void P8_a_torn_slot_leaves_the_one_before(void **state)
{
	static const off_t at[] = {0, 60, 150, 240, 300, JOURNAL_RECORD + 2000};

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct salvage b = broken(2);
		struct journal_record r;

		flip_slot(0, at[i]);
		assert_int_equal(salvage_tail(&b, whole_chunks(&b), &r), OK);
		assert_int_equal(r.index, 1);
		assert_int_equal(r.plain_len, end_of(0));
		flip_slot(1, at[i]);
		assert_int_equal(salvage_tail(&b, whole_chunks(&b), &r),
		    ERR_NOT_FOUND);
		journal_free(&j);
	}
}

static void a_tail_that_follows_no_record_is_none(void **state)
{
	struct salvage b = broken(2);
	struct journal_record r;

	(void)state;
	b.n--; /* the record of fragment 1 did not reach the disk */
	assert_int_equal(salvage_tail(&b, 0, &r), OK);
	assert_int_equal(r.index, 1);
	b.n--;
	assert_int_equal(salvage_tail(&b, 0, &r), ERR_NOT_FOUND);
	journal_free(&j);
}

static void a_tail_must_begin_where_the_chunks_end(void **state)
{
	struct salvage b = broken(2);
	struct journal_record r;

	(void)state;
	assert_int_equal(salvage_tail(&b, AGE_CHUNK, &r), ERR_NOT_FOUND);
	journal_free(&j);
}

static void records_fit_as_far_as_the_files_bear_them_out(void **state)
{
	struct salvage b = broken(4);
	struct journal_record tail, all[8];
	char path[160];
	uint64_t size;
	int fd;

	(void)state;
	assert_int_equal(disk_open_append(data_fd,
			     segment_path(path, sizeof(path)), &fd, &size),
	    OK);
	assert_int_equal(salvage_fit(&b, fd), 5);
	assert_int_equal(salvage_tail(&b, whole_chunks(&b), &tail), OK);
	memcpy(all, b.r, b.n * sizeof(*all));
	all[b.n] = tail;
	b.r = all;
	b.n++;
	assert_int_equal(salvage_fit(&b, fd), 6);
	path_tail("cam1", row.day, row.start_ns, row.seq, path, sizeof(path));
	assert_int_equal(unlinkat(data_fd, path, 0), 0);
	assert_int_equal(salvage_fit(&b, fd), 5);
	assert_int_equal(ftruncate(fd, (off_t)size - 1), 0);
	assert_true(salvage_fit(&b, fd) < 5);
	close(fd);
	journal_free(&j);
}

/* The tail and cut records, as recovery appends them. */
static void append_cut(const struct salvage *b, struct journal_record *tail)
{
	struct journal_record cut = {.type = JOURNAL_CUT, .seq = row.seq};
	unsigned char bytes[2 * JOURNAL_RECORD];
	char path[128];
	uint64_t size;
	int fd;

	cut.index = tail->index;
	cut.start_ns = row.start_ns;
	cut.cipher_from = cut.cipher_to = b->r[b->n - 1].cipher_to;
	sha256(NULL, 0, cut.cipher);
	journal_encode(tail, b->r[b->n - 1].chain, bytes);
	journal_encode(&cut, tail->chain, bytes + JOURNAL_RECORD);
	path_journal("cam1", row.day, path, sizeof(path));
	assert_int_equal(disk_open_append(data_fd, path, &fd, &size), OK);
	assert_int_equal(disk_pwrite(fd, bytes, sizeof(bytes), size), OK);
	close(fd);
	assert_int_equal(journal_head_load(data_fd, "cam1", row.day, &head),
	    OK);
}

static void P8_a_cut_segment_is_read_through_its_tail(void **state)
{
	struct segment_row cut;
	struct journal_record tail;
	struct salvage b = broken(4);
	struct footage f;
	struct age_file *file;
	unsigned char *p = malloc(clip.n);

	(void)state;
	cut = row;
	cut.state = SEGMENT_CUT;
	cut.record = (uint64_t)(b.r - j.records);
	cut.fragments = 4;
	assert_int_equal(salvage_tail(&b, whole_chunks(&b), &tail), OK);
	append_cut(&b, &tail);
	assert_int_equal(footage_read(data_fd, &cut, &f), OK);
	assert_int_equal(f.n, 4);
	assert_true(f.cut);
	assert_int_equal(footage_open(data_fd, &f, file_key, &file), OK);
	assert_int_equal(age_file_size(file), end_of(3));
	assert_int_equal(age_file_read(file, 0, p, end_of(3)), OK);
	assert_memory_equal(p, clip.p, end_of(3));
	age_file_close(file);
	footage_free(&f);
	free(p);
	journal_free(&j);
}

/* A file as it is now, and what a power cut may leave of it. */
struct torn {
	char path[160];
	unsigned char *p;
	size_t n, durable; /* bytes that the sync covered */
};

static void take(struct torn *t, size_t durable)
{
	assert_int_equal(disk_read_all(data_fd, t->path, 1u << 20, &t->p,
			     &t->n),
	    OK);
	t->durable = durable;
}

/* Step 0 leaves what was synced, the last step all. */
static void tear(const struct torn *t, size_t step, size_t steps)
{
	size_t n = t->durable + (t->n - t->durable) * step / (steps - 1);
	int fd = openat(data_fd, t->path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(disk_pwrite(fd, t->p, n, 0), OK);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	close(fd);
}

/* The fragments that recovery would count in what is there now. */
static size_t counting(uint64_t first)
{
	struct salvage b = {
	    .dir_fd = data_fd, .camera = "cam1", .day = row.day};
	struct journal_record r;
	char path[160];
	unsigned char *p;
	uint64_t plain, size;
	size_t n, counts = 0;
	int fd;

	assert_int_equal(disk_read_all(data_fd,
			     path_journal("cam1", row.day, path, sizeof(path)),
			     1u << 20, &p, &n),
	    OK);
	assert_int_equal(journal_parse(p, n, "cam1", row.day, &j), OK);
	free(p);
	b.r = &j.records[first];
	b.n = j.n - first;
	assert_int_equal(disk_open_append(data_fd,
			     segment_path(path, sizeof(path)), &fd, &size),
	    OK);
	b.n = salvage_fit(&b, fd);
	close(fd);
	assert_true(b.n > 0);
	plain = whole_chunks(&b);
	if (!salvage_tail(&b, plain, &r))
		plain += r.plain_len;
	for (size_t i = 1; i < b.n; i++)
		counts += b.r[i].plain_off + b.r[i].plain_len <= plain;
	journal_free(&j);
	return counts;
}

/*
 * One sync after two fragments; then two more and the next tail, of which any
 * part reached the disk: of file, journal and slot each its own.
 */
static void P8_what_a_sync_covered_counts_whatever_is_torn_after_it(void *
	*state)
{
	struct segment *s = begin();
	struct torn file, journal, slot;
	uint64_t first = s->row.record;

	(void)state;
	put(s, 0);
	put(s, 1);
	assert_int_equal(segment_tail(s), OK);
	segment_tail_synced(s);
	segment_path(file.path, sizeof(file.path));
	path_journal("cam1", row.day, journal.path, sizeof(journal.path));
	path_slot("cam1", row.day, row.start_ns, row.seq, 0, slot.path,
	    sizeof(slot.path));
	file.durable = s->file_off;
	journal.durable = head.records * JOURNAL_RECORD;
	put(s, 2);
	put(s, 3);
	assert_true(s->file_off > file.durable); /* a chunk came */
	assert_int_equal(segment_tail(s), OK);
	take(&file, file.durable);
	take(&journal, journal.durable);
	take(&slot, 0);
	segment_free(s);
	for (size_t a = 0; a < 4; a++)
		for (size_t b = 0; b < 6; b++)
			for (size_t c = 0; c < 4; c++) {
				size_t n;

				tear(&file, a, 4);
				tear(&journal, b, 6);
				tear(&slot, c, 4);
				n = counting(first);
				if (n < 2 || (a + b + c == 11 && n != 4))
					fail_msg("%zu %zu %zu: %zu count", a, b,
					    c, n);
			}
	free(file.p);
	free(journal.p);
	free(slot.p);
	assert_int_equal(journal_head_load(data_fd, "cam1", row.day, &head),
	    OK);
}

static void the_sweep_removes_slots_and_nothing_else(void **state)
{
	struct salvage b = broken(2);
	struct journal_record r;
	char path[160];
	size_t n;

	(void)state;
	assert_int_equal(salvage_tail(&b, 0, &r), OK);
	salvage_sweep(data_fd, "cam1", row.day, row.seq + 1);
	assert_null(read_slot(0, &n));
	assert_null(read_slot(1, &n));
	path_tail("cam1", row.day, row.start_ns, row.seq, path, sizeof(path));
	assert_int_equal(faccessat(data_fd, path, F_OK, 0), 0);
	assert_int_equal(faccessat(data_fd, segment_path(path, sizeof(path)),
			     F_OK, 0),
	    0);
	salvage_sweep(data_fd, "cam1", "2026-11-21", 1); /* no such day */
	journal_free(&j);
}

static void P8_what_no_begin_record_names_goes_with_its_number(void **state)
{
	static const char *const stray[] = {"20261122T091507Z-00000009.mp4.age",
	    "20261122T091507Z-00000008.tail.age"};
	char path[160], dir[96];

	(void)state;
	path_day("cam1", row.day, dir, sizeof(dir));
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, stray[i]);
		close(openat(data_fd, path, O_CREAT | O_WRONLY, 0600));
	}
	salvage_sweep(data_fd, "cam1", row.day, 9);
	assert_int_equal(faccessat(data_fd, path, F_OK, 0), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, stray[0]);
	assert_int_equal(faccessat(data_fd, path, F_OK, 0), -1);
	assert_int_equal(faccessat(data_fd,
			     path_journal("cam1", row.day, path, sizeof(path)),
			     F_OK, 0),
	    0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P8_the_longest_tail_is_kept_and_opened_by_age),
	    cmocka_unit_test(P8_a_torn_slot_leaves_the_one_before),
	    cmocka_unit_test(a_tail_that_follows_no_record_is_none),
	    cmocka_unit_test(a_tail_must_begin_where_the_chunks_end),
	    cmocka_unit_test(records_fit_as_far_as_the_files_bear_them_out),
	    cmocka_unit_test(P8_a_cut_segment_is_read_through_its_tail),
	    cmocka_unit_test(
		P8_what_a_sync_covered_counts_whatever_is_torn_after_it),
	    cmocka_unit_test(the_sweep_removes_slots_and_nothing_else),
	    cmocka_unit_test(
		P8_what_no_begin_record_names_goes_with_its_number),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
