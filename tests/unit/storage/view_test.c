#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "storage/view.h"
#include "storage/volume.h"

#define START INT64_C(1795338907000000000) /* 2026-11-22T09:15:07Z */
#define S(n) (START + (int64_t)(n)*NS_PER_SEC)

static char dir[] = "/tmp/saqta-view-XXXXXX";
static struct view view = {.site = "Branch 12", .zone = "Asia/Almaty"};
static struct camera_row camera = {.id = "cam1",
    .name = "Face",
    .atm = "0417",
    .place = "Abay 12",
    .url = "rtsp://10.0.0.7/x",
    .enabled = true,
    .added_ns = START,
    .state = CAMERA_STREAMING,
    .since_ns = START,
    .detail = "connected to 10.0.0.7"};

static void person(uint64_t id, const char *user, const char *name)
{
	struct person_row p = {.id = id, .role = ROLE_AUDITOR};

	snprintf(p.user, sizeof(p.user), "%s", user);
	snprintf(p.name, sizeof(p.name), "%s", name);
	assert_int_equal(index_person_put(view.ix, &p), OK);
}

static void request(const char *id, uint64_t requester,
    enum request_state state, int64_t ends_ns)
{
	struct request_row q = {.requester = requester,
	    .created_ns = S(50),
	    .from_ns = S(1),
	    .to_ns = S(9),
	    .cameras = "cam1 cam2",
	    .reason = "dispute",
	    .case_no = "K-114",
	    .state = state,
	    .ends_ns = ends_ns};

	snprintf(q.id, sizeof(q.id), "%s", id);
	if (state == REQUEST_APPROVED || state == REQUEST_SHORTENED) {
		q.decider = 3;
		q.decided_ns = S(60);
		q.granted_from_ns = S(2);
		q.granted_to_ns = S(8);
		strcpy(q.granted_cameras, "cam1");
	}
	assert_int_equal(index_request_put(view.ix, &q), OK);
}

static void enter(struct ledger *l, struct entry *e)
{
	uint64_t i;

	assert_int_equal(ledger_put(l, e, &i), OK);
}

static void fill_ledger(void)
{
	unsigned char key[KEY_BYTES], salt[COMMITMENT_SALT], hash[HASH_BYTES];
	struct ledger *l;
	struct entry e;
	size_t cut;

	assert_int_equal(ledger_create(view.data_fd, "saqta.example/t", key),
	    OK);
	assert_int_equal(ledger_open(view.data_fd, &l, &cut), OK);
	entry_begin(&e, ENTRY_LOG_BEGINS, (struct utc){S(0)}, 0);
	entry_put_text(&e, TAG_ORIGIN, "saqta.example/t");
	entry_put_bytes(&e, TAG_LOG_KEY, key, sizeof(key));
	enter(l, &e);
	entry_begin(&e, ENTRY_REQUEST, (struct utc){S(1)}, 2);
	entry_put_i64(&e, TAG_FROM, S(1));
	entry_put_i64(&e, TAG_TO, S(9));
	entry_put_text(&e, TAG_REQUEST, "REQ-2026-00001");
	entry_put_bytes(&e, TAG_CAMERAS, "\4cam1\4cam2", 10);
	commitment_make("dispute", salt, hash);
	entry_put_bytes(&e, TAG_REASON, hash, sizeof(hash));
	commitment_make("K-114", salt, hash);
	entry_put_bytes(&e, TAG_CASE, hash, sizeof(hash));
	enter(l, &e);
	assert_int_equal(index_text_put(view.ix, 1, TAG_REASON, salt,
			     "dispute"),
	    OK);
	entry_begin(&e, ENTRY_LEASE_CLOSED, (struct utc){S(2)}, 2);
	entry_put_i64(&e, TAG_SERVED_FROM, S(1));
	entry_put_i64(&e, TAG_SERVED_TO, S(2));
	entry_put_i64(&e, TAG_SERVED_FROM, S(4));
	entry_put_i64(&e, TAG_SERVED_TO, S(5));
	entry_put_u64(&e, TAG_LEASE, 17);
	enter(l, &e);
	entry_begin(&e, ENTRY_ALARM, (struct utc){S(3)}, 0);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_ALARM, 12);
	enter(l, &e);
	assert_int_equal(ledger_commit(l), OK);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
}

