#include "tests/unit/storage/package_box.h"

#include "storage/zip.h"

static struct judgement verdict;
static char id[32];

static void run_sh(const char *fmt, const char *arg)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), fmt, box.dir, arg);
	assert_int_equal(system(cmd), 0);
}

static enum err ask_export(const char *request)
{
	struct wire w;

	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, request);
	wire_put_str(&w, credential(AUDITOR_2));
	return box_ask(&w);
}

static void verify(void)
{
	struct policy p;

	package_policy(&p);
	package_fetch(id);
	package_verify(package.zip, package.n, &p, &verdict);
}

static bool found(const char *code, const char *text)
{
	for (size_t i = 0; i < verdict.findings_n; i++)
		if (!strcmp(verdict.findings[i].code, code) &&
		    strstr(verdict.findings[i].text, text))
			return true;
	return false;
}

static void P10_the_movies_hold_the_recorded_pictures_bit_for_bit(void **state)
{
	char path[128], cmd[256], *got, *want;
	struct zip z;
	int fd;

	(void)state;
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	verify();
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	fd = package_fd(package.zip, package.n);
	assert_int_equal(zip_read(fd, package.n, &z), OK);
	close(fd);
	/* the second run: two seconds, the clip's first two fragments */
	assert_string_equal(z.files[1].name,
	    "20261122-141525-cam1-EXP-2026-00001.mp4");
	snprintf(path, sizeof(path), "%s/out.mp4", box.dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, package.zip + z.files[1].off,
			     z.files[1].size),
	    z.files[1].size);
	close(fd);
	zip_free(&z);
	snprintf(cmd, sizeof(cmd),
	    "ffmpeg -v error -i %s -f framemd5 - | sed -n '/^[0-9]/s/.*, *//p'",
	    path);
	got = clip_output(cmd);
	snprintf(cmd, sizeof(cmd),
	    "ffmpeg -v error -i %s -frames:v 50 -f framemd5 - | "
	    "sed -n '/^[0-9]/s/.*, *//p'",
	    box.clip.path);
	want = clip_output(cmd);
	assert_int_equal(strlen(got), 50 * 33);
	assert_string_equal(got, want);
	free(got);
	free(want);
	box_stop();
}

static void P1_what_lies_on_the_disk_is_ciphertext_for_the_requester(void *
	*state)
{
	char cmd[512];

	(void)state;
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	verify();
	box_stop();
	/* neither the ZIP nor a name nor a picture is there in clear */
	run_sh("! grep -rqE 'stsd|mdat|manifest|withdrawal' %s/exports%s", "");
	run_sh("head -c 21 %s/exports/EXP-2026-00001.age | "
	       "grep -qx age-encryption.org/v1%s",
	    "");
	snprintf(cmd, sizeof(cmd),
	    "grep -c '^-> X25519 ' -a "
	    "%s/exports/EXP-2026-00001.age | grep -qx 1",
	    box.dir);
	assert_int_equal(system(cmd), 0);
}

static void P5_no_byte_of_footage_leaves_before_a_lease_for_it(void **state)
{
	unsigned char b[16];
	struct event *e;
	struct wire w;
	uint64_t size;

	(void)state;
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 0);
	wire_begin(&w, MSG_EXPORT, ++box.id);
	wire_put_str(&w, id);
	assert_int_equal(box_ask(&w), OK);
	size = wire_get_u64(&w);
	/* the end of the ZIP shows nothing */
	assert_int_equal(package_read(id, size - 16, 16, b), OK);
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 0);
	/* a lease that is refused: not a byte */
	box.refuse_lease = ERR_DISK;
	assert_int_equal(package_read(id, 20000, 16, b), ERR_DISK);
	box.refuse_lease = OK;
	assert_int_equal(package_read(id, 20000, 16, b), OK);
	assert_int_equal(box_count(MSG_LEASE_OPEN, &e), 2);
	assert_int_equal(e->code, LEASE_EXPORT);
	assert_string_equal(e->camera, "cam1");
	assert_int_equal(e->from_ns, S(1));
	assert_true(e->to_ns >= S(8));
	assert_int_equal(package_read(id, size - 8, 9, b), ERR_RANGE);
	box_stop();
	assert_int_equal(box_count(MSG_LEASE_CLOSE, &e), 1);
	assert_int_equal(e->from_ns, S(1));
	assert_int_equal(e->to_ns, S(8));
}

