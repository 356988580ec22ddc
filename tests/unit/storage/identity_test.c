/* identity.h: keys as text, and the paper key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/identity.h"
#include "tests/unit/storage/bytes_text.h"

/* The two pairs are age's own: its README and its testkit; age-keygen -y. */
static const struct {
	const char *identity, *recipient;
} pairs[] = {
    {"AGE-SECRET-KEY-"
     "1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
	"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"},
    {"AGE-SECRET-KEY-"
     "1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0",
	"age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef"},
};
#define PAIRS (sizeof(pairs) / sizeof(*pairs))

static void an_identity_gives_the_recipient_that_age_gives(void **state)
{
	struct age_identity id;
	struct age_recipient r, parsed;
	char text[IDENTITY_TEXT];

	(void)state;
	for (size_t i = 0; i < PAIRS; i++) {
		assert_int_equal(identity_parse(pairs[i].identity, &id), OK);
		identity_format(&id, text);
		assert_string_equal(text, pairs[i].identity);
		identity_recipient(&id, &r);
		recipient_format(&r, text);
		assert_string_equal(text, pairs[i].recipient);
		assert_int_equal(recipient_parse(text, &parsed), OK);
		assert_memory_equal(&parsed, &r, sizeof(r));
	}
	/* The first one is 32 times 0x42: no test against ourselves. */
	assert_int_equal(identity_parse(pairs[0].identity, &id), OK);
	for (size_t i = 0; i < KEY_BYTES; i++)
		assert_int_equal(id.key[i], 0x42);
}

static void any_one_wrong_letter_is_refused(void **state)
{
	static const char other[] = "023456789acdefghjklmnpqrstuvwxyzb1";
	struct age_recipient r;
	struct age_identity id;
	char text[IDENTITY_TEXT];

	(void)state;
	for (size_t i = 0; i < strlen(pairs[0].recipient); i++)
		for (const char *c = other; *c; c++) {
			strcpy(text, pairs[0].recipient);
			if (text[i] == *c)
				continue;
			text[i] = *c;
			assert_int_equal(recipient_parse(text, &r), ERR_FORMAT);
		}
	for (size_t i = 0; i < strlen(pairs[0].identity); i++) {
		strcpy(text, pairs[0].identity);
		text[i] = text[i] == 'Q' ? 'P' : 'Q';
		assert_int_equal(identity_parse(text, &id), ERR_FORMAT);
	}
}

