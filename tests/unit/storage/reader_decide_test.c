#include "tests/unit/storage/reader_box.h"
#include "storage/footage.h"

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

static void P3_a_decision_gives_held_days_a_key_of_their_own(void **state)
{
	unsigned char key[AGE_FILE_KEY];
	struct segment_row row;
	struct age_recipient was, now;
	struct event *e;

	(void)state;
	assert_int_equal(keyring_find_day(box.keyring, "cam1", DAY, &was), OK);
	box_request("REQ-2026-00009", AUDITOR_2, S(0), S(5));
	box_session(CUSTODIAN_1);
	box.held_days = "cam1 " DAY "\n";
	/* not before he has proved who he is */
	assert_int_equal(decide("REQ-2026-00009", VERDICT_REFUSE, S(0), S(5),
			     "no ground", "not-the-password", "cam1"),
	    ERR_PASSWORD);
	assert_int_equal(box_count(MSG_HELD_DAYS, NULL), 0);
	/* what fails is no matter of the decision, and is taken up by the next */
	box.held_err = ERR_BUSY;
	box_request("REQ-2026-00011", AUDITOR_2, S(0), S(5));
	assert_int_equal(decide("REQ-2026-00011", VERDICT_REFUSE, S(0), S(5),
			     "no ground", credential(CUSTODIAN_1), "cam1"),
	    OK);
	box_stop();
	assert_int_equal(box_count(MSG_HELD_PUT, NULL), 1);
	assert_false(keyring_is_held(box.keyring, "cam1", DAY));
	box.held_err = OK;
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00009", VERDICT_REFUSE, S(0), S(5),
			     "no ground", credential(CUSTODIAN_1), "cam1"),
	    OK);
	box_stop();
	box.held_days = NULL;
	assert_int_equal(box_count(MSG_HELD_PUT, &e), 1);
	assert_int_equal(e->n, 4);
	assert_true(keyring_is_held(box.keyring, "cam1", DAY));
	assert_int_equal(keyring_find_day(box.keyring, "cam1", DAY, &now), OK);
	assert_memory_not_equal(&was, &now, sizeof(now));
	/* the paper key opens it; the new key does not open the file itself */
	{
		unsigned char age[KEYRING_WRAP_MAX], *text;
		struct age_identity day;
		struct keyring_line l;
		char *line;
		size_t n;

		assert_int_equal(keyring_day_line(box.keyring, "cam1", DAY,
				     &line),
		    OK);
		assert_int_equal(keyring_line_parse(line, strlen(line) - 1, &l),
		    OK);
		free(line);
		assert_int_equal(b64_decode(l.day->wraps[0],
				     strlen(l.day->wraps[0]), true, age,
				     sizeof(age), &n),
		    OK);
		assert_int_equal(age_decrypt(age, n, &box.paper, 1, &text, &n),
		    OK);
		text[n - 1] = '\0';
		assert_int_equal(identity_parse((char *)text, &day), OK);
		free(text);
		assert_int_equal(index_segment_find(box.ix, "cam1", 2, &row),
		    OK);
		assert_int_equal(footage_file_key(box.fd, &row, &day, key),
		    ERR_NO_KEY);
		assert_int_equal(age_header_open(keyring_day_held(l.day, 2)
						     ->header,
				     AGE_HEADER_ONE, &day, 1, key, &n),
		    OK);
		keyring_day_free(l.day);
	}
	/* what is asked for after that plays as before */
	approved("REQ-2026-00010", S(4), S(8));
	box_session(AUDITOR_2);
	fetch("REQ-2026-00010", 2, 1);
	box_stop();
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
	    cmocka_unit_test(P3_a_decision_gives_held_days_a_key_of_their_own),
	    cmocka_unit_test(keys_are_wrapped_only_to_signed_people),
	};

	return cmocka_run_group_tests(tests, box_make, box_free);
}
