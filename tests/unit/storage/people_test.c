#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/people.h"

static char data[] = "/tmp/saqta-people-XXXXXX";
static struct index *ix;
static struct person_row root, second, auditor, outsider;
static unsigned char seed[4][KEY_BYTES];

static void make(struct person_row *p, uint64_t id, const char *user,
    enum role role, unsigned char ret_seed[KEY_BYTES])
{
	*p = (struct person_row){.id = id, .role = role, .created_ns = 5};
	snprintf(p->user, sizeof(p->user), "%s", user);
	snprintf(p->name, sizeof(p->name), "%s", user);
	assert_int_equal(person_make(p, "correct horse", ret_seed), OK);
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
	assert_int_equal(person_check(ix, &root, root.sign_key), OK);
	assert_int_equal(person_check(ix, &auditor, root.sign_key), OK);
	assert_int_equal(person_check(ix, &auditor, second.sign_key),
	    ERR_INTEGRITY);
	put(&outsider);	/* signed himself, put into the database by root */
	assert_int_equal(person_check(ix, &outsider, root.sign_key),
	    ERR_INTEGRITY);
	outsider.ended_ns = 1;
	put(&outsider);
}

static void P6_a_changed_person_is_not_signed_any_more(void **state)
{
	struct person_row p = auditor;

	(void)state;
	p.role = ROLE_CUSTODIAN;
	assert_int_equal(person_check(ix, &p, root.sign_key), ERR_INTEGRITY);
	p = auditor;
	memcpy(p.recipient, outsider.recipient, sizeof(p.recipient));
	assert_int_equal(person_check(ix, &p, root.sign_key), ERR_INTEGRITY);
	p = auditor;
	p.id = 9;
	assert_int_equal(person_check(ix, &p, root.sign_key), ERR_INTEGRITY);
	p = auditor;
	p.role = ROLE_OPERATOR;
	assert_int_equal(person_check(ix, &p, root.sign_key), ERR_INTEGRITY);
}

static void P6_an_auditor_signs_nobody(void **state)
{
	struct person_row p = second;

	(void)state;
	p.id = 7;
	snprintf(p.user, sizeof(p.user), "seventh");
	person_sign(&p, 3, seed[2]);
	assert_int_equal(person_check(ix, &p, root.sign_key), ERR_INTEGRITY);
}

static void a_key_is_wrapped_to_all_custodians_and_the_paper_key(void **state)
{
	struct age_recipient paper = {{9}}, to[AGE_RECIPIENTS_MAX], want;
	uint64_t ids[AGE_RECIPIENTS_MAX];
	size_t n;

	(void)state;
	assert_int_equal(custodian_recipients(ix, root.sign_key, &paper, to,
			     ids, &n),
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
	unsigned char out[KEY_BYTES];

	(void)state;
	assert_int_equal(seed_unseal("correct horse", auditor.sealed,
			     auditor.sealed_n, out),
	    OK);
	assert_memory_equal(out, seed[2], KEY_BYTES);
	assert_int_equal(seed_unseal("correct horsf", auditor.sealed,
			     auditor.sealed_n, out),
	    ERR_PASSWORD);
}

static void short_passwords_and_odd_names_are_refused(void **state)
{
	struct person_row p = {.id = 8, .role = ROLE_AUDITOR, .user = "abc"};
	unsigned char s[KEY_BYTES];

	(void)state;
	assert_int_equal(person_make(&p, "123456789", s), ERR_INVALID);
	snprintf(p.user, sizeof(p.user), "Abc");
	assert_int_equal(person_make(&p, "correct horse", s), ERR_INVALID);
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
	    cmocka_unit_test(
		a_key_is_wrapped_to_all_custodians_and_the_paper_key),
	    cmocka_unit_test(the_password_opens_the_seed_and_no_other_does),
	    cmocka_unit_test(short_passwords_and_odd_names_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
