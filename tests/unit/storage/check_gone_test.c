/* check_gone.c: a volume was given up, and the check judges what is left. */
#include "tests/unit/storage/volume.h"

#include "storage/check.h"
#include "storage/ledger_keys.h"

#define UUID "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
#define LATER (VOLUME_START + 3 * INT64_C(86400) * NS_PER_SEC)

static struct volume v;

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

static void given_up_is(const char *uuid, uint64_t number)
{
	struct entry e;

	entry_begin(&e, ENTRY_VOLUME_LOST, (struct utc){LATER}, 0);
	entry_put_text(&e, TAG_VOLUME, uuid);
	entry_put_u64(&e, TAG_VOLUME_NUMBER, number);
	volume_enter(&v, &e);
}

static void given_up(void)
{
	given_up_is(UUID, 1);
}

/* The scrub found none of it; of which volume is said where that is no more. */
static void lost(const char *camera, uint64_t seq, unsigned volume)
{
	struct entry e;

	entry_begin(&e, ENTRY_LOST, (struct utc){LATER}, 0);
	entry_put_text(&e, TAG_CAMERA, camera);
	entry_put_u64(&e, TAG_SEQ, seq);
	entry_put_i64(&e, TAG_FROM, VOLUME_START);
	entry_put_i64(&e, TAG_TO, VOLUME_START);
	entry_put_u64(&e, TAG_ERROR, ERR_NOT_FOUND);
	if (volume)
		entry_put_u64(&e, TAG_VOLUME_NUMBER, volume);
	volume_enter(&v, &e);
}

static void remove_camera(const char *camera)
{
	char cmd[96];

	snprintf(cmd, sizeof(cmd), "rm -r %s/footage/%s", v.dir, camera);
	assert_int_equal(system(cmd), 0);
}

