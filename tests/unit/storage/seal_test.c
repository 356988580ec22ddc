/* seal.c: the order after the last byte of a segment, with a real volume. */
#include "tests/unit/storage/one_segment.h"
#include "storage/keeper_machine.h"

static struct keeper k;
static struct camera *m;
static bool sync_fails;

static void run_sync(void *job)
{
	struct keeper *x = job;

	for (unsigned i = 0; i < x->sync_n; i++)
		x->sync[i].err =
		    sync_fails ? ERR_DISK : disk_sync_volume(x->sync[i].fd);
}

static void run_prove(void *job)
{
	segment_prove(job);
}

static int set_up_keeper(void **state)
{
	struct camera_row cam = {
	    .id = "cam1", .enabled = true, .next_seq = 1, .added_ns = 1};
	unsigned char key[KEY_BYTES];
	size_t cut;

	if (set_up(state) || utc_site("Asia/Almaty"))
		return -1;
	k = (struct keeper){.data_fd = data_fd,
	    .now = {row.start_ns + 60 * NS_PER_SEC},
	    .mono = {60 * NS_PER_SEC}};
	k.rclock.now_ns = k.now.ns;
	wall_init(&k.clock, 1, k.now, k.mono);
	return index_open(data, false, &k.ix) ||
	    volumes_open(data_fd, data, "saqta.example/t", true) ||
	    ledger_create(data_fd, "saqta.example/t", key) ||
	    ledger_open(data_fd, &k.ledger, &cut) ||
	    index_camera_put(k.ix, &cam) || camera_load(&k, "cam1", &m) ||
	    worker_new(run_sync, &k.syncer) || worker_new(run_prove, &k.prover);
}

static int tear_down_keeper(void **state)
{
	worker_free(k.syncer);
	worker_free(k.prover);
	free(m);
	volumes_close();
	index_close(k.ix);
	ledger_close(k.ledger);
	return tear_down(state);
}

/* A whole segment of the camera that waits for its sync. */
static void wait_for_sync(void)
{
	struct segment *s = begin();

	m->head = head;
	assert_int_equal(index_segment_put(k.ix, &s->row), OK);
	for (size_t i = 0; i < clip.fragments; i++)
		put(s, i);
	m->segment = s;
	camera_end_segment(&k, m);
	assert_ptr_equal(k.sealing, s);
}

/* The sync of the volume, to its end. */
static void sync_all(void)
{
	k.next_sync_ns = 0;
	seal_sync(&k);
	assert_true(k.syncing);
	while (!worker_done(k.syncer))
		;
	seal_synced(&k);
	assert_null(k.sealing);
}

static unsigned entries(unsigned type)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	unsigned count = 0;
	size_t n;

	assert_int_equal(ledger_commit(k.ledger), OK);
	for (uint64_t i = 0; i < ledger_size(k.ledger); i++) {
		assert_int_equal(ledger_get(k.ledger, i, buf, &n), OK);
		assert_int_equal(entry_parse(buf, n, &v), OK);
		count += v.type == type;
	}
	return count;
}

static void a_segment_is_entered_after_its_sync_and_read_back(void **state)
{
	struct segment_row found;

	(void)state;
	wait_for_sync();
	assert_int_equal(entries(ENTRY_SEGMENT), 0);
	sync_all();
	assert_int_equal(entries(ENTRY_SEGMENT), 1);
	while (entries(ENTRY_READ_BACK) < 1)
		seal_proved(&k);
	assert_int_equal(index_segment_find(k.ix, "cam1", row.seq, &found), OK);
	assert_int_equal(found.state, SEGMENT_SEALED);
	assert_int_equal(found.proof, PROOF_VERIFIED);
}

/* Cameras write on all the time: so that it costs no sync of its own. */
static void P9_a_read_back_is_entered_with_the_next_sync(void **state)
{
	unsigned proved = entries(ENTRY_READ_BACK);

	(void)state;
	wait_for_sync();
	sync_all();
	k.dirty = true;
	while (!k.proofs)
		seal_proved(&k);
	assert_int_equal(entries(ENTRY_READ_BACK), proved);
	sync_all();
	assert_int_equal(entries(ENTRY_READ_BACK), proved + 1);
}