static void a_request_to_view_exports_nothing(void **state)
{
	(void)state;
	assert_int_equal(index_rights_put(box.ix, PACKAGE_REQUEST, RIGHT_VIEW),
	    OK);
	box_session(AUDITOR_2);
	assert_int_equal(ask_export(PACKAGE_REQUEST), ERR_NOT_APPROVED);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	assert_int_equal(box_count(MSG_EXPORT_BEGIN, NULL), 0);
	assert_int_equal(box_count(MSG_FACTOR_USED, NULL), 0);
	box_stop();
	assert_int_equal(index_rights_put(box.ix, PACKAGE_REQUEST,
			     RIGHT_EXPORT),
	    OK);
}

/* What is asked for, of cam1 unless another is named. */
static enum err ask_part(int64_t from_s, int64_t to_s, const char *camera)
{
	struct wire w;

	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, PACKAGE_REQUEST);
	wire_put_str(&w, credential(AUDITOR_2));
	wire_put_i64(&w, S(from_s));
	wire_put_i64(&w, S(to_s));
	wire_put_u8(&w, 1);
	wire_put_str(&w, camera);
	return box_ask(&w);
}

static void P6_no_package_is_of_more_than_was_granted(void **state)
{
	(void)state;
	box_session(AUDITOR_2);
	assert_int_equal(ask_part(0, 5, "cam1"), ERR_NOT_APPROVED);
	assert_int_equal(ask_part(2, package_to_s + 1, "cam1"),
	    ERR_NOT_APPROVED);
	assert_int_equal(ask_part(2, 5, "cam2"), ERR_NOT_APPROVED);
	assert_int_equal(ask_part(5, 2, "cam1"), ERR_INVALID);
	assert_int_equal(box_count(MSG_EXPORT_BEGIN, NULL), 0);
	box_stop();
}

static void a_part_of_what_was_granted_is_a_package_that_holds(void **state)
{
	struct wire w;

	(void)state;
	box_session(AUDITOR_2);
	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, PACKAGE_REQUEST);
	wire_put_str(&w, credential(AUDITOR_2));
	wire_put_i64(&w, S(2));
	wire_put_i64(&w, S(5));
	wire_put_u8(&w, 1);
	wire_put_str(&w, "cam1");
	assert_int_equal(box_ask(&w), OK);
	snprintf(id, sizeof(id), "%s", wire_get_str(&w));
	while (!box_count(MSG_EXPORT_DONE, NULL) &&
	    !box_count(MSG_EXPORT_FAILED, NULL))
		assert_true(keeper_turn());
	verify();
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	for (int64_t s = 2; s <= 5; s += 3) {
		char ns[32];
		int n = snprintf(ns, sizeof(ns), "\"%lld\"", (long long)S(s));

		assert_non_null(memmem(package.zip, package.n, ns, (size_t)n));
	}
	box_stop();
}

static void as_whom(const char *words, enum err err)
{
	struct wire w;

	box_session(AUDITOR_2);
	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, PACKAGE_REQUEST);
	wire_put_str(&w, words);
	assert_int_equal(box_ask(&w), err);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	assert_int_equal(box_count(MSG_EXPORT_BEGIN, NULL), 0);
	box_stop();
}

static void an_export_takes_password_and_code(void **state)
{
	(void)state;
	as_whom("", ERR_PASSWORD);
	as_whom("not the password", ERR_PASSWORD);
	as_whom(passwords[AUDITOR_2], ERR_FACTOR);
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	assert_int_equal(box_count(MSG_FACTOR_USED, NULL), 1);
	box_stop();
}

