#include "tests/unit/storage/keeper_conn.h"

static const unsigned char seed[KEY_BYTES] = {4};

/* One witness that a custodian named. */
static int begin(void **state)
{
	struct vkey key = {.name = WITNESS, .kind = NOTE_COSIGNATURE};

	if (keeper_begin(state, PEER_PEOPLE))
		return 1;
	k.conf.witness_s = 300;
	sign_public(seed, key.key);
	k.witnessing.peers.witnesses = 1;
	k.witnessing.peers.witness[0].key = key;
	strcpy(k.witnessing.peers.witness[0].url, "https://w.example/x");
	return 0;
}

/* Web asks whom to ask; false where nobody is due. */
static bool asked(void)
{
	struct wire w;

	wire_begin(&w, MSG_WITNESS_NEXT, 1);
	handle_witness_next(&k, conn, &w);
	answer(&w);
	return w.type == MSG_WITNESS_NEXT_IS;
}

static void said(unsigned status, const char *body)
{
	struct wire w;

	wire_begin(&w, MSG_WITNESS_SAID, 2);
	wire_put_str(&w, WITNESS);
	wire_put_u16(&w, (uint16_t)status);
	wire_put_bytes(&w, body, strlen(body));
	as_come(&w);
	handle_witness_said(&k, conn, &w);
	answer(&w);
	assert_int_equal(w.type, MSG_OK);
	assert_int_equal(ledger_commit(k.ledger), OK);
}

/* What the witness answers to what it was asked last. */
static void cosigns(void)
{
	const struct witness_round *r = &k.witnessing.round;
	char line[COSIGN_LINE_MAX];

	cosign_line(r->note, r->text_n, &k.witnessing.peers.witness[0].key,
	    seed, 1795338900, line);
	said(200, line);
}

static void P10_a_cosignature_is_kept_and_entered(void **state)
{
	unsigned char buf[ENTRY_MAX];
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	struct entry_view v;
	size_t n;

	(void)state;
	assert_true(asked());
	cosigns();
	assert_int_equal(k.witnessing.link[0].state, WITNESS_FINE);
	assert_int_equal(k.witnessing.link[0].known, 10);
	assert_int_equal(ledger_witnessed(k.ledger, note, &n, &c), OK);
	assert_int_equal(c.size, 10);
	assert_non_null(strstr(note, WITNESS));
	assert_int_equal(ledger_get(k.ledger, 10, buf, &n), OK);
	assert_int_equal(entry_parse(buf, n, &v), OK);
	assert_int_equal(v.type, ENTRY_WITNESSED);
	/* and the next time is later */
	assert_false(asked());
	k.mono.ns += 301 * NS_PER_SEC;
	assert_true(asked());
}

static void P10_an_answer_that_is_not_signed_by_the_witness_is_none(void *
	*state)
{
	char note[NOTE_MAX + 1], line[COSIGN_LINE_MAX];
	struct vkey key = k.witnessing.peers.witness[0].key;
	const struct witness_round *r = &k.witnessing.round;
	static const unsigned char other[KEY_BYTES] = {5};
	struct checkpoint c;
	size_t n;

	(void)state;
	assert_true(asked());
	cosign_line(r->note, r->text_n, &key, other, 1795338900, line);
	said(200, line);
	assert_int_equal(k.witnessing.link[0].state, WITNESS_AWAY);
	assert_int_equal(ledger_witnessed(k.ledger, note, &n, &c),
	    ERR_NOT_FOUND);
	k.mono.ns += 60 * NS_PER_SEC;
	assert_true(asked());
	said(200, "nonsense\n");
	assert_int_equal(k.witnessing.link[0].state, WITNESS_AWAY);
	assert_int_equal(ledger_size(k.ledger), 10);
}

static void another_known_size_is_taken_and_asked_for_again(void **state)
{
	(void)state;
	assert_true(asked());
	said(409, "7\n");
	assert_int_equal(k.witnessing.link[0].known, 7);
	assert_false(asked());
	k.mono.ns += 2 * NS_PER_SEC;
	assert_true(asked());
	assert_int_equal(k.lost_because, OK);
}

static void P2_a_refusal_counts_only_from_who_has_cosigned_this_log(void *
	*state)
{
	(void)state;
	assert_true(asked());
	said(409, "99999\n");
	assert_int_equal(k.lost_because, OK);
	assert_int_equal(k.witnessing.link[0].state, WITNESS_REFUSES);
	k.mono.ns += 1000 * NS_PER_SEC;
	assert_false(asked());
	/* after a restart it is asked anew, and now it cosigns first */
	memset(&k.witnessing.link, 0, sizeof(k.witnessing.link));
	assert_true(asked());
	cosigns();
	k.mono.ns += 1000 * NS_PER_SEC;
	assert_true(asked());
	said(409, "99999\n");
	assert_int_equal(k.lost_because, ERR_TRUNCATED);
	assert_int_equal(k.lost_size, 99999);
	assert_false(asked());
}

static void P10_unproven_growth_and_a_fork_count_too(void **state)
{
	(void)state;
	for (int fork = 0; fork < 2; fork++) {
		char size[24];

		k.lost_because = OK;
		memset(&k.witnessing.link, 0, sizeof(k.witnessing.link));
		memset(&k.witnessing.round, 0, sizeof(k.witnessing.round));
		assert_true(asked());
		cosigns();
		k.mono.ns += 1000 * NS_PER_SEC;
		assert_true(asked());
		snprintf(size, sizeof(size), "%llu\n",
		    (unsigned long long)k.witnessing.round.c.size);
		if (fork) {
			k.witnessing.link[0].known = k.witnessing.round.c.size;
			said(409, size);
		} else {
			said(422, "no\n");
		}
		assert_int_equal(k.lost_because, ERR_INTEGRITY);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, keeper_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P10_a_cosignature_is_kept_and_entered),
	    TEST(P10_an_answer_that_is_not_signed_by_the_witness_is_none),
	    TEST(another_known_size_is_taken_and_asked_for_again),
	    TEST(P2_a_refusal_counts_only_from_who_has_cosigned_this_log),
	    TEST(P10_unproven_growth_and_a_fork_count_too),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
