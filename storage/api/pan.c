#include "storage/api/pan.h"

#include <stdint.h>
#include <string.h>

#define SHORTEST 13
#define LONGEST 19
#define GROUPS_MAX 5

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ISO/IEC 7812-1, annex B. */
static bool luhn(const char *d, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned v = (unsigned)(d[n - 1 - i] - '0');

		if (i % 2)
			v = v < 5 ? 2 * v : 2 * v - 9;
		sum += v;
	}
	return sum % 10 == 0;
}

static unsigned number(const char *d, size_t n)
{
	unsigned v = 0;

	while (n--)
		v = v * 10 + (unsigned)(*d++ - '0');
	return v;
}

/* yyyymmddhhmmss, and milliseconds; no scheme has cards that look so. */
static bool is_moment(const char *d, size_t n)
{
	unsigned year, month, day;

	if (n != 14 && n != 17)
		return false;
	year = number(d, 4);
	month = number(d + 4, 2);
	day = number(d + 6, 2);
	return year >= 1990 && year < 2100 && month >= 1 && month <= 12 &&
	    day >= 1 && day <= 31 && number(d + 8, 2) < 24 &&
	    number(d + 10, 2) < 60 && number(d + 12, 2) < 60;
}

static bool is_full(const char *d, size_t n)
{
	return n >= SHORTEST && n <= LONGEST && luhn(d, n) && !is_moment(d, n);
}

/* Does a card of n digits begin so? Visa, Mastercard, Mir, American Express,
 * JCB, UnionPay and Discover, Belkart, Elcart, Uzcard, Humo. */
static bool is_scheme(const char *d, size_t n)
{
	unsigned two = number(d, 2), four = number(d, 4);

	if (n == 15)
		return two == 34 || two == 37;
	if (n == 13)
		return *d == '4';
	if (n == LONGEST)
		return *d == '4' || *d == '6';
	return n == 16 &&
	    (*d == '4' || (two >= 51 && two <= 55) || two == 35 || *d == '6' ||
		(four >= 2200 && four <= 2720) || four == 9112 ||
		four == 9417 || four == 8600 || four == 9860);
}

static void mask(char *p, size_t n, size_t digits)
{
	size_t seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			continue;
		if (seen >= 6 && seen + 4 < digits)
			p[i] = '*';
		seen++;
	}
}

/* A scheme's number inside a longer run, such as behind its length (LLVAR). */
static unsigned mask_inside(char *p, size_t n)
{
	static const size_t lengths[] = {16, LONGEST, 15, SHORTEST};
	unsigned cut = 0;

	for (size_t i = 0; i + SHORTEST <= n; i++)
		for (size_t k = 0; k < 4; k++) {
			size_t m = lengths[k];

			if (i + m > n || !is_scheme(p + i, m) ||
			    !luhn(p + i, m))
				continue;
			mask(p + i, m, m);
			cut++;
			i += m - 1;
			break;
		}
	return cut;
}

/* Bytes of what may stand between two groups; 0: nothing that does. */
static size_t separator(const char *p, size_t n)
{
	if (n >= 1 &&
	    (*p == ' ' || *p == '-' || *p == '.' || (unsigned char)*p == 0xa0 ||
		(unsigned char)*p == 0xff))
		return 1;
	return n >= 2 && (unsigned char)p[0] == 0xc2 &&
		(unsigned char)p[1] == 0xa0 ?
	    2 :
	    0;
}

struct groups {
	size_t size[GROUPS_MAX], end[GROUPS_MAX], n;
	char digits[LONGEST + 1];
	size_t digits_n;
};

static bool is_printed(const struct groups *g, size_t n)
{
	const size_t *s = g->size;

	if (n == 3)
		return s[0] == 4 && s[1] == 6 && (s[2] == 5 || s[2] == 4);
	return (n == 4 || (n == 5 && s[4] >= 1 && s[4] <= 3)) && s[0] == 4 &&
	    s[1] == 4 && s[2] == 4 && (s[3] == 4 || (n == 4 && s[3] == 1));
}

/* Groups of digits from p on; how many bytes are a card number, or 0. */
static size_t printed(const char *p, size_t n)
{
	struct groups g = {.n = 0};
	size_t at = 0, best = 0;

	while (g.n < GROUPS_MAX) {
		size_t from = at, gap;

		while (at < n && is_digit(p[at]))
			at++;
		if (at == from || g.digits_n + (at - from) > LONGEST)
			break;
		memcpy(g.digits + g.digits_n, p + from, at - from);
		g.digits_n += at - from;
		g.size[g.n] = at - from;
		g.end[g.n++] = at;
		if (is_printed(&g, g.n) && is_full(g.digits, g.digits_n))
			best = at;
		gap = separator(p + at, n - at);
		if (!gap)
			break;
		at += gap;
	}
	explicit_bzero(&g, sizeof(g));
	return best;
}

static size_t count_digits(const char *p, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++)
		digits += is_digit(p[i]);
	return digits;
}

/* What track 2 has behind the number; its bytes. */
static size_t mask_track(char *p, size_t n)
{
	size_t i = 1;

	if (n < 2 || (*p != '=' && *p != 'D' && *p != 'd'))
		return 0;
	for (; i < n && is_digit(p[i]); i++)
		p[i] = '*';
	return i;
}

static unsigned cut_once(char *p, size_t n)
{
	unsigned cut = 0;
	size_t i = 0;

	while (i < n) {
		size_t run = 0, long_n;
		unsigned here = 0;

		if (!is_digit(p[i])) {
			i++;
			continue;
		}
		while (i + run < n && is_digit(p[i + run]))
			run++;
		long_n = run < SHORTEST ? printed(p + i, n - i) : 0;
		if (long_n) {
			mask(p + i, long_n, count_digits(p + i, long_n));
			run = long_n;
			here = 1;
		} else if (is_full(p + i, run)) {
			mask(p + i, run, run);
			here = 1;
		} else if (run > SHORTEST && !is_moment(p + i, run)) {
			here = mask_inside(p + i, run);
		}
		i += run;
		if (here)
			i += mask_track(p + i, n - i);
		cut += here;
	}
	return cut;
}

/* What is left of a long run may have another one. */
unsigned pan_cut(char *p, size_t n)
{
	unsigned all = 0, cut;

	while ((cut = cut_once(p, n)) != 0)
		all += cut;
	return all;
}

bool pan_has(const char *p, size_t n)
{
	char copy[1024];
	bool has = n > sizeof(copy);

	/* nothing that long is asked about: better one refusal too many */
	if (!has) {
		memcpy(copy, p, n);
		has = pan_cut(copy, n) != 0;
		explicit_bzero(copy, sizeof(copy));
	}
	return has;
}
