/* See identity.h. */
#include <string.h>

#include "storage/identity.h"

#define SYMBOLS 52		/* 32 bytes in symbols of 5 bits, 4 bits pad */
#define CHECK 6

static const char bech32[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* The checksum of BIP 173: a BCH code over GF(32). */
static uint32_t polymod(uint32_t c, unsigned v)
{
	static const uint32_t gen[5] = {
	    0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t top = c >> 25;

	c = (c & 0x1ffffff) << 5 ^ v;
	for (int i = 0; i < 5; i++)
		c ^= gen[i] & (uint32_t) - (int32_t)(top >> i & 1);
	return c;
}

static uint32_t polymod_hrp(const char *hrp)
{
	uint32_t c = 1;

	for (const char *p = hrp; *p; p++)
		c = polymod(c, (unsigned char)*p >> 5);
	c = polymod(c, 0);
	for (const char *p = hrp; *p; p++)
		c = polymod(c, *p & 31);
	return c;
}

/* 32 bytes to 52 symbols of 5 bits, the last padded with zero bits. */
static void to_symbols(const unsigned char key[KEY_BYTES],
    unsigned char sym[SYMBOLS])
{
	unsigned acc = 0, bits = 0;
	size_t at = 0;

	for (size_t i = 0; i < KEY_BYTES; i++) {
		acc = (acc << 8 | key[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			sym[at++] = acc >> (bits - 5) & 31;
	}
	sym[at] = acc << (5 - bits) & 31;
}

must_check static enum err from_symbols(const unsigned char sym[SYMBOLS],
    unsigned char key[KEY_BYTES])
{
	unsigned acc = 0, bits = 0;
	size_t at = 0;

	for (size_t i = 0; i < SYMBOLS; i++) {
		acc = (acc << 5 | sym[i]) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			key[at++] = (unsigned char)(acc >> bits);
		}
	}
	return (acc & ((1u << bits) - 1)) ? ERR_FORMAT : OK;
}

/* Where c stands in the alphabet of n letters; -1 where it does not. */
static int letter(const char *alphabet, char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* hrp in lower case, with its separator '1'. */
static void encode(const char *hrp, const unsigned char key[KEY_BYTES],
    char *out)
{
	unsigned char sym[SYMBOLS];
	uint32_t c = polymod_hrp(hrp);
	size_t at = strlen(hrp);

	memcpy(out, hrp, at);
	out[at++] = '1';
	to_symbols(key, sym);
	for (size_t i = 0; i < SYMBOLS; i++) {
		c = polymod(c, sym[i]);
		out[at++] = bech32[sym[i]];
	}
	for (int i = 0; i < CHECK; i++)
		c = polymod(c, 0);
	c ^= 1;
	for (int i = CHECK - 1; i >= 0; i--)
		out[at++] = bech32[c >> 5 * i & 31];
	out[at] = '\0';
	crypt_wipe(sym, sizeof(sym));
}

/* s in lower case. */
must_check static enum err decode(const char *hrp, const char *s,
    unsigned char ret[KEY_BYTES])
{
	unsigned char sym[SYMBOLS + CHECK], key[KEY_BYTES];
	uint32_t c = polymod_hrp(hrp);
	size_t n = strlen(hrp);
	enum err err = ERR_FORMAT;

	if (strlen(s) != n + 1 + SYMBOLS + CHECK || memcmp(s, hrp, n) != 0 ||
	    s[n] != '1')
		return ERR_FORMAT;
	for (size_t i = 0; i < SYMBOLS + CHECK; i++) {
		int v = letter(bech32, s[n + 1 + i]);

		if (v < 0)
			goto out;
		sym[i] = (unsigned char)v;
		c = polymod(c, sym[i]);
	}
	if (c != 1)
		goto out;
	err = from_symbols(sym, key);
	if (!err)
		memcpy(ret, key, KEY_BYTES);
out:
	crypt_wipe(sym, sizeof(sym));
	crypt_wipe(key, sizeof(key));
	return err;
}

void identity_new(struct age_identity *ret)
{
	crypt_random(ret->key, sizeof(ret->key));
}

void identity_recipient(const struct age_identity *id,
    struct age_recipient *ret)
{
	x25519_base(id->key, ret->key);
}

void recipient_format(const struct age_recipient *r, char out[RECIPIENT_TEXT])
{
	encode("age", r->key, out);
}

enum err recipient_parse(const char *s, struct age_recipient *ret)
{
	return decode("age", s, ret->key);
}

void identity_format(const struct age_identity *id, char out[IDENTITY_TEXT])
{
	encode("age-secret-key-", id->key, out);
	for (char *p = out; *p; p++)
		*p = upper(*p);
}

enum err identity_parse(const char *s, struct age_identity *ret)
{
	char low[IDENTITY_TEXT];
	size_t n = strnlen(s, IDENTITY_TEXT);
	enum err err;

	if (n != IDENTITY_TEXT - 1)
		return ERR_FORMAT;
	for (size_t i = 0; i <= n; i++) {
		if (s[i] >= 'a' && s[i] <= 'z') {
			crypt_wipe(low, sizeof(low));
			return ERR_FORMAT;
		}
		low[i] = lower(s[i]);
	}
	err = decode("age-secret-key-", low, ret->key);
	crypt_wipe(low, sizeof(low));
	return err;
}

/*
 * A half of a paper key: 52 letters of base32 (RFC 4648) in lines of 16, 16, 16
 * and 4, each followed by two check letters. The check is a Reed-Solomon code
 * over GF(32), so one or two wrong or swapped letters in a line are always
 * found; the line's number goes in first, so lines in a wrong order are too.
 */
#define LINES IDENTITY_HALF_LINES
#define LINE_LETTERS 16
static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* In GF(32) with x^5 + x^2 + 1; no branch on the secret. */
static unsigned gf_mul(unsigned a, unsigned b)
{
	unsigned r = 0;

	for (int i = 0; i < 5; i++) {
		r ^= a & (0u - (b >> i & 1));
		a = a << 1 ^ (0x25 & (0u - (a >> 4 & 1)));
	}
	return r & 31;
}

/* The remainder by (x - 2)(x - 4) = x^2 + 6 x + 8. */
static void line_check(int line, const unsigned char *sym, size_t n,
    unsigned char ret[2])
{
	unsigned hi = 0, lo = 0;

	for (size_t i = 0; i <= n; i++) {
		unsigned f = hi ^ (i == 0 ? (unsigned)line : sym[i - 1]);

		hi = lo ^ gf_mul(f, 6);
		lo = gf_mul(f, 8);
	}
	ret[0] = (unsigned char)hi;
	ret[1] = (unsigned char)lo;
}

static size_t line_letters(int line)
{
	return line < LINES ? LINE_LETTERS :
			      SYMBOLS - (size_t)(LINES - 1) * LINE_LETTERS;
}

static void half_format(const unsigned char half[KEY_BYTES],
    char out[HALF_TEXT])
{
	unsigned char sym[SYMBOLS], check[2];
	const unsigned char *p = sym;

	to_symbols(half, sym);
	for (int line = 1; line <= LINES; line++) {
		size_t n = line_letters(line);

		line_check(line, p, n, check);
		for (size_t i = 0; i < n; i++) {
			*out++ = base32[p[i]];
			if (i % 4 == 3)
				*out++ = ' ';
		}
		*out++ = base32[check[0]];
		*out++ = base32[check[1]];
		*out++ = line < LINES ? '\n' : '\0';
		p += n;
	}
	crypt_wipe(sym, sizeof(sym));
	crypt_wipe(check, sizeof(check));
}

/* The next n letters at *s, in any case, with white space between them. */
static bool letters(const char **s, size_t n, unsigned char *sym)
{
	const char *p = *s;

	for (size_t i = 0; i < n; p++) {
		int v;

		if (*p && strchr(" \t\r\n", *p))
			continue;
		v = letter(base32, upper(*p));
		if (v < 0)
			return false;
		sym[i++] = (unsigned char)v;
	}
	*s = p;
	return true;
}

/* One line at *s: its letters, whose check must fit. */
static bool take_line(const char **s, int line, unsigned char *sym)
{
	unsigned char check[2], typed[2];
	size_t n = line_letters(line);
	bool ok;

	if (!letters(s, n, sym) || !letters(s, 2, typed))
		return false;
	line_check(line, sym, n, check);
	ok = crypt_equal(check, typed, 2);
	crypt_wipe(check, sizeof(check));
	crypt_wipe(typed, sizeof(typed));
	return ok;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

bool identity_half_line_ok(const char *s, int line)
{
	unsigned char sym[LINE_LETTERS];
	bool ok = take_line(&s, line, sym) && is_blank(s);

	crypt_wipe(sym, sizeof(sym));
	return ok;
}

must_check static enum err half_parse(const char *s,
    unsigned char half[KEY_BYTES], int *ret_bad_line)
{
	unsigned char sym[SYMBOLS];
	unsigned char *p = sym;
	enum err err = ERR_FORMAT;
	int line;

	for (line = 1; line <= LINES; line++) {
		if (!take_line(&s, line, p))
			goto out;
		p += line_letters(line);
	}
	line = LINES;
	if (is_blank(s))
		err = from_symbols(sym, half);
out:
	if (err)
		*ret_bad_line = line;
	crypt_wipe(sym, sizeof(sym));
	return err;
}

static void xor_key(const unsigned char a[KEY_BYTES],
    const unsigned char b[KEY_BYTES], unsigned char ret[KEY_BYTES])
{
	for (size_t i = 0; i < KEY_BYTES; i++)
		ret[i] = a[i] ^ b[i];
}

void identity_split(const struct age_identity *id, char ret_a[HALF_TEXT],
    char ret_b[HALF_TEXT])
{
	unsigned char a[KEY_BYTES], b[KEY_BYTES];

	crypt_random(a, sizeof(a));
	xor_key(a, id->key, b);
	half_format(a, ret_a);
	half_format(b, ret_b);
	crypt_wipe(a, sizeof(a));
	crypt_wipe(b, sizeof(b));
}

enum err identity_join(const char *a, const char *b, struct age_identity *ret,
    int *ret_bad_line)
{
	unsigned char ka[KEY_BYTES], kb[KEY_BYTES];
	int line = 0;
	enum err err;

	err = half_parse(a, ka, &line);
	if (!err) {
		err = half_parse(b, kb, &line);
		if (err)
			line += LINES;
	}
	if (!err && crypt_equal(ka, kb, KEY_BYTES))
		err = ERR_INVALID;
	if (!err)
		xor_key(ka, kb, ret->key);
	else
		*ret_bad_line = line;
	crypt_wipe(ka, sizeof(ka));
	crypt_wipe(kb, sizeof(kb));
	return err;
}

static void seed_derive(const unsigned char seed[KEY_BYTES], const char *what,
    unsigned char ret[KEY_BYTES])
{
	hmac_sha256(seed, KEY_BYTES, what, strlen(what), ret);
}

void seed_identity(const unsigned char seed[KEY_BYTES],
    struct age_identity *ret)
{
	seed_derive(seed, "saqta person age v1", ret->key);
}

void seed_sign_seed(const unsigned char seed[KEY_BYTES],
    unsigned char ret[KEY_BYTES])
{
	seed_derive(seed, "saqta person sign v1", ret);
}

void paper_sign_seed(const struct age_identity *paper,
    unsigned char ret[KEY_BYTES])
{
	seed_derive(paper->key, "saqta paper sign v1", ret);
}