static int set_up(void **state)
{
	(void)state;
	if (crypt_init() || utc_site("Asia/Almaty") || !mkdtemp(dir))
		return -1;
	view.now = (struct utc){S(300)};
	view.data_fd = open(dir, O_RDONLY | O_DIRECTORY);
	if (volumes_open(view.data_fd, dir, "test", true) ||
	    index_open(dir, false, &view.ix))
		return -1;
	person(1, "a", "Aigul");
	person(2, "b", "Bolat");
	person(3, "c", "Saule");
	fill_ledger();
	request("REQ-2026-00001", 1, REQUEST_SUBMITTED, 0);
	request("REQ-2026-00002", 2, REQUEST_SHORTENED, S(1000));
	request("REQ-2026-00003", 2, REQUEST_APPROVED, S(100));
	return ledger_open_readonly(view.data_fd, &view.ledger) ? -1 : 0;
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	ledger_close(view.ledger);
	index_close(view.ix);
	close(view.data_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static json_t *parse(enum err err, char *text)
{
	json_t *j;

	assert_int_equal(err, OK);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	free(text);
	return j;
}

static json_t *cameras(uint64_t who, enum role role)
{
	char *text = NULL;
	enum err err;

	view.person = who;
	view.role = role;
	err = view_cameras(&view, &text);
	return parse(err, text);
}

static json_t *requests(uint64_t who, enum role role)
{
	char *text = NULL;
	enum err err;

	view.person = who;
	view.role = role;
	err = view_requests(&view, NULL, &text);
	return parse(err, text);
}

/* All of them, as a client reads them that goes on where a page ended. */
static size_t paged(uint16_t limit, size_t *ret_pages)
{
	struct page page = {.limit = limit};
	enum err err;
	size_t n = 0;
	json_t *j;
	char *text;

	for (*ret_pages = 1;; ++*ret_pages) {
		text = NULL;
		err = view_requests(&view, &page, &text);
		j = parse(err, text);
		n += json_array_size(json_object_get(j, "requests"));
		if (json_is_null(json_object_get(j, "next")))
			break;
		snprintf(page.after, sizeof(page.after), "%s",
		    json_string_value(json_object_get(j, "next")));
		json_decref(j);
	}
	json_decref(j);
	return n;
}

static const char *word(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static const json_t *nth(const json_t *j, const char *array, size_t i)
{
	return json_array_get(json_object_get(j, array), i);
}

static void proof(uint64_t seq, int from, int to, enum segment_proof p)
{
	struct segment_row s = {.camera = "cam1",
	    .seq = seq,
	    .day = "2026-11-22",
	    .start_ns = S(from),
	    .end_ns = S(to),
	    .state = SEGMENT_SEALED,
	    .proof = p,
	    .entry = 5};

	assert_int_equal(index_segment_put(view.ix, &s), OK);
}

static void state_is(int now, const char *state)
{
	json_t *j;

	view.now = (struct utc){S(now)};
	assert_int_equal(index_camera_put(view.ix, &camera), OK);
	j = cameras(2, ROLE_AUDITOR);
	assert_string_equal(word(nth(j, "cameras", 0), "state"), state);
	json_decref(j);
	view.now = (struct utc){S(300)};
}

static void P9_a_camera_records_only_with_a_recent_decoded_proof(void **state)
{
	(void)state;
	state_is(30, "streaming");
	proof(1, 0, 60, PROOF_VERIFIED); /* not decoded */
	state_is(70, "streaming");
	proof(1, 0, 60, PROOF_DECODED);
	state_is(70, "recording");
	/* three segments of 60 s and a minute after the proof's end */
	state_is(60 + 180 + 60, "recording");
	state_is(60 + 180 + 61, "streaming");
	camera.state = CAMERA_DOWN;
	state_is(70, "down");
	camera.state = CAMERA_STREAMING;
	camera.enabled = false;
	state_is(70, "off");
	camera.enabled = true;
	state_is(70, "recording");
}

static void addresses_of_cameras_are_for_operators(void **state)
{
	json_t *j = cameras(2, ROLE_AUDITOR);
	char *text;

	(void)state;
	text = json_dumps(j, 0);
	assert_null(strstr(text, "10.0.0.7"));
	free(text);
	json_decref(j);
	j = cameras(0, ROLE_OPERATOR);
	assert_string_equal(word(nth(j, "cameras", 0), "url"),
	    "rtsp://10.0.0.7/x");
	json_decref(j);
}

static void times_are_the_sites(void **state)
{
	json_t *j = cameras(2, ROLE_AUDITOR);

	(void)state;
	assert_string_equal(word(nth(j, "cameras", 0), "since"),
	    "2026-11-22T14:15:07.000+05:00");
	assert_string_equal(word(nth(j, "cameras", 0), "last_proved"),
	    "2026-11-22T14:16:07.000+05:00");
	json_decref(j);
}

static void an_auditor_sees_his_own_requests_a_custodian_all(void **state)
{
	json_t *j = requests(1, ROLE_AUDITOR);
	const json_t *q;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(j, "requests")), 1);
	assert_string_equal(word(nth(j, "requests", 0), "id"),
	    "REQ-2026-00001");
	assert_true(json_is_true(json_object_get(nth(j, "requests", 0),
	    "mine")));
	json_decref(j);
	j = requests(3, ROLE_CUSTODIAN);
	assert_int_equal(json_array_size(json_object_get(j, "requests")), 3);
	for (size_t i = 0; i < 3; i++) {
		bool open;

		q = nth(j, "requests", i);
		open = !strcmp(word(q, "state"), "submitted");
		assert_int_equal(json_is_true(json_object_get(q, "may_decide")),
		    open);
	}
	json_decref(j);
}

static void P6_nobody_is_offered_his_own_request_to_decide(void **state)
{
	json_t *j = requests(1, ROLE_CUSTODIAN);
	size_t n = json_array_size(json_object_get(j, "requests"));

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_false(json_is_true(json_object_get(nth(j, "requests", i),
		    "may_decide")));
	json_decref(j);
}

static void a_grant_past_its_end_is_ended(void **state)
{
	json_t *j = requests(2, ROLE_AUDITOR);
	size_t n = json_array_size(json_object_get(j, "requests"));

	(void)state;
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		const json_t *q = nth(j, "requests", i), *g;
		bool two = !strcmp(word(q, "id"), "REQ-2026-00002");

		assert_string_equal(word(q, "state"),
		    two ? "shortened" : "expired");
		assert_string_equal(word(q, "decider"), "Saule");
		g = json_object_get(q, "granted");
		assert_int_equal(json_array_size(json_object_get(g, "cameras")),
		    1);
		assert_string_equal(word(g, "from"),
		    "2026-11-22T14:15:09.000+05:00");
	}
	json_decref(j);
}

