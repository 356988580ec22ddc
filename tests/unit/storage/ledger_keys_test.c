#include "tests/unit/storage/ledger_dir.h"

#include <sys/wait.h>

#include "storage/disk.h"
#include "storage/ledger_keys.h"

static const unsigned char custodian[KEY_BYTES] = {3};

/* A change of the key, signed by a custodian as every act is. */
static enum err begin(struct ledger *l, struct entry *ret)
{
	unsigned char key[KEY_BYTES], text[ACT_MAX], signature[SIGN_BYTES];
	struct entry e;
	size_t n;
	enum err err;

	sign_public(custodian, key);
	entry_begin(&e, ENTRY_LOG_KEY, (struct utc){5}, 1);
	entry_put_bytes(&e, TAG_SIGN_KEY, key, KEY_BYTES);
	entry_put_u64(&e, TAG_SIGNER, 1);
	err = ledger_rotate_begin(l, &e);
	if (err)
		return err;
	assert_int_equal(act_text(e.buf, e.len, text, &n), OK);
	sign(custodian, text, n, signature);
	return act_sign(e.buf, e.len, signature, ret);
}

static void rotate(struct ledger *l)
{
	struct entry e;
	uint64_t i;

	assert_int_equal(begin(l, &e), OK);
	assert_int_equal(ledger_rotate_end(l, &e, &i), OK);
	assert_int_equal(i, ledger_size(l) - 1);
}

static void key_at(const struct ledger *l, uint64_t size,
    unsigned char ret[KEY_BYTES])
{
	assert_true(ledger_key_of(l, size, ret));
}

static void P10_the_log_goes_on_under_another_key(void **state)
{
	unsigned char a[KEY_BYTES], b[KEY_BYTES], c[KEY_BYTES];
	struct ledger *l = open_at(dir), *r;
	int fd = data_fd(dir);

	(void)state;
	put(l, 300);
	assert_int_equal(ledger_checkpoint(l), OK);
	rotate(l);
	assert_int_equal(ledger_checkpoint_size(l), 301);
	put(l, 300);
	rotate(l);
	put(l, 9);
	ledger_close(l);
	assert_int_equal(ledger_open_readonly(fd, &r), OK);
	key_at(r, 300, a);
	key_at(r, 301, b);
	key_at(r, 602, c);
	assert_memory_equal(a, log_key, KEY_BYTES);
	assert_memory_not_equal(a, b, KEY_BYTES);
	assert_memory_not_equal(b, c, KEY_BYTES);
	key_at(r, 601, c);
	assert_memory_equal(b, c, KEY_BYTES);
	ledger_close(r);
	l = open_at(dir);
	assert_false(ledger_keyless(l));
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	ledger_close(open_at(dir));
	close(fd);
}

static void P10_a_checkpoint_by_a_former_key_is_refused(void **state)
{
	struct checkpoint c = {.origin = ORIGIN};
	struct ledger *l = open_at(dir);
	char note[CHECKPOINT_MAX];
	unsigned char old[KEY_BYTES];
	int fd = data_fd(dir);
	size_t n, cut;

	(void)state;
	put(l, 5);
	assert_int_equal(ledger_checkpoint(l), OK);
	assert_int_equal(disk_read(fd, "ledger/log.key", old, KEY_BYTES, &n),
	    OK);
	rotate(l);
	put(l, 5);
	c.size = ledger_size(l);
	ledger_root(l, c.root);
	ledger_close(l);
	assert_int_equal(checkpoint_sign(&c, old, note, &n), OK);
	assert_int_equal(disk_replace(fd, "ledger", "checkpoint", note, n), OK);
	assert_int_equal(try_open(dir, &cut), ERR_INTEGRITY);
	close(fd);
}

