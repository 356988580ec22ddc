#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/journal.h"

#define CAMERA "cam1"
#define DAY "2026-11-22"

static void fill(struct journal_record *r, unsigned type, uint64_t seq,
    uint32_t index)
{
	memset(r, 0, sizeof(*r));
	r->type = type;
	r->seq = seq;
	r->index = index;
	r->start_ns = 1000 + index;
	r->timescale = 90000;
	r->plain_len = 10;
	r->epoch = 3;
	r->clock_state = 1;
	memset(r->content, 0x11 + (int)index, HASH_BYTES);
	memset(r->cipher, 0x55 + (int)index, HASH_BYTES);
	if (type == JOURNAL_BEGIN)
		memset(r->recipient, 0x77, KEY_BYTES);
	if (type == JOURNAL_FRAGMENT) {
		r->base = 7;
		r->samples = 25;
		r->plain_off = 10 + 10 * (uint64_t)index;
		r->flags = 1;
	}
	if (type == JOURNAL_TAIL) {
		memset(r->content, 0, HASH_BYTES);
		r->plain_off = 65536;
	}
}

/* A file with two segments: one sealed after 3 fragments, one open with 1. */
#define RECORDS 7
static unsigned char file[RECORDS * JOURNAL_RECORD];

static int setup(void **state)
{
	static const struct {
		unsigned type;
		uint64_t seq;
		uint32_t index;
	} what[RECORDS] = {
	    {JOURNAL_BEGIN, 1, 0},
	    {JOURNAL_FRAGMENT, 1, 0},
	    {JOURNAL_FRAGMENT, 1, 1},
	    {JOURNAL_FRAGMENT, 1, 2},
	    {JOURNAL_SEAL, 1, 3},
	    {JOURNAL_BEGIN, 2, 0},
	    {JOURNAL_FRAGMENT, 2, 0},
	};
	unsigned char chain[HASH_BYTES];

	(void)state;
	journal_chain_start(CAMERA, DAY, chain);
	for (size_t i = 0; i < RECORDS; i++) {
		struct journal_record r;

		fill(&r, what[i].type, what[i].seq, what[i].index);
		journal_encode(&r, chain, file + i * JOURNAL_RECORD);
		memcpy(chain, r.chain, HASH_BYTES);
	}
	return 0;
}

static void hash_is(const unsigned char hash[HASH_BYTES], const char *want)
{
	char hex[2 * HASH_BYTES + 1];

	hex_encode(hash, HASH_BYTES, hex);
	assert_string_equal(hex, want);
}

static void P10_the_chain_begins_with_camera_and_day(void **state)
{
	unsigned char chain[HASH_BYTES];

	(void)state;
	journal_chain_start(CAMERA, DAY, chain);
	/* printf 'saqta journal v1\ncam1\n2026-11-22\n' | sha256sum */
	hash_is(chain,
	    "73441b52cbd13a996a5eb5003ccd41a5"
	    "5b91b70ab9641c73873814a7c11083c0");
}

