/*
 * A rewritten past: root has the log's key, writes another history and proves
 * it. Which claim falls, and by what alone it is found.
 */
#include "tests/unit/storage/package_edit.h"

#include "storage/cosign.h"
#include "storage/disk.h"
#include "storage/tail.h"

#define WITNESS_S 1795339600

static const unsigned char witness_seed[KEY_BYTES] = {42};
static struct policy witnessed; /* as `policy`, and a witness must cosign */

static struct vkey witness_key(void)
{
	struct vkey k = {
	    .name = "bank.example/head-office", .kind = NOTE_COSIGNATURE};

	sign_public(witness_seed, k.key);
	return k;
}

/* --- gaps, which only the manifest tells of --- */

/* The manifest with one edit, entered as if it had been made so. */
static void judge_manifest(const char *from, const char *to)
{
	char *text = text_of("manifest.json"), *proof;
	struct zip_make z;

	replace(text, from, to);
	forge(box.ledger, text, &proof, &z);
	judge_by(&z, &policy);
	free(z.p);
	free(proof);
	free(text);
}

static void P10_a_package_that_is_entered_anew_is_genuine(void **state)
{
	(void)state;
	judge_manifest("cam1", "cam1");
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], PROVEN);
}

/* The site's clocks are the box's word; packages of before had none. */
static void P10_times_are_told_as_clocks_at_the_site_showed_them(void **state)
{
	static const struct {
		const char *from, *to, *said;
	} cases[] = {
	    {"cam1", "cam1",
		"2026-11-22 14:15:08 (UTC+05:00; 09:15:08 UTC) to "
		"2026-11-22 14:15:27 (UTC+05:00; 09:15:27 UTC), 1 cameras"},
	    {"\"offsets\"", "\"before\"",
		"2026-11-22 09:15:08 UTC to 2026-11-22 09:15:27 UTC, "},
	    {"\"minutes\":300", "\"minutes\":-570",
		"2026-11-21 23:45:08 (UTC-09:30; 2026-11-22 09:15:08 UTC) to "},
	    /* clocks were put back by an hour between the two */
	    {"\"minutes\":300}",
		"\"minutes\":300},{\"from_ns\":\"1795338917000000000\","
		"\"minutes\":240}",
		"2026-11-22 14:15:08 (UTC+05:00; 09:15:08 UTC) to "
		"2026-11-22 13:15:27 (UTC+04:00; 09:15:27 UTC), "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge_manifest(cases[i].from, cases[i].to);
		assert_int_equal(verdict.status, VERIFY_GENUINE);
		assert_ptr_equal(strstr(verdict.says[CLAIM_COMPLETE],
				     cases[i].said),
		    verdict.says[CLAIM_COMPLETE]);
	}
}

static void P10_offsets_that_are_none_are_no_manifest(void **state)
{
	static const char *const wrong[] = {"\"minutes\":1440",
	    "\"minutes\":-1440", "\"minutes\":5.5", "\"minutes\":\"300\"",
	    "\"minute\":300",
	    "\"minutes\":300},{\"from_ns\":\"0\",\"minutes\":300"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		judge_manifest("\"minutes\":300", wrong[i]);
		assert_int_equal(verdict.status, VERIFY_CHANGED);
		assert_non_null(find("manifest"));
	}
}

static void is_gap(const char *from, const char *to)
{
	judge_manifest(from, to);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_int_equal(verdict.changed, 1);
	assert_non_null(find("gap"));
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], NOT_PROVEN);
}

static void P10_a_gap_s_cause_is_the_one_that_was_entered(void **state)
{
	(void)state;
	is_gap("\"cause\":\"network\"", "\"cause\":\"machine-off\"");
	is_gap("\"cause\":\"network\"", "\"cause\":\"expired\"");
	is_gap("\"cause\":\"network\"", "\"cause\":\"no such cause\"");
}

static void P10_a_gap_is_not_longer_than_what_was_entered(void **state)
{
	char from[96], to[96];

	(void)state;
	snprintf(from, sizeof(from),
	    "\"from_ns\":\"%lld\",\"to_ns\":\"%lld\","
	    "\"cause\"",
	    (long long)S(8), (long long)S(18));
	snprintf(to, sizeof(to),
	    "\"from_ns\":\"%lld\",\"to_ns\":\"%lld\","
	    "\"cause\"",
	    (long long)S(7), (long long)S(18));
	is_gap(from, to);
	snprintf(to, sizeof(to),
	    "\"from_ns\":\"%lld\",\"to_ns\":\"%lld\","
	    "\"cause\"",
	    (long long)S(8), (long long)S(19));
	is_gap(from, to);
}

static void P10_a_gap_s_entry_is_one_that_closes_a_gap(void **state)
{
	char from[32], to[32];

	(void)state;
	snprintf(from, sizeof(from), "\"network\",\"entry\":%llu",
	    (unsigned long long)package.gap);
	snprintf(to, sizeof(to), "\"network\",\"entry\":%llu",
	    (unsigned long long)package.decision);
	is_gap(from, to);
	is_gap(from, "\"network\",\"entry\":999");
}

