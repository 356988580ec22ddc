/* keeper_volume.c: a further volume is given up for another one. */
#include "tests/unit/storage/keeper_conn.h"

#include <sched.h>
#include <sys/mount.h>

#include "storage/keeper_machine.h"
#include "storage/ledger_state.h"
#include "storage/volume.h"

#define AT(s) (KEEPER_NOW - 1000 * NS_PER_SEC + (s)*NS_PER_SEC)

static bool may_mount;
static char one[64], two[64];

static void mount_at(char path[64], const char *name)
{
	snprintf(path, 64, "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mount("tmpfs", path, "tmpfs", 0, "size=2m"), 0);
}

/* The keeper is told by the tool; OK or the error that it answers. */
static enum err tell(void (*handle)(struct keeper *, struct conn *,
			 struct wire *),
    struct wire *w)
{
	as_come(w);
	handle(&k, conn, w);
	answer(w);
	return w->type == MSG_OK ? OK : (enum err)wire_get_u16(w);
}

static enum err add(const char *path)
{
	struct wire w;

	wire_begin(&w, MSG_VOLUME_ADD, 1);
	wire_put_str(&w, path);
	return tell(handle_volume_add, &w);
}

static enum err replace(unsigned number, const char *path)
{
	struct wire w;

	wire_begin(&w, MSG_VOLUME_REPLACE, 1);
	wire_put_u32(&w, number);
	wire_put_str(&w, path);
	wire_put_str(&w, "its motor stands still");
	return tell(handle_volume_replace, &w);
}

/* An open segment of a camera on volume 1, which has broken since. */
static int begin(void **state)
{
	struct camera_row row = {.id = "cam1", .enabled = true, .added_ns = 1};
	struct segment_row s = {.camera = "cam1",
	    .seq = 1,
	    .day = "2026-11-22",
	    .start_ns = AT(0),
	    .end_ns = AT(0),
	    .state = SEGMENT_OPEN,
	    .entry = -1,
	    .volume = 1};
	struct camera *m;

	if (keeper_begin(state, PEER_CONTROL))
		return 1;
	wall_init(&k.clock, 1, k.now, k.mono);
	assert_int_equal(keyring_create(k.data_fd), OK);
	assert_int_equal(keyring_open(k.data_fd, &k.keyring), OK);
	assert_int_equal(volumes_open(k.data_fd, dir, ORIGIN, true), OK);
	if (!may_mount)
		return 0;
	mount_at(one, "one");
	mount_at(two, "two");
	assert_int_equal(add(one), OK);
	assert_int_equal(index_camera_put(k.ix, &row), OK);
	assert_int_equal(camera_load(&k, "cam1", &m), OK);
	assert_int_equal(index_segment_put(k.ix, &s), OK);
	assert_int_equal(umount2(one, 0), -1); /* it is held open */
	assert_int_equal(umount2(one, MNT_DETACH), 0);
	volumes_tick(&k);
	assert_true(volume_is_away(1));
	return 0;
}

static int end(void **state)
{
	struct camera *m = k.cameras;
	int failed;

	if (may_mount)
		umount2(two, MNT_DETACH);
	volumes_close();
	keyring_close(k.keyring);
	failed = keeper_end(state);
	free(m);
	return failed;
}

struct gaps {
	struct gap_row g[4];
	size_t n;
};

static enum err gap_add(const struct gap_row *g, void *arg)
{
	struct gaps *all = arg;

	assert_true(all->n < 4);
	all->g[all->n++] = *g;
	return OK;
}

/* The one gap of a camera that was lost is from there to there. */
static void lost_is(const char *camera, int64_t from_ns, int64_t to_ns)
{
	struct gaps all = {.n = 0};
	size_t lost = 0;

	assert_int_equal(index_gaps(k.ix, camera, 0, INT64_MAX, gap_add, &all),
	    OK);
	for (size_t i = 0; i < all.n; i++) {
		if (all.g[i].cause != CAUSE_LOST)
			continue;
		assert_int_equal(all.g[i].from_ns, from_ns);
		assert_int_equal(all.g[i].to_ns, to_ns);
		lost++;
	}
	assert_int_equal(lost, 1);
}

static void one_that_was_added_before_takes_the_place_of_the_lost_one(void *
	*state)
{
	struct entry_view v;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(add(two), OK);
	assert_int_equal(replace(1, two), OK);
	assert_true(volume_find(1)->lost);
	assert_int_equal(volumes_count(), 3);
	assert_true(find(ENTRY_VOLUME_LOST, &v));
}

static void the_file_system_of_the_data_takes_nobodys_place(void **state)
{
	(void)state;
	if (!may_mount)
		skip();
	/* mounted, and the data lies there */
	assert_int_equal(mount(dir, one, NULL, MS_BIND, NULL), 0);
	assert_int_not_equal(replace(1, one), OK);
	assert_int_equal(umount2(one, MNT_DETACH), 0);
	assert_true(volume_is_away(1));
}

static void P2_a_replacement_that_breaks_off_is_given_again(void **state)
{
	struct segment_row s;
	struct entry_view v;
	char path[64];

	(void)state;
	if (!may_mount)
		skip();
	/* the list cannot be written */
	snprintf(path, sizeof(path), "%s/volumes.tmp", dir);
	assert_int_equal(add(two), OK);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_not_equal(replace(1, two), OK);
	/* what was entered stands, and it is still waited for */
	assert_true(find(ENTRY_VOLUME_LOST, &v));
	assert_true(volume_is_away(1));
	assert_int_equal(rmdir(path), 0);
	k.now.ns += 60 * NS_PER_SEC;
	assert_int_equal(replace(1, two), OK);
	assert_true(volume_find(1)->lost);
	assert_int_equal(index_segment_find(k.ix, "cam1", 1, &s),
	    ERR_NOT_FOUND);
	lost_is("cam1", AT(0), KEEPER_NOW);
}

static void P7_what_was_being_written_there_ends_where_the_next_begins(void *
	*state)
{
	struct segment_row next = {.camera = "cam1",
	    .seq = 2,
	    .day = "2026-11-22",
	    .start_ns = AT(20),
	    .end_ns = AT(60),
	    .state = SEGMENT_SEALED,
	    .entry = 3};

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(index_segment_put(k.ix, &next), OK);
	assert_int_equal(replace(1, two), OK);
	lost_is("cam1", AT(0), AT(20));
}

static void P7_a_camera_that_is_no_more_has_its_gap_too(void **state)
{
	struct gap_row off = {.camera = "cam1",
	    .from_ns = AT(30),
	    .to_ns = AT(500),
	    .cause = CAUSE_DISK_ERROR,
	    .noticed_ns = AT(30)};

	(void)state;
	if (!may_mount)
		skip();
	free(k.cameras);
	k.cameras = NULL;
	assert_int_equal(index_gap_put(k.ix, &off), OK);
	assert_int_equal(replace(1, two), OK);
	lost_is("cam1", AT(0), AT(30));
}

static uint64_t entered(enum entry_type type)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	uint64_t count = 0;
	size_t n;

	for (uint64_t i = 0; i < ledger_size(k.ledger); i++) {
		assert_int_equal(ledger_get(k.ledger, i, buf, &n), OK);
		assert_int_equal(entry_parse(buf, n, &v), OK);
		count += v.type == type;
	}
	return count;
}

