#include "tests/unit/storage/ledger_dir.h"

#include <stdio.h>
#include <string.h>

#include "storage/holds.h"

#define S(x) (INT64_C(x) * NS_PER_SEC)

static struct ledger *ledger;
static int at;

static int set_up(void **state)
{
	size_t cut;

	(void)state;
	strcpy(dir, "/tmp/saqta-holds-XXXXXX");
	assert_int_equal(crypt_init(), OK);
	assert_non_null(mkdtemp(dir));
	at = data_fd(dir);
	assert_int_equal(ledger_create(at, ORIGIN, log_key), OK);
	assert_int_equal(ledger_open(at, &ledger, &cut), OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ledger_close(ledger);
	close(at);
	run("rm -rf %s", dir);
	return 0;
}

static uint64_t enter(const struct entry *e)
{
	uint64_t i;

	assert_int_equal(entry_end(e), OK);
	assert_int_equal(ledger_put(ledger, e, &i), OK);
	assert_int_equal(ledger_commit(ledger), OK);
	return i;
}

static uint64_t place(uint64_t owner, int64_t from, int64_t to,
    const char *request, const char *cameras)
{
	struct entry e;

	entry_begin(&e, ENTRY_HOLD, (struct utc){S(5000)}, owner);
	entry_put_i64(&e, TAG_FROM, from);
	entry_put_i64(&e, TAG_TO, to);
	if (*request)
		entry_put_text(&e, TAG_REQUEST, request);
	entry_put_bytes(&e, TAG_CAMERAS, cameras, strlen(cameras));
	return enter(&e);
}

static void release(uint64_t id)
{
	struct entry e;

	entry_begin(&e, ENTRY_RELEASED, (struct utc){S(6000)}, 2);
	entry_put_u64(&e, TAG_HOLD, id);
	enter(&e);
}

static struct holds load(void)
{
	struct holds h = {0};

	assert_int_equal(holds_load(at, ledger, &h, NULL), OK);
	return h;
}

static void P4_a_hold_covers_its_cameras_and_its_window(void **state)
{
	struct holds h;

	(void)state;
	place(3, S(1000), S(2000), "", "\4cam1\5cam-2");
	h = load();
	assert_int_equal(h.n, 1);
	assert_true(holds_cover(&h, "cam1", S(1500), S(1510)));
	assert_true(holds_cover(&h, "cam-2", S(900), S(1000)));
	assert_true(holds_cover(&h, "cam1", S(1999), S(2500)));
	assert_false(holds_cover(&h, "cam1", S(900), S(999)));
	assert_false(holds_cover(&h, "cam1", S(2000), S(2010)));
	assert_false(holds_cover(&h, "cam", S(1500), S(1510)));
	assert_false(holds_cover(&h, "cam11", S(1500), S(1510)));
	holds_free(&h);
}

static void P4_an_open_end_and_the_future_are_held_too(void **state)
{
	struct holds h;

	(void)state;
	place(3, S(9000), HOLD_OPEN_END, "", "\4cam1");
	h = load();
	assert_true(holds_cover(&h, "cam1", S(9000000000), S(9000000001)));
	assert_false(holds_cover(&h, "cam1", S(8000), S(8999)));
	holds_free(&h);
}

static void P4_of_several_holds_each_is_released_alone(void **state)
{
	uint64_t a = place(3, S(1000), S(2000), "", "\4cam1");
	uint64_t b = place(4, S(1500), S(3000), "", "\4cam1");
	struct holds h;

	(void)state;
	release(a);
	h = load();
	assert_null(holds_find(&h, a));
	assert_int_equal(holds_find(&h, b)->owner, 4);
	assert_false(holds_cover(&h, "cam1", S(1000), S(1100)));
	assert_true(holds_cover(&h, "cam1", S(1600), S(1700)));
	holds_free(&h);
}

static void P4_holds_survive_without_their_copy(void **state)
{
	uint64_t a = place(3, S(1000), HOLD_OPEN_END, "REQ-1", "\4cam1\4cam2");
	struct holds h = load(), again;

	(void)state;
	assert_int_equal(holds_save(at, &h), OK);
	assert_int_equal(holds_read(at, &again), OK);
	assert_int_equal(again.n, 1);
	assert_int_equal(again.through, h.through);
	assert_memory_equal(&again.h[0], &h.h[0], sizeof(h.h[0]));
	holds_free(&again);
	holds_free(&h);
	/* placed after the copy was made */
	place(3, S(5000), S(6000), "", "\4cam3");
	h = load();
	assert_true(holds_cover(&h, "cam3", S(5000), S(5001)));
	assert_non_null(holds_find(&h, a));
	holds_free(&h);
	/* the copy is gone, cut at any byte, or of another box */
	for (int cut = 400; cut >= 0; cut -= 7) {
		run("truncate -s %d %s/holds", cut, dir);
		h = load();
		assert_int_equal(h.n, 2);
		holds_free(&h);
	}
	h = load();
	h.through = 99999;
	assert_int_equal(holds_save(at, &h), OK);
	holds_free(&h);
	h = load();
	assert_int_equal(h.n, 2);
	holds_free(&h);
}

static void P4_a_copy_of_another_log_is_handed_over_to_be_entered(void **state)
{
	struct holds h, former;

	(void)state;
	place(3, S(1000), HOLD_OPEN_END, "REQ-1", "\4cam1\4cam2");
	h = load();
	h.log[0] = h.log[0] == 'a' ? 'b' : 'a';
	assert_int_equal(holds_save(at, &h), OK);
	holds_free(&h);
	assert_int_equal(holds_load(at, ledger, &h, &former), OK);
	assert_int_equal(former.n, 1);
	assert_int_equal(former.h[0].to_ns, HOLD_OPEN_END);
	holds_free(&former);
	holds_free(&h);
}

static void a_request_that_is_over_lets_its_hold_go_after_days(void **state)
{
	uint64_t a = place(3, S(1000), S(2000), "REQ-1", "\4cam1");
	uint64_t b = place(3, S(1000), S(2000), "REQ-2", "\4cam1");
	struct entry e;
	struct holds h;

	(void)state;
	entry_begin(&e, ENTRY_REVOKED, (struct utc){S(7000)}, 3);
	entry_put_text(&e, TAG_REQUEST, "REQ-1");
	enter(&e);
	entry_begin(&e, ENTRY_DECISION, (struct utc){S(7000)}, 2);
	entry_put_text(&e, TAG_REQUEST, "REQ-2");
	entry_put_u64(&e, TAG_VERDICT, VERDICT_APPROVE);
	entry_put_i64(&e, TAG_ENDS, S(9000));
	enter(&e);
	h = load();
	assert_int_equal(holds_find(&h, a)->ends_ns, S(7000) + HOLD_AFTER_NS);
	assert_int_equal(holds_find(&h, b)->ends_ns, S(9000) + HOLD_AFTER_NS);
	holds_free(&h);
}

static void a_longer_term_of_a_camera_is_remembered(void **state)
{
	struct entry e;
	struct holds h, again;

	(void)state;
	entry_begin(&e, ENTRY_TERM, (struct utc){S(7000)}, 0);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_EXTRA_DAYS, 30);
	enter(&e);
	h = load();
	assert_int_equal(holds_longer(&h, "cam1"), 30);
	assert_int_equal(holds_longer(&h, "cam2"), 0);
	assert_int_equal(holds_save(at, &h), OK);
	assert_int_equal(holds_read(at, &again), OK);
	assert_int_equal(holds_longer(&again, "cam1"), 30);
	holds_free(&again);
	holds_free(&h);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(P4_a_hold_covers_its_cameras_and_its_window),
	    T(P4_an_open_end_and_the_future_are_held_too),
	    T(P4_of_several_holds_each_is_released_alone),
	    T(P4_holds_survive_without_their_copy),
	    T(P4_a_copy_of_another_log_is_handed_over_to_be_entered),
	    T(a_request_that_is_over_lets_its_hold_go_after_days),
	    T(a_longer_term_of_a_camera_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
