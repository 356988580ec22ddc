#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/people.h"
#include "tests/unit/storage/totp.h"

#define STEP 59845000

static char data[] = "/tmp/saqta-people-XXXXXX";
static const struct utc at = {STEP * FACTOR_STEP_S * NS_PER_SEC};
static struct index *ix;
static struct person_row root, second, auditor, outsider;
static unsigned char seed[4][KEY_BYTES];
static struct secret made;	/* of the last one */

static struct roots roots, others;

static void make(struct person_row *p, uint64_t id, const char *user,
    enum role role, unsigned char ret_seed[KEY_BYTES])
{
	*p = (struct person_row){.id = id, .role = role, .created_ns = 5};
	snprintf(p->user, sizeof(p->user), "%s", user);
	snprintf(p->name, sizeof(p->name), "%s", user);
	assert_int_equal(person_make(p, "correct horse", &made), OK);
	memcpy(ret_seed, made.seed, KEY_BYTES);
}

static void put(const struct person_row *p)
{
	assert_int_equal(index_person_put(ix, p), OK);
}

static int set_up(void **state)
{
	(void)state;
	if (crypt_init() || !mkdtemp(data) || index_open(data, false, &ix))
		return -1;
	make(&root, 1, "root", ROLE_CUSTODIAN, seed[0]);
	person_sign(&root, 1, seed[0]);
	make(&second, 2, "second", ROLE_CUSTODIAN, seed[1]);
	person_sign(&second, 1, seed[0]);
	make(&auditor, 3, "auditor", ROLE_AUDITOR, seed[2]);
	person_sign(&auditor, 2, seed[1]);
	make(&outsider, 4, "outsider", ROLE_CUSTODIAN, seed[3]);
	person_sign(&outsider, 4, seed[3]);
	memcpy(roots.first, root.sign_key, KEY_BYTES);
	memcpy(others.first, second.sign_key, KEY_BYTES);
	put(&root);
	put(&second);
	put(&auditor);
	return 0;
}

static int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", data);
	return system(cmd);
}

static void P6_a_chain_of_signatures_must_lead_to_the_first_custodian(void *
	*state)
{
	(void)state;
	assert_int_equal(person_check(ix, &root, &roots), OK);
	assert_int_equal(person_check(ix, &auditor, &roots), OK);
	assert_int_equal(person_check(ix, &auditor, &others), ERR_INTEGRITY);
	put(&outsider);	/* signed himself, put into the database by root */
	assert_int_equal(person_check(ix, &outsider, &roots), ERR_INTEGRITY);
	outsider.ended_ns = 1;
	put(&outsider);
}

static void P6_a_changed_person_is_not_signed_any_more(void **state)
{
	struct person_row p = auditor;

	(void)state;
	p.role = ROLE_CUSTODIAN;
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
	p = auditor;
	memcpy(p.recipient, outsider.recipient, sizeof(p.recipient));
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
	p = auditor;
	p.id = 9;
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
	p = auditor;
	p.role = ROLE_OPERATOR;
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
}

static void P6_an_auditor_signs_nobody(void **state)
{
	struct person_row p = second;

	(void)state;
	p.id = 7;
	snprintf(p.user, sizeof(p.user), "seventh");
	person_sign(&p, 3, seed[2]);
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
}

static void P6_whom_a_paper_key_signed_is_a_custodian(void **state)
{
	unsigned char sign_seed[KEY_BYTES];
	struct age_identity paper, former;
	struct person_row p = second;

	(void)state;
	identity_new(&paper);
	identity_new(&former);
	p.id = 8;
	snprintf(p.user, sizeof(p.user), "eighth");
	person_sign_paper(&p, &former);
	assert_int_equal(p.signer, 0);
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
	paper_sign_seed(&paper, sign_seed);
	sign_public(sign_seed, roots.paper[0]);
	roots.paper_n = 1;
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
	/* a key that was replaced: what it signed stays good */
	paper_sign_seed(&former, sign_seed);
	sign_public(sign_seed, roots.paper[1]);
	roots.paper_n = 2;
	assert_int_equal(person_check(ix, &p, &roots), OK);
	p.role = ROLE_AUDITOR;
	person_sign_paper(&p, &paper);
	assert_int_equal(person_check(ix, &p, &roots), ERR_INTEGRITY);
	roots.paper_n = 0;
}