static void P10_a_lost_key_is_followed_by_one_that_a_custodian_names(void *
	*state)
{
	struct ledger *l = open_at(dir);

	(void)state;
	put(l, 5);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	run("rm %s/ledger/log.key", dir);
	l = open_at(dir);
	assert_true(ledger_keyless(l));
	put(l, 5);
	rotate(l);
	assert_false(ledger_keyless(l));
	assert_int_equal(ledger_checkpoint_size(l), 11);
	ledger_close(l);
	l = open_at(dir);
	assert_false(ledger_keyless(l));
	ledger_close(l);
}

static void P10_no_changed_byte_of_a_key_entry_is_accepted(void **state)
{
	unsigned char key[KEY_BYTES];
	struct ledger *l = open_at(dir);
	struct entry e;
	uint64_t signer;

	(void)state;
	put(l, 5);
	for (int lost = 0; lost < 2; lost++) {
		if (lost) {
			assert_int_equal(ledger_checkpoint(l), OK);
			ledger_close(l);
			run("rm %s/ledger/log.key", dir);
			l = open_at(dir);
		}
		assert_int_equal(begin(l, &e), OK);
		assert_int_equal(log_key_check(e.buf, e.len, ORIGIN, log_key,
				     key, &signer),
		    OK);
		assert_int_equal(signer, lost);
		assert_int_not_equal(log_key_check(e.buf, e.len, ORIGIN "x",
					 log_key, key, &signer),
		    OK);
		/* where the old key signed, the custodian's word is an extra */
		for (size_t i = lost ? 0 : 170; i < e.len; i++) {
			e.buf[i] ^= 1;
			assert_int_not_equal(log_key_check(e.buf, e.len, ORIGIN,
						 log_key, key, &signer),
			    OK);
			e.buf[i] ^= 1;
		}
	}
	ledger_close(l);
}

/* Die at every call of a change of the key: the log opens, and signs. */
static void die_everywhere(bool forget)
{
	char copy[80];
	int status = -1;

	snprintf(copy, sizeof(copy), "%s.2", dir);
	for (long n = 0; status; n++) {
		struct ledger *l;
		pid_t pid;

		run("rm -rf %s && cp -a %s %s", copy, dir, copy);
		pid = fork();
		if (!pid) {
			faults_arm(copy, n, forget);
			l = open_at(copy);
			rotate(l);
			ledger_close(l);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) == 42 || !status);
		l = open_at(copy);
		assert_false(ledger_keyless(l));
		put(l, 1);
		assert_int_equal(ledger_checkpoint(l), OK);
		rotate(l);
		ledger_close(l);
		ledger_close(open_at(copy));
	}
}

static void P8_a_change_of_the_key_survives_a_kill_or_power_cut_anywhere(void *
	*state)
{
	struct ledger *l = open_at(dir);

	(void)state;
	put(l, 255);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	die_everywhere(false);
	die_everywhere(true);
}

static void epochs_have_origins_and_numbers_of_their_own(void **state)
{
	char origin[NOTE_NAME_MAX + 1], long_name[NOTE_NAME_MAX];
	struct ledger *l = open_at(dir);

	(void)state;
	assert_int_equal(epoch_origin(ORIGIN, 1, origin), OK);
	assert_string_equal(origin, ORIGIN);
	assert_int_equal(epoch_origin(ORIGIN, 2, origin), OK);
	assert_string_equal(origin, ORIGIN "/epoch-2");
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(epoch_origin(long_name, 2, origin), ERR_TOO_LARGE);
	put(l, 1);
	assert_int_equal(ledger_epoch(l), 1);
	assert_int_equal(ledger_number(l, 77), 77);
	ledger_close(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(P10_the_log_goes_on_under_another_key),
	    TEST(P10_a_checkpoint_by_a_former_key_is_refused),
	    TEST(P10_a_lost_key_is_followed_by_one_that_a_custodian_names),
	    TEST(P10_no_changed_byte_of_a_key_entry_is_accepted),
	    TEST(P8_a_change_of_the_key_survives_a_kill_or_power_cut_anywhere),
	    TEST(epochs_have_origins_and_numbers_of_their_own),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