static void a_used_code_exports_nothing(void **state)
{
	(void)state;
	box_session(AUDITOR_2);
	box.refuse_factor = ERR_FACTOR;
	assert_int_equal(ask_export(PACKAGE_REQUEST), ERR_FACTOR);
	assert_int_equal(box_count(MSG_EXPORT_BEGIN, NULL), 0);
	box_stop();
}

static void who_has_no_second_factor_is_told_to_set_one_up(void **state)
{
	(void)state;
	box_factor(AUDITOR_2, false);
	as_whom(passwords[AUDITOR_2], ERR_NO_FACTOR);
	box_factor(AUDITOR_2, true);
}

static void a_custodian_exports_nothing(void **state)
{
	(void)state;
	box_session(CUSTODIAN_1);
	assert_int_equal(ask_export(PACKAGE_REQUEST), ERR_DENIED);
	box_stop();
}

static void another_s_package_is_not_handed_out(void **state)
{
	struct export_row x;
	unsigned char b[16];

	(void)state;
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	assert_int_equal(index_export_find(box.ix, id, &x), OK);
	x.person = CUSTODIAN_4;
	assert_int_equal(index_export_put(box.ix, &x), OK);
	assert_int_equal(package_read(id, 0, 16, b), ERR_NOT_APPROVED);
	x.person = AUDITOR_2;
	x.state = EXPORT_ERASED;
	assert_int_equal(index_export_put(box.ix, &x), OK);
	assert_int_equal(package_read(id, 0, 16, b), ERR_EXPIRED);
	box_stop();
}

static void a_grant_that_ends_meanwhile_ends_the_export(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	box_session(AUDITOR_2);
	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, PACKAGE_REQUEST);
	wire_put_str(&w, credential(AUDITOR_2));
	assert_int_equal(box_ask(&w), OK);
	box.export_err = ERR_GRANT_ENDED;
	while (!box_count(MSG_EXPORT_FAILED, &e))
		assert_true(keeper_turn());
	assert_int_equal(e->code, ERR_GRANT_ENDED);
	assert_int_equal(box_count(MSG_EXPORT_DONE, NULL), 0);
	box.export_err = OK;
	box_stop();
}

static void an_export_that_a_session_leaves_behind_says_so(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	box_session(AUDITOR_2);
	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, PACKAGE_REQUEST);
	wire_put_str(&w, credential(AUDITOR_2));
	assert_int_equal(wire_send(box.client, &w, -1), OK);
	box_stop(); /* the answer finds nobody */
	assert_int_equal(box_count(MSG_EXPORT_DONE, NULL), 0);
	assert_int_equal(box_count(MSG_EXPORT_FAILED, &e), 1);
	assert_int_equal(e->code, ERR_SIGNED_OUT);
}

static void what_is_still_being_recorded_is_not_exported_yet(void **state)
{
	struct segment_row row;
	int64_t entry;

	(void)state;
	assert_int_equal(index_segment_find(box.ix, "cam1", 3, &row), OK);
	entry = row.entry;
	row.entry = -1;
	assert_int_equal(index_segment_put(box.ix, &row), OK);
	box_session(AUDITOR_2);
	assert_int_equal(ask_export(PACKAGE_REQUEST), ERR_BUSY);
	box_stop();
	row.entry = entry;
	assert_int_equal(index_segment_put(box.ix, &row), OK);
}

/* --- root at work --- */

static void P10_a_removed_footage_file_makes_it_incomplete(void **state)
{
	(void)state;
	run_sh("rm %s/footage/cam1/2026/11/22/*-00000002.mp4.age%s", "");
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	verify();
	box_stop();
	assert_int_equal(verdict.status, VERIFY_INCOMPLETE);
	assert_true(found("lost",
	    "camera cam1 from 2026-11-22 14:15:11 (UTC+05:00; 09:15:11 UTC)"));
	assert_true(found("segment", "segments 2 to 2 were recorded"));
	assert_int_equal(verdict.answers[CLAIM_UNCHANGED], PROVEN);
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], NOT_PROVEN);
}

