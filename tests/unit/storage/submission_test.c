#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/submission.h"

/* The example request of C2SP tlog-witness, as it stands there. */
#define DASH "\xe2\x80\x94 "
#define PUBLISHED                                                              \
	"old 20852014\n"                                                       \
	"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"                       \
	"jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"                       \
	"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"                       \
	"/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"                       \
	"\n"                                                                   \
	"example.com/behind-the-sofa\n"                                        \
	"20852163\n"                                                           \
	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"                       \
	"\n" DASH "example.com/behind-the-sofa "                               \
	"Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz" \
	"Gku9nTo+zyWE+xeMcTOAYQ8=\n" DASH "example.com/behind-the-sofa "       \
	"opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEj" \
	"w6QUXTS5Rovnzv++qbSzm9Q=\n"

#define ORIGIN "saqta.example/almaty-12"
static const unsigned char seed[KEY_BYTES] = {7}, other_seed[KEY_BYTES] = {8};
static struct vkey key;

#define LEAVES 20
static unsigned char leaf[LEAVES][HASH_BYTES], root[LEAVES + 1][HASH_BYTES];

static enum err subtree(void *arg, unsigned level, uint64_t index,
    unsigned char ret[HASH_BYTES])
{
	struct merkle t;

	(void)arg;
	merkle_init(&t);
	for (uint64_t i = 0; i < UINT64_C(1) << level; i++)
		merkle_put(&t, leaf[(index << level) + i]);
	merkle_root(&t, ret);
	return OK;
}

static int setup(void **state)
{
	struct merkle t;

	(void)state;
	strcpy(key.name, ORIGIN);
	key.kind = NOTE_ED25519;
	sign_public(seed, key.key);
	merkle_init(&t);
	merkle_root(&t, root[0]);
	for (size_t i = 0; i < LEAVES; i++) {
		merkle_leaf(&i, sizeof(i), leaf[i]);
		merkle_put(&t, leaf[i]);
		merkle_root(&t, root[i + 1]);
	}
	return 0;
}

/* A submission of our log of `size` leaves, to whoever knows `old`. */
struct made {
	char body[SUBMISSION_MAX];
	size_t n;
	char note[CHECKPOINT_MAX];
	struct submission s;
};

static void make(struct made *m, uint64_t old, uint64_t size,
    const unsigned char *by)
{
	struct merkle_source source = {subtree, NULL};
	struct checkpoint c = {.origin = ORIGIN, .size = size};
	unsigned char proof[MERKLE_PATH_MAX][HASH_BYTES];

	memset(m, 0, sizeof(*m));
	memcpy(c.root, root[size], HASH_BYTES);
	m->s.old = old;
	if (old <= size)
		assert_int_equal(merkle_growth(&source, old, size, proof,
				     &m->s.proof_n),
		    OK);
	memcpy(m->s.proof, proof, m->s.proof_n * HASH_BYTES);
	assert_int_equal(checkpoint_sign(&c, by, m->note, &m->s.note_n), OK);
	m->s.note = m->note;
	assert_int_equal(submission_format(&m->s, m->body, &m->n), OK);
	assert_int_equal(submission_parse(m->body, m->n, &m->s), OK);
}

static struct checkpoint known_at(uint64_t size)
{
	struct checkpoint c = {.origin = ORIGIN, .size = size};

	memcpy(c.root, root[size], HASH_BYTES);
	return c;
}

static unsigned judge(struct made *m, const struct checkpoint *known,
    enum finding_about_log *ret)
{
	return submission_judge(&m->s, &key, 1, known, ret);
}