static void the_ledger_is_told_in_names_not_numbers(void **state)
{
	const json_t *e, *f;
	char *text = NULL;
	enum err err = view_ledger(&view, 1, 200, &text);
	json_t *j = parse(err, text);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(j, "size")), 4);
	e = nth(j, "entries", 0);
	f = json_object_get(e, "fields");
	assert_string_equal(word(e, "type"), "request");
	assert_string_equal(word(e, "person_name"), "Bolat");
	assert_string_equal(word(f, "from"), "2026-11-22T14:15:08.000+05:00");
	assert_string_equal(word(f, "reason"), "dispute");
	/* erased, or never kept: the entry stays */
	assert_true(json_is_null(json_object_get(f, "case")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(f,
								 "cameras"),
				1)),
	    "cam2");
	f = json_object_get(nth(j, "entries", 1), "fields");
	assert_int_equal(json_array_size(json_object_get(f, "served-from")), 2);
	/* DESIGN.md: 12 frozen */
	f = json_object_get(nth(j, "entries", 2), "fields");
	assert_string_equal(word(f, "alarm"), "frozen");
	json_decref(j);
}

static void status_counts_what_records(void **state)
{
	char *text = NULL;
	const json_t *c;
	enum err err;
	json_t *j;

	(void)state;
	view.now = (struct utc){S(70)};
	err = view_status(&view, &text);
	j = parse(err, text);
	c = json_object_get(j, "cameras");
	assert_int_equal(json_integer_value(json_object_get(c, "total")), 1);
	assert_int_equal(json_integer_value(json_object_get(c, "recording")),
	    1);
	assert_string_equal(word(j, "site"), "Branch 12");
	assert_string_equal(word(j, "now"), "2026-11-22T14:16:17.000+05:00");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(j,
								"ledger"),
			     "size")),
	    4);
	assert_string_equal(word(json_object_get(j, "storage"), "state"), "ok");
	json_decref(j);
	view.now = (struct utc){S(300)};
}