/* As after kill -9: what was not committed never was. */
static void killed(void)
{
	ledger_close(k.ledger);
	k.ledger = open_at(dir);
}

static void P7_no_row_goes_before_its_gap_is_durable(void **state)
{
	struct segment_row s;
	struct gaps all = {.n = 0};
	int full = open("/dev/full", O_RDWR | O_CLOEXEC);

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(add(two), OK);
	assert_int_equal(ledger_commit(k.ledger), OK);
	assert_true(dup2(full, k.ledger->file) >= 0);
	close(full);
	assert_int_equal(replace(1, two), ERR_DISK_FULL);
	killed();
	assert_int_equal(entered(ENTRY_VOLUME_LOST), 0);
	assert_int_equal(index_segment_find(k.ix, "cam1", 1, &s), OK);
	assert_int_equal(index_gaps(k.ix, "cam1", 0, INT64_MAX, gap_add, &all),
	    OK);
	for (size_t i = 0; i < all.n; i++)
		assert_int_not_equal(all.g[i].cause, CAUSE_LOST);
	/* given again, all of it is there, and stays */
	assert_int_equal(replace(1, two), OK);
	killed();
	assert_int_equal(entered(ENTRY_VOLUME_LOST), 1);
	assert_int_equal(entered(ENTRY_GAP_CLOSED), 1);
	lost_is("cam1", AT(0), KEEPER_NOW);
}

