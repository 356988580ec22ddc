/*
 * The grant is 1-4 s, and segment 2 begins at 4 s: what a signature in the GOP
 * after the range needs lies in the next segment.
 */
#include "tests/unit/storage/package_edit.h"

#define SIGNED                                                                 \
	"-c:v libx264 -preset veryfast -bf 2 -bsf:v dump_extra=freq=keyframe," \
	"h264_metadata=sei_user_data=005bc93f2d715e95ada4796f90877a6f+x"

static size_t granted(void)
{
	struct grant g;
	uint64_t person;
	const void *p;
	size_t n;

	assert_int_equal(keyring_find_grant(box.keyring, PACKAGE_REQUEST,
			     &person, &p, &n),
	    OK);
	assert_int_equal(grant_decode(p, n, &g), OK);
	n = g.n;
	grant_wipe(&g);
	return n;
}

/* The last footage for which a lease was opened. */
static int64_t leased(void)
{
	int64_t to = 0;

	for (size_t i = 0; i < box.events_n; i++)
		if (box.events[i].type == MSG_LEASE_OPEN &&
		    box.events[i].to_ns > to)
			to = box.events[i].to_ns;
	return to;
}

static void P5_the_package_has_one_GOP_more_and_says_so(void **state)
{
	char beyond[160], *text = text_of("manifest.json");

	(void)state;
	assert_int_equal(granted(), 2);
	snprintf(beyond, sizeof(beyond),
	    "\"from_ns\":\"%lld\",\"to_ns\":"
	    "\"%lld\"}",
	    (long long)S(4), (long long)S(5));
	assert_non_null(strstr(text, "\"why\":\"signed-video\""));
	assert_non_null(strstr(text, beyond));
	free(text);
	package_verify(package.zip, package.n, &policy, &verdict);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_non_null(strstr(verdict.says[CLAIM_UNCHANGED],
	    "for the camera's own signatures"));
}

static void P5_leases_name_what_is_handed_out_beyond_the_range(void **state)
{
	char id[32];

	(void)state;
	free(package.zip);
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	package_fetch(id);
	assert_int_equal(leased(), S(5));
	box_stop();
}

static void P5_it_may_not_be_watched(void **state)
{
	struct wire w;

	(void)state;
	box_session(AUDITOR_2);
	fetch(PACKAGE_REQUEST, 1, 3);
	assert_int_equal(fragment(PACKAGE_REQUEST, "cam1", 2, 0, &w),
	    ERR_NOT_APPROVED);
	box_stop();
}

static void forged(const char *from, const char *to)
{
	char *text = text_of("manifest.json"), *proof;
	struct zip_make z;

	replace(text, from, to);
	forge(box.ledger, text, &proof, &z);
	judge_by(&z, &policy);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_int_equal(verdict.changed, 1);
	assert_non_null(find("beyond"));
	free(z.p);
	free(proof);
	free(text);
}

static void P10_footage_beyond_the_range_is_that_which_is_named(void **state)
{
	char from[64], to[64];

	(void)state;
	forged("\"beyond\"", "\"behind\"");
	snprintf(from, sizeof(from), "\"to_ns\":\"%lld\"}", (long long)S(5));
	snprintf(to, sizeof(to), "\"to_ns\":\"%lld\"}", (long long)S(6));
	forged(from, to);
}

/* A request of the first four seconds, decided; how many keys it gave. */
static size_t keys_of(const char *request, enum right right, int64_t to_s)
{
	struct grant g;
	uint64_t person;
	const void *p;
	size_t n;

	assert_int_equal(index_rights_put(box.ix, request, right), OK);
	approved(request, S(1), S(to_s));
	assert_int_equal(keyring_find_grant(box.keyring, request, &person, &p,
			     &n),
	    OK);
	assert_int_equal(grant_decode(p, n, &g), OK);
	n = g.n;
	grant_wipe(&g);
	return n;
}

static void P5_a_grant_has_no_key_that_the_signature_does_not_need(void **state)
{
	(void)state;
	/* to watch needs none */
	assert_int_equal(keys_of("REQ-2026-00051", RIGHT_VIEW, 4), 1);
	/* the GOP after the range lies in the granted segment */
	assert_int_equal(keys_of("REQ-2026-00052", RIGHT_EXPORT, 3), 1);
	assert_int_equal(keys_of("REQ-2026-00053", RIGHT_EXPORT, 4), 2);
	/* the range ends in a gap */
	assert_int_equal(keys_of("REQ-2026-00054", RIGHT_EXPORT, 8), 2);
}

static int make(void **state)
{
	box_clip = SIGNED;
	package_to_s = 4;
	package_make(state);
	package_policy(&policy);
	return 0;
}

/* --- cameras that sign nothing --- */

static void footage_without_signatures_ends_where_it_was_granted(void **state)
{
	char *text = text_of("manifest.json");

	(void)state;
	assert_int_equal(granted(), 1);
	assert_null(strstr(text, "beyond"));
	free(text);
	package_verify(package.zip, package.n, &policy, &verdict);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_null(strstr(verdict.says[CLAIM_UNCHANGED], "signatures"));
}

static int make_unsigned(void **state)
{
	box_clip = CLIP_H264_B;
	package_make(state);
	package_policy(&policy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P5_the_package_has_one_GOP_more_and_says_so),
	    cmocka_unit_test(
		P10_footage_beyond_the_range_is_that_which_is_named),
	    cmocka_unit_test(
		P5_leases_name_what_is_handed_out_beyond_the_range),
	    cmocka_unit_test(P5_it_may_not_be_watched),
	    cmocka_unit_test(
		P5_a_grant_has_no_key_that_the_signature_does_not_need),
	};
	const struct CMUnitTest without[] = {
	    cmocka_unit_test(
		footage_without_signatures_ends_where_it_was_granted),
	};
	int failed = cmocka_run_group_tests(tests, make, package_free);

	return failed +
	    cmocka_run_group_tests(without, make_unsigned, package_free);
}
