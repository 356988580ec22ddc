#include "tests/unit/storage/reader_box.h"

#include "storage/footage.h"

static void a_wrong_password_opens_nothing(void **state)
{
	(void)state;
	assert_int_equal(box_start(READER_SESSION, AUDITOR_2, "wrong-password"),
	    ERR_PASSWORD);
	box_stop();
	/* nobody of that name: as long, and the same answer */
	assert_int_equal(box_start(READER_SESSION, 0, "whatever-it-is"),
	    ERR_PASSWORD);
	box_stop();
}

static void P6_an_operator_sees_no_footage(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	approved("REQ-2026-00003", S(0), S(5));
	box_session(OPERATOR_3);
	assert_int_equal(fragment("REQ-2026-00003", "cam1", 1, 0, &w),
	    ERR_DENIED);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_DENIED);
	assert_string_equal(e->request, "REQ-2026-00003");
	assert_string_equal(e->camera, "cam1");
	assert_int_equal(box_count(MSG_GRANT_GET, NULL), 0);
	box_stop();
}

static const char *password_new = "three words of hers";

static void add_user(const char *by, const char *password, enum role role)
{
	struct wire w;

	wire_begin(&w, MSG_USER_ADD, 77);
	wire_put_str(&w, by);
	wire_put_str(&w, password);
	wire_put_str(&w, "newcomer");
	wire_put_str(&w, "New Comer");
	wire_put_u8(&w, (uint8_t)role);
	wire_put_str(&w, password_new);
	wire_put_u8(&w, 0);
	assert_int_equal(wire_send(box.keeper, &w, -1), OK);
	while (keeper_turn())
		;
}

/* The shared secret in the URI that the keeper was handed. */
static void from_uri(unsigned char ret[64])
{
	char *at = strstr(box.uri, "secret="), text[64], *out = NULL;
	size_t n = 0;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.32s", at + 7);
	assert_int_equal(oath_base32_decode(text, 32, &out, &n), OATH_OK);
	assert_int_equal(n, FACTOR_BYTES);
	memcpy(ret, out, n);
	free(out);
}

/* How many age files of cam1's days from `first` on does the identity open? */
static unsigned opened(const struct age_identity *id, int first, int last)
{
	unsigned n_open = 0;

	for (int i = first; i <= last; i++) {
		struct age_identity day;
		struct keyring_line l;
		char date[11], *text;
		size_t n;

		snprintf(date, sizeof(date), "2026-11-%02d", i);
		assert_int_equal(keyring_day_line(box.keyring, "cam1", date,
				     &text),
		    OK);
		assert_int_equal(keyring_line_parse(text, strlen(text) - 1, &l),
		    OK);
		for (size_t f = 0; f < l.day->wraps_n; f++) {
			const char *p = l.day->wraps[f];
			unsigned char sealed[4096], *plain;
			size_t sealed_n;

			assert_int_equal(b64_decode(p, strlen(p), true, sealed,
					     sizeof(sealed), &sealed_n),
			    OK);
			if (age_decrypt(sealed, sealed_n, id, 1, &plain, &n))
				continue;
			assert_int_equal(n, IDENTITY_TEXT);
			plain[n - 1] = '\0';
			assert_int_equal(identity_parse((char *)plain, &day),
			    OK);
			free(plain);
			n_open++;
		}
		keyring_day_free(l.day);
		free(text);
	}
	return n_open;
}

static void person_identity(const struct person_row *p, const char *credential,
    int64_t now_ns, struct age_identity *ret)
{
	struct secret secret;
	uint64_t step;

	assert_int_equal(person_open(p, credential, (struct utc){now_ns},
			     &secret, &step),
	    OK);
	seed_identity(secret.seed, ret);
}

