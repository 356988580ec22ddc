/* grant.h: the file keys of exactly the approved segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/grant.h"
#include "storage/identity.h"

static struct age_identity id, other;
static struct age_recipient to;

static int setup(void **state)
{
	(void)state;
	if (crypt_init())
		return -1;
	identity_new(&id);
	identity_new(&other);
	identity_recipient(&id, &to);
	return 0;
}

/* A file key that says whose it is. */
static void key_of(size_t camera, uint64_t seq, unsigned char ret[AGE_FILE_KEY])
{
	memset(ret, (int)camera, AGE_FILE_KEY);
	ret[0] = (unsigned char)seq;
}

static const char *const cameras[] = {"cam-b", "a", "cam-a", "cam"};

static void fill(struct grant *g)
{
	unsigned char key[AGE_FILE_KEY];

	grant_init(g, 42);
	for (size_t c = 0; c < 4; c++)
		for (uint64_t seq = 10; seq > 0; seq -= 2) {
			key_of(c, seq, key);
			assert_int_equal(grant_add(g, cameras[c], seq, key,
					     &to),
			    OK);
		}
}

static void has_exactly_these(const struct grant *g)
{
	unsigned char key[AGE_FILE_KEY], want[AGE_FILE_KEY];

	for (size_t c = 0; c < 4; c++)
		for (uint64_t seq = 0; seq < 14; seq++) {
			bool in = seq % 2 == 0 && seq >= 2 && seq <= 10;

			assert_int_equal(grant_find(g, cameras[c], seq, &id,
					     key),
			    in ? OK : ERR_NOT_APPROVED);
			if (!in)
				continue;
			key_of(c, seq, want);
			assert_memory_equal(key, want, sizeof(key));
			assert_int_equal(grant_find(g, cameras[c], seq, &other,
					     key),
			    ERR_NO_KEY);
		}
	assert_int_equal(grant_find(g, "cam-c", 2, &id, key), ERR_NOT_APPROVED);
}

static void P6_a_grant_opens_what_was_approved_and_nothing_else(void **state)
{
	struct grant g;

	(void)state;
	fill(&g);
	has_exactly_these(&g);
	grant_wipe(&g);
	grant_wipe(&g);
}

static void a_grant_survives_its_bytes(void **state)
{
	struct grant g, back;
	unsigned char *p;
	size_t n;

	(void)state;
	fill(&g);
	assert_int_equal(grant_encode(&g, &p, &n), OK);
	assert_int_equal(grant_decode(p, n, &back), OK);
	assert_int_equal(back.person, 42);
	assert_int_equal(back.n, 20);
	has_exactly_these(&back);
	/* What was decoded can be added to. */
	for (uint64_t seq = 100; seq < 120; seq++) {
		unsigned char key[AGE_FILE_KEY] = {0};

		assert_int_equal(grant_add(&back, "cam", seq, key, &to), OK);
	}
	has_exactly_these(&back);
	free(p);
	grant_wipe(&g);
	grant_wipe(&back);
}

/* storage/DESIGN.md, byte by byte. */
static void the_bytes_are_those_of_the_document(void **state)
{
	static const unsigned char head[] = "saqta grant v1\n"
					    "\0\0\0\0\0\0\1\2"
					    "\0\0\0\1"
					    "\3"
					    "cam"
					    "\0\0\0\0\0\0\0\7";
	unsigned char key[AGE_FILE_KEY] = {5}, *p;
	struct grant g;
	size_t n;

	(void)state;
	grant_init(&g, 258);
	assert_int_equal(grant_add(&g, "cam", 7, key, &to), OK);
	assert_int_equal(grant_encode(&g, &p, &n), OK);
	assert_int_equal(n, sizeof(head) - 1 + 64);
	assert_memory_equal(p, head, sizeof(head) - 1);
	assert_memory_equal(p + sizeof(head) - 1, g.items[0].wrap.share,
	    KEY_BYTES);
	assert_memory_equal(p + n - 32, g.items[0].wrap.body, 32);
	free(p);
	grant_wipe(&g);
}

