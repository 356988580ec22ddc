#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/entry.h"

static void begin(struct entry *e)
{
	entry_begin(e, ENTRY_GAP_CLOSED, (struct utc){0x0102030405060708},
	    0x1112131415161718);
}

/* Written out by hand from storage/DESIGN.md. */
static void P10_the_bytes_are_those_of_the_document(void **state)
{
	static const unsigned char want[] = "\x01"
					    "\x00\x21"
					    "\x01\x02\x03\x04\x05\x06\x07\x08"
					    "\x11\x12\x13\x14\x15\x16\x17\x18"
					    "\x01"
					    "\x00\x04"
					    "cam1"
					    "\x04"
					    "\x00\x08"
					    "\x00\x00\x00\x00\x00\x00\x00\x05"
					    "\x05"
					    "\x00\x08"
					    "\xff\xff\xff\xff\xff\xff\xff\xff"
					    "\x16"
					    "\x00\x08"
					    "\x00\x00\x00\x00\x00\x00\x00\x03";
	struct entry e;

	(void)state;
	begin(&e);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_FROM, 5);
	entry_put_i64(&e, TAG_TO, -1);
	entry_put_u64(&e, TAG_CAUSE, 3);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(e.len, sizeof(want) - 1);
	assert_memory_equal(e.buf, want, sizeof(want) - 1);
}

static void what_was_put_is_found(void **state)
{
	struct entry_field f;
	struct entry_view v;
	struct entry e;

	(void)state;
	begin(&e);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_FROM, 5);
	assert_int_equal(entry_parse(e.buf, e.len, &v), OK);
	assert_int_equal(v.type, ENTRY_GAP_CLOSED);
	assert_int_equal(v.time.ns, 0x0102030405060708);
	assert_int_equal(v.person, 0x1112131415161718);
	assert_true(entry_find(&v, TAG_CAMERA, &f));
	assert_int_equal(f.n, 4);
	assert_memory_equal(f.p, "cam1", 4);
	assert_true(entry_find(&v, TAG_FROM, &f));
	assert_int_equal(field_u64(&f), 5);
	assert_false(entry_find(&v, TAG_TO, &f));
}

static void P2_an_entry_is_of_one_segment_alone(void **state)
{
	struct entry_view v;
	struct entry e;

	(void)state;
	entry_begin(&e, ENTRY_SEGMENT, (struct utc){1}, 0);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_SEQ, 7);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(entry_parse(e.buf, e.len, &v), OK);
	assert_true(entry_is_segment(&v, "cam1", 7));
	assert_false(entry_is_segment(&v, "cam1", 8));
	assert_false(entry_is_segment(&v, "cam", 7));
	assert_false(entry_is_segment(&v, "cam11", 7));
	v.type = ENTRY_LOST;
	assert_false(entry_is_segment(&v, "cam1", 7));
}

static void P10_tags_ascend_or_the_entry_is_refused(void **state)
{
	struct entry e;

	(void)state;
	begin(&e);
	entry_put_u64(&e, TAG_TO, 1);
	entry_put_u64(&e, TAG_FROM, 1);
	assert_int_equal(entry_end(&e), ERR_INVALID);
	begin(&e);
	entry_put_u64(&e, TAG_FROM, 1);
	entry_put_u64(&e, TAG_FROM, 1);
	entry_put_u64(&e, TAG_TO, 1);	/* the error is sticky */
	assert_int_equal(entry_end(&e), ERR_INVALID);
}

static void P5_what_was_served_repeats_in_pairs_only(void **state)
{
	struct entry_view v;
	struct entry e;

	(void)state;
	begin(&e);
	for (int64_t i = 0; i < 3; i++) {
		entry_put_i64(&e, TAG_SERVED_FROM, 2 * i);
		entry_put_i64(&e, TAG_SERVED_TO, 2 * i + 1);
	}
	entry_put_u64(&e, TAG_LEASE, 9);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(entry_parse(e.buf, e.len, &v), OK);

	begin(&e);
	entry_put_i64(&e, TAG_SERVED_FROM, 1);
	assert_int_equal(entry_end(&e), ERR_INVALID);
	assert_int_equal(entry_parse(e.buf, e.len, &v), ERR_FORMAT);
	entry_put_u64(&e, TAG_LEASE, 9);
	assert_int_equal(entry_end(&e), ERR_INVALID);
	begin(&e);
	entry_put_i64(&e, TAG_SERVED_TO, 1);
	assert_int_equal(entry_end(&e), ERR_INVALID);
}