/* 22nd to 26th of November; more than the keeper hands over at once. */
static void make_days(void)
{
	struct age_recipient day;
	static const char *const dates[] = {
	    "2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"};
	bool made;

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		assert_int_equal(keyring_make_day(box.keyring, "cam1", dates[i],
				     box.holders, box.holders_n, &day, &made),
		    OK);
	}
}

static void a_new_custodian_can_open_the_days_before_his_time(void **state)
{
	char newcomer[CREDENTIAL_MAX + 1], code[FACTOR_DIGITS + 1];
	unsigned char factor[64];
	struct age_identity id;

	(void)state;
	make_days();
	assert_int_equal(box_start(READER_ACT, CUSTODIAN_4,
			     credential(CUSTODIAN_4)),
	    OK);
	add_user("second", credential(CUSTODIAN_4), ROLE_CUSTODIAN);
	box_stop();
	assert_string_equal(box.made.user, "newcomer");
	assert_int_equal(box.made.id, 9);
	assert_int_equal(box.made.signer, CUSTODIAN_4);
	assert_int_equal(index_person_put(box.ix, &box.made), OK);
	from_uri(factor);
	totp_code(factor, 100, code);
	snprintf(newcomer, sizeof(newcomer), "%s\n%s", password_new, code);
	person_identity(&box.made, newcomer, 3000 * NS_PER_SEC, &id);
	assert_int_equal(opened(&id, 22, 26), 5);
}

/* Breaks off after two of five days; the next act of a custodian goes on. */
static void a_custodian_who_has_gone_opens_nothing_any_more(void **state)
{
	struct age_identity gone, stays;
	struct person_row p;

	(void)state;
	assert_int_equal(index_person_find(box.ix, CUSTODIAN_1, &p), OK);
	person_identity(&p, credential(CUSTODIAN_1), NOW, &gone);
	assert_int_equal(index_person_find(box.ix, CUSTODIAN_4, &p), OK);
	person_identity(&p, credential(CUSTODIAN_4), NOW, &stays);
	assert_int_equal(opened(&gone, 22, 26), 5);
	memmove(box.holders, box.holders + 1,
	    --box.holders_n * sizeof(box.holders[0]));

	box.refuse_rewrap = ERR_BUSY;
	assert_int_equal(box_start(READER_ACT, CUSTODIAN_4,
			     credential(CUSTODIAN_4)),
	    OK);
	add_user("second", credential(CUSTODIAN_4), ROLE_AUDITOR);
	box_stop();
	assert_int_equal(opened(&gone, 22, 26), 5);

	box.refuse_rewrap = OK;
	assert_int_equal(box_start(READER_ACT, CUSTODIAN_4,
			     credential(CUSTODIAN_4)),
	    OK);
	add_user("second", credential(CUSTODIAN_4), ROLE_AUDITOR);
	assert_int_equal(box_count(MSG_REWRAP, NULL), 3);
	box_stop();
	assert_int_equal(opened(&gone, 22, 26), 0);
	assert_int_equal(opened(&stays, 22, 26), 5);
	assert_int_equal(opened(&box.paper, 22, 26), 5);
}

static void an_auditor_makes_nobody(void **state)
{
	(void)state;
	assert_int_equal(box_start(READER_ACT, AUDITOR_2, passwords[AUDITOR_2]),
	    OK);
	add_user("auditor", passwords[AUDITOR_2], ROLE_AUDITOR);
	assert_int_equal(box_count(MSG_PERSON_PUT, NULL), 0);
	assert_int_equal(box.events[box.events_n - 1].type, MSG_ERROR);
	assert_int_equal(box.events[box.events_n - 1].code, ERR_DENIED);
	box_stop();
}

static void who_is_guessed_soon_is_not_made(void **state)
{
	const char *good = password_new;

	(void)state;
	assert_int_equal(box_start(READER_ACT, CUSTODIAN_4,
			     credential(CUSTODIAN_4)),
	    OK);
	password_new = "Newcomer-2026";
	add_user("second", credential(CUSTODIAN_4), ROLE_AUDITOR);
	password_new = good;
	assert_int_equal(box_count(MSG_PERSON_PUT, NULL), 0);
	assert_int_equal(box.events[box.events_n - 1].type, MSG_ERROR);
	assert_int_equal(box.events[box.events_n - 1].code, ERR_COMMON);
	box_stop();
}

