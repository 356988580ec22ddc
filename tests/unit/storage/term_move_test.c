#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/keeper.h"

#define N 200u		/* segments; entry i seals segment i */
#define RETAIN(i) (INT64_C(1000) + (int64_t)(i))
#define STEP 500
#define FROM 50u

static char data[] = "/tmp/saqta-move-XXXXXX";
static struct keeper k;
static uint64_t vouched;

static void put(struct entry *e, uint64_t *ret)
{
	assert_int_equal(entry_end(e), OK);
	assert_int_equal(ledger_put(k.ledger, e, ret), OK);
}

static void put_segment(uint64_t i)
{
	struct segment_row r = {.camera = "cam1",
	    .seq = i + 1,
	    .day = "2026-11-22",
	    .start_ns = (int64_t)i,
	    .end_ns = (int64_t)i + 1,
	    .state = SEGMENT_SEALED,
	    .retain_ns = RETAIN(i),
	    .entry = (int64_t)i};
	struct entry e;
	uint64_t at;

	entry_begin(&e, ENTRY_SEGMENT, (struct utc){1}, 0);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_SEQ, i + 1);
	entry_put_i64(&e, TAG_RETAIN, RETAIN(i));
	put(&e, &at);
	assert_int_equal(at, i);
	assert_int_equal(index_segment_put(k.ix, &r), OK);
}

static int set_up(void **state)
{
	unsigned char key[KEY_BYTES];
	struct entry e;
	size_t cut;

	(void)state;
	if (crypt_init() || !mkdtemp(data))
		return -1;
	k.data_fd = open(data, O_RDONLY | O_DIRECTORY);
	if (ledger_create(k.data_fd, "saqta.example/test", key) ||
	    ledger_open(k.data_fd, &k.ledger, &cut) ||
	    index_open(data, false, &k.ix))
		return -1;
	for (uint64_t i = 0; i < N; i++)
		put_segment(i);
	entry_begin(&e, ENTRY_VOUCHED, (struct utc){1}, 0);
	put(&e, &vouched);
	return ledger_commit(k.ledger) ? -1 : 0;
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	index_close(k.ix);
	ledger_close(k.ledger);
	close(k.data_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", data);
	return system(cmd);
}

/* Each promise from that entry on has moved once, and none before it. */
static void moved_from(uint64_t from)
{
	for (uint64_t i = 0; i < N; i++) {
		struct segment_row r;

		assert_int_equal(index_segment_find(k.ix, "cam1", i + 1, &r),
		    OK);
		assert_int_equal(r.retain_ns,
		    RETAIN(i) + (i < from ? 0 : STEP));
	}
}

static void P2_a_move_that_was_broken_off_goes_on_at_the_next_start(void *
	*state)
{
	const struct term_move m = {FROM, N, vouched, STEP};

	(void)state;
	assert_int_equal(term_move_begin(&k, &m), OK);
	/* it had begun, and nobody knows how far it was */
	k.move.end = FROM + 70;
	assert_int_equal(term_move_some(k.ix, k.ledger, &k.move), OK);
	k.move = (struct term_move){0};
	assert_int_equal(term_move_start(&k), OK);
	assert_int_equal(k.move.step_ns,
	    STEP); /* nothing is erased meanwhile */
	while (k.move.step_ns)
		term_move_turn(&k);
	moved_from(FROM);
	assert_int_equal(term_move_start(&k), OK);
	assert_int_equal(k.move.step_ns, 0);
}

static void P12_what_nobody_has_vouched_for_moves_nothing(void **state)
{
	/* the power went before the entry was on the disk */
	const struct term_move m = {0, N, vouched - 1, STEP};

	(void)state;
	assert_int_equal(term_move_begin(&k, &m), OK);
	k.move = (struct term_move){0};
	assert_int_equal(term_move_start(&k), OK);
	assert_int_equal(k.move.step_ns, 0);
	moved_from(FROM);
}

static void P2_without_their_entries_promises_move_all_the_same(void **state)
{
	const struct term_move m = {0, FROM, vouched, STEP};

	(void)state;
	assert_int_equal(term_move_begin(&k, &m), OK);
	term_move_epoch(&k);
	assert_int_equal(k.move.step_ns, 0);
	moved_from(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P2_a_move_that_was_broken_off_goes_on_at_the_next_start),
	    cmocka_unit_test(P12_what_nobody_has_vouched_for_moves_nothing),
	    cmocka_unit_test(
		P2_without_their_entries_promises_move_all_the_same),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