static void P10_a_gap_that_was_never_entered_is_not_claimed(void **state)
{
	char entry[32];

	(void)state;
	snprintf(entry, sizeof(entry), ",\"entry\":%llu}",
	    (unsigned long long)package.gap);
	judge_manifest(entry, "}");
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], NOT_CLAIMED);
	assert_non_null(strstr(verdict.says[CLAIM_COMPLETE],
	    "of 1 gap 1 stands in no entry of the log"));
	assert_int_equal(verdict.answers[CLAIM_UNCHANGED], PROVEN);
}

/* Root erases, and enters it as if its term had ended. */
static void P10_what_was_erased_early_is_missed(void **state)
{
	static const int days[] = {180, 181};
	char from[64], to[64];
	struct entry e;

	(void)state;
	for (int i = 0; i < 2; i++) {
		entry_begin(&e, ENTRY_ERASED,
		    (struct utc){S(18) + days[i] * 86400 * NS_PER_SEC}, 0);
		entry_put_text(&e, TAG_CAMERA, "cam1");
		entry_put_text(&e, TAG_DAY, DAY);
		entry_put_i64(&e, TAG_FROM, S(8));
		entry_put_i64(&e, TAG_TO, S(18));
		package_more = package_put(&e);
		snprintf(from, sizeof(from), "\"network\",\"entry\":%llu",
		    (unsigned long long)package.gap);
		snprintf(to, sizeof(to), "\"expired\",\"entry\":%llu",
		    (unsigned long long)package_more);
		judge_manifest(from, to);
		if (i) {
			assert_int_equal(verdict.status, VERIFY_GENUINE);
		} else {
			assert_int_equal(verdict.status, VERIFY_INCOMPLETE);
			assert_non_null(find("early"));
			assert_int_equal(verdict.answers[CLAIM_COMPLETE],
			    NOT_PROVEN);
			assert_int_equal(verdict.answers[CLAIM_UNCHANGED],
			    PROVEN);
		}
	}
	package_more = 0;
}

/* --- another history, signed by the log's own key --- */

/* Entry i of the real log; the decision by somebody else in the forged one. */
static void put_forged(struct tail *t, struct merkle *m, uint64_t i)
{
	unsigned char buf[ENTRY_MAX], leaf[HASH_BYTES];
	size_t n;

	assert_int_equal(ledger_get(box.ledger, i, buf, &n), OK);
	if (i == package.decision)
		buf[18] = CUSTODIAN_4; /* the person, big-endian */
	assert_int_equal(tail_put(t, buf, n), OK);
	merkle_leaf(buf, n, leaf);
	merkle_put(m, leaf);
}