static void P7_no_row_goes_whose_gap_was_not_entered(void **state)
{
	struct segment_row s;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(add(two), OK);
	/* of the gap alone: there is no place for its row */
	run("/usr/bin/python3 -c 'import sqlite3; "
	    "sqlite3.connect(\"%s/index.db\").execute(\"CREATE TRIGGER t "
	    "BEFORE INSERT ON gap BEGIN DELETE FROM nowhere; END\")'",
	    dir);
	assert_int_not_equal(replace(1, two), OK);
	assert_int_equal(index_segment_find(k.ix, "cam1", 1, &s), OK);
	assert_true(volume_is_away(1));
}

static void nothing_is_done_while_the_index_is_made_anew(void **state)
{
	struct segment_row s;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(index_setting_put(k.ix, INDEX_REBUILD, "1", 1), OK);
	assert_int_equal(replace(1, two), ERR_REBUILDING);
	assert_int_equal(volumes_count(), 2);
	assert_int_equal(entered(ENTRY_VOLUME_LOST), 0);
	assert_int_equal(index_segment_find(k.ix, "cam1", 1, &s), OK);
	assert_int_equal(index_setting_drop(k.ix, INDEX_REBUILD), OK);
	assert_int_equal(replace(1, two), OK);
}

/* Its number is accounted for where no time was lost with it. */
static void P7_what_was_never_entered_is_entered_as_lost(void **state)
{
	struct gap_row off = {.camera = "cam1",
	    .from_ns = AT(0),
	    .to_ns = AT(500),
	    .cause = CAUSE_DISK_ERROR,
	    .noticed_ns = AT(0)};
	struct entry_field seq, volume;
	struct entry_view v;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(index_gap_put(k.ix, &off), OK);
	assert_int_equal(replace(1, two), OK);
	assert_int_equal(entered(ENTRY_GAP_CLOSED), 0);
	assert_true(find(ENTRY_LOST, &v));
	assert_true(entry_find(&v, TAG_SEQ, &seq));
	assert_int_equal(field_u64(&seq), 1);
	assert_true(entry_find(&v, TAG_VOLUME_NUMBER, &volume));
	assert_int_equal(field_u64(&volume), 1);
}

static struct segment *waits(unsigned volume)
{
	struct segment *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fd = s->journal_fd = s->proof_fd = s->dir_fd = -1;
	s->slot_fd[0] = s->slot_fd[1] = -1;
	strcpy(s->row.camera, "cam1");
	s->row.volume = volume;
	seal_queue(&k, s);
	return s;
}

static void what_waits_for_its_sync_waits_no_longer(void **state)
{
	struct segment *other;

	(void)state;
	if (!may_mount)
		skip();
	waits(1);
	other = waits(0);
	waits(1);
	assert_int_equal(replace(1, two), OK);
	assert_ptr_equal(k.sealing, other);
	assert_null(other->next);
	segment_free(other);
	k.sealing = NULL;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_that_was_added_before_takes_the_place_of_the_lost_one),
	    TEST(the_file_system_of_the_data_takes_nobodys_place),
	    TEST(P2_a_replacement_that_breaks_off_is_given_again),
	    TEST(P7_what_was_being_written_there_ends_where_the_next_begins),
	    TEST(P7_a_camera_that_is_no_more_has_its_gap_too),
	    TEST(P7_no_row_goes_before_its_gap_is_durable),
	    TEST(P7_no_row_goes_whose_gap_was_not_entered),
	    TEST(nothing_is_done_while_the_index_is_made_anew),
	    TEST(P7_what_was_never_entered_is_entered_as_lost),
	    TEST(what_waits_for_its_sync_waits_no_longer),
	};

	may_mount = unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
