#include "tests/unit/storage/reader_box.h"

static void P6_nobody_decides_his_own_request(void **state)
{
	struct event *e;

	(void)state;
	box_request("REQ-2026-00001", CUSTODIAN_1, S(0), S(5));
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00001", VERDICT_APPROVE, S(0), S(5),
			     "", credential(CUSTODIAN_1), "cam1"),
	    ERR_SELF_APPROVAL);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_SELF_APPROVAL);
	assert_string_equal(e->request, "REQ-2026-00001");
	assert_int_equal(box_count(MSG_GRANT_PUT, NULL), 0);
	box_stop();
}

static void P6_an_operator_or_auditor_does_not_decide(void **state)
{
	(void)state;
	box_request("REQ-2026-00002", AUDITOR_2, S(0), S(5));
	box_session(OPERATOR_3);
	assert_int_equal(decide("REQ-2026-00002", VERDICT_APPROVE, S(0), S(5),
			     "", credential(OPERATOR_3), "cam1"),
	    ERR_DENIED);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	box_stop();
	box_session(AUDITOR_2);
	assert_int_equal(decide("REQ-2026-00002", VERDICT_APPROVE, S(0), S(5),
			     "", credential(AUDITOR_2), "cam1"),
	    ERR_DENIED);
	box_stop();
}

static void a_decision_needs_the_password_anew(void **state)
{
	struct event *e;

	(void)state;
	box_request("REQ-2026-00004", AUDITOR_2, S(0), S(5));
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00004", VERDICT_APPROVE, S(0), S(5),
			     "", "not-the-password", "cam1"),
	    ERR_PASSWORD);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_PASSWORD);
	assert_int_equal(box_count(MSG_DAY_KEY, NULL), 0);
	/* refusing needs it too, and a reason */
	assert_int_equal(decide("REQ-2026-00004", VERDICT_REFUSE, S(0), S(5),
			     "no ground", "not-the-password", "cam1"),
	    ERR_PASSWORD);
	assert_int_equal(decide("REQ-2026-00004", VERDICT_REFUSE, S(0), S(5),
			     "", credential(CUSTODIAN_1), "cam1"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00004", VERDICT_REFUSE, S(0), S(5),
			     "no ground", credential(CUSTODIAN_1), "cam1"),
	    OK);
	assert_int_equal(box_count(MSG_GRANT_PUT, &e), 1);
	assert_int_equal(e->code, VERDICT_REFUSE);
	assert_int_equal(box_count(MSG_DAY_KEY, NULL), 0);
	/* decided once */
	assert_int_equal(decide("REQ-2026-00004", VERDICT_APPROVE, S(0), S(5),
			     "", credential(CUSTODIAN_1), "cam1"),
	    ERR_DECIDED);
	box_stop();
}

static void P6_a_decision_uses_up_a_code(void **state)
{
	struct event *e;

	(void)state;
	box_request("REQ-2026-00008", AUDITOR_2, S(0), S(5));
	box_session(CUSTODIAN_1);
	/* the password alone */
	assert_int_equal(decide("REQ-2026-00008", VERDICT_APPROVE, S(0), S(5),
			     "", passwords[CUSTODIAN_1], "cam1"),
	    ERR_FACTOR);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_FACTOR);
	/* the keeper knows this code already */
	box.refuse_factor = ERR_FACTOR;
	assert_int_equal(decide("REQ-2026-00008", VERDICT_APPROVE, S(0), S(5),
			     "", credential(CUSTODIAN_1), "cam1"),
	    ERR_FACTOR);
	assert_int_equal(box_count(MSG_DAY_KEY, NULL), 0);
	assert_int_equal(box_count(MSG_GRANT_PUT, NULL), 0);
	box_stop();
}

static void a_decision_may_shorten_but_not_widen(void **state)
{
	const char *password = credential(CUSTODIAN_1);

	(void)state;
	box_request("REQ-2026-00005", AUDITOR_2, S(2), S(7));
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(1), S(7),
			     "more", password, "cam1"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(2), S(8),
			     "more", password, "cam1"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(2), S(7),
			     "other", password, "cam2"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(3), S(4),
			     "enough", password, "cam1"),
	    OK);
	box_stop();
}

static void a_grant_holds_the_keys_of_exactly_the_approved_segments(void *
	*state)
{
	unsigned char key[AGE_FILE_KEY];
	struct age_identity id;
	const void *blob;
	struct grant g;
	uint64_t person;
	size_t n;

	(void)state;
	identity_new(&id);
	approved("REQ-2026-00006", S(5), S(19)); /* 2 and 3 */
	assert_int_equal(keyring_find_grant(box.keyring, "REQ-2026-00006",
			     &person, &blob, &n),
	    OK);
	assert_int_equal(grant_decode(blob, n, &g), OK);
	assert_int_equal(g.person, AUDITOR_2);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.items[0].seq, 2);
	assert_int_equal(g.items[1].seq, 3);
	assert_int_equal(grant_find(&g, "cam1", 2, &id, key), ERR_NO_KEY);
	grant_wipe(&g);
}

static void keys_are_wrapped_only_to_signed_people(void **state)
{
	struct person_row p, saved;

	(void)state;
	box_request("REQ-2026-00007", AUDITOR_2, S(0), S(5));
	assert_int_equal(index_person_find(box.ix, AUDITOR_2, &p), OK);
	saved = p;
	p.signature[7] ^= 1;
	assert_int_equal(index_person_put(box.ix, &p), OK);
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00007", VERDICT_APPROVE, S(0), S(5),
			     "", credential(CUSTODIAN_1), "cam1"),
	    ERR_INTEGRITY);
	assert_int_equal(box_count(MSG_GRANT_PUT, NULL), 0);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	box_stop();
	assert_int_equal(index_person_put(box.ix, &saved), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P6_nobody_decides_his_own_request),
	    cmocka_unit_test(P6_an_operator_or_auditor_does_not_decide),
	    cmocka_unit_test(a_decision_needs_the_password_anew),
	    cmocka_unit_test(P6_a_decision_uses_up_a_code),
	    cmocka_unit_test(a_decision_may_shorten_but_not_widen),
	    cmocka_unit_test(
		a_grant_holds_the_keys_of_exactly_the_approved_segments),
	    cmocka_unit_test(keys_are_wrapped_only_to_signed_people),
	};

	return cmocka_run_group_tests(tests, box_make, box_free);
}