static void copy(int to, const char *name, const void *p, size_t n)
{
	int fd = openat(to, name, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

/* Of the first `size` entries, on another disk with the same key. */
static struct ledger *forged_log(uint64_t size)
{
	struct checkpoint c = {.origin = "saqta.example/test", .size = size};
	unsigned char seed[KEY_BYTES];
	char path[160], note[CHECKPOINT_MAX];
	struct ledger *l;
	struct merkle m;
	struct tail t;
	size_t n;
	int fd;

	snprintf(path, sizeof(path),
	    "rm -rf %s/forged; mkdir -p "
	    "%s/forged/ledger/tile/entries",
	    box.dir, box.dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/forged", box.dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(disk_read(box.fd, "ledger/log.key", seed, sizeof(seed),
			     &n),
	    OK);
	assert_int_equal(tail_new(0, &t), OK);
	merkle_init(&m);
	for (uint64_t i = 0; i < size; i++)
		put_forged(&t, &m, i);
	merkle_root(&m, c.root);
	copy(fd, "ledger/tail", t.buf, t.len);
	tail_free(&t);
	copy(fd, "ledger/log.key", seed, sizeof(seed));
	assert_int_equal(checkpoint_sign(&c, seed, note, &n), OK);
	copy(fd, "ledger/checkpoint", note, n);
	assert_int_equal(ledger_open(fd, &l, &n), OK);
	close(fd);
	return l;
}

/* The real log's checkpoint of that size, as the witness cosigned it. */
static void real_note(uint64_t size, char note[NOTE_MAX])
{
	struct checkpoint c = {.origin = "saqta.example/test", .size = size};
	unsigned char seed[KEY_BYTES];
	struct vkey k = witness_key();
	char line[COSIGN_LINE_MAX];
	size_t n, text_n;

	assert_int_equal(disk_read(box.fd, "ledger/log.key", seed, sizeof(seed),
			     &n),
	    OK);
	assert_int_equal(ledger_root_at(box.ledger, size, c.root), OK);
	assert_int_equal(checkpoint_sign(&c, seed, note, &n), OK);
	assert_int_equal(note_text(note, n, &text_n), OK);
	cosign_line(note, text_n, &k, witness_seed, WITNESS_S, line);
	strcat(note, line);
}

/* The proof with what witnesses cosigned, and how l grew from it. */
static void with_seen(struct ledger *l, const char *note, uint64_t old,
    const char *proof, struct zip_make *in, struct zip_make *ret)
{
	unsigned char growth[MERKLE_PATH_MAX][HASH_BYTES], *zip = package.zip;
	size_t n = package.n, growth_n;
	struct proof_out out;
	char *all;

	assert_int_equal(ledger_growth(l, old, ledger_size(l), growth,
			     &growth_n),
	    OK);
	proof_begin(&out);
	proof_seen(&out, note, strlen(note), growth, growth_n);
	all = malloc(out.n + strlen(proof) + 1);
	memcpy(all, out.p, out.n);
	strcpy(all + out.n, strchr(proof, '\n') + 1);
	package.zip = in->p;
	package.n = in->n;
	with_file("proof.txt", all, strlen(all), ret);
	package.zip = zip;
	package.n = n;
	free(all);
	free(out.p);
}

static void P10_a_second_history_is_caught_by_the_witness_alone(void **state)
{
	char *manifest = text_of("manifest.json"), *proof;
	struct ledger *l = forged_log(package.decision + 1);
	struct zip_make z;

	(void)state;
	forge(l, manifest, &proof, &z);
	/* nothing in it contradicts anything: who decided is another now */
	judge_by(&z, &policy);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.answers[CLAIM_LOG], NOT_CLAIMED);
	assert_non_null(strstr(verdict.says[CLAIM_PEOPLE], "person 4 decided"));
	/* but no witness has seen it */
	judge_by(&z, &witnessed);
	assert_int_equal(verdict.status, VERIFY_NO_ORIGIN);
	assert_int_equal(verdict.findings_n, 0);
	for (int c = 0; c < CLAIMS; c++)
		assert_int_not_equal(verdict.answers[c], PROVEN);
	free(z.p);
	free(proof);
	free(manifest);
	ledger_close(l);
}

static void P10_the_real_history_s_cosignature_does_not_fit_it(void **state)
{
	char *manifest = text_of("manifest.json"), *proof, note[NOTE_MAX];
	struct ledger *l = forged_log(package.decision + 1);
	struct zip_make z, seen;

	(void)state;
	forge(l, manifest, &proof, &z);
	/* a cosignature from after the forged decision: it did not grow so */
	real_note(package.decision + 1, note);
	with_seen(l, note, package.decision + 1, proof, &z, &seen);
	judge_by(&seen, &witnessed);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("growth"));
	assert_int_equal(verdict.answers[CLAIM_LOG], NOT_PROVEN);
	assert_int_equal(verdict.answers[CLAIM_PEOPLE], NOT_PROVEN);
	free(seen.p);
	/* one from before it fits, but does not go as far as the decision */
	real_note(package.decision, note);
	with_seen(l, note, package.decision, proof, &z, &seen);
	judge_by(&seen, &witnessed);
	assert_int_equal(verdict.status, VERIFY_NO_ORIGIN);
	assert_int_equal(verdict.findings_n, 0);
	for (int c = 0; c < CLAIMS; c++)
		assert_int_not_equal(verdict.answers[c], PROVEN);
	assert_non_null(strstr(verdict.says[CLAIM_LOG],
	    "what this package rests on is not among them"));
	free(seen.p);
	free(z.p);
	free(proof);
	free(manifest);
	ledger_close(l);
}

static int make(void **state)
{
	package_make(state);
	package_policy(&policy);
	witnessed = policy;
	strcpy(witnessed.nodes[0].name, "head-office");
	witnessed.nodes[0].witness = true;
	witnessed.nodes[0].key = witness_key();
	witnessed.nodes_n = 1;
	witnessed.quorum = 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_a_package_that_is_entered_anew_is_genuine),
	    cmocka_unit_test(
		P10_times_are_told_as_clocks_at_the_site_showed_them),
	    cmocka_unit_test(P10_offsets_that_are_none_are_no_manifest),
	    cmocka_unit_test(P10_a_gap_s_cause_is_the_one_that_was_entered),
	    cmocka_unit_test(P10_a_gap_is_not_longer_than_what_was_entered),
	    cmocka_unit_test(P10_a_gap_s_entry_is_one_that_closes_a_gap),
	    cmocka_unit_test(P10_a_gap_that_was_never_entered_is_not_claimed),
	    cmocka_unit_test(P10_what_was_erased_early_is_missed),
	    cmocka_unit_test(
		P10_a_second_history_is_caught_by_the_witness_alone),
	    cmocka_unit_test(
		P10_the_real_history_s_cosignature_does_not_fit_it),
	};

	return cmocka_run_group_tests(tests, make, package_free);
}
