#include "tests/unit/storage/keeper_conn.h"

#include "storage/term.h"

#define S(x) ((x)*NS_PER_SEC)
#define DAY S(INT64_C(86400))

static const unsigned char seeds[2][KEY_BYTES] = {{4}, {5}};
static const char *const names[] = {"w.example/one", "w.example/two"};

/* Two witnesses, and a box that was off for 40 days. */
static int begin(void **state)
{
	struct peers *p = &k.witnessing.peers;

	if (keeper_begin(state, PEER_PEOPLE))
		return 1;
	k.conf.witness_s = 300;
	strcpy(k.boot, "a");
	for (p->witnesses = 0; p->witnesses < 2; p->witnesses++) {
		struct vkey *key = &p->witness[p->witnesses].key;

		key->kind = NOTE_COSIGNATURE;
		strcpy(key->name, names[p->witnesses]);
		sign_public(seeds[p->witnesses], key->key);
		strcpy(p->witness[p->witnesses].url, "https://w.example/x");
	}
	p->witness[0].clock = true;
	rclock_begin(&k.rclock, k.now, k.mono, k.boot);
	k.now.ns += 40 * DAY;
	k.rclock.untrusted = 1;
	return 0;
}

/* Web asks whom to ask: the first, the second, or nobody (-1). */
static int asked(void)
{
	char name[NOTE_NAME_MAX + 1];
	struct wire w;

	wire_begin(&w, MSG_WITNESS_NEXT, 1);
	handle_witness_next(&k, conn, &w);
	answer(&w);
	if (w.type != MSG_WITNESS_NEXT_IS)
		return -1;
	wire_get_text(&w, name, sizeof(name));
	return strcmp(name, names[0]) != 0;
}

static void said(int i, const char *line)
{
	struct wire w;

	wire_begin(&w, MSG_WITNESS_SAID, 2);
	wire_put_str(&w, names[i]);
	wire_put_u16(&w, 200);
	wire_put_bytes(&w, line, strlen(line));
	as_come(&w);
	handle_witness_said(&k, conn, &w);
	answer(&w);
	assert_int_equal(w.type, MSG_OK);
	assert_int_equal(ledger_commit(k.ledger), OK);
}

/* Its line under what it was asked to cosign, at that time. */
static void sign_line(int i, int64_t at_ns, char out[COSIGN_LINE_MAX])
{
	const struct witness_round *r = &k.witnessing.round;

	cosign_line(r->note, r->text_n, &k.witnessing.peers.witness[i].key,
	    seeds[i], at_ns / NS_PER_SEC, out);
}

static void cosigns(int i, int64_t at_ns)
{
	char line[COSIGN_LINE_MAX];

	sign_line(i, at_ns, line);
	said(i, line);
}

static bool trusted(void)
{
	return rclock_trusts(&k.rclock, k.now) && !k.rclock.untrusted;
}

static void P12_a_witness_that_is_named_for_it_vouches(void **state)
{
	struct entry_field f;
	struct entry_view v;

	(void)state;
	term_ask(&k);
	assert_true(find(ENTRY_CLOCK_ASKED, &v));
	assert_int_equal(asked(), 0);
	cosigns(0, k.now.ns);
	assert_true(trusted());
	assert_true(find(ENTRY_VOUCHED, &v));
	assert_true(entry_find(&v, TAG_WITNESS, &f));
	assert_int_equal(f.n, strlen(names[0]));
	assert_memory_equal(f.p, names[0], f.n);
	assert_true(entry_find(&v, TAG_ASKED, &f));
	assert_int_equal(v.person, 0);
	/* and nobody is asked any more */
	term_ask(&k);
	assert_int_equal(k.witnessing.question.asked_ns, 0);
}

