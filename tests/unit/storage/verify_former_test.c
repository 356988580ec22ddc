/*
 * A package whose footage and gap stand in the log of a former epoch: request
 * and decision are of epoch 2.
 */
#include "tests/unit/storage/package_edit.h"

#include "storage/cosign.h"

#define FORMER "former-1.txt"

static const unsigned char witness_seed[KEY_BYTES] = {42};
static struct policy witnessed; /* as `policy`, and a witness must cosign */

static void P10_footage_of_a_former_epoch_is_proven(void **state)
{
	struct zip_make z;

	(void)state;
	with_file("nothing", NULL, 0, &z);
	judge_by(&z, &policy);
	free(z.p);
	assert_int_equal(verdict.findings_n, 0);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.answers[CLAIM_UNCHANGED], PROVEN);
	assert_int_equal(verdict.answers[CLAIM_PEOPLE], PROVEN);
	/* the gap, and who asked, are in no other log */
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], PROVEN);
	assert_non_null(strstr(verdict.says[CLAIM_COMPLETE], "with 1 gap"));
	assert_non_null(strstr(verdict.says[CLAIM_PEOPLE],
	    "Person auditor asked on"));
}

/* The package with another former proof; NULL: without. */
static void judge_former(const char *text)
{
	struct zip_make z;

	with_file(FORMER, text, text ? strlen(text) : 0, &z);
	judge_by(&z, &policy);
	free(z.p);
}

static void P10_a_former_log_that_is_left_out_or_changed_is_found(void **state)
{
	char *text = text_of(FORMER), *at;

	(void)state;
	judge_former(NULL);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("file"));
	assert_non_null(find("entry"));
	judge_former("saqta proof v1\n");
	assert_non_null(find("former"));
	/* a byte of the segment's entry */
	at = strstr(text, "entry 5 ");
	assert_non_null(at);
	at[8 + 24] = at[8 + 24] == 'A' ? 'B' : 'A';
	judge_former(text);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("former"));
	free(text);
}

/* The former log goes on behind our back, with its own key. */
static void P10_a_former_log_is_the_one_that_its_successor_names(void **state)
{
	char *text = text_of(FORMER), cmd[200];
	uint64_t entries[65], added;
	struct export x = {.entries = {.p = entries}};
	struct proof_out out;
	struct ledger *l;
	struct entry e;
	struct proof f;
	size_t cut;
	int fd;

	(void)state;
	assert_int_equal(proof_parse(text, strlen(text), &f), OK);
	for (size_t i = 0; i < f.n; i++)
		entries[x.entries.n++] = f.entries[i].index;
	proof_free(&f);
	snprintf(cmd, sizeof(cmd),
	    "mkdir %s/past && cp -r %s/ledger.1 "
	    "%s/past/ledger",
	    box.dir, box.dir, box.dir);
	assert_int_equal(system(cmd), 0);
	snprintf(cmd, sizeof(cmd), "%s/past", box.dir);
	fd = open(cmd, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ledger_open(fd, &l, &cut), OK);
	x.own = l;
	entry_begin(&e, ENTRY_STOPPED, (struct utc){S(60)}, 0);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(ledger_put(l, &e, &added), OK);
	assert_int_equal(ledger_commit(l), OK);
	assert_int_equal(ledger_checkpoint(l), OK);
	assert_int_equal(export_proof(&x, &out), OK);
	free(text);
	text = strndup(out.p, out.n);
	free(out.p);
	judge_former(text);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_int_equal(verdict.changed, 1);
	assert_non_null(strstr(find("former")->text,
	    "the log after it names another checkpoint"));
	free(text);
	ledger_close(l);
	close(fd);
}

/* The proof in that file with the witness's line below its checkpoint. */
static void cosign(const char *name)
{
	char line[COSIGN_LINE_MAX], *text = text_of(name), *note, *all;
	struct zip_make z;
	size_t text_n;

	note = strstr(text, "\n\n") + 2;
	assert_int_equal(note_text(note, strlen(note), &text_n), OK);
	cosign_line(note, text_n, &witnessed.nodes[0].key, witness_seed,
	    1795339600, line);
	all = malloc(strlen(text) + sizeof(line));
	sprintf(all, "%s%s", text, line);
	with_file(name, all, strlen(all), &z);
	free(package.zip);
	package.zip = z.p;
	package.n = z.n;
	free(all);
	free(text);
}

static void judge_witnessed(void)
{
	struct zip_make z;

	with_file("nothing", NULL, 0, &z);
	judge_by(&z, &witnessed);
	free(z.p);
	assert_int_equal(verdict.findings_n, 0);
}

static void P10_witnesses_must_have_seen_the_former_log_too(void **state)
{
	(void)state;
	cosign("proof.txt");
	judge_witnessed();
	assert_int_equal(verdict.status, VERIFY_NO_ORIGIN);
	assert_non_null(strstr(verdict.says[CLAIM_LOG],
	    "the log of a former epoch"));
	for (int c = 0; c < CLAIMS; c++)
		assert_int_not_equal(verdict.answers[c], PROVEN);
	cosign(FORMER);
	judge_witnessed();
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.answers[CLAIM_LOG], PROVEN);
	assert_int_equal(verdict.answers[CLAIM_TIME], PROVEN);
}

static void footage_whose_ledger_was_lost_makes_no_package(void **state)
{
	char say[200];

	(void)state;
	assert_int_equal(renameat(box.fd, "ledger.1", box.fd, "lost"), 0);
	assert_int_equal(refused(say, sizeof(say)), ERR_UNPROVEN);
	assert_non_null(strstr(say, "It can be watched"));
	assert_int_equal(renameat(box.fd, "lost", box.fd, "ledger.1"), 0);
}

static int make(void **state)
{
	package_epoch_at = EPOCH_AFTER_SEGMENTS;
	package_make(state);
	package_policy(&policy);
	witnessed = policy;
	memset(witnessed.nodes, 0, sizeof(witnessed.nodes));
	strcpy(witnessed.nodes[0].name, "head-office");
	witnessed.nodes[0].witness = true;
	strcpy(witnessed.nodes[0].key.name, "bank.example/head-office");
	witnessed.nodes[0].key.kind = NOTE_COSIGNATURE;
	sign_public(witness_seed, witnessed.nodes[0].key.key);
	witnessed.nodes_n = 1;
	witnessed.quorum = 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(footage_whose_ledger_was_lost_makes_no_package),
	    cmocka_unit_test(P10_footage_of_a_former_epoch_is_proven),
	    cmocka_unit_test(
		P10_a_former_log_that_is_left_out_or_changed_is_found),
	    cmocka_unit_test(
		P10_a_former_log_is_the_one_that_its_successor_names),
	    cmocka_unit_test(P10_witnesses_must_have_seen_the_former_log_too),
	};

	return cmocka_run_group_tests(tests, make, package_free);
}