/* Every number of the table in storage/DESIGN.md at its place. */
static void P10_the_bytes_are_those_of_the_table(void **state)
{
	unsigned char want[JOURNAL_RECORD] = "SqJ1\x02", p[JOURNAL_RECORD];
	unsigned char prev[HASH_BYTES] = {9};
	struct journal_record r = {.type = JOURNAL_FRAGMENT,
	    .seq = 0x0102030405060708,
	    .index = 0x11121314,
	    .flags = 0x21222324,
	    .start_ns = 0x3132333435363738,
	    .duration_ns = 0x4142434445464748,
	    .base = 0x5152535455565758,
	    .samples = 0x61626364,
	    .timescale = 0x71727374,
	    .plain_off = 0x0182838485868788,
	    .plain_len = 0x0192939495969798,
	    .mono_ns = 0x01a2a3a4a5a6a7a8,
	    .epoch = 0xb1b2b3b4,
	    .clock_state = 0xc1c2c3c4,
	    .camera_clock_ns = 0x01d2d3d4d5d6d7d8,
	    .cipher_from = 0x01e2e3e4e5e6e7e8,
	    .cipher_to = 0x01f2f3f4f5f6f7f8};
	static const struct {
		size_t at, n;
		const char *bytes;
	} fields[] = {
	    {8, 8, "\x01\x02\x03\x04\x05\x06\x07\x08"},
	    {16, 4, "\x11\x12\x13\x14"},
	    {20, 4, "\x21\x22\x23\x24"},
	    {24, 8, "\x31\x32\x33\x34\x35\x36\x37\x38"},
	    {32, 8, "\x41\x42\x43\x44\x45\x46\x47\x48"},
	    {40, 8, "\x51\x52\x53\x54\x55\x56\x57\x58"},
	    {48, 4, "\x61\x62\x63\x64"},
	    {52, 4, "\x71\x72\x73\x74"},
	    {56, 8, "\x01\x82\x83\x84\x85\x86\x87\x88"},
	    {64, 8, "\x01\x92\x93\x94\x95\x96\x97\x98"},
	    {104, 8, "\x01\xa2\xa3\xa4\xa5\xa6\xa7\xa8"},
	    {112, 4, "\xb1\xb2\xb3\xb4"},
	    {116, 4, "\xc1\xc2\xc3\xc4"},
	    {120, 8, "\x01\xd2\xd3\xd4\xd5\xd6\xd7\xd8"},
	    {128, 8, "\x01\xe2\xe3\xe4\xe5\xe6\xe7\xe8"},
	    {136, 8, "\x01\xf2\xf3\xf4\xf5\xf6\xf7\xf8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		memcpy(want + fields[i].at, fields[i].bytes, fields[i].n);
	memset(want + 72, 0xaa, 32);
	memset(r.content, 0xaa, 32);
	memset(want + 144, 0xbb, 32);
	memset(r.cipher, 0xbb, 32);
	journal_encode(&r, prev, p);
	assert_memory_equal(p, want, 224);
}

static void what_was_encoded_is_decoded(void **state)
{
	struct journal_record r, back;
	unsigned char p[JOURNAL_RECORD], prev[HASH_BYTES] = {1};

	(void)state;
	for (unsigned type = JOURNAL_BEGIN; type <= JOURNAL_TAIL; type++) {
		memset(&back, 0, sizeof(back));
		fill(&r, type, 9, 0);
		journal_encode(&r, prev, p);
		assert_int_equal(journal_decode(p, prev, &back), OK);
		assert_memory_equal(&r, &back, sizeof(r));
	}
}

static void fields_that_a_type_does_not_have_are_zero(void **state)
{
	struct journal_record r;
	unsigned char p[JOURNAL_RECORD], prev[HASH_BYTES] = {1};

	(void)state;
	fill(&r, JOURNAL_SEAL, 9, 2);
	memset(r.recipient, 1, sizeof(r.recipient));
	r.base = 5;
	r.plain_off = 6;
	journal_encode(&r, prev, p);
	for (size_t i = 176; i < 208; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(r.base, 0);
	assert_int_equal(r.plain_off, 0);
	fill(&r, JOURNAL_BEGIN, 9, 2);
	journal_encode(&r, prev, p);
	assert_int_equal(r.index, 0);
	fill(&r, JOURNAL_TAIL, 9, 2);
	memset(r.content, 1, sizeof(r.content));
	r.flags = r.samples = 1;
	r.duration_ns = 1;
	journal_encode(&r, prev, p);
	assert_int_equal(r.flags | r.samples | r.duration_ns | r.content[0], 0);
	assert_int_equal(r.index, 2);
	assert_int_equal(r.plain_off, 65536);
}

static void P8_a_torn_tail_ends_at_the_last_whole_record(void **state)
{
	(void)state;
	for (size_t n = 0; n <= sizeof(file); n++) {
		struct journal j;

		assert_int_equal(journal_parse(file, n, CAMERA, DAY, &j), OK);
		assert_int_equal(j.n, n / JOURNAL_RECORD);
		assert_int_equal(j.valid_n,
		    n / JOURNAL_RECORD * JOURNAL_RECORD);
		journal_free(&j);
	}
}

static void P8_the_end_of_a_journal_is_read_behind_a_chain(void **state)
{
	const size_t all = sizeof(file) / JOURNAL_RECORD;

	(void)state;
	for (size_t n = 1; n < all; n++) {
		const unsigned char *end = file + n * JOURNAL_RECORD;
		struct journal j;

		assert_int_equal(journal_parse_after(end,
				     sizeof(file) - n * JOURNAL_RECORD,
				     end - HASH_BYTES, &j),
		    OK);
		assert_int_equal(j.n, all - n);
		journal_free(&j);
		assert_int_equal(journal_parse_after(end,
				     sizeof(file) - n * JOURNAL_RECORD,
				     end - HASH_BYTES - 1, &j),
		    OK);
		assert_int_equal(j.n, 0);
		journal_free(&j);
	}
}

static void P10_no_changed_byte_of_a_journal_goes_unnoticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(file); i++) {
		struct journal j;

		file[i] ^= 0x20;
		assert_int_equal(journal_parse(file, sizeof(file), CAMERA, DAY,
				     &j),
		    OK);
		assert_int_equal(j.n, i / JOURNAL_RECORD);
		journal_free(&j);
		file[i] ^= 0x20;
	}
}

static void P10_a_journal_of_another_camera_or_day_does_not_fit(void **state)
{
	struct journal j;

	(void)state;
	assert_int_equal(journal_parse(file, sizeof(file), "cam2", DAY, &j),
	    OK);
	assert_int_equal(j.n, 0);
	journal_free(&j);
	assert_int_equal(journal_parse(file, sizeof(file), CAMERA, "2026-11-23",
			     &j),
	    OK);
	assert_int_equal(j.n, 0);
	journal_free(&j);
}

static void P10_a_segment_yields_root_and_cipher_hash(void **state)
{
	unsigned char root[HASH_BYTES], cipher[HASH_BYTES];
	struct journal j;

	(void)state;
	assert_int_equal(journal_parse(file, sizeof(file), CAMERA, DAY, &j),
	    OK);
	assert_int_equal(journal_segment(&j, 0, 5, 3, root, cipher), OK);
	/* Both by hashlib of Python over the same records. */
	hash_is(root,
	    "e38250ea1c3272cb027180ed4d5a0a24"
	    "f12db1b353cc31b7b6444aa4e0ff3d7d");
	hash_is(cipher,
	    "3da673dbe9969a323ecbb4e8afdc3d87"
	    "a87c4e7ed593a7cca618c2b5232aaeb6");
	/* An open segment, and one of which only the first counts. */
	assert_int_equal(journal_segment(&j, 5, 2, 1, root, cipher), OK);
	assert_int_equal(journal_segment(&j, 0, 4, 1, root, cipher), OK);
	hash_is(root,
	    "11dbb8082bf338b59d06cd4f92ed489a"
	    "77174d8583e991319898a8272ad92b3f");
	journal_free(&j);
}

/* begin, two fragments of which one counts, tail, cut */
static void P8_the_tail_of_a_cut_segment_is_in_its_cipher_hash(void **state)
{
	static const unsigned type[] = {JOURNAL_BEGIN, JOURNAL_FRAGMENT,
	    JOURNAL_FRAGMENT, JOURNAL_TAIL, JOURNAL_CUT};
	unsigned char root[HASH_BYTES], a[HASH_BYTES], b[HASH_BYTES];
	struct journal_record r[5];
	struct journal own = {.records = r, .n = 5};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		fill(&r[i], type[i], 7, i < 3 ? (uint32_t)(i ? i - 1 : 0) : 1);
	assert_int_equal(journal_segment(&own, 0, 5, 1, root, a), OK);
	r[3].cipher[0] ^= 1;
	assert_int_equal(journal_segment(&own, 0, 5, 1, root, b), OK);
	assert_memory_not_equal(a, b, HASH_BYTES);
	assert_int_equal(journal_segment(&own, 0, 4, 1, root, b), OK);
	/* a tail elsewhere is none: before a fragment, before a seal */
	r[4].type = JOURNAL_SEAL;
	assert_int_equal(journal_segment(&own, 0, 5, 1, root, b), ERR_FORMAT);
	r[4].type = JOURNAL_CUT;
	r[1].type = JOURNAL_TAIL;
	assert_int_equal(journal_segment(&own, 0, 5, 1, root, b), ERR_FORMAT);
}

static void records_that_are_not_one_segment_are_refused(void **state)
{
	unsigned char root[HASH_BYTES], cipher[HASH_BYTES];
	struct journal j;

	(void)state;
	assert_int_equal(journal_parse(file, sizeof(file), CAMERA, DAY, &j),
	    OK);
	assert_int_equal(journal_segment(&j, 0, 6, 3, root, cipher),
	    ERR_FORMAT);
	assert_int_equal(journal_segment(&j, 1, 4, 3, root, cipher),
	    ERR_FORMAT);
	assert_int_equal(journal_segment(&j, 0, 5, 4, root, cipher),
	    ERR_FORMAT);
	assert_int_equal(journal_segment(&j, 0, 0, 0, root, cipher),
	    ERR_FORMAT);
	assert_int_equal(journal_segment(&j, 6, 2, 1, root, cipher),
	    ERR_FORMAT);
	journal_free(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_the_chain_begins_with_camera_and_day),
	    cmocka_unit_test(P10_the_bytes_are_those_of_the_table),
	    cmocka_unit_test(what_was_encoded_is_decoded),
	    cmocka_unit_test(fields_that_a_type_does_not_have_are_zero),
	    cmocka_unit_test(P8_a_torn_tail_ends_at_the_last_whole_record),
	    cmocka_unit_test(P8_the_end_of_a_journal_is_read_behind_a_chain),
	    cmocka_unit_test(P10_no_changed_byte_of_a_journal_goes_unnoticed),
	    cmocka_unit_test(
		P10_a_journal_of_another_camera_or_day_does_not_fit),
	    cmocka_unit_test(P10_a_segment_yields_root_and_cipher_hash),
	    cmocka_unit_test(
		P8_the_tail_of_a_cut_segment_is_in_its_cipher_hash),
	    cmocka_unit_test(records_that_are_not_one_segment_are_refused),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, setup, NULL);
}