/* P6: the reader refuses before the keeper is asked, and it is entered. */
static void P6_an_auditor_adds_no_camera(void **state)
{
	struct wire w;

	(void)state;
	box_session(AUDITOR_2);
	wire_begin(&w, MSG_CAMERA_ADD, ++box.id);
	assert_int_equal(box_ask(&w), ERR_DENIED);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	assert_int_equal(box_count(MSG_CAMERA_ADD, NULL), 0);
	box_stop();
}

static void P6_an_operator_alone_sees_an_aiming_picture(void **state)
{
	static const uint64_t others[] = {AUDITOR_2, CUSTODIAN_1};
	struct event *e;
	struct wire w;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		box_session(others[i]);
		wire_begin(&w, MSG_AIM, ++box.id);
		wire_put_str(&w, "cam1");
		assert_int_equal(box_ask(&w), ERR_DENIED);
		assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
		assert_string_equal(e->camera, "cam1");
		assert_string_equal(e->request, "");
		assert_int_equal(box_count(MSG_AIM, NULL), 0);
		box_stop();
	}
}

static enum err open_aim(uint64_t person, const char *words)
{
	struct wire w;

	box_session(person);
	wire_begin(&w, MSG_AIM_OPEN, ++box.id);
	wire_put_str(&w, "cam1");
	wire_put_str(&w, "The camera was turned");
	wire_put_str(&w, words);
	return box_ask(&w);
}

/* P6: opening it is one act, and takes a password and a code for this one. */
static void P6_a_custodian_opens_one_with_password_and_code(void **state)
{
	(void)state;
	assert_int_equal(open_aim(CUSTODIAN_1, passwords[CUSTODIAN_1]),
	    ERR_FACTOR);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	assert_int_equal(box_count(MSG_AIM_OPEN, NULL), 0);
	box_stop();
	assert_int_equal(open_aim(OPERATOR_3, passwords[OPERATOR_3]),
	    ERR_DENIED);
	assert_int_equal(box_count(MSG_AIM_OPEN, NULL), 0);
	box_stop();
	assert_int_equal(open_aim(CUSTODIAN_1, credential(CUSTODIAN_1)), OK);
	assert_int_equal(box_count(MSG_FACTOR_USED, NULL), 1);
	assert_int_equal(box_count(MSG_AIM_OPEN, NULL), 1);
	box_stop();
}

static void an_unknown_message_ends_the_session(void **state)
{
	struct wire w;

	(void)state;
	box_session(AUDITOR_2);
	wire_begin(&w, MSG_USER_ADD, ++box.id);
	assert_int_equal(box_ask(&w), ERR_BAD_MESSAGE);
	assert_int_equal(wire_recv(box.client, &w), ERR_GONE);
	box_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrong_password_opens_nothing),
	    cmocka_unit_test(P6_an_operator_sees_no_footage),
	    cmocka_unit_test(a_new_custodian_can_open_the_days_before_his_time),
	    cmocka_unit_test(a_custodian_who_has_gone_opens_nothing_any_more),
	    cmocka_unit_test(an_auditor_makes_nobody),
	    cmocka_unit_test(who_is_guessed_soon_is_not_made),
	    cmocka_unit_test(P6_an_auditor_adds_no_camera),
	    cmocka_unit_test(P6_an_operator_alone_sees_an_aiming_picture),
	    cmocka_unit_test(P6_a_custodian_opens_one_with_password_and_code),
	    cmocka_unit_test(an_unknown_message_ends_the_session),
	};

	return cmocka_run_group_tests(tests, box_make, box_free);
}
