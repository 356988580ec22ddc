/* Segment 3 came to nothing; the gap it lies in is between 2 and 4. */
#include "tests/unit/storage/package_edit.h"

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

static void P10_a_number_that_came_to_nothing_is_not_missed(void **state)
{
	(void)state;
	judge_manifest("cam1", "cam1");
	assert_int_equal(verdict.findings_n, 0);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], PROVEN);
}

static void is_missed(const char *from, const char *to)
{
	judge_manifest(from, to);
	assert_int_equal(verdict.status, VERIFY_INCOMPLETE);
	assert_int_equal(verdict.missing, 1);
	assert_non_null(find("segment"));
	assert_non_null(strstr(find("segment")->text, "segments 3 to 3"));
}

static void P10_only_the_log_says_that_a_number_came_to_nothing(void **state)
{
	char *text = text_of("manifest.json"), *at, from[80];

	(void)state;
	at = strstr(text, "\"empty\":[{");
	assert_non_null(at);
	snprintf(from, sizeof(from), "%.*s", (int)(strchr(at, ']') - at), at);
	free(text);
	is_missed(from, "\"empty\":[");
	/* the entry of a segment that has fragments */
	is_missed("\"empty\":[{\"camera\":\"cam1\",\"seq\":3,\"entry\":8",
	    "\"empty\":[{\"camera\":\"cam1\",\"seq\":3,\"entry\":9");
}

static int make(void **state)
{
	box_hole = true;
	package_make(state);
	package_policy(&policy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_a_number_that_came_to_nothing_is_not_missed),
	    cmocka_unit_test(
		P10_only_the_log_says_that_a_number_came_to_nothing),
	};

	return cmocka_run_group_tests(tests, make, package_free);
}