static void wrong_sizes_are_refused(void **state)
{
	struct entry e;

	(void)state;
	begin(&e);
	entry_put_bytes(&e, TAG_ROOT, "short", 5);
	assert_int_equal(entry_end(&e), ERR_INVALID);
	begin(&e);
	entry_put_text(&e, TAG_SEQ, "12345678x");
	assert_int_equal(entry_end(&e), ERR_INVALID);
	begin(&e);
	entry_put_text(&e, TAG_CAMERA, "a\nb");
	assert_int_equal(entry_end(&e), ERR_INVALID);
}

static void more_than_the_limit_is_refused(void **state)
{
	static const unsigned char big[ENTRY_MAX];
	struct entry_view v;
	struct entry e;

	(void)state;
	begin(&e);
	entry_put_bytes(&e, TAG_HEADS, big, ENTRY_MAX - 19 - 3);
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(e.len, ENTRY_MAX);
	assert_int_equal(entry_parse(e.buf, e.len, &v), OK);
	begin(&e);
	entry_put_bytes(&e, TAG_HEADS, big, ENTRY_MAX - 19 - 2);
	assert_int_equal(entry_end(&e), ERR_TOO_LARGE);
}

static void P10_one_entry_has_one_encoding(void **state)
{
	struct entry_view v;
	struct entry e;

	(void)state;
	begin(&e);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_FROM, 5);
	for (size_t n = 0; n < e.len; n++)	/* a bare head is an entry */
		assert_int_equal(entry_parse(e.buf, n, &v),
		    n == 19 || n == 26 ? OK : ERR_FORMAT);
	e.buf[e.len] = 0;
	assert_int_equal(entry_parse(e.buf, e.len + 1, &v), ERR_FORMAT);
	e.buf[0] = 2;
	assert_int_equal(entry_parse(e.buf, e.len, &v), ERR_FORMAT);
}

static void unknown_types_and_tags_have_a_name(void **state)
{
	(void)state;
	assert_string_equal(entry_type_name(ENTRY_SIGN_IN), "sign-in");
	assert_string_equal(entry_type_name(99), "type-99");
	assert_string_equal(entry_type_name(5), "type-5");
	assert_string_equal(entry_tag_name(TAG_CAMERA), "camera");
	assert_string_equal(entry_tag_name(200), "tag-200");
}

/* Expected value: hashlib of Python. */
static void a_commitment_is_the_hash_of_label_salt_and_text(void **state)
{
	unsigned char salt[COMMITMENT_SALT], c[HASH_BYTES], again[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];

	(void)state;
	memset(salt, 7, sizeof(salt));
	commitment_of("Aisha", salt, c);
	hex_encode(c, sizeof(c), hex);
	assert_string_equal(hex,
	    "5720a1b0c401350b4de487e0e045933d"
	    "0e982b46f75fd5c1caded647ce60e09e");
	commitment_make("Aisha", salt, c);
	commitment_of("Aisha", salt, again);
	assert_memory_equal(c, again, HASH_BYTES);
	commitment_of("Aishe", salt, again);
	assert_memory_not_equal(c, again, HASH_BYTES);
}

static void every_cause_has_a_name(void **state)
{
	(void)state;
	for (int c = 0; c < CAUSE_MAX; c++)
		assert_true(strcmp(cause_name((enum cause)c), "unknown") &&
		    *cause_name((enum cause)c));
	assert_string_equal(cause_name(CAUSE_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_the_bytes_are_those_of_the_document),
	    cmocka_unit_test(what_was_put_is_found),
	    cmocka_unit_test(P2_an_entry_is_of_one_segment_alone),
	    cmocka_unit_test(P10_tags_ascend_or_the_entry_is_refused),
	    cmocka_unit_test(P5_what_was_served_repeats_in_pairs_only),
	    cmocka_unit_test(wrong_sizes_are_refused),
	    cmocka_unit_test(more_than_the_limit_is_refused),
	    cmocka_unit_test(P10_one_entry_has_one_encoding),
	    cmocka_unit_test(unknown_types_and_tags_have_a_name),
	    cmocka_unit_test(every_cause_has_a_name),
	    cmocka_unit_test(a_commitment_is_the_hash_of_label_salt_and_text),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