static void P12_one_that_is_not_named_vouches_for_nothing(void **state)
{
	struct entry_view v;

	(void)state;
	term_ask(&k);
	assert_int_equal(asked(), 0);
	assert_int_equal(asked(), 1);
	cosigns(1, k.now.ns);
	assert_false(trusted());
	/* without anybody there is not even a question */
	k.witnessing.peers.witness[0].clock = false;
	k.mono.ns += S(601);
	term_ask(&k);
	assert_int_equal(k.witnessing.question.asked_ns, 0);
	assert_false(find(ENTRY_VOUCHED, &v));
}

static void P12_all_that_are_named_must_agree(void **state)
{
	struct entry_field f;
	struct entry_view v;

	(void)state;
	k.witnessing.peers.witness[1].clock = true;
	term_ask(&k);
	assert_int_equal(asked(), 0);
	cosigns(0, k.now.ns);
	assert_false(trusted());
	assert_int_equal(asked(), 1);
	cosigns(1, k.now.ns + 30 * DAY);
	assert_false(trusted());
	/* asked again, the second one says the same as the first */
	k.mono.ns += S(601);
	k.now.ns += S(601);
	term_ask(&k);
	assert_int_equal(asked(), 0);
	cosigns(0, k.now.ns);
	assert_int_equal(asked(), 1);
	cosigns(1, k.now.ns - S(60));
	assert_true(trusted());
	assert_int_equal(k.rclock.now_ns / NS_PER_SEC,
	    (k.now.ns - S(60)) / NS_PER_SEC);
	assert_true(find(ENTRY_VOUCHED, &v));
	assert_true(entry_find(&v, TAG_WITNESS, &f));
	assert_int_equal(f.n, strlen(names[0]) + 1 + strlen(names[1]));
}

static void P12_what_was_signed_before_the_question_counts_for_nothing(void *
	*state)
{
	struct entry_view v;

	(void)state;
	/* in a round that began before: it does not cover the nonce */
	assert_int_equal(asked(), 0);
	term_ask(&k);
	cosigns(0, k.now.ns);
	assert_int_equal(k.witnessing.link[0].state, WITNESS_FINE);
	assert_false(trusted());
	assert_false(find(ENTRY_VOUCHED, &v));
}

static void P12_an_old_statement_cannot_be_sent_again(void **state)
{
	char line[COSIGN_LINE_MAX];

	(void)state;
	/* whoever carries it keeps it until the clock stands as it says */
	term_ask(&k);
	assert_int_equal(asked(), 0);
	sign_line(0, k.now.ns, line);
	k.mono.ns += S(601);
	term_ask(&k);
	said(0, line);
	assert_false(trusted());
	k.mono.ns += S(301);
	assert_int_equal(asked(), 0);
	said(0, line);
	assert_int_equal(k.witnessing.link[0].state, WITNESS_AWAY);
	assert_false(trusted());
}

static void
P12_a_wall_clock_that_the_witness_does_not_share_stays_untrusted(void **state)
{
	(void)state;
	term_ask(&k);
	assert_int_equal(asked(), 0);
	cosigns(0, KEEPER_NOW);
	assert_false(trusted());
	assert_int_equal(k.rclock.now_ns, KEEPER_NOW);
}

static void P12_of_more_than_45_days_no_witness_is_asked(void **state)
{
	struct entry_view v;

	(void)state;
	k.now.ns += 6 * DAY;
	term_ask(&k);
	assert_false(find(ENTRY_CLOCK_ASKED, &v));
	k.now.ns = KEEPER_NOW - 3 * DAY;
	term_ask(&k);
	assert_false(find(ENTRY_CLOCK_ASKED, &v));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, keeper_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P12_a_witness_that_is_named_for_it_vouches),
	    TEST(P12_one_that_is_not_named_vouches_for_nothing),
	    TEST(P12_all_that_are_named_must_agree),
	    TEST(P12_what_was_signed_before_the_question_counts_for_nothing),
	    TEST(P12_an_old_statement_cannot_be_sent_again),
	    TEST(
		P12_a_wall_clock_that_the_witness_does_not_share_stays_untrusted),
	    TEST(P12_of_more_than_45_days_no_witness_is_asked),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
