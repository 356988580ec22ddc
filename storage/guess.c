/* The only file that includes libzxcvbn. */
#include "storage/guess.h"

#include <stdio.h>
#include <string.h>
#include <zxcvbn.h>

#include "storage/crypt.h"

#define TYPED_MAX 260	/* a password, NUL */
#define NAME_WORDS 8
#define WORD_MIN 3

/* Cyrillic small letters, U+0430 on, as the Latin ones on the same keys. */
static const char keys[] = "f,dult;pbqrkvyjghcnea[wxio]sm'.z";

/* In small Latin letters, a key for a key; others stay as they are. */
static void typed(const char *s, char ret[TYPED_MAX])
{
	char *to = ret;

	while (*s && to < ret + TYPED_MAX - 1) {
		unsigned a = (unsigned char)s[0], b = (unsigned char)s[1];
		unsigned letter = (a & 0x1f) << 6 | (b & 0x3f);

		if ((a & 0xe0) != 0xc0 || (b & 0xc0) != 0x80) {
			*to++ = *s++;
			continue;
		}
		if (letter >= 0x410 && letter < 0x430)
			letter += 0x20;
		if (letter >= 0x430 && letter < 0x450) {
			*to++ = keys[letter - 0x430];
			s += 2;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* The words of a name, cut apart in buf; how many. */
static size_t words_of(char *buf, const char **ret)
{
	size_t n = 0;
	char *rest = buf, *word;

	while (n < NAME_WORDS && (word = strsep(&rest, " .,-_")))
		if (strlen(word) >= WORD_MIN)
			ret[n++] = word;
	return n;
}

bool guess_is_soon(const char *password, const char *user, const char *name)
{
	const char *known[8 + 2 * NAME_WORDS + 1] = {"saqta", "bank", "atm",
	    "password", "admin", "operator", "auditor", "custodian"};
	char a[TYPED_MAX], b[TYPED_MAX], s[TYPED_MAX];
	double bits, keyed;
	size_t n = 8;

	typed(user, a);
	typed(name, b);
	n += words_of(a, known + n);
	n += words_of(b, known + n);
	known[n] = NULL;
	typed(password, s);
	bits = ZxcvbnMatch(password, known, NULL);
	keyed = ZxcvbnMatch(s, known, NULL);
	crypt_wipe(s, sizeof(s));
	return (bits < keyed ? bits : keyed) < GUESS_BITS;
}