static enum err count_row(const struct segment_row *s, void *arg)
{
	(void)s;
	++*(unsigned *)arg;
	return OK;
}

static unsigned open_rows(void)
{
	unsigned n = 0;

	assert_int_equal(index_segments_open(k.ix, count_row, &n), OK);
	return n;
}

/* A file of a segment's name, of so many bytes; is it there? */
static void make_file(const struct segment_row *r, off_t bytes)
{
	char path[160];
	int fd;

	path_segment(r->camera, r->day, r->start_ns, r->seq, path,
	    sizeof(path));
	fd = openat(data_fd, path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, bytes), 0);
	close(fd);
}

static bool is_file(const struct segment_row *r)
{
	char path[160];

	path_segment(r->camera, r->day, r->start_ns, r->seq, path,
	    sizeof(path));
	return !faccessat(data_fd, path, F_OK, 0);
}

/* The power went after the index's sync and before that of the footage. */
static void P8_a_row_of_which_no_journal_knows_gives_its_number_back(void *
	*state)
{
	struct camera_row cam;
	struct segment_row lost = row, bare, away;

	(void)state;
	lost.state = SEGMENT_OPEN;
	away = lost;
	assert_int_equal(index_camera_find(k.ix, "cam1", &cam), OK);
	lost.seq = 100;	/* that day has a journal, of earlier ones */
	assert_int_equal(index_segment_put(k.ix, &lost), OK);
	bare = lost;
	make_file(&bare, AGE_HEADER_ONE);
	lost.seq = 101;	/* this one has none */
	memcpy(lost.day, "2026-11-24", sizeof(lost.day));
	assert_int_equal(index_segment_put(k.ix, &lost), OK);
	away.seq = 50;	/* what is not here is not known to be lost */
	away.volume = 3;
	assert_int_equal(index_segment_put(k.ix, &away), OK);
	assert_int_equal(open_rows(), 3);
	cam.next_seq = 102;
	assert_int_equal(index_camera_put(k.ix, &cam), OK);
	assert_int_equal(recover_camera(&k, m), OK);
	assert_int_equal(open_rows(), 1);
	assert_false(is_file(&bare));
	assert_int_equal(index_segment_find(k.ix, "cam1", 50, &away), OK);
	assert_int_equal(index_segment_drop(k.ix, "cam1", 50), OK);
	assert_int_equal(index_camera_find(k.ix, "cam1", &cam), OK);
	assert_int_equal(cam.next_seq, 100);
	/* bytes that may be footage are nobody's to remove (P2) */
	cam.next_seq = 101;
	assert_int_equal(index_camera_put(k.ix, &cam), OK);
	assert_int_equal(index_segment_put(k.ix, &bare), OK);
	make_file(&bare, AGE_HEADER_ONE + AGE_NONCE + 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(recover_camera(&k, m), OK);
		assert_int_equal(open_rows(), 0);
		assert_true(is_file(&bare));
	}
}

/* A disk that does not give a journal back has not lost it. */
static void P2_a_row_whose_journal_cannot_be_read_stays(void **state)
{
	struct segment_row kept = row;
	char dir[96], path[128];

	(void)state;
	/* two younger days: recovery does not look at this one */
	assert_int_equal(disk_mkdirs(k.data_fd, "footage/cam1/2026/11/24"), OK);
	kept.state = SEGMENT_OPEN;
	kept.seq = 102;
	memcpy(kept.day, "2026-11-01", sizeof(kept.day));
	path_journal("cam1", kept.day, path, sizeof(path));
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path),
	    path);
	assert_int_equal(disk_mkdirs(k.data_fd, dir), OK);
	assert_int_equal(symlinkat("elsewhere", k.data_fd, path), 0);
	assert_int_equal(index_segment_put(k.ix, &kept), OK);
	assert_int_equal(recover_camera(&k, m), OK);
	assert_int_equal(open_rows(), 1);
	assert_int_equal(unlinkat(k.data_fd, path, 0), 0);
	assert_int_equal(recover_camera(&k, m), OK);
	assert_int_equal(open_rows(), 0);
}

