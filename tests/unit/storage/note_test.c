#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/note.h"

/* The example of C2SP signed-note and of Go's sumdb/note tests. */
#define NAME "PeterNeumann"
#define VERIFIER "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define SIGNER "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define TEXT \
	"If you think cryptography is the answer to your problem,\n" \
	"then you don't know what your problem is.\n"
#define SIGNATURE \
	"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcE" \
	"lZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define NOTE TEXT "\n" SIGNATURE

static unsigned char public[KEY_BYTES], seed[KEY_BYTES];

static void key_of(const char *b64, unsigned char ret[KEY_BYTES])
{
	unsigned char both[64];
	size_t n;

	assert_int_equal(b64_decode(b64, strlen(b64), true, both, sizeof(both),
			     &n),
	    OK);
	assert_int_equal(n, 1 + KEY_BYTES);
	assert_int_equal(both[0], 1);
	memcpy(ret, both + 1, KEY_BYTES);
}

static int setup(void **state)
{
	(void)state;
	key_of(VERIFIER, public);
	key_of(SIGNER, seed);
	return 0;
}

static enum err check(const char *note)
{
	size_t n;

	return note_check(note, strlen(note), NAME, public, &n);
}

static void P10_the_key_id_is_that_of_the_published_key(void **state)
{
	static const unsigned char want[] = {0xc7, 0x4f, 0x20, 0xa3};
	unsigned char id[NOTE_KEY_ID];

	(void)state;
	note_key_id(NAME, public, id);
	assert_memory_equal(id, want, sizeof(want));
}

static void P10_signing_gives_the_published_note(void **state)
{
	char out[1024];
	size_t n;

	(void)state;
	assert_int_equal(note_sign(TEXT, NAME, seed, out, sizeof(out), &n), OK);
	assert_string_equal(out, NOTE);
	assert_int_equal(n, strlen(NOTE));
}

static void P10_the_published_note_is_accepted(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(note_check(NOTE, strlen(NOTE), NAME, public, &n), OK);
	assert_int_equal(n, strlen(TEXT));
}

static void P10_no_changed_byte_of_a_note_is_accepted(void **state)
{
	char note[] = NOTE;

	(void)state;
	for (size_t i = 0; i < sizeof(note) - 1; i++) {
		note[i] ^= 1;
		assert_int_not_equal(check(note), OK);
		note[i] ^= 1;
	}
	for (size_t n = 0; n < sizeof(note) - 1; n++) {
		size_t text_n;

		assert_int_not_equal(note_check(note, n, NAME, public, &text_n),
		    OK);
	}
}

static void signatures_by_other_keys_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(check(TEXT
			     "\n\xe2\x80\x94 Other AAAAAAA=\n" SIGNATURE),
	    OK);
	assert_int_equal(check(TEXT "\n\xe2\x80\x94 Other AAAAAAA=\n"),
	    ERR_NO_KEY);
}

/* From the table of malformed notes in Go's tests. */
static void malformed_notes_are_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    TEXT,
	    SIGNATURE,
	    "\n" SIGNATURE "\n",
	    TEXT SIGNATURE,
	    TEXT "\n",
	    TEXT "\n"
		 "x" SIGNATURE,
	    TEXT "\n\xe2\x80\x94 PeterNeumann\n",
	    TEXT "\n\xe2\x80\x94 PeterNeumann \n",
	    TEXT "\n\xe2\x80\x94  x08go/ZJ\n",
	    TEXT "\n\xe2\x80\x94 Peter+Neumann x08go/ZJ\n",
	    TEXT "\n\xe2\x80\x94 PeterNeumann x08go/Z*\n",
	    TEXT "\n\xe2\x80\x94 PeterNeumann x08g\n",
	    TEXT "\x01\n"
		 "\n" SIGNATURE,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i]), ERR_FORMAT);
}

static void a_name_with_a_space_or_a_plus_does_not_sign(void **state)
{
	char out[1024];
	size_t n;

	(void)state;
	assert_int_equal(note_sign(TEXT, "", seed, out, sizeof(out), &n),
	    ERR_INVALID);
	assert_int_equal(note_sign(TEXT, "a b", seed, out, sizeof(out), &n),
	    ERR_INVALID);
	assert_int_equal(note_sign(TEXT, "a+b", seed, out, sizeof(out), &n),
	    ERR_INVALID);
	assert_int_equal(note_sign("no end", NAME, seed, out, sizeof(out), &n),
	    ERR_INVALID);
	assert_int_equal(note_sign(TEXT, NAME, seed, out, 100, &n),
	    ERR_TOO_LARGE);
}

/* The example of C2SP tlog-checkpoint. */
#define CHECKPOINT \
	"example.com/behind-the-sofa\n20852163\n" \
	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static void P10_a_published_checkpoint_is_read(void **state)
{
	static const char *const note = CHECKPOINT "\n" SIGNATURE;
	struct checkpoint c;
	char root[B64_LEN(HASH_BYTES)];

	(void)state;
	assert_int_equal(checkpoint_parse(note, strlen(note), &c), OK);
	assert_string_equal(c.origin, "example.com/behind-the-sofa");
	assert_int_equal(c.size, 20852163);
	b64_encode(c.root, HASH_BYTES, true, root);
	assert_string_equal(root,
	    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
}

static void malformed_checkpoints_are_refused(void **state)
{
	static const char *const bad[] = {
	    "a\n1\n\n" SIGNATURE,
	    "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" SIGNATURE,
	    "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" SIGNATURE,
	    "a\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" SIGNATURE,
	    "a\n99999999999999999999\n"
	    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" SIGNATURE,
	    "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n\n" SIGNATURE,
	    "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n\n" SIGNATURE,
	    "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" SIGNATURE,
	    CHECKPOINT,
	};
	struct checkpoint c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(checkpoint_parse(bad[i], strlen(bad[i]),
					 &c),
		    OK);
}

static void a_signed_checkpoint_is_read_and_checked(void **state)
{
	struct checkpoint c = {.origin = "saqta.example/almaty-12", .size = 7};
	struct checkpoint back;
	char note[CHECKPOINT_MAX];
	size_t n, text_n;

	(void)state;
	memset(c.root, 0xab, sizeof(c.root));
	assert_int_equal(checkpoint_sign(&c, seed, note, &n), OK);
	assert_int_equal(checkpoint_parse(note, n, &back), OK);
	assert_string_equal(back.origin, c.origin);
	assert_int_equal(back.size, 7);
	assert_memory_equal(back.root, c.root, HASH_BYTES);
	assert_int_equal(note_check(note, n, c.origin, public, &text_n), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_the_key_id_is_that_of_the_published_key),
	    cmocka_unit_test(P10_signing_gives_the_published_note),
	    cmocka_unit_test(P10_the_published_note_is_accepted),
	    cmocka_unit_test(P10_no_changed_byte_of_a_note_is_accepted),
	    cmocka_unit_test(signatures_by_other_keys_are_ignored),
	    cmocka_unit_test(malformed_notes_are_refused),
	    cmocka_unit_test(a_name_with_a_space_or_a_plus_does_not_sign),
	    cmocka_unit_test(P10_a_published_checkpoint_is_read),
	    cmocka_unit_test(malformed_checkpoints_are_refused),
	    cmocka_unit_test(a_signed_checkpoint_is_read_and_checked),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, setup, NULL);
}