/* The list calls volume 1 given up; its footage was that of cam2. */
static int setup(void **state)
{
	static const char list[] = "1 " UUID " -\n";
	size_t cut;

	(void)state;
	volume_make(&v);
	remove_camera("cam2");
	assert_int_equal(disk_replace(v.fd, ".", "volumes", list,
			     sizeof(list) - 1),
	    OK);
	assert_int_equal(ledger_open(v.fd, &v.ledger, &cut), OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	volume_free(&v);
	return 0;
}

/* The result, and a piece of what must have been said. */
static void says(enum err want, const char *piece)
{
	unsigned broken;
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	enum err e;

	assert_non_null(f);
	e = check_run(v.fd, v.dir, false, f, &broken);
	fclose(f);
	if (e != want || !strstr(text, piece))
		fail_msg("%d instead of %d, or not '%s':\n%s", e, want, piece,
		    text);
	free(text);
}

static void closed(void)
{
	assert_int_equal(ledger_checkpoint(v.ledger), OK);
	ledger_close(v.ledger);
}

static void P2_what_was_entered_as_lost_with_it_is_a_note(void **state)
{
	(void)state;
	given_up();
	for (uint64_t seq = 1; seq <= 3; seq++)
		lost("cam2", seq, 1);
	closed();
	says(OK, "volume 1 (" UUID ") was given up as lost");
	says(OK, "3 segments were lost with volumes that were given up");
	says(OK, "whole: 0 changed, 0 missing");
}

static void P2_a_list_that_no_entry_confirms_is_not_believed(void **state)
{
	(void)state;
	for (uint64_t seq = 1; seq <= 3; seq++)
		lost("cam2", seq, 1);
	closed();
	says(ERR_TRUNCATED, "is listed as given up, which no entry says");
}

static void P2_what_is_lost_otherwise_stays_missing(void **state)
{
	(void)state;
	given_up();
	lost("cam2", 1, 1);
	lost("cam2", 2, 0); /* of a volume that is there */
	closed();
	says(ERR_TRUNCATED, "00000002.mp4.age: the ledger has it");
	says(ERR_TRUNCATED, "00000003.mp4.age: the ledger has it");
	says(ERR_TRUNCATED, "incomplete: 0 changed, 2 missing");
}

/* Number 3 was being written when the volume broke, 2 waited for its sync. */
static void P7_what_was_never_entered_when_it_broke_is_no_hole(void **state)
{
	struct journal_head head;

	(void)state;
	assert_int_equal(journal_head_load(v.fd, "cam3", VOLUME_DAY, &head),
	    OK);
	volume_sealed(&v, "cam3", VOLUME_DAY, 1, &head);
	volume_sealed(&v, "cam3", VOLUME_DAY, 4, &head);
	given_up();
	for (uint64_t seq = 1; seq <= 3; seq++)
		lost("cam2", seq, 1);
	lost("cam3", 2, 1);
	lost("cam3", 3, 1);
	closed();
	says(OK, "whole: 0 changed, 0 missing");
}

static void P7_a_number_that_no_entry_names_is_one(void **state)
{
	struct journal_head head;

	(void)state;
	assert_int_equal(journal_head_load(v.fd, "cam3", VOLUME_DAY, &head),
	    OK);
	volume_sealed(&v, "cam3", VOLUME_DAY, 1, &head);
	volume_sealed(&v, "cam3", VOLUME_DAY, 3, &head);
	given_up();
	given_up();
	for (uint64_t seq = 1; seq <= 3; seq++)
		lost("cam2", seq, 1);
	closed();
	says(ERR_TRUNCATED, "segments 2 to 2 before this have no journal");
}

/* The ledger covers more of that day's journal than there is. */
static void heads(const char *camera, const char *day)
{
	struct journal_head head = {.records = 9999};

	snprintf(head.day, sizeof(head.day), "%s", day);
	volume_enter_heads(&v, camera, &head);
}

static void P2_a_journal_of_a_day_that_lost_nothing_is_not_excused(void **state)
{
	(void)state;
	heads("cam1", VOLUME_DAY); /* another camera */
	heads("cam2", VOLUME_NEXT); /* another day */
	heads("cam2", VOLUME_DAY);
	given_up();
	for (uint64_t seq = 1; seq <= 3; seq++)
		lost("cam2", seq, 1);
	closed();
	says(ERR_TRUNCATED, "cam1/2026/11/22/journal: has no record 9998");
	says(ERR_TRUNCATED, "cam2/2026/11/23/journal: has no record 9998");
	says(ERR_TRUNCATED, "incomplete: 0 changed, 2 missing");
}

static void P2_a_volume_that_was_entered_again_takes_no_others_place(void *
	*state)
{
	(void)state;
	for (int i = 0; i < 64; i++) /* as many as there can be */
		given_up_is("another", 2);
	given_up();
	for (uint64_t seq = 1; seq <= 3; seq++)
		lost("cam2", seq, 1);
	closed();
	says(OK, "whole: 0 changed, 0 missing");
}

/* As epoch.c does: ledger.1 is what is left, and what of it holds is named. */
static void epoch(bool named)
{
	static const char origin[] = "saqta.example/test/epoch-2";
	unsigned char key[KEY_BYTES], root[HASH_BYTES];
	uint64_t size;
	struct entry e;
	size_t cut;

	assert_int_equal(ledger_checkpoint(v.ledger), OK);
	size = ledger_size(v.ledger);
	ledger_root(v.ledger, root);
	root[0] ^= !named;
	ledger_close(v.ledger);
	assert_int_equal(renameat(v.fd, "ledger", v.fd, "ledger.1"), 0);
	assert_int_equal(ledger_create(v.fd, origin, key), OK);
	assert_int_equal(ledger_open(v.fd, &v.ledger, &cut), OK);
	entry_begin(&e, ENTRY_LOG_BEGINS, (struct utc){LATER}, 0);
	entry_put_text(&e, TAG_ORIGIN, origin);
	entry_put_bytes(&e, TAG_LOG_KEY, key, sizeof(key));
	entry_put_u64(&e, TAG_LOG_EPOCH, 2);
	entry_put_text(&e, TAG_FORMER, "saqta.example/test");
	entry_put_u64(&e, TAG_FORMER_SIZE, size + 40); /* lost ones */
	entry_put_u64(&e, TAG_FORMER_FOUND, size);
	entry_put_u64(&e, TAG_KEPT_SIZE, size);
	entry_put_bytes(&e, TAG_KEPT_ROOT, root, sizeof(root));
	volume_enter(&v, &e);
}

static void P2_a_former_ledger_knows_what_was_lost_in_its_time(void **state)
{
	(void)state;
	given_up();
	lost("cam2", 1, 1);
	epoch(true);
	lost("cam2", 2, 1); /* the scrub went on */
	lost("cam2", 3, 1);
	closed();
	says(ERR_TRUNCATED, "volume 1 (" UUID ") was given up as lost");
	says(ERR_TRUNCATED, "3 segments were lost with volumes");
	says(ERR_TRUNCATED, "incomplete: 0 changed, 1 missing"); /* entries */
}

/* Its term was over: cam2 has no file, and no journal any more. */
static void P3_a_former_ledger_knows_what_was_erased_in_its_time(void **state)
{
	unsigned char seqs[16];
	struct entry e;

	(void)state;
	be_put(be_put(seqs, 1, 8), 3, 8);
	given_up();
	entry_begin(&e, ENTRY_ERASED, (struct utc){LATER}, 0);
	entry_put_text(&e, TAG_CAMERA, "cam2");
	entry_put_text(&e, TAG_DAY, VOLUME_DAY);
	entry_put_i64(&e, TAG_FROM, VOLUME_START);
	entry_put_i64(&e, TAG_TO, LATER);
	entry_put_u64(&e, TAG_METHOD, ERASE_KEY);
	entry_put_bytes(&e, TAG_SEQS, seqs, sizeof(seqs));
	volume_enter(&v, &e);
	epoch(true);
	closed();
	says(ERR_TRUNCATED, "3 erased by term");
	says(ERR_TRUNCATED, "incomplete: 0 changed, 1 missing"); /* entries */
}

/* Anybody who writes to the disk could have put it there. */
static void P2_a_former_ledger_that_none_names_excuses_nothing(void **state)
{
	(void)state;
	given_up();
	for (uint64_t seq = 1; seq <= 3; seq++)
		lost("cam2", seq, 1);
	epoch(false);
	closed();
	says(ERR_TRUNCATED, "is listed as given up, which no entry says");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P2_what_was_entered_as_lost_with_it_is_a_note),
	    TEST(P2_a_list_that_no_entry_confirms_is_not_believed),
	    TEST(P2_what_is_lost_otherwise_stays_missing),
	    TEST(P7_what_was_never_entered_when_it_broke_is_no_hole),
	    TEST(P7_a_number_that_no_entry_names_is_one),
	    TEST(P2_a_journal_of_a_day_that_lost_nothing_is_not_excused),
	    TEST(P2_a_former_ledger_knows_what_was_lost_in_its_time),
	    TEST(P3_a_former_ledger_knows_what_was_erased_in_its_time),
	    TEST(P2_a_former_ledger_that_none_names_excuses_nothing),
	    TEST(P2_a_volume_that_was_entered_again_takes_no_others_place),
	};

	return crypt_init() ?
	    1 :
	    cmocka_run_group_tests(tests, make_clip, drop_clip);
}