static void P7_coverage_sums_to_the_interval(void **state)
{
	int64_t got;
	const json_t *c;
	char *text = NULL;
	enum err err = view_coverage(&view, "", S(0), S(400), &text);
	json_t *j = parse(err, text);

	(void)state;
	/* to is now, not what was asked */
	assert_string_equal(word(j, "to"), "2026-11-22T14:20:07.000+05:00");
	assert_string_equal(word(j, "asked_to"),
	    "2026-11-22T14:21:47.000+05:00");
	c = nth(j, "cameras", 0);
	got = json_integer_value(json_object_get(c, "recorded_ns"));
	assert_int_equal(got, 60 * NS_PER_SEC);
	got += json_integer_value(json_object_get(c, "gap_ns"));
	assert_int_equal(got, 300 * NS_PER_SEC);
	assert_string_equal(word(nth(c, "spans", 1), "cause"),
	    "recorder-failed");
	json_decref(j);
	text = NULL;
	assert_int_equal(view_coverage(&view, "", S(5), S(5), &text),
	    ERR_INVALID);
	assert_int_equal(view_coverage(&view, "", S(0), S(401 * 86400), &text),
	    ERR_INVALID);
	assert_int_equal(view_coverage(&view, "nobody", S(0), S(9), &text),
	    ERR_NOT_FOUND);
}

static void a_list_of_any_length_is_told_wholly_by_the_page(void **state)
{
	struct request_row r = {.requester = 7, .state = REQUEST_SUBMITTED};
	struct page lost = {"REQ-1999-00001", 5};
	char *text = NULL;
	size_t pages;

	(void)state;
	view.person = 7;
	view.role = ROLE_AUDITOR;
	for (int i = 0; i < 1100; i++) {
		snprintf(r.id, sizeof(r.id), "REQ-2027-%05d", i);
		r.created_ns = S(i / 3); /* some at one instant */
		assert_int_equal(index_request_put(view.ix, &r), OK);
	}
	assert_int_equal(paged(500, &pages), 1100);
	assert_int_equal(pages, 3);
	assert_int_equal(paged(550, &pages), 1100);
	assert_int_equal(pages, 2);
	assert_int_equal(view_requests(&view, &lost, &text), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P9_a_camera_records_only_with_a_recent_decoded_proof),
	    cmocka_unit_test(addresses_of_cameras_are_for_operators),
	    cmocka_unit_test(times_are_the_sites),
	    cmocka_unit_test(an_auditor_sees_his_own_requests_a_custodian_all),
	    cmocka_unit_test(P6_nobody_is_offered_his_own_request_to_decide),
	    cmocka_unit_test(a_grant_past_its_end_is_ended),
	    cmocka_unit_test(the_ledger_is_told_in_names_not_numbers),
	    cmocka_unit_test(status_counts_what_records),
	    cmocka_unit_test(P7_coverage_sums_to_the_interval),
	    cmocka_unit_test(a_list_of_any_length_is_told_wholly_by_the_page),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