static void an_empty_grant_is_legal(void **state)
{
	struct grant g, back;
	unsigned char *p, key[AGE_FILE_KEY];
	size_t n;

	(void)state;
	grant_init(&g, 1);
	assert_int_equal(grant_encode(&g, &p, &n), OK);
	assert_int_equal(grant_decode(p, n, &back), OK);
	assert_int_equal(grant_find(&back, "cam", 1, &id, key),
	    ERR_NOT_APPROVED);
	free(p);
	grant_wipe(&back);
}

static void a_segment_is_added_once_to_a_camera_that_can_be(void **state)
{
	unsigned char key[AGE_FILE_KEY] = {0};
	struct grant g;

	(void)state;
	grant_init(&g, 1);
	assert_int_equal(grant_add(&g, "cam", 1, key, &to), OK);
	assert_int_equal(grant_add(&g, "cam", 1, key, &to), ERR_EXISTS);
	assert_int_equal(grant_add(&g, "", 1, key, &to), ERR_INVALID);
	assert_int_equal(grant_add(&g, "../x", 1, key, &to), ERR_INVALID);
	assert_int_equal(grant_add(&g, "a23456789-123456789-123456789-123", 1,
			     key, &to),
	    ERR_INVALID);
	assert_int_equal(grant_add(&g, "a23456789-123456789-123456789-12", 1,
			     key, &to),
	    OK);
	assert_int_equal(g.n, 2);
	grant_wipe(&g);
}

static void what_is_not_canonical_is_refused(void **state)
{
	struct grant g, back = {.n = 77};
	unsigned char *p, save[77];
	const size_t item = 1 + 3 + 8 + 64;
	size_t n;
	unsigned char key[AGE_FILE_KEY] = {0};

	(void)state;
	grant_init(&g, 1);
	assert_int_equal(grant_add(&g, "cam", 1, key, &to), OK);
	assert_int_equal(grant_add(&g, "cam", 2, key, &to), OK);
	assert_int_equal(grant_encode(&g, &p, &n), OK);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(grant_decode(p, cut, &back), ERR_FORMAT);
	/* The two in the other order, and one of them twice. */
	memcpy(save, p + 27, item);
	memmove(p + 27, p + 27 + item, item);
	assert_int_equal(grant_decode(p, n, &back), ERR_FORMAT);
	memcpy(p + 27 + item, save, item);
	assert_int_equal(grant_decode(p, n, &back), ERR_FORMAT);
	/* Counts that the bytes do not hold, camera names that are none. */
	memset(p + 23, 0xff, 4);
	assert_int_equal(grant_decode(p, n, &back), ERR_TOO_LARGE);
	memcpy(p + 23, "\0\0\0\3", 4);
	assert_int_equal(grant_decode(p, n, &back), ERR_FORMAT);
	memcpy(p + 23, "\0\0\0\1", 4);
	assert_int_equal(grant_decode(p, n, &back), ERR_FORMAT);
	p[28] = 'C';
	assert_int_equal(grant_decode(p, n - item, &back), ERR_FORMAT);
	p[28] = 0;
	assert_int_equal(grant_decode(p, n - item, &back), ERR_FORMAT);
	p[0] ^= 1;
	assert_int_equal(grant_decode(p, n, &back), ERR_FORMAT);
	assert_int_equal(back.n, 77);
	free(p);
	grant_wipe(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P6_a_grant_opens_what_was_approved_and_nothing_else),
	    cmocka_unit_test(a_grant_survives_its_bytes),
	    cmocka_unit_test(the_bytes_are_those_of_the_document),
	    cmocka_unit_test(an_empty_grant_is_legal),
	    cmocka_unit_test(a_segment_is_added_once_to_a_camera_that_can_be),
	    cmocka_unit_test(what_is_not_canonical_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
