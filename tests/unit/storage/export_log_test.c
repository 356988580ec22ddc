/*
 * A package whose footage, request and decision all stand in the log of a
 * former epoch.
 */
#include "tests/unit/storage/package_edit.h"

/* The package of a manifest that says otherwise, entered by the box itself. */
static void judge_said(const char *from, const char *to)
{
	char *manifest = text_of("manifest.json"), *proof;
	struct zip_make z;

	replace(manifest, from, to);
	forge(box.ledger, manifest, &proof, &z);
	judge_by(&z, &policy);
	free(proof);
	free(z.p);
	free(manifest);
}

static void P10_a_request_of_a_former_epoch_is_proven(void **state)
{
	struct zip_make z;

	(void)state;
	with_file("nothing", NULL, 0, &z);
	judge_by(&z, &policy);
	free(z.p);
	assert_int_equal(verdict.findings_n, 0);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	for (int c = 0; c < CLAIMS; c++)
		assert_int_equal(verdict.answers[c] == PROVEN,
		    c != CLAIM_TIME && c != CLAIM_LOG);
	assert_non_null(strstr(verdict.says[CLAIM_PEOPLE],
	    "Person auditor asked on"));
	assert_non_null(strstr(verdict.says[CLAIM_PEOPLE],
	    "\"withdrawal disputed\""));
}

static void P10_its_entries_are_those_of_that_epoch_alone(void **state)
{
	(void)state;
	judge_said(",\"decision_epoch\":1", "");
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("entry"));
	judge_said(",\"decision_epoch\":1", ",\"decision_epoch\":2");
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("former"));
}

static void P10_another_name_or_reason_of_a_former_epoch_is_found(void **state)
{
	(void)state;
	judge_said("\"withdrawal disputed\"", "\"withdrawal undisputed\"");
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("opened"));
}

static void a_request_whose_ledger_was_lost_is_to_be_asked_anew(void **state)
{
	char say[200];

	(void)state;
	assert_int_equal(renameat(box.fd, "ledger.1", box.fd, "lost"), 0);
	assert_int_equal(refused(say, sizeof(say)), ERR_UNPROVEN);
	assert_non_null(strstr(say, PACKAGE_REQUEST));
	assert_non_null(strstr(say, "ask for that footage anew"));
	assert_int_equal(renameat(box.fd, "lost", box.fd, "ledger.1"), 0);
}

static int make(void **state)
{
	package_epoch_at = EPOCH_AFTER_DECISION;
	package_make(state);
	package_policy(&policy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_a_request_of_a_former_epoch_is_proven),
	    cmocka_unit_test(P10_its_entries_are_those_of_that_epoch_alone),
	    cmocka_unit_test(
		P10_another_name_or_reason_of_a_former_epoch_is_found),
	    cmocka_unit_test(
		a_request_whose_ledger_was_lost_is_to_be_asked_anew),
	};

	return cmocka_run_group_tests(tests, make, package_free);
}