static void P10_where_all_is_damaged_there_is_no_package_and_why_is_told(void *
	*state)
{
	struct event *e;

	(void)state;
	run_sh("for f in %s/footage/cam1/2026/11/22/*.mp4.age; do "
	       "truncate -s 1000 $f; done%s",
	    "");
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	assert_int_equal(box_count(MSG_EXPORT_DONE, NULL), 0);
	assert_int_equal(box_count(MSG_EXPORT_FAILED, &e), 1);
	assert_int_equal(e->code, ERR_INTEGRITY);
	box_stop();
}

/* The public key is enough to make a valid age file: it proves no author. */
static void P10_replaced_footage_does_not_pass(void **state)
{
	struct age_recipient day;
	char to[RECIPIENT_TEXT], cmd[512];

	(void)state;
	assert_int_equal(keyring_find_day(box.keyring, "cam1", DAY, &day), OK);
	recipient_format(&day, to);
	snprintf(cmd, sizeof(cmd),
	    "f=$(echo %s/footage/cam1/2026/11/22/*-00000002.mp4.age) && "
	    "n=$(stat -c %%s $f) && age -r %s %s > $f.new && "
	    "truncate -s $n $f.new && mv $f.new $f",
	    box.dir, to, box.clip.path);
	assert_int_equal(system(cmd), 0);
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	verify();
	box_stop();
	assert_int_equal(verdict.status, VERIFY_INCOMPLETE);
	assert_true(found("lost", "lost or damaged at the bank"));
}

static void P10_a_cut_journal_makes_it_incomplete(void **state)
{
	(void)state;
	/* segment 1: begin, 4 fragments, seal; cut within segment 2 */
	run_sh("truncate -s 2048 %s/footage/cam1/2026/11/22/journal%s", "");
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	verify();
	box_stop();
	assert_int_equal(verdict.status, VERIFY_INCOMPLETE);
	assert_true(found("lost", "camera cam1"));
}

/* One directory for all: what a test spoils is put back. */
static int keep(void **state)
{
	(void)state;
	run_sh("cp -a %s/footage %s/kept", box.dir);
	return 0;
}

static int restore(void **state)
{
	(void)state;
	free(package.zip);
	package.zip = NULL;
	run_sh("cd %s && rm -rf footage && mv kept %s/footage", box.dir);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, keep, restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P10_the_movies_hold_the_recorded_pictures_bit_for_bit),
	    TEST(P1_what_lies_on_the_disk_is_ciphertext_for_the_requester),
	    TEST(P5_no_byte_of_footage_leaves_before_a_lease_for_it),
	    TEST(a_request_to_view_exports_nothing),
	    TEST(P6_no_package_is_of_more_than_was_granted),
	    TEST(a_part_of_what_was_granted_is_a_package_that_holds),
	    TEST(an_export_takes_password_and_code),
	    TEST(a_used_code_exports_nothing),
	    TEST(who_has_no_second_factor_is_told_to_set_one_up),
	    TEST(a_custodian_exports_nothing),
	    TEST(another_s_package_is_not_handed_out),
	    TEST(a_grant_that_ends_meanwhile_ends_the_export),
	    TEST(an_export_that_a_session_leaves_behind_says_so),
	    TEST(what_is_still_being_recorded_is_not_exported_yet),
	    TEST(P10_a_removed_footage_file_makes_it_incomplete),
	    TEST(P10_where_all_is_damaged_there_is_no_package_and_why_is_told),
	    TEST(P10_replaced_footage_does_not_pass),
	    TEST(P10_a_cut_journal_makes_it_incomplete),
	};

	return cmocka_run_group_tests(tests, package_prepare, package_free);
}
