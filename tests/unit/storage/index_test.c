#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/index.h"

#define S(x) ((int64_t)(x)*NS_PER_SEC)

static char data[] = "/tmp/saqta-index-XXXXXX";
static struct index *ix;

static int set_up(void **state)
{
	(void)state;
	return !mkdtemp(data) || index_open(data, false, &ix);
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", data);
	return system(cmd);
}

static void put_segment(const char *camera, uint64_t seq, int64_t from,
    int64_t to, enum segment_state state)
{
	struct segment_row r = {.seq = seq,
	    .day = "2026-11-22",
	    .start_ns = from,
	    .end_ns = to,
	    .state = state,
	    .entry = -1};

	snprintf(r.camera, sizeof(r.camera), "%s", camera);
	assert_int_equal(index_segment_put(ix, &r), OK);
}

static void P2_what_was_promised_to_a_segment_only_grows(void **state)
{
	static const struct {
		int64_t put, have;
	} steps[] = {{100, 100}, {90, 100}, {0, 100}, {120, 120}};
	struct segment_row r = {.camera = "p",
	    .seq = 1,
	    .day = "2026-11-22",
	    .state = SEGMENT_SEALED};
	struct segment_row got;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r.retain_ns = S(steps[i].put);
		r.bytes = i;
		assert_int_equal(index_segment_put(ix, &r), OK);
		assert_int_equal(index_segment_find(ix, "p", 1, &got), OK);
		assert_int_equal(got.retain_ns, S(steps[i].have));
		assert_int_equal(got.bytes, i);
	}
}

static enum err collect(const struct segment_row *s, void *arg)
{
	char *out = arg;

	sprintf(out + strlen(out), "%llu ", (unsigned long long)s->seq);
	return OK;
}

static void what_overlaps_a_range_is_found_in_order(void **state)
{
	char seqs[64] = "";

	(void)state;
	put_segment("a", 1, S(1000), S(1060), SEGMENT_SEALED);
	put_segment("a", 2, S(1060), S(1120), SEGMENT_CUT);
	put_segment("a", 3, S(1120), S(1180), SEGMENT_SEALED);
	put_segment("b", 1, S(1060), S(1120), SEGMENT_SEALED);
	assert_int_equal(index_segments(ix, "a", S(1060), S(1120), collect,
			     seqs),
	    OK);
	assert_string_equal(seqs, "2 ");
	*seqs = '\0';
	assert_int_equal(index_segments(ix, "a", S(1059), S(1121), collect,
			     seqs),
	    OK);
	assert_string_equal(seqs, "1 2 3 ");
}

/* One of the clock hook may be a day long; the others end in between. */
static void what_began_long_before_a_range_is_found_where_it_reaches(void *
	*state)
{
	char seqs[64] = "";

	(void)state;
	put_segment("l", 1, S(1000), S(1060), SEGMENT_SEALED);
	put_segment("l", 2, S(1060), S(87460), SEGMENT_SEALED);
	put_segment("l", 3, S(87460), S(87520), SEGMENT_SEALED);
	for (int at = 1061; at < 87400; at += 7000) {
		*seqs = '\0';
		assert_int_equal(index_segments(ix, "l", S(at), S(at + 50),
				     collect, seqs),
		    OK);
		assert_string_equal(seqs, "2 ");
	}
	*seqs = '\0';
	assert_int_equal(index_segments(ix, "l", S(87400), S(87500), collect,
			     seqs),
	    OK);
	assert_string_equal(seqs, "2 3 ");
	*seqs = '\0';
	assert_int_equal(index_segments(ix, "l", S(99000), S(99500), collect,
			     seqs),
	    OK);
	assert_string_equal(seqs, "");
}

static void an_open_segment_counts_as_endless(void **state)
{
	char seqs[64] = "";

	(void)state;
	put_segment("c", 7, S(1000), S(1000), SEGMENT_OPEN);
	assert_int_equal(index_segments(ix, "c", S(1030), S(1040), collect,
			     seqs),
	    OK);
	assert_string_equal(seqs, "7 ");
}