static void case_and_length_are_exact(void **state)
{
	static const char *const bad[] = {"", "A", "AGE-SECRET-KEY-1",
	    "age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzg"
	    "fpq4egaex",
	    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZG"
	    "FPQ4EGAE",
	    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZG"
	    "FPQ4EGAEXX",
	    "AGE-SECRET-KEY-1gFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZG"
	    "FPQ4EGAEX",
	    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"};
	struct age_identity id;
	struct age_recipient r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(identity_parse(bad[i], &id), ERR_FORMAT);
	assert_int_equal(recipient_parse("", &r), ERR_FORMAT);
	assert_int_equal(recipient_parse(pairs[0].identity, &r), ERR_FORMAT);
	assert_int_equal(recipient_parse("AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S8"
					 "2HZRYE869XEEX"
					 "VN73EQUNUJWJ",
			     &r),
	    ERR_FORMAT);
}

static void paper_halves_join_to_the_identity(void **state)
{
	struct age_identity id, back;
	char a[HALF_TEXT], b[HALF_TEXT], again[HALF_TEXT], low[HALF_TEXT];
	int line = -1;

	(void)state;
	assert_int_equal(identity_parse(pairs[1].identity, &id), OK);
	identity_split(&id, a, b);
	assert_int_equal(identity_join(a, b, &back, &line), OK);
	assert_memory_equal(&id, &back, sizeof(id));
	assert_int_equal(identity_join(b, a, &back, &line), OK);
	assert_memory_equal(&id, &back, sizeof(id));
	assert_int_equal(line, -1);
	/* Each print has fresh halves. */
	identity_split(&id, again, b);
	assert_string_not_equal(a, again);
	for (size_t i = 0; i <= strlen(again); i++)
		low[i] = again[i] == ' '	       ? '\t' :
		    again[i] >= 'A' && again[i] <= 'Z' ? again[i] + 32 :
							 again[i];
	assert_int_equal(identity_join(low, b, &back, &line), OK);
	assert_memory_equal(&id, &back, sizeof(id));
}

static void a_half_is_four_lines_of_four_letter_groups(void **state)
{
	struct age_identity id;
	char a[HALF_TEXT], b[HALF_TEXT], word[4][8];

	(void)state;
	identity_new(&id);
	identity_split(&id, a, b);
	assert_int_equal(strlen(a), 3 * 23 + 7);
	assert_int_equal(sscanf(a, "%7s %7s %7s %7s", word[0], word[1], word[2],
			     word[3]),
	    4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(strlen(word[i]), 4);
	for (size_t i = 1; i <= 3; i++)
		assert_int_equal(a[23 * i - 1], '\n');
}

/* Where the letter at p stands: which line. */
static int line_of(const char *text, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

static void every_wrong_letter_is_found_in_its_line(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ2345670189";
	struct age_identity id, back;
	char a[HALF_TEXT], b[HALF_TEXT];

	(void)state;
	identity_new(&id);
	identity_split(&id, a, b);
	for (size_t i = 0; i < strlen(b); i++) {
		char was = b[i];

		if (was == ' ' || was == '\n')
			continue;
		for (const char *c = letters; *c; c++) {
			int line = 0;

			b[i] = *c;
			if (*c == was)
				continue;
			assert_int_equal(identity_join(a, b, &back, &line),
			    ERR_FORMAT);
			assert_int_equal(line, 4 + line_of(b, i));
			assert_int_equal(identity_join(b, a, &back, &line),
			    ERR_FORMAT);
			assert_int_equal(line, line_of(b, i));
		}
		b[i] = was;
	}
}

static void two_letters_that_changed_places_are_found(void **state)
{
	struct age_identity id, back;
	char a[HALF_TEXT], b[HALF_TEXT];
	int line;

	(void)state;
	identity_new(&id);
	identity_split(&id, a, b);
	for (size_t i = 0; i < strlen(a); i++)
		for (size_t j = i + 1; j < strlen(a) && a[j] != '\n'; j++) {
			char x = a[i], y = a[j];

			if (x == y || x == ' ' || y == ' ' || x == '\n')
				continue;
			a[i] = y;
			a[j] = x;
			assert_int_equal(identity_join(a, b, &back, &line),
			    ERR_FORMAT);
			assert_int_equal(line, line_of(a, i));
			a[i] = x;
			a[j] = y;
		}
}

static void lines_in_a_wrong_order_or_missing_are_found(void **state)
{
	struct age_identity id, back;
	char a[HALF_TEXT], b[HALF_TEXT], swapped[HALF_TEXT];
	int line;

	(void)state;
	identity_new(&id);
	identity_split(&id, a, b);
	strcpy(swapped, a);
	memcpy(swapped, a + 23, 23);
	memcpy(swapped + 23, a, 23);
	assert_int_equal(identity_join(swapped, b, &back, &line), ERR_FORMAT);
	assert_int_equal(line, 1);
	assert_int_equal(identity_join(a + 23, b, &back, &line), ERR_FORMAT);
	assert_int_equal(line, 1);
	a[strlen(a) - 1] = '\0';
	assert_int_equal(identity_join(a, b, &back, &line), ERR_FORMAT);
	assert_int_equal(line, 4);
	assert_int_equal(identity_join(b, "", &back, &line), ERR_FORMAT);
	assert_int_equal(line, 5);
	strcat(b, "A");
	assert_int_equal(identity_join(b, b, &back, &line), ERR_FORMAT);
	assert_int_equal(line, 4);
}

static void one_line_can_be_looked_at_alone(void **state)
{
	struct age_identity id;
	char a[HALF_TEXT], b[HALF_TEXT], *rest = a, *line;

	(void)state;
	identity_new(&id);
	identity_split(&id, a, b);
	for (int i = 1; (line = strsep(&rest, "\n")); i++)
		for (int n = 1; n <= IDENTITY_HALF_LINES; n++)
			assert_int_equal(identity_half_line_ok(line, n),
			    n == i);
}

static void the_same_half_twice_is_refused(void **state)
{
	struct age_identity id, back;
	char a[HALF_TEXT], b[HALF_TEXT];
	int line = -1;

	(void)state;
	identity_new(&id);
	identity_split(&id, a, b);
	assert_int_equal(identity_join(a, a, &back, &line), ERR_INVALID);
	assert_int_equal(line, 0);
}

/* HMAC-SHA-256 of the seed 00 01 .. 1f, by Python's hmac. */
static void a_seed_yields_identity_and_signing_key(void **state)
{
	unsigned char seed[KEY_BYTES], sign_seed[KEY_BYTES], want[KEY_BYTES];
	struct age_identity id;

	(void)state;
	for (unsigned i = 0; i < KEY_BYTES; i++)
		seed[i] = (unsigned char)i;
	seed_identity(seed, &id);
	unhex("a69107990735f985ff2baaadc8e378b7"
	      "d65e05b8e4014687ee5b75c0c3fef8ed",
	    want);
	assert_memory_equal(id.key, want, sizeof(want));
	seed_sign_seed(seed, sign_seed);
	unhex("d4f2d7a8f6f7abc44a626caf05da4a61"
	      "3c7158c5e889dee62b7143765254ab36",
	    want);
	assert_memory_equal(sign_seed, want, sizeof(want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_identity_gives_the_recipient_that_age_gives),
	    cmocka_unit_test(any_one_wrong_letter_is_refused),
	    cmocka_unit_test(case_and_length_are_exact),
	    cmocka_unit_test(paper_halves_join_to_the_identity),
	    cmocka_unit_test(a_half_is_four_lines_of_four_letter_groups),
	    cmocka_unit_test(every_wrong_letter_is_found_in_its_line),
	    cmocka_unit_test(two_letters_that_changed_places_are_found),
	    cmocka_unit_test(lines_in_a_wrong_order_or_missing_are_found),
	    cmocka_unit_test(one_line_can_be_looked_at_alone),
	    cmocka_unit_test(the_same_half_twice_is_refused),
	    cmocka_unit_test(a_seed_yields_identity_and_signing_key),
	};

	if (crypt_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