static void P10_the_published_request_is_read_and_written(void **state)
{
	static char out[SUBMISSION_MAX];
	struct submission s;
	char b64[B64_LEN(HASH_BYTES)];
	size_t n;

	(void)state;
	assert_int_equal(submission_parse(PUBLISHED, strlen(PUBLISHED), &s),
	    OK);
	assert_int_equal(s.old, 20852014);
	assert_int_equal(s.proof_n, 4);
	b64_encode(s.proof[3], HASH_BYTES, true, b64);
	assert_string_equal(b64,
	    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=");
	assert_string_equal(s.c.origin, "example.com/behind-the-sofa");
	assert_int_equal(s.c.size, 20852163);
	assert_int_equal(submission_format(&s, out, &n), OK);
	assert_int_equal(n, strlen(PUBLISHED));
	assert_memory_equal(out, PUBLISHED, n);
}

static void malformed_requests_are_refused(void **state)
{
	static const char *const bad[] = {"", "old 1", "old 1\n", "old 1\n\n",
	    "old -1\n\n" PUBLISHED, "old 01\n\n" PUBLISHED,
	    "new 1\n\n" PUBLISHED, "old 1\nAAAA\n\n" PUBLISHED,
	    "old 1\n" PUBLISHED, "old 99999999999999999999\n\n" PUBLISHED};
	struct submission s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(submission_parse(bad[i], strlen(bad[i]),
					 &s),
		    OK);
	for (size_t n = 0; n < strlen(PUBLISHED); n++)
		if (submission_parse(PUBLISHED, n, &s) == OK)
			assert_int_equal(PUBLISHED[n - 1], '\n');
}

static void at_most_63_hashes_and_no_longer_body_are_read(void **state)
{
	static char body[SUBMISSION_MAX + 2];
	struct submission s;

	for (int lines = 63; lines <= 64; lines++) {
		size_t n = (size_t)sprintf(body, "old 5\n");

		for (int i = 0; i < lines; i++)
			n += (size_t)sprintf(body + n,
			    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n");
		n += (size_t)sprintf(body + n, "%s",
		    strstr(PUBLISHED, "\n\n") + 1);
		assert_int_equal(submission_parse(body, n, &s),
		    lines == 63 ? OK : ERR_FORMAT);
	}
	(void)state;
	assert_int_equal(submission_parse(body, sizeof(body), &s),
	    ERR_TOO_LARGE);
}

static void P10_a_log_that_grows_is_cosigned(void **state)
{
	enum finding_about_log f;
	struct made m;

	(void)state;
	for (uint64_t old = 0; old <= LEAVES; old++) {
		struct checkpoint known = known_at(old);

		for (uint64_t size = old; size <= LEAVES; size++) {
			make(&m, old, size, seed);
			assert_int_equal(judge(&m, old ? &known : NULL, &f),
			    200);
			assert_int_equal(f, LOG_FINE);
		}
	}
}

static void P10_a_checkpoint_by_no_trusted_key_is_refused(void **state)
{
	struct checkpoint known = known_at(4);
	enum finding_about_log f;
	struct made m;
	struct vkey keys[2] = {key, key};

	(void)state;
	make(&m, 4, 9, other_seed);
	assert_int_equal(judge(&m, &known, &f), 403);
	assert_int_equal(f, LOG_FINE);
	/* a second key of the log, as after a change of keys */
	sign_public(other_seed, keys[1].key);
	assert_int_equal(submission_judge(&m.s, keys, 2, &known, &f), 200);
}

static void a_wrong_old_size_is_answered_409_and_alarms_nobody(void **state)
{
	struct checkpoint known = known_at(4);
	enum finding_about_log f;
	struct made m;

	(void)state;
	make(&m, 0, 9, seed);
	assert_int_equal(judge(&m, &known, &f), 409);
	assert_int_equal(f, LOG_FINE);
	make(&m, 5, 9, seed);
	assert_int_equal(judge(&m, &known, &f), 409);
	assert_int_equal(judge(&m, NULL, &f), 409);
	make(&m, 9, 8, seed);
	assert_int_equal(judge(&m, &known, &f), 400);
}

static void P10_a_fork_is_refused(void **state)
{
	struct checkpoint known = known_at(9);
	enum finding_about_log f;
	struct made m;

	(void)state;
	known.root[0] ^= 1; /* the other history */
	make(&m, 9, 12, seed);
	assert_int_equal(judge(&m, &known, &f), 422);
	assert_int_equal(f, LOG_UNPROVEN);
	make(&m, 9, 9, seed);
	assert_int_equal(judge(&m, &known, &f), 409);
	assert_int_equal(f, LOG_FORKED);
	make(&m, 0, 9, seed);
	assert_int_equal(judge(&m, &known, &f), 409);
	assert_int_equal(f, LOG_FORKED);
}

static void P10_a_rollback_is_refused(void **state)
{
	struct checkpoint known = known_at(9);
	enum finding_about_log f;
	struct made m;

	(void)state;
	for (uint64_t old = 0; old <= 9; old++) {
		make(&m, old, 7, seed);
		assert_int_equal(judge(&m, &known, &f), old > 7 ? 400 : 409);
		assert_int_equal(f, LOG_BACK);
	}
}

static void the_empty_log_has_one_root_and_no_proof(void **state)
{
	enum finding_about_log f;
	struct made m;

	(void)state;
	make(&m, 0, 0, seed);
	assert_int_equal(judge(&m, NULL, &f), 200);
	m.s.c.root[5] ^= 1;
	assert_int_equal(judge(&m, NULL, &f), 422);
	make(&m, 0, 5, seed);
	m.s.proof_n = 1;
	assert_int_equal(judge(&m, NULL, &f), 422);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_the_published_request_is_read_and_written),
	    cmocka_unit_test(malformed_requests_are_refused),
	    cmocka_unit_test(at_most_63_hashes_and_no_longer_body_are_read),
	    cmocka_unit_test(P10_a_log_that_grows_is_cosigned),
	    cmocka_unit_test(P10_a_checkpoint_by_no_trusted_key_is_refused),
	    cmocka_unit_test(
		a_wrong_old_size_is_answered_409_and_alarms_nobody),
	    cmocka_unit_test(P10_a_fork_is_refused),
	    cmocka_unit_test(P10_a_rollback_is_refused),
	    cmocka_unit_test(the_empty_log_has_one_root_and_no_proof),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, setup, NULL);
}