static void only_a_segment_that_is_open_can_be_dropped(void **state)
{
	struct segment_row r;

	(void)state;
	put_segment("d", 1, S(1), S(2), SEGMENT_SEALED);
	put_segment("d", 2, S(2), S(2), SEGMENT_OPEN);
	assert_int_equal(index_segment_drop(ix, "d", 1), OK);
	assert_int_equal(index_segment_drop(ix, "d", 2), OK);
	assert_int_equal(index_segment_find(ix, "d", 1, &r), OK);
	assert_int_equal(index_segment_find(ix, "d", 2, &r), ERR_NOT_FOUND);
	assert_int_equal(index_segment_last(ix, "d", &r), OK);
	assert_int_equal(r.seq, 1);
}

static uint64_t settled(const char *day, unsigned volume)
{
	struct segment_row r = {.seq = 0};
	enum err err = index_segment_settled(ix, "w", day, volume, &r);

	return err == ERR_NOT_FOUND ? 0 : r.seq;
}

static void P8_what_is_settled_has_nothing_open_before_it(void **state)
{
	struct segment_row r = {.camera = "w",
	    .seq = 6,
	    .day = "2026-11-22",
	    .state = SEGMENT_CUT,
	    .volume = 1};

	(void)state;
	assert_int_equal(settled("2026-11-22", 0), 0);
	put_segment("w", 1, S(0), S(60), SEGMENT_SEALED);
	put_segment("w", 2, S(60), S(120), SEGMENT_SEALED);
	assert_int_equal(settled("2026-11-22", 0), 2);
	assert_int_equal(settled("2026-11-23", 0), 0);
	put_segment("w", 4, S(200), S(260), SEGMENT_SEALED);
	assert_int_equal(settled("2026-11-22", 0), 4);
	put_segment("w", 3, S(120), S(120), SEGMENT_OPEN);
	assert_int_equal(settled("2026-11-22", 0), 2);
	assert_int_equal(index_segment_put(ix, &r), OK);
	assert_int_equal(settled("2026-11-22", 1), 0);
	put_segment("w", 3, S(120), S(180), SEGMENT_CUT);
	assert_int_equal(settled("2026-11-22", 1), 6);
	assert_int_equal(settled("2026-11-22", 0), 4);
}

static enum err count_gap(const struct gap_row *g, void *arg)
{
	int *n = arg;

	(void)g;
	(*n)++;
	return OK;
}

