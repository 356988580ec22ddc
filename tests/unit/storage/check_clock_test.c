#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "storage/check_state.h"

#define ORIGIN "saqta.example/test"
#define T_S INT64_C(1795338907)

static const unsigned char seeds[2][KEY_BYTES] = {{4}, {5}},
			   root[HASH_BYTES] = {7};
static struct check c;
static struct entry e;
static uint64_t next;
static char *text;
static size_t text_n;

static int begin(void **state)
{
	(void)state;
	next = 10;
	c = (struct check){.out = open_memstream(&text, &text_n)};
	return !c.out;
}

static int end(void **state)
{
	(void)state;
	fclose(c.out);
	free(text);
	return 0;
}

static void put(void)
{
	struct entry_view v;

	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(entry_parse(e.buf, e.len, &v), OK);
	check_clock(&c, next++, &v, ORIGIN);
}

static struct vkey key_of(int i)
{
	struct vkey k = {.name = "w.example/x", .kind = NOTE_COSIGNATURE};

	sign_public(seeds[i], k.key);
	return k;
}

static void is_named(int i)
{
	struct vkey k = key_of(i);

	entry_begin(&e, ENTRY_CLOCK_WITNESS, (struct utc){1}, 1);
	entry_put_bytes(&e, TAG_WITNESS_KEY, k.key, KEY_BYTES);
	put();
}

static uint64_t ask(void)
{
	entry_begin(&e, ENTRY_CLOCK_ASKED, (struct utc){1}, 0);
	put();
	return next - 1;
}

/* Of a checkpoint of so many entries, at that time, by the key of another. */
static void signs(int i, uint64_t size, int64_t at_s, int by)
{
	struct vkey k = key_of(i);
	unsigned char both[NOTE_KEY_ID + COSIGN_BYTES];
	char checkpoint[200], b64[B64_LEN(HASH_BYTES)], line[COSIGN_LINE_MAX];
	size_t n;

	b64_encode(root, HASH_BYTES, true, b64);
	snprintf(checkpoint, sizeof(checkpoint), "%s\n%llu\n%s\n", ORIGIN,
	    (unsigned long long)size, b64);
	cosign_line(checkpoint, strlen(checkpoint), &k, seeds[by], at_s, line);
	line[strlen(line) - 1] = '\0';
	assert_int_equal(b64_decode(strrchr(line, ' ') + 1,
			     strlen(strrchr(line, ' ') + 1), true, both,
			     sizeof(both), &n),
	    OK);
	entry_begin(&e, ENTRY_WITNESSED, (struct utc){1}, 0);
	entry_put_bytes(&e, TAG_WITNESS_KEY, k.key, KEY_BYTES);
	entry_put_u64(&e, TAG_WITNESS_SIZE, size);
	entry_put_bytes(&e, TAG_WITNESS_ROOT, root, HASH_BYTES);
	entry_put_bytes(&e, TAG_COSIGNATURE, both + NOTE_KEY_ID, COSIGN_BYTES);
	put();
}

/* The findings after a vouching by witnesses, to that time. */
static unsigned vouched(uint64_t asked, int64_t to_s)
{
	unsigned before = c.changed;

	entry_begin(&e, ENTRY_VOUCHED, (struct utc){1}, 0);
	entry_put_i64(&e, TAG_RETENTION, to_s * NS_PER_SEC);
	entry_put_u64(&e, TAG_ASKED, asked);
	put();
	return c.changed - before;
}

static void P12_what_every_named_witness_signed_is_right(void **state)
{
	uint64_t asked;

	(void)state;
	is_named(0);
	is_named(1);
	asked = ask();
	signs(0, asked + 1, T_S, 0);
	signs(1, asked + 3, T_S + 5, 1);
	assert_int_equal(vouched(asked, T_S), 0);
}

static void P12_all_else_is_found(void **state)
{
	uint64_t asked;

	(void)state;
	assert_int_equal(vouched(0, T_S), 1); /* nobody was named */
	is_named(0);
	is_named(1);
	asked = ask();
	signs(0, asked + 1, T_S, 0);
	assert_int_equal(vouched(asked, T_S), 1); /* one is missing */
	signs(1, asked, T_S, 1);
	assert_int_equal(vouched(asked, T_S), 1); /* without the nonce */
	signs(1, asked + 1, T_S, 0);
	assert_int_equal(vouched(asked, T_S), 1); /* by another key */
	signs(1, asked + 1, T_S - 1, 1);
	assert_int_equal(vouched(asked, T_S), 1); /* not that time */
	signs(1, asked + 1, T_S, 1);
	assert_int_equal(vouched(asked - 1, T_S), 1); /* another question */
	assert_int_equal(vouched(asked, T_S), 0);
	ask();
	assert_int_equal(vouched(asked + 20, T_S), 1); /* an old answer */
}

static void what_a_person_vouches_for_is_his(void **state)
{
	(void)state;
	entry_begin(&e, ENTRY_VOUCHED, (struct utc){1}, 3);
	put();
	assert_int_equal(c.changed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		P12_what_every_named_witness_signed_is_right, begin, end),
	    cmocka_unit_test_setup_teardown(P12_all_else_is_found, begin, end),
	    cmocka_unit_test_setup_teardown(what_a_person_vouches_for_is_his,
		begin, end),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