/* A write of the next one failed: recovery finds this one whole and seals it. */
static void one_that_recovery_has_sealed_meanwhile_is_not_entered_twice(void *
	*state)
{
	unsigned before = entries(ENTRY_SEGMENT);
	unsigned proved = entries(ENTRY_READ_BACK);
	struct segment_row found, after;

	(void)state;
	wait_for_sync();
	assert_int_equal(recover_camera(&k, m), OK);
	assert_int_equal(entries(ENTRY_SEGMENT), before + 1);
	assert_int_equal(index_segment_find(k.ix, "cam1", row.seq, &found), OK);
	k.now.ns += 90 * INT64_C(86400) * NS_PER_SEC;
	sync_all();
	assert_int_equal(entries(ENTRY_SEGMENT), before + 1);
	while (entries(ENTRY_READ_BACK) <= proved)
		seal_proved(&k);
	assert_int_equal(index_segment_find(k.ix, "cam1", row.seq, &after), OK);
	assert_int_equal(after.entry, found.entry);
	assert_int_equal(after.retain_ns, found.retain_ns);
	assert_int_equal(after.proof, PROOF_VERIFIED);
}

/* The end of a large fragment is young, and then not any more. */
static void P8_a_tail_is_left_to_the_next_sync_only_while_it_is_young(void *
	*state)
{
	static const struct {
		int64_t pending_ms, came_ms;
		bool waits;
	} cases[] = {
	    {100, 10, true}, {100, 450, true}, {100, 460, false},
	    {540, 20, false},
	    {INT64_MAX / NS_PER_MS, 0, false},	/* older fragments, too */
	};
	unsigned proved = entries(ENTRY_READ_BACK);
	struct segment *s = begin();

	(void)state;
	m->head = head;
	assert_int_equal(index_segment_put(k.ix, &s->row), OK);
	m->segment = s;
	put(s, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s->tail_to = 0;
		s->pending_ns = cases[i].pending_ms * NS_PER_MS;
		m->last_fragment_ns = k.mono.ns - cases[i].came_ms * NS_PER_MS;
		k.dirty = true;
		k.next_sync_ns = 0;
		seal_sync(&k);
		assert_int_equal(s->tail_to, cases[i].waits ? 0 : s->plain_len);
		/* there is a next sync, whatever comes or does not */
		assert_int_equal(k.dirty, cases[i].waits);
		while (!worker_done(k.syncer))
			;
		seal_synced(&k);
	}
	camera_end_segment(&k, m);
	sync_all();
	while (entries(ENTRY_READ_BACK) <= proved)
		seal_proved(&k);
}

/* The kernel says it once: the sync at the end succeeds, and means nothing. */
static void P8_a_sync_that_fails_as_storage_ends_seals_nothing(void **state)
{
	unsigned before = entries(ENTRY_SEGMENT);

	(void)state;
	wait_for_sync();
	sync_fails = true;
	k.next_sync_ns = 0;
	seal_sync(&k);
	assert_true(k.syncing);
	seal_stop(&k);
	volumes_seal(&k);
	assert_int_equal(entries(ENTRY_SEGMENT), before);
	assert_int_equal(open_rows(), 1);
	/* and the next start believes the disk, not the page cache */
	assert_true(disk_faulty(&k, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_segment_is_entered_after_its_sync_and_read_back),
	    cmocka_unit_test(P9_a_read_back_is_entered_with_the_next_sync),
	    cmocka_unit_test(
		one_that_recovery_has_sealed_meanwhile_is_not_entered_twice),
	    cmocka_unit_test(
		P8_a_row_of_which_no_journal_knows_gives_its_number_back),
	    cmocka_unit_test(P2_a_row_whose_journal_cannot_be_read_stays),
	    cmocka_unit_test(
		P8_a_tail_is_left_to_the_next_sync_only_while_it_is_young),
	    cmocka_unit_test(
		P8_a_sync_that_fails_as_storage_ends_seals_nothing),
	};

	return cmocka_run_group_tests(tests, set_up_keeper, tear_down_keeper);
}
