#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/chain.h"
#include "storage/disk.h"
#include "storage/expire.h"
#include "storage/keeper.h"
#include "storage/ledger_copy.h"

#define ORIGIN "saqta.example/test-1"
#define PASSWORD "first custodian"

static char dir[40], copy[48];
static struct keeper k;
static struct secret first;

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
	char cmd[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static void put_first(struct ledger *l, const unsigned char *log_key,
    const struct person_row *p)
{
	struct entry e;
	uint64_t i;

	entry_begin(&e, ENTRY_LOG_BEGINS, k.now, 0);
	entry_put_text(&e, TAG_ORIGIN, ORIGIN);
	entry_put_bytes(&e, TAG_LOG_KEY, log_key, KEY_BYTES);
	assert_int_equal(ledger_put(l, &e, &i), OK);
	entry_begin(&e, ENTRY_PERSON, k.now, 1);
	entry_put_bytes(&e, TAG_SIGN_KEY, p->sign_key, KEY_BYTES);
	assert_int_equal(ledger_put(l, &e, &i), OK);
	assert_int_equal(ledger_commit(l), OK);
	assert_int_equal(ledger_checkpoint(l), OK);
}

/* A site as `saqta init` leaves it, and a place for copies. */
static int setup(void **state)
{
	static struct person_row p;
	struct age_identity id;
	unsigned char log_key[KEY_BYTES];
	struct ledger *l;
	size_t cut;

	(void)state;
	memset(&k, 0, sizeof(k));
	k.now.ns = INT64_C(1795338907000000000);
	strcpy(dir, "/tmp/saqta-epoch-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(copy, sizeof(copy), "%s.copy", dir);
	assert_int_equal(mkdir(copy, 0700), 0);
	k.data_fd = open(dir, O_RDONLY | O_DIRECTORY);
	k.copy_fd = open(copy, O_RDONLY | O_DIRECTORY);
	strcpy(k.site.origin, ORIGIN);
	strcpy(k.site.zone, "Asia/Almaty");
	identity_new(&id);
	identity_recipient(&id, &k.site.paper);
	assert_int_equal(index_open(dir, false, &k.ix), OK);
	if (!p.id) { /* Argon2id once for all tests */
		p.id = 1;
		p.role = ROLE_CUSTODIAN;
		strcpy(p.user, "first");
		strcpy(p.name, "First Custodian");
		assert_int_equal(person_make(&p, PASSWORD, &first), OK);
		person_sign(&p, 1, first.seed);
	}
	assert_int_equal(index_person_put(k.ix, &p), OK);
	assert_int_equal(ledger_create(k.data_fd, ORIGIN, log_key), OK);
	assert_int_equal(ledger_open(k.data_fd, &l, &cut), OK);
	put_first(l, log_key, &p);
	ledger_close(l);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ledger_close(k.ledger);
	index_close(k.ix);
	close(k.data_fd);
	close(k.copy_fd);
	run("rm -rf %s %s", dir, copy);
	return 0;
}

static void put(unsigned n)
{
	struct entry e;
	uint64_t i;

	while (n--) {
		entry_begin(&e, ENTRY_SIGN_OUT, k.now, n);
		assert_int_equal(ledger_put(k.ledger, &e, &i), OK);
	}
	assert_int_equal(ledger_commit(k.ledger), OK);
	assert_int_equal(ledger_checkpoint(k.ledger), OK);
}

/* All that is there goes to the copy. */
static void copy_now(void)
{
	uint64_t tiles = 0;

	assert_int_equal(ledger_copy(k.data_fd, k.copy_fd, ORIGIN, &tiles), OK);
}

static void again(void)
{
	ledger_close(k.ledger);
	k.ledger = NULL;
	assert_int_equal(epoch_open(&k), OK);
}

/* A field of entry 0; 0 where there is none. */
static uint64_t said(enum entry_tag tag)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	size_t n;

	assert_int_equal(ledger_get(k.ledger, 0, buf, &n), OK);
	assert_int_equal(entry_parse(buf, n, &v), OK);
	assert_int_equal(v.type, ENTRY_LOG_BEGINS);
	return entry_find(&v, tag, &f) ? f.n == 8 ? field_u64(&f) : 1 : 0;
}

static void new_epoch(unsigned epoch, enum err why)
{
	char origin[NOTE_NAME_MAX + 1];

	assert_int_equal(ledger_epoch(k.ledger), epoch);
	assert_int_equal(epoch_origin(ORIGIN, epoch, origin), OK);
	assert_string_equal(ledger_origin(k.ledger), origin);
	assert_int_equal(said(TAG_ERROR), why);
	assert_int_equal(said(TAG_LOG_EPOCH), epoch);
	assert_false(ledger_erasure_allowed(&k));
	put(3);
	again(); /* once is enough */
	assert_int_equal(ledger_epoch(k.ledger), epoch);
	assert_false(ledger_erasure_allowed(&k));
}

static void a_whole_ledger_stays_in_its_epoch(void **state)
{
	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(600);
	copy_now();
	again();
	put(1);
	again();
	assert_int_equal(ledger_epoch(k.ledger), 1);
	assert_int_equal(ledger_size(k.ledger), 603);
	assert_true(ledger_erasure_allowed(&k));
}

static void P2_a_lost_ledger_is_followed_by_one_that_says_what_is_missing(void *
	*state)
{
	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(600);
	copy_now();
	run("rm -r %s/ledger", dir);
	again();
	new_epoch(2, ERR_NOT_FOUND);
	assert_int_equal(said(TAG_KEPT_SIZE), 0);
	assert_int_equal(said(TAG_FORMER_SIZE), 602);
	assert_int_equal(said(TAG_FORMER_FOUND), 0);
	assert_int_equal(said(TAG_FORMER_ROOT), 1);
	assert_int_equal(said(TAG_FORMER_KEY), 1);
}

static void P2_a_cut_ledger_is_kept_beside_the_new_one(void **state)
{
	struct ledger *l;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(10);
	copy_now();
	run("truncate -s -5 %s/ledger/tail", dir);
	again();
	new_epoch(2, ERR_INTEGRITY);
	assert_int_equal(said(TAG_FORMER_SIZE), 12);
	assert_int_equal(said(TAG_FORMER_FOUND), 11);
	assert_int_equal(ledger_open_as_is(k.data_fd, "ledger.1", &l), OK);
	assert_int_equal(ledger_size(l), 11);
	ledger_close(l);
}

static void P2_a_ledger_that_was_set_back_is_noticed_by_the_copy(void **state)
{
	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(10);
	run("cp -a %s/ledger %s/before", dir, dir);
	put(400);
	copy_now();
	run("rm -r %s/ledger && mv %s/before %s/ledger", dir, dir, dir);
	again();
	new_epoch(2, ERR_TRUNCATED);
	assert_int_equal(said(TAG_FORMER_SIZE), 412);
	assert_int_equal(said(TAG_FORMER_FOUND), 12);
	/* P10: what is left can be proven under the checkpoint of then */
	assert_int_equal(said(TAG_KEPT_SIZE), 12);
	assert_int_equal(said(TAG_KEPT_ROOT), 1);
}

static void P2_a_ledger_that_grew_differently_is_noticed_by_the_copy(void *
	*state)
{
	int fd;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(10);
	run("cp -a %s/ledger %s/before", dir, dir);
	put(5);
	copy_now();
	run("rm -r %s/ledger && mv %s/before %s/ledger", dir, dir, dir);
	/* as root would: with the real key, behind the keeper's back */
	fd = k.copy_fd;
	k.copy_fd = -1;
	again();
	k.now.ns++;
	put(7);
	assert_int_equal(ledger_epoch(k.ledger), 1);
	k.copy_fd = fd;
	again();
	new_epoch(2, ERR_INTEGRITY);
}

static void P2_another_site_s_ledger_is_not_gone_on_with(void **state)
{
	unsigned char key[KEY_BYTES];
	struct ledger *l;
	size_t cut;
	int fd;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(10);
	run("mkdir %s/other", dir);
	fd = openat(k.data_fd, "other", O_RDONLY | O_DIRECTORY);
	assert_int_equal(ledger_create(fd, "other.example/x", key), OK);
	assert_int_equal(ledger_open(fd, &l, &cut), OK);
	ledger_close(l);
	close(fd);
	run("rm -r %s/ledger && mv %s/other/ledger %s/", dir, dir, dir);
	again();
	new_epoch(2, ERR_INTEGRITY);
}

static void P2_each_loss_begins_one_more_epoch(void **state)
{
	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	for (unsigned epoch = 2; epoch < 5; epoch++) {
		put(5);
		copy_now();
		run("rm %s/ledger/tail", dir);
		again();
		new_epoch(epoch, ERR_INTEGRITY);
	}
	/* the first ledger comes back from a backup */
	run("rm -r %s/ledger && cp -a %s/ledger.1 %s/ledger", dir, dir, dir);
	again();
	assert_int_equal(ledger_epoch(k.ledger), 5);
}

static void a_change_of_epoch_that_was_cut_short_is_finished(void **state)
{
	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(5);
	run("rm %s/ledger/tail", dir);
	again();
	assert_int_equal(ledger_epoch(k.ledger), 2);
	/* as it is between the two names */
	run("mkdir %s/ledger.new && mv %s/ledger %s/ledger.new/", dir, dir,
	    dir);
	again();
	new_epoch(2, ERR_INTEGRITY);
	/* and as it is before the first */
	run("cp -a %s/ledger.1 %s/x && mkdir %s/ledger.new && "
	    "cp -a %s/ledger %s/ledger.new/ && rm %s/ledger/checkpoint",
	    dir, dir, dir, dir, dir, dir);
	again();
	assert_int_equal(ledger_epoch(k.ledger), 3);
}

static void P2_only_a_custodian_s_word_allows_erasure_again(void **state)
{
	unsigned char text[ACT_MAX], signature[SIGN_BYTES], seed[KEY_BYTES];
	struct entry draft, e;
	uint64_t at;
	size_t n;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	run("rm %s/ledger/tail", dir);
	again();
	seed_sign_seed(first.seed, seed);
	for (int good = 0; good < 2; good++) {
		entry_begin(&draft, ENTRY_EPOCH_CONFIRMED, k.now, 1);
		entry_put_u64(&draft, TAG_SIGNER, 1);
		entry_put_u64(&draft, TAG_LOG_EPOCH, 2);
		assert_int_equal(act_text(draft.buf, draft.len, text, &n), OK);
		text[n - 1] ^= !good;
		sign(seed, text, n, signature);
		assert_int_equal(act_sign(draft.buf, draft.len, signature, &e),
		    OK);
		assert_int_equal(ledger_put(k.ledger, &e, &at), OK);
		assert_int_equal(ledger_commit(k.ledger), OK);
		assert_int_equal(index_setting_put(k.ix, "epoch-confirmed", &at,
				     sizeof(at)),
		    OK);
		assert_int_equal(ledger_erasure_allowed(&k), good);
	}
	/* for that epoch alone */
	run("rm %s/ledger/tail", dir);
	again();
	assert_false(ledger_erasure_allowed(&k));
}

/* What page Audit's verification finds, which reads the present log alone. */
static uint64_t chain_found(uint64_t unnamed)
{
	struct chain *c;
	uint64_t n;

	assert_int_equal(ledger_commit(k.ledger), OK);
	assert_int_equal(ledger_checkpoint(k.ledger), OK);
	assert_int_equal(chain_begin(k.data_fd, &c), OK);
	while (!chain_is_over(c))
		assert_int_equal(chain_step(c, 1), OK);
	n = c->found_n;
	assert_int_equal(c->check.unnamed, unnamed);
	chain_free(c);
	return n;
}

static void who_was_named_in_a_former_log_signs_in_a_later_one(void **state)
{
	static const unsigned char signature[SIGN_BYTES] = {1};
	struct entry draft, e;
	uint64_t at;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	run("rm %s/ledger/tail", dir);
	again();
	/* whom nobody named here; the first custodian's it would not be */
	for (uint64_t signer = 2; signer; signer--) {
		assert_int_equal(chain_found(2 - signer), 0);
		entry_begin(&draft, ENTRY_EPOCH_CONFIRMED, k.now, signer);
		entry_put_u64(&draft, TAG_SIGNER, signer);
		entry_put_u64(&draft, TAG_LOG_EPOCH, 2);
		assert_int_equal(act_sign(draft.buf, draft.len, signature, &e),
		    OK);
		assert_int_equal(ledger_put(k.ledger, &e, &at), OK);
	}
	/* a witness's word: whom a custodian named is not known here */
	entry_begin(&e, ENTRY_VOUCHED, k.now, 0);
	entry_put_u64(&e, TAG_RETENTION, (uint64_t)k.now.ns);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(ledger_put(k.ledger, &e, &at), OK);
	assert_int_equal(ledger_commit(k.ledger), OK);
	assert_int_equal(chain_found(1), 1);
}

static void a_clock_moved_by_nobody_is_found(void **state)
{
	struct entry e;
	uint64_t at;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	assert_int_equal(chain_found(0), 0);
	entry_begin(&e, ENTRY_VOUCHED, k.now, 0);
	entry_put_u64(&e, TAG_RETENTION, (uint64_t)k.now.ns);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(ledger_put(k.ledger, &e, &at), OK);
	assert_int_equal(ledger_commit(k.ledger), OK);
	assert_int_equal(chain_found(0), 1);
}

/* A hold, as a custodian placed it, and what a witness says of this log. */
static void hold_and_lose(void)
{
	struct enter x;

	assert_int_equal(epoch_open(&k), OK);
	assert_int_equal(expire_new(&k.expire), OK);
	enter_begin(&k, &x, ENTRY_HOLD, 1);
	entry_put_i64(&x.e, TAG_FROM, 1);
	entry_put_i64(&x.e, TAG_TO, 2);
	enter_cameras(&x, "cam1");
	assert_int_equal(enter_end(&k, &x, NULL), OK);
	put(1);
	assert_int_equal(k.holds.n, 1);
	k.lost_because = ERR_TRUNCATED;
	k.lost_size = ledger_size(k.ledger) + 5;
}

static void let_go(void)
{
	holds_free(&k.holds);
	expire_free(k.expire);
}

static void P4_a_hold_stands_once_however_long_a_new_epoch_waits(void **state)
{
	uint64_t size;

	(void)state;
	hold_and_lose();
	size = ledger_size(k.ledger);
	k.copying.busy = true;
	for (int tick = 0; tick < 3; tick++)
		epoch_change(&k);
	assert_int_equal(ledger_commit(k.ledger), OK);
	assert_int_equal(ledger_size(k.ledger), size);
	assert_int_equal(ledger_epoch(k.ledger), 1);
	assert_int_equal(k.holds.n, 1);
	k.copying.busy = false;
	for (int tick = 0; tick < 3; tick++)
		epoch_change(&k);
	assert_int_equal(ledger_epoch(k.ledger), 2);
	assert_int_equal(k.holds.n, 1);
	let_go();
}

static void P4_a_hold_stands_once_where_no_new_epoch_begins(void **state)
{
	uint32_t last = EPOCHS_MAX;
	uint64_t size;

	(void)state;
	hold_and_lose();
	size = ledger_size(k.ledger);
	assert_int_equal(index_setting_put(k.ix, "log-epoch", &last,
			     sizeof(last)),
	    OK);
	epoch_change(&k);
	assert_int_equal(ledger_commit(k.ledger), OK);
	assert_int_equal(ledger_size(k.ledger), size);
	assert_int_equal(k.holds.n, 1);
	assert_false(k.stop);
	let_go();
}

static void a_copy_is_a_ledger_without_its_key(void **state)
{
	struct ledger *l;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(700);
	copy_now();
	put(3);
	copy_now();
	assert_int_equal(ledger_open_readonly(k.copy_fd, &l), OK);
	assert_int_equal(ledger_size(l), 705);
	ledger_close(l);
	run("test ! -e %s/ledger/log.key", copy);
	/* the key of the log stays where it is */
	run("test -e %s/ledger/log.key", dir);
}

static void a_copy_is_never_set_back_or_taken_from_another_site(void **state)
{
	uint64_t tiles = 0;

	(void)state;
	assert_int_equal(epoch_open(&k), OK);
	put(10);
	run("cp -a %s/ledger %s/before", dir, dir);
	put(10);
	copy_now();
	run("rm -r %s/ledger && mv %s/before %s/ledger", dir, dir, dir);
	assert_int_equal(ledger_copy(k.data_fd, k.copy_fd, ORIGIN, &tiles),
	    ERR_INTEGRITY);
	assert_int_equal(ledger_copy(k.data_fd, k.copy_fd, "other.example",
			     &tiles),
	    ERR_INTEGRITY);
	again();
	/* the copy of the former epoch stands aside */
	assert_int_equal(ledger_epoch(k.ledger), 2);
	tiles = 0;
	assert_int_equal(ledger_copy(k.data_fd, k.copy_fd, ORIGIN, &tiles), OK);
	run("test -e %s/ledger.1/checkpoint", copy);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_whole_ledger_stays_in_its_epoch),
	    TEST(P2_a_lost_ledger_is_followed_by_one_that_says_what_is_missing),
	    TEST(P2_a_cut_ledger_is_kept_beside_the_new_one),
	    TEST(P2_a_ledger_that_was_set_back_is_noticed_by_the_copy),
	    TEST(P2_a_ledger_that_grew_differently_is_noticed_by_the_copy),
	    TEST(P2_another_site_s_ledger_is_not_gone_on_with),
	    TEST(P2_each_loss_begins_one_more_epoch),
	    TEST(a_change_of_epoch_that_was_cut_short_is_finished),
	    TEST(P2_only_a_custodian_s_word_allows_erasure_again),
	    TEST(who_was_named_in_a_former_log_signs_in_a_later_one),
	    TEST(a_clock_moved_by_nobody_is_found),
	    TEST(P4_a_hold_stands_once_however_long_a_new_epoch_waits),
	    TEST(P4_a_hold_stands_once_where_no_new_epoch_begins),
	    TEST(a_copy_is_a_ledger_without_its_key),
	    TEST(a_copy_is_never_set_back_or_taken_from_another_site),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