static void a_key_is_wrapped_to_all_custodians_and_the_paper_key(void **state)
{
	struct age_recipient paper = {{9}}, to[AGE_RECIPIENTS_MAX], want;
	uint64_t ids[AGE_RECIPIENTS_MAX];
	size_t n;

	(void)state;
	assert_int_equal(custodian_recipients(ix, &roots, &paper, to, ids, &n),
	    OK);
	assert_int_equal(n, 3);
	assert_int_equal(ids[0], 1);
	assert_int_equal(ids[1], 2);
	assert_int_equal(ids[2], 0);
	assert_int_equal(recipient_parse(second.recipient, &want), OK);
	assert_memory_equal(to[1].key, want.key, KEY_BYTES);
	assert_memory_equal(to[2].key, paper.key, KEY_BYTES);
}

static void the_password_opens_the_seed_and_no_other_does(void **state)
{
	struct secret out;
	uint64_t step;

	(void)state;
	assert_int_equal(person_open(&auditor, "correct horse", at, &out,
			     &step),
	    OK);
	assert_memory_equal(out.seed, seed[2], KEY_BYTES);
	assert_false(out.has_factor);
	assert_int_equal(step, 0);
	assert_int_equal(person_open(&auditor, "correct horsf", at, &out,
			     &step),
	    ERR_PASSWORD);
	assert_int_equal(person_open_nobody("correct horse"), ERR_PASSWORD);
}

static void P6_a_custodian_needs_the_second_factor_as_well(void **state)
{
	char credential[CREDENTIAL_MAX + 1], code[FACTOR_DIGITS + 1];
	struct secret out = {0};
	uint64_t step = 0;
	struct person_row bare = outsider;

	(void)state;
	totp_code(made.factor, STEP, code);
	snprintf(credential, sizeof(credential), "correct horse\n%s", code);
	assert_int_equal(person_open(&outsider, credential, at, &out, &step),
	    OK);
	assert_memory_equal(out.seed, seed[3], KEY_BYTES);
	assert_int_equal(step, STEP);
	/* without a code, with a wrong one, with a right one and no password */
	assert_int_equal(person_open(&outsider, "correct horse", at, &out,
			     &step),
	    ERR_FACTOR);
	credential[strlen(credential) - 1] ^= 1;
	assert_int_equal(person_open(&outsider, credential, at, &out, &step),
	    ERR_FACTOR);
	snprintf(credential, sizeof(credential), "wrong horse\n%s", code);
	assert_int_equal(person_open(&outsider, credential, at, &out, &step),
	    ERR_PASSWORD);
	/* a custodian who has none does not get in without */
	out.has_factor = false;
	assert_int_equal(person_seal(&bare, "correct horse", &out), OK);
	assert_int_equal(person_open(&bare, "correct horse", at, &out, &step),
	    ERR_FACTOR);
}

static void a_new_password_opens_the_same_secret(void **state)
{
	struct person_row p = auditor;
	struct secret s, out;
	uint64_t step;

	(void)state;
	assert_int_equal(person_open(&p, "correct horse", at, &s, &step), OK);
	assert_int_equal(person_seal(&p, "battery staple", &s), OK);
	assert_int_equal(person_open(&p, "correct horse", at, &out, &step),
	    ERR_PASSWORD);
	assert_int_equal(person_open(&p, "battery staple", at, &out, &step),
	    OK);
	assert_memory_equal(out.seed, seed[2], KEY_BYTES);
	assert_int_equal(person_seal(&p, "has\na line end", &s), ERR_INVALID);
}

static void short_passwords_and_odd_names_are_refused(void **state)
{
	struct person_row p = {.id = 8, .role = ROLE_AUDITOR, .user = "abc"};
	struct secret s;

	(void)state;
	assert_int_equal(person_make(&p, "123456789", &s), ERR_INVALID);
	snprintf(p.user, sizeof(p.user), "Abc");
	assert_int_equal(person_make(&p, "correct horse", &s), ERR_INVALID);
	assert_false(user_name_ok("a"));
	assert_false(user_name_ok("-a"));
	assert_true(user_name_ok("a.b-c_9"));
	assert_true(camera_id_ok("atm0417-1"));
	assert_false(camera_id_ok("-x"));
	assert_false(camera_id_ok("a/b"));
	assert_false(camera_id_ok(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P6_a_chain_of_signatures_must_lead_to_the_first_custodian),
	    cmocka_unit_test(P6_a_changed_person_is_not_signed_any_more),
	    cmocka_unit_test(P6_an_auditor_signs_nobody),
	    cmocka_unit_test(P6_whom_a_paper_key_signed_is_a_custodian),
	    cmocka_unit_test(
		a_key_is_wrapped_to_all_custodians_and_the_paper_key),
	    cmocka_unit_test(the_password_opens_the_seed_and_no_other_does),
	    cmocka_unit_test(P6_a_custodian_needs_the_second_factor_as_well),
	    cmocka_unit_test(a_new_password_opens_the_same_secret),
	    cmocka_unit_test(short_passwords_and_odd_names_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