static void P7_a_gap_is_open_until_its_end_is_put(void **state)
{
	struct gap_row g = {.camera = "e",
	    .from_ns = S(10),
	    .to_ns = INT64_MAX,
	    .cause = CAUSE_NETWORK,
	    .noticed_ns = S(12)};
	struct gap_row found;
	int n = 0;

	(void)state;
	assert_int_equal(index_gap_open(ix, "e", &found), ERR_NOT_FOUND);
	assert_int_equal(index_gap_put(ix, &g), OK);
	assert_int_equal(index_gap_open(ix, "e", &found), OK);
	assert_int_equal(found.cause, CAUSE_NETWORK);
	assert_int_equal(found.noticed_ns, S(12));
	assert_int_equal(found.to_ns, INT64_MAX);
	g.to_ns = S(20);
	assert_int_equal(index_gap_put(ix, &g), OK);
	assert_int_equal(index_gap_open(ix, "e", &found), ERR_NOT_FOUND);
	assert_int_equal(index_gaps(ix, "e", S(20), S(30), count_gap, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(index_gaps(ix, "e", S(19), S(30), count_gap, &n), OK);
	assert_int_equal(n, 1);
}

static void a_row_comes_back_as_it_was_put(void **state)
{
	struct camera_row c = {.id = "f",
	    .name = "\xd2\x9a",
	    .url = "rtsp://x",
	    .sealed = {1, 0, 2},
	    .sealed_n = 3,
	    .enabled = true,
	    .next_seq = 9,
	    .state = CAMERA_DOWN,
	    .cause = CAUSE_PASSWORD,
	    .since_ns = -4,
	    .detail = "wrong user or password"};
	struct camera_row back;

	(void)state;
	assert_int_equal(index_camera_put(ix, &c), OK);
	assert_int_equal(index_camera_find(ix, "f", &back), OK);
	assert_string_equal(back.name, c.name);
	assert_int_equal(back.sealed_n, 3);
	assert_memory_equal(back.sealed, c.sealed, 3);
	assert_int_equal(back.next_seq, 9);
	assert_int_equal(back.since_ns, -4);
	assert_string_equal(back.detail, c.detail);
	assert_int_equal(index_camera_next(ix, "", &back), OK);
	assert_int_equal(index_camera_next(ix, "f", &back), ERR_NOT_FOUND);
}

static void user_names_are_unique(void **state)
{
	struct person_row p = {.id = 1, .user = "carol", .name = "Carol"};

	(void)state;
	assert_int_equal(index_person_put(ix, &p), OK);
	p.id = 2;
	assert_int_equal(index_person_put(ix, &p), ERR_EXISTS);
}

static void a_lease_is_open_until_it_is_closed(void **state)
{
	struct lease_row l = {.entry = 41,
	    .person = 3,
	    .request = "REQ-1",
	    .camera = "a",
	    .kind = LEASE_VIEW};
	struct lease_row back;

	(void)state;
	assert_int_equal(index_lease_put(ix, &l), OK);
	assert_int_equal(index_lease_find(ix, 41, &back), OK);
	assert_int_equal(index_lease_closed(ix, 41), OK);
	assert_int_equal(index_lease_find(ix, 41, &back), ERR_NOT_FOUND);
}

static void what_is_no_database_is_refused(void **state)
{
	struct index *other = NULL;
	char cmd[160];

	(void)state;
	assert_int_equal(index_open("/nonexistent", false, &other),
	    ERR_NOT_FOUND);
	snprintf(cmd, sizeof(cmd),
	    "mkdir %s/x && head -c 9000 /dev/zero | tr '\\0' x > %s/x/index.db",
	    data, data);
	assert_int_equal(system(cmd), 0);
	snprintf(cmd, sizeof(cmd), "%s/x", data);
	assert_int_equal(index_open(cmd, false, &other), ERR_INTEGRITY);
	assert_null(other);
}

static void a_read_only_index_changes_nothing(void **state)
{
	struct camera_row c = {.id = "g"};
	struct index *ro = NULL;

	(void)state;
	assert_int_equal(index_open(data, true, &ro), OK);
	assert_int_equal(index_camera_put(ro, &c), ERR_DISK);
	index_close(ro);
	assert_int_equal(index_camera_find(ix, "g", &c), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P2_what_was_promised_to_a_segment_only_grows),
	    cmocka_unit_test(what_overlaps_a_range_is_found_in_order),
	    cmocka_unit_test(
		what_began_long_before_a_range_is_found_where_it_reaches),
	    cmocka_unit_test(an_open_segment_counts_as_endless),
	    cmocka_unit_test(only_a_segment_that_is_open_can_be_dropped),
	    cmocka_unit_test(P8_what_is_settled_has_nothing_open_before_it),
	    cmocka_unit_test(P7_a_gap_is_open_until_its_end_is_put),
	    cmocka_unit_test(a_row_comes_back_as_it_was_put),
	    cmocka_unit_test(user_names_are_unique),
	    cmocka_unit_test(a_lease_is_open_until_it_is_closed),
	    cmocka_unit_test(what_is_no_database_is_refused),
	    cmocka_unit_test(a_read_only_index_changes_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
